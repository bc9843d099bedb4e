//! Events. The first topic is the name, the second what it is about.

use soroban_sdk::{contractevent, Address, BytesN, Vec};

use crate::types::Phase;

#[contractevent(topics = ["dispute_opened"])]
pub struct Opened {
    #[topic]
    pub id: BytesN<32>,
    pub sla: BytesN<32>,
    pub window: u32,
    pub accused: bool,
    pub consumer: Address,
    pub provider: Address,
    pub amount: i128,
    pub frozen: i128,
    pub bond: i128,
    pub evidence: BytesN<32>,
    pub until: u64,
}

#[contractevent(topics = ["dispute_answered"])]
pub struct Answered {
    #[topic]
    pub id: BytesN<32>,
    pub evidence: BytesN<32>,
    pub bond: i128,
}

/// The dispute's phase after a change, and until when it lasts at most.
#[contractevent(topics = ["dispute_phase"])]
pub struct PhaseChanged {
    #[topic]
    pub id: BytesN<32>,
    pub phase: Phase,
    pub round: u32,
    pub seed_epoch: u64,
    pub until: u64,
    pub reveal_until: u64,
}

#[contractevent(topics = ["panel_drawn"])]
pub struct Drawn {
    #[topic]
    pub id: BytesN<32>,
    pub round: u32,
    pub arbiters: Vec<Address>,
}

#[contractevent(topics = ["vote_committed"])]
pub struct Committed {
    #[topic]
    pub id: BytesN<32>,
    pub arbiter: Address,
    pub commit: BytesN<32>,
}

#[contractevent(topics = ["vote_revealed"])]
pub struct Revealed {
    #[topic]
    pub id: BytesN<32>,
    pub arbiter: Address,
    pub choice: u32,
}

/// An arbiter did not reveal and lost so much.
#[contractevent(topics = ["arbiter_silent"])]
pub struct Silent {
    #[topic]
    pub id: BytesN<32>,
    pub arbiter: Address,
    pub amount: i128,
}

/// A ruling: 0 for the provider, 1 for the consumer.
#[contractevent(topics = ["dispute_ruled"])]
pub struct Ruled {
    #[topic]
    pub id: BytesN<32>,
    pub round: u32,
    pub ruling: u32,
}

#[contractevent(topics = ["dispute_appealed"])]
pub struct Appealed {
    #[topic]
    pub id: BytesN<32>,
    pub by: Address,
    pub bond: i128,
}

/// The dispute is over: what was moved to the consumer now, and what of the ruling stays owed.
#[contractevent(topics = ["dispute_executed"])]
pub struct Executed {
    #[topic]
    pub id: BytesN<32>,
    pub ruling: u32,
    pub to_consumer: i128,
    pub owed: i128,
}

/// A certified verdict was proved to be wrong. `epoch` names the certificate whose signers are at fault; `amount` is what the consumer was
/// denied, 0 when the error was to the consumer's gain.
#[contractevent(topics = ["verdict_wrong"])]
pub struct VerdictWrong {
    #[topic]
    pub sla: BytesN<32>,
    pub window: u32,
    pub epoch: u64,
    pub amount: i128,
}

/// A node signed answers that do not lead to what it had committed to.
#[contractevent(topics = ["possession_failed"])]
pub struct PossessionFailed {
    #[topic]
    pub sla: BytesN<32>,
    pub window: u32,
    pub node: BytesN<32>,
    pub chunks: u32,
    pub amount: i128,
}

/// Of what a window's proof or ruling gives the consumer, `amount` was moved and `owed` is left.
#[contractevent(topics = ["recovered"])]
pub struct Recovered {
    #[topic]
    pub sla: BytesN<32>,
    pub window: u32,
    pub amount: i128,
    pub owed: i128,
}

#[contractevent(topics = ["equivocation"])]
pub struct Equivocation {
    #[topic]
    pub operator: Address,
    pub epoch: u64,
    pub unit: BytesN<32>,
    pub slashed: i128,
    pub reporter: Address,
}

#[contractevent(topics = ["arbiter"])]
pub struct Registered {
    #[topic]
    pub arbiter: Address,
    pub slot: u32,
    pub since: u64,
    pub expires: u64,
}

/// A configuration of the validators is remembered.
#[contractevent(topics = ["config_noted"])]
pub struct Noted {
    #[topic]
    pub digest: BytesN<32>,
}

#[contractevent(topics = ["claimed"])]
pub struct Claimed {
    #[topic]
    pub to: Address,
    pub amount: i128,
}

#[contractevent(topics = ["params_set"])]
pub struct ParamsSet {
    pub version: u32,
}

#[contractevent(topics = ["admin"])]
pub struct Admin {
    pub admin: Address,
}
