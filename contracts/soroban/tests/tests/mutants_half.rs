//! The provider's half of a settlement: what it tells, from which unit on money moves, what bounds it, and which leaves are behind.

use flashback_core::{error::Error, leaf::STATUS_COMPLETE, money::Totals};
use flashback_provider::types::ReservationState;
use flashback_tests::{
    life::Life,
    meter::Meter,
    oracle::{EPOCH_SECONDS, GENESIS},
    world::World,
};
use soroban_sdk::testutils::Ledger as _;

fn down(m: &mut Meter) {
    m.down();
}

fn good(m: &mut Meter) {
    m.good(0);
}

/// What a slash tells, in the order of the names.
fn slashed(life: &Life, amount: i128, lost: bool, abandoned: bool) -> [(&'static str, i128); 8] {
    let leaf = &life.meter.leaf;
    [
        ("abandoned", abandoned.into()),
        ("amount", amount),
        ("breaches", leaf.breaches.into()),
        ("cause", 1),
        ("epoch", leaf.epochs.into()),
        ("lost", lost.into()),
        ("slash_bps", leaf.slash_bps.into()),
        ("total", life.reservation().slash),
    ]
}

#[test]
fn what_moves_nothing_is_not_told() {
    let mut life = Life::new(0);
    let told = life.run(12, good).settle_telling();
    for name in ["warning", "coverage", "slashed", "credited"] {
        told.never(name);
    }
    let told = life.run(12, down).settle_telling();
    let warnings = life.meter.leaf.warnings;
    assert!(warnings > 0);
    told.once("warning", &[("epoch", 24), ("warnings", warnings.into())]);
    told.never("slashed");
    life.run(1, good).settle_telling().never("warning");
    assert_eq!(life.reservation().warnings, warnings);
}

/// Coverage and slash of dead windows: amounts since the last settlement, totals from the beginning.
#[test]
fn each_coverage_and_slash_is_told_with_its_total() {
    let mut life = Life::new(0);
    let (mut coverage, mut slash) = (0, 0);
    for window in 1..=3 {
        let told = life.run(12, down).settle_telling();
        let r = life.reservation();
        assert!(r.coverage > coverage && (r.slash > slash) == (window > 1), "window {window}");
        told.once("coverage", &[("amount", r.coverage - coverage), ("epoch", 12 * window), ("total", r.coverage)]);
        if window > 1 {
            told.once("slashed", &slashed(&life, r.slash - slash, false, false));
        } else {
            told.never("slashed");
        }
        (coverage, slash) = (r.coverage, r.slash);
    }
}

#[test]
fn a_slash_says_whether_data_is_lost_or_the_provider_gone() {
    let mut life = Life::new(0);
    life.meter.lost();
    let told = life.run(11, good).settle_telling();
    told.once("slashed", &slashed(&life, life.reservation().slash, true, false));
    let mut life = Life::new(0);
    let told = life.run(72, down).settle_telling();
    told.once("slashed", &slashed(&life, life.reservation().slash, false, true));
}

/// With dust for a price, a window's coverage and a breach's slash are one unit each.
#[test]
fn one_unit_is_told() {
    let mut life = Life::of_dust(10_000);
    let told = life.run(12, down).settle_telling();
    told.once("coverage", &[("amount", 1), ("epoch", 12), ("total", 1)]);
    let told = life.run(12, down).settle_telling();
    told.once("coverage", &[("amount", 1), ("epoch", 24), ("total", 2)]);
    told.once("slashed", &slashed(&life, 1, false, false));
}

/// The contracts hold what a quorum certifies to what is locked: coverage comes first, and neither takes what the other took before.
#[test]
fn coverage_and_slash_share_what_is_locked() {
    let mut life = Life::new(0);
    let zero = life.from.clone();
    life.run(48, down);
    let mut leaf = life.meter.leaf.clone();
    leaf.slash_bps = 10_000;
    let all = life.w.certify_at(48, &leaf);
    life.settle_half(&zero, &all);
    let r = life.reservation();
    let due = Totals::of(&life.meter.terms, &leaf).unwrap();
    assert_eq!((r.coverage, r.slash), (due.coverage, r.collateral - due.coverage), "no more than there is");
    assert!(due.slash > r.slash);

    life.run(12, down);
    let mut leaf = life.meter.leaf.clone();
    leaf.slash_bps = 10_000;
    let more = life.w.certify_at(60, &leaf);
    life.settle_half(&all.leaf, &more);
    let after = life.reservation();
    assert!(Totals::of(&life.meter.terms, &leaf).unwrap().coverage > r.coverage);
    assert_eq!((after.settled_epochs, after.coverage, after.slash, after.owed), (60, r.coverage, r.slash, r.owed));
}

/// A `from` that stands before the settled leaf is not proven, so that the certified leaf itself must not be behind.
#[test]
fn an_older_leaf_is_behind() {
    let mut life = Life::new(0);
    let zero = life.from.clone();
    life.run(3, good);
    let third = life.w.certify(&life.id, &life.meter);
    life.run(2, good);
    let fifth = life.w.certify(&life.id, &life.meter);
    life.settle_half(&zero, &fifth);
    assert_eq!(life.try_settle_half(&zero, &third), Error::LeafBehind);
    let r = life.reservation();
    assert_eq!((r.settled_epochs, r.warnings), (5, 0));
}

#[test]
fn another_leaf_of_the_settled_epochs_is_behind() {
    let mut life = Life::new(0);
    life.run(11, good).settle();
    let before = life.from.clone();
    life.run(1, good);
    let running = life.w.certify(&life.id, &life.meter);
    life.settle_half(&before, &running);
    let mut leaf = life.meter.leaf.clone();
    leaf.status = STATUS_COMPLETE;
    let last = life.w.certify_at(13, &leaf);
    assert_eq!(life.try_settle_half(&before, &last), Error::LeafBehind);
    assert_eq!(life.reservation().state, ReservationState::Active);
}

#[test]
fn warnings_are_not_taken_back() {
    let mut life = Life::new(0);
    let zero = life.from.clone();
    life.run(12, down).settle();
    assert_eq!(life.reservation().warnings, life.meter.leaf.warnings);
    life.run(1, good);
    let mut fewer = life.meter.leaf.clone();
    fewer.warnings -= 1;
    let fewer = life.w.certify_at(13, &fewer);
    assert_eq!(life.try_settle_half(&zero, &fewer), Error::LeafBehind);
    assert_eq!(life.reservation().settled_epochs, 12);
}

#[test]
fn no_leaf_moves_collateral_before_the_sla_is_active() {
    let w = World::new();
    let id = w.request(&flashback_consumer::types::Request { deposit: 0, ..w.wish(0) });
    let mut life = Life::of(w, id);
    assert_eq!(life.reservation().state, ReservationState::Locked);
    life.run(1, good);
    let to = life.w.certify_at(1, &life.meter.leaf);
    assert_eq!(life.try_settle_half(&life.from, &to), Error::StateWrong);
}

#[test]
fn no_leaf_moves_collateral_after_a_time_out() {
    let mut life = Life::new(0);
    life.run(17, good).settle();
    let start = life.sla().start_epoch;
    life.run(7, down);
    let late = life.w.certify(&life.id, &life.meter);
    life.w.env.ledger().set_timestamp(GENESIS + (start + 120) * u64::from(EPOCH_SECONDS) + 30 * 86_400 + 1);
    life.w.allow_nothing();
    life.w.co().time_out(&life.id);
    let done = life.reservation();
    assert_eq!(life.try_settle_half(&life.from, &late), Error::StateWrong);
    assert_eq!(life.reservation(), done);
}
