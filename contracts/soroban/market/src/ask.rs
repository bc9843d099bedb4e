//! An ask: what may be wanted, and how it ends.

use flashback_core::{
    error::Error,
    id,
    terms::{BPS, EGRESS_MAX_BYTES, LIFE_MAX_SECONDS, VOLUME_MAX_BYTES},
};
use soroban_sdk::{Address, BytesN, Env};

use crate::{
    event,
    others::{self, Request},
    storage,
    types::{Ask, Deal, State, Wanted},
};

const REGION_MAX: u32 = 64;
const PPM: u32 = 1_000_000;
/// An ask is over before this long after it was made; a price for one consumer holds as long.
const LIFE_SECONDS: u64 = 90 * 86_400;

pub fn open(env: &Env, consumer: &Address, wanted: Wanted, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    check_size(&wanted, storage::epoch_seconds(env)?)?;
    if wanted.max_total <= 0 {
        return Err(Error::AmountInvalid);
    }
    check_times(&wanted, env.ledger().timestamp())?;
    let id = id::ask(env, &env.current_contract_address(), consumer, nonce)?;
    if storage::has_ask(env, &id) {
        return Err(Error::Exists);
    }
    let ask = Ask {
        consumer: consumer.clone(),
        kind: wanted.kind,
        class: wanted.class,
        region: wanted.region,
        volume: wanted.volume,
        egress: wanted.egress,
        duration: wanted.duration,
        mode: wanted.mode,
        qos: wanted.qos,
        asset: wanted.asset,
        max_total: wanted.max_total,
        collateral_min_bps: wanted.collateral_min_bps,
        sealed: wanted.sealed,
        answer_by: wanted.answer_by,
        reveal_by: wanted.reveal_by,
        choose_by: wanted.choose_by,
        answers: 0,
        state: State::Open,
        sla: BytesN::from_array(env, &[0; 32]),
    };
    storage::set_ask(env, &id, &ask);
    event::Asked { id: id.clone(), ask }.publish(env);
    Ok(id)
}

/// Requests the SLA that a provider's answer stands for.
pub fn take(env: &Env, consumer: &Address, id: &BytesN<32>, provider: &Address, deal: &Deal) -> Result<BytesN<32>, Error> {
    let mut ask = owned_by(env, consumer, id)?;
    let now = env.ledger().timestamp();
    if (ask.sealed && now <= ask.reveal_by) || now > ask.choose_by {
        return Err(Error::PhaseWrong);
    }
    let answer = storage::find_answer(env, id, provider).filter(|a| a.revealed).ok_or(Error::NotFound)?;
    if answer.unit != deal.unit || answer.total > deal.max_total {
        return Err(Error::PriceChanged);
    }
    let request = Request {
        unit: answer.unit,
        volume: ask.volume,
        egress: ask.egress,
        duration: ask.duration,
        mode: ask.mode,
        refund: deal.refund.clone(),
        max_total: answer.total,
        // The price for this consumer: while it stands the unit's quote has it.
        price_version: 0,
        nonce: deal.nonce.clone(),
        deposit: deal.deposit,
        previous: BytesN::from_array(env, &[0; 32]),
    };
    let sla = others::request(env, &storage::co(env)?, consumer, &request)?;
    ask.state = State::Chosen;
    ask.sla = sla.clone();
    storage::set_ask(env, id, &ask);
    event::Taken { id: id.clone(), provider: provider.clone(), sla: sla.clone() }.publish(env);
    Ok(sla)
}

pub fn withdraw(env: &Env, consumer: &Address, id: &BytesN<32>) -> Result<(), Error> {
    let ask = owned_by(env, consumer, id)?;
    end(env, id, ask, State::Withdrawn);
    Ok(())
}

pub fn expire(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let ask = storage::ask(env, id)?;
    check_open(&ask)?;
    if env.ledger().timestamp() <= ask.choose_by {
        return Err(Error::NotTimedOut);
    }
    end(env, id, ask, State::Expired);
    Ok(())
}

pub fn check_open(ask: &Ask) -> Result<(), Error> {
    if ask.state == State::Open {
        Ok(())
    } else {
        Err(Error::StateWrong)
    }
}

/// The open ask, if it is `consumer`'s.
fn owned_by(env: &Env, consumer: &Address, id: &BytesN<32>) -> Result<Ask, Error> {
    let ask = storage::ask(env, id)?;
    if ask.consumer != *consumer {
        return Err(Error::NotAuthorized);
    }
    check_open(&ask)?;
    Ok(ask)
}

fn end(env: &Env, id: &BytesN<32>, mut ask: Ask, state: State) {
    ask.state = state;
    storage::set_ask(env, id, &ask);
    event::StateChanged { id: id.clone(), state }.publish(env);
}

/// Whether any unit could ever be requested like this.
fn check_size(w: &Wanted, epoch_seconds: u32) -> Result<(), Error> {
    let life = u64::from(w.duration) * u64::from(epoch_seconds);
    let ok = (1..=2).contains(&w.kind)
        && w.class <= 2
        && w.mode <= 1
        && w.region.len() <= REGION_MAX
        && (1..=VOLUME_MAX_BYTES).contains(&w.volume)
        && w.egress <= EGRESS_MAX_BYTES
        && w.duration > 0
        && life <= LIFE_MAX_SECONDS
        && w.qos.availability_ppm <= PPM
        && w.qos.error_ppm <= PPM
        && w.collateral_min_bps <= BPS;
    if ok {
        Ok(())
    } else {
        Err(Error::ArgumentInvalid)
    }
}

fn check_times(w: &Wanted, now: u64) -> Result<(), Error> {
    let last = now.checked_add(LIFE_SECONDS).ok_or(Error::Overflow)?;
    let in_order = if w.sealed {
        w.answer_by < w.reveal_by && w.reveal_by < w.choose_by
    } else {
        w.answer_by == w.reveal_by && w.answer_by <= w.choose_by
    };
    if now < w.answer_by && in_order && w.choose_by < last {
        Ok(())
    } else {
        Err(Error::ArgumentInvalid)
    }
}
