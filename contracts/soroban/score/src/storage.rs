//! Keys and lifetimes. The instance holds addresses, schedule and parameters; each asset's unit, each SLA's last record, each ruling and
//! each standing is an entry of its own that every call extends when it touches it.

use flashback_core::{error::Error, lifetime, schedule::Schedule};
use soroban_sdk::{contracttype, Address, BytesN, Env, IntoVal, TryFromVal, Val, Vec};

use crate::types::{Params, Role, Standing};

#[contracttype]
enum Key {
    Admin,
    Po,
    Co,
    Dispute,
    Schedule,
    Params,
    Unit(Address),
    Recorded(BytesN<32>),
    Ruled(BytesN<32>),
    Standing(Role, Address),
}

pub fn init(env: &Env, admin: &Address, po: &Address, co: &Address, schedule: &Schedule, params: &Params) {
    let instance = env.storage().instance();
    instance.set(&Key::Admin, admin);
    instance.set(&Key::Po, po);
    instance.set(&Key::Co, co);
    instance.set(&Key::Schedule, schedule);
    instance.set(&Key::Params, params);
    lifetime::extend_instance(env);
}

pub fn admin(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Admin)
}

pub fn set_admin(env: &Env, admin: &Address) {
    env.storage().instance().set(&Key::Admin, admin);
}

pub fn po(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Po)
}

pub fn co(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Co)
}

/// The Dispute contract, if one is wired.
pub fn dispute(env: &Env) -> Option<Address> {
    env.storage().instance().get(&Key::Dispute)
}

pub fn set_dispute(env: &Env, dispute: &Address) {
    env.storage().instance().set(&Key::Dispute, dispute);
}

pub fn schedule(env: &Env) -> Result<Schedule, Error> {
    instance(env, &Key::Schedule)
}

pub fn params(env: &Env) -> Result<Params, Error> {
    instance(env, &Key::Params)
}

pub fn set_params(env: &Env, params: &Params) {
    env.storage().instance().set(&Key::Params, params);
}

/// Smallest units of an asset that are one point.
pub fn unit(env: &Env, asset: &Address) -> Option<u128> {
    find(env, &Key::Unit(asset.clone()))
}

pub fn set_unit(env: &Env, asset: &Address, unit: u128) {
    let key = Key::Unit(asset.clone());
    if unit == 0 {
        env.storage().persistent().remove(&key);
    } else {
        put(env, &key, &unit);
    }
}

/// The hash of the last leaf that was recorded of an SLA.
pub fn recorded(env: &Env, sla: &BytesN<32>) -> Option<BytesN<32>> {
    find(env, &Key::Recorded(sla.clone()))
}

pub fn set_recorded(env: &Env, sla: &BytesN<32>, leaf: &BytesN<32>) {
    put(env, &Key::Recorded(sla.clone()), leaf);
}

pub fn is_ruled(env: &Env, id: &BytesN<32>) -> bool {
    env.storage().persistent().has(&Key::Ruled(id.clone()))
}

pub fn set_ruled(env: &Env, id: &BytesN<32>) {
    put(env, &Key::Ruled(id.clone()), &());
}

/// Of somebody unknown: updated 0 and no pairs.
pub fn standing(env: &Env, role: Role, of: &Address) -> Standing {
    find(env, &Key::Standing(role, of.clone())).unwrap_or_else(|| Standing { updated: 0, pairs: Vec::new(env) })
}

pub fn set_standing(env: &Env, role: Role, of: &Address, standing: &Standing) {
    put(env, &Key::Standing(role, of.clone()), standing);
}

/// Gives what is stored about an account the longest lifetime.
pub fn renew_standings(env: &Env, of: &Address) -> bool {
    let mut any = false;
    for role in [Role::Provider, Role::Consumer] {
        any |= renew(env, &Key::Standing(role, of.clone()));
    }
    any
}

pub fn renew_recorded(env: &Env, sla: &BytesN<32>) -> bool {
    renew(env, &Key::Recorded(sla.clone()))
}

fn renew(env: &Env, key: &Key) -> bool {
    let there = env.storage().persistent().has(key);
    if there {
        lifetime::extend_fully(env, key);
    }
    there
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
