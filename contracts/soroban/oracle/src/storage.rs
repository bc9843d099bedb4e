//! Keys and lifetimes. The instance holds what never changes; configuration, the latest report and each root are entries of their own.

use flashback_core::{error::Error, lifetime, types::Config};
use soroban_sdk::{contracttype, BytesN, Env};

#[contracttype]
enum Key {
    Network,
    Config,
    Digest,
    Latest,
    Root(u64),
}

/// The last report that was accepted.
#[contracttype]
#[derive(Clone)]
pub struct Latest {
    pub epoch: u64,
    pub root: BytesN<32>,
}

pub fn network(env: &Env) -> Result<BytesN<32>, Error> {
    env.storage().instance().get(&Key::Network).ok_or(Error::NotInitialized)
}

pub fn set_network(env: &Env, network: &BytesN<32>) {
    env.storage().instance().set(&Key::Network, network);
}

pub fn config(env: &Env) -> Result<Config, Error> {
    env.storage().persistent().get(&Key::Config).ok_or(Error::NotInitialized)
}

pub fn digest(env: &Env) -> Result<BytesN<32>, Error> {
    env.storage().persistent().get(&Key::Digest).ok_or(Error::NotInitialized)
}

pub fn set_config(env: &Env, config: &Config, digest: &BytesN<32>) {
    env.storage().persistent().set(&Key::Config, config);
    env.storage().persistent().set(&Key::Digest, digest);
}

pub fn latest(env: &Env) -> Option<Latest> {
    env.storage().persistent().get(&Key::Latest)
}

pub fn root(env: &Env, epoch: u64) -> Option<BytesN<32>> {
    env.storage().persistent().get(&Key::Root(epoch))
}

/// Stores the root, to be found for the whole lifetime from now, and makes it the latest.
pub fn put_root(env: &Env, epoch: u64, root: &BytesN<32>) {
    let key = Key::Root(epoch);
    env.storage().persistent().set(&key, root);
    lifetime::extend_fully(env, &key);
    env.storage().persistent().set(&Key::Latest, &Latest { epoch, root: root.clone() });
    lifetime::extend(env, &Key::Latest);
}

/// Extends what every report needs.
pub fn extend(env: &Env) {
    lifetime::extend_instance(env);
    lifetime::extend(env, &Key::Config);
    lifetime::extend(env, &Key::Digest);
}
