//! Ids of 32 bytes that name their chain and kind (`docs/spec/encoding.md`).

use soroban_sdk::{Address, BytesN, Env};

use crate::{
    account::{Account, CHAIN_STELLAR},
    error::Error,
    hash::sha256,
    wire::Writer,
};

const VERSION: u8 = 1;

/// The kinds of ids, as `extend` takes them too.
pub const NODE: u32 = 1;
pub const UNIT: u32 = 2;
pub const SLA: u32 = 3;
pub const GRANT: u32 = 4;

/// The node that `key` was bound as under the Provider Orchestrator `po`.
pub fn node(env: &Env, po: &Address, key: &Address) -> Result<BytesN<32>, Error> {
    let mut w = Writer::<128>::new(b"FLASHBACK-NODE-v1")?;
    w.bytes(&Account::of(po)?.0)?;
    w.bytes(&Account::of(key)?.0)?;
    Ok(finish(env, 1, &w))
}

/// The Data Unit that `provider` creates under `po` with `nonce`.
pub fn unit(env: &Env, po: &Address, provider: &Address, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    owned(env, 2, b"FLASHBACK-UNIT-v1", po, provider, nonce)
}

/// The SLA that `consumer` requests under the Consumer Orchestrator `co` with `nonce`.
pub fn sla(env: &Env, co: &Address, consumer: &Address, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    owned(env, 3, b"FLASHBACK-SLA-v1", co, consumer, nonce)
}

/// The grant that the SLA's consumer, or the grantee of the grant `under`, makes under `co` with `nonce`.
pub fn grant(env: &Env, co: &Address, under: &BytesN<32>, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    let mut w = Writer::<128>::new(b"FLASHBACK-GRANT-v1")?;
    w.bytes(&Account::of(co)?.0)?;
    w.bytes(&under.to_array())?;
    w.bytes(&nonce.to_array())?;
    Ok(finish(env, 4, &w))
}

/// The ask that `consumer` makes in `market` with `nonce`.
pub fn ask(env: &Env, market: &Address, consumer: &Address, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    owned(env, 7, b"FLASHBACK-ASK-v1", market, consumer, nonce)
}

fn owned(env: &Env, kind: u8, tag: &[u8], contract: &Address, owner: &Address, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    let mut w = Writer::<128>::new(tag)?;
    w.bytes(&Account::of(contract)?.0)?;
    w.bytes(&Account::of(owner)?.0)?;
    w.bytes(&nonce.to_array())?;
    Ok(finish(env, kind, &w))
}

fn finish<const N: usize>(env: &Env, kind: u8, of: &Writer<N>) -> BytesN<32> {
    let hash = sha256(env, of.as_slice()).to_array();
    let mut out = [0u8; 32];
    out[..2].copy_from_slice(&CHAIN_STELLAR.to_be_bytes());
    out[2] = kind;
    out[3] = VERSION;
    out[4..].copy_from_slice(&hash[..28]);
    BytesN::from_array(env, &out)
}
