//! Events. The first topic is the name, the second what it is about.

use soroban_sdk::{contractevent, Address, BytesN, Symbol, Vec};

#[contractevent(topics = ["proposed"])]
pub struct Proposed {
    #[topic]
    pub number: u32,
    pub proposer: Address,
    pub actions: BytesN<32>,
    pub about: BytesN<32>,
    pub snapshot: u64,
    pub total: i128,
    pub ends: u64,
    pub opens: u64,
    pub closes: u64,
}

/// `votes` is the voter's weight.
#[contractevent(topics = ["voted"])]
pub struct Voted {
    #[topic]
    pub number: u32,
    pub voter: Address,
    pub choice: u32,
    pub votes: i128,
}

#[contractevent(topics = ["executed"])]
pub struct Executed {
    #[topic]
    pub number: u32,
}

#[contractevent(topics = ["cancelled"])]
pub struct Cancelled {
    #[topic]
    pub number: u32,
}

/// The guardian stopped new SLAs; anyone may let them begin again from `until` on.
#[contractevent(topics = ["guardian_paused"])]
pub struct GuardianPaused {
    #[topic]
    pub guardian: Address,
    pub until: u64,
}

/// A guardian's pause is over: somebody ended it, or a proposal decided about the pause.
#[contractevent(topics = ["guardian_unpaused"])]
pub struct GuardianUnpaused {
    #[topic]
    pub guardian: Address,
    pub rest_until: u64,
}

#[contractevent(topics = ["params_set"])]
pub struct ParamsSet {
    #[topic]
    pub version: u32,
}

#[contractevent(topics = ["guardian_set"])]
pub struct GuardianSet {
    #[topic]
    pub guardian: Address,
}

/// What may be called at a contract now; nothing at all when `functions` is empty.
#[contractevent(topics = ["target_set"])]
pub struct TargetSet {
    #[topic]
    pub contract: Address,
    pub functions: Vec<Symbol>,
}
