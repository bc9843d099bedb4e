//! Windows of an SLA: which were judged and settled, how old they are, and how much can be at stake in one.

use flashback_core::{
    error::Error,
    money::{sub, Rate},
    terms::Terms,
};
use soroban_sdk::{BytesN, Env};

use crate::{
    event, storage,
    types::Window,
    world::{self, Reservation},
};

/// Epochs from the SLA's start to the begin and the end of window `number`, as agreed.
pub fn bounds(terms: &Terms, number: u32) -> Result<(u32, u32), Error> {
    let from = number.checked_mul(terms.window_epochs).filter(|f| *f < terms.duration_epochs).ok_or(Error::WindowWrong)?;
    Ok((from, from.saturating_add(terms.window_epochs).min(terms.duration_epochs)))
}

/// Where window `number` ended, which is judged and settled: earlier than agreed when the SLA did.
pub fn settled_end(terms: &Terms, reservation: &Reservation, number: u32) -> Result<u32, Error> {
    let (from, to) = bounds(terms, number)?;
    let settled = reservation.settled_epochs;
    let short = reservation.done && settled > from;
    if settled < to && !short {
        return Err(Error::WindowWrong);
    }
    Ok(to.min(settled))
}

/// Refuses a window that is not settled yet up to `end` epochs, or that ended too long ago. Its age counts from `barred` on when that is
/// later.
pub fn check_time(env: &Env, reservation: &Reservation, end: u32, barred: u64, max_age_seconds: u64) -> Result<(), Error> {
    if reservation.settled_epochs < end {
        return Err(Error::WindowWrong);
    }
    let epoch = reservation.start_epoch.checked_add(end.into()).ok_or(Error::Overflow)?;
    let over = storage::schedule(env)?.begins(epoch)?.max(barred);
    if env.ledger().timestamp() > over.checked_add(max_age_seconds).ok_or(Error::Overflow)? {
        return Err(Error::WindowWrong);
    }
    Ok(())
}

/// The most that one window can be about: its storage, and all of the egress.
pub fn gross_max(terms: &Terms, number: u32) -> Result<i128, Error> {
    let (from, to) = bounds(terms, number)?;
    Rate::of(terms)?.gross(to - from, terms.egress_bytes)
}

/// What the consumer is still owed.
pub fn owed(window: &Window) -> Result<i128, Error> {
    sub(window.proved.max(window.ruled), window.moved)
}

/// Moves what is owed as far as the provider's claim reaches; the rest stays owed.
pub fn recover(env: &Env, sla: &BytesN<32>, number: u32, window: &mut Window) -> Result<i128, Error> {
    let owed = owed(window)?;
    if owed == 0 {
        return Ok(0);
    }
    let frozen = world::freeze(env, sla, owed, false)?;
    if frozen == 0 {
        return Ok(0);
    }
    world::rule(env, sla, frozen)?;
    window.moved = window.moved.checked_add(frozen).ok_or(Error::Overflow)?;
    event::Recovered { sla: sla.clone(), window: number, amount: frozen, owed: owed - frozen }.publish(env);
    Ok(frozen)
}
