//! Keys and lifetimes. The instance holds the supply; a balance is an entry of its own that each use extends, an allowance a
//! temporary one that ends with its ledger.

use flashback_core::lifetime;
use soroban_sdk::{contracttype, Address, Env};

#[contracttype]
enum Key {
    Supply,
    Balance(Address),
    Allowance(Address, Address),
}

#[contracttype]
#[derive(Clone, Copy)]
pub struct Allowance {
    pub amount: i128,
    /// The last ledger in which it may be used.
    pub live_until_ledger: u32,
}

pub fn supply(env: &Env) -> i128 {
    lifetime::extend_instance(env);
    env.storage().instance().get(&Key::Supply).unwrap_or(0)
}

pub fn set_supply(env: &Env, supply: i128) {
    env.storage().instance().set(&Key::Supply, &supply);
    lifetime::extend_instance(env);
}

pub fn balance(env: &Env, id: &Address) -> i128 {
    let key = Key::Balance(id.clone());
    let Some(balance) = env.storage().persistent().get(&key) else { return 0 };
    lifetime::extend(env, &key);
    balance
}

pub fn set_balance(env: &Env, id: &Address, balance: i128) {
    let key = Key::Balance(id.clone());
    env.storage().persistent().set(&key, &balance);
    lifetime::extend(env, &key);
}

/// 0 once its ledger is over.
pub fn allowance(env: &Env, from: &Address, spender: &Address) -> Allowance {
    let none = Allowance { amount: 0, live_until_ledger: 0 };
    let stored: Allowance = env.storage().temporary().get(&Key::Allowance(from.clone(), spender.clone())).unwrap_or(none);
    if stored.live_until_ledger < env.ledger().sequence() {
        none
    } else {
        stored
    }
}

/// The entry lives exactly as long as the allowance.
pub fn set_allowance(env: &Env, from: &Address, spender: &Address, allowance: &Allowance) {
    let key = Key::Allowance(from.clone(), spender.clone());
    if allowance.amount == 0 {
        env.storage().temporary().remove(&key);
        return;
    }
    env.storage().temporary().set(&key, allowance);
    let ledgers = allowance.live_until_ledger.saturating_sub(env.ledger().sequence());
    env.storage().temporary().extend_ttl(&key, ledgers, ledgers);
}
