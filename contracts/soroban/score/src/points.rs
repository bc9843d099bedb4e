//! What one leaf of one SLA stands for: cumulative functions of the leaf, the terms and how the SLA ended, so that any schedule of records
//! adds up to the same. Pure.

use ethnum::U256;
use flashback_core::{
    error::Error,
    leaf::{Leaf, THROUGHPUT_EDGES_KIBPS, TTFB_EDGES_MS},
    money::{bps_of, total_price, Totals},
    terms::{Terms, BPS},
};

use crate::arithmetic::{share, Evidence, POINT};

const PPM: u128 = 1_000_000;

/// Weights of a provider's dimensions: availability, performance, durability, honesty, completion.
pub const PROVIDER: [u32; 5] = [4, 2, 2, 1, 1];
/// Weights of a consumer's: funding, honesty, completion.
pub const CONSUMER: [u32; 3] = [4, 3, 3];
pub const PROVIDER_HONESTY: usize = 3;
pub const PROVIDER_COMPLETION: usize = 4;
pub const CONSUMER_HONESTY: usize = 1;
pub const CONSUMER_COMPLETION: usize = 2;

/// How an SLA ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Ending {
    Running = 0,
    /// It ran to its agreed end.
    Kept = 1,
    /// The consumer left early.
    Closed = 2,
    /// The consumer's money ran out.
    Defaulted = 3,
    /// The provider gave notice.
    Reclaimed = 4,
    /// The consumer left after a breach.
    Terminated = 5,
    /// The provider left.
    Abandoned = 6,
}

/// How evidence is weighed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Scale {
    /// Smallest units of the asset whose fee is one point.
    pub unit: u128,
    /// Points of a window at most.
    pub cap: u32,
    /// How much heavier a failure weighs than a success.
    pub severity: u32,
}

/// The weight of an SLA, in grains.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Weight {
    /// The fee of all that was agreed; 0 for dust.
    pub whole: u128,
    /// The fee that was really paid up to a leaf, never more than the whole.
    pub paid: u128,
}

impl Weight {
    pub fn of(terms: &Terms, leaf: &Leaf, scale: &Scale) -> Result<Self, Error> {
        let grains = |fee: i128| -> Result<U256, Error> {
            let fee = u128::try_from(fee).map_err(|_| Error::Overflow)?;
            (U256::new(fee) << 32u32).checked_div(U256::new(scale.unit)).ok_or(Error::Overflow)
        };
        let most = U256::from(scale.cap) * U256::new(POINT) * U256::from(terms.duration_epochs);
        let most = most.checked_div(U256::from(terms.window_epochs)).ok_or(Error::Overflow)?;
        let whole = grains(bps_of(total_price(terms)?, terms.fee_bps.into())?)?.min(most);
        if whole < U256::new(POINT) {
            return Ok(Weight::default());
        }
        let paid = grains(Totals::of(terms, leaf)?.fee)?.min(whole);
        Ok(Weight { whole: whole.as_u128(), paid: paid.as_u128() })
    }
}

/// What a leaf says about the provider. Every side only rises as the leaf advances. `agreed` epochs: the terms' duration, fewer once the
/// SLA was split.
pub fn provider(terms: &Terms, leaf: &Leaf, ending: Ending, agreed: u32, weight: &Weight, severity: u32) -> Result<[Evidence; 5], Error> {
    let Weight { whole, paid } = *weight;
    let severe = |v: u128| v.checked_mul(severity.into()).ok_or(Error::Overflow);
    let (duration, window) = (u128::from(terms.duration_epochs), u128::from(terms.window_epochs));
    let slots = duration * u128::from(terms.slots_per_epoch);
    let counted = u128::from(leaf.slots.saturating_sub(leaf.slots_excluded));
    let faults = u128::from(leaf.slot_error_ppm);
    let availability = Evidence {
        good: share(whole, (counted * PPM).saturating_sub(faults), slots * PPM)?.min(paid),
        bad: severe(share(whole, faults, slots * PPM)?)?,
    };

    let seen = Figures::of(terms, leaf);
    let mut performance = Evidence::default();
    if seen.targets > 0 {
        let of = slots * seen.targets;
        performance = Evidence { good: share(whole, seen.met, of)?.min(paid), bad: severe(share(whole, seen.missed, of)?)? };
    }

    // A passed challenge vouches for an epoch; as many failed ones as prove a loss weigh a window.
    let vouched = (u128::from(leaf.passed) * u128::from(terms.slots_per_epoch)).min(counted);
    let proven = share(whole, vouched, slots)?.min(paid);
    let failed = u128::from(leaf.challenges.saturating_sub(leaf.passed));
    let gone = match leaf.lost {
        0 => share(whole, failed * window, duration * u128::from(terms.lost_challenges.max(1)))?,
        _ => whole,
    };
    let durability = Evidence { good: proven, bad: severe(gone)? };

    // A challenge is drawn from the node's own statement of what it holds: one that fails contradicts it.
    let contradicted = failed.min(leaf.windows.into());
    let honesty = Evidence { good: proven, bad: severe(share(whole, contradicted * window, duration)?)? };

    let broken = match ending {
        Ending::Running => 0,
        Ending::Abandoned => whole,
        Ending::Reclaimed => share(whole, leaf.slash_bps.into(), BPS.into())?.max(rest(terms, leaf, agreed, whole)?),
        _ => share(whole, leaf.slash_bps.into(), BPS.into())?,
    };
    let kept = if ending != Ending::Running && broken == 0 { paid } else { 0 };
    Ok([availability, performance, durability, honesty, Evidence { good: kept, bad: broken }])
}

/// What a leaf says about the consumer. Every side only rises as the leaf advances.
pub fn consumer(terms: &Terms, leaf: &Leaf, ending: Ending, agreed: u32, weight: &Weight) -> Result<[Evidence; 3], Error> {
    let Weight { whole, paid } = *weight;
    let funded = share(whole, leaf.epochs.into(), terms.duration_epochs.into())?.min(paid);
    let missing = rest(terms, leaf, agreed, whole)?;
    let (unfunded, completion) = match ending {
        Ending::Running => (0, Evidence::default()),
        Ending::Defaulted => (missing, Evidence { good: 0, bad: missing }),
        Ending::Closed => (0, Evidence { good: 0, bad: missing }),
        _ => (0, Evidence { good: paid, bad: 0 }),
    };
    Ok([Evidence { good: funded, bad: unfunded }, Evidence { good: paid, bad: 0 }, completion])
}

/// What a lost dispute weighs: one window.
pub fn ruling(terms: &Terms, whole: u128, severity: u32) -> Result<u128, Error> {
    let window = share(whole, terms.window_epochs.into(), terms.duration_epochs.into())?;
    window.checked_mul(severity.into()).ok_or(Error::Overflow)
}

/// The weight of the epochs that were agreed and never came.
fn rest(terms: &Terms, leaf: &Leaf, agreed: u32, whole: u128) -> Result<u128, Error> {
    share(whole, agreed.saturating_sub(leaf.epochs).into(), terms.duration_epochs.into())
}

/// Slots that met and missed the targets, and the targets.
#[derive(Default)]
struct Figures {
    met: u128,
    missed: u128,
    targets: u128,
}

impl Figures {
    fn of(terms: &Terms, leaf: &Leaf) -> Self {
        let mut seen = Figures::default();
        if terms.ttfb_ms > 0 {
            seen.count(leaf.ttfb.iter().zip(TTFB_EDGES_MS).map(|(n, edge)| (edge <= terms.ttfb_ms, *n)));
        }
        if terms.throughput_kibps > 0 {
            seen.count(leaf.throughput.iter().zip(THROUGHPUT_EDGES_KIBPS).map(|(n, edge)| (edge >= terms.throughput_kibps, *n)));
        }
        seen
    }

    fn count(&mut self, slots: impl Iterator<Item = (bool, u64)>) {
        self.targets += 1;
        for (met, n) in slots {
            *(if met { &mut self.met } else { &mut self.missed }) += u128::from(n);
        }
    }
}
