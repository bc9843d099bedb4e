//! Types that the contracts show to callers and to each other.

use soroban_sdk::{contracttype, Address, BytesN, Vec};

/// A member of the oracle network.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Validator {
    /// secp256k1, uncompressed: 0x04 ‖ X ‖ Y.
    pub key: BytesN<65>,
    pub weight: u32,
    pub operator: Address,
}

/// The Oracle's configuration.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    pub version: u32,
    /// Unix seconds at which epoch 0 begins.
    pub genesis: u64,
    pub epoch_seconds: u32,
    pub slots_per_epoch: u32,
    pub window_epochs: u32,
    pub validators: Vec<Validator>,
}

/// One validator's signature in a certificate.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature {
    /// Index in the configuration's validators.
    pub signer: u32,
    /// r ‖ s, s in the lower half.
    pub sig: BytesN<64>,
    pub recovery: u32,
}

/// What a Data Unit promises. 0 for time to first byte or throughput: no promise.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Qos {
    pub availability_ppm: u32,
    pub ttfb_ms: u32,
    pub throughput_kibps: u32,
    pub error_ppm: u32,
}

/// What a Data Unit asks for a volume, an egress and a duration now.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quote {
    pub provider: Address,
    /// Where the provider is paid.
    pub payout: Address,
    /// The token of price and collateral.
    pub asset: Address,
    pub kind: u32,
    pub class: u32,
    pub qos: Qos,
    pub rate_limit: u32,
    pub price_version: u32,
    /// Smallest units per GiB·day.
    pub storage_price: i128,
    /// Smallest units per GiB.
    pub egress_price: i128,
    /// The whole price, in smallest units.
    pub total: i128,
    /// What the provider locks, in smallest units.
    pub collateral: i128,
    pub auto_accept: bool,
}

#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum ReservationState {
    /// Waits for the provider.
    Held = 0,
    /// Accepted; the collateral is locked.
    Locked = 1,
    Active = 2,
    Done = 3,
}

/// One SLA's part of a unit, and the provider's half of the SLA. Amounts are in smallest units of `asset`.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reservation {
    pub sla: BytesN<32>,
    pub unit: BytesN<32>,
    pub provider: Address,
    pub asset: Address,
    /// Where the consumer is paid on this chain.
    pub refund: Address,
    pub terms_hash: BytesN<32>,
    /// Bytes that no successor took over.
    pub volume: u64,
    pub state: ReservationState,
    /// Locked from Locked to Done, but for coverage and slash.
    pub collateral: i128,
    /// Cumulative credits that the collateral covered.
    pub coverage: i128,
    /// Cumulative slash.
    pub slash: i128,
    /// What the consumer may claim.
    pub owed: i128,
    /// What the validators may collect.
    pub validators_due: i128,
    /// What the fund may collect, the challenger's share included.
    pub fund_due: i128,
    pub settled_epochs: u32,
    pub settled_hash: BytesN<32>,
    /// Told so far.
    pub warnings: u32,
    pub start_epoch: u64,
    /// The SLA whose successor this one is; zeros: none.
    pub previous: BytesN<32>,
    /// Bytes that it takes over from `previous` once Active.
    pub takes: u64,
    /// Price of the provider's early end; once Done, what was paid of it.
    pub reclaim: i128,
    /// The end that the provider set, in epochs; 0: it did not.
    pub reclaim_epochs: u32,
}

/// A part that an SLA is divided into, from `start_epoch` on.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Divided {
    pub sla: BytesN<32>,
    /// Bytes.
    pub volume: u64,
    pub terms_hash: BytesN<32>,
    pub refund: Address,
    /// Smallest units.
    pub collateral: i128,
    pub start_epoch: u64,
    pub zero_leaf_hash: BytesN<32>,
}
