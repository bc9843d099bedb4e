//! What both halves of an SLA check before a leaf moves money (`docs/spec/contracts.md`, Settlement).

use soroban_sdk::{Address, Bytes, BytesN, Env, Vec};

use crate::{
    error::Error,
    interface::OracleClient,
    judge::slash_cap,
    leaf::{Leaf, LEAF_LEN},
    merkle::{leaf_hash, root_from},
    terms::{Terms, BPS, TERMS_LEN_MAX},
};

/// Where one half of an SLA stands.
pub struct Position<'a> {
    pub sla: &'a BytesN<32>,
    pub terms_hash: &'a BytesN<32>,
    pub settled_hash: &'a BytesN<32>,
    /// A `from` of fewer epochs than this is taken too: this half was settled further than the other, and they have to meet again.
    pub ahead_epochs: u32,
    pub start_epoch: u64,
    /// Epochs to the SLA's end, as far as this half knows.
    pub end_epochs: u32,
    /// Epochs that a final leaf may have.
    pub most_epochs: u32,
}

/// The proof that a caller brings.
pub struct Proof<'a> {
    pub from: &'a Bytes,
    pub to: &'a Bytes,
    pub epoch: u64,
    pub bits: u64,
    pub path: &'a Vec<BytesN<32>>,
}

/// A step that may be taken.
pub struct Step {
    pub from: Leaf,
    pub to: Leaf,
    pub to_hash: BytesN<32>,
}

/// The hash that the first settlement of an SLA starts from.
pub fn zero_leaf_hash(env: &Env, sla: &BytesN<32>, terms_hash: &BytesN<32>) -> Result<BytesN<32>, Error> {
    let zero = Leaf::zero(sla.to_array(), terms_hash.to_array()).encode()?;
    Ok(leaf_hash(env, zero.as_slice()))
}

/// Whether `to` is the leaf that was settled last: settling it again does nothing. Bytes that are no leaf never were.
pub fn is_settled(env: &Env, settled_hash: &BytesN<32>, to: &Bytes) -> bool {
    hash_of(env, to).as_ref() == Ok(settled_hash)
}

/// Checks the proof against the Oracle's root, the settled leaf and the terms.
pub fn check(env: &Env, oracle: &Address, terms: &Terms, at: &Position, proof: &Proof) -> Result<Step, Error> {
    let from = decode_leaf(proof.from)?;
    let to = decode_leaf(proof.to)?;
    for leaf in [&from, &to] {
        if leaf.sla != at.sla.to_array() || leaf.terms_hash != at.terms_hash.to_array() {
            return Err(Error::LeafForeign);
        }
    }
    let to_hash = hash_of(env, proof.to)?;
    let root = OracleClient::new(env, oracle).root(&proof.epoch).ok_or(Error::LeafUnknown)?;
    if root_from(env, &to_hash, proof.bits, proof.path) != Some(root) {
        return Err(Error::LeafUnknown);
    }
    if from.epochs >= at.ahead_epochs && hash_of(env, proof.from)? != *at.settled_hash {
        return Err(Error::FromMismatch);
    }
    if !to.follows(&from) {
        return Err(Error::LeafBehind);
    }
    if !is_within(terms, at, proof.epoch, &to) {
        return Err(Error::LeafBeyond);
    }
    Ok(Step { from, to, to_hash })
}

/// Whether a leaf of `epoch` claims no more than time, terms and its own judged windows allow.
pub fn is_within(terms: &Terms, at: &Position, epoch: u64, leaf: &Leaf) -> bool {
    let Some(elapsed) = epoch.checked_sub(at.start_epoch).and_then(|e| e.checked_add(1)) else {
        return false;
    };
    let epochs = u64::from(leaf.epochs);
    let on_time = if leaf.is_final() {
        epochs <= elapsed && leaf.epochs <= at.most_epochs && leaf.judged_epochs == leaf.epochs
    } else {
        epochs == elapsed.min(at.end_epochs.into())
    };
    let holdback = u128::from(terms.holdback_bps);
    on_time
        && leaf.judged_epochs <= leaf.epochs
        && leaf.bytes_out <= terms.egress_bytes
        && leaf.judged_out <= leaf.bytes_out
        && u128::from(leaf.price_credit_epochs) <= holdback * u128::from(leaf.judged_epochs)
        && leaf.price_credit_out <= holdback * u128::from(leaf.judged_out)
        && fits(leaf.price_credit_epochs.into(), leaf.collateral_credit_epochs.into(), leaf.judged_epochs.into())
        && fits(leaf.price_credit_out, leaf.collateral_credit_out, leaf.judged_out.into())
        && u64::from(leaf.slash_bps) <= slash_cap(terms, leaf.epochs)
        && (leaf.slash_bps == 0 || leaf.warnings >= 2)
}

/// Whether both parts of the credits come to no more than all of what was judged.
fn fits(price_credit: u128, collateral_credit: u128, judged: u128) -> bool {
    price_credit.checked_add(collateral_credit).is_some_and(|credit| credit <= judged * u128::from(BPS))
}

/// Decodes terms that a caller brought; [`Error::Malformed`] if they are not such.
pub fn decode_terms(terms: &Bytes) -> Result<Terms, Error> {
    if terms.len() as usize > TERMS_LEN_MAX {
        return Err(Error::Malformed);
    }
    Terms::decode(terms.to_buffer::<TERMS_LEN_MAX>().as_slice())
}

fn decode_leaf(leaf: &Bytes) -> Result<Leaf, Error> {
    Leaf::decode(&leaf_array(leaf)?)
}

fn hash_of(env: &Env, leaf: &Bytes) -> Result<BytesN<32>, Error> {
    Ok(leaf_hash(env, &leaf_array(leaf)?))
}

fn leaf_array(leaf: &Bytes) -> Result<[u8; LEAF_LEN], Error> {
    let mut out = [0; LEAF_LEN];
    if leaf.len() as usize != LEAF_LEN {
        return Err(Error::Malformed);
    }
    leaf.copy_into_slice(&mut out);
    Ok(out)
}
