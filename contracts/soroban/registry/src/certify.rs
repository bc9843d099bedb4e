//! A certification from its issue to its end, but for conflicts.

use flashback_core::{
    account::{Account, CHAIN_STELLAR},
    error::Error,
    hash::sha256,
    wire::Writer,
};
use soroban_sdk::{Address, BytesN, Env};

use crate::{
    event,
    params::LEVELS,
    stake, storage,
    types::{Certification, Certifier, State},
};

const KINDS: u32 = 4;
const ID_KIND: u8 = 5;
const ID_VERSION: u8 = 1;

/// What a certifier says about whom.
pub struct Statement {
    pub subject: Address,
    pub kind: u32,
    pub level: u32,
    pub scope: BytesN<32>,
    pub evidence: BytesN<32>,
    pub expires: u64,
}

pub fn register(env: &Env, certifier: &Address, info: &BytesN<32>) {
    let value = match storage::find_certifier(env, certifier) {
        Some(known) => Certifier { info: info.clone(), ..known },
        None => Certifier { info: info.clone(), registered: env.ledger().timestamp(), bonded: 0, duty_until: 0 },
    };
    storage::set_certifier(env, certifier, &value);
    event::Registered { certifier: certifier.clone(), info: info.clone() }.publish(env);
}

/// Issues a certification and binds its bond.
pub fn issue(env: &Env, certifier: &Address, s: Statement, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    let mut owner = storage::certifier(env, certifier)?;
    let params = storage::params(env)?;
    let now = env.ledger().timestamp();
    let latest = now.checked_add(params.max_life_seconds).ok_or(Error::Overflow)?;
    if s.subject == *certifier || s.kind >= KINDS || s.level >= LEVELS || s.expires <= now || s.expires > latest {
        return Err(Error::ArgumentInvalid);
    }
    let id = id_of(env, certifier, nonce)?;
    if storage::find_certification(env, &id).is_some() {
        return Err(Error::Exists);
    }
    let bond = params.bonds.get(s.level).ok_or(Error::NotInitialized)?;
    let bound_until = s.expires.checked_add(params.challenge_seconds).ok_or(Error::Overflow)?;
    if owner.bonded == 0 {
        owner.duty_until = 0;
    }
    owner.bonded = owner.bonded.checked_add(bond).ok_or(Error::Overflow)?;
    owner.duty_until = owner.duty_until.max(bound_until);
    if !stake::covers(env, certifier, &owner)? {
        return Err(Error::BondMissing);
    }
    let Statement { subject, kind, level, scope, evidence, expires } = s;
    let value = Certification {
        certifier: certifier.clone(),
        subject,
        kind,
        level,
        scope,
        evidence,
        issued: now,
        expires,
        bound_until,
        bond,
        state: State::Live,
        conflict: None,
        concede_until: 0,
        lapse_from: 0,
    };
    storage::set_certification(env, &id, &value);
    storage::set_certifier(env, certifier, &owner);
    event::certified(env, &id, &value);
    stake::hold(env, certifier, &owner)?;
    Ok(id)
}

/// Ends a certification that is over and can have no conflict any more.
pub fn expire(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let mut value = storage::certification(env, id)?;
    match value.state {
        State::Live => {}
        State::Frozen => return Err(Error::Frozen),
        _ => return Err(Error::StateWrong),
    }
    if env.ledger().timestamp() < value.bound_until {
        return Err(Error::NotTimedOut);
    }
    end(env, id, &mut value, State::Expired)
}

/// Puts a certification into a state that it never leaves, and frees its bond.
pub fn end(env: &Env, id: &BytesN<32>, value: &mut Certification, state: State) -> Result<(), Error> {
    let mut owner = storage::certifier(env, &value.certifier)?;
    owner.bonded = owner.bonded.checked_sub(value.bond).ok_or(Error::Overflow)?;
    storage::set_certifier(env, &value.certifier, &owner);
    settle(env, id, value, state);
    Ok(())
}

/// Stores a state other than Frozen.
pub fn settle(env: &Env, id: &BytesN<32>, value: &mut Certification, state: State) {
    value.state = state;
    value.conflict = None;
    value.concede_until = 0;
    value.lapse_from = 0;
    storage::set_certification(env, id, value);
    event::state_changed(env, id, state);
}

/// Whether a certification says at least that now, and its certifier can still lose something for it. A denial certifies nothing.
pub fn holds(env: &Env, id: &BytesN<32>, subject: &Address, kind: u32, level: u32, scope: &BytesN<32>) -> Result<bool, Error> {
    let Some(c) = storage::find_certification(env, id) else {
        return Ok(false);
    };
    let said = c.state == State::Live && c.expires > env.ledger().timestamp() && c.level >= level.max(1);
    if !said || c.subject != *subject || c.kind != kind || c.scope != *scope {
        return Ok(false);
    }
    stake::covers(env, &c.certifier, &storage::certifier(env, &c.certifier)?)
}

fn id_of(env: &Env, certifier: &Address, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    let mut w = Writer::<128>::new(b"FLASHBACK-CERTIFICATION-v1")?;
    w.bytes(&Account::of(&env.current_contract_address())?.0)?;
    w.bytes(&Account::of(certifier)?.0)?;
    w.bytes(&nonce.to_array())?;
    let mut id = Writer::<32>::new(&[])?;
    id.u16(CHAIN_STELLAR)?;
    id.bytes(&[ID_KIND, ID_VERSION])?;
    let hash = sha256(env, w.as_slice()).to_array();
    id.bytes(hash.first_chunk::<28>().ok_or(Error::Malformed)?)?;
    let mut out = [0; 32];
    out.copy_from_slice(id.as_slice());
    Ok(BytesN::from_array(env, &out))
}
