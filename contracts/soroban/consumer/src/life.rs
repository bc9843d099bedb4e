//! The states of an SLA before and after its life under settlement. Functions on `&mut Sla` change it and tell; the caller stores it.

use flashback_core::{
    error::Error,
    interface::{forward, ProviderClient},
    leaf::{Leaf, STATUS_ABANDONED},
    money::least_epochs,
    settlement::{decode_terms, zero_leaf_hash},
    terms::Terms,
};
use soroban_sdk::{Address, BytesN, Env};

use crate::{
    escrow, event, storage,
    types::{Sla, SlaState},
};

/// Requested → Accepted, and on to Active when enough is paid for; says whether it is Active.
pub fn accept(env: &Env, id: &BytesN<32>, sla: &mut Sla, terms: &Terms) -> Result<bool, Error> {
    if sla.state != SlaState::Requested {
        return Err(Error::StateWrong);
    }
    let timeout = storage::params_of(env, sla.params_version)?.fund_timeout_seconds;
    sla.fund_by = env.ledger().timestamp().checked_add(timeout).ok_or(Error::Overflow)?;
    set_state(env, id, sla, SlaState::Accepted);
    begin_if_covered(env, id, sla, terms)
}

/// Accepted and paid for long enough → Active, from the next epoch on; says whether it is. On one chain Funded lasts for this call only.
pub fn begin_if_covered(env: &Env, id: &BytesN<32>, sla: &mut Sla, terms: &Terms) -> Result<bool, Error> {
    if sla.covered_epochs < least_epochs(terms) {
        return Ok(false);
    }
    set_state(env, id, sla, SlaState::Funded);
    sla.start_epoch = storage::schedule(env)?.next_epoch(env.ledger().timestamp())?;
    sla.settled_hash = zero_leaf_hash(env, id, &sla.terms_hash)?;
    sla.state = SlaState::Active;
    escrow::divide(sla, terms)?;
    set_state(env, id, sla, SlaState::Active);
    Ok(true)
}

/// The provider refused: Requested or Accepted → Rejected.
pub fn reject(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = storage::sla(env, id)?;
    if !is_waiting(&sla) {
        return Err(Error::StateWrong);
    }
    abort(env, id, &mut sla, SlaState::Rejected)
}

/// The consumer thinks better of it: Requested or Accepted → Cancelled.
pub fn cancel(env: &Env, consumer: &Address, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = of_consumer(env, consumer, id)?;
    if !is_waiting(&sla) {
        return Err(Error::StateWrong);
    }
    abort(env, id, &mut sla, SlaState::Cancelled)?;
    provider_orchestrator(env, |po| forward(po.try_release(id)))
}

/// Somebody did not come in time: Requested or Accepted → Expired.
pub fn expire(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = storage::sla(env, id)?;
    let by = match sla.state {
        SlaState::Requested => sla.accept_by,
        SlaState::Accepted => sla.fund_by,
        _ => return Err(Error::StateWrong),
    };
    if env.ledger().timestamp() <= by {
        return Err(Error::NotTimedOut);
    }
    abort(env, id, &mut sla, SlaState::Expired)?;
    provider_orchestrator(env, |po| forward(po.try_release(id)))
}

/// Active → Closing at the end of the window that runs now.
pub fn close(env: &Env, consumer: &Address, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = of_consumer(env, consumer, id)?;
    if sla.state != SlaState::Active {
        return Err(Error::StateWrong);
    }
    let window = u64::from(storage::schedule(env)?.window_epochs);
    let end = running_epoch(env, &sla)?.div_ceil(window).checked_mul(window).ok_or(Error::Overflow)?;
    shorten(env, id, &mut sla, end)
}

/// Active or Closing → Closing with breach after a slash: the end is the next epoch.
pub fn terminate(env: &Env, consumer: &Address, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = of_consumer(env, consumer, id)?;
    if !matches!(sla.state, SlaState::Active | SlaState::Closing) || sla.breach {
        return Err(Error::StateWrong);
    }
    if sla.slash_bps == 0 {
        return Err(Error::NoBreach);
    }
    sla.breach = true;
    let end = running_epoch(env, &sla)?.checked_add(1).ok_or(Error::Overflow)?;
    shorten(env, id, &mut sla, end)
}

/// No final leaf came for long after the end: what was settled counts as judged without credit, the rest goes back, nobody is punished.
pub fn time_out(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = storage::sla(env, id)?;
    if !matches!(sla.state, SlaState::Active | SlaState::Closing) {
        return Err(Error::StateWrong);
    }
    let timeout = storage::params_of(env, sla.params_version)?.close_timeout_seconds;
    let last = sla.start_epoch.checked_add(sla.end_epochs.into()).ok_or(Error::Overflow)?;
    let by = storage::schedule(env)?.begins(last)?.checked_add(timeout).ok_or(Error::Overflow)?;
    if env.ledger().timestamp() <= by {
        return Err(Error::NotTimedOut);
    }
    escrow::earn_holdback(&mut sla, &decode_terms(&storage::terms(env, id)?)?)?;
    let state = if sla.breach { SlaState::Terminated } else { SlaState::Completed };
    abort(env, id, &mut sla, state)?;
    provider_orchestrator(env, |po| forward(po.try_finish(id)))
}

/// The end that a final leaf brings. Whoever leaves early without a breach, or lets the money run out, pays for it out of the bond.
pub fn conclude(env: &Env, id: &BytesN<32>, sla: &mut Sla, terms: &Terms, to: &Leaf) -> Result<(), Error> {
    let defaulted = sla.covered_epochs < sla.duration && to.epochs == sla.covered_epochs;
    let (state, early) = match sla.state {
        _ if sla.breach || to.status == STATUS_ABANDONED => (SlaState::Terminated, false),
        SlaState::Closing => (SlaState::Completed, true),
        _ if defaulted => (SlaState::Defaulted, true),
        _ => (SlaState::Completed, false),
    };
    if early {
        let amount = escrow::pay_early(sla, terms, to.epochs)?;
        if amount > 0 {
            event::EndedEarly { sla: id.clone(), amount }.publish(env);
        }
    }
    escrow::give_back(sla)?;
    set_state(env, id, sla, state);
    Ok(())
}

/// The state that an SLA shows now: Grace and Retention follow from what is paid for.
pub fn state(env: &Env, sla: &Sla) -> Result<SlaState, Error> {
    if sla.state != SlaState::Active || sla.covered_epochs >= sla.duration {
        return Ok(sla.state);
    }
    let used = running_epoch(env, sla)?;
    let (covered, retention) = (u64::from(sla.covered_epochs), u64::from(sla.retention_epochs));
    if used.saturating_add(retention) > covered {
        return Ok(SlaState::Retention);
    }
    if used.saturating_add(retention).saturating_add(sla.grace_epochs.into()) > covered {
        return Ok(SlaState::Grace);
    }
    Ok(SlaState::Active)
}

/// The SLA, if it is `consumer`'s.
pub fn of_consumer(env: &Env, consumer: &Address, id: &BytesN<32>) -> Result<Sla, Error> {
    let sla = storage::sla(env, id)?;
    if sla.consumer != *consumer {
        return Err(Error::NotAuthorized);
    }
    Ok(sla)
}

/// The longest lifetime for the SLA and what it depends on.
pub fn renew(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let sla = storage::sla(env, id)?;
    storage::renew_sla(env, id, sla.params_version);
    Ok(())
}

pub fn set_state(env: &Env, id: &BytesN<32>, sla: &mut Sla, state: SlaState) {
    sla.state = state;
    event::state_changed(env, id, sla);
}

fn is_waiting(sla: &Sla) -> bool {
    matches!(sla.state, SlaState::Requested | SlaState::Accepted)
}

/// Ends the SLA: what nobody earned is the consumer's.
fn abort(env: &Env, id: &BytesN<32>, sla: &mut Sla, state: SlaState) -> Result<(), Error> {
    escrow::give_back(sla)?;
    set_state(env, id, sla, state);
    storage::set_sla(env, id, sla);
    Ok(())
}

/// Which of the SLA's epochs runs, counted from 1; 1 before the first.
pub fn running_epoch(env: &Env, sla: &Sla) -> Result<u64, Error> {
    let epoch = storage::schedule(env)?.epoch(env.ledger().timestamp())?;
    epoch.saturating_sub(sla.start_epoch).checked_add(1).ok_or(Error::Overflow)
}

fn shorten(env: &Env, id: &BytesN<32>, sla: &mut Sla, end: u64) -> Result<(), Error> {
    sla.end_epochs = u32::try_from(end).unwrap_or(u32::MAX).min(sla.end_epochs);
    event::Closing { sla: id.clone(), end_epochs: sla.end_epochs, breach: sla.breach }.publish(env);
    set_state(env, id, sla, SlaState::Closing);
    storage::set_sla(env, id, sla);
    Ok(())
}

fn provider_orchestrator(env: &Env, call: impl FnOnce(ProviderClient) -> Result<(), Error>) -> Result<(), Error> {
    call(ProviderClient::new(env, &storage::provider_orchestrator(env)?))
}
