//! What the contracts ask of each other, as clients. A refused call hands on the callee's error number.

use soroban_sdk::{contractclient, Address, Bytes, BytesN, Env, InvokeError, Vec};

use crate::{
    error::Error,
    types::{Config, Divided, Quote, Reservation},
};

#[contractclient(name = "OracleClient")]
pub trait Oracle {
    fn root(env: Env, epoch: u64) -> Option<BytesN<32>>;
    fn config(env: Env) -> Config;
    fn network(env: Env) -> BytesN<32>;
}

/// What the Consumer Orchestrator asks of the Provider Orchestrator.
#[contractclient(name = "ProviderClient")]
pub trait Provider {
    fn quote(
        env: Env,
        unit: BytesN<32>,
        consumer: Address,
        volume: u64,
        egress: u64,
        duration: u32,
        previous: BytesN<32>,
    ) -> Result<Quote, Error>;
    #[allow(clippy::too_many_arguments)]
    fn reserve(
        env: Env,
        sla: BytesN<32>,
        unit: BytesN<32>,
        consumer: Address,
        volume: u64,
        terms_hash: BytesN<32>,
        refund: Address,
        collateral: i128,
        auto: bool,
        previous: BytesN<32>,
    ) -> Result<bool, Error>;
    fn activate(env: Env, sla: BytesN<32>, start_epoch: u64, zero_leaf_hash: BytesN<32>) -> Result<(), Error>;
    fn release(env: Env, sla: BytesN<32>) -> Result<(), Error>;
    #[allow(clippy::too_many_arguments)]
    fn settle(
        env: Env,
        sla: BytesN<32>,
        terms: Bytes,
        from: Bytes,
        to: Bytes,
        epoch: u64,
        bits: u64,
        path: Vec<BytesN<32>>,
    ) -> Result<(), Error>;
    fn finish(env: Env, sla: BytesN<32>) -> Result<(), Error>;
    fn divide(env: Env, sla: BytesN<32>, parts: Vec<Divided>) -> Result<(), Error>;
    fn assign(env: Env, sla: BytesN<32>, refund: Address) -> Result<(), Error>;
    fn reservation(env: Env, sla: BytesN<32>) -> Result<Reservation, Error>;
}

/// What the Provider Orchestrator and the Dispute contract tell the Consumer Orchestrator, and what others read there.
#[contractclient(name = "ConsumerClient")]
pub trait Consumer {
    fn accepted(env: Env, sla: BytesN<32>) -> Result<(bool, u64, BytesN<32>), Error>;
    fn refused(env: Env, sla: BytesN<32>) -> Result<(), Error>;
    fn reclaimed(env: Env, sla: BytesN<32>) -> Result<(u32, i128), Error>;
    fn freeze(env: Env, sla: BytesN<32>, amount: i128, bond: bool) -> Result<i128, Error>;
    fn rule(env: Env, sla: BytesN<32>, to_consumer: i128) -> Result<(), Error>;
    fn terms(env: Env, sla: BytesN<32>) -> Result<Bytes, Error>;
}

/// What the other contracts ask of Staking.
#[contractclient(name = "StakingClient")]
pub trait Staking {
    fn stake_of(env: Env, owner: Address, role: u32) -> i128;
    fn power_at(env: Env, owner: Address, time: u64) -> i128;
    fn total_at(env: Env, time: u64) -> i128;
    fn hold(env: Env, by: Address, owner: Address, role: u32, until: u64) -> Result<(), Error>;
    fn slash(env: Env, by: Address, owner: Address, role: u32, amount: i128, to: Address, cause: BytesN<32>) -> Result<i128, Error>;
}

/// What the Provider Orchestrator asks of the Registry.
#[contractclient(name = "RegistryClient")]
pub trait Registry {
    fn may_list(env: Env, provider: Address) -> bool;
}

/// The result of a `try_` call with the callee's own error number.
///
/// # Panics
/// When the callee did not answer as its interface says: there is no number for that, and the whole call must fail.
pub fn forward<T, C>(result: Result<Result<T, C>, Result<Error, InvokeError>>) -> Result<T, Error> {
    match result {
        Ok(Ok(value)) => Ok(value),
        Err(Ok(error)) => Err(error),
        Ok(Err(_)) | Err(Err(_)) => panic!(),
    }
}
