//! Keys and lifetimes. The instance holds addresses, schedule, counters and the parameters' version; the rest are entries of their own, of
//! bounded size, that each call extends when it touches them.

use flashback_core::{error::Error, lifetime, schedule::Schedule, types::Config};
use soroban_sdk::{contracttype, Address, BytesN, Env, IntoVal, TryFromVal, Val, Vec};

use crate::types::{Case, Params, Seat, Slot, Window};

#[contracttype]
enum Key {
    Admin,
    Oracle,
    Provider,
    Consumer,
    Staking,
    Token,
    Score,
    Schedule,
    Version,
    Slots,
    Cursor,
    Params(u32),
    Case(BytesN<32>),
    Panel(BytesN<32>, u32),
    Open(BytesN<32>),
    Freed(BytesN<32>, bool),
    Window(BytesN<32>, u32),
    Slot(u32),
    SlotOf(Address),
    Config(BytesN<32>),
    Fault(Address, u64),
    Due(Address),
}

pub struct Peers {
    pub admin: Address,
    pub oracle: Address,
    pub po: Address,
    pub co: Address,
    pub staking: Address,
    pub token: Address,
}

pub fn init(env: &Env, peers: &Peers, schedule: &Schedule, params: &Params) {
    let instance = env.storage().instance();
    instance.set(&Key::Admin, &peers.admin);
    instance.set(&Key::Oracle, &peers.oracle);
    instance.set(&Key::Provider, &peers.po);
    instance.set(&Key::Consumer, &peers.co);
    instance.set(&Key::Staking, &peers.staking);
    instance.set(&Key::Token, &peers.token);
    instance.set(&Key::Schedule, schedule);
    instance.set(&Key::Slots, &0u32);
    instance.set(&Key::Cursor, &0u32);
    set_params(env, params);
}

pub fn admin(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Admin)
}

pub fn set_admin(env: &Env, admin: &Address) {
    env.storage().instance().set(&Key::Admin, admin);
}

pub fn oracle(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Oracle)
}

pub fn provider_orchestrator(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Provider)
}

pub fn consumer_orchestrator(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Consumer)
}

pub fn staking(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Staking)
}

pub fn token(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Token)
}

/// The Score contract, where one was named.
pub fn score(env: &Env) -> Option<Address> {
    env.storage().instance().get(&Key::Score)
}

pub fn set_score(env: &Env, score: &Address) -> Result<(), Error> {
    if env.storage().instance().has(&Key::Score) {
        return Err(Error::AlreadyInitialized);
    }
    env.storage().instance().set(&Key::Score, score);
    Ok(())
}

pub fn schedule(env: &Env) -> Result<Schedule, Error> {
    instance(env, &Key::Schedule)
}

pub fn params(env: &Env) -> Result<Params, Error> {
    params_of(env, instance(env, &Key::Version)?)
}

/// The parameters that a dispute began with.
pub fn params_of(env: &Env, version: u32) -> Result<Params, Error> {
    find(env, &Key::Params(version)).ok_or(Error::NotInitialized)
}

pub fn set_params(env: &Env, params: &Params) {
    put(env, &Key::Params(params.version), params);
    env.storage().instance().set(&Key::Version, &params.version);
    lifetime::extend_instance(env);
}

/// Places for arbiters so far, and the place that the next newcomer looks at.
pub fn slots(env: &Env) -> Result<(u32, u32), Error> {
    Ok((instance(env, &Key::Slots)?, instance(env, &Key::Cursor)?))
}

pub fn set_slots(env: &Env, slots: u32, cursor: u32) {
    env.storage().instance().set(&Key::Slots, &slots);
    env.storage().instance().set(&Key::Cursor, &cursor);
}

pub fn slot(env: &Env, at: u32) -> Option<Slot> {
    find(env, &Key::Slot(at))
}

pub fn set_slot(env: &Env, at: u32, slot: &Slot) {
    put(env, &Key::Slot(at), slot);
}

pub fn slot_of(env: &Env, arbiter: &Address) -> Option<u32> {
    find(env, &Key::SlotOf(arbiter.clone()))
}

pub fn set_slot_of(env: &Env, arbiter: &Address, at: u32) {
    put(env, &Key::SlotOf(arbiter.clone()), &at);
}

pub fn remove_slot_of(env: &Env, arbiter: &Address) {
    env.storage().persistent().remove(&Key::SlotOf(arbiter.clone()));
}

pub fn has_case(env: &Env, id: &BytesN<32>) -> bool {
    env.storage().persistent().has(&Key::Case(id.clone()))
}

pub fn case(env: &Env, id: &BytesN<32>) -> Result<Case, Error> {
    find(env, &Key::Case(id.clone())).ok_or(Error::NotFound)
}

pub fn set_case(env: &Env, id: &BytesN<32>, case: &Case) {
    put(env, &Key::Case(id.clone()), case);
}

pub fn panel(env: &Env, id: &BytesN<32>, round: u32) -> Vec<Seat> {
    find(env, &Key::Panel(id.clone(), round)).unwrap_or_else(|| Vec::new(env))
}

pub fn set_panel(env: &Env, id: &BytesN<32>, round: u32, panel: &Vec<Seat>) {
    put(env, &Key::Panel(id.clone(), round), panel);
}

/// The dispute that is open on an SLA.
pub fn open(env: &Env, sla: &BytesN<32>) -> Option<BytesN<32>> {
    find(env, &Key::Open(sla.clone()))
}

pub fn set_open(env: &Env, sla: &BytesN<32>, id: &BytesN<32>) {
    put(env, &Key::Open(sla.clone()), id);
}

pub fn remove_open(env: &Env, sla: &BytesN<32>) {
    env.storage().persistent().remove(&Key::Open(sla.clone()));
}

/// When the last dispute of the SLA ended that one side opened: by accusing, or not. 0: there was none.
pub fn freed(env: &Env, sla: &BytesN<32>, accused: bool) -> u64 {
    find(env, &Key::Freed(sla.clone(), accused)).unwrap_or(0)
}

pub fn set_freed(env: &Env, sla: &BytesN<32>, accused: bool, at: u64) {
    put(env, &Key::Freed(sla.clone(), accused), &at);
}

pub fn window(env: &Env, sla: &BytesN<32>, number: u32) -> Window {
    find(env, &Key::Window(sla.clone(), number)).unwrap_or_default()
}

pub fn set_window(env: &Env, sla: &BytesN<32>, number: u32, window: &Window) {
    put(env, &Key::Window(sla.clone(), number), window);
}

pub fn config(env: &Env, digest: &BytesN<32>) -> Option<Config> {
    find(env, &Key::Config(digest.clone()))
}

pub fn set_config(env: &Env, digest: &BytesN<32>, config: &Config) {
    put(env, &Key::Config(digest.clone()), config);
}

/// Whether an operator was slashed for this epoch already.
pub fn has_fault(env: &Env, operator: &Address, epoch: u64) -> bool {
    env.storage().persistent().has(&Key::Fault(operator.clone(), epoch))
}

pub fn set_fault(env: &Env, operator: &Address, epoch: u64) {
    put(env, &Key::Fault(operator.clone(), epoch), &());
}

pub fn due(env: &Env, account: &Address) -> i128 {
    find(env, &Key::Due(account.clone())).unwrap_or(0)
}

pub fn set_due(env: &Env, account: &Address, amount: i128) {
    if amount == 0 {
        env.storage().persistent().remove(&Key::Due(account.clone()));
    } else {
        put(env, &Key::Due(account.clone()), &amount);
    }
}

fn instance<V: TryFromVal<Env, Val>>(env: &Env, key: &Key) -> Result<V, Error> {
    lifetime::extend_instance(env);
    env.storage().instance().get(key).ok_or(Error::NotInitialized)
}

fn find<V: TryFromVal<Env, Val>>(env: &Env, key: &Key) -> Option<V> {
    let value = env.storage().persistent().get(key)?;
    lifetime::extend(env, key);
    Some(value)
}

fn put<V: IntoVal<Env, Val>>(env: &Env, key: &Key, value: &V) {
    env.storage().persistent().set(key, value);
    lifetime::extend(env, key);
}

/// Everything of a case to the longest lifetime.
pub fn extend_case(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let case = case(env, id)?;
    let keys = [
        Key::Case(id.clone()),
        Key::Panel(id.clone(), 0),
        Key::Panel(id.clone(), 1),
        Key::Window(case.sla.clone(), case.window),
        Key::Open(case.sla),
        Key::Params(case.params_version),
    ];
    for key in keys {
        if env.storage().persistent().has(&key) {
            lifetime::extend_fully(env, &key);
        }
    }
    lifetime::extend_instance(env);
    Ok(())
}
