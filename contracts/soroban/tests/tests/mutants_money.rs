//! The edges of money (`docs/spec/arithmetic.md`): what rounds where, what is bounded by what, and what is refused.

use flashback_core::{
    error::Error,
    leaf::Leaf,
    money::{
        add, bond, bps_of, covered, least_epochs, part_of, reserve, slash, sub, total_price, unused, FeeShares, Rate, SlashShares, Totals,
    },
    terms::{FeeBps, SlashBps, Terms},
};
use flashback_tests::vectors::{bytes, cases};

/// An epoch of storage costs 1,000 and a byte of egress 1.
fn terms() -> Terms {
    let mut t = Terms::decode(&bytes(&cases("deposit.json")[0]["terms"])).unwrap();
    (t.volume_bytes, t.epoch_seconds, t.storage_price) = (1 << 30, 86_400, 1_000);
    (t.egress_price, t.egress_bytes) = (1 << 30, 50);
    (t.duration_epochs, t.window_epochs, t.grace_epochs, t.retention_epochs) = (100, 10, 3, 7);
    (t.bond, t.collateral) = (500, 30_000);
    (t.fee_bps, t.holdback_bps) = (250, 1_000);
    t
}

fn zero() -> Leaf {
    Leaf::zero([1; 32], [2; 32])
}

#[test]
fn storage_costs_no_egress() {
    let rate = Rate::of(&terms()).unwrap();
    assert_eq!(rate.storage(0).unwrap(), 0);
    assert_eq!(rate.storage(3).unwrap(), 3_000);
    assert_eq!(rate.gross(3, 7).unwrap(), 3_007);
    assert_eq!(total_price(&terms()).unwrap(), 100_050);
}

#[test]
fn storage_and_egress_are_floored_each() {
    let rate = Rate::new(1, 1, (1 << 30) - 1, 86_400).unwrap();
    assert_eq!(rate.gross(1, (1 << 30) - 1).unwrap(), 0);
    assert_eq!(rate.gross(2, (1 << 31) - 1).unwrap(), 1 + 1);
    assert_eq!(Rate::new(1, 1, 1 << 30, 86_400).unwrap().gross(1, 1 << 30).unwrap(), 2);
}

#[test]
fn a_deposit_covers_an_epoch_from_its_last_unit_on() {
    let t = terms();
    for (deposited, epochs) in
        [(0, 0), (549, 0), (550, 0), (1_549, 0), (1_550, 1), (2_549, 1), (2_550, 2), (100_549, 99), (100_550, 100), (900_000, 100)]
    {
        assert_eq!(covered(&t, deposited).unwrap(), epochs, "{deposited}");
    }
    assert_eq!(covered(&Terms { storage_price: 0, ..t.clone() }, 550).unwrap(), 100, "what is free is covered");
    assert_eq!(covered(&Terms { storage_price: 0, ..t.clone() }, 549).unwrap(), 0, "but not without bond and egress");
    let most = Terms { duration_epochs: u32::MAX, volume_bytes: 1, epoch_seconds: 1, storage_price: 1, ..t };
    assert_eq!(covered(&most, 1 << 100).unwrap(), u32::MAX);
}

/// The price of the first epochs may be floored to nothing: they are covered by nothing.
#[test]
fn an_epoch_that_is_floored_to_nothing_is_covered() {
    let s = u128::from(86_400u64 << 30);
    let t = Terms { volume_bytes: 1, epoch_seconds: 1, storage_price: s - 1, ..terms() };
    assert_eq!(covered(&t, 550).unwrap(), 1);
    assert_eq!(covered(&Terms { storage_price: s, ..t.clone() }, 550).unwrap(), 0);
    assert_eq!(covered(&Terms { storage_price: s / 2, ..t }, 550).unwrap(), 1);
}

#[test]
fn an_sla_begins_with_a_window_grace_and_retention_or_its_duration() {
    assert_eq!(least_epochs(&terms()), 20);
    assert_eq!(least_epochs(&Terms { duration_epochs: 19, ..terms() }), 19);
    assert_eq!(least_epochs(&Terms { grace_epochs: u32::MAX, ..terms() }), 100);
}

#[test]
fn the_reserve_is_the_last_epochs_until_all_is_paid_for() {
    let t = terms();
    assert_eq!(reserve(&t, 50_000, 99, 100).unwrap(), 7_000);
    assert_eq!(reserve(&t, 50_000, 100, 100).unwrap(), 0);
    assert_eq!(reserve(&t, 6_999, 50, 100).unwrap(), 6_999);
    assert_eq!(reserve(&t, 50_000, 5, 100).unwrap(), 5_000, "no more epochs than are covered");
    assert_eq!(reserve(&t, 50_000, 0, 100).unwrap(), 0);
}

#[test]
fn unused_storage_is_priced_by_the_difference() {
    assert_eq!(unused(&terms(), 40, 100, 250).unwrap(), 1_500);
    assert_eq!(unused(&terms(), 40, 100, 10_000).unwrap(), 60_000);
    assert_eq!(unused(&terms(), 100, 100, 250).unwrap(), 0);
    assert_eq!(unused(&terms(), 101, 100, 250), Err(Error::Overflow));
}

#[test]
fn parts_are_floored_once() {
    assert_eq!(part_of(1_000, (1, 1), (3, 1)).unwrap(), 333);
    assert_eq!(part_of(1_000, (2, 5), (3, 10)).unwrap(), 333);
    assert_eq!(part_of(999, (7, 3), (11, 9)).unwrap(), 999 * 21 / 99);
    assert_eq!(part_of(i128::MAX, (u64::MAX, u32::MAX), (u64::MAX, u32::MAX)).unwrap(), i128::MAX);
    assert_eq!(part_of(-1, (1, 1), (1, 1)), Err(Error::AmountInvalid));
    assert_eq!(part_of(1, (1, 1), (0, 1)), Err(Error::Overflow));
    assert_eq!(bps_of(9_999, 1).unwrap(), 0);
    assert_eq!(bps_of(10_000, 1).unwrap(), 1);
    assert_eq!(bps_of(i128::MAX, 10_000).unwrap(), i128::MAX);
    assert_eq!(bps_of(i128::MAX, 10_001), Err(Error::Overflow));
    assert_eq!(bps_of(-1, 1), Err(Error::AmountInvalid));
}

/// Quotients whose digits of 64 bits are all used.
#[test]
fn long_quotients_are_exact() {
    let rate = Rate::new(u128::MAX, 0, 1, 1).unwrap();
    let s = u128::from(86_400u64 << 30);
    assert_eq!(rate.storage(1).unwrap(), (u128::MAX / s) as i128);
    let rate = Rate::new(u128::MAX, 0, 1 << 40, 1).unwrap();
    // (2^128 − 1)·2^40 / (86,400·2^30) by schoolbook.
    let (q, r) = (u128::MAX / 86_400, u128::MAX % 86_400);
    assert_eq!(rate.storage(1).unwrap() as u128, q * 1024 + r * 1024 / 86_400);
    assert_eq!(Rate::new(u128::MAX, 0, u64::MAX, 1).unwrap().storage(1), Err(Error::Overflow));
    assert_eq!(Rate::new(u128::MAX, 0, u64::MAX, u32::MAX).unwrap().storage(u32::MAX), Err(Error::Overflow));
}

#[test]
fn what_is_held_back_is_of_the_unjudged_only() {
    let t = terms();
    let leaf = Leaf { epochs: 20, judged_epochs: 12, bytes_out: 40, judged_out: 30, price_credit_epochs: 5_000, ..zero() };
    let totals = Totals::of(&t, &Leaf { price_credit_out: 10_000, ..leaf }).unwrap();
    // Held: a tenth of 8 epochs and of 10 bytes. Credit: half an epoch and a byte.
    assert_eq!((totals.gross, totals.credit), (20_040, 501));
    assert_eq!(totals.earned, 20_000 - 800 - 500 + 40 - 1 - 1);
    assert_eq!(totals.fee, totals.earned * 250 / 10_000);
    assert_eq!(totals.provider().unwrap(), totals.earned - totals.fee);
    assert_eq!(totals.holdback().unwrap(), 801);
    let ahead = Leaf { epochs: 1, judged_epochs: 2, ..zero() };
    assert_eq!(Totals::of(&t, &ahead), Err(Error::Overflow));
    let over = Leaf { epochs: 1, judged_epochs: 1, price_credit_epochs: 10_001, ..zero() };
    assert_eq!(Totals::of(&t, &over), Err(Error::Overflow));
}

#[test]
fn coverage_and_slash_come_of_their_own_fields() {
    let leaf = Leaf { collateral_credit_epochs: 15_000, collateral_credit_out: 20_000, slash_bps: 333, ..zero() };
    let totals = Totals::of(&terms(), &leaf).unwrap();
    assert_eq!((totals.coverage, totals.slash), (1_502, 999));
    assert_eq!(slash(&terms(), 10_000).unwrap(), 30_000);
    assert_eq!(bond(&terms()).unwrap(), 500);
    assert_eq!(bond(&Terms { bond: u128::MAX, ..terms() }), Err(Error::Overflow));
}

#[test]
fn whoever_has_all_leaves_nothing() {
    let all = FeeBps { platform: 0, validators: 10_000, fund: 0, insurance: 0 };
    let fee = FeeShares::of(77, &all).unwrap();
    assert_eq!((fee.platform, fee.validators, fee.fund, fee.insurance), (0, 77, 0, 0));
    let last = FeeShares::of(77, &FeeBps { platform: 0, validators: 9_999, fund: 1, insurance: 0 }).unwrap();
    assert_eq!((last.platform, last.validators, last.fund, last.insurance), (0, 76, 1, 0));
    let nearly = FeeShares::of(77, &FeeBps { platform: 1, validators: 9_998, fund: 0, insurance: 1 }).unwrap();
    assert_eq!((nearly.platform, nearly.validators, nearly.fund, nearly.insurance), (1, 76, 0, 0));
    let slash = SlashShares::of(77, &SlashBps { consumer: 0, validators: 0, challenger: 10_000, fund: 0 }).unwrap();
    assert_eq!((slash.consumer, slash.validators, slash.fund), (0, 0, 77));
}

#[test]
fn shares_are_floors_of_what_is_left() {
    let split = FeeBps { platform: 4_000, validators: 3_000, fund: 2_000, insurance: 1_000 };
    let fee = FeeShares::of(101, &split).unwrap();
    assert_eq!((fee.validators, fee.fund, fee.insurance, fee.platform), (30, 71 * 2 / 7, 51 / 5, 41));
    let slash = SlashShares::of(101, &SlashBps { consumer: 5_000, validators: 2_000, challenger: 1_000, fund: 2_000 }).unwrap();
    assert_eq!((slash.validators, slash.fund, slash.consumer), (20, 10 + 71 * 2 / 7, 51));
    let much = FeeBps { platform: 0, validators: 6_000, fund: 6_000, insurance: 0 };
    assert!(FeeShares::of(101, &much).is_err());
    assert!(FeeShares::of(-1, &split).is_err());
}

#[test]
fn no_amount_is_negative() {
    assert_eq!(sub(5, 5), Ok(0));
    assert_eq!(sub(5, 4), Ok(1));
    assert_eq!(sub(4, 5), Err(Error::Overflow));
    assert_eq!(sub(i128::MIN, 1), Err(Error::Overflow));
    assert_eq!(add(i128::MAX, 1), Err(Error::Overflow));
    assert_eq!(add(2, 3), Ok(5));
}
