//! What this contract asks of the others. Answers of which only a part is needed are read field by field, so that fields may be added
//! there.

use flashback_core::{
    error::Error,
    interface::{forward, ConsumerClient, OracleClient, StakingClient},
    settlement::decode_terms,
    terms::Terms,
    types::{Config, ReservationState},
};
use soroban_sdk::{vec, Address, Bytes, BytesN, Env, IntoVal, InvokeError, Map, Symbol, TryFromVal, Val, Vec};

use crate::storage;

pub const ROLE_VALIDATOR: u32 = 1;
pub const ROLE_ARBITER: u32 = 3;

/// The terms, and their bytes.
pub fn terms(env: &Env, sla: &BytesN<32>) -> Result<(Terms, Bytes), Error> {
    let document = forward(ConsumerClient::new(env, &storage::consumer_orchestrator(env)?).try_terms(sla))?;
    Ok((decode_terms(&document)?, document))
}

/// What is read of the provider's half of an SLA.
pub struct Reservation {
    pub provider: Address,
    pub unit: BytesN<32>,
    /// No leaf follows.
    pub done: bool,
    pub settled_epochs: u32,
    pub start_epoch: u64,
}

pub fn reservation(env: &Env, sla: &BytesN<32>) -> Result<Reservation, Error> {
    let r = fields(env, &storage::provider_orchestrator(env)?, "reservation", vec![env, sla.into_val(env)])?;
    Ok(Reservation {
        provider: field(env, &r, "provider")?,
        unit: field(env, &r, "unit")?,
        done: field::<ReservationState>(env, &r, "state")? == ReservationState::Done,
        settled_epochs: field(env, &r, "settled_epochs")?,
        start_epoch: field(env, &r, "start_epoch")?,
    })
}

/// The consumer of now: an SLA may have been handed on.
pub fn consumer(env: &Env, sla: &BytesN<32>) -> Result<Address, Error> {
    field(env, &fields(env, &storage::consumer_orchestrator(env)?, "sla", vec![env, sla.into_val(env)])?, "consumer")
}

/// Takes up to `amount` out of the provider's claim, or of the consumer's bond; answers how much that was.
pub fn freeze(env: &Env, sla: &BytesN<32>, amount: i128, bond: bool) -> Result<i128, Error> {
    forward(ConsumerClient::new(env, &storage::consumer_orchestrator(env)?).try_freeze(sla, &amount, &bond))
}

/// Ends the freeze: so much to the consumer, the rest back to the provider.
pub fn rule(env: &Env, sla: &BytesN<32>, to_consumer: i128) -> Result<(), Error> {
    forward(ConsumerClient::new(env, &storage::consumer_orchestrator(env)?).try_rule(sla, &to_consumer))
}

pub fn root(env: &Env, epoch: u64) -> Result<Option<BytesN<32>>, Error> {
    Ok(OracleClient::new(env, &storage::oracle(env)?).root(&epoch))
}

pub fn config(env: &Env) -> Result<Config, Error> {
    Ok(OracleClient::new(env, &storage::oracle(env)?).config())
}

/// The last certified epoch; None before the first.
pub fn latest(env: &Env) -> Result<Option<u64>, Error> {
    let oracle = storage::oracle(env)?;
    let (epoch, _): (u64, BytesN<32>) = env.invoke_contract(&oracle, &Symbol::new(env, "latest"), Vec::new(env));
    Ok(Some(epoch).filter(|e| *e != u64::MAX))
}

pub fn stake_of(env: &Env, owner: &Address, role: u32) -> Result<i128, Error> {
    Ok(StakingClient::new(env, &storage::staking(env)?).stake_of(owner, &role))
}

/// Stake that can be slashed: active, and on its way out.
pub fn exposed(env: &Env, owner: &Address, role: u32) -> Result<i128, Error> {
    let args = vec![env, owner.into_val(env), role.into_val(env)];
    let stake = fields(env, &storage::staking(env)?, "position", args)?;
    let active: i128 = field(env, &stake, "active")?;
    active.checked_add(field(env, &stake, "unbonding")?).ok_or(Error::Overflow)
}

pub fn hold(env: &Env, owner: &Address, role: u32, until: u64) -> Result<(), Error> {
    forward(StakingClient::new(env, &storage::staking(env)?).try_hold(&env.current_contract_address(), owner, &role, &until))
}

/// Takes at most `amount` of a stake for `to`; answers what was taken.
pub fn slash(env: &Env, owner: &Address, role: u32, amount: i128, to: &Address, cause: &BytesN<32>) -> Result<i128, Error> {
    if amount == 0 {
        return Ok(0);
    }
    let by = env.current_contract_address();
    forward(StakingClient::new(env, &storage::staking(env)?).try_slash(&by, owner, &role, &amount, to, cause))
}

/// The same where a refusal must not hold up a dispute: then nothing was taken.
pub fn slash_if_possible(env: &Env, owner: &Address, role: u32, amount: i128, to: &Address, cause: &BytesN<32>) -> Result<i128, Error> {
    let staking = storage::staking(env)?;
    let by = env.current_contract_address();
    match StakingClient::new(env, &staking).try_slash(&by, owner, &role, &amount, to, cause) {
        Ok(Ok(taken)) => Ok(taken),
        _ => Ok(0),
    }
}

/// Tells the Score contract who lost, where there is one. What it says to that is its own matter: no ruling waits for a score.
pub fn tell_score(env: &Env, id: &BytesN<32>, sla: &BytesN<32>, loser: &Address) {
    if let Some(score) = storage::score(env) {
        let args = vec![env, id.into_val(env), sla.into_val(env), loser.into_val(env)];
        let _ = env.try_invoke_contract::<(), Error>(&score, &Symbol::new(env, "ruled"), args);
    }
}

/// The node that a unit is on, and that node's key.
pub fn node_of_unit(env: &Env, unit: &BytesN<32>) -> Result<(BytesN<32>, Address), Error> {
    let po = storage::provider_orchestrator(env)?;
    let node: BytesN<32> = field(env, &fields(env, &po, "unit", vec![env, unit.into_val(env)])?, "node")?;
    let key = field(env, &fields(env, &po, "node", vec![env, node.into_val(env)])?, "key")?;
    Ok((node, key))
}

fn fields(env: &Env, contract: &Address, name: &str, args: Vec<Val>) -> Result<Map<Symbol, Val>, Error> {
    match env.try_invoke_contract::<Map<Symbol, Val>, Error>(contract, &Symbol::new(env, name), args) {
        Ok(Ok(map)) => Ok(map),
        Err(Ok(error)) => Err(error),
        Ok(Err(_)) | Err(Err(InvokeError::Abort | InvokeError::Contract(_))) => Err(Error::NotFound),
    }
}

fn field<V: TryFromVal<Env, Val>>(env: &Env, map: &Map<Symbol, Val>, name: &str) -> Result<V, Error> {
    let value = map.get(Symbol::new(env, name)).ok_or(Error::NotFound)?;
    V::try_from_val(env, &value).map_err(|_| Error::NotFound)
}
