//! Data Units: what they promise, what they ask, and how much of them is taken.

use flashback_core::{
    error::Error,
    id,
    interface::RegistryClient,
    money::{bps_of, Rate},
    params::{Params, COLLATERAL_MAX_BPS},
    schedule::Schedule,
    terms::{COLLATERAL_MAX, EGRESS_MAX_BYTES, LIFE_MAX_SECONDS, PRICE_MAX, VOLUME_MAX_BYTES},
    types::Quote,
};
use soroban_sdk::{Address, BytesN, Env};

use crate::{
    event, node, reservation, storage,
    types::{Maintenance, Price, Spec, Unit, UnitState},
};

const CAPACITY_MAX_BYTES: u64 = 1 << 60;
const REGION_MAX: u32 = 64;
const PRICE_MAX_SECONDS: u64 = 90 * 86_400;
const PPM: u32 = 1_000_000;

pub fn create(env: &Env, provider: &Address, spec: Spec, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    check_spec(&spec, &storage::params(env)?)?;
    let id = id::unit(env, &env.current_contract_address(), provider, nonce)?;
    if storage::has_unit(env, &id) {
        return Err(Error::Exists);
    }
    let mut node = node::bound_by(env, provider, &spec.node)?;
    check_listing(env, provider, spec.listed)?;
    node.units = node.units.checked_add(1).ok_or(Error::Overflow)?;
    storage::set_node(env, &spec.node, &node);
    let unit = Unit {
        provider: provider.clone(),
        node: spec.node,
        kind: spec.kind,
        capacity: spec.capacity,
        region: spec.region,
        class: spec.class,
        qos: spec.qos,
        asset: spec.asset,
        storage_price: spec.storage_price,
        egress_price: spec.egress_price,
        price_version: 1,
        collateral_bps: spec.collateral_bps,
        auto_accept: spec.auto_accept,
        listed: spec.listed,
        min_epochs: spec.min_epochs,
        max_epochs: spec.max_epochs,
        rate_limit: spec.rate_limit,
        state: UnitState::Available,
        reserved_bytes: 0,
        in_use_bytes: 0,
        live: 0,
        maintenance: Maintenance { from: 0, until: 0, used: 0, window: 0 },
    };
    storage::set_unit(env, &id, &unit);
    event::UnitCreated { id: id.clone(), unit }.publish(env);
    Ok(id)
}

/// The unit, if it is `provider`'s and not retired.
pub fn owned_by(env: &Env, provider: &Address, id: &BytesN<32>) -> Result<Unit, Error> {
    let unit = storage::unit(env, id)?;
    if unit.provider != *provider {
        return Err(Error::NotAuthorized);
    }
    if unit.state == UnitState::Retired {
        return Err(Error::StateWrong);
    }
    Ok(unit)
}

/// The state at `now`.
pub fn state(unit: &Unit, now: u64) -> UnitState {
    match unit.state {
        UnitState::Decommissioning | UnitState::Retired => unit.state,
        _ if unit.maintenance.from <= now && now < unit.maintenance.until => UnitState::Maintenance,
        _ if unit.in_use_bytes > 0 => UnitState::InUse,
        _ if unit.reserved_bytes > 0 => UnitState::Reserved,
        _ => UnitState::Available,
    }
}

/// Stores the unit and says how it stands.
pub fn put(env: &Env, id: &BytesN<32>, unit: &Unit) {
    storage::set_unit(env, id, unit);
    event::UnitChanged {
        id: id.clone(),
        state: state(unit, env.ledger().timestamp()),
        reserved_bytes: unit.reserved_bytes,
        in_use_bytes: unit.in_use_bytes,
        live: unit.live,
        maintenance_from: unit.maintenance.from,
        maintenance_until: unit.maintenance.until,
    }
    .publish(env);
}

pub fn check_prices(storage_price: i128, egress_price: i128) -> Result<(), Error> {
    let range = 0..=PRICE_MAX;
    if range.contains(&storage_price) && range.contains(&egress_price) {
        Ok(())
    } else {
        Err(Error::AmountInvalid)
    }
}

/// Whether `volume` may be reserved now, of which `takes` bytes are a predecessor's; `asked`: the provider has a price for this consumer,
/// so that the unit need not be listed.
pub fn check_reservable(unit: &Unit, volume: u64, takes: u64, asked: bool, now: u64) -> Result<(), Error> {
    match state(unit, now) {
        UnitState::Decommissioning | UnitState::Retired => return Err(Error::UnitDecommissioning),
        UnitState::Maintenance => return Err(Error::UnitMaintenance),
        _ => {}
    }
    if !unit.listed && !asked {
        return Err(Error::UnitUnlisted);
    }
    // More than its predecessor has would be kept for it, and not paid, until that one ends.
    if !(1..=VOLUME_MAX_BYTES).contains(&volume) || (1..volume).contains(&takes) {
        return Err(Error::ArgumentInvalid);
    }
    check_capacity(unit, volume.checked_sub(takes).ok_or(Error::Overflow)?)
}

/// Whether there is room for `more` bytes.
pub fn check_capacity(unit: &Unit, more: u64) -> Result<(), Error> {
    let taken = unit.reserved_bytes.checked_add(unit.in_use_bytes).and_then(|t| t.checked_add(more)).ok_or(Error::Overflow)?;
    if taken > unit.capacity {
        return Err(Error::CapacityMissing);
    }
    Ok(())
}

/// Sets the price for one consumer, or takes it back. An announcement of ninety days at most.
pub fn price_for(env: &Env, provider: &Address, id: BytesN<32>, consumer: Address, price: Price) -> Result<(), Error> {
    let now = env.ledger().timestamp();
    check_prices(price.storage_price, price.egress_price)?;
    if owned_by(env, provider, &id)?.state == UnitState::Decommissioning {
        return Err(Error::UnitDecommissioning);
    }
    check_listing(env, provider, true)?;
    if price.until > now.saturating_add(PRICE_MAX_SECONDS) {
        return Err(Error::ArgumentInvalid);
    }
    if price.until > now {
        storage::set_price(env, &id, &consumer, &price);
    } else {
        storage::remove_price(env, &id, &consumer);
    }
    event::PricedFor { unit: id, consumer, price }.publish(env);
    Ok(())
}

/// For whom, how much and how long.
pub struct Wish {
    pub consumer: Address,
    pub volume: u64,
    pub egress: u64,
    pub duration: u32,
    pub previous: BytesN<32>,
}

/// What the unit asks now; refuses as a reservation would.
pub fn quote(env: &Env, id: &BytesN<32>, wish: &Wish) -> Result<Quote, Error> {
    let mut unit = storage::unit(env, id)?;
    let Wish { volume, egress, duration, .. } = *wish;
    let takes = reservation::takes(env, id, &wish.previous, volume)?;
    let price = storage::price(env, id, &wish.consumer);
    check_reservable(&unit, volume, takes, price.is_some(), env.ledger().timestamp())?;
    if let Some(price) = price {
        if price.volume > 0 && (volume > price.volume || egress > price.egress || duration > price.duration) {
            return Err(Error::ArgumentInvalid);
        }
        unit.storage_price = price.storage_price;
        unit.egress_price = price.egress_price;
        unit.price_version = 0;
        unit.auto_accept = true;
    }
    let schedule = storage::schedule(env)?;
    let life = u64::from(duration) * u64::from(schedule.epoch_seconds);
    if !(unit.min_epochs..=unit.max_epochs).contains(&duration) || life > LIFE_MAX_SECONDS {
        return Err(Error::DurationOutside);
    }
    if egress > EGRESS_MAX_BYTES {
        return Err(Error::ArgumentInvalid);
    }
    let (storage_price, egress_price) = (unsigned(unit.storage_price)?, unsigned(unit.egress_price)?);
    let total = Rate::new(storage_price, egress_price, volume, schedule.epoch_seconds)?.gross(duration, egress)?;
    let collateral = bps_of(total, unit.collateral_bps)?;
    if collateral > COLLATERAL_MAX {
        return Err(Error::Overflow);
    }
    Ok(Quote {
        payout: storage::provider(env, &unit.provider)?.payout,
        provider: unit.provider,
        asset: unit.asset,
        kind: unit.kind,
        class: unit.class,
        qos: unit.qos,
        rate_limit: unit.rate_limit,
        price_version: unit.price_version,
        storage_price: unit.storage_price,
        egress_price: unit.egress_price,
        total,
        collateral,
        auto_accept: unit.auto_accept,
    })
}

/// Announces maintenance. The quota is charged to the window that it begins in, when it is announced; one announcement stands at a
/// time, and none goes back to an earlier window.
pub fn announce(unit: &mut Unit, from: u64, until: u64, now: u64, schedule: &Schedule, params: &Params) -> Result<(), Error> {
    if unit.maintenance.until > now {
        return Err(Error::StateWrong);
    }
    let seconds = until.checked_sub(from).filter(|s| *s > 0).ok_or(Error::ArgumentInvalid)?;
    if from < now.checked_add(params.maintenance_notice_seconds).ok_or(Error::Overflow)? {
        return Err(Error::NoticeShort);
    }
    charge(unit, from, until, seconds, schedule, params)
}

/// Maintenance from now on, which counts double.
pub fn emergency(unit: &mut Unit, until: u64, now: u64, schedule: &Schedule, params: &Params) -> Result<(), Error> {
    if unit.maintenance.until > now {
        return Err(Error::StateWrong);
    }
    let seconds = until.checked_sub(now).filter(|s| *s > 0).ok_or(Error::ArgumentInvalid)?;
    charge(unit, now, until, seconds.checked_mul(2).ok_or(Error::QuotaExceeded)?, schedule, params)
}

/// Takes seconds out of the quota of the window that the maintenance begins in.
fn charge(unit: &mut Unit, from: u64, until: u64, seconds: u64, schedule: &Schedule, params: &Params) -> Result<(), Error> {
    let window = schedule.window(from)?;
    let used = match window.cmp(&unit.maintenance.window) {
        core::cmp::Ordering::Less => return Err(Error::QuotaExceeded),
        core::cmp::Ordering::Equal => unit.maintenance.used,
        core::cmp::Ordering::Greater => 0,
    };
    let used = used.checked_add(seconds).filter(|u| *u <= params.maintenance_quota_seconds).ok_or(Error::QuotaExceeded)?;
    unit.maintenance = Maintenance { from, until, used, window };
    Ok(())
}

/// Listing has its price where there is a Registry.
pub fn check_listing(env: &Env, provider: &Address, listed: bool) -> Result<(), Error> {
    match storage::registry(env) {
        Some(registry) if listed && !RegistryClient::new(env, &registry).may_list(provider) => Err(Error::ListingUnpaid),
        _ => Ok(()),
    }
}

/// The longest lifetime for the unit, its node and its provider's collateral.
pub fn renew(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let unit = storage::unit(env, id)?;
    storage::renew_unit(env, id);
    storage::renew_collateral(env, &unit.provider, &unit.asset);
    node::renew(env, &unit.node)
}

/// Ends what was announced. A running maintenance gives back the seconds that it did not need; a cancelled one does not.
pub fn resume(unit: &mut Unit, now: u64) -> Result<(), Error> {
    let m = &mut unit.maintenance;
    if m.until <= now {
        return Err(Error::StateWrong);
    }
    if m.from <= now {
        m.used = m.used.saturating_sub(m.until - now);
    } else {
        m.from = now;
    }
    m.until = now;
    Ok(())
}

/// Retired when nothing is left on it; [`Error::LiveReservations`] otherwise.
pub fn retire(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let mut unit = storage::unit(env, id)?;
    if unit.state != UnitState::Decommissioning {
        return Err(Error::StateWrong);
    }
    if unit.live > 0 || unit.reserved_bytes > 0 || unit.in_use_bytes > 0 {
        return Err(Error::LiveReservations);
    }
    unit.state = UnitState::Retired;
    let mut node = storage::node(env, &unit.node)?;
    node.units = node.units.checked_sub(1).ok_or(Error::Overflow)?;
    storage::set_node(env, &unit.node, &node);
    put(env, id, &unit);
    Ok(())
}

fn check_spec(spec: &Spec, params: &Params) -> Result<(), Error> {
    check_prices(spec.storage_price, spec.egress_price)?;
    let ok = (1..=2).contains(&spec.kind)
        && (1..=CAPACITY_MAX_BYTES).contains(&spec.capacity)
        && spec.region.len() <= REGION_MAX
        && spec.class <= 2
        && spec.qos.availability_ppm <= PPM
        && spec.qos.error_ppm <= PPM
        && (params.collateral_min_bps..=COLLATERAL_MAX_BPS).contains(&spec.collateral_bps)
        && spec.min_epochs >= 1
        && spec.min_epochs <= spec.max_epochs;
    if ok {
        Ok(())
    } else {
        Err(Error::ArgumentInvalid)
    }
}

fn unsigned(v: i128) -> Result<u128, Error> {
    u128::try_from(v).map_err(|_| Error::AmountInvalid)
}
