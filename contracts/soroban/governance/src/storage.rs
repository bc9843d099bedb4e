//! Keys and lifetimes. The instance holds addresses, parameters, the names of the targets and the guardian's pause; a target's functions,
//! a proposal and a vote are entries of their own that each call extends when it touches them (`flashback_core::lifetime`).

use flashback_core::{error::Error, lifetime};
use soroban_sdk::{contracttype, Address, Env, IntoVal, Symbol, TryFromVal, Val, Vec};

use crate::types::{Params, Pause, Proposal};

#[contracttype]
enum Key {
    Staking,
    Consumer,
    Guardian,
    Params,
    Scale,
    Pause,
    Targets,
    Count,
    Target(Address),
    Proposal(u32),
    Vote(u32, Address),
}

pub fn init(env: &Env, staking: &Address, consumer: &Address, guardian: &Address, params: &Params, scale: u64) {
    let instance = env.storage().instance();
    instance.set(&Key::Staking, staking);
    instance.set(&Key::Consumer, consumer);
    instance.set(&Key::Scale, &scale);
    set_guardian(env, guardian);
    set_params(env, params);
}

pub fn staking(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Staking)
}

/// The Consumer Orchestrator.
pub fn consumer(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Consumer)
}

pub fn guardian(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Guardian)
}

pub fn set_guardian(env: &Env, guardian: &Address) {
    env.storage().instance().set(&Key::Guardian, guardian);
}

pub fn params(env: &Env) -> Result<Params, Error> {
    instance(env, &Key::Params)
}

pub fn set_params(env: &Env, params: &Params) {
    env.storage().instance().set(&Key::Params, params);
}

pub fn scale(env: &Env) -> Result<u64, Error> {
    instance(env, &Key::Scale)
}

pub fn pause(env: &Env) -> Pause {
    env.storage().instance().get(&Key::Pause).unwrap_or_default()
}

pub fn set_pause(env: &Env, pause: &Pause) {
    env.storage().instance().set(&Key::Pause, pause);
}

pub fn targets(env: &Env) -> Vec<Address> {
    env.storage().instance().get(&Key::Targets).unwrap_or_else(|| Vec::new(env))
}

pub fn set_targets(env: &Env, targets: &Vec<Address>) {
    env.storage().instance().set(&Key::Targets, targets);
}

/// What may be called there; none when it is no target.
pub fn functions(env: &Env, target: &Address) -> Option<Vec<Symbol>> {
    find(env, &Key::Target(target.clone()))
}

pub fn set_functions(env: &Env, target: &Address, functions: &Vec<Symbol>) {
    put(env, &Key::Target(target.clone()), functions);
}

pub fn remove_functions(env: &Env, target: &Address) {
    env.storage().persistent().remove(&Key::Target(target.clone()));
}

/// Counts a new proposal; the first has number 1.
pub fn next_number(env: &Env) -> Result<u32, Error> {
    let number = count(env).checked_add(1).ok_or(Error::Overflow)?;
    env.storage().instance().set(&Key::Count, &number);
    Ok(number)
}

pub fn count(env: &Env) -> u32 {
    lifetime::extend_instance(env);
    env.storage().instance().get(&Key::Count).unwrap_or_default()
}

pub fn proposal(env: &Env, number: u32) -> Result<Proposal, Error> {
    find(env, &Key::Proposal(number)).ok_or(Error::NotFound)
}

pub fn set_proposal(env: &Env, number: u32, proposal: &Proposal) {
    put(env, &Key::Proposal(number), proposal);
}

/// The choice of who voted.
pub fn vote(env: &Env, number: u32, voter: &Address) -> Option<u32> {
    find(env, &Key::Vote(number, voter.clone()))
}

pub fn set_vote(env: &Env, number: u32, voter: &Address, choice: u32) {
    put(env, &Key::Vote(number, voter.clone()), &choice);
}

fn instance<V: TryFromVal<Env, Val>>(env: &Env, key: &Key) -> Result<V, Error> {
    lifetime::extend_instance(env);
    env.storage().instance().get(key).ok_or(Error::NotInitialized)
}

fn find<V: TryFromVal<Env, Val>>(env: &Env, key: &Key) -> Option<V> {
    let value = env.storage().persistent().get(key)?;
    lifetime::extend(env, key);
    Some(value)
}

fn put<V: IntoVal<Env, Val>>(env: &Env, key: &Key, value: &V) {
    env.storage().persistent().set(key, value);
    lifetime::extend(env, key);
}
