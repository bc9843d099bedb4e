//! What is stored and shown.

use soroban_sdk::{contracttype, Address, Bytes, BytesN, Vec};

/// What a consumer asks for.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    pub unit: BytesN<32>,
    /// Bytes reserved.
    pub volume: u64,
    /// Bytes that may be read in the SLA's whole life.
    pub egress: u64,
    /// Epochs.
    pub duration: u32,
    /// 0 stream, 1 escrow.
    pub mode: u32,
    /// Where the consumer is paid on the provider's chain.
    pub refund: Address,
    /// The largest total price that the consumer accepts, in smallest units.
    pub max_total: i128,
    /// The price that the consumer saw.
    pub price_version: u32,
    pub nonce: BytesN<32>,
    /// What is paid in at once, 0 to the total price.
    pub deposit: i128,
    /// The SLA that this one renews; zeros: none.
    pub previous: BytesN<32>,
}

/// What a consumer asks of several units together.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Joint {
    /// Bytes.
    pub volume: u64,
    /// Epochs.
    pub duration: u32,
    /// 0 stream, 1 escrow.
    pub mode: u32,
    /// r: the data survives the loss of any r − 1 units.
    pub redundancy: u32,
    /// Where the consumer is paid on the provider's chain.
    pub refund: Address,
    pub parts: Vec<Part>,
}

/// One unit's part of a joint SLA; as in [`Request`].
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    pub unit: BytesN<32>,
    /// Of the volume.
    pub share_bps: u32,
    pub egress: u64,
    pub max_total: i128,
    pub price_version: u32,
    pub nonce: BytesN<32>,
    pub deposit: i128,
}

/// A part that an SLA is split into.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Split {
    /// Its consumer.
    pub to: Address,
    /// Where that one is paid on the provider's chain.
    pub refund: Address,
    /// Bytes.
    pub volume: u64,
    /// Bytes that may be read in the part's whole life.
    pub egress: u64,
    pub nonce: BytesN<32>,
}

#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum SlaState {
    Requested = 0,
    Accepted = 1,
    Funded = 2,
    Active = 3,
    Closing = 4,
    Completed = 5,
    Rejected = 6,
    Expired = 7,
    Cancelled = 8,
    Terminated = 9,
    /// Shown of an Active one: money runs low, everything works.
    Grace = 10,
    /// Shown of an Active one: money runs out, nothing is written any more.
    Retention = 11,
    /// The money ran out.
    Defaulted = 12,
    /// The provider ends it.
    Reclaiming = 13,
}

impl SlaState {
    /// Whether nothing more can be earned or granted.
    pub fn is_terminal(self) -> bool {
        use SlaState::*;
        matches!(self, Completed | Rejected | Expired | Cancelled | Terminated | Defaulted)
    }

    /// Whether leaves are settled; of a stored state.
    pub fn is_live(self) -> bool {
        matches!(self, SlaState::Active | SlaState::Closing | SlaState::Reclaiming)
    }
}

/// The consumer's half of an SLA. Amounts are in smallest units of `asset`; `deposited` is always E + H + P + K + F + R + B + D + withdrawn.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sla {
    pub consumer: Address,
    pub provider: Address,
    /// Where the provider is paid.
    pub payout: Address,
    pub asset: Address,
    pub unit: BytesN<32>,
    pub terms_hash: BytesN<32>,
    pub state: SlaState,
    /// 0 stream, 1 escrow.
    pub mode: u32,
    /// The whole price, without the bond.
    pub total: i128,
    pub deposited: i128,
    /// E: not used yet.
    pub escrow: i128,
    /// H: used, held back until its window is judged.
    pub holdback: i128,
    /// P: what `payout` pays.
    pub provider_claim: i128,
    /// K: what `refund` pays.
    pub consumer_claim: i128,
    /// F: what `collect` pays.
    pub fees: i128,
    /// R: what the last covered epochs cost, while not all is paid for.
    pub retention: i128,
    /// B: what an early end by the consumer is paid out of.
    pub bond: i128,
    /// The bond that is to be paid in.
    pub bond_total: i128,
    /// What rulings took of it, for good or until they are spoken.
    pub bond_taken: i128,
    /// D: what a dispute holds.
    pub disputed: i128,
    pub withdrawn: i128,
    /// Cumulative, of the last settled leaf.
    pub gross: i128,
    /// Cumulative, fees included.
    pub earned: i128,
    /// Cumulative.
    pub fee_total: i128,
    /// Cumulative credits out of the price.
    pub credited: i128,
    /// 0 until Active.
    pub start_epoch: u64,
    /// Epochs agreed; after a split those until it.
    pub duration: u32,
    /// Epochs that are paid for.
    pub covered_epochs: u32,
    /// Epochs until the end: those paid for, or less.
    pub end_epochs: u32,
    /// Of the terms.
    pub grace_epochs: u32,
    /// Of the terms.
    pub retention_epochs: u32,
    /// Unix seconds.
    pub accept_by: u64,
    /// Unix seconds; 0 until Accepted.
    pub fund_by: u64,
    pub settled_epochs: u32,
    pub settled_hash: BytesN<32>,
    /// Judged, of the last settled leaf.
    pub windows: u32,
    /// Cumulative, of the last settled leaf: what allows `terminate`.
    pub slash_bps: u32,
    /// The consumer terminated after a breach.
    pub breach: bool,
    /// Of the parameters that it began with.
    pub params_version: u32,
    /// The joint SLA that it is part of; zeros: none.
    pub group: BytesN<32>,
    /// The SLA that it goes on from; zeros: none.
    pub previous: BytesN<32>,
    /// The SLA that goes on from it; zeros: none.
    pub next: BytesN<32>,
}

/// Who may do what under which prefix until when.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    pub sla: BytesN<32>,
    /// The grant that it is part of; zeros: the consumer's own.
    pub parent: BytesN<32>,
    /// 0 of the consumer's own, else the parent's + 1.
    pub depth: u32,
    pub grantor: Address,
    pub grantee: Address,
    /// Matched against `bucket/key`.
    pub prefix: Bytes,
    /// Bits: 1 list, 2 read, 4 write, 8 delete, 16 configure, 32 delegate.
    pub ops: u32,
    /// Unix seconds.
    pub expires: u64,
    pub revoked: bool,
}
