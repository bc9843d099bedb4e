//! Keys and lifetimes. The instance holds what never changes after wiring; everything else is an entry of its own that each call extends
//! when it touches it (`flashback_core::lifetime`).

use flashback_core::{error::Error, lifetime, params::Params, schedule::Schedule};
use soroban_sdk::{contracttype, symbol_short, Address, BytesN, Env, IntoVal, Map, Symbol, TryFromVal, Val};

use crate::types::{Collateral, Node, Price, Provider, Reservation, Unit};

#[contracttype]
enum Key {
    Admin,
    Oracle,
    Consumer,
    Registry,
    Schedule,
    Params,
    Provider(Address),
    Collateral(Address, Address),
    Node(BytesN<32>),
    NodeOf(Address),
    Unit(BytesN<32>),
    Reservation(BytesN<32>),
    Price(BytesN<32>, Address),
}

pub fn init(env: &Env, admin: &Address, oracle: &Address, schedule: &Schedule, params: &Params) {
    let instance = env.storage().instance();
    instance.set(&Key::Admin, admin);
    instance.set(&Key::Oracle, oracle);
    instance.set(&Key::Schedule, schedule);
    lifetime::extend_instance(env);
    put(env, &Key::Params, params);
}

pub fn admin(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Admin)
}

pub fn oracle(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Oracle)
}

pub fn schedule(env: &Env) -> Result<Schedule, Error> {
    instance(env, &Key::Schedule)
}

/// The Consumer Orchestrator; [`Error::NotInitialized`] before `wire`.
pub fn consumer_orchestrator(env: &Env) -> Result<Address, Error> {
    instance(env, &Key::Consumer)
}

pub fn set_consumer_orchestrator(env: &Env, co: &Address) {
    env.storage().instance().set(&Key::Consumer, co);
}

pub fn set_admin(env: &Env, admin: &Address) {
    env.storage().instance().set(&Key::Admin, admin);
}

/// Who says which provider may list, if anybody does.
pub fn registry(env: &Env) -> Option<Address> {
    env.storage().instance().get(&Key::Registry)
}

pub fn set_registry(env: &Env, registry: &Address) {
    env.storage().instance().set(&Key::Registry, registry);
}

pub fn set_params(env: &Env, params: &Params) {
    put(env, &Key::Params, params);
}

pub fn params(env: &Env) -> Result<Params, Error> {
    find(env, &Key::Params).ok_or(Error::NotInitialized)
}

pub fn provider(env: &Env, provider: &Address) -> Result<Provider, Error> {
    find(env, &Key::Provider(provider.clone())).ok_or(Error::ProviderUnknown)
}

pub fn has_provider(env: &Env, provider: &Address) -> bool {
    env.storage().persistent().has(&Key::Provider(provider.clone()))
}

pub fn set_provider(env: &Env, provider: &Address, value: &Provider) {
    put(env, &Key::Provider(provider.clone()), value);
}

/// Nothing stored is no collateral.
pub fn collateral(env: &Env, provider: &Address, asset: &Address) -> Collateral {
    find(env, &Key::Collateral(provider.clone(), asset.clone())).unwrap_or(Collateral { free: 0, locked: 0 })
}

pub fn set_collateral(env: &Env, provider: &Address, asset: &Address, value: &Collateral) {
    put(env, &Key::Collateral(provider.clone(), asset.clone()), value);
}

pub fn find_node(env: &Env, id: &BytesN<32>) -> Option<Node> {
    find(env, &Key::Node(id.clone()))
}

pub fn node(env: &Env, id: &BytesN<32>) -> Result<Node, Error> {
    find_node(env, id).ok_or(Error::NotFound)
}

pub fn set_node(env: &Env, id: &BytesN<32>, value: &Node) {
    put(env, &Key::Node(id.clone()), value);
}

pub fn node_of(env: &Env, key: &Address) -> Option<BytesN<32>> {
    find(env, &Key::NodeOf(key.clone()))
}

pub fn set_node_of(env: &Env, key: &Address, id: &BytesN<32>) {
    put(env, &Key::NodeOf(key.clone()), id);
}

pub fn remove_node_of(env: &Env, key: &Address) {
    env.storage().persistent().remove(&Key::NodeOf(key.clone()));
}

pub fn has_unit(env: &Env, id: &BytesN<32>) -> bool {
    env.storage().persistent().has(&Key::Unit(id.clone()))
}

pub fn unit(env: &Env, id: &BytesN<32>) -> Result<Unit, Error> {
    find(env, &Key::Unit(id.clone())).ok_or(Error::NotFound)
}

pub fn set_unit(env: &Env, id: &BytesN<32>, value: &Unit) {
    put(env, &Key::Unit(id.clone()), value);
}

pub fn has_reservation(env: &Env, sla: &BytesN<32>) -> bool {
    env.storage().persistent().has(&Key::Reservation(sla.clone()))
}

pub fn reservation(env: &Env, sla: &BytesN<32>) -> Result<Reservation, Error> {
    let mut stored: Map<Symbol, Val> = find(env, &Key::Reservation(sla.clone())).ok_or(Error::NotFound)?;
    if !stored.contains_key(symbol_short!("previous")) {
        renew_layout(env, &mut stored);
    }
    Reservation::try_from_val(env, &stored.to_val()).map_err(|_| Error::Malformed)
}

/// Completes a reservation that was stored before there were successors; the next write keeps it so.
fn renew_layout(env: &Env, stored: &mut Map<Symbol, Val>) {
    stored.set(symbol_short!("previous"), BytesN::from_array(env, &[0; 32]).to_val());
    stored.set(symbol_short!("takes"), 0u64.into_val(env));
    stored.set(symbol_short!("reclaim"), 0i128.into_val(env));
    stored.set(Symbol::new(env, "reclaim_epochs"), 0u32.into());
}

pub fn set_reservation(env: &Env, value: &Reservation) {
    put(env, &Key::Reservation(value.sla.clone()), value);
}

/// What the unit asks of one consumer now, if there is such a price.
pub fn price(env: &Env, unit: &BytesN<32>, consumer: &Address) -> Option<Price> {
    let price: Price = find(env, &Key::Price(unit.clone(), consumer.clone()))?;
    (env.ledger().timestamp() < price.until).then_some(price)
}

pub fn set_price(env: &Env, unit: &BytesN<32>, consumer: &Address, price: &Price) {
    put(env, &Key::Price(unit.clone(), consumer.clone()), price);
}

pub fn remove_price(env: &Env, unit: &BytesN<32>, consumer: &Address) {
    env.storage().persistent().remove(&Key::Price(unit.clone(), consumer.clone()));
}

/// The `renew` functions give entries that exist the longest lifetime.
pub fn renew_provider(env: &Env, provider: &Address) {
    lifetime::extend_fully(env, &Key::Provider(provider.clone()));
}

pub fn renew_node(env: &Env, id: &BytesN<32>, key: &Address) {
    lifetime::extend_fully(env, &Key::Node(id.clone()));
    let key = Key::NodeOf(key.clone());
    if env.storage().persistent().has(&key) {
        lifetime::extend_fully(env, &key);
    }
}

pub fn renew_unit(env: &Env, id: &BytesN<32>) {
    lifetime::extend_fully(env, &Key::Unit(id.clone()));
}

pub fn renew_reservation(env: &Env, sla: &BytesN<32>) {
    lifetime::extend_fully(env, &Key::Reservation(sla.clone()));
}

pub fn renew_collateral(env: &Env, provider: &Address, asset: &Address) {
    let key = Key::Collateral(provider.clone(), asset.clone());
    if env.storage().persistent().has(&key) {
        lifetime::extend_fully(env, &key);
    }
}

/// The instance, the code and the parameters, on which everything depends.
pub fn renew_own(env: &Env) {
    lifetime::extend_instance(env);
    lifetime::extend_fully(env, &Key::Params);
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
