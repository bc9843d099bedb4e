use flashback_core::{
    error::Error,
    upgrade::{self, Upgrade},
};
use soroban_sdk::{contract, contractimpl, Address, BytesN, Env};

use crate::{
    answer::{self, Offer},
    ask, event, others, storage,
    types::{Answer, Ask, Deal, Wanted},
};

#[contract]
pub struct Market;

#[contractimpl]
impl Market {
    /// `po` and `co` are the Orchestrators; the admin can upgrade the contract, and nothing else.
    pub fn __constructor(env: Env, admin: Address, po: Address, co: Address) {
        let epoch_seconds = others::epoch_seconds(&env, &co);
        storage::init(&env, &admin, &po, &co, epoch_seconds);
    }

    /// Says what the consumer wants; answers the ask's id.
    ///
    /// # Errors
    /// ArgumentInvalid, AmountInvalid, Exists.
    pub fn ask(env: Env, consumer: Address, wanted: Wanted, nonce: BytesN<32>) -> Result<BytesN<32>, Error> {
        consumer.require_auth();
        ask::open(&env, &consumer, wanted, &nonce)
    }

    /// Answers an open ask, or replaces the provider's answer. The provider authorises the price for the consumer at the Provider
    /// Orchestrator inside.
    ///
    /// # Errors
    /// NotFound, StateWrong, PhaseWrong, NotAuthorized, ArgumentInvalid, what `price_for` refuses, PriceAbove.
    pub fn answer(
        env: Env,
        provider: Address,
        id: BytesN<32>,
        unit: BytesN<32>,
        storage_price: i128,
        egress_price: i128,
    ) -> Result<(), Error> {
        provider.require_auth();
        answer::open(&env, &provider, &id, Offer { unit, storage_price, egress_price })
    }

    /// Commits to an answer to a sealed ask, or replaces the provider's commitment.
    ///
    /// # Errors
    /// NotFound, StateWrong, PhaseWrong.
    pub fn commit(env: Env, provider: Address, id: BytesN<32>, commitment: BytesN<32>) -> Result<(), Error> {
        provider.require_auth();
        answer::commit(&env, &provider, &id, commitment)
    }

    /// Shows the answer that was committed to. The provider authorises the price for the consumer at the Provider Orchestrator inside.
    ///
    /// # Errors
    /// NotFound, StateWrong, PhaseWrong, CommitMismatch, NotAuthorized, ArgumentInvalid, what `price_for` refuses, PriceAbove.
    #[allow(clippy::too_many_arguments)]
    pub fn reveal(
        env: Env,
        provider: Address,
        id: BytesN<32>,
        unit: BytesN<32>,
        storage_price: i128,
        egress_price: i128,
        salt: BytesN<32>,
    ) -> Result<(), Error> {
        provider.require_auth();
        answer::reveal(&env, &provider, &id, Offer { unit, storage_price, egress_price }, &salt)
    }

    /// Takes a provider's answer: requests the SLA, which the consumer authorises inside, and answers its id.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong, PhaseWrong, PriceChanged, what the Consumer Orchestrator's `request` refuses.
    pub fn take(env: Env, consumer: Address, id: BytesN<32>, provider: Address, deal: Deal) -> Result<BytesN<32>, Error> {
        consumer.require_auth();
        ask::take(&env, &consumer, &id, &provider, &deal)
    }

    /// Takes an ask back.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong.
    pub fn withdraw(env: Env, consumer: Address, id: BytesN<32>) -> Result<(), Error> {
        consumer.require_auth();
        ask::withdraw(&env, &consumer, &id)
    }

    /// Ends an ask whose time to choose is over. Anyone.
    ///
    /// # Errors
    /// NotFound, StateWrong, NotTimedOut.
    pub fn expire(env: Env, id: BytesN<32>) -> Result<(), Error> {
        ask::expire(&env, &id)
    }

    /// Gives an ask the longest lifetime. Anyone.
    ///
    /// # Errors
    /// NotFound.
    pub fn extend(env: Env, id: BytesN<32>) -> Result<(), Error> {
        if storage::renew_ask(&env, &id) {
            Ok(())
        } else {
            Err(Error::NotFound)
        }
    }

    pub fn ask_of(env: Env, id: BytesN<32>) -> Result<Ask, Error> {
        storage::ask(&env, &id)
    }

    /// The answer of a provider, or its commitment.
    pub fn answer_of(env: Env, id: BytesN<32>, provider: Address) -> Result<Answer, Error> {
        storage::find_answer(&env, &id, &provider).ok_or(Error::NotFound)
    }

    /// The same by its number, from 0 to the ask's `answers` − 1.
    pub fn answer_at(env: Env, id: BytesN<32>, number: u32) -> Result<Answer, Error> {
        let provider = storage::provider_at(&env, &id, number).ok_or(Error::NotFound)?;
        storage::find_answer(&env, &id, &provider).ok_or(Error::NotFound)
    }

    /// Hands the admin's rights on. Admin only.
    pub fn set_admin(env: Env, admin: Address) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        storage::set_admin(&env, &admin);
        event::AdminSet { admin }.publish(&env);
        Ok(())
    }

    /// Announces new code. Admin only.
    ///
    /// # Errors
    /// Overflow.
    pub fn upgrade_announce(env: Env, wasm: BytesN<32>) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        upgrade::announce(&env, &wasm)
    }

    /// Takes the announced code; everything stored stays. Admin only.
    ///
    /// # Errors
    /// NotFound, UpgradeEarly.
    pub fn upgrade(env: Env) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        upgrade::apply(&env)
    }

    pub fn admin(env: Env) -> Result<Address, Error> {
        storage::admin(&env)
    }

    /// The announced upgrade, if there is one.
    pub fn upgrade_announced(env: Env) -> Option<Upgrade> {
        upgrade::announced(&env)
    }
}
