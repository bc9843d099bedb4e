//! Money from a leaf (`docs/spec/arithmetic.md`): functions of one leaf and the terms, so that any schedule of settlements moves
//! the same amounts to the unit. Products are taken in 256 bits and multiplied first; flooring is the only rounding.

use ethnum::U256;

use crate::{
    error::Error,
    leaf::Leaf,
    terms::{FeeBps, SlashBps, Terms, BPS},
};

const GIB: u64 = 1 << 30;
const SECONDS_PER_DAY: u64 = 86_400;
/// `S` of the page: bytes × seconds of a GiB·day.
const GIB_DAY: u64 = GIB * SECONDS_PER_DAY;

/// What a volume costs, in smallest units.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// `k`: storage price · volume · epoch seconds.
    per_epoch: U256,
    /// `q`: the egress price, per GiB.
    per_gib: U256,
}

impl Rate {
    pub fn new(storage_price: u128, egress_price: u128, volume_bytes: u64, epoch_seconds: u32) -> Result<Self, Error> {
        let per_epoch = mul(U256::new(storage_price), U256::from(volume_bytes))?;
        Ok(Rate { per_epoch: mul(per_epoch, U256::from(epoch_seconds))?, per_gib: U256::new(egress_price) })
    }

    pub fn of(terms: &Terms) -> Result<Self, Error> {
        Rate::new(terms.storage_price, terms.egress_price, terms.volume_bytes, terms.epoch_seconds)
    }

    /// The price of `epochs` epochs and `out` bytes of egress.
    pub fn gross(&self, epochs: u32, out: u64) -> Result<i128, Error> {
        self.share(U256::from(epochs), U256::from(out), 1)
    }

    /// `s(n)`: the price of so many epochs of storage.
    pub fn storage(&self, epochs: u32) -> Result<i128, Error> {
        self.gross(epochs, 0)
    }

    /// How many epochs of storage an amount pays for, up to `most`: the largest n with s(n) ≤ amount.
    fn epochs(&self, amount: i128, most: u32) -> Result<u32, Error> {
        let (mut paid, mut above) = (0, most);
        while paid < above {
            let n = above - (above - paid) / 2;
            if self.storage(n)? <= amount {
                paid = n;
            } else {
                above = n - 1;
            }
        }
        Ok(paid)
    }

    /// The price of `epochs` and `out` that are already weighted with bps.
    fn of_bps(&self, epochs_bps: U256, out_bps: U256) -> Result<i128, Error> {
        self.share(epochs_bps, out_bps, BPS.into())
    }

    fn share(&self, epochs: U256, out: U256, whole: u64) -> Result<i128, Error> {
        let storage = div(mul(self.per_epoch, epochs)?, GIB_DAY * whole)?;
        let egress = div(mul(self.per_gib, out)?, GIB * whole)?;
        amount(storage.checked_add(egress).ok_or(Error::Overflow)?)
    }
}

/// The cumulative amounts that a leaf stands for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    pub gross: i128,
    pub credit: i128,
    pub earned: i128,
    pub fee: i128,
    pub coverage: i128,
    pub slash: i128,
}

impl Totals {
    pub fn of(terms: &Terms, leaf: &Leaf) -> Result<Self, Error> {
        let rate = Rate::of(terms)?;
        let earned = rate.of_bps(
            earned_bps(leaf.epochs.into(), leaf.judged_epochs.into(), leaf.price_credit_epochs.into(), terms)?,
            earned_bps(leaf.bytes_out.into(), leaf.judged_out.into(), leaf.price_credit_out, terms)?,
        )?;
        Ok(Totals {
            gross: rate.gross(leaf.epochs, leaf.bytes_out)?,
            credit: rate.of_bps(leaf.price_credit_epochs.into(), leaf.price_credit_out.into())?,
            earned,
            fee: bps_of(earned, terms.fee_bps.into())?,
            coverage: coverage(&rate, leaf.collateral_credit_epochs, leaf.collateral_credit_out)?,
            slash: slash(terms, leaf.slash_bps)?,
        })
    }

    /// What the provider has earned after the fee.
    pub fn provider(&self) -> Result<i128, Error> {
        sub(self.earned, self.fee)
    }

    /// What stays held back until its window is judged.
    pub fn holdback(&self) -> Result<i128, Error> {
        sub(sub(self.gross, self.earned)?, self.credit)
    }
}

/// The price of the whole SLA; with the bond it is the most that is ever paid in.
pub fn total_price(terms: &Terms) -> Result<i128, Error> {
    Rate::of(terms)?.gross(terms.duration_epochs, terms.egress_bytes)
}

/// How many epochs a deposit pays for: the bond comes first, then the egress, then storage.
pub fn covered(terms: &Terms, deposited: i128) -> Result<u32, Error> {
    let rate = Rate::of(terms)?;
    let first = add(bond(terms)?, rate.gross(0, terms.egress_bytes)?)?;
    match sub(deposited, first) {
        Ok(rest) => rate.epochs(rest, terms.duration_epochs),
        Err(_) => Ok(0),
    }
}

/// How many epochs have to be paid for before an SLA begins.
pub fn least_epochs(terms: &Terms) -> u32 {
    terms.window_epochs.saturating_add(terms.grace_epochs).saturating_add(terms.retention_epochs).min(terms.duration_epochs)
}

/// R: of what has not accrued, the price of the last covered epochs; nothing when the whole duration is paid for.
pub fn reserve(terms: &Terms, unused: i128, covered: u32, duration: u32) -> Result<i128, Error> {
    if covered >= duration {
        return Ok(0);
    }
    let rate = Rate::of(terms)?;
    Ok(unused.min(sub(rate.storage(covered)?, rate.storage(covered.saturating_sub(terms.retention_epochs))?)?))
}

/// The bond of the terms.
pub fn bond(terms: &Terms) -> Result<i128, Error> {
    amount(U256::new(terms.bond))
}

/// `bps` of the storage between two numbers of epochs.
pub fn unused(terms: &Terms, from: u32, to: u32, bps: u16) -> Result<i128, Error> {
    let rate = Rate::of(terms)?;
    bps_of(sub(rate.storage(to)?, rate.storage(from)?)?, bps.into())
}

/// ⌊amount · volume · epochs / (of volume · of epochs)⌋ for an amount that is not negative.
pub fn part_of(of: i128, (volume, epochs): (u64, u32), (of_volume, of_epochs): (u64, u32)) -> Result<i128, Error> {
    let of = u128::try_from(of).map_err(|_| Error::AmountInvalid)?;
    let whole = mul(mul(U256::new(of), volume.into())?, epochs.into())?;
    // A floor of a floor is the floor of both divisions at once.
    amount(div(div(whole, of_volume)?, of_epochs.into())?)
}

/// Credits that the collateral covers.
pub fn coverage(rate: &Rate, credit_epochs: u64, credit_out: u128) -> Result<i128, Error> {
    rate.of_bps(credit_epochs.into(), credit_out.into())
}

/// The slash of `slash_bps` of the collateral.
pub fn slash(terms: &Terms, slash_bps: u32) -> Result<i128, Error> {
    bps_of(amount(U256::new(terms.collateral))?, slash_bps)
}

/// ⌊amount · bps / 10⁴⌋ for an amount that is not negative.
pub fn bps_of(of: i128, bps: u32) -> Result<i128, Error> {
    let of = u128::try_from(of).map_err(|_| Error::AmountInvalid)?;
    amount(div(mul(U256::new(of), U256::from(bps))?, BPS.into())?)
}

/// The shares of a cumulative slash; the consumer has the rest.
pub struct SlashShares {
    pub consumer: i128,
    pub validators: i128,
    /// The fund's own share and, while there is no challenger, the challenger's.
    pub fund: i128,
}

impl SlashShares {
    pub fn of(total: i128, split: &SlashBps) -> Result<Self, Error> {
        let ([validators, challenger, fund], consumer) = nested(total, [split.validators, split.challenger, split.fund])?;
        Ok(SlashShares { consumer, validators, fund: add(challenger, fund)? })
    }
}

/// The shares of a cumulative fee; the platform has the rest.
pub struct FeeShares {
    pub platform: i128,
    pub validators: i128,
    pub fund: i128,
    pub insurance: i128,
}

impl FeeShares {
    pub fn of(total: i128, split: &FeeBps) -> Result<Self, Error> {
        let ([validators, fund, insurance], platform) = nested(total, [split.validators, split.fund, split.insurance])?;
        Ok(FeeShares { platform, validators, fund, insurance })
    }
}

/// Shares as nested floors: each is the floor of its part of what the ones before it left, the rest is left over. A unit more of `total` is
/// a unit more of exactly one of them, so every share only rises with `total`: floors of `total` itself would let the rest fall.
fn nested(total: i128, shares: [u16; 3]) -> Result<([i128; 3], i128), Error> {
    let mut rest = u128::try_from(total).map_err(|_| Error::AmountInvalid)?;
    let mut rest_bps = BPS;
    let mut out = [0; 3];
    for (amount_out, bps) in out.iter_mut().zip(shares) {
        if rest_bps == 0 {
            break;
        }
        let part = div(mul(U256::new(rest), U256::from(bps))?, rest_bps.into())?;
        *amount_out = amount(part)?;
        rest = rest.checked_sub(part.as_u128()).ok_or(Error::Overflow)?;
        rest_bps = rest_bps.checked_sub(bps.into()).ok_or(Error::ArgumentInvalid)?;
    }
    Ok((out, amount(U256::new(rest))?))
}

pub fn add(a: i128, b: i128) -> Result<i128, Error> {
    a.checked_add(b).ok_or(Error::Overflow)
}

/// The difference; [`Error::Overflow`] when it would be negative, as no amount may be.
pub fn sub(a: i128, b: i128) -> Result<i128, Error> {
    a.checked_sub(b).filter(|d| *d >= 0).ok_or(Error::Overflow)
}

/// 10⁴·n − h·(n − j) − credit: the part of n that is earned, in bps.
fn earned_bps(n: u128, judged: u128, credit: u128, terms: &Terms) -> Result<U256, Error> {
    let unjudged = n.checked_sub(judged).ok_or(Error::Overflow)?;
    let whole = mul(U256::new(n), U256::from(BPS))?;
    let held = mul(U256::new(unjudged), U256::from(terms.holdback_bps))?;
    whole.checked_sub(held).and_then(|v| v.checked_sub(U256::new(credit))).ok_or(Error::Overflow)
}

fn mul(a: U256, b: U256) -> Result<U256, Error> {
    a.checked_mul(b).ok_or(Error::Overflow)
}

/// ⌊a / by⌋, digit by digit of 64 bits: no divisor here is larger, and the general division is ten times the code.
fn div(a: U256, by: u64) -> Result<U256, Error> {
    let (high, low) = a.into_words();
    let (mut out, mut rest) = ([0u128; 2], 0u128);
    for (word, out) in [high, low].into_iter().zip(&mut out) {
        for digit in [word >> 64, word & u128::from(u64::MAX)] {
            let part = rest << 64 | digit;
            let digit = part.checked_div(by.into()).ok_or(Error::Overflow)?;
            rest = part - digit * u128::from(by);
            *out = *out << 64 | digit;
        }
    }
    Ok(U256::from_words(out[0], out[1]))
}

fn amount(v: U256) -> Result<i128, Error> {
    i128::try_from(v).map_err(|_| Error::Overflow)
}
