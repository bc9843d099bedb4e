//! The edges of a verdict (`docs/spec/arithmetic.md`, The verdict): each rule at the last figure that does not meet it and the first that
//! does.

use flashback_core::{
    error::Error,
    judge::{judge, slash_cap},
    leaf::{Leaf, CAUSE_NONE, CAUSE_PROVIDER, STATUS_ABANDONED, STATUS_COMPLETE, STATUS_RUNNING},
    terms::{Terms, Tier, Tiers},
};
use flashback_tests::vectors::{bytes, cases};

fn tiers(lines: &[(u32, u16)]) -> Tiers {
    let mut out = Tiers::default();
    for (level, bps) in lines {
        out.push(Tier { level: *level, bps: *bps }).unwrap();
    }
    out
}

/// Terms under which nothing but what a test sets leads to a credit, and where price and collateral limit none.
fn terms() -> Terms {
    let mut t = Terms::decode(&bytes(&cases("deposit.json")[0]["terms"])).unwrap();
    (t.availability_tiers, t.excess_tiers) = (Tiers::default(), Tiers::default());
    (t.ttfb_ms, t.throughput_kibps, t.error_ppm, t.min_samples) = (0, 0, 0, 0);
    (t.coverage_ppm, t.lost_challenges, t.lost_bps) = (500_000, 0, 700);
    (t.breach_bps, t.breach_count, t.breach_of) = (10_000, 1, 1);
    (t.slash_breach_bps, t.slash_lost_bps, t.slash_abandon_bps, t.abandon_windows) = (0, 0, 0, 0);
    (t.slash_cap_bps, t.slash_period_epochs) = (10_000, 12);
    (t.holdback_bps, t.collateral) = (10_000, 1 << 90);
    t
}

/// A window of 12 epochs with 12 good slots.
fn window() -> Leaf {
    Leaf { epochs: 12, slots: 12, ..Leaf::zero([1; 32], [2; 32]) }
}

fn judged(terms: &Terms, now: &Leaf) -> Leaf {
    judge(terms, &Leaf::zero([1; 32], [2; 32]), now, false).unwrap()
}

/// The credit of a window, in bps.
fn credit(terms: &Terms, now: &Leaf) -> u16 {
    judged(terms, now).recent[0]
}

/// Terms that credit everything below full availability with so many bps.
fn strict(bps: u16) -> Terms {
    Terms { availability_tiers: tiers(&[(1_000_000, bps)]), ..terms() }
}

#[test]
fn one_counted_slot_is_conclusive_and_none_is_not() {
    let all = Terms { coverage_ppm: 0, ..strict(300) };
    let bad = |slots, excluded| Leaf { slots, slots_excluded: excluded, slot_error_ppm: 1_000_000, slots_bad: 1, ..window() };
    assert_eq!(credit(&all, &bad(6, 5)), 300);
    assert_eq!(credit(&all, &bad(5, 5)), 0);
    assert_eq!(judged(&all, &bad(5, 5)).causes[CAUSE_NONE], 1);
}

#[test]
fn coverage_is_enough_when_it_is_met_exactly() {
    let half = strict(300);
    let bad = |slots, counted| Leaf { slots, slots_excluded: slots - counted, slot_error_ppm: 1_000_000, ..window() };
    assert_eq!(credit(&half, &bad(2, 1)), 300);
    assert_eq!(credit(&half, &bad(3, 1)), 0);
    // One millionth of a slot short.
    assert_eq!(credit(&half, &bad(2_000_001, 1_000_000)), 0);
    assert_eq!(credit(&half, &bad(2_000_000, 1_000_000)), 300);
}

#[test]
fn a_credit_of_one_bps_names_the_provider() {
    let leaf = judged(&strict(1), &Leaf { slot_error_ppm: 12, ..window() });
    assert_eq!((leaf.recent[0], leaf.causes[CAUSE_PROVIDER], leaf.causes[CAUSE_NONE]), (1, 1, 0));
}

#[test]
fn availability_is_floored_loss_and_strictly_below() {
    let t = Terms { availability_tiers: tiers(&[(999_000, 200), (990_000, 900), (995_000, 400)]), ..terms() };
    // Lost ppm of a slot: the sum over the counted slots, divided by them and floored.
    for (error_ppm, bps) in [(0, 0), (12_011, 0), (12_012, 200), (60_011, 200), (60_012, 400), (120_011, 400), (120_012, 900)] {
        assert_eq!(credit(&t, &Leaf { slot_error_ppm: error_ppm, ..window() }), bps, "{error_ppm}");
    }
    // More errors than slots could have is no availability, not an overflow.
    assert_eq!(credit(&t, &Leaf { slot_error_ppm: u64::MAX, ..window() }), 900);
}

#[test]
fn lost_challenges_count_from_their_number_on() {
    let failed = |challenges, passed| Leaf { challenges, passed, ..window() };
    let one = Terms { lost_challenges: 1, ..terms() };
    assert_eq!(credit(&one, &failed(5, 5)), 0);
    assert_eq!((credit(&one, &failed(5, 4)), judged(&one, &failed(5, 4)).lost), (700, 1));
    let three = Terms { lost_challenges: 3, ..terms() };
    assert_eq!((credit(&three, &failed(5, 3)), judged(&three, &failed(5, 3)).lost), (0, 0));
    assert_eq!(credit(&three, &failed(5, 2)), 700);
    // Nought turns the rule off.
    assert_eq!((credit(&terms(), &failed(5, 0)), judged(&terms(), &failed(5, 0)).lost), (0, 0));
}

/// Each of the three figures that have a target: at its target, at the excess and above it, with the least samples and one less.
#[test]
fn first_byte_is_the_95th_percentile_over_its_target() {
    let t = Terms { ttfb_ms: 50, min_samples: 20, excess_tiers: tiers(&[(100, 100), (150, 400)]), ..terms() };
    let mut leaf = window();
    leaf.ttfb[0] = 19;
    leaf.ttfb[6] = 1;
    // 19 of 20 are the 95 percent: 5 ms.
    assert_eq!(credit(&t, &leaf), 0);
    leaf.ttfb[0] = 18;
    leaf.ttfb[6] = 2;
    assert_eq!(credit(&t, &leaf), 400, "100 ms is above 150 percent of 50 ms");
    leaf.ttfb[6] = 0;
    leaf.ttfb[5] = 2;
    assert_eq!(credit(&t, &leaf), 100, "75 ms is not above 150 percent of 50 ms");
    leaf.ttfb[5] = 0;
    leaf.ttfb[4] = 2;
    assert_eq!(credit(&t, &leaf), 0, "50 ms is the target");
    leaf.ttfb[4] = 1;
    leaf.ttfb[6] = 0;
    leaf.ttfb[15] = 0;
    leaf.ttfb[0] = 0;
    leaf.ttfb[7] = 18;
    assert_eq!(credit(&t, &leaf), 0, "19 samples are too few");
    leaf.ttfb[7] = 19;
    assert_eq!(credit(&t, &leaf), 400);
}

#[test]
fn throughput_is_the_95th_percentile_from_the_fast_end() {
    let t = Terms { throughput_kibps: 4096, min_samples: 20, excess_tiers: tiers(&[(100, 100), (400, 400)]), ..terms() };
    let mut leaf = window();
    leaf.throughput[7] = 19;
    leaf.throughput[0] = 1;
    assert_eq!(credit(&t, &leaf), 0);
    leaf.throughput[7] = 18;
    leaf.throughput[0] = 0;
    leaf.throughput[3] = 2;
    assert_eq!(credit(&t, &leaf), 100, "4096 is not above four times 1024");
    leaf.throughput[3] = 0;
    leaf.throughput[2] = 2;
    assert_eq!(credit(&t, &leaf), 400);
    leaf.throughput[2] = 0;
    leaf.throughput[4] = 2;
    assert_eq!(credit(&t, &leaf), 0, "the target is met");
    (leaf.throughput[7], leaf.throughput[4], leaf.throughput[1]) = (0, 0, 19);
    assert_eq!(credit(&t, &leaf), 0, "19 samples are too few");
    leaf.throughput[1] = 20;
    assert_eq!(credit(&t, &leaf), 400);
}

#[test]
fn errors_are_ppm_of_operations_over_their_target() {
    let t = Terms { error_ppm: 1_000, min_samples: 1_000, excess_tiers: tiers(&[(100, 100), (200, 400)]), ..terms() };
    for (operations, errors, bps) in
        [(1_000, 1, 0), (1_000, 2, 100), (1_000, 3, 400), (999, 999, 0), (1_001, 2, 100), (999_999, 1_001, 100)]
    {
        assert_eq!(credit(&t, &Leaf { operations, errors, ..window() }), bps, "{errors} of {operations}");
    }
}

#[test]
fn no_target_asks_for_nothing_and_a_target_of_one_asks() {
    let any = tiers(&[(0, 500)]);
    let mut seen = Leaf { operations: 10, errors: 10, ..window() };
    seen.ttfb[15] = 10;
    seen.throughput[1] = 10;
    assert_eq!(credit(&Terms { excess_tiers: any, ..terms() }, &seen), 0);
    let with = |ttfb_ms, throughput_kibps, error_ppm| Terms { ttfb_ms, throughput_kibps, error_ppm, excess_tiers: any, ..terms() };
    for t in [with(1, 0, 0), with(0, 1, 0), with(0, 0, 1)] {
        assert_eq!(credit(&t, &seen), 500);
        // Without a sample there is nothing to say, with one there is.
        assert_eq!(credit(&t, &window()), 0);
        let mut one = Leaf { operations: 1, errors: 1, ..window() };
        one.ttfb[15] = 1;
        one.throughput[1] = 1;
        assert_eq!(credit(&t, &one), 500);
    }
}

#[test]
fn the_largest_credit_of_all_figures_counts() {
    let mut leaf = Leaf { slot_error_ppm: 12_000_000, challenges: 2, ..window() };
    leaf.ttfb[15] = 1;
    let t = Terms { ttfb_ms: 5, lost_challenges: 2, excess_tiers: tiers(&[(100, 650)]), ..strict(600) };
    assert_eq!(credit(&t, &leaf), 700);
    assert_eq!(credit(&Terms { lost_bps: 620, ..t.clone() }, &leaf), 650);
    assert_eq!(credit(&Terms { lost_bps: 620, excess_tiers: Tiers::default(), ..t }, &leaf), 620);
}

/// A leaf whose window deserves 300 bps, after `recent` windows and with `armed` warnings that stand.
fn breach(recent: [u16; 2], armed: u8) -> Leaf {
    Leaf { slot_error_ppm: 12_000_000, recent, armed, ..window() }
}

fn slashing() -> Terms {
    Terms { breach_bps: 300, slash_breach_bps: 1_000, ..strict(300) }
}

#[test]
fn a_breach_warns_and_is_slashed_only_after_two_warnings() {
    let t = slashing();
    for (armed, slash) in [(0, 0), (1, 0), (2, 1_000), (3, 1_000)] {
        let leaf = judged(&t, &breach([0, 0], armed));
        assert_eq!((leaf.slash_bps, leaf.armed, leaf.warnings, leaf.breaches), (slash, armed + 1, 1, 1), "{armed}");
    }
    // A credit below a breach is none, keeps what stands and adds nothing; no credit disarms.
    let mild = judged(&Terms { breach_bps: 301, ..t.clone() }, &breach([0, 0], 2));
    assert_eq!((mild.slash_bps, mild.armed, mild.warnings), (0, 2, 0));
    assert_eq!(judged(&t, &Leaf { armed: 2, ..window() }).armed, 0);
    assert_eq!(judged(&strict(1), &breach([0, 0], 2)).armed, 2);
    assert_eq!(judged(&t, &breach([0, 0], u8::MAX)).armed, u8::MAX);
}

#[test]
fn breaches_are_counted_among_the_last_windows() {
    let t = |count, of| Terms { breach_count: count, breach_of: of, ..slashing() };
    for (count, of, recent, slashed) in [
        (2, 2, [300, 0], true),
        (2, 2, [299, 300], false),
        (2, 3, [299, 300], true),
        (2, 1, [300, 300], false),
        (3, 3, [300, 300], true),
        (3, 3, [300, 299], false),
        (3, 9, [300, 300], true),
        (4, 9, [300, 300], false),
        (1, 0, [0, 0], true),
    ] {
        let leaf = judged(&t(count, of), &breach(recent, 2));
        assert_eq!(leaf.slash_bps > 0, slashed, "{count} of {of} after {recent:?}");
    }
}

#[test]
fn the_largest_slash_of_all_reasons_counts() {
    let t = Terms { lost_challenges: 1, slash_lost_bps: 1_200, abandon_windows: 2, slash_abandon_bps: 1_500, ..slashing() };
    let dead = |dead| Leaf { slots_bad: 12, dead, challenges: 1, ..breach([0, 0], 2) };
    assert_eq!((judged(&t, &dead(0)).slash_bps, judged(&t, &dead(0)).status), (1_200, STATUS_RUNNING));
    assert_eq!((judged(&t, &dead(1)).slash_bps, judged(&t, &dead(1)).status), (1_500, STATUS_ABANDONED));
    assert_eq!(judged(&Terms { slash_abandon_bps: 1_100, ..t.clone() }, &dead(1)).slash_bps, 1_200);
    assert_eq!(judged(&Terms { slash_lost_bps: 900, ..t.clone() }, &dead(0)).slash_bps, 1_000);
    // It is abandoned at that window and at no other, and without warnings too, only not slashed for it.
    assert_eq!(judged(&t, &dead(2)).status, STATUS_RUNNING);
    let unwarned = judged(&t, &Leaf { armed: 1, ..dead(1) });
    assert_eq!((unwarned.slash_bps, unwarned.status), (0, STATUS_ABANDONED));
    assert_eq!(judged(&Terms { abandon_windows: 0, ..t }, &window()).status, STATUS_RUNNING);
}

#[test]
fn a_dead_window_has_no_good_slot_among_the_counted() {
    let leaf = |bad, excluded, dead| Leaf { slots_bad: bad, slots_excluded: excluded, dead, ..window() };
    assert_eq!(judged(&terms(), &leaf(12, 0, 3)).dead, 4);
    assert_eq!(judged(&terms(), &leaf(7, 5, 3)).dead, 4);
    assert_eq!(judged(&terms(), &leaf(11, 0, 3)).dead, 0);
    // An inconclusive window leaves it as it was.
    assert_eq!(judged(&terms(), &leaf(2, 10, 3)).dead, 3);
    assert_eq!(judged(&terms(), &leaf(12, 0, u8::MAX)).dead, u8::MAX);
}

#[test]
fn a_slash_stops_at_the_cap_of_the_periods_begun() {
    let t = Terms { slash_cap_bps: 600, ..slashing() };
    assert_eq!(judged(&t, &breach([0, 0], 2)).slash_bps, 600);
    assert_eq!(judged(&t, &Leaf { epochs: 13, slash_bps: 600, ..breach([0, 0], 2) }).slash_bps, 600 + 600);
    assert_eq!(judged(&t, &Leaf { slash_bps: 601, ..breach([0, 0], 2) }).slash_bps, 601);
    for (epochs, cap) in [(0, 0), (1, 600), (12, 600), (13, 1_200), (24, 1_200), (25, 1_800)] {
        assert_eq!(slash_cap(&t, epochs), cap, "{epochs}");
    }
    assert_eq!(slash_cap(&Terms { slash_period_epochs: 0, ..t }, 2), 1_200);
    let wide = Terms { slash_cap_bps: u16::MAX, slash_period_epochs: 1, ..terms() };
    assert_eq!(slash_cap(&wide, 100_000), 65_535 * 100_000);
}

#[test]
fn a_credit_comes_out_of_the_holdback_first_and_then_of_the_collateral() {
    let t = Terms { holdback_bps: 250, ..strict(1_000) };
    let now = Leaf { slot_error_ppm: 12_000_000, bytes_out: 70, price_credit_epochs: 5, price_credit_out: 6, ..window() };
    let leaf = judged(&t, &Leaf { collateral_credit_epochs: 7, collateral_credit_out: 8, ..now });
    assert_eq!((leaf.price_credit_epochs, leaf.price_credit_out), (5 + 250 * 12, 6 + 250 * 70));
    assert_eq!((leaf.collateral_credit_epochs, leaf.collateral_credit_out), (7 + 750 * 12, 8 + 750 * 70));
    let all = judged(&Terms { holdback_bps: 1_000, ..t }, &Leaf { slot_error_ppm: 12_000_000, ..window() });
    assert_eq!((all.price_credit_epochs, all.collateral_credit_epochs), (1_000 * 12, 0));
}

/// A GiB·day costs 10⁴ units, so that a bps of an epoch of a day is one unit, and egress nothing.
fn priced(collateral: u128) -> Terms {
    let t = Terms { volume_bytes: 1 << 30, epoch_seconds: 86_400, storage_price: 10_000, egress_price: 0, ..slashing() };
    Terms { holdback_bps: 0, collateral, ..t }
}

#[test]
fn coverage_is_the_largest_part_that_the_collateral_bears() {
    // 300 bps of 12 epochs are 3,600 units.
    let leaf = |collateral, slash_bps| judged(&priced(collateral), &Leaf { slash_bps, ..breach([0, 0], 0) });
    for (collateral, slash_bps, part) in [
        (3_600, 0, 300),
        (3_599, 0, 299),
        (3_588, 0, 299),
        (3_587, 0, 298),
        (24, 0, 2),
        (23, 0, 1),
        (12, 0, 1),
        (11, 0, 0),
        (0, 0, 0),
        // A tenth is slashed already.
        (4_000, 1_000, 300),
        (3_999, 1_000, 300),
        (3_990, 1_000, 299),
    ] {
        assert_eq!(leaf(collateral, slash_bps).collateral_credit_epochs, part * 12, "{collateral}, {slash_bps}");
    }
}

#[test]
fn a_slash_is_the_largest_that_the_rest_of_the_collateral_bears() {
    let leaf = |collateral| judged(&priced(collateral), &breach([0, 0], 2)).slash_bps;
    assert_eq!(leaf(4_000), 1_000);
    assert_eq!(leaf(3_600 + 360), 911, "911 bps of 3,960 are 360 units, 912 are 361");
    assert_eq!(leaf(3_600), 2, "two bps of 3,600 are no unit yet");
}

#[test]
fn the_window_is_booked_as_judged() {
    let now = Leaf { bytes_out: 99, windows: 3, recent: [11, 22], window_flags: 1, causes: [4; 6], ..window() };
    let leaf = judge(&terms(), &Leaf::zero([1; 32], [2; 32]), &now, true).unwrap();
    assert_eq!((leaf.windows, leaf.judged_epochs, leaf.judged_out), (4, 12, 99));
    assert_eq!((leaf.recent, leaf.window_flags, leaf.status), ([0, 11], 0, STATUS_COMPLETE));
    assert_eq!(leaf.causes[CAUSE_NONE], 5);
    assert_eq!(judged(&terms(), &now).status, STATUS_RUNNING);
    let abandoned = Leaf { status: STATUS_ABANDONED, ..now };
    assert_eq!(judge(&terms(), &Leaf::zero([1; 32], [2; 32]), &abandoned, true).unwrap().status, STATUS_ABANDONED);
}

/// What is judged is what came between the boundary and now, in every figure.
#[test]
fn only_the_window_counts() {
    let t = Terms {
        ttfb_ms: 50,
        throughput_kibps: 4096,
        error_ppm: 1_000,
        lost_challenges: 1,
        excess_tiers: tiers(&[(100, 100)]),
        ..strict(300)
    };
    let mut boundary = Leaf { slots: 100, slots_bad: 90, slots_excluded: 9, slot_error_ppm: 90_000_000, epochs: 100, ..window() };
    (boundary.operations, boundary.errors, boundary.bytes_out) = (1_000, 900, 5_000);
    (boundary.challenges, boundary.passed) = (20, 10);
    boundary.ttfb = [9; 16];
    boundary.throughput = [9; 8];
    let mut now = Leaf { epochs: 112, slots: 112, operations: 1_010, bytes_out: 5_010, challenges: 22, passed: 12, ..boundary.clone() };
    now.ttfb[0] += 10;
    now.throughput[7] += 10;
    assert_eq!(judge(&t, &boundary, &now, false).unwrap().recent[0], 0);
    let bad = Leaf { slot_error_ppm: 102_000_000, ..now };
    let leaf = judge(&t, &boundary, &bad, false).unwrap();
    assert_eq!((leaf.recent[0], leaf.price_credit_epochs, leaf.price_credit_out), (300, 300 * 12, 300 * 10));
}

#[test]
fn figures_that_fall_are_refused() {
    let from = Leaf { slots: 13, ..Leaf::zero([1; 32], [2; 32]) };
    assert_eq!(judge(&terms(), &from, &window(), false), Err(Error::Overflow));
    assert_eq!(judge(&terms(), &Leaf { epochs: 13, ..window() }, &window(), false), Err(Error::Overflow));
    assert_eq!(judge(&terms(), &window(), &Leaf { slots_excluded: 13, ..window() }, false), Err(Error::Overflow));
    let over = Leaf { windows: u32::MAX, ..window() };
    assert_eq!(judge(&terms(), &Leaf::zero([1; 32], [2; 32]), &over, false), Err(Error::Overflow));
}

#[test]
fn errors_in_ppm_are_exact_up_to_all_of_them() {
    let t = |error_ppm| Terms { error_ppm, excess_tiers: tiers(&[(100, 100)]), ..terms() };
    let all = Leaf { operations: 3, errors: 3, ..window() };
    assert_eq!(credit(&t(1_000_000), &all), 0);
    assert_eq!(credit(&t(999_999), &all), 100);
}

#[test]
fn one_dead_window_abandons_where_the_terms_say_one() {
    let t = Terms { abandon_windows: 1, slash_abandon_bps: 50, ..terms() };
    assert_eq!(judged(&t, &Leaf { slots_bad: 12, ..window() }).status, STATUS_ABANDONED);
    assert_eq!(judged(&t, &window()).status, STATUS_RUNNING);
}

/// The cap of many periods exceeds what a slash can be written in.
#[test]
fn a_wide_cap_lowers_nothing() {
    let t = Terms { slash_breach_bps: u16::MAX, slash_cap_bps: u16::MAX, slash_period_epochs: 1, collateral: 0, ..slashing() };
    assert_eq!(judged(&Terms { holdback_bps: 10_000, ..t }, &breach([0, 0], 2)).slash_bps, u32::from(u16::MAX));
}

#[test]
fn a_thousandth_less_than_95_percent_is_not_the_95th_percentile() {
    let t = Terms { ttfb_ms: 50, excess_tiers: tiers(&[(100, 100)]), ..terms() };
    let mut leaf = window();
    (leaf.ttfb[0], leaf.ttfb[7]) = (950, 50);
    assert_eq!(credit(&t, &leaf), 0);
    (leaf.ttfb[0], leaf.ttfb[7]) = (949, 51);
    assert_eq!(credit(&t, &leaf), 100);
}
