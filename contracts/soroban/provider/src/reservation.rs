//! Reservations: capacity and collateral that one SLA holds, from Held to Done.

use flashback_core::{
    error::Error,
    money::{add, sub},
    terms::COLLATERAL_MAX,
};
use soroban_sdk::{Address, BytesN, Env};

use crate::{
    collateral, event, storage,
    types::{Reservation, ReservationState, UnitState},
    unit,
};

/// What the Consumer Orchestrator asks for.
pub struct Wanted {
    pub sla: BytesN<32>,
    pub unit: BytesN<32>,
    pub volume: u64,
    pub terms_hash: BytesN<32>,
    pub refund: Address,
    pub collateral: i128,
}

/// Takes capacity. With `auto`, a unit that accepts by itself does so if the provider's free collateral suffices; says whether it did.
pub fn reserve(env: &Env, wanted: Wanted, auto: bool) -> Result<bool, Error> {
    if storage::has_reservation(env, &wanted.sla) {
        return Err(Error::Exists);
    }
    if !(0..=COLLATERAL_MAX).contains(&wanted.collateral) {
        return Err(Error::AmountInvalid);
    }
    let mut unit = storage::unit(env, &wanted.unit)?;
    unit::check_reservable(&unit, wanted.volume, env.ledger().timestamp())?;
    unit.reserved_bytes = unit.reserved_bytes.checked_add(wanted.volume).ok_or(Error::Overflow)?;
    unit.live = unit.live.checked_add(1).ok_or(Error::Overflow)?;
    let mut reservation = Reservation {
        sla: wanted.sla.clone(),
        unit: wanted.unit,
        provider: unit.provider.clone(),
        asset: unit.asset.clone(),
        refund: wanted.refund,
        terms_hash: wanted.terms_hash,
        volume: wanted.volume,
        state: ReservationState::Held,
        collateral: wanted.collateral,
        coverage: 0,
        slash: 0,
        owed: 0,
        validators_due: 0,
        fund_due: 0,
        settled_epochs: 0,
        settled_hash: BytesN::from_array(env, &[0; 32]),
        warnings: 0,
        start_epoch: 0,
    };
    event::Reserved { sla: wanted.sla, reservation: reservation.clone() }.publish(env);
    let free = storage::collateral(env, &unit.provider, &unit.asset).free;
    let accepted = auto && unit.auto_accept && free >= reservation.collateral;
    if accepted {
        lock(env, &mut reservation)?;
    }
    storage::set_reservation(env, &reservation);
    unit::put(env, &reservation.unit, &unit);
    Ok(accepted)
}

/// Held → Locked by the provider's own word.
pub fn accept(env: &Env, provider: &Address, sla: &BytesN<32>) -> Result<(), Error> {
    let mut reservation = of_provider(env, provider, sla)?;
    if reservation.state != ReservationState::Held {
        return Err(Error::StateWrong);
    }
    let unit = storage::unit(env, &reservation.unit)?;
    if unit.state != UnitState::Available {
        return Err(Error::UnitDecommissioning);
    }
    lock(env, &mut reservation)?;
    storage::set_reservation(env, &reservation);
    Ok(())
}

/// The provider takes its word back, or never gave it: Held or Locked → Done.
pub fn refuse(env: &Env, provider: &Address, sla: &BytesN<32>) -> Result<(), Error> {
    of_provider(env, provider, sla)?;
    event::Refused { sla: sla.clone(), provider: provider.clone() }.publish(env);
    release(env, sla)
}

/// Locked → Active: the volume is in use from now on.
pub fn activate(env: &Env, sla: &BytesN<32>, start_epoch: u64, zero_leaf_hash: BytesN<32>) -> Result<(), Error> {
    let mut reservation = storage::reservation(env, sla)?;
    if reservation.state != ReservationState::Locked {
        return Err(Error::StateWrong);
    }
    reservation.state = ReservationState::Active;
    reservation.start_epoch = start_epoch;
    reservation.settled_hash = zero_leaf_hash;
    storage::set_reservation(env, &reservation);
    let mut unit = storage::unit(env, &reservation.unit)?;
    unit.reserved_bytes = unit.reserved_bytes.checked_sub(reservation.volume).ok_or(Error::Overflow)?;
    unit.in_use_bytes = unit.in_use_bytes.checked_add(reservation.volume).ok_or(Error::Overflow)?;
    unit::put(env, &reservation.unit, &unit);
    event::ReservationActive { sla: sla.clone(), start_epoch }.publish(env);
    Ok(())
}

/// Held or Locked → Done: nothing came of it.
pub fn release(env: &Env, sla: &BytesN<32>) -> Result<(), Error> {
    let mut reservation = storage::reservation(env, sla)?;
    if !matches!(reservation.state, ReservationState::Held | ReservationState::Locked) {
        return Err(Error::StateWrong);
    }
    end(env, &mut reservation)
}

/// Active → Done without a final leaf; nothing to do when the final leaf came here first.
pub fn finish(env: &Env, sla: &BytesN<32>) -> Result<(), Error> {
    let mut reservation = storage::reservation(env, sla)?;
    match reservation.state {
        ReservationState::Done => Ok(()),
        ReservationState::Active => end(env, &mut reservation),
        _ => Err(Error::StateWrong),
    }
}

/// Any live state → Done: volume and the rest of the collateral are free again. Stores the reservation.
pub fn end(env: &Env, reservation: &mut Reservation) -> Result<(), Error> {
    let mut unit = storage::unit(env, &reservation.unit)?;
    let taken = match reservation.state {
        ReservationState::Active => &mut unit.in_use_bytes,
        _ => &mut unit.reserved_bytes,
    };
    *taken = taken.checked_sub(reservation.volume).ok_or(Error::Overflow)?;
    unit.live = unit.live.checked_sub(1).ok_or(Error::Overflow)?;
    let freed = match reservation.state {
        ReservationState::Held => 0,
        _ => locked(reservation)?,
    };
    collateral::unlock(env, &reservation.provider, &reservation.asset, freed, 0)?;
    reservation.state = ReservationState::Done;
    storage::set_reservation(env, reservation);
    unit::put(env, &reservation.unit, &unit);
    event::Released { sla: reservation.sla.clone(), freed }.publish(env);
    Ok(())
}

/// The longest lifetime for the reservation, its unit and all that this depends on.
pub fn renew(env: &Env, sla: &BytesN<32>) -> Result<(), Error> {
    let reservation = storage::reservation(env, sla)?;
    storage::renew_reservation(env, sla);
    unit::renew(env, &reservation.unit)
}

/// What is still locked of an accepted reservation's collateral.
pub fn locked(reservation: &Reservation) -> Result<i128, Error> {
    sub(reservation.collateral, add(reservation.coverage, reservation.slash)?)
}

fn lock(env: &Env, reservation: &mut Reservation) -> Result<(), Error> {
    collateral::lock(env, &reservation.provider, &reservation.asset, reservation.collateral)?;
    reservation.state = ReservationState::Locked;
    let Reservation { sla, provider, collateral, .. } = reservation;
    event::Accepted { sla: sla.clone(), provider: provider.clone(), collateral: *collateral }.publish(env);
    Ok(())
}

fn of_provider(env: &Env, provider: &Address, sla: &BytesN<32>) -> Result<Reservation, Error> {
    let reservation = storage::reservation(env, sla)?;
    if reservation.provider != *provider {
        return Err(Error::NotAuthorized);
    }
    Ok(reservation)
}
