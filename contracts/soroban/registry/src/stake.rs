//! What the Registry asks of Staking: how much a certifier has, that it stays, and what it loses.

use flashback_core::{
    error::Error,
    interface::{forward, StakingClient},
};
use soroban_sdk::{Address, BytesN, Env};

use crate::{params::DAY_SECONDS, storage, types::Certifier};

pub const ROLE_PROVIDER: u32 = 0;
pub const ROLE_CERTIFIER: u32 = 2;
/// Staking holds at most so far ahead.
const HOLD_MAX_SECONDS: u64 = 60 * DAY_SECONDS;

/// The active stake.
pub fn of(env: &Env, owner: &Address, role: u32) -> Result<i128, Error> {
    Ok(StakingClient::new(env, &storage::staking(env)?).stake_of(owner, &role))
}

/// Whether the certifier's stake still covers its bonds.
pub fn covers(env: &Env, owner: &Address, certifier: &Certifier) -> Result<bool, Error> {
    Ok(of(env, owner, ROLE_CERTIFIER)? >= certifier.bonded)
}

/// Holds a certifier's stake until its duty ends, at most as far ahead as Staking allows.
pub fn hold(env: &Env, owner: &Address, certifier: &Certifier) -> Result<(), Error> {
    let now = env.ledger().timestamp();
    if certifier.bonded == 0 || certifier.duty_until <= now {
        return Ok(());
    }
    let until = certifier.duty_until.min(now.saturating_add(HOLD_MAX_SECONDS));
    let staking = StakingClient::new(env, &storage::staking(env)?);
    forward(staking.try_hold(&env.current_contract_address(), owner, &ROLE_CERTIFIER, &until))
}

/// Takes at most `amount` of a certifier's stake; answers what was there and is paid to `to`.
pub fn slash(env: &Env, owner: &Address, amount: i128, to: &Address, cause: &BytesN<32>) -> Result<i128, Error> {
    if amount == 0 {
        return Ok(0);
    }
    let staking = StakingClient::new(env, &storage::staking(env)?);
    forward(staking.try_slash(&env.current_contract_address(), owner, &ROLE_CERTIFIER, &amount, to, cause))
}
