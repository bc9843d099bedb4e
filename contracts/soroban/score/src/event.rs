//! Events. The first topic is the name, the second what it is about; from them alone anybody rebuilds every standing.

use soroban_sdk::{contractevent, Address, BytesN, Vec};

use crate::types::{Pair, Params, Role};

/// What was settled of an SLA since the leaf `from` was added to its parties' standings.
#[contractevent(topics = ["scored"])]
pub struct Scored {
    #[topic]
    pub sla: BytesN<32>,
    pub provider: Address,
    pub consumer: Address,
    pub from: BytesN<32>,
    pub to: BytesN<32>,
    pub epochs: u32,
    pub windows: u32,
    /// Unix seconds that the evidence is of.
    pub at: u64,
    pub ending: u32,
    /// Grains.
    pub whole: u128,
    /// Grains, cumulative.
    pub paid: u128,
    pub unit: u128,
    pub params_version: u32,
    pub provider_rise: Vec<Pair>,
    pub consumer_rise: Vec<Pair>,
}

/// A party lost a dispute.
#[contractevent(topics = ["ruled"])]
pub struct Ruled {
    #[topic]
    pub sla: BytesN<32>,
    pub id: BytesN<32>,
    pub loser: Address,
    pub role: Role,
    pub grains: u128,
    pub at: u64,
}

/// So much of an asset's fees is one point; 0: it has no weight.
#[contractevent(topics = ["unit_set"])]
pub struct UnitSet {
    #[topic]
    pub asset: Address,
    pub unit: u128,
}

#[contractevent(topics = ["params_set"])]
pub struct ParamsSet {
    #[topic]
    pub version: u32,
    pub params: Params,
}

#[contractevent(topics = ["admin_set"])]
pub struct AdminSet {
    #[topic]
    pub admin: Address,
}

#[contractevent(topics = ["wired"])]
pub struct Wired {
    #[topic]
    pub dispute: Address,
}
