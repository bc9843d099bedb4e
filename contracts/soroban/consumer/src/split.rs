//! An SLA that is divided: it ends at a window's boundary, and parts of it go on as SLAs of their own. To the unit, the money that is
//! in it and is paid for it is the money that is in all of them.

use flashback_core::{
    account::Account,
    error::Error,
    hash::sha256_bytes,
    interface::forward,
    money::{add, bps_of, part_of, sub, total_price, Rate},
    settlement::{decode_terms, zero_leaf_hash},
    terms::{Terms, EGRESS_MAX_BYTES},
    types::Divided,
};
use soroban_sdk::{Address, BytesN, Env, Vec};

use crate::{
    compose::{amount, signed},
    escrow, event, life, request, storage,
    types::{Sla, SlaState, Split},
};

const PARTS_MAX: u32 = 4;

/// The parts, and what the caller has to pay for them in the SLA's token.
pub struct Parts {
    pub ids: Vec<BytesN<32>>,
    pub asset: Address,
    pub due: i128,
}

pub fn split(env: &Env, consumer: &Address, id: &BytesN<32>, epochs: u32, parts: &Vec<Split>) -> Result<Parts, Error> {
    let valid = (1..=PARTS_MAX).contains(&parts.len()) && parts.iter().all(|p| p.volume > 0 && p.egress <= EGRESS_MAX_BYTES);
    if !valid {
        return Err(Error::ArgumentInvalid);
    }
    let mut sla = life::of_consumer(env, consumer, id)?;
    if sla.state != SlaState::Active || life::is_some(&sla.next) {
        return Err(Error::StateWrong);
    }
    if sla.covered_epochs < sla.duration {
        return Err(Error::DepositShort);
    }
    if sla.bond_taken > 0 {
        return Err(Error::Disputed);
    }
    let terms = decode_terms(&storage::terms(env, id)?)?;
    let in_time = life::running_epoch(env, &sla)? < epochs.into() && epochs < sla.duration;
    let volume = parts.iter().try_fold(0u64, |sum, p| sum.checked_add(p.volume));
    if !in_time || epochs.checked_rem(terms.window_epochs) != Some(0) || volume != Some(terms.volume_bytes) {
        return Err(Error::ArgumentInvalid);
    }
    let mut ids = Vec::new(env);
    let mut need = 0;
    for part in parts.iter() {
        let of = request::new_id(env, &part.to, &part.nonce)?;
        if ids.contains(&of) {
            return Err(Error::Exists);
        }
        let terms = terms_of(&terms, &of, &part, epochs)?;
        need = add(need, add(total_price(&terms)?, signed(terms.bond)?)?)?;
        ids.push_back(of);
    }
    let due = shorten(&mut sla, &terms, epochs, need)?;
    sla.next = ids.first().ok_or(Error::ArgumentInvalid)?;
    storage::set_sla(env, id, &sla);
    event::Divided { sla: id.clone(), end_epochs: epochs, parts: ids.clone() }.publish(env);
    let mut divided = Vec::new(env);
    for (of, part) in ids.iter().zip(parts.iter()) {
        let terms = terms_of(&terms, &of, &part, epochs)?;
        divided.push_back(begin(env, consumer, &sla, of, part, &terms)?);
    }
    forward(life::provider_orchestrator(env)?.try_divide(id, &divided))?;
    Ok(Parts { ids, asset: sla.asset, due })
}

/// The terms of the part `of`, from `epochs` on.
fn terms_of(terms: &Terms, of: &BytesN<32>, part: &Split, epochs: u32) -> Result<Terms, Error> {
    let left = terms.duration_epochs.checked_sub(epochs).ok_or(Error::Overflow)?;
    let whole = (terms.volume_bytes, terms.duration_epochs);
    let collateral = part_of(signed(terms.collateral)?, (part.volume, left), whole)?;
    let mut new = Terms {
        sla: of.to_array(),
        consumer: Account::of(&part.to)?,
        refund: Account::of(&part.refund)?,
        volume_bytes: part.volume,
        egress_bytes: part.egress,
        duration_epochs: left,
        collateral: amount(collateral)?,
        previous: terms.sla,
        ..terms.clone()
    };
    new.bond = amount(bps_of(total_price(&new)?, new.early_bps.into())?)?;
    Ok(new)
}

/// Ends the SLA after `epochs`, as agreed, and takes out what the rest of it was paid with, as far as its parts need it. Returns what they
/// need beyond.
fn shorten(sla: &mut Sla, terms: &Terms, epochs: u32, need: i128) -> Result<i128, Error> {
    let rate = Rate::of(terms)?;
    let rest = sub(rate.storage(sla.duration)?, rate.storage(epochs)?)?;
    let bond = bps_of(sub(sla.total, rest)?, terms.early_bps.into())?;
    let moved = sub(add(rest, sla.bond_total)?, bond)?.min(need);
    sla.deposited = sub(sla.deposited, moved)?;
    sla.bond_total = bond;
    sla.total = sub(sla.deposited, bond)?;
    sla.duration = epochs;
    sla.covered_epochs = epochs;
    sla.end_epochs = epochs;
    escrow::divide(sla, terms)?;
    sub(need, moved)
}

/// The record of a part, which is Active and wholly paid.
fn begin(env: &Env, payer: &Address, from: &Sla, id: BytesN<32>, part: Split, terms: &Terms) -> Result<Divided, Error> {
    let document = request::encode(env, terms)?;
    let terms_hash = sha256_bytes(env, &document);
    let zero_leaf_hash = zero_leaf_hash(env, &id, &terms_hash)?;
    let start_epoch = from.start_epoch.checked_add(from.end_epochs.into()).ok_or(Error::Overflow)?;
    let (total, bond) = (total_price(terms)?, signed(terms.bond)?);
    let mut sla = Sla {
        consumer: part.to,
        terms_hash: terms_hash.clone(),
        state: SlaState::Active,
        total,
        deposited: add(total, bond)?,
        holdback: 0,
        provider_claim: 0,
        consumer_claim: 0,
        fees: 0,
        bond_total: bond,
        disputed: 0,
        withdrawn: 0,
        gross: 0,
        earned: 0,
        fee_total: 0,
        credited: 0,
        start_epoch,
        duration: terms.duration_epochs,
        covered_epochs: terms.duration_epochs,
        end_epochs: terms.duration_epochs,
        accept_by: 0,
        fund_by: 0,
        settled_epochs: 0,
        settled_hash: zero_leaf_hash.clone(),
        windows: 0,
        slash_bps: 0,
        group: life::none(env),
        previous: BytesN::from_array(env, &terms.previous),
        next: life::none(env),
        ..from.clone()
    };
    escrow::divide(&mut sla, terms)?;
    request::put(env, &id, &sla, document);
    request::funded(env, &id, &sla, payer, sla.deposited);
    life::set_state(env, &id, &mut sla, SlaState::Active);
    let collateral = signed(terms.collateral)?;
    Ok(Divided { sla: id, volume: part.volume, terms_hash, refund: part.refund, collateral, start_epoch, zero_leaf_hash })
}
