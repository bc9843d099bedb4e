//! The verdict on a window (`docs/spec/arithmetic.md`). The validators' reference model judges every window; the contracts have the
//! same function for disputes over one.

use crate::{
    error::Error,
    leaf::{Leaf, CAUSE_NONE, CAUSE_PROVIDER, STATUS_ABANDONED, STATUS_COMPLETE, STATUS_RUNNING, THROUGHPUT_EDGES_KIBPS, TTFB_EDGES_MS},
    money::{self, add, Rate},
    terms::{Terms, Tiers},
};

const PPM: u64 = 1_000_000;
/// Warnings that have to stand before a slash.
const ARMED_MIN: u8 = 2;

/// Judges the window between `boundary`, the leaf at the last judged boundary, and `now`, measured up to a boundary and not yet
/// judged. Returns the judged leaf. `ends` says whether this boundary is the SLA's end.
pub fn judge(terms: &Terms, boundary: &Leaf, now: &Leaf, ends: bool) -> Result<Leaf, Error> {
    let mut leaf = now.clone();
    let window = Window::between(boundary, now)?;
    let counted = window.slots.checked_sub(window.excluded).ok_or(Error::Overflow)?;
    let conclusive = counted > 0 && wide(counted, PPM) >= wide(terms.coverage_ppm.into(), window.slots);
    let mut credit = 0;
    if conclusive {
        let lost = terms.lost_challenges > 0 && window.failed >= terms.lost_challenges.into();
        credit = credit_bps(terms, &window, counted, lost)?;
        if lost {
            leaf.lost = 1;
        }
        leaf.dead = if window.bad == counted { leaf.dead.saturating_add(1) } else { 0 };
        let wanted = slash_wanted(terms, &mut leaf, credit, lost);
        apply(terms, &window, &mut leaf, credit, wanted)?;
    }
    leaf.windows = inc(leaf.windows)?;
    leaf.judged_epochs = leaf.epochs;
    leaf.judged_out = leaf.bytes_out;
    let cause = &mut leaf.causes[if credit > 0 { CAUSE_PROVIDER } else { CAUSE_NONE }];
    *cause = inc(*cause)?;
    leaf.recent = [credit, leaf.recent[0]];
    leaf.window_flags = 0;
    if ends && leaf.status == STATUS_RUNNING {
        leaf.status = STATUS_COMPLETE;
    }
    Ok(leaf)
}

/// What was measured in one window.
struct Window {
    epochs: u32,
    slots: u64,
    bad: u64,
    excluded: u64,
    error_ppm: u64,
    operations: u64,
    errors: u64,
    out: u64,
    failed: u64,
    ttfb: [u64; TTFB_EDGES_MS.len()],
    throughput: [u64; THROUGHPUT_EDGES_KIBPS.len()],
}

impl Window {
    fn between(from: &Leaf, to: &Leaf) -> Result<Self, Error> {
        let challenges = diff(to.challenges, from.challenges)?;
        let passed = diff(to.passed, from.passed)?;
        Ok(Window {
            epochs: to.epochs.checked_sub(from.epochs).ok_or(Error::Overflow)?,
            slots: diff(to.slots, from.slots)?,
            bad: diff(to.slots_bad, from.slots_bad)?,
            excluded: diff(to.slots_excluded, from.slots_excluded)?,
            error_ppm: diff(to.slot_error_ppm, from.slot_error_ppm)?,
            operations: diff(to.operations, from.operations)?,
            errors: diff(to.errors, from.errors)?,
            out: diff(to.bytes_out, from.bytes_out)?,
            failed: diff(challenges, passed)?,
            ttfb: diffs(&to.ttfb, &from.ttfb)?,
            throughput: diffs(&to.throughput, &from.throughput)?,
        })
    }
}

/// The largest credit that any dimension asks for.
fn credit_bps(terms: &Terms, window: &Window, counted: u64, lost: bool) -> Result<u16, Error> {
    let availability = PPM.saturating_sub(window.error_ppm.checked_div(counted).ok_or(Error::Overflow)?);
    let mut credit = largest(&terms.availability_tiers, |below| availability < below.into());
    let samples = total(&window.ttfb)?;
    if terms.ttfb_ms > 0 && samples >= terms.min_samples.into() && samples > 0 {
        let value = p95(window.ttfb.iter().zip(TTFB_EDGES_MS), samples);
        credit = credit.max(largest(&terms.excess_tiers, |ratio| exceeds(value.into(), terms.ttfb_ms, ratio)));
    }
    let samples = total(&window.throughput)?;
    if terms.throughput_kibps > 0 && samples >= terms.min_samples.into() && samples > 0 {
        let value = p95(window.throughput.iter().zip(THROUGHPUT_EDGES_KIBPS).rev(), samples);
        credit = credit.max(largest(&terms.excess_tiers, |ratio| exceeds(terms.throughput_kibps.into(), value, ratio)));
    }
    if terms.error_ppm > 0 && window.operations >= terms.min_samples.into() && window.operations > 0 {
        let ppm = wide(window.errors, PPM) / u128::from(window.operations);
        credit = credit.max(largest(&terms.excess_tiers, |ratio| exceeds(ppm, terms.error_ppm, ratio)));
    }
    if lost {
        credit = credit.max(terms.lost_bps);
    }
    Ok(credit)
}

/// The slash that the window asks for, before caps. Marks an abandoned SLA.
fn slash_wanted(terms: &Terms, leaf: &mut Leaf, credit: u16, lost: bool) -> u16 {
    let mut wanted = 0;
    if credit >= terms.breach_bps {
        let before = usize::from(terms.breach_of.saturating_sub(1)).min(leaf.recent.len());
        let reached = 1 + leaf.recent.iter().take(before).filter(|c| **c >= terms.breach_bps).count();
        if reached >= terms.breach_count.into() {
            wanted = terms.slash_breach_bps;
        }
    }
    if lost {
        wanted = wanted.max(terms.slash_lost_bps);
    }
    if leaf.dead > 0 && leaf.dead == terms.abandon_windows {
        wanted = wanted.max(terms.slash_abandon_bps);
        leaf.status = STATUS_ABANDONED;
    }
    if leaf.armed < ARMED_MIN {
        return 0;
    }
    wanted
}

/// Books credit and slash, each lowered to what holdback, collateral and caps allow.
fn apply(terms: &Terms, window: &Window, leaf: &mut Leaf, credit: u16, wanted: u16) -> Result<(), Error> {
    let rate = Rate::of(terms)?;
    let collateral = i128::try_from(terms.collateral).map_err(|_| Error::Overflow)?;
    let (epochs, out) = (u64::from(window.epochs), u128::from(window.out));

    let price_part = credit.min(terms.holdback_bps);
    leaf.price_credit_epochs = weighted(leaf.price_credit_epochs, price_part, epochs)?;
    leaf.price_credit_out = weighted_out(leaf.price_credit_out, price_part, out)?;

    let slash_before = money::slash(terms, leaf.slash_bps)?;
    let covered = |part: u16| -> Result<i128, Error> {
        let credit_epochs = weighted(leaf.collateral_credit_epochs, part, epochs)?;
        money::coverage(&rate, credit_epochs, weighted_out(leaf.collateral_credit_out, part, out)?)
    };
    let part = largest_part(credit - price_part, |part| Ok(add(covered(part)?, slash_before)? <= collateral))?;
    let coverage_after = covered(part)?;
    leaf.collateral_credit_epochs = weighted(leaf.collateral_credit_epochs, part, epochs)?;
    leaf.collateral_credit_out = weighted_out(leaf.collateral_credit_out, part, out)?;

    let room = slash_cap(terms, leaf.epochs).saturating_sub(leaf.slash_bps.into());
    let wanted = wanted.min(room.try_into().unwrap_or(u16::MAX));
    let slash = largest_part(wanted, |bps| {
        let after = leaf.slash_bps.checked_add(bps.into()).ok_or(Error::Overflow)?;
        Ok(add(coverage_after, money::slash(terms, after)?)? <= collateral)
    })?;
    leaf.slash_bps = leaf.slash_bps.checked_add(slash.into()).ok_or(Error::Overflow)?;

    if credit >= terms.breach_bps {
        leaf.breaches = inc(leaf.breaches)?;
        leaf.warnings = inc(leaf.warnings)?;
        leaf.armed = leaf.armed.saturating_add(1);
    }
    if credit == 0 {
        leaf.armed = 0;
    }
    Ok(())
}

/// How many bps may be slashed in all within the first `epochs` epochs.
pub fn slash_cap(terms: &Terms, epochs: u32) -> u64 {
    u64::from(terms.slash_cap_bps) * u64::from(epochs.div_ceil(terms.slash_period_epochs.max(1)))
}

/// The largest part of at most `limit` that fits, 0 when none does. `fits` holds up to some part and not above it.
fn largest_part(limit: u16, fits: impl Fn(u16) -> Result<bool, Error>) -> Result<u16, Error> {
    if fits(limit)? {
        return Ok(limit);
    }
    let (mut low, mut high) = (0, limit);
    while high - low > 1 {
        let mid = low + (high - low) / 2;
        if fits(mid)? {
            low = mid;
        } else {
            high = mid;
        }
    }
    Ok(low)
}

fn largest(tiers: &Tiers, applies: impl Fn(u32) -> bool) -> u16 {
    tiers.lines().iter().filter(|t| applies(t.level)).map(|t| t.bps).max().unwrap_or(0)
}

/// value·100 > target·ratio percent.
fn exceeds(value: u128, target: u32, ratio_percent: u32) -> bool {
    value * 100 > u128::from(target) * u128::from(ratio_percent)
}

/// The edge of the first bucket with cumulative·100 ≥ 95·n.
fn p95<'a>(buckets: impl Iterator<Item = (&'a u64, u32)>, n: u64) -> u32 {
    let (mut cumulative, mut value) = (0u128, 0);
    for (count, edge) in buckets {
        cumulative += u128::from(*count);
        value = edge;
        if cumulative * 100 >= u128::from(n) * 95 {
            break;
        }
    }
    value
}

fn weighted(before: u64, bps: u16, of: u64) -> Result<u64, Error> {
    u64::from(bps).checked_mul(of).and_then(|v| v.checked_add(before)).ok_or(Error::Overflow)
}

fn weighted_out(before: u128, bps: u16, of: u128) -> Result<u128, Error> {
    u128::from(bps).checked_mul(of).and_then(|v| v.checked_add(before)).ok_or(Error::Overflow)
}

fn total(counts: &[u64]) -> Result<u64, Error> {
    counts.iter().try_fold(0u64, |sum, c| sum.checked_add(*c)).ok_or(Error::Overflow)
}

fn wide(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

fn diff(a: u64, b: u64) -> Result<u64, Error> {
    a.checked_sub(b).ok_or(Error::Overflow)
}

fn diffs<const N: usize>(to: &[u64; N], from: &[u64; N]) -> Result<[u64; N], Error> {
    let mut out = [0; N];
    for (d, (a, b)) in out.iter_mut().zip(to.iter().zip(from)) {
        *d = diff(*a, *b)?;
    }
    Ok(out)
}

fn inc(v: u32) -> Result<u32, Error> {
    v.checked_add(1).ok_or(Error::Overflow)
}
