//! Reservations and collateral at their edges. The contract that stands where the Consumer Orchestrator does may be wrong: what the
//! Provider Orchestrator is told by it is held to the unit, the collateral and the reservation's state all the same.

use flashback_consumer::types::Request;
use flashback_core::{
    error::Error,
    id,
    terms::COLLATERAL_MAX,
    types::{Divided, Quote},
};
use flashback_provider::types::{Reservation, ReservationState, Spec};
use flashback_tests::{
    call::allow_all,
    event::Told,
    life::Life,
    meter::Meter,
    refused,
    world::{World, COLLATERAL, GIB},
};
use soroban_sdk::{testutils::storage::Persistent as _, testutils::Ledger as _, vec, BytesN, Symbol, Vec};

fn down(m: &mut Meter) {
    m.down();
}

fn good(m: &mut Meter) {
    m.good(0);
}

/// The Consumer Orchestrator's word, from a contract in its place.
fn reserve(w: &World, sla: u8, volume: u64, collateral: i128, auto: bool) -> Result<bool, Error> {
    let (sla, hash, none) = (w.bytes32(sla), w.bytes32(7), w.none());
    let args = (&sla, &w.unit, &w.consumer, volume, &hash, &w.refund, collateral, auto, &none);
    w.allow(w.co_id(), w.po_id(), "reserve", args);
    match w.po().try_reserve(&sla, &w.unit, &w.consumer, &volume, &hash, &w.refund, &collateral, &auto, &none) {
        Ok(accepted) => Ok(accepted.unwrap()),
        refusal => Err(refused(refusal)),
    }
}

fn divide(w: &World, sla: &BytesN<32>, parts: Vec<Divided>) -> Result<(), Error> {
    w.allow(w.co_id(), w.po_id(), "divide", (sla, parts.clone()));
    match w.po().try_divide(sla, &parts) {
        Ok(_) => Ok(()),
        refusal => Err(refused(refusal)),
    }
}

fn part(w: &World, sla: &BytesN<32>, volume: u64, collateral: i128) -> Divided {
    let (terms_hash, zero_leaf_hash) = (w.bytes32(7), w.bytes32(8));
    Divided { sla: sla.clone(), volume, terms_hash, refund: w.refund.clone(), collateral, start_epoch: 3, zero_leaf_hash }
}

fn reclaim(life: &Life) -> Result<(), Error> {
    life.w.allow(&life.w.provider, life.w.po_id(), "reclaim", (&life.w.provider, &life.id));
    match life.w.po().try_reclaim(&life.w.provider, &life.id) {
        Ok(_) => Ok(()),
        refusal => Err(refused(refusal)),
    }
}

#[test]
fn what_is_reserved_is_held_to_its_bounds() {
    let w = World::new();
    assert_eq!(reserve(&w, 1, GIB, -1, false), Err(Error::AmountInvalid));
    assert_eq!(reserve(&w, 1, GIB, COLLATERAL_MAX + 1, false), Err(Error::AmountInvalid));
    assert_eq!(reserve(&w, 1, 1_000 * GIB + 1, 5, false), Err(Error::CapacityMissing));
    assert_eq!(reserve(&w, 1, GIB, COLLATERAL_MAX, false), Ok(false));
    assert_eq!(reserve(&w, 1, GIB, 5, false), Err(Error::Exists));
    assert_eq!(reserve(&w, 2, GIB, 0, false), Ok(false), "nobody said that it may be accepted at once");
    let r = w.po().reservation(&w.bytes32(2));
    assert_eq!((r.state, r.start_epoch, r.settled_hash), (ReservationState::Held, 0, w.none()));
}

#[test]
fn all_that_is_free_suffices() {
    let w = World::new();
    assert_eq!(reserve(&w, 1, GIB, COLLATERAL + 1, true), Ok(false));
    assert_eq!(reserve(&w, 2, GIB, COLLATERAL, true), Ok(true));
    let c = w.po().collateral(&w.provider, &w.token);
    assert_eq!((c.free, c.locked), (0, COLLATERAL));
}

#[test]
fn what_is_active_is_neither_activated_nor_released() {
    let life = Life::new(0);
    let (w, hash) = (&life.w, life.w.bytes32(8));
    let before = life.reservation();
    w.allow(w.co_id(), w.po_id(), "activate", (&life.id, 3u64, &hash));
    assert_eq!(refused(w.po().try_activate(&life.id, &3, &hash)), Error::StateWrong);
    w.allow(w.co_id(), w.po_id(), "release", (&life.id,));
    assert_eq!(refused(w.po().try_release(&life.id)), Error::StateWrong);
    assert_eq!(life.reservation(), before);
}

#[test]
fn what_is_accepted_is_not_accepted_again() {
    let w = World::by_hand();
    let id = w.request(&Request { deposit: 0, ..w.wish(0) });
    w.accept(&id);
    // Without free collateral, so that no other refusal looks the same.
    let free = w.po().collateral(&w.provider, &w.token).free;
    w.allow(&w.provider, w.po_id(), "withdraw", (&w.provider, &w.token, free));
    w.po().withdraw(&w.provider, &w.token, &free);
    w.allow(&w.provider, w.po_id(), "accept", (&w.provider, &id));
    assert_eq!(refused(w.po().try_accept(&w.provider, &id)), Error::StateWrong);
}

#[test]
fn only_its_provider_refuses() {
    let w = World::by_hand();
    let id = w.request(&Request { deposit: 0, ..w.wish(0) });
    w.allow(&w.consumer, w.po_id(), "refuse", (&w.consumer, &id));
    assert_eq!(refused(w.po().try_refuse(&w.consumer, &id)), Error::NotAuthorized);
    w.accept(&id);
    let locked = w.po().collateral(&w.provider, &w.token).locked;
    w.allow(&w.provider, w.po_id(), "refuse", (&w.provider, &id));
    w.po().refuse(&w.provider, &id);
    let told = Told::of(&w);
    told.once("refused", &[]);
    told.once("released", &[("freed", locked)]);
}

/// The id of another unit's SLA, of one that is over or of none takes nothing over; of a live one, no more than asked for.
#[test]
fn what_a_successor_takes_over() {
    let mut life = Life::new(0);
    let other = life.w.create_unit(&life.w.spec(true), 9);
    let quote = |life: &Life, unit: &BytesN<32>, previous: &BytesN<32>| -> Quote {
        life.w.po().quote(unit, &life.w.consumer, &(40 * GIB), &0, &120, previous)
    };
    let alone = quote(&life, &other, &life.w.none());
    assert_eq!(quote(&life, &other, &life.id), alone, "another unit");
    assert_eq!(quote(&life, &other, &life.w.bytes32(8)), alone, "nobody's");
    let w = &life.w;
    let ask = quote(&life, &w.unit, &life.id).total;
    let less = Request { volume: 40 * GIB, egress: 0, deposit: 0, max_total: ask, nonce: w.bytes32(2), ..w.wish(0) };
    let next = w.request(&Request { previous: life.id.clone(), ..less });
    assert_eq!(w.po().reservation(&next).takes, 40 * GIB);
    assert_eq!(w.po().unit(&w.unit).reserved_bytes, 0, "it needs no room");
    life.run(120, good).settle_telling();
    assert_eq!(quote(&life, &life.w.unit, &life.id).total, ask, "one that is over");
}

#[test]
fn one_byte_is_taken_over() {
    let w = World::new();
    let wish = Request { volume: 1, egress: 0, max_total: 1_000, deposit: 0, ..w.wish(0) };
    let first = w.request(&wish);
    let pay = |id: &BytesN<32>| {
        let s = w.co().sla(id);
        let amount = s.total + s.bond_total;
        if amount > 0 {
            w.allow_paying(&w.consumer, w.co_id(), "fund", (&w.consumer, id, amount), amount);
            w.co().fund(&w.consumer, id, &amount);
        }
    };
    pay(&first);
    let second = w.request(&Request { previous: first.clone(), nonce: w.bytes32(2), ..wish });
    pay(&second);
    let r = |id: &BytesN<32>| w.po().reservation(id);
    assert_eq!((r(&second).state, r(&second).takes, r(&first).volume), (ReservationState::Active, 1, 0));
    assert_eq!(w.po().unit(&w.unit).in_use_bytes, 1);
}

/// The predecessor ended before the successor was paid, and another consumer has the room.
#[test]
fn room_that_is_gone_is_not_taken_over() {
    let w = World::new();
    let unit = w.create_unit(&Spec { capacity: 100 * GIB, ..w.spec(true) }, 4);
    let first = w.request(&Request { unit: unit.clone(), ..w.wish(0) });
    let late = Request { unit: unit.clone(), deposit: 0, previous: first.clone(), nonce: w.bytes32(2), ..w.wish(0) };
    let late = w.request(&late);
    let mut life = Life::of(w, first);
    life.run(120, good).settle_telling();
    let w = &life.w;
    w.request(&Request { unit, nonce: w.bytes32(3), ..w.wish(0) });
    let amount = w.wish(0).deposit;
    w.allow_paying(&w.consumer, w.co_id(), "fund", (&w.consumer, &late, amount), amount);
    assert_eq!(refused(w.co().try_fund(&w.consumer, &late, &amount)), Error::CapacityMissing);
}

/// The price of the provider's early end is no more than what settlements left.
#[test]
fn an_early_end_costs_at_most_what_is_locked() {
    let mut life = Life::new(0);
    life.run(13, down).settle();
    assert_eq!(reclaim(&life), Ok(()));
    life.meter.end = life.w.co().sla(&life.id).end_epochs;
    let end = life.meter.end;
    life.run(end - 13, down);
    let mut leaf = life.meter.leaf.clone();
    leaf.slash_bps = 10_000;
    let to = life.w.certify_at(u64::from(end), &leaf);
    assert!(life.reservation().reclaim > 0);
    life.w.settle(&life.id, &life.from, &to);
    let r = life.reservation();
    assert_eq!((r.state, r.reclaim), (ReservationState::Done, r.collateral - r.coverage - r.slash));
    assert_eq!(r.reclaim, 0);
}

#[test]
fn what_ended_is_not_ended_early() {
    let mut life = Life::new(0);
    life.run(120, good);
    let last = life.w.certify(&life.id, &life.meter);
    life.settle_half(&life.from, &last);
    assert_eq!(reclaim(&life), Err(Error::StateWrong), "its other half is not settled yet");
}

#[test]
fn parts_make_up_the_volume_of_what_is_active() {
    let life = Life::new(0);
    let (w, whole, id) = (&life.w, 100 * GIB, &life.id);
    let held = w.request(&Request { deposit: 0, nonce: w.bytes32(2), ..w.wish(0) });
    let r = life.reservation();
    let of = |volume: u64, collateral: i128| vec![&w.env, part(w, &w.bytes32(6), volume, collateral)];
    assert_eq!(divide(w, &held, of(whole, 0)), Err(Error::StateWrong), "not Active");
    assert_eq!(divide(w, id, of(whole - 1, 0)), Err(Error::StateWrong), "not all of it");
    assert_eq!(divide(w, id, vec![&w.env, part(w, &held, whole, 0)]), Err(Error::Exists));
    assert_eq!(divide(w, id, of(whole, r.collateral + 1)), Err(Error::CollateralMissing));
    assert_eq!(divide(w, id, of(whole, r.collateral)), Ok(()));
}

/// Parts begin with nothing settled, owed or due, and do not take what was taken of the collateral already.
#[test]
fn parts_begin_anew() {
    let mut life = Life::new(0);
    life.run(24, down).settle();
    let (w, id, whole) = (&life.w, &life.id, 100 * GIB);
    let r = life.reservation();
    let (gone, new) = (r.coverage + r.slash, w.bytes32(6));
    assert!(r.coverage > 0 && r.slash > 0 && r.owed > 0 && r.validators_due > 0 && r.fund_due > 0 && r.warnings > 0);
    let of = |collateral: i128| vec![&w.env, part(w, &new, whole, collateral)];
    assert_eq!(divide(w, id, of(r.collateral - gone + 1)), Err(Error::CollateralMissing));
    assert_eq!(divide(w, id, of(r.collateral - gone)), Ok(()));
    let begun = Reservation {
        sla: new.clone(),
        terms_hash: w.bytes32(7),
        collateral: r.collateral - gone,
        coverage: 0,
        slash: 0,
        owed: 0,
        validators_due: 0,
        fund_due: 0,
        settled_epochs: 0,
        settled_hash: w.bytes32(8),
        warnings: 0,
        start_epoch: 3,
        previous: id.clone(),
        takes: 0,
        ..r
    };
    assert_eq!(w.po().reservation(&new), begun);
}

/// The last unit of collateral is freed like any other, and taken like any other.
#[test]
fn one_unit_of_collateral_is_accounted_for() {
    let mut kept = Life::of_dust(1_000);
    assert_eq!(kept.reservation().collateral, 1);
    kept.run(120, good).settle();
    assert_eq!(kept.w.po().collateral(&kept.w.provider, &kept.w.token).free, COLLATERAL);
    let mut failed = Life::of_dust(10_000);
    failed.run(12, down).settle();
    let c = failed.w.po().collateral(&failed.w.provider, &failed.w.token);
    assert_eq!(c.free + c.locked, COLLATERAL - 1);
}

#[test]
fn an_extended_reservation_lives_longest() {
    let life = Life::new(0);
    let w = &life.w;
    let left = || {
        let key = (Symbol::new(&w.env, "Reservation"), life.id.clone());
        w.env.as_contract(w.po_id(), || w.env.storage().persistent().get_ttl(&key))
    };
    let full = left();
    w.env.ledger().with_mut(|l| l.sequence_number += 1_000);
    w.allow_nothing();
    w.po().reservation(&life.id);
    assert_eq!(left(), full - 1_000);
    w.po().extend(&id::SLA, &life.id);
    assert!(left() >= full);
}

#[test]
fn a_split_s_records_begin_anew() {
    let w = World::new();
    let a = w.request(&w.wish(0));
    let new = flashback_consumer::types::Split {
        to: w.consumer.clone(),
        refund: w.refund.clone(),
        volume: 100 * GIB,
        egress: 0,
        nonce: w.bytes32(2),
    };
    let parts = vec![&w.env, new];
    allow_all(&w, &[&w.consumer], "split", (&w.consumer, &a, 48u32, parts.clone()), 0);
    let b = w.co().split(&w.consumer, &a, &48, &parts).get(0).unwrap();
    let (s, r) = (w.co().sla(&b), w.po().reservation(&b));
    assert_eq!((s.gross, s.earned, s.fee_total, s.credited, s.settled_epochs, s.windows, s.slash_bps), (0, 0, 0, 0, 0, 0, 0));
    assert_eq!((s.holdback, s.provider_claim, s.consumer_claim, s.fees, s.disputed, s.withdrawn), (0, 0, 0, 0, 0, 0));
    assert_eq!((r.reclaim, r.reclaim_epochs, r.settled_hash), (0, 0, s.settled_hash));
}
