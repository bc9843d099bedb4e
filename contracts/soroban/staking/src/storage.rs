//! Keys and lifetimes. The instance holds three addresses; everything else is an entry of its own, which each call that touches it
//! extends. A position carries its few unbondings.

use flashback_core::{error::Error, lifetime, upgrade::Upgrade};
use soroban_sdk::{contracttype, Address, Env, IntoVal, TryFromVal, Val, Vec};

use crate::types::{Checkpoint, Head, Position};

#[contracttype]
enum Key {
    Admin,
    Token,
    Fund,
    Upgrade,
    Slasher(Address),
    Position(Address, u32),
    Votes(Address),
    Checkpoint(Address, u32),
    Total,
    TotalCheckpoint(u32),
}

pub fn init(env: &Env, admin: &Address, token: &Address, fund: &Address) {
    let instance = env.storage().instance();
    instance.set(&Key::Admin, admin);
    instance.set(&Key::Token, token);
    instance.set(&Key::Fund, fund);
    lifetime::extend_instance(env);
}

pub fn admin(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Admin)
}

pub fn set_admin(env: &Env, admin: &Address) {
    env.storage().instance().set(&Key::Admin, admin);
}

pub fn token(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Token)
}

pub fn fund(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Fund)
}

pub fn upgrade(env: &Env) -> Option<Upgrade> {
    env.storage().instance().get(&Key::Upgrade)
}

pub fn set_upgrade(env: &Env, upgrade: &Upgrade) {
    env.storage().instance().set(&Key::Upgrade, upgrade);
}

pub fn remove_upgrade(env: &Env) {
    env.storage().instance().remove(&Key::Upgrade);
}

/// From when on the contract may slash and hold, if it was named.
pub fn slasher(env: &Env, contract: &Address) -> Option<u64> {
    find(env, &Key::Slasher(contract.clone()))
}

pub fn set_slasher(env: &Env, contract: &Address, from: u64) {
    put(env, &Key::Slasher(contract.clone()), &from);
}

pub fn remove_slasher(env: &Env, contract: &Address) {
    env.storage().persistent().remove(&Key::Slasher(contract.clone()));
}

/// An empty one where there never was any.
pub fn position(env: &Env, owner: &Address, role: u32) -> Position {
    find(env, &Key::Position(owner.clone(), role)).unwrap_or_else(|| Position {
        active: 0,
        unbonding: 0,
        held_until: 0,
        next: 0,
        unbondings: Vec::new(env),
    })
}

pub fn set_position(env: &Env, owner: &Address, role: u32, position: &Position) {
    put(env, &Key::Position(owner.clone(), role), position);
}

/// Whose votes a trail of checkpoints is about.
pub enum Of<'a> {
    Owner(&'a Address),
    Total,
}

pub fn head(env: &Env, of: &Of) -> Option<Head> {
    find(env, &head_key(of))
}

pub fn set_head(env: &Env, of: &Of, head: &Head) {
    put(env, &head_key(of), head);
}

pub fn checkpoint(env: &Env, of: &Of, index: u32) -> Result<Checkpoint, Error> {
    find(env, &checkpoint_key(of, index)).ok_or(Error::NotInitialized)
}

/// Written once per index.
pub fn set_checkpoint(env: &Env, of: &Of, index: u32, checkpoint: &Checkpoint) {
    put(env, &checkpoint_key(of, index), checkpoint);
}

fn head_key(of: &Of) -> Key {
    match of {
        Of::Owner(owner) => Key::Votes((*owner).clone()),
        Of::Total => Key::Total,
    }
}

fn checkpoint_key(of: &Of, index: u32) -> Key {
    match of {
        Of::Owner(owner) => Key::Checkpoint((*owner).clone(), index),
        Of::Total => Key::TotalCheckpoint(index),
    }
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
