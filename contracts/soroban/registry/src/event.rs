//! Events. The first topic is the name, the second what it is about; the data names every changed value, so that an indexer rebuilds
//! the contract's state from events alone.

use soroban_sdk::{contractevent, Address, BytesN, Env};

use crate::types::{Certification, State};

/// A certifier registered, or changed what it says of itself.
#[contractevent(topics = ["certifier"])]
pub struct Registered {
    #[topic]
    pub certifier: Address,
    pub info: BytesN<32>,
}

#[contractevent(topics = ["certified"])]
pub struct Certified {
    #[topic]
    pub id: BytesN<32>,
    #[topic]
    pub subject: Address,
    pub certifier: Address,
    pub kind: u32,
    pub level: u32,
    pub scope: BytesN<32>,
    pub evidence: BytesN<32>,
    pub expires: u64,
    pub bound_until: u64,
    pub bond: i128,
}

/// The state of a certification after a change.
#[contractevent(topics = ["certification_state"])]
pub struct StateChanged {
    #[topic]
    pub id: BytesN<32>,
    pub state: State,
}

/// A certifier took its statement back; `reason` is a hash.
#[contractevent(topics = ["revoked"])]
pub struct Revoked {
    #[topic]
    pub id: BytesN<32>,
    pub reason: BytesN<32>,
}

/// Two certifications contradict each other: both are Frozen. `denial` is the one that denies.
#[contractevent(topics = ["conflict"])]
pub struct Conflict {
    #[topic]
    pub subject: Address,
    pub denial: BytesN<32>,
    pub denier: Address,
    pub certification: BytesN<32>,
    pub certifier: Address,
    pub concede_until: u64,
    pub lapse_from: u64,
}

/// The loser of a conflict was slashed: what the subject and the fund got.
#[contractevent(topics = ["slashed"])]
pub struct Slashed {
    #[topic]
    pub id: BytesN<32>,
    pub certifier: Address,
    pub to_subject: i128,
    pub to_fund: i128,
}

#[contractevent(topics = ["subscribed"])]
pub struct Subscribed {
    #[topic]
    pub provider: Address,
    pub from: Address,
    pub paid: i128,
    pub until: u64,
}

/// They are what `params()` answers.
#[contractevent(topics = ["params_set"])]
pub struct ParamsSet {
    #[topic]
    pub version: u32,
}

pub fn certified(env: &Env, id: &BytesN<32>, c: &Certification) {
    let Certification { certifier, subject, kind, level, scope, evidence, expires, bound_until, bond, .. } = c.clone();
    Certified { id: id.clone(), subject, certifier, kind, level, scope, evidence, expires, bound_until, bond }.publish(env);
}

pub fn state_changed(env: &Env, id: &BytesN<32>, state: State) {
    StateChanged { id: id.clone(), state }.publish(env);
}
