//! Answers to possession challenges that a node signed and that do not lead to the set that it had signed before. Each is a failed
//! challenge of its window; with as many as the terms call lost data, the window's verdict is that of lost data.

use flashback_core::{
    error::Error,
    hash::{sha256, sha256_bytes},
    merkle::{leaf_hash, root_from, DEPTH_MAX},
    wire::{Reader, Writer},
};
use soroban_sdk::{address_payload::AddressPayload, Bytes, BytesN, Env, Vec};

use crate::{
    event, storage,
    types::{Answer, ProvenLeaf},
    verdict, world,
};

const STATEMENT_TAG: &[u8] = b"FLASHBACK-USAGE-v1";
const STATEMENT_LEN: usize = STATEMENT_TAG.len() + 32 + 32 + 8 + 8 + 8 + 16 + 8 + 8 + 8 + 32;
const ANSWER_TAG: &[u8] = b"FLASHBACK-ANSWER-v1";
const PATH_LEN: usize = 12 + DEPTH_MAX as usize * 32;
const ANSWER_MAX: usize = ANSWER_TAG.len() + 32 + 8 + 80 + PATH_LEN + 64 + PATH_LEN;
/// Answers of one proof: no terms ask for more failures.
const ANSWERS_MAX: u32 = 16;
const CHUNK_BYTES: u64 = 64 << 10;
/// No object has more.
const CHUNKS_MAX: u64 = 1 << DEPTH_MAX;

struct Statement {
    node: [u8; 32],
    sla: [u8; 32],
    epoch: u64,
    leaves: u64,
    set_root: [u8; 32],
}

pub struct Evidence<'a> {
    pub statement: &'a Bytes,
    pub statement_sig: &'a BytesN<64>,
    pub answers: &'a Vec<Answer>,
}

pub fn prove(env: &Env, sla: &BytesN<32>, before: &ProvenLeaf, after: &ProvenLeaf, evidence: &Evidence) -> Result<i128, Error> {
    let judged = verdict::check(env, sla, before, after)?;
    let statement = decode_statement(evidence.statement)?;
    let epochs = statement.epoch.checked_sub(judged.reservation.start_epoch);
    let inside = epochs.is_some_and(|e| (u64::from(judged.before.epochs)..judged.after.epochs.into()).contains(&e));
    let (node, key) = world::node_of_unit(env, &judged.reservation.unit)?;
    if statement.sla != sla.to_array() || !inside || statement.node != node.to_array() {
        return Err(Error::EvidenceWrong);
    }
    let Some(AddressPayload::AccountIdPublicKeyEd25519(key)) = key.to_payload() else {
        return Err(Error::EvidenceWrong);
    };
    let statement_hash = verify(env, &key, evidence.statement, evidence.statement_sig);
    let failed = failures(env, &key, &statement, &statement_hash, evidence.answers)?;
    if failed < judged.terms.lost_challenges.into() {
        return Err(Error::EvidenceWrong);
    }
    let amount = judged.denied(&judged.again(failed.into())?)?;
    let record = storage::window(env, sla, judged.number);
    if amount == 0 {
        return Err(Error::VerdictStands);
    }
    if amount <= record.proved {
        return Err(Error::Exists);
    }
    event::PossessionFailed { sla: sla.clone(), window: judged.number, node, chunks: failed, amount }.publish(env);
    verdict::book(env, sla, judged.number, record, amount)?;
    Ok(amount)
}

/// How many answers there are, each for another chunk of the statement, and each wrong: one right one refuses them all.
fn failures(env: &Env, key: &BytesN<32>, statement: &Statement, hash: &BytesN<32>, answers: &Vec<Answer>) -> Result<u32, Error> {
    if answers.len() > ANSWERS_MAX {
        return Err(Error::ArgumentInvalid);
    }
    let mut last = None;
    for answer in answers.iter() {
        if answer.document.len() as usize > ANSWER_MAX {
            return Err(Error::Malformed);
        }
        verify(env, key, &answer.document, &answer.sig);
        let document = answer.document.to_buffer::<ANSWER_MAX>();
        let (chunk, right) = read(env, document.as_slice(), statement, hash)?;
        if right || chunk >= statement.leaves || last.is_some_and(|l| chunk <= l) {
            return Err(Error::EvidenceWrong);
        }
        last = Some(chunk);
    }
    Ok(answers.len())
}

/// The chunk that an answer is for, and whether the answer leads to the statement's set.
fn read(env: &Env, document: &[u8], statement: &Statement, hash: &BytesN<32>) -> Result<(u64, bool), Error> {
    let mut r = Reader::new(document, ANSWER_TAG)?;
    let answers_for: [u8; 32] = r.bytes()?;
    let number = r.u64()?;
    let (object, commitment): ([u8; 32], [u8; 32]) = (r.bytes()?, r.bytes()?);
    let (size, first) = (r.u64()?, r.u64()?);
    let (held_bits, held_path) = path(env, &mut r)?;
    let (root, chunk): ([u8; 32], [u8; 32]) = (r.bytes()?, r.bytes()?);
    let (chunk_bits, chunk_path) = path(env, &mut r)?;
    r.end()?;
    if answers_for != hash.to_array() {
        return Err(Error::EvidenceWrong);
    }

    let mut held = Writer::<128>::new(b"FLASHBACK-HELD-v1")?;
    held.bytes(&object)?;
    held.bytes(&commitment)?;
    held.u64(size)?;
    held.u64(first)?;
    let mut object = Writer::<64>::new(b"FLASHBACK-OBJECT-v1")?;
    object.u64(size)?;
    object.bytes(&root)?;
    let chunks = size.div_ceil(CHUNK_BYTES);
    let leads = |leaf: &BytesN<32>, bits: u64, path: &Vec<BytesN<32>>, to: &[u8; 32]| {
        root_from(env, leaf, bits, path).is_some_and(|r| r.to_array() == *to)
    };
    let offset = number.checked_sub(first).filter(|o| *o < chunks && chunks <= CHUNKS_MAX);
    let right = leads(&leaf_hash(env, held.as_slice()), held_bits, &held_path, &statement.set_root)
        && sha256(env, object.as_slice()).to_array() == commitment
        && offset.is_some()
        && index_of(chunk_bits, chunk_path.len(), chunks) == offset
        && leads(&BytesN::from_array(env, &chunk), chunk_bits, &chunk_path, &root);
    Ok((number, right))
}

/// The position that a path claims in a tree of `n` leaves; None when no leaf of such a tree has a path of this shape.
fn index_of(bits: u64, depth: u32, mut n: u64) -> Option<u64> {
    let (mut low, mut depth) = (0u64, depth);
    while n > 1 {
        depth = depth.checked_sub(1)?;
        let split = 1u64 << (63 - (n - 1).leading_zeros());
        if bits >> depth & 1 == 1 {
            low += split;
            n -= split;
        } else {
            n = split;
        }
    }
    (depth == 0).then_some(low)
}

fn path(env: &Env, r: &mut Reader) -> Result<(u64, Vec<BytesN<32>>), Error> {
    let depth = r.u32()?;
    let bits = r.u64()?;
    if depth > DEPTH_MAX {
        return Err(Error::Malformed);
    }
    let mut path = Vec::new(env);
    for _ in 0..depth {
        path.push_back(BytesN::from_array(env, &r.bytes()?));
    }
    Ok((bits, path))
}

fn decode_statement(document: &Bytes) -> Result<Statement, Error> {
    if document.len() as usize != STATEMENT_LEN {
        return Err(Error::Malformed);
    }
    let mut bytes = [0; STATEMENT_LEN];
    document.copy_into_slice(&mut bytes);
    let mut r = Reader::new(&bytes, STATEMENT_TAG)?;
    let (node, sla, epoch) = (r.bytes()?, r.bytes()?, r.u64()?);
    // Objects, stored bytes, byte seconds, bytes in and out.
    let _: [u8; 48] = r.bytes()?;
    Ok(Statement { node, sla, epoch, leaves: r.u64()?, set_root: r.bytes()? })
}

/// Checks the node's signature over the document's hash, which it returns. The host itself fails the call on a wrong one.
fn verify(env: &Env, key: &BytesN<32>, document: &Bytes, sig: &BytesN<64>) -> BytesN<32> {
    let hash = sha256_bytes(env, document);
    env.crypto().ed25519_verify(key, &Bytes::from_slice(env, &hash.to_array()), sig);
    hash
}
