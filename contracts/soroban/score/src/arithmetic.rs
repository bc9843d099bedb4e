//! Evidence in integers: decay, lower bound, value, total. Pure; floors are the only roundings. Evidence is counted in grains of which
//! 2^32 are one point, and never exceeds [`GRAINS_MAX`], so that no product leaves 256 bits.

use ethnum::U256;
use flashback_core::error::Error;

/// Grains of a point.
pub const POINT: u128 = 1 << 32;
pub const GRAINS_MAX: u128 = (1 << 92) - 1;
/// Seconds in which evidence loses half of its weight.
pub const HALF_LIFE: u64 = 2_592_000;
/// The value of no evidence, in hundredths.
pub const EVEN: u32 = 5_000;

const UNITY: u128 = 1 << 64;
const BOUND: u32 = 1 << 24;
/// The lower bound of no evidence.
const BOUND_OF_NONE: u32 = 2_027_822;
/// z² = 27,055 / 10,000: 5 % on one side.
const ZZ_OVER: u128 = 27_055;
const ZZ_UNDER: u128 = 10_000;
/// ⌊2^20 · HALF_LIFE / ln 2⌋.
const LIFE_BY_LN: u128 = 3_921_113_824_345;

/// ⌊2^64 · 2^(−2^k / HALF_LIFE)⌋: what is left after 2^k seconds.
const DECAYS: [u64; 22] = [
    0xfffffb8372f4a74d,
    0xfffff706e5fd6f9b,
    0xffffee0dcc4b633a,
    0xffffdc1b99d8d679,
    0xffffb83738b9eca7,
    0xffff706e8594d550,
    0xfffee0dd5bad8410,
    0xfffdc1bbf969b942,
    0xfffb837cfb089221,
    0xfff7070e16b87bdc,
    0xffee0e6caea524c3,
    0xffdc1e1b56d1cb8c,
    0xffb8413e397d975c,
    0xff709697d09b8065,
    0xfee17d868f029459,
    0xfdc43bb4e7dd2f4c,
    0xfb8d746f0d3b1ce5,
    0xf72eb07b3b3b51f1,
    0xeeab2111b23f6e35,
    0xde82a3e21957a2d5,
    0xc166d6e6fe7f6f62,
    0x921c39584035f56a,
];

/// Evidence for and against, in grains.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Evidence {
    pub good: u128,
    pub bad: u128,
}

impl Evidence {
    /// The sum; each side stops at [`GRAINS_MAX`].
    pub fn and(self, other: Evidence) -> Evidence {
        let sum = |a: u128, b: u128| a.saturating_add(b).min(GRAINS_MAX);
        Evidence { good: sum(self.good, other.good), bad: sum(self.bad, other.bad) }
    }

    /// What it rose by since `from`; a side that fell has not risen.
    pub fn since(self, from: Evidence) -> Evidence {
        Evidence { good: self.good.saturating_sub(from.good), bad: self.bad.saturating_sub(from.bad) }
    }

    pub fn decayed(self, seconds: u64) -> Result<Evidence, Error> {
        let factor = factor(seconds);
        Ok(Evidence { good: scaled(self.good, factor)?, bad: scaled(self.bad, factor)? })
    }

    /// What is left at the end of a span over which it came evenly.
    pub fn spread(self, seconds: u64) -> Result<Evidence, Error> {
        Ok(Evidence { good: spread(self.good, seconds)?, bad: spread(self.bad, seconds)? })
    }
}

/// What is left of evidence after so many seconds, in 2⁻⁶⁴: at most 2^64.
pub fn factor(seconds: u64) -> u128 {
    let (halvings, rest) = (seconds / HALF_LIFE, seconds % HALF_LIFE);
    if halvings > 64 {
        return 0;
    }
    let mut f = U256::new(UNITY);
    for (k, d) in DECAYS.iter().enumerate() {
        if rest >> k & 1 == 1 {
            f = (f * U256::from(*d)) >> 64u32;
        }
    }
    f.as_u128() >> halvings
}

/// ⌊grains · factor / 2^64⌋.
pub fn decay(grains: u128, seconds: u64) -> Result<u128, Error> {
    scaled(grains, factor(seconds))
}

/// ⌊grains · (2^64 − factor) · ⌊2^20·HALF_LIFE/ln 2⌋ / (2^84 · seconds)⌋, at most the grains.
pub fn spread(grains: u128, seconds: u64) -> Result<u128, Error> {
    if seconds == 0 {
        return Ok(grains);
    }
    let gone = UNITY.checked_sub(factor(seconds)).ok_or(Error::Overflow)?;
    let lasting = mul(mul(U256::new(grains), U256::new(gone))?, U256::new(LIFE_BY_LN))?;
    let left = lasting / (U256::from(seconds) << 84u32);
    Ok(left.min(U256::new(grains)).as_u128())
}

/// ⌊2^24 · L⌋ of Wilson's lower bound L with a prior of one point each: the largest l whose inequality holds, so that it is exact and as
/// monotone as L itself.
pub fn lower_bound(e: Evidence) -> Result<u32, Error> {
    let (good, bad) = (U256::new(e.good) + U256::new(POINT), U256::new(e.bad) + U256::new(POINT));
    let scale = mul(mul(good + bad, U256::new(POINT))?, U256::new(ZZ_OVER))?;
    let (mut low, mut high) = (0, BOUND);
    while high - low > 1 {
        let l = low + (high - low) / 2;
        let (below, above) = (U256::from(l), U256::from(BOUND - l));
        let holds = match mul(good, above)?.checked_sub(mul(bad, below)?) {
            Some(distance) => mul(mul(distance, distance)?, U256::new(ZZ_UNDER))? >= mul(mul(below, above)?, scale)?,
            None => false,
        };
        if holds {
            low = l;
        } else {
            high = l;
        }
    }
    Ok(low)
}

/// Hundredths, 0 to 9,999: the lower bound, stretched so that no evidence is [`EVEN`].
pub fn value(e: Evidence) -> Result<u32, Error> {
    let (l, even, all) = (u64::from(lower_bound(e)?), u64::from(BOUND_OF_NONE), u64::from(BOUND));
    let half = u64::from(EVEN);
    let value = if l <= even { half * l / even } else { half + half * (l - even) / (all - even) };
    u32::try_from(value).map_err(|_| Error::Overflow)
}

/// The weighted geometric mean: the largest t with t^w ≤ the product of value^weight, w the sum of the weights, at most 10.
pub fn total(values: impl Iterator<Item = (u32, u32)>) -> Result<u32, Error> {
    let (mut product, mut all) = (U256::ONE, 0u32);
    for (value, weight) in values {
        product = mul(product, U256::from(value).checked_pow(weight).ok_or(Error::Overflow)?)?;
        all += weight;
    }
    let (mut low, mut high) = (0u32, 10_001u32);
    while high - low > 1 {
        let t = low + (high - low) / 2;
        if U256::from(t).checked_pow(all).ok_or(Error::Overflow)? <= product {
            low = t;
        } else {
            high = t;
        }
    }
    Ok(low)
}

/// ⌊whole · part / of⌋, at most the whole.
pub fn share(whole: u128, part: u128, of: u128) -> Result<u128, Error> {
    let share = mul(U256::new(whole), U256::new(part))?.checked_div(U256::new(of)).ok_or(Error::Overflow)?;
    Ok(share.min(U256::new(whole)).as_u128())
}

fn scaled(grains: u128, factor: u128) -> Result<u128, Error> {
    Ok((mul(U256::new(grains), U256::new(factor))? >> 64u32).as_u128())
}

fn mul(a: U256, b: U256) -> Result<U256, Error> {
    a.checked_mul(b).ok_or(Error::Overflow)
}
