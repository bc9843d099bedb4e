//! The guardian's pause: stops new SLAs for some days, and nothing else.

use flashback_core::{error::Error, interface::forward};
use soroban_sdk::{Env, IntoVal, Symbol, Val};

use crate::{event, storage, types::Pause, vote::seconds};

const FUNCTION: &str = "pause";

pub fn begin(env: &Env) -> Result<u64, Error> {
    let guardian = storage::guardian(env)?;
    guardian.require_auth();
    let now = env.ledger().timestamp();
    let pause = storage::pause(env);
    if pause.until != 0 || now < pause.rest_until {
        return Err(Error::PauseSpent);
    }
    let until = now.checked_add(seconds(env, storage::params(env)?.pause_seconds)?).ok_or(Error::Overflow)?;
    storage::set_pause(env, &Pause { until, ..pause });
    event::GuardianPaused { guardian, until }.publish(env);
    tell(env, true)?;
    Ok(until)
}

pub fn end(env: &Env) -> Result<(), Error> {
    let until = storage::pause(env).until;
    if until == 0 {
        return Err(Error::StateWrong);
    }
    if env.ledger().timestamp() < until {
        storage::guardian(env)?.require_auth();
    }
    over(env)?;
    tell(env, false)
}

/// A vote decided about the pause: the guardian's is over, so that it cannot undo that.
pub fn overruled(env: &Env, action: &crate::types::Action) -> Result<(), Error> {
    let about = action.target == storage::consumer(env)? && action.function == Symbol::new(env, FUNCTION);
    if about && storage::pause(env).until != 0 {
        over(env)?;
    }
    Ok(())
}

fn over(env: &Env) -> Result<(), Error> {
    let rest = seconds(env, storage::params(env)?.rest_seconds)?;
    let rest_until = env.ledger().timestamp().checked_add(rest).ok_or(Error::Overflow)?;
    storage::set_pause(env, &Pause { until: 0, rest_until });
    event::GuardianUnpaused { guardian: storage::guardian(env)?, rest_until }.publish(env);
    Ok(())
}

fn tell(env: &Env, paused: bool) -> Result<(), Error> {
    let args = (paused,).into_val(env);
    forward(env.try_invoke_contract::<Val, Error>(&storage::consumer(env)?, &Symbol::new(env, FUNCTION), args)).map(|_| ())
}
