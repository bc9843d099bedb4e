//! What is stored and shown.

use flashback_core::types::Qos;
use soroban_sdk::{contracttype, Address, BytesN, String};

#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum State {
    Open = 0,
    /// An answer was taken: there is an SLA.
    Chosen = 1,
    /// By the consumer.
    Withdrawn = 2,
    /// Nobody was chosen in time.
    Expired = 3,
}

/// What a consumer wants. Times are Unix seconds.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wanted {
    /// 1 storage, 2 compute.
    pub kind: u32,
    pub class: u32,
    /// What the unit's region has to begin with; empty: anywhere.
    pub region: String,
    /// Bytes reserved.
    pub volume: u64,
    /// Bytes that may be read in the SLA's whole life.
    pub egress: u64,
    /// Epochs.
    pub duration: u32,
    /// 0 stream, 1 escrow.
    pub mode: u32,
    /// What the unit has to promise at least; a figure of 0: nothing.
    pub qos: Qos,
    /// The token of price and collateral.
    pub asset: Address,
    /// The largest total price, in smallest units.
    pub max_total: i128,
    /// The least collateral of the unit, of the price.
    pub collateral_min_bps: u32,
    /// Whether answers are committed to before they are shown.
    pub sealed: bool,
    /// The last second of answers, or of commitments.
    pub answer_by: u64,
    /// The last second of reveals; `answer_by` of an open ask.
    pub reveal_by: u64,
    /// The last second to take an answer.
    pub choose_by: u64,
}

/// What is wanted, and how it stands.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ask {
    pub consumer: Address,
    pub kind: u32,
    pub class: u32,
    pub region: String,
    pub volume: u64,
    pub egress: u64,
    pub duration: u32,
    pub mode: u32,
    pub qos: Qos,
    pub asset: Address,
    pub max_total: i128,
    pub collateral_min_bps: u32,
    pub sealed: bool,
    pub answer_by: u64,
    pub reveal_by: u64,
    pub choose_by: u64,
    /// How many providers have answered or committed.
    pub answers: u32,
    pub state: State,
    /// What became of it; zeros: nothing.
    pub sla: BytesN<32>,
}

/// A provider's answer, or its commitment to one. Prices are in smallest units of the ask's asset.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    pub provider: Address,
    /// Zeros until revealed.
    pub unit: BytesN<32>,
    /// Per GiB·day.
    pub storage_price: i128,
    /// Per GiB.
    pub egress_price: i128,
    /// What the SLA costs.
    pub total: i128,
    /// Zeros: it was never sealed.
    pub commitment: BytesN<32>,
    /// Of the provider among those of the ask, from 0.
    pub number: u32,
    /// Whether unit and prices are known, and the answer may be taken.
    pub revealed: bool,
}

/// How the consumer takes an answer.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deal {
    /// The answer that the consumer saw: a provider that has put another one in its place is refused.
    pub unit: BytesN<32>,
    pub max_total: i128,
    /// Where the consumer is paid on the provider's chain.
    pub refund: Address,
    /// What is paid in at once.
    pub deposit: i128,
    /// Of the SLA.
    pub nonce: BytesN<32>,
}
