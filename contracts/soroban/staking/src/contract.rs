use flashback_core::{error::Error, upgrade::Upgrade};
use soroban_sdk::{contract, contractimpl, panic_with_error, token::TokenClient, Address, BytesN, Env};

use crate::{
    event, slashing, stake,
    storage::{self, Of},
    trail,
    types::Position,
    upgrade,
};

#[contract]
pub struct Staking;

#[contractimpl]
impl Staking {
    /// `fund` gets what cannot go to the payee of a slash.
    pub fn __constructor(env: Env, admin: Address, token: Address, fund: Address) {
        if fund == env.current_contract_address() {
            panic_with_error!(&env, Error::ArgumentInvalid);
        }
        storage::init(&env, &admin, &token, &fund);
    }

    /// Takes FLASH from `from` as stake of `owner` in a role: 0 provider, 1 validator, 2 certifier, 3 arbiter, 4 voter.
    ///
    /// # Errors
    /// AmountInvalid, ArgumentInvalid, Overflow, TransferFailed.
    pub fn stake(env: Env, from: Address, owner: Address, role: u32, amount: i128) -> Result<(), Error> {
        from.require_auth();
        stake::add(&env, &from, &owner, role, amount)?;
        transfer(&env, &from, &env.current_contract_address(), amount)
    }

    /// Begins to take `amount` out; it can be withdrawn 30 days later. Votes fall at once. Answers the unbonding's number.
    ///
    /// # Errors
    /// AmountInvalid, ArgumentInvalid, StakeMissing, UnbondingFull.
    pub fn unbond(env: Env, owner: Address, role: u32, amount: i128) -> Result<u32, Error> {
        owner.require_auth();
        stake::unbond(&env, &owner, role, amount)
    }

    /// Makes an unbonding active stake again.
    ///
    /// # Errors
    /// ArgumentInvalid, NotFound.
    pub fn cancel_unbond(env: Env, owner: Address, role: u32, number: u32) -> Result<(), Error> {
        owner.require_auth();
        stake::cancel_unbond(&env, &owner, role, number)
    }

    /// Pays the owner what has matured. Anyone.
    ///
    /// # Errors
    /// ArgumentInvalid, StakeHeld, NothingDue, TransferFailed.
    pub fn withdraw(env: Env, owner: Address, role: u32) -> Result<i128, Error> {
        let amount = stake::withdraw(&env, &owner, role)?;
        transfer(&env, &env.current_contract_address(), &owner, amount)?;
        Ok(amount)
    }

    /// Names who may slash and hold, or takes that back. Admin only.
    pub fn slasher(env: Env, contract: Address, allowed: bool) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        slashing::name(&env, &contract, allowed)
    }

    /// Takes up to `amount` of a stake, unbondings included, and pays it to `to`. A slasher only; answers what was taken.
    ///
    /// # Errors
    /// NotAuthorized, AmountInvalid, ArgumentInvalid, TransferFailed.
    pub fn slash(env: Env, by: Address, owner: Address, role: u32, amount: i128, to: Address, cause: BytesN<32>) -> Result<i128, Error> {
        by.require_auth();
        let slash = slashing::slash(&env, &by, &owner, role, amount, &to, &cause)?;
        if slash.taken > 0 {
            transfer(&env, &env.current_contract_address(), &slash.to, slash.taken)?;
        }
        Ok(slash.taken)
    }

    /// Lets nothing of a stake be withdrawn before `until`, at most 60 days ahead. A slasher only.
    ///
    /// # Errors
    /// NotAuthorized, ArgumentInvalid.
    pub fn hold(env: Env, by: Address, owner: Address, role: u32, until: u64) -> Result<(), Error> {
        by.require_auth();
        slashing::hold(&env, &by, &owner, role, until)
    }

    /// Hands the admin's office on. Admin only.
    pub fn set_admin(env: Env, admin: Address) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        storage::set_admin(&env, &admin);
        event::Admin { admin }.publish(&env);
        Ok(())
    }

    /// Announces new code, 37 days ahead; an earlier announcement is replaced. Admin only.
    ///
    /// # Errors
    /// Overflow.
    pub fn upgrade_announce(env: Env, wasm: BytesN<32>) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        upgrade::announce(&env, &wasm)
    }

    /// Replaces the code by what was announced, for 7 days once its time has come. Admin only.
    ///
    /// # Errors
    /// NotFound, UpgradeEarly.
    pub fn upgrade(env: Env) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        upgrade::apply(&env)
    }

    pub fn upgrade_announced(env: Env) -> Option<Upgrade> {
        storage::upgrade(&env)
    }

    /// The active stake.
    pub fn stake_of(env: Env, owner: Address, role: u32) -> i128 {
        storage::position(&env, &owner, role).active
    }

    /// The whole stake with its unbondings.
    pub fn position(env: Env, owner: Address, role: u32) -> Position {
        storage::position(&env, &owner, role)
    }

    /// The active stake of all roles, now.
    pub fn votes(env: Env, owner: Address) -> i128 {
        trail::votes(&env, &Of::Owner(&owner))
    }

    /// Everybody's votes, now.
    pub fn total(env: Env) -> i128 {
        trail::votes(&env, &Of::Total)
    }

    /// The votes at the end of `time`, which must be over: earlier than this ledger's.
    ///
    /// # Errors
    /// ArgumentInvalid.
    pub fn power_at(env: Env, owner: Address, time: u64) -> Result<i128, Error> {
        trail::at(&env, &Of::Owner(&owner), time)
    }

    /// Everybody's votes at the end of `time`, which must be over.
    ///
    /// # Errors
    /// ArgumentInvalid.
    pub fn total_at(env: Env, time: u64) -> Result<i128, Error> {
        trail::at(&env, &Of::Total, time)
    }

    /// From when on a contract may slash and hold.
    pub fn slasher_from(env: Env, contract: Address) -> Option<u64> {
        storage::slasher(&env, &contract)
    }

    pub fn admin(env: Env) -> Result<Address, Error> {
        storage::admin(&env)
    }

    pub fn token(env: Env) -> Result<Address, Error> {
        storage::token(&env)
    }

    pub fn fund(env: Env) -> Result<Address, Error> {
        storage::fund(&env)
    }
}

fn transfer(env: &Env, from: &Address, to: &Address, amount: i128) -> Result<(), Error> {
    match TokenClient::new(env, &storage::token(env)?).try_transfer(from, to, &amount) {
        Ok(Ok(())) => Ok(()),
        _ => Err(Error::TransferFailed),
    }
}
