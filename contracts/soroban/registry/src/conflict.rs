//! Two certifications that contradict each other, and the four ways in which that ends: one gives in, it is resolved, it lapses, or the
//! code is never asked again and both stay Frozen, with their bonds.

use flashback_core::error::Error;
use soroban_sdk::{Address, BytesN, Env};

use crate::{
    certify, event, params, stake, storage,
    types::{Certification, State},
};

/// Freezes two certifications that contradict each other.
pub fn begin(env: &Env, a: &BytesN<32>, b: &BytesN<32>) -> Result<(), Error> {
    let mut first = storage::certification(env, a)?;
    let mut second = storage::certification(env, b)?;
    check_open(env, &first)?;
    check_open(env, &second)?;
    let (denial, denied) = if first.level == 0 { (&first, &second) } else { (&second, &first) };
    let contradict = denial.level == 0
        && denied.level > 0
        && denial.certifier != denied.certifier
        && denial.subject == denied.subject
        && denial.kind == denied.kind
        && denial.scope == denied.scope
        && denial.bond >= denied.bond;
    if !contradict {
        return Err(Error::NoConflict);
    }
    let params = storage::params(env)?;
    let now = env.ledger().timestamp();
    let concede_until = now.checked_add(params.concede_seconds).ok_or(Error::Overflow)?;
    let lapse_from = now.checked_add(params.lapse_seconds).ok_or(Error::Overflow)?;
    let (denial_id, certification) = if first.level == 0 { (a, b) } else { (b, a) };
    event::Conflict {
        subject: denial.subject.clone(),
        denial: denial_id.clone(),
        denier: denial.certifier.clone(),
        certification: certification.clone(),
        certifier: denied.certifier.clone(),
        concede_until,
        lapse_from,
    }
    .publish(env);
    freeze(env, a, &mut first, b, concede_until, lapse_from)?;
    freeze(env, b, &mut second, a, concede_until, lapse_from)
}

/// Takes a certification back. In a conflict that is giving in: it costs part of the bond, and is not possible for ever.
pub fn revoke(env: &Env, certifier: &Address, id: &BytesN<32>, reason: &BytesN<32>) -> Result<(), Error> {
    let mut value = storage::certification(env, id)?;
    if value.certifier != *certifier {
        return Err(Error::NotAuthorized);
    }
    let revoked = event::Revoked { id: id.clone(), reason: reason.clone() };
    match (value.state, value.conflict.clone()) {
        (State::Live, _) => {
            revoked.publish(env);
            certify::end(env, id, &mut value, State::Revoked)
        }
        (State::Frozen, Some(other)) => {
            if env.ledger().timestamp() > value.concede_until {
                return Err(Error::Frozen);
            }
            revoked.publish(env);
            certify::settle(env, &other, &mut storage::certification(env, &other)?, State::Live);
            certify::end(env, id, &mut value, State::Revoked)?;
            let cost = params::share(value.bond, storage::params(env)?.concede_bps)?;
            punish(env, id, &value, cost)
        }
        _ => Err(Error::StateWrong),
    }
}

/// Decides a conflict. The caller has checked who may.
pub fn resolve(env: &Env, a: &BytesN<32>, b: &BytesN<32>, right: &BytesN<32>) -> Result<(), Error> {
    let (first, second) = pair(env, a, b)?;
    let (mut winner, (loser_id, mut loser)) = if right == a {
        (first, (b, second))
    } else if right == b {
        (second, (a, first))
    } else {
        return Err(Error::ArgumentInvalid);
    };
    certify::settle(env, right, &mut winner, State::Live);
    certify::end(env, loser_id, &mut loser, State::Refuted)?;
    punish(env, loser_id, &loser, loser.bond)
}

/// Ends a conflict that nobody resolved: both are gone and nobody is punished.
pub fn lapse(env: &Env, a: &BytesN<32>, b: &BytesN<32>) -> Result<(), Error> {
    let (mut first, mut second) = pair(env, a, b)?;
    if env.ledger().timestamp() <= first.lapse_from {
        return Err(Error::NotTimedOut);
    }
    certify::end(env, a, &mut first, State::Revoked)?;
    certify::end(env, b, &mut second, State::Revoked)
}

fn pair(env: &Env, a: &BytesN<32>, b: &BytesN<32>) -> Result<(Certification, Certification), Error> {
    let (first, second) = (storage::certification(env, a)?, storage::certification(env, b)?);
    if first.conflict.as_ref() != Some(b) || second.conflict.as_ref() != Some(a) {
        return Err(Error::NoConflict);
    }
    Ok((first, second))
}

fn check_open(env: &Env, c: &Certification) -> Result<(), Error> {
    match c.state {
        State::Live if env.ledger().timestamp() >= c.bound_until => Err(Error::CertificationExpired),
        State::Live => Ok(()),
        State::Frozen => Err(Error::Frozen),
        _ => Err(Error::StateWrong),
    }
}

fn freeze(env: &Env, id: &BytesN<32>, c: &mut Certification, other: &BytesN<32>, concede_until: u64, lapse_from: u64) -> Result<(), Error> {
    c.state = State::Frozen;
    c.conflict = Some(other.clone());
    c.concede_until = concede_until;
    c.lapse_from = lapse_from;
    storage::set_certification(env, id, c);
    event::state_changed(env, id, State::Frozen);
    let mut owner = storage::certifier(env, &c.certifier)?;
    owner.duty_until = owner.duty_until.max(lapse_from);
    storage::set_certifier(env, &c.certifier, &owner);
    stake::hold(env, &c.certifier, &owner)
}

/// Slashes the loser: the subject that was wronged before the fund, each at most what is there.
fn punish(env: &Env, id: &BytesN<32>, loser: &Certification, amount: i128) -> Result<(), Error> {
    let params = storage::params(env)?;
    let fund = if loser.level == 0 { params::share(amount, params.conflict_fund_bps)? } else { amount };
    let rest = amount.checked_sub(fund).ok_or(Error::Overflow)?;
    let to_subject = stake::slash(env, &loser.certifier, rest, &loser.subject, id)?;
    let to_fund = stake::slash(env, &loser.certifier, fund, &params.fund, id)?;
    event::Slashed { id: id.clone(), certifier: loser.certifier.clone(), to_subject, to_fund }.publish(env);
    Ok(())
}
