//! Events. The first topic is the name, the second the owner that it is about; the data names every changed value.

use soroban_sdk::{contractevent, Address, BytesN};

#[contractevent(topics = ["staked"])]
pub struct Staked {
    #[topic]
    pub owner: Address,
    pub role: u32,
    pub from: Address,
    pub amount: i128,
    pub active: i128,
}

/// Part of a stake is on its way out, and gives no votes any more.
#[contractevent(topics = ["unbonding"])]
pub struct Unbonding {
    #[topic]
    pub owner: Address,
    pub role: u32,
    pub number: u32,
    pub amount: i128,
    pub until: u64,
    pub active: i128,
}

#[contractevent(topics = ["unbond_cancelled"])]
pub struct UnbondCancelled {
    #[topic]
    pub owner: Address,
    pub role: u32,
    pub number: u32,
    pub amount: i128,
    pub active: i128,
}

/// Every unbonding that had matured was paid to the owner.
#[contractevent(topics = ["withdrawn"])]
pub struct Withdrawn {
    #[topic]
    pub owner: Address,
    pub role: u32,
    pub amount: i128,
    pub unbonding: i128,
}

/// `cause` is the dispute or the certification.
#[contractevent(topics = ["slashed"])]
pub struct Slashed {
    #[topic]
    pub owner: Address,
    pub role: u32,
    pub by: Address,
    pub to: Address,
    pub cause: BytesN<32>,
    pub amount: i128,
    pub active: i128,
    pub unbonding: i128,
}

#[contractevent(topics = ["held"])]
pub struct Held {
    #[topic]
    pub owner: Address,
    pub role: u32,
    pub by: Address,
    pub until: u64,
}

/// A contract may slash and hold from `from` on, or no more.
#[contractevent(topics = ["slasher"])]
pub struct Slasher {
    #[topic]
    pub contract: Address,
    pub allowed: bool,
    pub from: u64,
}

#[contractevent(topics = ["admin"])]
pub struct Admin {
    #[topic]
    pub admin: Address,
}

#[contractevent(topics = ["upgrade_announced"])]
pub struct UpgradeAnnounced {
    #[topic]
    pub wasm: BytesN<32>,
    pub from: u64,
}

#[contractevent(topics = ["upgraded"])]
pub struct Upgraded {
    #[topic]
    pub wasm: BytesN<32>,
}
