//! Two observations that one validator signed for one epoch and unit. Only configurations that the Oracle itself had are believed: a caller
//! could name any operator in one of its own making.

use flashback_core::{
    certificate::config_digest,
    error::Error,
    hash::sha256_bytes,
    money::bps_of,
    types::{Config, Validator},
    wire::Reader,
};
use soroban_sdk::{Address, BytesN, Env};

use crate::{
    event, storage,
    types::Signed,
    world::{self, ROLE_VALIDATOR},
};

const TAG: &[u8] = b"FLASHBACK-OBSERVATION-v1";
/// Tag, network, configuration, epoch, validator, unit: what names an observation.
const HEADER_LEN: usize = TAG.len() + 32 + 32 + 8 + 4 + 32;
/// No entry of the validators' log is longer.
const DOCUMENT_MAX: u32 = 64 << 10;
/// n/2 of secp256k1.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
    0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

#[derive(PartialEq, Eq)]
struct Header {
    network: [u8; 32],
    config: [u8; 32],
    epoch: u64,
    validator: u32,
    unit: [u8; 32],
}

/// Remembers the Oracle's configuration of now, so that what was signed under it can be proved after the next one.
pub fn note(env: &Env) -> Result<BytesN<32>, Error> {
    let config = world::config(env)?;
    let digest = config_digest(env, &storage::schedule(env)?.network, &config)?;
    if storage::config(env, &digest).is_none() {
        storage::set_config(env, &digest, &config);
        event::Noted { digest: digest.clone() }.publish(env);
    }
    Ok(digest)
}

pub fn prove(env: &Env, reporter: &Address, first: &Signed, second: &Signed) -> Result<i128, Error> {
    let header = header(first)?;
    if header != self::header(second)? || first.document == second.document {
        return Err(Error::EvidenceWrong);
    }
    let schedule = storage::schedule(env)?;
    if header.network != schedule.network.to_array() {
        return Err(Error::EvidenceWrong);
    }
    let config = known(env, &BytesN::from_array(env, &header.config))?;
    let validator = config.validators.get(header.validator).ok_or(Error::EvidenceWrong)?;
    for signed in [first, second] {
        check_signature(env, &validator, signed)?;
    }
    let now = env.ledger().timestamp();
    let params = storage::params(env)?;
    if header.epoch > schedule.epoch(now)? {
        return Err(Error::WindowWrong);
    }
    let begun = schedule.begins(header.epoch)?;
    if now > begun.checked_add(params.max_age_seconds).ok_or(Error::Overflow)? {
        return Err(Error::WindowWrong);
    }
    if storage::has_fault(env, &validator.operator, header.epoch) {
        return Err(Error::Exists);
    }
    let stake = world::exposed(env, &validator.operator, ROLE_VALIDATOR)?;
    let amount = bps_of(stake, params.slash_equivocation_bps)?;
    if amount == 0 {
        return Err(Error::StakeMissing);
    }
    storage::set_fault(env, &validator.operator, header.epoch);
    let cause = sha256_bytes(env, &first.document);
    let half = amount / 2;
    let taken = world::slash(env, &validator.operator, ROLE_VALIDATOR, half, reporter, &cause)?;
    let taken = taken + world::slash(env, &validator.operator, ROLE_VALIDATOR, amount - half, &params.fund, &cause)?;
    event::Equivocation {
        operator: validator.operator,
        epoch: header.epoch,
        unit: BytesN::from_array(env, &header.unit),
        slashed: taken,
        reporter: reporter.clone(),
    }
    .publish(env);
    Ok(taken)
}

/// A configuration that was noted, or the Oracle's own now.
fn known(env: &Env, digest: &BytesN<32>) -> Result<Config, Error> {
    if let Some(config) = storage::config(env, digest) {
        return Ok(config);
    }
    if note(env)? != *digest {
        return Err(Error::EvidenceWrong);
    }
    storage::config(env, digest).ok_or(Error::EvidenceWrong)
}

fn header(signed: &Signed) -> Result<Header, Error> {
    let len = signed.document.len();
    if (len as usize) < HEADER_LEN || len > DOCUMENT_MAX {
        return Err(Error::Malformed);
    }
    let mut bytes = [0; HEADER_LEN];
    signed.document.slice(..HEADER_LEN as u32).copy_into_slice(&mut bytes);
    let mut r = Reader::new(&bytes, TAG)?;
    Ok(Header { network: r.bytes()?, config: r.bytes()?, epoch: r.u64()?, validator: r.u32()?, unit: r.bytes()? })
}

fn check_signature(env: &Env, validator: &Validator, signed: &Signed) -> Result<(), Error> {
    let raw = BytesN::to_array(&signed.sig);
    let (r, s) = raw.split_at(32);
    if *s > HALF_ORDER[..] || *r == [0; 32] || *s == [0; 32] || signed.recovery > 1 {
        return Err(Error::EvidenceWrong);
    }
    let digest = env.crypto().sha256(&signed.document);
    if env.crypto().secp256k1_recover(&digest, &signed.sig, signed.recovery) != validator.key {
        return Err(Error::EvidenceWrong);
    }
    Ok(())
}
