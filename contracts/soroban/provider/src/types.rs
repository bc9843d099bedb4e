//! What is stored and shown.

use flashback_core::types::Qos;
pub use flashback_core::types::{Divided, Reservation, ReservationState};
use soroban_sdk::{contracttype, Address, BytesN, String};

#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provider {
    /// Where new SLAs pay; live ones keep theirs.
    pub payout: Address,
    /// Hash of a description kept elsewhere.
    pub info: BytesN<32>,
    /// Unix seconds.
    pub registered: u64,
}

/// A provider's collateral in one asset, in smallest units.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Collateral {
    pub free: i128,
    pub locked: i128,
}

#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum NodeState {
    Bound = 0,
    Released = 1,
}

#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Node {
    pub provider: Address,
    pub key: Address,
    pub endpoint: String,
    pub state: NodeState,
    /// Unix seconds of the last change of key or state.
    pub since: u64,
    /// Units on it that are not retired.
    pub units: u32,
}

#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum UnitState {
    Available = 0,
    Reserved = 1,
    InUse = 2,
    Maintenance = 3,
    Decommissioning = 4,
    Retired = 5,
}

/// The last announced maintenance, Unix seconds, and what of the quota was used in `window` of the network's calendar.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Maintenance {
    pub from: u64,
    pub until: u64,
    /// Seconds.
    pub used: u64,
    pub window: u64,
}

/// What a unit asks of one consumer, for one SLA.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Price {
    /// Smallest units per GiB·day.
    pub storage_price: i128,
    /// Smallest units per GiB.
    pub egress_price: i128,
    /// Bytes that it may reserve at most; 0: it may be of any size, whatever egress and duration are.
    pub volume: u64,
    /// Bytes that it may read at most.
    pub egress: u64,
    /// Epochs at most.
    pub duration: u32,
    /// Unix seconds.
    pub until: u64,
}

/// What a provider says of a new unit.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spec {
    pub node: BytesN<32>,
    /// 1 storage, 2 compute.
    pub kind: u32,
    /// Bytes.
    pub capacity: u64,
    pub region: String,
    /// 0 standard, 1 premium, 2 archive.
    pub class: u32,
    pub qos: Qos,
    pub asset: Address,
    /// Smallest units per GiB·day.
    pub storage_price: i128,
    /// Smallest units per GiB.
    pub egress_price: i128,
    /// Collateral in bps of an SLA's total price.
    pub collateral_bps: u32,
    pub auto_accept: bool,
    pub listed: bool,
    pub min_epochs: u32,
    pub max_epochs: u32,
    /// Requests per second, 0: none.
    pub rate_limit: u32,
}

#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unit {
    pub provider: Address,
    pub node: BytesN<32>,
    pub kind: u32,
    pub capacity: u64,
    pub region: String,
    pub class: u32,
    pub qos: Qos,
    pub asset: Address,
    pub storage_price: i128,
    pub egress_price: i128,
    pub price_version: u32,
    pub collateral_bps: u32,
    pub auto_accept: bool,
    pub listed: bool,
    pub min_epochs: u32,
    pub max_epochs: u32,
    pub rate_limit: u32,
    /// Stored: Available, Decommissioning or Retired; shown: also what follows from the counters and the maintenance.
    pub state: UnitState,
    pub reserved_bytes: u64,
    pub in_use_bytes: u64,
    /// Reservations that are not Done.
    pub live: u32,
    pub maintenance: Maintenance,
}
