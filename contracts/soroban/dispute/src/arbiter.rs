//! Who can be drawn. A registration lasts for a term and its stake is held for longer than that, so that no stake stands behind two
//! arbiters. Places are never moved: a newcomer takes a place that has expired, or a new one, and whether an older dispute may draw it is
//! decided by the time of its registration.

use flashback_core::error::Error;
use soroban_sdk::{Address, Env};

use crate::{
    event, storage,
    types::{Slot, HOLD_SECONDS, TERM_SECONDS},
    world::{self, ROLE_ARBITER},
};

pub fn register(env: &Env, arbiter: &Address) -> Result<(), Error> {
    if world::stake_of(env, arbiter, ROLE_ARBITER)? < storage::params(env)?.arbiter_stake {
        return Err(Error::StakeMissing);
    }
    let now = env.ledger().timestamp();
    let expires = now.checked_add(TERM_SECONDS).ok_or(Error::Overflow)?;
    world::hold(env, arbiter, ROLE_ARBITER, now.checked_add(HOLD_SECONDS).ok_or(Error::Overflow)?)?;
    let (at, since) = match own(env, arbiter) {
        Some((at, slot)) => (at, if slot.expires > now { slot.since } else { now }),
        None => (place(env, now)?, now),
    };
    storage::set_slot(env, at, &Slot { arbiter: arbiter.clone(), since, expires });
    storage::set_slot_of(env, arbiter, at);
    event::Registered { arbiter: arbiter.clone(), slot: at, since, expires }.publish(env);
    Ok(())
}

pub fn leave(env: &Env, arbiter: &Address) -> Result<(), Error> {
    let now = env.ledger().timestamp();
    let (at, mut slot) = own(env, arbiter).filter(|(_, s)| s.expires > now).ok_or(Error::NotFound)?;
    slot.expires = now;
    storage::set_slot(env, at, &slot);
    event::Registered { arbiter: arbiter.clone(), slot: at, since: slot.since, expires: now }.publish(env);
    Ok(())
}

/// The place that an arbiter has, if nobody took it over.
fn own(env: &Env, arbiter: &Address) -> Option<(u32, Slot)> {
    let at = storage::slot_of(env, arbiter)?;
    let slot = storage::slot(env, at)?;
    Some((at, slot)).filter(|(_, s)| s.arbiter == *arbiter)
}

/// A place for a newcomer: the one at the cursor when it has expired, else a new one. The cursor goes round, one place a newcomer, so
/// that places of those who left come back into use at no more than one look each.
fn place(env: &Env, now: u64) -> Result<u32, Error> {
    let (slots, cursor) = storage::slots(env)?;
    let old = storage::slot(env, cursor).filter(|s| s.expires <= now);
    let next = cursor.checked_add(1).ok_or(Error::Overflow)?;
    if let Some(old) = old {
        storage::remove_slot_of(env, &old.arbiter);
        storage::set_slots(env, slots, if next < slots { next } else { 0 });
        return Ok(cursor);
    }
    let count = slots.checked_add(1).ok_or(Error::Overflow)?;
    storage::set_slots(env, count, if next < count { next } else { 0 });
    Ok(slots)
}
