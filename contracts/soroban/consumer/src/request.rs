//! A request: quote, compose the terms, store them, take capacity. The caller transfers the deposit afterwards.

use flashback_core::{
    error::Error,
    hash::sha256_bytes,
    id,
    interface::forward,
    params::Params,
    settlement::decode_terms,
    terms::{Terms, Units},
    types::Quote,
};
use soroban_sdk::{Address, Bytes, BytesN, Env};

use crate::{
    compose::{self, Spread, MODE_ESCROW, MODE_STREAM},
    escrow, event, life, storage,
    types::{Request, Sla, SlaState},
};

/// A new SLA and the token that its deposit has to be paid in.
pub struct Opened {
    pub id: BytesN<32>,
    pub asset: Address,
}

/// An SLA on one unit.
pub fn single(env: &Env, consumer: &Address, request: &Request) -> Result<Opened, Error> {
    let spread = Spread { units: Units::alone(request.unit.to_array()), redundancy: 1 };
    open(env, consumer, request, &spread, life::none(env))
}

/// An SLA, part of the joint one `group` or alone. One that is Active is told to the Provider Orchestrator.
pub fn open(env: &Env, consumer: &Address, request: &Request, spread: &Spread, group: BytesN<32>) -> Result<Opened, Error> {
    if storage::is_paused(env) {
        return Err(Error::Paused);
    }
    if request.mode != MODE_STREAM && request.mode != MODE_ESCROW {
        return Err(Error::ArgumentInvalid);
    }
    if request.deposit < 0 || request.max_total < 0 {
        return Err(Error::AmountInvalid);
    }
    let id = new_id(env, consumer, &request.nonce)?;
    if life::is_some(&request.previous) {
        check_previous(env, consumer, request)?;
    }
    let Request { unit, volume, egress, duration, refund, deposit, previous, .. } = request;
    let po = life::provider_orchestrator(env)?;
    let quote = forward(po.try_quote(unit, consumer, volume, egress, duration, previous))?;
    check_price(request, &quote)?;

    let params = storage::params(env)?;
    let terms = compose::terms(&id, consumer, request, spread, &quote, &storage::schedule(env)?, &params)?;
    let accept_by = env.ledger().timestamp().checked_add(params.accept_timeout_seconds).ok_or(Error::Overflow)?;
    let document = encode(env, &terms)?;
    let terms_hash = sha256_bytes(env, &document);
    let mut sla = fresh(env, consumer, request, &quote, terms_hash.clone(), accept_by, &params, group);
    sla.bond_total = compose::signed(terms.bond)?;
    escrow::deposit(&mut sla, &terms, *deposit)?;
    put(env, &id, &sla, document);
    if *deposit > 0 {
        funded(env, &id, &sla, consumer, *deposit);
    }
    let (collateral, auto) = (&quote.collateral, &quote.auto_accept);
    let accepted = forward(po.try_reserve(&id, unit, consumer, volume, &terms_hash, refund, collateral, auto, previous))?;
    let active = accepted && life::accept(env, &id, &mut sla, &terms)?;
    storage::set_sla(env, &id, &sla);
    if active {
        life::activate(env, &id, &sla)?;
    }
    Ok(Opened { id, asset: quote.asset })
}

/// More money: for an SLA that has not begun, which begins when enough is paid for, and for an active one a whole epoch before its money
/// would run out, so that the validators see it in time. Returns the token to be paid in.
pub fn fund(env: &Env, from: &Address, id: &BytesN<32>, amount: i128) -> Result<Address, Error> {
    if amount <= 0 {
        return Err(Error::AmountInvalid);
    }
    let mut sla = storage::sla(env, id)?;
    match sla.state {
        SlaState::Requested | SlaState::Accepted => {}
        SlaState::Active if life::running_epoch(env, &sla)? < sla.covered_epochs.into() => {}
        _ => return Err(Error::StateWrong),
    }
    let terms = decode_terms(&storage::terms(env, id)?)?;
    escrow::deposit(&mut sla, &terms, amount)?;
    funded(env, id, &sla, from, amount);
    let active = sla.state == SlaState::Accepted && life::begin_if_covered(env, id, &mut sla, &terms)?;
    storage::set_sla(env, id, &sla);
    if active {
        life::activate(env, id, &sla)?;
    }
    if sla.state == SlaState::Funded {
        life::begin_group(env, &sla.group)?;
    }
    Ok(sla.asset)
}

/// The id of a new SLA; [`Error::Exists`] when it was used.
pub fn new_id(env: &Env, consumer: &Address, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    let id = id::sla(env, &env.current_contract_address(), consumer, nonce)?;
    if storage::has_sla(env, &id) {
        return Err(Error::Exists);
    }
    Ok(id)
}

pub fn encode(env: &Env, terms: &Terms) -> Result<Bytes, Error> {
    Ok(Bytes::from_slice(env, terms.encode()?.as_slice()))
}

/// Whether the SLA may be renewed by `consumer` on the same unit.
fn check_previous(env: &Env, consumer: &Address, request: &Request) -> Result<(), Error> {
    let before = life::of_consumer(env, consumer, &request.previous)?;
    if before.unit != request.unit {
        return Err(Error::ArgumentInvalid);
    }
    if !matches!(before.state, SlaState::Active | SlaState::Closing) || life::is_some(&before.next) {
        return Err(Error::StateWrong);
    }
    if before.state == SlaState::Active && before.covered_epochs < before.duration {
        return Err(Error::DepositShort);
    }
    Ok(())
}

fn check_price(request: &Request, quote: &Quote) -> Result<(), Error> {
    if quote.price_version != request.price_version {
        return Err(Error::PriceChanged);
    }
    if quote.total > request.max_total {
        return Err(Error::PriceAbove);
    }
    Ok(())
}

#[allow(clippy::too_many_arguments)]
fn fresh(
    env: &Env,
    consumer: &Address,
    request: &Request,
    quote: &Quote,
    terms_hash: BytesN<32>,
    accept_by: u64,
    params: &Params,
    group: BytesN<32>,
) -> Sla {
    Sla {
        consumer: consumer.clone(),
        provider: quote.provider.clone(),
        payout: quote.payout.clone(),
        asset: quote.asset.clone(),
        unit: request.unit.clone(),
        terms_hash,
        state: SlaState::Requested,
        mode: request.mode,
        total: quote.total,
        deposited: 0,
        escrow: 0,
        holdback: 0,
        provider_claim: 0,
        consumer_claim: 0,
        fees: 0,
        retention: 0,
        bond: 0,
        bond_total: 0,
        bond_taken: 0,
        disputed: 0,
        withdrawn: 0,
        gross: 0,
        earned: 0,
        fee_total: 0,
        credited: 0,
        start_epoch: 0,
        duration: request.duration,
        covered_epochs: 0,
        end_epochs: 0,
        grace_epochs: params.grace_epochs,
        retention_epochs: params.retention_epochs,
        accept_by,
        fund_by: 0,
        settled_epochs: 0,
        settled_hash: life::none(env),
        windows: 0,
        slash_bps: 0,
        breach: false,
        params_version: params.version,
        group,
        previous: request.previous.clone(),
        next: life::none(env),
    }
}

/// Stores a new SLA and its terms, and tells of it.
pub fn put(env: &Env, id: &BytesN<32>, sla: &Sla, terms: Bytes) {
    storage::set_sla(env, id, sla);
    storage::set_terms(env, id, &terms);
    event::Requested {
        sla: id.clone(),
        consumer: sla.consumer.clone(),
        provider: sla.provider.clone(),
        payout: sla.payout.clone(),
        asset: sla.asset.clone(),
        unit: sla.unit.clone(),
        terms,
        terms_hash: sla.terms_hash.clone(),
        total: sla.total,
        deposited: sla.deposited,
        accept_by: sla.accept_by,
    }
    .publish(env);
}

pub fn funded(env: &Env, id: &BytesN<32>, sla: &Sla, from: &Address, amount: i128) {
    event::Funded {
        sla: id.clone(),
        from: from.clone(),
        amount,
        deposited: sla.deposited,
        covered_epochs: sla.covered_epochs,
        escrow: sla.escrow,
        retention: sla.retention,
        bond: sla.bond,
    }
    .publish(env);
}
