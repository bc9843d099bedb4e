//! Keys and lifetimes. The instance holds addresses and the length of an epoch; each ask, each provider's answer to it and each number of
//! an answer is an entry of its own, paid by whoever makes it.

use flashback_core::{error::Error, lifetime};
use soroban_sdk::{contracttype, Address, BytesN, Env, IntoVal, TryFromVal, Val};

use crate::types::{Answer, Ask};

#[contracttype]
enum Key {
    Admin,
    Po,
    Co,
    EpochSeconds,
    Ask(BytesN<32>),
    Answer(BytesN<32>, Address),
    /// The provider of an ask's answer with a number.
    Number(BytesN<32>, u32),
}

pub fn init(env: &Env, admin: &Address, po: &Address, co: &Address, epoch_seconds: u32) {
    let instance = env.storage().instance();
    instance.set(&Key::Admin, admin);
    instance.set(&Key::Po, po);
    instance.set(&Key::Co, co);
    instance.set(&Key::EpochSeconds, &epoch_seconds);
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

pub fn epoch_seconds(env: &Env) -> Result<u32, Error> {
    instance(env, &Key::EpochSeconds)
}

pub fn has_ask(env: &Env, id: &BytesN<32>) -> bool {
    env.storage().persistent().has(&Key::Ask(id.clone()))
}

pub fn ask(env: &Env, id: &BytesN<32>) -> Result<Ask, Error> {
    find(env, &Key::Ask(id.clone())).ok_or(Error::NotFound)
}

pub fn set_ask(env: &Env, id: &BytesN<32>, value: &Ask) {
    put(env, &Key::Ask(id.clone()), value);
}

/// The longest lifetime of an ask; whether there is one.
pub fn renew_ask(env: &Env, id: &BytesN<32>) -> bool {
    let there = has_ask(env, id);
    if there {
        lifetime::extend_fully(env, &Key::Ask(id.clone()));
        lifetime::extend_instance(env);
    }
    there
}

pub fn find_answer(env: &Env, id: &BytesN<32>, provider: &Address) -> Option<Answer> {
    find(env, &Key::Answer(id.clone(), provider.clone()))
}

pub fn set_answer(env: &Env, id: &BytesN<32>, value: &Answer) {
    put(env, &Key::Answer(id.clone(), value.provider.clone()), value);
}

pub fn set_number(env: &Env, id: &BytesN<32>, number: u32, provider: &Address) {
    put(env, &Key::Number(id.clone(), number), provider);
}

pub fn provider_at(env: &Env, id: &BytesN<32>, number: u32) -> Option<Address> {
    find(env, &Key::Number(id.clone(), number))
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
