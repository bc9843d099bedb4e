//! What governance may call, and where.

use flashback_core::error::Error;
use soroban_sdk::{Address, Env, Symbol, Vec};

use crate::{event, storage};

const TARGETS_MAX: u32 = 32;
const FUNCTIONS_MAX: u32 = 16;
/// These move money or stake: whoever votes may not, whatever the target.
const NEVER: [&str; 12] =
    ["slash", "hold", "transfer", "transfer_from", "approve", "burn", "burn_from", "clawback", "stake", "unbond", "deposit", "withdraw"];

/// Sets what may be called at a contract; nothing takes it off the list.
pub fn set(env: &Env, contract: &Address, functions: &Vec<Symbol>) -> Result<(), Error> {
    let bad = |f: Symbol| NEVER.iter().any(|name| f == Symbol::new(env, name));
    if *contract == env.current_contract_address() || functions.len() > FUNCTIONS_MAX || functions.iter().any(bad) {
        return Err(Error::ArgumentInvalid);
    }
    let mut targets = storage::targets(env);
    let place = targets.first_index_of(contract);
    if functions.is_empty() {
        if let Some(i) = place {
            targets.remove(i);
        }
        storage::remove_functions(env, contract);
    } else {
        if place.is_none() {
            targets.push_back(contract.clone());
        }
        if targets.len() > TARGETS_MAX {
            return Err(Error::ArgumentInvalid);
        }
        storage::set_functions(env, contract, functions);
    }
    storage::set_targets(env, &targets);
    event::TargetSet { contract: contract.clone(), functions: functions.clone() }.publish(env);
    Ok(())
}

/// Whether governance may call that.
pub fn allows(env: &Env, contract: &Address, function: &Symbol) -> bool {
    storage::functions(env, contract).is_some_and(|l| l.contains(function))
}
