//! Grants: who may do what under which prefix of an SLA until when. A grantee may pass on part of what it has; what ends a grant ends all that come
//! from it, without touching them.

use flashback_core::{error::Error, id};
use soroban_sdk::{Address, Bytes, BytesN, Env};

use crate::{event, life, storage, types::Grant};

const PREFIX_MAX: u32 = 1024;
/// List, read, write, delete, configure, delegate.
const OPS_ALL: u32 = 63;
const DELEGATE: u32 = 32;
/// Grants between one that was passed on and the consumer's.
const DEPTH_MAX: u32 = 4;

/// What is passed on of a grant.
pub struct Part {
    pub to: Address,
    pub prefix: Bytes,
    pub ops: u32,
    pub expires: u64,
}

pub fn create(env: &Env, grant: Grant, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    if life::of_consumer(env, &grant.grantor, &grant.sla)?.state.is_terminal() {
        return Err(Error::StateWrong);
    }
    let under = grant.sla.clone();
    add(env, grant, &under, nonce)
}

pub fn pass_on(env: &Env, grantee: &Address, parent: BytesN<32>, part: Part, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    let from = storage::grant(env, &parent)?;
    if from.grantee != *grantee || from.ops & DELEGATE == 0 {
        return Err(Error::NotAuthorized);
    }
    let sla = storage::sla(env, &from.sla)?;
    if sla.state.is_terminal() || !holds(env, &from, &sla.consumer)? {
        return Err(Error::StateWrong);
    }
    let Part { to, prefix, ops, expires } = part;
    // What ends no later than its parent needs no look at the expiry of those above.
    if from.depth >= DEPTH_MAX || !begins_with(&prefix, &from.prefix) || ops & !from.ops != 0 || expires > from.expires {
        return Err(Error::GrantInvalid);
    }
    let depth = from.depth.checked_add(1).ok_or(Error::Overflow)?;
    let grant =
        Grant { sla: from.sla, parent: parent.clone(), depth, grantor: from.grantee, grantee: to, prefix, ops, expires, revoked: false };
    add(env, grant, &parent, nonce)
}

/// Stores a grant under an id of the SLA or, when it was passed on, of the parent: nobody but who may make grants there can take an id away.
fn add(env: &Env, grant: Grant, under: &BytesN<32>, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    let valid = (1..=OPS_ALL).contains(&grant.ops) && grant.prefix.len() <= PREFIX_MAX && grant.expires > env.ledger().timestamp();
    if !valid {
        return Err(Error::GrantInvalid);
    }
    let id = id::grant(env, &env.current_contract_address(), under, nonce)?;
    if storage::has_grant(env, &id) {
        return Err(Error::Exists);
    }
    storage::set_grant(env, &id, &grant);
    let Grant { sla, parent, depth, grantor, grantee, prefix, ops, expires, .. } = grant;
    event::Granted { id: id.clone(), sla, parent, depth, grantor, grantee, prefix, ops, expires }.publish(env);
    Ok(id)
}

fn begins_with(prefix: &Bytes, with: &Bytes) -> bool {
    prefix.len() >= with.len() && prefix.slice(..with.len()) == *with
}

/// Whether neither the grant nor one that it comes from is revoked, and the first of them was given by `consumer`.
fn holds(env: &Env, grant: &Grant, consumer: &Address) -> Result<bool, Error> {
    let mut next = grant.clone();
    while !next.revoked && next.depth > 0 {
        next = storage::grant(env, &next.parent)?;
    }
    Ok(!next.revoked && next.grantor == *consumer)
}

/// The longest lifetime for the grant, those that it comes from, and its SLA.
pub fn renew(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let mut grant = storage::grant(env, id)?;
    storage::renew_grant(env, id);
    while grant.depth > 0 {
        storage::renew_grant(env, &grant.parent);
        grant = storage::grant(env, &grant.parent)?;
    }
    life::renew(env, &grant.sla)
}

pub fn revoke(env: &Env, by: Address, id: &BytesN<32>) -> Result<(), Error> {
    let mut grant = storage::grant(env, id)?;
    if by != grant.grantor && by != grant.grantee && by != storage::sla(env, &grant.sla)?.consumer {
        return Err(Error::NotAuthorized);
    }
    if grant.revoked {
        return Err(Error::StateWrong);
    }
    grant.revoked = true;
    storage::set_grant(env, id, &grant);
    event::Revoked { id: id.clone(), sla: grant.sla, by }.publish(env);
    Ok(())
}
