//! Keys and lifetimes. The instance holds addresses and parameters; a certifier, a certification and a subscription are entries of their
//! own that each call extends when it touches them (`flashback_core::lifetime`).

use flashback_core::{error::Error, lifetime};
use soroban_sdk::{contracttype, Address, BytesN, Env, IntoVal, TryFromVal, Val};

use crate::types::{Certification, Certifier, Params};

#[contracttype]
enum Key {
    Admin,
    Staking,
    Token,
    Params,
    Certifier(Address),
    Certification(BytesN<32>),
    Subscription(Address),
}

pub fn init(env: &Env, admin: &Address, staking: &Address, token: &Address, params: &Params) {
    let instance = env.storage().instance();
    instance.set(&Key::Admin, admin);
    instance.set(&Key::Staking, staking);
    instance.set(&Key::Token, token);
    set_params(env, params);
}

pub fn admin(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Admin)
}

pub fn staking(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Staking)
}

/// FLASH.
pub fn token(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Token)
}

pub fn params(env: &Env) -> Result<Params, Error> {
    instance(env, &Key::Params)
}

pub fn set_params(env: &Env, params: &Params) {
    env.storage().instance().set(&Key::Params, params);
    lifetime::extend_instance(env);
}

pub fn find_certifier(env: &Env, certifier: &Address) -> Option<Certifier> {
    find(env, &Key::Certifier(certifier.clone()))
}

pub fn certifier(env: &Env, certifier: &Address) -> Result<Certifier, Error> {
    find_certifier(env, certifier).ok_or(Error::CertifierUnknown)
}

pub fn set_certifier(env: &Env, certifier: &Address, value: &Certifier) {
    put(env, &Key::Certifier(certifier.clone()), value);
}

pub fn find_certification(env: &Env, id: &BytesN<32>) -> Option<Certification> {
    find(env, &Key::Certification(id.clone()))
}

pub fn certification(env: &Env, id: &BytesN<32>) -> Result<Certification, Error> {
    find_certification(env, id).ok_or(Error::NotFound)
}

pub fn set_certification(env: &Env, id: &BytesN<32>, value: &Certification) {
    put(env, &Key::Certification(id.clone()), value);
}

/// Unix seconds until which the provider's listing is paid; 0 when it never was.
pub fn subscription(env: &Env, provider: &Address) -> u64 {
    find(env, &Key::Subscription(provider.clone())).unwrap_or_default()
}

pub fn set_subscription(env: &Env, provider: &Address, until: u64) {
    put(env, &Key::Subscription(provider.clone()), &until);
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
