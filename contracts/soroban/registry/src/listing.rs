//! Who may be listed: whoever has a stake or paid for it.

use flashback_core::{error::Error, token};
use soroban_sdk::{Address, Env};

use crate::{event, params::YEAR_SECONDS, stake, storage};

const PERIODS_MAX: u32 = 36;
/// A subscription ends at most so far ahead.
const AHEAD_MAX_SECONDS: u64 = 3 * YEAR_SECONDS;

pub fn subscribe(env: &Env, from: &Address, provider: &Address, periods: u32, max_total: i128) -> Result<u64, Error> {
    let params = storage::params(env)?;
    if !(1..=PERIODS_MAX).contains(&periods) {
        return Err(Error::ArgumentInvalid);
    }
    if params.list_price == 0 {
        return Err(Error::StateWrong);
    }
    let total = params.list_price.checked_mul(periods.into()).ok_or(Error::Overflow)?;
    if total > max_total {
        return Err(Error::PriceAbove);
    }
    let now = env.ledger().timestamp();
    let time = params.list_period_seconds.checked_mul(periods.into()).ok_or(Error::Overflow)?;
    let until = storage::subscription(env, provider).max(now).checked_add(time).ok_or(Error::Overflow)?;
    if until - now > AHEAD_MAX_SECONDS {
        return Err(Error::ArgumentInvalid);
    }
    storage::set_subscription(env, provider, until);
    event::Subscribed { provider: provider.clone(), from: from.clone(), paid: total, until }.publish(env);
    token::transfer(env, &storage::token(env)?, from, &params.payee, total)?;
    Ok(until)
}

pub fn may_list(env: &Env, provider: &Address) -> Result<bool, Error> {
    let params = storage::params(env)?;
    if params.list_stake == 0 && params.list_price == 0 || storage::subscription(env, provider) > env.ledger().timestamp() {
        return Ok(true);
    }
    Ok(params.list_stake > 0 && stake::of(env, provider, stake::ROLE_PROVIDER)? >= params.list_stake)
}
