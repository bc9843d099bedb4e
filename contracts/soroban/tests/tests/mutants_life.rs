//! The consumer's half: what a settlement and an end write, tell and pay, and which states an SLA leaves by which door.

use flashback_consumer::types::{Request, SlaState};
use flashback_core::{
    error::Error,
    leaf::STATUS_COMPLETE,
    money::{unused, Rate},
};
use flashback_provider::types::ReservationState;
use flashback_tests::{
    call::{allow_all, terms, told},
    event::Told,
    life::Life,
    meter::Meter,
    oracle::{EPOCH_SECONDS, GENESIS},
    refused,
};
use soroban_sdk::{
    testutils::{Address as _, Ledger as _},
    Address,
};

fn down(m: &mut Meter) {
    m.down();
}

fn good(m: &mut Meter) {
    m.good(0);
}

/// To the middle of the SLA's epoch of this number, counted from 1.
fn at(life: &Life, epoch: u64) {
    let start = life.w.co().sla(&life.id).start_epoch;
    life.w.env.ledger().set_timestamp(GENESIS + (start + epoch - 1) * u64::from(EPOCH_SECONDS) + 5);
}

#[test]
fn each_credit_is_told_with_its_total() {
    let mut life = Life::new(0);
    let mut credited = 0;
    for epochs in [12, 24] {
        let told = life.run(12, down).settle_telling();
        let s = life.sla();
        assert!(s.credited > credited);
        told.once("credited", &[("amount", s.credited - credited), ("epoch", epochs), ("total", s.credited)]);
        assert_eq!(i128::from(s.settled_epochs), epochs);
        credited = s.credited;
    }
    life.run(12, good).settle_telling().never("credited");
}

/// With dust for a price, four dead windows are credited with a unit between them.
#[test]
fn one_unit_of_credit_is_told() {
    let mut life = Life::of_dust(10_000);
    for _ in 0..3 {
        life.run(12, down).settle_telling().never("credited");
    }
    let told = life.run(12, down).settle_telling();
    told.once("credited", &[("amount", 1), ("epoch", 48), ("total", 1)]);
}

/// The provider's half has a running leaf of as many epochs as the final one: it ends without another leaf.
#[test]
fn a_provider_s_half_of_as_many_epochs_is_finished() {
    let mut life = Life::new(0);
    life.run(11, good).settle();
    life.run(1, good);
    let running = life.w.certify(&life.id, &life.meter);
    at(&life, 11);
    life.close();
    life.settle_half(&life.from, &running);
    let mut leaf = life.meter.leaf.clone();
    leaf.status = STATUS_COMPLETE;
    let last = life.w.certify_at(13, &leaf);
    life.w.settle(&life.id, &life.from, &last);
    assert_eq!((life.sla().state, life.reservation().state), (SlaState::Completed, ReservationState::Done));
}

#[test]
fn a_bond_that_was_taken_does_not_come_back() {
    let mut life = Life::new(0);
    let (w, id) = (&life.w, &life.id);
    let dispute = Address::generate(&w.env);
    w.allow(&w.admin, w.co_id(), "wire_dispute", (&dispute,));
    w.co().wire_dispute(&dispute);
    let bond = life.sla().bond;
    w.allow(&dispute, w.co_id(), "freeze", (id, 1_000i128, true));
    assert_eq!(w.co().freeze(id, &1_000, &true), 1_000);
    w.allow(&dispute, w.co_id(), "rule", (id, 1_000i128));
    w.co().rule(id, &1_000);
    let s = life.run(1, good).settle().sla();
    assert_eq!((s.bond, s.bond_taken, s.consumer_claim), (bond - 1_000, 1_000, 1_000));
}

#[test]
fn leaving_early_is_told_with_its_price() {
    let mut life = Life::new(0);
    at(&life, 1);
    let told = life.close().run(12, good).settle_telling();
    let price = unused(&life.meter.terms, 12, 120, 1_000).unwrap();
    told.once("ended_early", &[("amount", price)]);
    let s = life.sla();
    assert_eq!(s.provider_claim + s.fees, s.gross + price);
}

#[test]
fn one_unit_for_leaving_early_is_told() {
    let mut life = Life::of_dust(10_000);
    at(&life, 1);
    let told = life.close().run(12, good).settle_telling();
    assert_eq!(unused(&life.meter.terms, 12, 120, 1_000).unwrap(), 1);
    told.once("ended_early", &[("amount", 1)]);
}

/// Closed in its last window, an SLA ends where it would have: there is nothing to pay, and nothing to tell.
#[test]
fn leaving_at_the_agreed_end_costs_nothing() {
    let mut life = Life::new(0);
    at(&life, 110);
    life.close();
    assert_eq!(life.sla().state, SlaState::Closing);
    life.run(120, good).settle_telling().never("ended_early");
    assert_eq!(life.sla().state, SlaState::Completed);
}

#[test]
fn leaving_after_a_breach_costs_nothing() {
    let mut life = Life::new(0);
    life.run(24, down).settle();
    let w = &life.w;
    w.allow(&w.consumer, w.co_id(), "terminate", (&w.consumer, &life.id));
    w.co().terminate(&w.consumer, &life.id);
    life.meter.end = w.co().sla(&life.id).end_epochs;
    life.run(2, good).settle_telling().never("ended_early");
    let s = life.sla();
    assert_eq!((s.state, s.provider_claim + s.fees), (SlaState::Terminated, s.earned));
    let mut gone = Life::new(0);
    gone.run(72, down).settle_telling().never("ended_early");
    let s = gone.sla();
    assert_eq!((s.state, s.provider_claim + s.fees), (SlaState::Terminated, s.earned));
}

/// The notice has to end before the SLA does.
#[test]
fn the_provider_s_early_end_comes_before_the_agreed_one() {
    for (epoch, end) in [(84, Some(108)), (85, None), (97, None), (120, None)] {
        let life = Life::new(0);
        at(&life, epoch);
        life.w.allow(&life.w.provider, life.w.po_id(), "reclaim", (&life.w.provider, &life.id));
        let answer = life.w.po().try_reclaim(&life.w.provider, &life.id);
        match end {
            Some(end) => assert_eq!((answer.is_ok(), life.sla().end_epochs), (true, end)),
            None => assert_eq!(refused(answer), Error::ReclaimNotice, "{epoch}"),
        }
    }
}

#[test]
fn what_its_consumer_ends_the_provider_does_not() {
    let mut life = Life::new(0);
    at(&life, 1);
    life.close();
    life.w.allow(&life.w.provider, life.w.po_id(), "reclaim", (&life.w.provider, &life.id));
    assert_eq!(refused(life.w.po().try_reclaim(&life.w.provider, &life.id)), Error::StateWrong);
}

#[test]
fn what_is_over_is_not_handed_over() {
    let mut life = Life::new(0);
    life.run(120, good).settle();
    let (w, heir) = (&life.w, Address::generate(&life.w.env));
    allow_all(w, &[&w.consumer, &heir], "transfer", (&w.consumer, &life.id, &heir, &heir), 0);
    assert_eq!(refused(w.co().try_transfer(&w.consumer, &life.id, &heir, &heir)), Error::StateWrong);
    assert_eq!(life.sla().consumer, w.consumer);
}

/// Asked for as a renewal, and paid when what it would have followed is over: it begins on its own.
#[test]
fn nothing_succeeds_what_is_over() {
    let mut life = Life::new(0);
    let request = Request { deposit: 0, nonce: life.w.bytes32(2), previous: life.id.clone(), ..life.w.wish(0) };
    let next = life.w.request(&request);
    at(&life, 1);
    life.close().run(12, good).settle_telling();
    let (w, amount) = (&life.w, life.w.wish(0).deposit);
    w.allow_paying(&w.consumer, w.co_id(), "fund", (&w.consumer, &next, amount), amount);
    w.co().fund(&w.consumer, &next, &amount);
    let names = told(w);
    assert!(names.contains(&"reservation_active".to_owned()) && !names.contains(&"succeeded".to_owned()), "{names:?}");
    assert_eq!((w.co().sla(&next).state, w.co().sla(&life.id).next), (SlaState::Active, w.none()));
}

/// Whatever a Provider Orchestrator says, an SLA is accepted once, and not refused once it is Active.
#[test]
fn an_active_sla_is_neither_accepted_nor_refused() {
    let life = Life::new(0);
    let w = &life.w;
    let before = w.co().sla(&life.id);
    w.allow(w.po_id(), w.co_id(), "accepted", (&life.id,));
    assert_eq!(refused(w.co().try_accepted(&life.id)), Error::StateWrong);
    w.allow(w.po_id(), w.co_id(), "refused", (&life.id,));
    assert_eq!(refused(w.co().try_refused(&life.id)), Error::StateWrong);
    assert_eq!(w.co().sla(&life.id), before);
}

#[test]
fn the_provider_s_early_end_is_told_with_its_price() {
    let life = Life::new(0);
    at(&life, 13);
    life.w.allow(&life.w.provider, life.w.po_id(), "reclaim", (&life.w.provider, &life.id));
    life.w.po().reclaim(&life.w.provider, &life.id);
    let told = Told::of(&life.w);
    let rate = Rate::of(&terms(&life.w, &life.id)).unwrap();
    let price = (rate.storage(120).unwrap() - rate.storage(48).unwrap()) / 10;
    told.once("reclaimed", &[("end_epochs", 48), ("price", price)]);
    told.once("closing", &[("breach", 0), ("end_epochs", 48)]);
}
