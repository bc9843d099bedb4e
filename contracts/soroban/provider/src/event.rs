//! Events. The first topic is the name, the second what it is about; the data names every changed value, so that an indexer rebuilds
//! the contract's state from events alone.

use soroban_sdk::{contractevent, Address, BytesN, String};

use crate::types::{Price, Reservation, Unit, UnitState};

/// A provider registered, or changed what it said.
#[contractevent(topics = ["registered"])]
pub struct Registered {
    #[topic]
    pub provider: Address,
    pub payout: Address,
    pub info: BytesN<32>,
}

#[contractevent(topics = ["node_bound"])]
pub struct NodeBound {
    #[topic]
    pub id: BytesN<32>,
    pub provider: Address,
    pub key: Address,
    pub endpoint: String,
}

#[contractevent(topics = ["node_rotated"])]
pub struct NodeRotated {
    #[topic]
    pub id: BytesN<32>,
    pub key: Address,
    pub endpoint: String,
}

#[contractevent(topics = ["node_released"])]
pub struct NodeReleased {
    #[topic]
    pub id: BytesN<32>,
    pub key: Address,
}

/// A provider's collateral in one asset, after a change.
#[contractevent(topics = ["collateral"])]
pub struct CollateralChanged {
    #[topic]
    pub provider: Address,
    pub asset: Address,
    pub free: i128,
    pub locked: i128,
}

#[contractevent(topics = ["unit_created"])]
pub struct UnitCreated {
    #[topic]
    pub id: BytesN<32>,
    pub unit: Unit,
}

#[contractevent(topics = ["unit_priced"])]
pub struct UnitPriced {
    #[topic]
    pub id: BytesN<32>,
    pub storage_price: i128,
    pub egress_price: i128,
    pub price_version: u32,
}

/// What the unit asks of `consumer`; `until` in the past: no more.
#[contractevent(topics = ["priced_for"])]
pub struct PricedFor {
    #[topic]
    pub unit: BytesN<32>,
    pub consumer: Address,
    pub price: Price,
}

#[contractevent(topics = ["unit_listed"])]
pub struct UnitListed {
    #[topic]
    pub id: BytesN<32>,
    pub listed: bool,
}

/// A unit's state and counters, after a change. A maintenance counts from its own beginning to its end without a further event.
#[contractevent(topics = ["unit_state"])]
pub struct UnitChanged {
    #[topic]
    pub id: BytesN<32>,
    pub state: UnitState,
    pub reserved_bytes: u64,
    pub in_use_bytes: u64,
    pub live: u32,
    pub maintenance_from: u64,
    pub maintenance_until: u64,
}

/// New units and collections go by these parameters; they are what `params()` answers.
#[contractevent(topics = ["params_set"])]
pub struct ParamsSet {
    #[topic]
    pub version: u32,
}

#[contractevent(topics = ["admin_set"])]
pub struct AdminSet {
    #[topic]
    pub admin: Address,
}

#[contractevent(topics = ["reserved"])]
pub struct Reserved {
    #[topic]
    pub sla: BytesN<32>,
    pub reservation: Reservation,
}

/// The provider accepted: the collateral is locked.
#[contractevent(topics = ["accepted"])]
pub struct Accepted {
    #[topic]
    pub sla: BytesN<32>,
    pub provider: Address,
    pub collateral: i128,
}

/// The provider ends the SLA after `end_epochs` epochs, for `price` out of its collateral.
#[contractevent(topics = ["reclaimed"])]
pub struct Reclaimed {
    #[topic]
    pub sla: BytesN<32>,
    pub end_epochs: u32,
    pub price: i128,
}

#[contractevent(topics = ["refused"])]
pub struct Refused {
    #[topic]
    pub sla: BytesN<32>,
    pub provider: Address,
}

#[contractevent(topics = ["reservation_active"])]
pub struct ReservationActive {
    #[topic]
    pub sla: BytesN<32>,
    pub start_epoch: u64,
}

/// Warnings of the SLA so far. Comes before the `slashed` of the same settlement.
#[contractevent(topics = ["warning"])]
pub struct Warning {
    #[topic]
    pub sla: BytesN<32>,
    pub epoch: u64,
    pub warnings: u32,
}

/// Collateral that now belongs to the consumer as credit; `total` is cumulative.
#[contractevent(topics = ["coverage"])]
pub struct Coverage {
    #[topic]
    pub sla: BytesN<32>,
    pub epoch: u64,
    pub amount: i128,
    pub total: i128,
}

/// Collateral that was slashed; `total` and `slash_bps` are cumulative. `cause` is the index of the leaf's causes.
#[contractevent(topics = ["slashed"])]
pub struct Slashed {
    #[topic]
    pub sla: BytesN<32>,
    pub epoch: u64,
    pub cause: u32,
    pub amount: i128,
    pub total: i128,
    pub slash_bps: u32,
    pub breaches: u32,
    pub lost: bool,
    pub abandoned: bool,
}

/// The reservation is Done; `freed` of its collateral is the provider's again.
#[contractevent(topics = ["released"])]
pub struct Released {
    #[topic]
    pub sla: BytesN<32>,
    pub freed: i128,
}

/// The consumer was paid what it was owed.
#[contractevent(topics = ["claimed"])]
pub struct Claimed {
    #[topic]
    pub sla: BytesN<32>,
    pub to: Address,
    pub amount: i128,
}

/// The shares of a slash were paid.
#[contractevent(topics = ["collected"])]
pub struct Collected {
    #[topic]
    pub sla: BytesN<32>,
    pub validators: i128,
    pub fund: i128,
}
