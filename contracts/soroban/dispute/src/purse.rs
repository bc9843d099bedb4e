//! FLASH that the contract holds: bonds and juror fees come in by transfer, and go out only when their owner's account is claimed. So an
//! account that cannot be paid holds up nobody else.

use flashback_core::{error::Error, money::add, token::transfer};
use soroban_sdk::{Address, Env};

use crate::{event, storage};

/// Takes `amount` from an account that authorised it.
pub fn take(env: &Env, from: &Address, amount: i128) -> Result<(), Error> {
    transfer(env, &storage::token(env)?, from, &env.current_contract_address(), amount)
}

/// Owes an account more.
pub fn owe(env: &Env, to: &Address, amount: i128) -> Result<(), Error> {
    if amount > 0 {
        storage::set_due(env, to, add(storage::due(env, to), amount)?);
    }
    Ok(())
}

/// Pays an account what it is owed.
pub fn claim(env: &Env, to: &Address) -> Result<i128, Error> {
    let amount = storage::due(env, to);
    if amount == 0 {
        return Err(Error::NothingDue);
    }
    storage::set_due(env, to, 0);
    event::Claimed { to: to.clone(), amount }.publish(env);
    transfer(env, &storage::token(env)?, &env.current_contract_address(), to, amount)?;
    Ok(amount)
}
