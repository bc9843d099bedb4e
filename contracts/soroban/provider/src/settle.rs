//! The provider's half of a settlement: coverage, then slash, out of the locked collateral. Warnings are told first.

use flashback_core::{
    error::Error,
    hash::sha256_bytes,
    leaf::{Leaf, CAUSE_PROVIDER, STATUS_ABANDONED},
    money::{add, sub, SlashShares, Totals},
    settlement::{check, decode_terms, is_settled, Position, Proof, Step},
    terms::Terms,
};
use soroban_sdk::{Bytes, BytesN, Env};

use crate::{
    collateral, event, reservation, storage,
    types::{Reservation, ReservationState},
};

pub fn settle(env: &Env, sla: &BytesN<32>, terms: &Bytes, proof: &Proof) -> Result<(), Error> {
    let mut reservation = storage::reservation(env, sla)?;
    if matches!(reservation.state, ReservationState::Held | ReservationState::Locked) {
        return Err(Error::StateWrong);
    }
    if is_settled(env, &reservation.settled_hash, proof.to) {
        return Ok(());
    }
    if reservation.state == ReservationState::Done {
        return Err(Error::StateWrong);
    }
    if sha256_bytes(env, terms) != reservation.terms_hash {
        return Err(Error::LeafForeign);
    }
    let terms = decode_terms(terms)?;
    let at = Position {
        sla,
        terms_hash: &reservation.terms_hash,
        settled_hash: &reservation.settled_hash,
        ahead_epochs: reservation.settled_epochs,
        start_epoch: reservation.start_epoch,
        end_epochs: terms.duration_epochs,
        most_epochs: terms.duration_epochs,
    };
    let step = check(env, &storage::oracle(env)?, &terms, &at, proof)?;
    apply(env, &mut reservation, &terms, &step, proof.epoch)
}

fn apply(env: &Env, reservation: &mut Reservation, terms: &Terms, step: &Step, epoch: u64) -> Result<(), Error> {
    let to = &step.to;
    // What a `from` that is not the settled leaf cannot show.
    if to.epochs <= reservation.settled_epochs || to.warnings < reservation.warnings {
        return Err(Error::LeafBehind);
    }
    if to.warnings > reservation.warnings {
        event::Warning { sla: reservation.sla.clone(), epoch, warnings: to.warnings }.publish(env);
    }
    let totals = Totals::of(terms, to)?;
    // Coverage is paid first, each at most what is locked; what was taken is never given back.
    let coverage = totals.coverage.min(sub(reservation.collateral, reservation.slash)?);
    let slash = totals.slash.min(sub(reservation.collateral, coverage)?);
    let covered = sub(coverage, reservation.coverage).map_err(|_| Error::LeafBehind)?;
    let slashed = sub(slash, reservation.slash).map_err(|_| Error::LeafBehind)?;
    let before = SlashShares::of(reservation.slash, &terms.slash_split)?;
    let after = SlashShares::of(slash, &terms.slash_split)?;
    reservation.owed = add(add(reservation.owed, covered)?, sub(after.consumer, before.consumer)?)?;
    reservation.validators_due = add(reservation.validators_due, sub(after.validators, before.validators)?)?;
    reservation.fund_due = add(reservation.fund_due, sub(after.fund, before.fund)?)?;
    reservation.coverage = coverage;
    reservation.slash = slash;
    reservation.settled_epochs = to.epochs;
    reservation.settled_hash = step.to_hash.clone();
    reservation.warnings = to.warnings;
    collateral::unlock(env, &reservation.provider, &reservation.asset, 0, add(covered, slashed)?)?;
    tell(env, reservation, to, epoch, covered, slashed);
    if to.is_final() {
        return reservation::end(env, reservation);
    }
    storage::set_reservation(env, reservation);
    Ok(())
}

fn tell(env: &Env, reservation: &Reservation, to: &Leaf, epoch: u64, covered: i128, slashed: i128) {
    let sla = reservation.sla.clone();
    if covered > 0 {
        event::Coverage { sla: sla.clone(), epoch, amount: covered, total: reservation.coverage }.publish(env);
    }
    if slashed > 0 {
        event::Slashed {
            sla,
            epoch,
            cause: CAUSE_PROVIDER as u32,
            amount: slashed,
            total: reservation.slash,
            slash_bps: to.slash_bps,
            breaches: to.breaches,
            lost: to.lost == 1,
            abandoned: to.status == STATUS_ABANDONED,
        }
        .publish(env);
    }
}
