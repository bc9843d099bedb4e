//! The edges of a score: where a floor falls the other way, where dust ends, what a table's first line counts.
mod support;

use flashback_core::{leaf::Leaf, terms::Terms};
use flashback_score::{
    arithmetic::{lower_bound, total, value, Evidence, GRAINS_MAX, POINT},
    points::{consumer, provider, Ending, Scale, Weight},
    types::Params,
};
use soroban_sdk::testutils::Ledger as _;
use support::*;

const BEGIN: u64 = 1_700_000_000;

fn evidence(good: u128, bad: u128) -> Evidence {
    Evidence { good, bad }
}

/// Ten windows of ten epochs, whose only price is egress.
fn terms(fee: u64) -> Terms {
    let case = cases().into_iter().find(|c| c.get("points").is_some()).unwrap();
    let mut t = Terms::decode(&hex(&case["points"]["terms"])).unwrap();
    (t.duration_epochs, t.window_epochs) = (100, 10);
    (t.storage_price, t.egress_price, t.egress_bytes, t.fee_bps) = (0, u128::from(fee), 1 << 30, 10_000);
    t
}

fn leaf() -> Leaf {
    Leaf::zero([1; 32], [2; 32])
}

#[test]
fn evidence_stops_at_its_limit() {
    let most = evidence(GRAINS_MAX, GRAINS_MAX - 1);
    assert_eq!(most.and(evidence(1, 1)), evidence(GRAINS_MAX, GRAINS_MAX));
}

/// By a bound computed from the definition, elsewhere: pairs at which one grain more or less of the prior moves it.
#[test]
fn the_prior_is_a_point_on_each_side() {
    for (good, bad, bound) in [
        (12_583_565_682, 11_131_823_999, 4_354_503),
        (16_065_830_380, 331_344_065, 7_957_971),
        (15_389_940_890, 12_220_883_215, 4_821_436),
        // Both sides of the inequality are equal.
        (23_798_201_508_377_395_200, 23_797_457_826_200_158_208, 1 << 23),
    ] {
        assert_eq!(lower_bound(evidence(good, bad)).unwrap(), bound, "{good} {bad}");
    }
}

#[test]
fn a_value_is_floored() {
    assert_eq!(value(evidence(0, 0)).unwrap(), 5_000);
    assert_eq!((lower_bound(evidence(0, 230)).unwrap(), value(evidence(0, 230)).unwrap()), (2_027_821, 4_999));
    let half = evidence(22_717_658_273, 0);
    assert_eq!((lower_bound(half).unwrap(), value(half).unwrap()), (9_402_519, 7_500), "half of the way, exactly");
}

#[test]
fn a_total_reaches_its_largest_value() {
    for value in [0, 1, 9_999, 10_000] {
        assert_eq!(total([(value, 4), (value, 3), (value, 3)].into_iter()).unwrap(), value);
    }
}

#[test]
fn less_than_a_point_is_dust() {
    let scale = |unit: u128| Scale { unit, cap: 1_000, severity: 1 };
    let unit = 1 << 33;
    let weight = |fee: u64| Weight::of(&terms(fee), &leaf(), &scale(unit)).unwrap().whole;
    assert_eq!(weight((1 << 33) - 1), 0, "a grain less");
    assert_eq!(weight(1 << 33), POINT);
}

#[test]
fn targets_of_one_count() {
    let (mut t, mut l) = (terms(1_000), leaf());
    let weight = Weight { whole: 1_000 * POINT, paid: 1_000 * POINT };
    (l.slots, l.ttfb[15], l.throughput[5]) = (10, 10, 10);
    let performance = |t: &Terms| provider(t, &l, Ending::Running, 100, &weight, 1).unwrap()[1];
    (t.ttfb_ms, t.throughput_kibps) = (0, 0);
    assert_eq!(performance(&t), evidence(0, 0), "no target");
    t.ttfb_ms = 1;
    assert!(performance(&t).bad > 0);
    (t.ttfb_ms, t.throughput_kibps) = (0, 1);
    assert!(performance(&t).good > 0);
}

/// As many failed challenges as prove a loss weigh a window; with no such number, each one does.
#[test]
fn failed_challenges_weigh_windows() {
    let (mut t, mut l) = (terms(1_000), leaf());
    let weight = Weight { whole: 1_000 * POINT, paid: 0 };
    (l.challenges, l.windows) = (2, 2);
    for (proves, weighs) in [(0, 200), (1, 200), (2, 100), (4, 50)] {
        t.lost_challenges = proves;
        let durability = provider(&t, &l, Ending::Running, 100, &weight, 1).unwrap()[2];
        assert_eq!(durability, evidence(0, weighs * POINT), "{proves}");
    }
}

/// Of notice and slash, what weighs more.
#[test]
fn a_notice_weighs_what_never_came_or_what_was_slashed() {
    let (t, mut l) = (terms(1_000), leaf());
    let weight = Weight { whole: 1_000 * POINT, paid: 900 * POINT };
    l.slash_bps = 2_500;
    for (epochs, weighs) in [(90, 250), (75, 250), (60, 400)] {
        l.epochs = epochs;
        let completion = provider(&t, &l, Ending::Reclaimed, 100, &weight, 1).unwrap()[4];
        assert_eq!(completion, evidence(0, weighs * POINT), "{epochs}");
        assert_eq!(consumer(&t, &l, Ending::Reclaimed, 100, &weight).unwrap()[2], evidence(900 * POINT, 0));
    }
}

/// A lost dispute weighs one window, here a point or a grain less, and a point is what the score shows.
#[test]
fn points_are_whole() {
    let unit = 1i128 << 40;
    for (fee, grains, points) in [(10 << 40, POINT, 1), ((10 << 40) - 1, POINT - 1, 0)] {
        let w = World::new(BEGIN, 3_600, Params { version: 1, cap: 1_000, severity: 1 });
        w.wire();
        let (sla, id, provider, asset) = (w.b32([2; 32]), w.b32([1; 32]), w.someone(), w.someone());
        w.set_unit(&asset, unit);
        let document = terms(fee).encode().unwrap().as_slice().to_vec();
        let told = Told {
            terms: &document,
            terms_hash: flashback_core::hash::sha256_bytes(&w.env, &w.bytes(&document)).to_array(),
            provider: provider.clone(),
            asset,
            state: 2,
            settled: [3; 32],
            start: 1,
            consumer: w.someone(),
            consumer_state: 2,
            duration: None,
            reclaim_epochs: None,
        };
        w.tell(&sla, &told);
        w.env.ledger().set_timestamp(BEGIN + 1);
        w.allow(&w.dispute, "ruled", (&id, &sla, &provider));
        w.score().ruled(&id, &sla, &provider);
        assert_eq!(w.told(), ["ruled"]);
        assert_eq!(w.score().pairs(&provider).provider.pairs.get(3).map(|p| p.bad), Some(grains));
        assert_eq!(w.score().provider(&provider, &(BEGIN + 1)).points, points);
    }
}
