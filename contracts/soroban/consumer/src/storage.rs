//! Keys and lifetimes. The instance holds addresses, schedule, the current parameters' version and the pause; everything else is an entry of
//! its own that each call extends when it touches it (`flashback_core::lifetime`). Every version of the parameters stays, since
//! live SLAs keep theirs.

use flashback_core::{error::Error, lifetime, params::Params, schedule::Schedule, settlement::decode_terms};
use soroban_sdk::{contracttype, symbol_short, Address, Bytes, BytesN, Env, IntoVal, Map, Symbol, TryFromVal, Val, Vec};

use crate::{
    compose::signed,
    life,
    types::{Grant, Sla},
};

#[contracttype]
enum Key {
    Admin,
    Oracle,
    Provider,
    Dispute,
    Schedule,
    Version,
    Paused,
    Params(u32),
    Terms(BytesN<32>),
    Sla(BytesN<32>),
    Grant(BytesN<32>),
    Group(BytesN<32>),
}

pub fn init(env: &Env, admin: &Address, oracle: &Address, po: &Address, schedule: &Schedule, params: &Params) {
    let instance = env.storage().instance();
    instance.set(&Key::Admin, admin);
    instance.set(&Key::Oracle, oracle);
    instance.set(&Key::Provider, po);
    instance.set(&Key::Schedule, schedule);
    set_params(env, params);
}

pub fn admin(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Admin)
}

pub fn set_admin(env: &Env, admin: &Address) {
    env.storage().instance().set(&Key::Admin, admin);
}

/// The Dispute contract; [`Error::NotInitialized`] before `wire_dispute`.
pub fn dispute(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Dispute)
}

pub fn set_dispute(env: &Env, dispute: &Address) {
    env.storage().instance().set(&Key::Dispute, dispute);
}

pub fn oracle(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Oracle)
}

pub fn provider_orchestrator(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Provider)
}

pub fn schedule(env: &Env) -> Result<Schedule, Error> {
    instance(env, &Key::Schedule)
}

pub fn is_paused(env: &Env) -> bool {
    env.storage().instance().has(&Key::Paused)
}

pub fn set_paused(env: &Env, paused: bool) {
    if paused {
        env.storage().instance().set(&Key::Paused, &());
    } else {
        env.storage().instance().remove(&Key::Paused);
    }
}

/// The parameters of new SLAs.
pub fn params(env: &Env) -> Result<Params, Error> {
    params_of(env, instance(env, &Key::Version)?)
}

/// The parameters that an SLA began with.
pub fn params_of(env: &Env, version: u32) -> Result<Params, Error> {
    find(env, &Key::Params(version)).ok_or(Error::NotInitialized)
}

pub fn set_params(env: &Env, params: &Params) {
    put(env, &Key::Params(params.version), params);
    env.storage().instance().set(&Key::Version, &params.version);
    lifetime::extend_instance(env);
}

pub fn terms(env: &Env, sla: &BytesN<32>) -> Result<Bytes, Error> {
    find(env, &Key::Terms(sla.clone())).ok_or(Error::NotFound)
}

/// Written once per SLA.
pub fn set_terms(env: &Env, sla: &BytesN<32>, terms: &Bytes) {
    put(env, &Key::Terms(sla.clone()), terms);
}

pub fn has_sla(env: &Env, id: &BytesN<32>) -> bool {
    env.storage().persistent().has(&Key::Sla(id.clone()))
}

pub fn sla(env: &Env, id: &BytesN<32>) -> Result<Sla, Error> {
    let mut stored: Map<Symbol, Val> = find(env, &Key::Sla(id.clone())).ok_or(Error::NotFound)?;
    if !stored.contains_key(symbol_short!("group")) {
        renew_layout(env, id, &mut stored)?;
    }
    Sla::try_from_val(env, &stored.to_val()).map_err(|_| Error::Malformed)
}

/// Completes an SLA that was stored before there were successors; the next write keeps it so.
fn renew_layout(env: &Env, id: &BytesN<32>, stored: &mut Map<Symbol, Val>) -> Result<(), Error> {
    let bond = decode_terms(&terms(env, id)?)?.bond;
    let none = BytesN::from_array(env, &[0; 32]).to_val();
    stored.set(Symbol::new(env, "bond_total"), signed(bond)?.into_val(env));
    stored.set(Symbol::new(env, "bond_taken"), 0i128.into_val(env));
    for name in [symbol_short!("group"), symbol_short!("previous"), symbol_short!("next")] {
        stored.set(name, none);
    }
    Ok(())
}

pub fn set_sla(env: &Env, id: &BytesN<32>, sla: &Sla) {
    put(env, &Key::Sla(id.clone()), sla);
}

pub fn has_grant(env: &Env, id: &BytesN<32>) -> bool {
    env.storage().persistent().has(&Key::Grant(id.clone()))
}

pub fn grant(env: &Env, id: &BytesN<32>) -> Result<Grant, Error> {
    find(env, &Key::Grant(id.clone())).ok_or(Error::NotFound)
}

pub fn set_grant(env: &Env, id: &BytesN<32>, grant: &Grant) {
    put(env, &Key::Grant(id.clone()), grant);
}

/// The SLAs that were requested together.
pub fn group(env: &Env, id: &BytesN<32>) -> Result<Vec<BytesN<32>>, Error> {
    find(env, &Key::Group(id.clone())).ok_or(Error::NotFound)
}

/// Written once per group.
pub fn set_group(env: &Env, id: &BytesN<32>, slas: &Vec<BytesN<32>>) {
    put(env, &Key::Group(id.clone()), slas);
}

/// The longest lifetime for an SLA that exists, with its terms, the parameters that it began with, and its group.
pub fn renew_sla(env: &Env, id: &BytesN<32>, sla: &Sla) {
    lifetime::extend_fully(env, &Key::Sla(id.clone()));
    lifetime::extend_fully(env, &Key::Terms(id.clone()));
    lifetime::extend_fully(env, &Key::Params(sla.params_version));
    if life::is_some(&sla.group) {
        lifetime::extend_fully(env, &Key::Group(sla.group.clone()));
    }
}

/// The longest lifetime for a grant that exists.
pub fn renew_grant(env: &Env, id: &BytesN<32>) {
    lifetime::extend_fully(env, &Key::Grant(id.clone()));
}

/// The longest lifetime for the instance, the code and the parameters of new SLAs.
pub fn renew_own(env: &Env) -> Result<(), Error> {
    lifetime::extend_fully(env, &Key::Params(instance(env, &Key::Version)?));
    Ok(())
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
