//! Reservations: capacity and collateral that one SLA holds, from Held to Done.

use flashback_core::{
    error::Error,
    interface::{forward, ConsumerClient},
    money::{add, sub},
    terms::COLLATERAL_MAX,
};
use soroban_sdk::{Address, BytesN, Env, Vec};

use crate::{
    collateral, event, storage,
    types::{Divided, Reservation, ReservationState, UnitState},
    unit,
};

/// What the Consumer Orchestrator asks for.
pub struct Wanted {
    pub sla: BytesN<32>,
    pub unit: BytesN<32>,
    pub consumer: Address,
    pub volume: u64,
    pub terms_hash: BytesN<32>,
    pub refund: Address,
    pub collateral: i128,
    pub previous: BytesN<32>,
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
    let takes = takes(env, &wanted.unit, &wanted.previous, wanted.volume)?;
    let asked = storage::price(env, &wanted.unit, &wanted.consumer).is_some();
    unit::check_reservable(&unit, wanted.volume, takes, asked, env.ledger().timestamp())?;
    if asked {
        storage::remove_price(env, &wanted.unit, &wanted.consumer);
    }
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
        previous: wanted.previous,
        takes,
        reclaim: 0,
        reclaim_epochs: 0,
    };
    unit.reserved_bytes = unit.reserved_bytes.checked_add(reserved(&reservation)?).ok_or(Error::Overflow)?;
    event::Reserved { sla: wanted.sla, reservation: reservation.clone() }.publish(env);
    let free = storage::collateral(env, &unit.provider, &unit.asset).free;
    let accepted = auto && (unit.auto_accept || asked) && free >= reservation.collateral;
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

/// Bytes of `volume` that an SLA takes over from a predecessor on the same unit, so that they need no room.
pub fn takes(env: &Env, unit: &BytesN<32>, previous: &BytesN<32>, volume: u64) -> Result<u64, Error> {
    if previous.to_array() == [0; 32] || !storage::has_reservation(env, previous) {
        return Ok(0);
    }
    let before = storage::reservation(env, previous)?;
    Ok(if before.unit == *unit { in_use(&before).min(volume) } else { 0 })
}

/// Locked → Active: the volume is in use from now on, what it takes over no more by the predecessor. What that one does not have any more
/// needs room.
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
    unit.reserved_bytes = unit.reserved_bytes.checked_sub(reserved(&reservation)?).ok_or(Error::Overflow)?;
    if reservation.takes > 0 {
        let mut before = storage::reservation(env, &reservation.previous)?;
        let taken = in_use(&before).min(reservation.takes);
        before.volume = before.volume.checked_sub(taken).ok_or(Error::Overflow)?;
        unit.in_use_bytes = unit.in_use_bytes.checked_sub(taken).ok_or(Error::Overflow)?;
        storage::set_reservation(env, &before);
    }
    unit::check_capacity(&unit, reservation.volume)?;
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
    let (taken, bytes) = match reservation.state {
        ReservationState::Active => (&mut unit.in_use_bytes, reservation.volume),
        _ => (&mut unit.reserved_bytes, reserved(reservation)?),
    };
    *taken = taken.checked_sub(bytes).ok_or(Error::Overflow)?;
    unit.live = unit.live.checked_sub(1).ok_or(Error::Overflow)?;
    let locked = match reservation.state {
        ReservationState::Held => 0,
        _ => locked(reservation)?,
    };
    // What the provider's early end costs it, as far as there is something left.
    reservation.reclaim = reservation.reclaim.min(locked);
    reservation.owed = add(reservation.owed, reservation.reclaim)?;
    let freed = sub(locked, reservation.reclaim)?;
    collateral::unlock(env, &reservation.provider, &reservation.asset, freed, reservation.reclaim)?;
    reservation.state = ReservationState::Done;
    storage::set_reservation(env, reservation);
    unit::put(env, &reservation.unit, &unit);
    event::Released { sla: reservation.sla.clone(), freed }.publish(env);
    Ok(())
}

/// The provider's early end of an Active reservation, by its own word or, of a unit that is Decommissioning, by anyone's.
pub fn reclaim(env: &Env, provider: Option<&Address>, sla: &BytesN<32>) -> Result<(), Error> {
    let mut reservation = match provider {
        Some(provider) => of_provider(env, provider, sla)?,
        None => storage::reservation(env, sla)?,
    };
    if provider.is_none() && storage::unit(env, &reservation.unit)?.state != UnitState::Decommissioning {
        return Err(Error::StateWrong);
    }
    if reservation.state != ReservationState::Active {
        return Err(Error::StateWrong);
    }
    if reservation.reclaim_epochs > 0 {
        return Err(Error::ReclaimNotice);
    }
    let co = ConsumerClient::new(env, &storage::consumer_orchestrator(env)?);
    let (end_epochs, price) = forward(co.try_reclaimed(sla))?;
    reservation.reclaim = price;
    reservation.reclaim_epochs = end_epochs;
    storage::set_reservation(env, &reservation);
    event::Reclaimed { sla: sla.clone(), end_epochs, price }.publish(env);
    Ok(())
}

/// Divides an Active reservation: its parts have all of its volume and of its collateral what they say, from now on.
pub fn divide(env: &Env, sla: &BytesN<32>, parts: &Vec<Divided>) -> Result<(), Error> {
    let mut from = storage::reservation(env, sla)?;
    let volume = parts.iter().try_fold(0u64, |sum, p| sum.checked_add(p.volume));
    if from.state != ReservationState::Active || volume != Some(from.volume) {
        return Err(Error::StateWrong);
    }
    let mut unit = storage::unit(env, &from.unit)?;
    unit.live = unit.live.checked_add(parts.len()).ok_or(Error::Overflow)?;
    for part in parts.iter() {
        if storage::has_reservation(env, &part.sla) {
            return Err(Error::Exists);
        }
        from.collateral = sub(from.collateral, part.collateral).map_err(|_| Error::CollateralMissing)?;
        let reservation = Reservation {
            sla: part.sla.clone(),
            refund: part.refund,
            terms_hash: part.terms_hash,
            volume: part.volume,
            collateral: part.collateral,
            coverage: 0,
            slash: 0,
            owed: 0,
            validators_due: 0,
            fund_due: 0,
            settled_epochs: 0,
            settled_hash: part.zero_leaf_hash,
            warnings: 0,
            start_epoch: part.start_epoch,
            previous: sla.clone(),
            takes: 0,
            ..from.clone()
        };
        storage::set_reservation(env, &reservation);
        event::Reserved { sla: part.sla.clone(), reservation }.publish(env);
        event::ReservationActive { sla: part.sla, start_epoch: part.start_epoch }.publish(env);
    }
    locked(&from).map_err(|_| Error::CollateralMissing)?;
    from.volume = 0;
    storage::set_reservation(env, &from);
    unit::put(env, &from.unit, &unit);
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

/// What an Active reservation takes of the unit.
fn in_use(reservation: &Reservation) -> u64 {
    match reservation.state {
        ReservationState::Active => reservation.volume,
        _ => 0,
    }
}

/// What a reservation that is not Active yet takes of the unit.
fn reserved(reservation: &Reservation) -> Result<u64, Error> {
    reservation.volume.checked_sub(reservation.takes).ok_or(Error::Overflow)
}

fn of_provider(env: &Env, provider: &Address, sla: &BytesN<32>) -> Result<Reservation, Error> {
    let reservation = storage::reservation(env, sla)?;
    if reservation.provider != *provider {
        return Err(Error::NotAuthorized);
    }
    Ok(reservation)
}
