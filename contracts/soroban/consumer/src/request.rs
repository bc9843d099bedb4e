//! A request: quote, compose the terms, store them, take capacity. The caller transfers the deposit afterwards.

use flashback_core::{
    error::Error,
    hash::sha256_bytes,
    id,
    interface::{forward, ProviderClient},
    params::Params,
    settlement::decode_terms,
    types::Quote,
};
use soroban_sdk::{Address, Bytes, BytesN, Env};

use crate::{
    compose::{self, MODE_ESCROW, MODE_STREAM},
    escrow, event, life, storage,
    types::{Request, Sla, SlaState},
};

/// A new SLA and the token that its deposit has to be paid in.
pub struct Opened {
    pub id: BytesN<32>,
    pub asset: Address,
}

pub fn open(env: &Env, consumer: &Address, request: &Request) -> Result<Opened, Error> {
    if storage::is_paused(env) {
        return Err(Error::Paused);
    }
    if request.mode != MODE_STREAM && request.mode != MODE_ESCROW {
        return Err(Error::ArgumentInvalid);
    }
    if request.deposit < 0 || request.max_total < 0 {
        return Err(Error::AmountInvalid);
    }
    let id = id::sla(env, &env.current_contract_address(), consumer, &request.nonce)?;
    if storage::has_sla(env, &id) {
        return Err(Error::Exists);
    }
    let po = ProviderClient::new(env, &storage::provider_orchestrator(env)?);
    let quote = forward(po.try_quote(&request.unit, &request.volume, &request.egress, &request.duration))?;
    check_price(request, &quote)?;

    let params = storage::params(env)?;
    let terms = compose::terms(&id, consumer, request, &quote, &storage::schedule(env)?, &params)?;
    let document = Bytes::from_slice(env, terms.encode()?.as_slice());
    let terms_hash = sha256_bytes(env, &document);
    let accept_by = env.ledger().timestamp().checked_add(params.accept_timeout_seconds).ok_or(Error::Overflow)?;
    let mut sla = fresh(env, consumer, request, &quote, terms_hash.clone(), accept_by, &params);
    escrow::deposit(&mut sla, &terms, request.deposit)?;
    storage::set_terms(env, &id, &document);
    requested(env, &id, &sla, document);
    if request.deposit > 0 {
        funded(env, &id, &sla, consumer, request.deposit);
    }
    let accepted =
        forward(po.try_reserve(&id, &request.unit, &request.volume, &terms_hash, &request.refund, &quote.collateral, &quote.auto_accept))?;
    if accepted && life::accept(env, &id, &mut sla, &terms)? {
        forward(po.try_activate(&id, &sla.start_epoch, &sla.settled_hash))?;
    }
    storage::set_sla(env, &id, &sla);
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
    if sla.state == SlaState::Accepted && life::begin_if_covered(env, id, &mut sla, &terms)? {
        let po = ProviderClient::new(env, &storage::provider_orchestrator(env)?);
        forward(po.try_activate(id, &sla.start_epoch, &sla.settled_hash))?;
    }
    storage::set_sla(env, id, &sla);
    Ok(sla.asset)
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

fn fresh(env: &Env, consumer: &Address, request: &Request, quote: &Quote, terms_hash: BytesN<32>, accept_by: u64, params: &Params) -> Sla {
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
        settled_hash: BytesN::from_array(env, &[0; 32]),
        windows: 0,
        slash_bps: 0,
        breach: false,
        params_version: params.version,
    }
}

fn requested(env: &Env, id: &BytesN<32>, sla: &Sla, terms: Bytes) {
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

fn funded(env: &Env, id: &BytesN<32>, sla: &Sla, from: &Address, amount: i128) {
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
