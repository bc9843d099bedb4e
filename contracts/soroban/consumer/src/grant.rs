//! Grants: who may do what under which prefix of an SLA until when.

use flashback_core::{error::Error, id};
use soroban_sdk::{Address, BytesN, Env};

use crate::{event, life, storage, types::Grant};

const PREFIX_MAX: u32 = 1024;
/// List, read, write, delete, configure.
const OPS_ALL: u32 = 31;

pub fn create(env: &Env, grant: Grant, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    if life::of_consumer(env, &grant.grantor, &grant.sla)?.state.is_terminal() {
        return Err(Error::StateWrong);
    }
    let valid = (1..=OPS_ALL).contains(&grant.ops) && grant.prefix.len() <= PREFIX_MAX && grant.expires > env.ledger().timestamp();
    if !valid {
        return Err(Error::GrantInvalid);
    }
    let id = id::grant(env, &env.current_contract_address(), &grant.sla, nonce)?;
    if storage::has_grant(env, &id) {
        return Err(Error::Exists);
    }
    storage::set_grant(env, &id, &grant);
    let Grant { sla, grantor, grantee, prefix, ops, expires, .. } = grant;
    event::Granted { id: id.clone(), sla, grantor, grantee, prefix, ops, expires }.publish(env);
    Ok(id)
}

/// The longest lifetime for the grant and its SLA.
pub fn renew(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let grant = storage::grant(env, id)?;
    storage::renew_grant(env, id);
    life::renew(env, &grant.sla)
}

pub fn revoke(env: &Env, consumer: &Address, id: &BytesN<32>) -> Result<(), Error> {
    let mut grant = storage::grant(env, id)?;
    if grant.grantor != *consumer {
        return Err(Error::NotAuthorized);
    }
    if grant.revoked {
        return Err(Error::StateWrong);
    }
    grant.revoked = true;
    storage::set_grant(env, id, &grant);
    event::Revoked { id: id.clone(), sla: grant.sla }.publish(env);
    Ok(())
}
