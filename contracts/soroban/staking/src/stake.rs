//! What an owner does with its stake: in, on its way out, back, out.

use flashback_core::error::Error;
use soroban_sdk::{Address, Env, Vec};

use crate::{
    event, storage, trail,
    types::{role, Unbonding, UNBONDINGS_MAX, UNBONDING_SECONDS},
};

/// Refuses numbers that are no role.
pub fn check_role(role: u32) -> Result<(), Error> {
    if role <= role::VOTER {
        Ok(())
    } else {
        Err(Error::ArgumentInvalid)
    }
}

fn check_amount(amount: i128) -> Result<(), Error> {
    if amount > 0 {
        Ok(())
    } else {
        Err(Error::AmountInvalid)
    }
}

/// The caller takes the tokens then.
pub fn add(env: &Env, from: &Address, owner: &Address, role: u32, amount: i128) -> Result<(), Error> {
    check_amount(amount)?;
    check_role(role)?;
    let mut position = storage::position(env, owner, role);
    position.active = position.active.checked_add(amount).ok_or(Error::Overflow)?;
    storage::set_position(env, owner, role, &position);
    trail::change(env, owner, amount)?;
    event::Staked { owner: owner.clone(), role, from: from.clone(), amount, active: position.active }.publish(env);
    Ok(())
}

pub fn unbond(env: &Env, owner: &Address, role: u32, amount: i128) -> Result<u32, Error> {
    check_amount(amount)?;
    check_role(role)?;
    let mut position = storage::position(env, owner, role);
    if position.active < amount {
        return Err(Error::StakeMissing);
    }
    if position.unbondings.len() >= UNBONDINGS_MAX {
        return Err(Error::UnbondingFull);
    }
    let until = env.ledger().timestamp().checked_add(UNBONDING_SECONDS).ok_or(Error::Overflow)?;
    let number = position.next;
    position.next = number.checked_add(1).ok_or(Error::Overflow)?;
    position.active -= amount;
    position.unbonding = position.unbonding.checked_add(amount).ok_or(Error::Overflow)?;
    position.unbondings.push_back(Unbonding { number, amount, until });
    storage::set_position(env, owner, role, &position);
    trail::change(env, owner, -amount)?;
    event::Unbonding { owner: owner.clone(), role, number, amount, until, active: position.active }.publish(env);
    Ok(number)
}

pub fn cancel_unbond(env: &Env, owner: &Address, role: u32, number: u32) -> Result<(), Error> {
    check_role(role)?;
    let mut position = storage::position(env, owner, role);
    let index = position.unbondings.iter().position(|u| u.number == number).ok_or(Error::NotFound)? as u32;
    let Unbonding { amount, .. } = position.unbondings.get(index).ok_or(Error::NotFound)?;
    position.unbondings.remove(index);
    position.unbonding -= amount;
    position.active = position.active.checked_add(amount).ok_or(Error::Overflow)?;
    storage::set_position(env, owner, role, &position);
    trail::change(env, owner, amount)?;
    event::UnbondCancelled { owner: owner.clone(), role, number, amount, active: position.active }.publish(env);
    Ok(())
}

/// Takes out what has matured; the caller pays it to the owner.
pub fn withdraw(env: &Env, owner: &Address, role: u32) -> Result<i128, Error> {
    check_role(role)?;
    let now = env.ledger().timestamp();
    let mut position = storage::position(env, owner, role);
    if now < position.held_until {
        return Err(Error::StakeHeld);
    }
    let mut waiting = Vec::new(env);
    let mut amount = 0i128;
    for unbonding in position.unbondings.iter() {
        if unbonding.until <= now {
            amount = amount.checked_add(unbonding.amount).ok_or(Error::Overflow)?;
        } else {
            waiting.push_back(unbonding);
        }
    }
    if amount == 0 {
        return Err(Error::NothingDue);
    }
    position.unbondings = waiting;
    position.unbonding -= amount;
    storage::set_position(env, owner, role, &position);
    event::Withdrawn { owner: owner.clone(), role, amount, unbonding: position.unbonding }.publish(env);
    Ok(amount)
}
