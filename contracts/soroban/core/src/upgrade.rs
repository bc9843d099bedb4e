//! New code for a contract, by its admin and after a delay that everybody can see, so that whoever does not trust it can leave first.
//! State stays. Nothing else can change a contract's code.

use soroban_sdk::{contractevent, contracttype, BytesN, ContractExecutable, Env};

use crate::error::Error;

/// From the announcement to the earliest upgrade, in seconds.
pub const DELAY_SECONDS: u64 = 7 * 86_400;
/// After the delay the upgrade may happen for so long, in seconds; later it has to be announced again.
pub const OPEN_SECONDS: u64 = 7 * 86_400;

#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Upgrade {
    /// SHA-256 of the new code.
    pub wasm: BytesN<32>,
    /// Unix seconds from which it may happen.
    pub from: u64,
}

/// The key of the announced upgrade in the instance's storage, the same in every contract.
#[contracttype]
#[derive(Clone)]
enum Key {
    Upgrade,
}

#[contractevent(topics = ["upgrade_announced"])]
struct Announced {
    #[topic]
    wasm: BytesN<32>,
    from: u64,
}

#[contractevent(topics = ["upgraded"])]
struct Upgraded {
    #[topic]
    wasm: BytesN<32>,
}

/// Announces code; an earlier announcement is replaced. The caller has checked the admin's authorisation.
///
/// # Errors
/// Overflow.
pub fn announce(env: &Env, wasm: &BytesN<32>) -> Result<(), Error> {
    let from = env.ledger().timestamp().checked_add(DELAY_SECONDS).ok_or(Error::Overflow)?;
    env.storage().instance().set(&Key::Upgrade, &Upgrade { wasm: wasm.clone(), from });
    Announced { wasm: wasm.clone(), from }.publish(env);
    Ok(())
}

/// Replaces the contract's code by the announced one, from the end of this call on. The caller has checked the admin's authorisation.
///
/// # Errors
/// NotFound (nothing is announced, or too long ago), UpgradeEarly.
pub fn apply(env: &Env) -> Result<(), Error> {
    let now = env.ledger().timestamp();
    let Upgrade { wasm, from } = announced(env).ok_or(Error::NotFound)?;
    if now < from {
        return Err(Error::UpgradeEarly);
    }
    if now - from > OPEN_SECONDS {
        return Err(Error::NotFound);
    }
    env.storage().instance().remove(&Key::Upgrade);
    Upgraded { wasm: wasm.clone() }.publish(env);
    env.deployer().update_current_contract(ContractExecutable::Wasm(wasm));
    Ok(())
}

/// The announced upgrade, if there is one.
pub fn announced(env: &Env) -> Option<Upgrade> {
    env.storage().instance().get(&Key::Upgrade)
}
