//! What slashers do: contracts that decide who did wrong, named by the admin.

use flashback_core::error::Error;
use soroban_sdk::{Address, BytesN, Env};

use crate::{
    event,
    stake::check_role,
    storage::{self, Of},
    trail,
    types::{HOLD_SECONDS_MAX, NOTICE_SECONDS},
};

/// Names a slasher, which may act at once while nobody ever staked, and else after the notice; or takes it back at once.
pub fn name(env: &Env, contract: &Address, allowed: bool) -> Result<(), Error> {
    let named = storage::slasher(env, contract);
    if allowed == named.is_some() {
        return Ok(());
    }
    let mut from = 0;
    if allowed {
        let notice = if storage::head(env, &Of::Total).is_some() { NOTICE_SECONDS } else { 0 };
        from = env.ledger().timestamp().checked_add(notice).ok_or(Error::Overflow)?;
        storage::set_slasher(env, contract, from);
    } else {
        storage::remove_slasher(env, contract);
    }
    event::Slasher { contract: contract.clone(), allowed, from }.publish(env);
    Ok(())
}

/// Refuses whoever may not slash and hold now.
fn check(env: &Env, by: &Address) -> Result<(), Error> {
    match storage::slasher(env, by) {
        Some(from) if from <= env.ledger().timestamp() => Ok(()),
        _ => Err(Error::NotAuthorized),
    }
}

/// What a slash came to.
pub struct Slash {
    pub taken: i128,
    pub to: Address,
}

/// Takes out up to `amount`, the active stake first, then the newest unbonding back; the caller pays it. Nothing there is no error:
/// a ruling never fails because its loser is poor.
pub fn slash(env: &Env, by: &Address, owner: &Address, role: u32, amount: i128, to: &Address, cause: &BytesN<32>) -> Result<Slash, Error> {
    check(env, by)?;
    if amount < 0 {
        return Err(Error::AmountInvalid);
    }
    check_role(role)?;
    let to = payee(env, owner, to)?;
    let mut position = storage::position(env, owner, role);
    let from_active = amount.min(position.active);
    let mut rest = amount - from_active;
    while rest > 0 {
        let Some(mut newest) = position.unbondings.pop_back() else { break };
        let part = rest.min(newest.amount);
        rest -= part;
        position.unbonding -= part;
        newest.amount -= part;
        if newest.amount > 0 {
            position.unbondings.push_back(newest);
        }
    }
    let taken = amount - rest;
    if taken == 0 {
        return Ok(Slash { taken, to });
    }
    position.active -= from_active;
    storage::set_position(env, owner, role, &position);
    if from_active > 0 {
        trail::change(env, owner, -from_active)?;
    }
    event::Slashed {
        owner: owner.clone(),
        role,
        by: by.clone(),
        to: to.clone(),
        cause: cause.clone(),
        amount: taken,
        active: position.active,
        unbonding: position.unbonding,
    }
    .publish(env);
    Ok(Slash { taken, to })
}

/// Nobody is slashed in favour of itself, and nothing is paid to this contract, where it would lie for ever: the fund gets that.
fn payee(env: &Env, owner: &Address, to: &Address) -> Result<Address, Error> {
    if to == owner || *to == env.current_contract_address() {
        storage::fund(env)
    } else {
        Ok(to.clone())
    }
}

/// Nothing is withdrawn before `until`, or before what was said already, if that is later.
pub fn hold(env: &Env, by: &Address, owner: &Address, role: u32, until: u64) -> Result<(), Error> {
    check(env, by)?;
    check_role(role)?;
    if until.saturating_sub(env.ledger().timestamp()) > HOLD_SECONDS_MAX {
        return Err(Error::ArgumentInvalid);
    }
    let mut position = storage::position(env, owner, role);
    if until <= position.held_until {
        return Ok(());
    }
    position.held_until = until;
    storage::set_position(env, owner, role, &position);
    event::Held { owner: owner.clone(), role, by: by.clone(), until }.publish(env);
    Ok(())
}
