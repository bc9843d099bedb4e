//! A panel's votes, what they come to, and who is paid.

use flashback_core::{
    account::Account,
    error::Error,
    hash::sha256,
    money::{add, sub},
    wire::Writer,
};
use soroban_sdk::{Address, BytesN, Env, Vec};

use crate::{
    event, purse, storage,
    types::{Case, Params, Phase, Seat, CANNOT_SAY, FOR_CONSUMER, FOR_PROVIDER},
    world::{self, ROLE_ARBITER},
};

pub fn commit(env: &Env, arbiter: &Address, id: &BytesN<32>, hash: &BytesN<32>) -> Result<(), Error> {
    let case = storage::case(env, id)?;
    if case.phase != Phase::Commit || env.ledger().timestamp() >= case.until {
        return Err(Error::PhaseWrong);
    }
    let mut seats = storage::panel(env, id, case.round);
    let (at, mut seat) = seat_of(&seats, arbiter)?;
    if seat.commit.is_some() {
        return Err(Error::Exists);
    }
    seat.commit = Some(hash.clone());
    seats.set(at, seat);
    storage::set_panel(env, id, case.round, &seats);
    event::Committed { id: id.clone(), arbiter: arbiter.clone(), commit: hash.clone() }.publish(env);
    Ok(())
}

pub fn reveal(env: &Env, arbiter: &Address, id: &BytesN<32>, choice: u32, salt: &BytesN<32>) -> Result<(), Error> {
    if choice > CANNOT_SAY {
        return Err(Error::ArgumentInvalid);
    }
    let case = storage::case(env, id)?;
    let now = env.ledger().timestamp();
    if case.phase != Phase::Commit || now < case.until || now >= case.reveal_until {
        return Err(Error::PhaseWrong);
    }
    let mut seats = storage::panel(env, id, case.round);
    let (at, mut seat) = seat_of(&seats, arbiter)?;
    if seat.choice.is_some() {
        return Err(Error::Exists);
    }
    if seat.commit != Some(vote_hash(env, id, case.round, arbiter, choice as u8, salt)?) {
        return Err(Error::CommitMismatch);
    }
    seat.choice = Some(choice);
    seats.set(at, seat);
    storage::set_panel(env, id, case.round, &seats);
    event::Revealed { id: id.clone(), arbiter: arbiter.clone(), choice }.publish(env);
    Ok(())
}

/// Fines the silent and counts. None: too few revealed, or no side has more than half of those who did.
pub fn tally(env: &Env, id: &BytesN<32>, case: &mut Case, params: &Params) -> Result<Option<u32>, Error> {
    let seats = storage::panel(env, id, case.round);
    let (mut provider, mut consumer, mut revealed) = (0u32, 0u32, 0u32);
    let own = env.current_contract_address();
    for seat in seats.iter() {
        match seat.choice {
            Some(choice) => {
                revealed += 1;
                provider += u32::from(choice == FOR_PROVIDER);
                consumer += u32::from(choice == FOR_CONSUMER);
            }
            None => {
                let taken = world::slash_if_possible(env, &seat.arbiter, ROLE_ARBITER, params.juror_fee, &own, id)?;
                case.silence = add(case.silence, taken)?;
                event::Silent { id: id.clone(), arbiter: seat.arbiter, amount: taken }.publish(env);
            }
        }
    }
    if revealed * 10_000 < seats.len() * params.quorum_bps {
        return Ok(None);
    }
    Ok(if 2 * provider > revealed {
        Some(FOR_PROVIDER)
    } else if 2 * consumer > revealed {
        Some(FOR_CONSUMER)
    } else {
        None
    })
}

/// Shares bonds and fines out. With a ruling: each arbiter who voted for it has a fee out of the loser's bonds and an equal share of the
/// fines; the winner has the rest of the bonds. Without: the bonds go back, and whoever revealed shares the fines. What does not divide
/// is the fund's.
pub fn pay(env: &Env, id: &BytesN<32>, case: &mut Case) -> Result<(), Error> {
    let params = storage::params_of(env, case.params_version)?;
    let ruling = case.ruling;
    let mut jurors = Vec::new(env);
    for round in 0..=case.round {
        for seat in storage::panel(env, id, round).iter() {
            let earns = seat.choice.is_some_and(|c| ruling == CANNOT_SAY || c == ruling);
            if earns {
                jurors.push_back(seat.arbiter);
            }
        }
    }
    let count = i128::from(jurors.len());
    let (consumer, provider) = (case.consumer_bond, case.provider_bond);
    let mut fee = 0;
    let (to_consumer, to_provider) = if ruling == CANNOT_SAY {
        (consumer, provider)
    } else {
        let lost = if ruling == FOR_CONSUMER { provider } else { consumer };
        fee = params.juror_fee.min(lost.checked_div(count).unwrap_or(0));
        let rest = sub(lost, fee.checked_mul(count).ok_or(Error::Overflow)?)?;
        if ruling == FOR_CONSUMER {
            (add(consumer, rest)?, 0)
        } else {
            (0, add(provider, rest)?)
        }
    };
    let share = case.silence.checked_div(count).unwrap_or(0);
    let each = add(fee, share)?;
    for juror in jurors.iter() {
        purse::owe(env, &juror, each)?;
    }
    purse::owe(env, &case.consumer, to_consumer)?;
    purse::owe(env, &case.provider, to_provider)?;
    purse::owe(env, &params.fund, sub(case.silence, share.checked_mul(count).ok_or(Error::Overflow)?)?)?;
    case.consumer_bond = 0;
    case.provider_bond = 0;
    case.silence = 0;
    Ok(())
}

fn seat_of(seats: &Vec<Seat>, arbiter: &Address) -> Result<(u32, Seat), Error> {
    (0u32..).zip(seats.iter()).find(|(_, s)| s.arbiter == *arbiter).ok_or(Error::NotDrawn)
}

fn vote_hash(env: &Env, id: &BytesN<32>, round: u32, arbiter: &Address, choice: u8, salt: &BytesN<32>) -> Result<BytesN<32>, Error> {
    let mut w = Writer::<160>::new(b"FLASHBACK-VOTE-v1")?;
    w.bytes(&id.to_array())?;
    w.u8(round as u8)?;
    w.bytes(&Account::of(arbiter)?.0)?;
    w.u8(choice)?;
    w.bytes(&salt.to_array())?;
    Ok(sha256(env, w.as_slice()))
}
