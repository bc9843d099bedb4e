//! The verdict on a window, recomputed from its two boundary leaves.
//!
//! A certified leaf at a boundary is judged already. What it was before follows from it: the measured values are its own, the judged sums
//! those of the boundary before, and the warnings of a window are functions of what was measured in it.

use flashback_core::{
    error::Error,
    hash::sha256_bytes,
    judge::judge,
    leaf::{Leaf, LEAF_LEN, STATUS_COMPLETE, STATUS_RUNNING},
    merkle::{leaf_hash, root_from},
    money::{add, Totals},
    settlement::zero_leaf_hash,
    terms::Terms,
};
use soroban_sdk::{BytesN, Env};

use crate::{
    event, storage,
    types::ProvenLeaf,
    window,
    world::{self, Reservation},
};

/// A judged, settled and recent window of an SLA, proved by its boundaries.
pub struct Judged {
    pub terms: Terms,
    pub reservation: Reservation,
    pub number: u32,
    pub before: Leaf,
    pub after: Leaf,
}

pub fn prove(env: &Env, sla: &BytesN<32>, before: &ProvenLeaf, after: &ProvenLeaf) -> Result<i128, Error> {
    let judged = check(env, sla, before, after)?;
    let right = judged.again(0)?;
    if right == judged.after {
        return Err(Error::VerdictStands);
    }
    let amount = judged.denied(&right)?;
    let mut record = storage::window(env, sla, judged.number);
    if record.wrong && amount <= record.proved {
        return Err(Error::Exists);
    }
    record.wrong = true;
    event::VerdictWrong { sla: sla.clone(), window: judged.number, epoch: after.epoch, amount }.publish(env);
    book(env, sla, judged.number, record, amount)?;
    Ok(amount)
}

/// Stores what was proved, and moves of it what the provider's claim has now. A dispute that has the claim frozen delays that only.
pub fn book(env: &Env, sla: &BytesN<32>, number: u32, mut record: crate::types::Window, amount: i128) -> Result<(), Error> {
    record.proved = record.proved.max(amount);
    match window::recover(env, sla, number, &mut record) {
        Ok(_) | Err(Error::Disputed) => {}
        Err(error) => return Err(error),
    }
    storage::set_window(env, sla, number, &record);
    Ok(())
}

pub fn check(env: &Env, sla: &BytesN<32>, before: &ProvenLeaf, after: &ProvenLeaf) -> Result<Judged, Error> {
    let (terms, document) = world::terms(env, sla)?;
    let reservation = world::reservation(env, sla)?;
    let terms_hash = sha256_bytes(env, &document);
    let (first, first_hash) = decode(env, before)?;
    let (last, last_hash) = decode(env, after)?;
    for leaf in [&first, &last] {
        if leaf.sla != sla.to_array() || leaf.terms_hash != terms_hash.to_array() {
            return Err(Error::LeafForeign);
        }
    }
    if first_hash != zero_leaf_hash(env, sla, &terms_hash)? {
        certified(env, &first_hash, before)?;
    }
    certified(env, &last_hash, after)?;
    if !is_window(&terms, &first, &last) {
        return Err(Error::WindowWrong);
    }
    window::check_time(env, &reservation, last.epochs, 0, storage::params(env)?.max_age_seconds)?;
    let number = first.epochs.checked_div(terms.window_epochs).ok_or(Error::Malformed)?;
    Ok(Judged { terms, reservation, number, before: first, after: last })
}

impl Judged {
    /// The leaf that the window's end should have, with at least `failed` failed challenges.
    pub fn again(&self, failed: u64) -> Result<Leaf, Error> {
        let (before, after) = (&self.before, &self.after);
        let mut now = before.clone();
        now.epochs = after.epochs;
        now.slots = after.slots;
        now.slots_bad = after.slots_bad;
        now.slots_excluded = after.slots_excluded;
        now.slot_error_ppm = after.slot_error_ppm;
        now.operations = after.operations;
        now.errors = after.errors;
        now.byte_seconds = after.byte_seconds;
        now.bytes_in = after.bytes_in;
        now.bytes_out = after.bytes_out;
        now.ttfb = after.ttfb;
        now.throughput = after.throughput;
        now.challenges = after.challenges;
        now.passed = after.passed;
        let challenges = after.challenges - before.challenges;
        let certified = challenges.checked_sub(after.passed - before.passed).ok_or(Error::WindowWrong)?;
        if failed > certified {
            let asked = challenges.max(failed);
            now.challenges = before.challenges.checked_add(asked).ok_or(Error::Overflow)?;
            now.passed = before.passed.checked_add(asked - failed).ok_or(Error::Overflow)?;
        }
        let failed = failed.max(certified);
        for warned in [after.slots_bad > before.slots_bad, failed >= 1, failed >= 2] {
            if warned {
                now.warnings = now.warnings.checked_add(1).ok_or(Error::Overflow)?;
                now.armed = now.armed.saturating_add(1);
            }
        }
        judge(&self.terms, before, &now, after.status == STATUS_COMPLETE)
    }

    /// The credits, of price and collateral, that `right` has above the settled leaf; 0 when it has none.
    pub fn denied(&self, right: &Leaf) -> Result<i128, Error> {
        let credits = |leaf: &Leaf| {
            let totals = Totals::of(&self.terms, leaf)?;
            add(totals.credit, totals.coverage)
        };
        Ok((credits(right)? - credits(&self.after)?).max(0))
    }
}

/// Whether the leaves are the two ends of one judged window.
fn is_window(terms: &Terms, before: &Leaf, after: &Leaf) -> bool {
    let window = terms.window_epochs;
    before.status == STATUS_RUNNING
        && before.epochs.is_multiple_of(window)
        && before.judged_epochs == before.epochs
        && before.window_flags == 0
        && after.follows(before)
        && after.epochs - before.epochs <= window
        && (after.epochs.is_multiple_of(window) || after.is_final())
        && after.judged_epochs == after.epochs
        && before.windows.checked_add(1) == Some(after.windows)
}

fn certified(env: &Env, hash: &BytesN<32>, proof: &ProvenLeaf) -> Result<(), Error> {
    let root = world::root(env, proof.epoch)?.ok_or(Error::LeafUnknown)?;
    if root_from(env, hash, proof.bits, &proof.path) != Some(root) {
        return Err(Error::LeafUnknown);
    }
    Ok(())
}

fn decode(env: &Env, proof: &ProvenLeaf) -> Result<(Leaf, BytesN<32>), Error> {
    if proof.leaf.len() as usize != LEAF_LEN {
        return Err(Error::Malformed);
    }
    let mut bytes = [0; LEAF_LEN];
    proof.leaf.copy_into_slice(&mut bytes);
    Ok((Leaf::decode(&bytes)?, leaf_hash(env, &bytes)))
}
