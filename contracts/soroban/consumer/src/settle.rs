//! The consumer's half of a settlement, which takes the provider's half along.

use flashback_core::{
    error::Error,
    interface::forward,
    leaf::Leaf,
    money::{sub, Totals},
    settlement::{check, decode_terms, is_settled, Position, Proof},
    types::ReservationState,
};
use soroban_sdk::{Bytes, BytesN, Env};

use crate::{escrow, event, life, storage, types::Sla};

pub fn settle(env: &Env, id: &BytesN<32>, proof: &Proof) -> Result<(), Error> {
    let mut sla = storage::sla(env, id)?;
    if is_settled(env, &sla.settled_hash, proof.to) {
        return Ok(());
    }
    if !sla.state.is_live() {
        return Err(Error::StateWrong);
    }
    let document = storage::terms(env, id)?;
    let terms = decode_terms(&document)?;
    let at = Position {
        sla: id,
        terms_hash: &sla.terms_hash,
        settled_hash: &sla.settled_hash,
        ahead_epochs: 0,
        start_epoch: sla.start_epoch,
        end_epochs: sla.end_epochs,
        most_epochs: sla.covered_epochs,
    };
    let step = check(env, &storage::oracle(env)?, &terms, &at, proof)?;
    let to = &step.to;
    let credited_before = sla.credited;
    escrow::settle(&mut sla, &terms, &Totals::of(&terms, to)?)?;
    sla.settled_epochs = to.epochs;
    sla.settled_hash = step.to_hash.clone();
    sla.windows = to.windows;
    sla.slash_bps = to.slash_bps;
    let credit = sub(sla.credited, credited_before)?;
    // The provider's half tells the warnings, which come before any money.
    settle_reservation(env, id, document, to, proof)?;
    if credit > 0 {
        event::Credited { sla: id.clone(), epoch: proof.epoch, amount: credit, total: sla.credited }.publish(env);
    }
    settled(env, id, &sla, proof.epoch);
    if to.is_final() {
        life::conclude(env, id, &mut sla, &terms, to)?;
    }
    storage::set_sla(env, id, &sla);
    Ok(())
}

/// The provider's half, by the same proof. Anyone may have settled it further already: then it needs nothing from here, and it must
/// not be able to hold the consumer's half up; at the SLA's end it ends too, since no later leaf will come.
fn settle_reservation(env: &Env, id: &BytesN<32>, terms: Bytes, to: &Leaf, proof: &Proof) -> Result<(), Error> {
    let po = life::provider_orchestrator(env)?;
    let reservation = forward(po.try_reservation(id))?;
    if reservation.state == ReservationState::Done {
        return Ok(());
    }
    if reservation.settled_epochs >= to.epochs {
        return if to.is_final() { forward(po.try_finish(id)) } else { Ok(()) };
    }
    forward(po.try_settle(id, &terms, proof.from, proof.to, &proof.epoch, &proof.bits, proof.path))
}

fn settled(env: &Env, id: &BytesN<32>, sla: &Sla, epoch: u64) {
    event::Settled {
        sla: id.clone(),
        epoch,
        epochs: sla.settled_epochs,
        leaf_hash: sla.settled_hash.clone(),
        windows: sla.windows,
        slash_bps: sla.slash_bps,
        gross: sla.gross,
        earned: sla.earned,
        fee: sla.fee_total,
        credited: sla.credited,
        escrow: sla.escrow,
        holdback: sla.holdback,
        provider_claim: sla.provider_claim,
        consumer_claim: sla.consumer_claim,
        fees: sla.fees,
        retention: sla.retention,
    }
    .publish(env);
}
