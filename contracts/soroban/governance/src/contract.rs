use flashback_core::{
    error::Error,
    upgrade::{self, Upgrade},
};
use soroban_sdk::{contract, contractimpl, panic_with_error, Address, BytesN, Env, Symbol, Vec};

use crate::{
    execute, params, pause, storage, target,
    types::{Action, Params, Pause, Proposal, State, Target},
    vote,
};

#[contract]
pub struct Governance;

#[contractimpl]
impl Governance {
    /// `consumer` is the Consumer Orchestrator. `scale` divides all times, for local networks; 1 on public ones.
    pub fn __constructor(
        env: Env,
        staking: Address,
        consumer: Address,
        guardian: Address,
        params: Params,
        targets: Vec<Target>,
        scale: u64,
    ) {
        if let Err(e) = init(&env, &staking, &consumer, &guardian, &params, &targets, scale) {
            panic_with_error!(&env, e);
        }
    }

    /// Puts actions, of which `actions` is the hash, to the vote; answers the proposal's number.
    ///
    /// # Errors
    /// PowerMissing.
    pub fn propose(env: Env, proposer: Address, actions: BytesN<32>, about: BytesN<32>) -> Result<u32, Error> {
        proposer.require_auth();
        vote::propose(&env, &proposer, &actions, &about)
    }

    /// Votes once: 0 against, 1 for, 2 abstain; answers the weight.
    ///
    /// # Errors
    /// ArgumentInvalid, NotFound, VotingClosed, Voted, PowerMissing.
    pub fn vote(env: Env, voter: Address, number: u32, choice: u32) -> Result<i128, Error> {
        voter.require_auth();
        vote::vote(&env, &voter, number, choice)
    }

    /// Makes every call of a proposal that passed, or none. Anyone.
    ///
    /// # Errors
    /// NotFound, StateWrong, VotingOpen, VoteFailed, TimeLocked, ArgumentInvalid, ActionMismatch, TargetUnknown, and what an action fails with.
    pub fn execute(env: Env, number: u32, actions: Vec<Action>) -> Result<(), Error> {
        execute::execute(&env, number, &actions)
    }

    /// Takes a proposal back while the vote runs.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, VotingClosed.
    pub fn cancel(env: Env, proposer: Address, number: u32) -> Result<(), Error> {
        proposer.require_auth();
        vote::cancel(&env, &proposer, number)
    }

    /// Stops new SLAs; answers until when. Guardian only.
    ///
    /// # Errors
    /// PauseSpent.
    pub fn guardian_pause(env: Env) -> Result<u64, Error> {
        pause::begin(&env)
    }

    /// Ends a guardian's pause: the guardian, or anyone once its time is over.
    ///
    /// # Errors
    /// StateWrong.
    pub fn unpause(env: Env) -> Result<(), Error> {
        pause::end(&env)
    }

    /// Replaces this contract's code by what a proposal announced, once its time has come. Anyone.
    ///
    /// # Errors
    /// NotFound, UpgradeEarly.
    pub fn upgrade(env: Env) -> Result<(), Error> {
        upgrade::apply(&env)
    }

    /// The state of a proposal now.
    ///
    /// # Errors
    /// NotFound.
    pub fn state(env: Env, number: u32) -> Result<State, Error> {
        Ok(vote::state(&storage::proposal(&env, number)?, env.ledger().timestamp()))
    }

    /// # Errors
    /// NotFound.
    pub fn proposal(env: Env, number: u32) -> Result<Proposal, Error> {
        storage::proposal(&env, number)
    }

    /// What a voter chose, if it voted.
    pub fn vote_of(env: Env, number: u32, voter: Address) -> Result<Option<u32>, Error> {
        Ok(storage::vote(&env, number, &voter))
    }

    /// How many proposals there were; they are numbered from 1.
    pub fn count(env: Env) -> Result<u32, Error> {
        Ok(storage::count(&env))
    }

    pub fn params(env: Env) -> Result<Params, Error> {
        storage::params(&env)
    }

    pub fn scale(env: Env) -> Result<u64, Error> {
        storage::scale(&env)
    }

    pub fn targets(env: Env) -> Result<Vec<Address>, Error> {
        Ok(storage::targets(&env))
    }

    /// What may be called at a contract.
    pub fn functions(env: Env, target: Address) -> Result<Vec<Symbol>, Error> {
        Ok(storage::functions(&env, &target).unwrap_or_else(|| Vec::new(&env)))
    }

    pub fn guardian(env: Env) -> Result<Address, Error> {
        storage::guardian(&env)
    }

    /// The guardian's pause.
    pub fn pause(env: Env) -> Result<Pause, Error> {
        Ok(storage::pause(&env))
    }

    /// The announced upgrade of this contract, if there is one.
    pub fn upgrade_announced(env: Env) -> Result<Option<Upgrade>, Error> {
        Ok(upgrade::announced(&env))
    }
}

fn init(
    env: &Env,
    staking: &Address,
    consumer: &Address,
    guardian: &Address,
    params: &Params,
    targets: &Vec<Target>,
    scale: u64,
) -> Result<(), Error> {
    params::check(params)?;
    if !(1..=params::SCALE_MAX).contains(&scale) {
        return Err(Error::ArgumentInvalid);
    }
    storage::init(env, staking, consumer, guardian, params, scale);
    for t in targets.iter() {
        target::set(env, &t.contract, &t.functions)?;
    }
    Ok(())
}
