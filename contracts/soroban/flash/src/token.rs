//! Balances and allowances. They sum to the supply, which fits an `i128`, after every call.

use flashback_core::error::Error;
use soroban_sdk::{Address, Env};

use crate::storage::{self, Allowance};

pub fn check_amount(amount: i128) -> Result<(), Error> {
    if amount < 0 {
        return Err(Error::AmountInvalid);
    }
    Ok(())
}

/// All that there will ever be.
pub fn mint(env: &Env, holder: &Address, supply: i128) -> Result<(), Error> {
    if supply <= 0 {
        return Err(Error::AmountInvalid);
    }
    storage::set_supply(env, supply);
    storage::set_balance(env, holder, supply);
    Ok(())
}

pub fn transfer(env: &Env, from: &Address, to: &Address, amount: i128) -> Result<(), Error> {
    check_amount(amount)?;
    take(env, from, amount)?;
    if amount > 0 {
        let balance = storage::balance(env, to).checked_add(amount).ok_or(Error::Overflow)?;
        storage::set_balance(env, to, balance);
    }
    Ok(())
}

pub fn burn(env: &Env, from: &Address, amount: i128) -> Result<(), Error> {
    check_amount(amount)?;
    take(env, from, amount)?;
    if amount > 0 {
        storage::set_supply(env, storage::supply(env).checked_sub(amount).ok_or(Error::Overflow)?);
    }
    Ok(())
}

fn take(env: &Env, from: &Address, amount: i128) -> Result<(), Error> {
    let balance = storage::balance(env, from);
    if balance < amount {
        return Err(Error::BalanceMissing);
    }
    if amount > 0 {
        storage::set_balance(env, from, balance - amount);
    }
    Ok(())
}

/// Replaces the allowance.
pub fn approve(env: &Env, from: &Address, spender: &Address, amount: i128, live_until_ledger: u32) -> Result<(), Error> {
    check_amount(amount)?;
    let ledgers = env.ledger().sequence()..=env.ledger().max_live_until_ledger();
    if amount > 0 && !ledgers.contains(&live_until_ledger) {
        return Err(Error::ArgumentInvalid);
    }
    storage::set_allowance(env, from, spender, &Allowance { amount, live_until_ledger });
    Ok(())
}

/// Uses up `amount` of the allowance; `from` as its own spender needs one like anybody else.
pub fn spend(env: &Env, from: &Address, spender: &Address, amount: i128) -> Result<(), Error> {
    check_amount(amount)?;
    let allowance = storage::allowance(env, from, spender);
    if allowance.amount < amount {
        return Err(Error::AllowanceMissing);
    }
    if amount > 0 {
        storage::set_allowance(env, from, spender, &Allowance { amount: allowance.amount - amount, ..allowance });
    }
    Ok(())
}
