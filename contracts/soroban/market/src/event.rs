//! Events. The first topic is the name, the second the ask; the data names every changed value, so that an indexer rebuilds the contract's
//! state from events alone.

use soroban_sdk::{contractevent, Address, BytesN};

use crate::types::{Ask, State};

#[contractevent(topics = ["asked"])]
pub struct Asked {
    #[topic]
    pub id: BytesN<32>,
    pub ask: Ask,
}

/// An answer that may be taken: an open one, or a revealed one.
#[contractevent(topics = ["answered"])]
pub struct Answered {
    #[topic]
    pub id: BytesN<32>,
    pub provider: Address,
    /// Of the provider among those of the ask, from 0.
    pub number: u32,
    pub unit: BytesN<32>,
    pub storage_price: i128,
    pub egress_price: i128,
    pub total: i128,
}

#[contractevent(topics = ["committed"])]
pub struct Committed {
    #[topic]
    pub id: BytesN<32>,
    pub provider: Address,
    pub number: u32,
    pub commitment: BytesN<32>,
}

/// The SLA that came of a provider's answer.
#[contractevent(topics = ["taken"])]
pub struct Taken {
    #[topic]
    pub id: BytesN<32>,
    pub provider: Address,
    pub sla: BytesN<32>,
}

/// The state of an ask after a change.
#[contractevent(topics = ["ask_state"])]
pub struct StateChanged {
    #[topic]
    pub id: BytesN<32>,
    pub state: State,
}

#[contractevent(topics = ["admin_set"])]
pub struct AdminSet {
    #[topic]
    pub admin: Address,
}
