//! The contract that internal/devnet's tests deploy: one entry point for each thing the network has to get right.
#![no_std]
use soroban_sdk::{contract, contracterror, contractevent, contractimpl, contracttype, token, Address, Env, Symbol};

#[contracterror]
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Error {
    Refused = 7,
}

#[contracttype]
#[derive(Clone)]
pub enum Key {
    Count,
    Value(Symbol),
    Slot(u32),
}

#[contractevent(topics = ["bumped"])]
pub struct Bumped {
    #[topic]
    pub by: u32,
    pub count: u32,
}

#[contract]
pub struct DevnetTest;

#[contractimpl]
impl DevnetTest {
    pub fn __constructor(env: Env, start: u32) {
        env.storage().instance().set(&Key::Count, &start);
    }

    /// Adds to a counter in instance storage and publishes an event.
    pub fn bump(env: Env, by: u32) -> u32 {
        let count: u32 = env.storage().instance().get(&Key::Count).unwrap_or(0) + by;
        env.storage().instance().set(&Key::Count, &count);
        Bumped { by, count }.publish(&env);
        count
    }

    /// Bumps, then fails: nothing of it may remain.
    pub fn refuse(env: Env, by: u32) -> Result<u32, Error> {
        Self::bump(env, by);
        Err(Error::Refused)
    }

    pub fn put(env: Env, key: Symbol, value: u32) {
        env.storage().persistent().set(&Key::Value(key), &value);
    }
    pub fn get(env: Env, key: Symbol) -> Option<u32> {
        env.storage().persistent().get(&Key::Value(key))
    }
    pub fn put_temp(env: Env, key: Symbol, value: u32) {
        env.storage().temporary().set(&Key::Value(key), &value);
    }
    pub fn get_temp(env: Env, key: Symbol) -> Option<u32> {
        env.storage().temporary().get(&Key::Value(key))
    }

    /// Writes `n` entries.
    pub fn fill(env: Env, n: u32) {
        for i in 0..n {
            env.storage().persistent().set(&Key::Slot(i), &i);
        }
    }

    /// Uses up instructions.
    pub fn spin(env: Env, rounds: u32) -> u32 {
        let mut x = env.ledger().sequence();
        for i in 0..rounds {
            x = x.wrapping_mul(1_664_525).wrapping_add(i);
        }
        x
    }

    pub fn now(env: Env) -> u64 {
        env.ledger().timestamp()
    }

    /// Moves a token in the name of `from`, who has to agree to this call.
    pub fn pay(env: Env, from: Address, to: Address, asset: Address, amount: i128) {
        from.require_auth();
        token::TokenClient::new(&env, &asset).transfer(&from, &to, &amount);
    }
}
