//! New code, as in `flashback_core::upgrade`, with a longer notice: a stake needs 30 days to leave.

use flashback_core::{error::Error, upgrade::Upgrade};
use soroban_sdk::{BytesN, ContractExecutable, Env};

use crate::{
    event, storage,
    types::{NOTICE_SECONDS, OPEN_SECONDS},
};

pub fn announce(env: &Env, wasm: &BytesN<32>) -> Result<(), Error> {
    let from = env.ledger().timestamp().checked_add(NOTICE_SECONDS).ok_or(Error::Overflow)?;
    storage::set_upgrade(env, &Upgrade { wasm: wasm.clone(), from });
    event::UpgradeAnnounced { wasm: wasm.clone(), from }.publish(env);
    Ok(())
}

pub fn apply(env: &Env) -> Result<(), Error> {
    let now = env.ledger().timestamp();
    let Upgrade { wasm, from } = storage::upgrade(env).ok_or(Error::NotFound)?;
    if now < from {
        return Err(Error::UpgradeEarly);
    }
    if now - from > OPEN_SECONDS {
        return Err(Error::NotFound);
    }
    storage::remove_upgrade(env);
    event::Upgraded { wasm: wasm.clone() }.publish(env);
    env.deployer().update_current_contract(ContractExecutable::Wasm(wasm));
    Ok(())
}
