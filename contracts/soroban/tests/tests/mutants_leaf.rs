//! What a leaf may say (`docs/spec/terms.md`, `docs/spec/contracts.md`): no cumulative figure falls, and none goes beyond time, terms and
//! judged windows. Every rule at its last figure that is taken and the first that is not.

use flashback_core::{
    error::Error,
    leaf::{Leaf, LEAF_LEN, STATUS_ABANDONED, STATUS_COMPLETE},
    merkle::{leaf_hash, root_from, DEPTH_MAX},
    settlement::{is_within, Position},
    terms::Terms,
};
use flashback_tests::{
    env,
    vectors::{bytes, cases},
};
use soroban_sdk::{BytesN, Vec as HostVec};

/// Every number that only rises, by name.
fn figures() -> Vec<(&'static str, fn(&mut Leaf, u8))> {
    vec![
        ("slots", |l, v| l.slots = v.into()),
        ("slots_bad", |l, v| l.slots_bad = v.into()),
        ("slots_excluded", |l, v| l.slots_excluded = v.into()),
        ("slot_error_ppm", |l, v| l.slot_error_ppm = v.into()),
        ("operations", |l, v| l.operations = v.into()),
        ("errors", |l, v| l.errors = v.into()),
        ("byte_seconds", |l, v| l.byte_seconds = v.into()),
        ("bytes_in", |l, v| l.bytes_in = v.into()),
        ("bytes_out", |l, v| l.bytes_out = v.into()),
        ("first ttfb", |l, v| l.ttfb[0] = v.into()),
        ("last ttfb", |l, v| l.ttfb[15] = v.into()),
        ("first throughput", |l, v| l.throughput[0] = v.into()),
        ("last throughput", |l, v| l.throughput[7] = v.into()),
        ("challenges", |l, v| l.challenges = v.into()),
        ("passed", |l, v| l.passed = v.into()),
        ("windows", |l, v| l.windows = v.into()),
        ("judged_epochs", |l, v| l.judged_epochs = v.into()),
        ("judged_out", |l, v| l.judged_out = v.into()),
        ("price_credit_epochs", |l, v| l.price_credit_epochs = v.into()),
        ("price_credit_out", |l, v| l.price_credit_out = v.into()),
        ("collateral_credit_epochs", |l, v| l.collateral_credit_epochs = v.into()),
        ("collateral_credit_out", |l, v| l.collateral_credit_out = v.into()),
        ("breaches", |l, v| l.breaches = v.into()),
        ("slash_bps", |l, v| l.slash_bps = v.into()),
        ("first cause", |l, v| l.causes[0] = v.into()),
        ("last cause", |l, v| l.causes[5] = v.into()),
        ("warnings", |l, v| l.warnings = v.into()),
        ("lost", |l, v| l.lost = v),
    ]
}

fn zero() -> Leaf {
    Leaf::zero([1; 32], [2; 32])
}

#[test]
fn a_leaf_follows_when_it_is_later_and_nothing_fell() {
    let from = zero();
    let later = Leaf { epochs: 1, ..zero() };
    assert!(later.follows(&from));
    assert!(!from.follows(&from), "the same epoch is not later");
    for (name, set) in figures() {
        let (mut low, mut high) = (Leaf { epochs: 1, ..zero() }, Leaf { epochs: 2, ..zero() });
        set(&mut low, 1);
        set(&mut high, 1);
        assert!(high.follows(&low), "{name} stays");
        set(&mut high, 2);
        assert!(high.follows(&low), "{name} rises");
        set(&mut high, 0);
        assert!(!high.follows(&low), "{name} falls");
    }
}

#[test]
fn a_leaf_is_decoded_only_with_a_state_that_exists() {
    let encoded = |leaf: &Leaf| leaf.encode().unwrap().as_slice().to_vec();
    for (lost, status, ok) in [(0, 0, true), (1, 2, true), (2, 0, false), (0, 3, false), (1, 3, false)] {
        let leaf = Leaf { lost, status, ..zero() };
        assert_eq!(Leaf::decode(&encoded(&leaf)), if ok { Ok(leaf) } else { Err(Error::Malformed) }, "{lost} {status}");
    }
    let full = encoded(&zero());
    assert_eq!(full.len(), LEAF_LEN);
    assert_eq!(Leaf::decode(&full[..LEAF_LEN - 1]), Err(Error::Malformed));
    assert!(!zero().is_final());
    assert!(Leaf { status: STATUS_COMPLETE, ..zero() }.is_final() && Leaf { status: STATUS_ABANDONED, ..zero() }.is_final());
}

/// Every field keeps its place and its value.
#[test]
fn every_figure_survives_its_encoding() {
    let mut leaf = zero();
    for (i, (_, set)) in figures().into_iter().enumerate() {
        set(&mut leaf, if i == 27 { 1 } else { 100 + i as u8 });
    }
    leaf.ttfb = core::array::from_fn(|i| 1_000 + i as u64);
    leaf.throughput = core::array::from_fn(|i| 2_000 + i as u64);
    leaf.causes = core::array::from_fn(|i| 3_000 + i as u32);
    (leaf.epochs, leaf.recent, leaf.dead, leaf.armed, leaf.window_flags, leaf.status) = (7, [8, 9], 10, 11, 12, 2);
    assert_eq!(Leaf::decode(leaf.encode().unwrap().as_slice()), Ok(leaf));
}

fn terms() -> Terms {
    let mut t = Terms::decode(&bytes(&cases("deposit.json")[0]["terms"])).unwrap();
    (t.egress_bytes, t.holdback_bps, t.slash_cap_bps, t.slash_period_epochs) = (1_000, 400, 500, 10);
    t
}

/// Whether a running leaf of the SLA's fifth epoch, changed by `f`, is within.
fn within(f: impl Fn(&mut Leaf)) -> bool {
    let mut leaf = Leaf { epochs: 5, bytes_out: 1_000, judged_epochs: 5, judged_out: 1_000, ..zero() };
    f(&mut leaf);
    at(104, 50, 60, &leaf)
}

fn at(epoch: u64, end_epochs: u32, most_epochs: u32, leaf: &Leaf) -> bool {
    let env = env();
    let id = BytesN::from_array(&env, &[1; 32]);
    let at = Position { sla: &id, terms_hash: &id, settled_hash: &id, ahead_epochs: 0, start_epoch: 100, end_epochs, most_epochs };
    is_within(&terms(), &at, epoch, leaf)
}

#[test]
fn a_running_leaf_has_exactly_the_epochs_that_passed() {
    let leaf = |epochs| Leaf { epochs, ..zero() };
    assert!(at(104, 50, 60, &leaf(5)));
    assert!(!at(104, 50, 60, &leaf(4)) && !at(104, 50, 60, &leaf(6)));
    assert!(at(100, 50, 60, &leaf(1)));
    assert!(!at(99, 50, 60, &leaf(0)), "before it began");
    assert!(at(104, 4, 60, &leaf(4)), "no more than to the end");
    assert!(!at(104, 4, 60, &leaf(5)));
    assert!(!at(u64::MAX, 50, 60, &leaf(51)));
}

#[test]
fn a_final_leaf_may_be_earlier_and_has_all_judged() {
    let leaf = |epochs, judged_epochs| Leaf { epochs, judged_epochs, status: STATUS_COMPLETE, ..zero() };
    assert!(at(104, 50, 60, &leaf(5, 5)) && at(104, 50, 60, &leaf(4, 4)));
    assert!(!at(104, 50, 60, &leaf(6, 6)), "ahead of time");
    assert!(!at(104, 50, 60, &leaf(5, 4)), "not all judged");
    assert!(at(199, 50, 60, &leaf(60, 60)) && !at(199, 50, 60, &leaf(61, 61)), "beyond the most");
}

#[test]
fn nothing_is_judged_that_was_not_measured() {
    assert!(within(|_| ()));
    assert!(!within(|l| l.judged_epochs = 6));
    assert!(!within(|l| l.judged_out = 1_001));
    assert!(!within(|l| l.bytes_out = 1_001), "beyond the egress of the terms");
    assert!(within(|l| (l.bytes_out, l.judged_out) = (999, 999)));
}

#[test]
fn credits_fit_into_what_was_judged() {
    assert!(within(|l| l.price_credit_epochs = 2_000) && !within(|l| l.price_credit_epochs = 2_001));
    assert!(within(|l| l.price_credit_out = 400_000) && !within(|l| l.price_credit_out = 400_001));
    assert!(within(|l| l.collateral_credit_epochs = 50_000) && !within(|l| l.collateral_credit_epochs = 50_001));
    assert!(within(|l| l.collateral_credit_out = 10_000_000) && !within(|l| l.collateral_credit_out = 10_000_001));
    let both = |price, collateral| within(move |l| (l.price_credit_epochs, l.collateral_credit_epochs) = (price, collateral));
    assert!(both(2_000, 48_000) && !both(2_000, 48_001));
    let both = |price, collateral| within(move |l| (l.price_credit_out, l.collateral_credit_out) = (price, collateral));
    assert!(both(400_000, 9_600_000) && !both(400_000, 9_600_001) && !both(400_000, u128::MAX));
}

#[test]
fn a_slash_is_within_its_cap_and_after_two_warnings() {
    let slashed = |slash_bps, warnings| within(move |l| (l.slash_bps, l.warnings) = (slash_bps, warnings));
    assert!(slashed(500, 2) && !slashed(501, 2));
    assert!(slashed(1, 2) && slashed(1, 3) && !slashed(1, 1) && !slashed(1, 0));
    assert!(slashed(0, 0) && slashed(0, 1));
}

#[test]
fn a_path_is_at_most_as_deep_as_any_tree() {
    let env = env();
    let leaf = leaf_hash(&env, b"leaf");
    let path = |n: u32| {
        let mut path = HostVec::new(&env);
        for _ in 0..n {
            path.push_back(leaf.clone());
        }
        path
    };
    assert_eq!(DEPTH_MAX, 40);
    assert!(root_from(&env, &leaf, 0, &path(40)).is_some());
    assert!(root_from(&env, &leaf, 0, &path(41)).is_none());
    assert!(root_from(&env, &leaf, (1 << 40) - 1, &path(40)).is_some());
    assert!(root_from(&env, &leaf, 1 << 40, &path(40)).is_none());
    assert!(root_from(&env, &leaf, 1, &path(0)).is_none());
    assert_eq!(root_from(&env, &leaf, 0, &path(0)), Some(leaf));
}
