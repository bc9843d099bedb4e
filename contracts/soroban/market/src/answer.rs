//! Answers: open ones, and sealed ones that are committed to and revealed.

use flashback_core::{account::Account, error::Error, hash::sha256, money::Rate, types::Qos, wire::Writer};
use soroban_sdk::{Address, BytesN, Env, String};

use crate::{
    ask, event,
    others::{self, Price, Unit},
    storage,
    types::{Answer, Ask},
};

/// What a provider offers.
pub struct Offer {
    pub unit: BytesN<32>,
    pub storage_price: i128,
    pub egress_price: i128,
}

pub fn open(env: &Env, provider: &Address, id: &BytesN<32>, offer: Offer) -> Result<(), Error> {
    let ask = storage::ask(env, id)?;
    ask::check_open(&ask)?;
    if ask.sealed {
        return Err(Error::StateWrong);
    }
    if env.ledger().timestamp() > ask.answer_by {
        return Err(Error::PhaseWrong);
    }
    put(env, provider, id, ask, offer, zeros(env))
}

pub fn commit(env: &Env, provider: &Address, id: &BytesN<32>, commitment: BytesN<32>) -> Result<(), Error> {
    let mut ask = storage::ask(env, id)?;
    ask::check_open(&ask)?;
    if !ask.sealed {
        return Err(Error::StateWrong);
    }
    if env.ledger().timestamp() > ask.answer_by {
        return Err(Error::PhaseWrong);
    }
    let number = number(env, provider, id, &mut ask)?;
    let answer = Answer {
        provider: provider.clone(),
        unit: zeros(env),
        storage_price: 0,
        egress_price: 0,
        total: 0,
        commitment: commitment.clone(),
        number,
        revealed: false,
    };
    storage::set_answer(env, id, &answer);
    event::Committed { id: id.clone(), provider: provider.clone(), number, commitment }.publish(env);
    Ok(())
}

pub fn reveal(env: &Env, provider: &Address, id: &BytesN<32>, offer: Offer, salt: &BytesN<32>) -> Result<(), Error> {
    let ask = storage::ask(env, id)?;
    ask::check_open(&ask)?;
    if !ask.sealed {
        return Err(Error::StateWrong);
    }
    let now = env.ledger().timestamp();
    if now <= ask.answer_by || now > ask.reveal_by {
        return Err(Error::PhaseWrong);
    }
    let committed = storage::find_answer(env, id, provider).ok_or(Error::NotFound)?.commitment;
    if commitment(env, id, provider, &offer, salt)? != committed {
        return Err(Error::CommitMismatch);
    }
    put(env, provider, id, ask, offer, committed)
}

/// What a sealed answer is committed to by. It names the provider, so that a copied commitment cannot be revealed.
fn commitment(env: &Env, id: &BytesN<32>, provider: &Address, offer: &Offer, salt: &BytesN<32>) -> Result<BytesN<32>, Error> {
    // A price under zero has no encoding, so that nothing can be committed to that it would reveal.
    let price = |p: i128| u128::try_from(p).map_err(|_| Error::CommitMismatch);
    let mut w = Writer::<256>::new(b"FLASHBACK-ANSWER-PRICE-v1")?;
    w.bytes(&id.to_array())?;
    w.bytes(&Account::of(provider)?.0)?;
    w.bytes(&offer.unit.to_array())?;
    w.u128(price(offer.storage_price)?)?;
    w.u128(price(offer.egress_price)?)?;
    w.bytes(&salt.to_array())?;
    Ok(sha256(env, w.as_slice()))
}

/// Checks an offer against the ask, makes it the provider's price for the consumer, and stores it.
fn put(env: &Env, provider: &Address, id: &BytesN<32>, mut ask: Ask, offer: Offer, commitment: BytesN<32>) -> Result<(), Error> {
    let Offer { unit, storage_price, egress_price } = offer;
    let po = storage::po(env)?;
    let of = others::unit(env, &po, &unit)?;
    if of.provider != *provider {
        return Err(Error::NotAuthorized);
    }
    if !fits(&of, &ask) {
        return Err(Error::ArgumentInvalid);
    }
    // A price holds before its end only, an ask in its last second as well.
    let until = ask.choose_by.checked_add(1).ok_or(Error::Overflow)?;
    let price = Price { storage_price, egress_price, volume: ask.volume, egress: ask.egress, duration: ask.duration, until };
    others::price_for(env, &po, provider, &unit, &ask.consumer, &price)?;
    let total = total(&ask, storage_price, egress_price, storage::epoch_seconds(env)?)?;
    if total > ask.max_total {
        return Err(Error::PriceAbove);
    }
    let number = number(env, provider, id, &mut ask)?;
    let answer =
        Answer { provider: provider.clone(), unit: unit.clone(), storage_price, egress_price, total, commitment, number, revealed: true };
    storage::set_answer(env, id, &answer);
    event::Answered { id: id.clone(), provider: provider.clone(), number, unit, storage_price, egress_price, total }.publish(env);
    Ok(())
}

/// The provider's number among those of the ask; the next one if it is new.
fn number(env: &Env, provider: &Address, id: &BytesN<32>, ask: &mut Ask) -> Result<u32, Error> {
    if let Some(answer) = storage::find_answer(env, id, provider) {
        return Ok(answer.number);
    }
    let number = ask.answers;
    ask.answers = number.checked_add(1).ok_or(Error::Overflow)?;
    storage::set_number(env, id, number, provider);
    storage::set_ask(env, id, ask);
    Ok(number)
}

fn total(ask: &Ask, storage_price: i128, egress_price: i128, epoch_seconds: u32) -> Result<i128, Error> {
    let price = |p: i128| u128::try_from(p).map_err(|_| Error::AmountInvalid);
    Rate::new(price(storage_price)?, price(egress_price)?, ask.volume, epoch_seconds)?.gross(ask.duration, ask.egress)
}

fn fits(unit: &Unit, ask: &Ask) -> bool {
    unit.kind == ask.kind
        && unit.class == ask.class
        && begins(&unit.region, &ask.region)
        && unit.asset == ask.asset
        && promises(&unit.qos, &ask.qos)
        && unit.collateral_bps >= ask.collateral_min_bps
        && (unit.min_epochs..=unit.max_epochs).contains(&ask.duration)
}

fn promises(unit: &Qos, wanted: &Qos) -> bool {
    unit.availability_ppm >= wanted.availability_ppm
        && at_most(unit.ttfb_ms, wanted.ttfb_ms)
        && at_most(unit.error_ppm, wanted.error_ppm)
        && unit.throughput_kibps >= wanted.throughput_kibps
}

/// Whether a figure is promised that is no worse than the wanted one; 0 stands for none in both.
fn at_most(promised: u32, wanted: u32) -> bool {
    wanted == 0 || (1..=wanted).contains(&promised)
}

/// Whether a region begins with what is wanted, byte by byte.
fn begins(region: &String, wanted: &String) -> bool {
    let (region, wanted) = (region.to_bytes(), wanted.to_bytes());
    region.len() >= wanted.len() && region.slice(..wanted.len()) == wanted
}

fn zeros(env: &Env) -> BytesN<32> {
    BytesN::from_array(env, &[0; 32])
}
