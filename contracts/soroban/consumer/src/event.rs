//! Events. The first topic is the name, the second what it is about; the data names every changed value, so that an indexer rebuilds
//! the contract's state from events alone.

use soroban_sdk::{contractevent, Address, Bytes, BytesN, Env, Vec};

use crate::types::{Sla, SlaState};

/// A consumer asked for an SLA; `terms` are its canonical bytes, which `terms_hash` is of.
#[contractevent(topics = ["requested"])]
pub struct Requested {
    #[topic]
    pub sla: BytesN<32>,
    pub consumer: Address,
    pub provider: Address,
    pub payout: Address,
    pub asset: Address,
    pub unit: BytesN<32>,
    pub terms: Bytes,
    pub terms_hash: BytesN<32>,
    pub total: i128,
    pub deposited: i128,
    pub accept_by: u64,
}

/// Money came in; `deposited` is cumulative, the buckets as they are now.
#[contractevent(topics = ["funded"])]
pub struct Funded {
    #[topic]
    pub sla: BytesN<32>,
    pub from: Address,
    pub amount: i128,
    pub deposited: i128,
    pub covered_epochs: u32,
    pub escrow: i128,
    pub retention: i128,
    pub bond: i128,
}

/// The SLA's state after a change, with what else a change of state sets.
#[contractevent(topics = ["sla_state"])]
pub struct StateChanged {
    #[topic]
    pub sla: BytesN<32>,
    pub state: SlaState,
    pub start_epoch: u64,
    pub end_epochs: u32,
    pub fund_by: u64,
    pub escrow: i128,
    pub holdback: i128,
    pub provider_claim: i128,
    pub consumer_claim: i128,
    pub fees: i128,
    pub retention: i128,
    pub bond: i128,
}

/// An early end: so much of the bond is the provider's.
#[contractevent(topics = ["ended_early"])]
pub struct EndedEarly {
    #[topic]
    pub sla: BytesN<32>,
    pub amount: i128,
}

/// A leaf moved money. gross, earned, fee and credited are cumulative, the buckets as they are now.
#[contractevent(topics = ["settled"])]
pub struct Settled {
    #[topic]
    pub sla: BytesN<32>,
    pub epoch: u64,
    pub epochs: u32,
    pub leaf_hash: BytesN<32>,
    pub windows: u32,
    pub slash_bps: u32,
    pub gross: i128,
    pub earned: i128,
    pub fee: i128,
    pub credited: i128,
    pub escrow: i128,
    pub holdback: i128,
    pub provider_claim: i128,
    pub consumer_claim: i128,
    pub fees: i128,
    pub retention: i128,
}

/// Part of the price went back to the consumer; `total` is cumulative.
#[contractevent(topics = ["credited"])]
pub struct Credited {
    #[topic]
    pub sla: BytesN<32>,
    pub epoch: u64,
    pub amount: i128,
    pub total: i128,
}

/// The SLA will end after `end_epochs` epochs.
#[contractevent(topics = ["closing"])]
pub struct Closing {
    #[topic]
    pub sla: BytesN<32>,
    pub end_epochs: u32,
    pub breach: bool,
}

/// The SLA `next` begins where this one ends.
#[contractevent(topics = ["succeeded"])]
pub struct Succeeded {
    #[topic]
    pub sla: BytesN<32>,
    pub next: BytesN<32>,
}

/// The SLA ends after `end_epochs` epochs; `parts` have the rest.
#[contractevent(topics = ["divided"])]
pub struct Divided {
    #[topic]
    pub sla: BytesN<32>,
    pub end_epochs: u32,
    pub parts: Vec<BytesN<32>>,
}

/// The SLA has another consumer, who is paid at `refund` on the provider's chain.
#[contractevent(topics = ["transferred"])]
pub struct Transferred {
    #[topic]
    pub sla: BytesN<32>,
    pub from: Address,
    pub to: Address,
    pub refund: Address,
}

/// The provider was paid.
#[contractevent(topics = ["paid"])]
pub struct Paid {
    #[topic]
    pub sla: BytesN<32>,
    pub to: Address,
    pub amount: i128,
}

/// The consumer was paid.
#[contractevent(topics = ["refunded"])]
pub struct Refunded {
    #[topic]
    pub sla: BytesN<32>,
    pub to: Address,
    pub amount: i128,
}

/// The fee was paid to those who share it.
#[contractevent(topics = ["collected"])]
pub struct Collected {
    #[topic]
    pub sla: BytesN<32>,
    pub platform: i128,
    pub validators: i128,
    pub fund: i128,
    pub insurance: i128,
}

#[contractevent(topics = ["granted"])]
pub struct Granted {
    #[topic]
    pub id: BytesN<32>,
    pub sla: BytesN<32>,
    pub parent: BytesN<32>,
    pub depth: u32,
    pub grantor: Address,
    pub grantee: Address,
    pub prefix: Bytes,
    pub ops: u32,
    pub expires: u64,
}

/// The grant is over, and with it all that come from it.
#[contractevent(topics = ["revoked"])]
pub struct Revoked {
    #[topic]
    pub id: BytesN<32>,
    pub sla: BytesN<32>,
    pub by: Address,
}

/// New SLAs have these parameters; they are what `params()` answers.
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

/// A dispute holds `disputed`; the buckets as they are now.
#[contractevent(topics = ["frozen"])]
pub struct Frozen {
    #[topic]
    pub sla: BytesN<32>,
    pub disputed: i128,
    pub provider_claim: i128,
    pub bond: i128,
}

/// The dispute is over: so much went to each side.
#[contractevent(topics = ["ruled"])]
pub struct Ruled {
    #[topic]
    pub sla: BytesN<32>,
    pub to_consumer: i128,
    pub to_provider: i128,
}

/// Requests are stopped, or taken again.
#[contractevent(topics = ["paused"])]
pub struct Paused {
    #[topic]
    pub paused: bool,
}

pub fn state_changed(env: &Env, id: &BytesN<32>, sla: &Sla) {
    StateChanged {
        sla: id.clone(),
        state: sla.state,
        start_epoch: sla.start_epoch,
        end_epochs: sla.end_epochs,
        fund_by: sla.fund_by,
        escrow: sla.escrow,
        holdback: sla.holdback,
        provider_claim: sla.provider_claim,
        consumer_claim: sla.consumer_claim,
        fees: sla.fees,
        retention: sla.retention,
        bond: sla.bond,
    }
    .publish(env);
}
