//! The states of an SLA before and after its life under settlement. Functions on `&mut Sla` change it and tell; the caller stores it.

use flashback_core::{
    error::Error,
    interface::{forward, ProviderClient},
    leaf::{Leaf, STATUS_ABANDONED},
    money::{least_epochs, unused},
    settlement::{decode_terms, zero_leaf_hash},
    terms::Terms,
};
use soroban_sdk::{Address, BytesN, Env};

use crate::{
    escrow, event, storage,
    types::{Sla, SlaState},
};

/// Requested → Accepted, and on when enough is paid for; says whether it is Active.
pub fn accept(env: &Env, id: &BytesN<32>, sla: &mut Sla, terms: &Terms) -> Result<bool, Error> {
    if sla.state != SlaState::Requested {
        return Err(Error::StateWrong);
    }
    let timeout = storage::params_of(env, sla.params_version)?.fund_timeout_seconds;
    sla.fund_by = env.ledger().timestamp().checked_add(timeout).ok_or(Error::Overflow)?;
    set_state(env, id, sla, SlaState::Accepted);
    begin_if_covered(env, id, sla, terms)
}

/// Accepted and paid for long enough → Funded, which part of a joint SLA waits in, and any other → Active; says whether it is.
pub fn begin_if_covered(env: &Env, id: &BytesN<32>, sla: &mut Sla, terms: &Terms) -> Result<bool, Error> {
    if sla.covered_epochs < least_epochs(terms) {
        return Ok(false);
    }
    set_state(env, id, sla, SlaState::Funded);
    if is_some(&sla.group) {
        return Ok(false);
    }
    begin(env, id, sla, terms)?;
    Ok(true)
}

/// Funded → Active, from the next epoch on, or from the end of the one that it goes on from.
fn begin(env: &Env, id: &BytesN<32>, sla: &mut Sla, terms: &Terms) -> Result<(), Error> {
    sla.start_epoch = storage::schedule(env)?.next_epoch(env.ledger().timestamp())?;
    let follows = is_some(&sla.previous) && follow(env, id, sla)?;
    sla.settled_hash = zero_leaf_hash(env, id, &sla.terms_hash)?;
    sla.state = SlaState::Active;
    escrow::divide(sla, terms)?;
    set_state(env, id, sla, SlaState::Active);
    if follows {
        event::Succeeded { sla: sla.previous.clone(), next: id.clone() }.publish(env);
    }
    Ok(())
}

/// Follows on the predecessor, if that is live. Nobody follows on what became another's: the capacity is that one's.
fn follow(env: &Env, id: &BytesN<32>, sla: &mut Sla) -> Result<bool, Error> {
    let mut before = storage::sla(env, &sla.previous)?;
    if !before.state.is_live() {
        return Ok(false);
    }
    if before.consumer != sla.consumer || is_some(&before.next) {
        return Err(Error::StateWrong);
    }
    let end = before.start_epoch.checked_add(before.end_epochs.into()).ok_or(Error::Overflow)?;
    sla.start_epoch = sla.start_epoch.max(end);
    before.next = id.clone();
    storage::set_sla(env, &sla.previous, &before);
    Ok(true)
}

/// All parts of a joint SLA Funded → Active, in one epoch; says whether they were.
pub fn begin_group(env: &Env, group: &BytesN<32>) -> Result<bool, Error> {
    let ids = storage::group(env, group)?;
    for id in ids.iter() {
        if storage::sla(env, &id)?.state != SlaState::Funded {
            return Ok(false);
        }
    }
    for id in ids.iter() {
        let mut sla = storage::sla(env, &id)?;
        begin(env, &id, &mut sla, &decode_terms(&storage::terms(env, &id)?)?)?;
        storage::set_sla(env, &id, &sla);
        activate(env, &id, &sla)?;
    }
    Ok(true)
}

/// Tells the Provider Orchestrator that the SLA is Active.
pub fn activate(env: &Env, id: &BytesN<32>, sla: &Sla) -> Result<(), Error> {
    forward(provider_orchestrator(env)?.try_activate(id, &sla.start_epoch, &sla.settled_hash))
}

/// The provider refused: → Rejected.
pub fn reject(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = storage::sla(env, id)?;
    if !is_waiting(&sla) {
        return Err(Error::StateWrong);
    }
    abort(env, id, &mut sla, SlaState::Rejected)
}

/// The consumer thinks better of it: → Cancelled.
pub fn cancel(env: &Env, consumer: &Address, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = of_consumer(env, consumer, id)?;
    if !is_waiting(&sla) {
        return Err(Error::StateWrong);
    }
    abort(env, id, &mut sla, SlaState::Cancelled)?;
    forward(provider_orchestrator(env)?.try_release(id))
}

/// Somebody did not come in time: → Expired.
pub fn expire(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = storage::sla(env, id)?;
    let by = match sla.state {
        SlaState::Requested => sla.accept_by,
        SlaState::Accepted | SlaState::Funded => sla.fund_by,
        _ => return Err(Error::StateWrong),
    };
    if env.ledger().timestamp() <= by {
        return Err(Error::NotTimedOut);
    }
    abort(env, id, &mut sla, SlaState::Expired)?;
    forward(provider_orchestrator(env)?.try_release(id))
}

/// Active → Closing at the end of the window that runs now; one that its provider reclaims ends as early, and stays Reclaiming. Not with a
/// successor, which begins at the end: until then the provider would keep the place, and nobody pay.
pub fn close(env: &Env, consumer: &Address, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = of_consumer(env, consumer, id)?;
    let state = match sla.state {
        _ if is_some(&sla.next) => return Err(Error::StateWrong),
        SlaState::Active => SlaState::Closing,
        SlaState::Reclaiming => SlaState::Reclaiming,
        _ => return Err(Error::StateWrong),
    };
    let end = window_end(env, &sla, 0)?;
    shorten(env, id, &mut sla, end, state)
}

/// Live → Closing with breach after a slash: the end is the next epoch.
pub fn terminate(env: &Env, consumer: &Address, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = of_consumer(env, consumer, id)?;
    if !sla.state.is_live() || sla.breach {
        return Err(Error::StateWrong);
    }
    if sla.slash_bps == 0 {
        return Err(Error::NoBreach);
    }
    sla.breach = true;
    let end = running_epoch(env, &sla)?.checked_add(1).ok_or(Error::Overflow)?;
    shorten(env, id, &mut sla, end, SlaState::Closing)
}

/// The provider ends it: Active → Reclaiming, some windows after the one that runs now. Answers the end and what it costs the provider.
pub fn reclaim(env: &Env, id: &BytesN<32>) -> Result<(u32, i128), Error> {
    let mut sla = storage::sla(env, id)?;
    if sla.state != SlaState::Active {
        return Err(Error::StateWrong);
    }
    let terms = decode_terms(&storage::terms(env, id)?)?;
    let end = window_end(env, &sla, terms.reclaim_windows.into())?;
    if end >= sla.end_epochs.into() {
        return Err(Error::ReclaimNotice);
    }
    shorten(env, id, &mut sla, end, SlaState::Reclaiming)?;
    let price = unused(&terms, sla.end_epochs, sla.covered_epochs, terms.reclaim_bps)?;
    Ok((sla.end_epochs, price))
}

/// Gives the SLA to another consumer, who is paid at `refund` on the provider's chain.
pub fn transfer(env: &Env, consumer: Address, id: BytesN<32>, to: Address, refund: Address) -> Result<(), Error> {
    let mut sla = of_consumer(env, &consumer, &id)?;
    if sla.state.is_terminal() {
        return Err(Error::StateWrong);
    }
    sla.consumer = to.clone();
    storage::set_sla(env, &id, &sla);
    forward(provider_orchestrator(env)?.try_assign(&id, &refund))?;
    event::Transferred { sla: id, from: consumer, to, refund }.publish(env);
    Ok(())
}

/// No final leaf came for long after the end: what was settled counts as judged without credit, the rest goes back, nobody is punished.
pub fn time_out(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let mut sla = storage::sla(env, id)?;
    if !sla.state.is_live() {
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
    forward(provider_orchestrator(env)?.try_finish(id))
}

/// The end that a final leaf brings. Whoever leaves early without a breach, or lets the money run out, pays for it out of the bond.
pub fn conclude(env: &Env, id: &BytesN<32>, sla: &mut Sla, terms: &Terms, to: &Leaf) -> Result<(), Error> {
    let defaulted = sla.covered_epochs < sla.duration && to.epochs == sla.covered_epochs;
    let (state, early) = match sla.state {
        _ if sla.breach || to.status == STATUS_ABANDONED => (SlaState::Terminated, false),
        SlaState::Closing => (SlaState::Completed, true),
        SlaState::Active if defaulted => (SlaState::Defaulted, true),
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
    storage::renew_sla(env, id, &sla);
    Ok(())
}

pub fn set_state(env: &Env, id: &BytesN<32>, sla: &mut Sla, state: SlaState) {
    sla.state = state;
    event::state_changed(env, id, sla);
}

/// The id that stands for none.
pub fn none(env: &Env) -> BytesN<32> {
    BytesN::from_array(env, &[0; 32])
}

pub fn is_some(id: &BytesN<32>) -> bool {
    id.to_array() != [0; 32]
}

fn is_waiting(sla: &Sla) -> bool {
    matches!(sla.state, SlaState::Requested | SlaState::Accepted | SlaState::Funded)
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

/// The end of the window that runs now, and `more` windows.
fn window_end(env: &Env, sla: &Sla, more: u64) -> Result<u64, Error> {
    let window = u64::from(storage::schedule(env)?.window_epochs);
    running_epoch(env, sla)?.div_ceil(window).checked_add(more).and_then(|w| w.checked_mul(window)).ok_or(Error::Overflow)
}

fn shorten(env: &Env, id: &BytesN<32>, sla: &mut Sla, end: u64, state: SlaState) -> Result<(), Error> {
    sla.end_epochs = u32::try_from(end).unwrap_or(u32::MAX).min(sla.end_epochs);
    event::Closing { sla: id.clone(), end_epochs: sla.end_epochs, breach: sla.breach }.publish(env);
    set_state(env, id, sla, state);
    storage::set_sla(env, id, sla);
    Ok(())
}

pub fn provider_orchestrator(env: &Env) -> Result<ProviderClient<'_>, Error> {
    Ok(ProviderClient::new(env, &storage::provider_orchestrator(env)?))
}
