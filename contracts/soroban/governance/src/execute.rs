//! What a passed proposal does. The executor brings the actions, the proposal has their hash.

use flashback_core::{error::Error, hash::sha256_bytes, interface::forward, upgrade};
use soroban_sdk::{xdr::ToXdr, Address, BytesN, Env, Symbol, TryFromVal, Val, Vec};

use crate::{
    event, params, pause, storage, target,
    types::{Action, Params, State},
    vote::state,
};

const ACTIONS_MAX: u32 = 4;

pub fn execute(env: &Env, number: u32, actions: &Vec<Action>) -> Result<(), Error> {
    let mut p = storage::proposal(env, number)?;
    let now = env.ledger().timestamp();
    match state(&p, now) {
        State::Executed | State::Cancelled => return Err(Error::StateWrong),
        State::Open => return Err(Error::VotingOpen),
        State::Failed => return Err(Error::VoteFailed),
        State::Expired => return Err(Error::TimeLocked),
        State::Passed if now < p.opens => return Err(Error::TimeLocked),
        State::Passed => {}
    }
    if actions.is_empty() || actions.len() > ACTIONS_MAX {
        return Err(Error::ArgumentInvalid);
    }
    if sha256_bytes(env, &actions.clone().to_xdr(env)) != p.actions {
        return Err(Error::ActionMismatch);
    }
    let this = env.current_contract_address();
    for action in actions.iter() {
        let known = if action.target == this {
            own(env, &action.function).is_some()
        } else {
            target::allows(env, &action.target, &action.function)
        };
        if !known {
            return Err(Error::TargetUnknown);
        }
    }
    p.executed = true;
    storage::set_proposal(env, number, &p);
    event::Executed { number }.publish(env);
    for action in actions.iter() {
        match own(env, &action.function) {
            Some(does) if action.target == this => does(env, &action.args)?,
            _ => {
                pause::overruled(env, &action)?;
                forward(env.try_invoke_contract::<Val, Error>(&action.target, &action.function, action.args))?;
            }
        }
    }
    Ok(())
}

type Own = fn(&Env, &Vec<Val>) -> Result<(), Error>;

/// What governance does to itself. No contract of this chain can call itself, so these are actions and no entry points.
fn own(env: &Env, function: &Symbol) -> Option<Own> {
    let list: [(&str, Own); 4] =
        [("set_params", set_params), ("set_guardian", set_guardian), ("add_target", add_target), ("upgrade_announce", upgrade_announce)];
    list.into_iter().find(|(name, _)| *function == Symbol::new(env, name)).map(|(_, does)| does)
}

fn set_params(env: &Env, args: &Vec<Val>) -> Result<(), Error> {
    let params: Params = argument(env, args, 0, 1)?;
    params::check(&params)?;
    if storage::params(env)?.version.checked_add(1) != Some(params.version) {
        return Err(Error::ArgumentInvalid);
    }
    storage::set_params(env, &params);
    event::ParamsSet { version: params.version }.publish(env);
    Ok(())
}

fn set_guardian(env: &Env, args: &Vec<Val>) -> Result<(), Error> {
    let guardian: Address = argument(env, args, 0, 1)?;
    storage::set_guardian(env, &guardian);
    event::GuardianSet { guardian }.publish(env);
    Ok(())
}

fn add_target(env: &Env, args: &Vec<Val>) -> Result<(), Error> {
    let contract: Address = argument(env, args, 0, 2)?;
    let functions: Vec<Val> = argument(env, args, 1, 2)?;
    let mut names = Vec::new(env);
    for name in functions.iter() {
        names.push_back(Symbol::try_from_val(env, &name).map_err(|_| Error::ArgumentInvalid)?);
    }
    target::set(env, &contract, &names)
}

fn upgrade_announce(env: &Env, args: &Vec<Val>) -> Result<(), Error> {
    let wasm: BytesN<32> = argument(env, args, 0, 1)?;
    upgrade::announce(env, &wasm)
}

fn argument<T: TryFromVal<Env, Val>>(env: &Env, args: &Vec<Val>, i: u32, of: u32) -> Result<T, Error> {
    if args.len() != of {
        return Err(Error::ArgumentInvalid);
    }
    let value = args.get(i).ok_or(Error::ArgumentInvalid)?;
    T::try_from_val(env, &value).map_err(|_| Error::ArgumentInvalid)
}
