//! Bounds of the parameters, whoever sets them.

use flashback_core::error::Error;

use crate::types::Params;

/// Levels 0 to 3.
pub const LEVELS: u32 = 4;
pub const BPS: i128 = 10_000;
pub const DAY_SECONDS: u64 = 86_400;
pub const YEAR_SECONDS: u64 = 365 * DAY_SECONDS;
/// Larger than any supply that sums could leave `i128` with.
const AMOUNT_MAX: i128 = 1 << 100;

/// Refuses what is out of bounds with ArgumentInvalid. A denial binds at least as much as what it may freeze.
pub fn check(p: &Params) -> Result<(), Error> {
    let amounts = [p.list_stake, p.list_price];
    let bonds = p.bonds.len() == LEVELS && p.bonds.first().is_some_and(|denial| p.bonds.iter().all(|b| (0..=denial).contains(&b)));
    let ok = p.version >= 1
        && bonds
        && amounts.iter().copied().chain(p.bonds.iter()).all(|a| (0..=AMOUNT_MAX).contains(&a))
        && (1..=YEAR_SECONDS).contains(&p.list_period_seconds)
        && (1..=3 * YEAR_SECONDS).contains(&p.max_life_seconds)
        && p.challenge_seconds <= 90 * DAY_SECONDS
        && (1..=YEAR_SECONDS).contains(&p.lapse_seconds)
        && p.concede_seconds < p.lapse_seconds
        && i128::from(p.concede_bps) <= BPS
        && i128::from(p.conflict_fund_bps) <= BPS;
    if ok {
        Ok(())
    } else {
        Err(Error::ArgumentInvalid)
    }
}

/// ⌊amount · bps / 10⁴⌋, of a bounded amount.
pub fn share(amount: i128, bps: u32) -> Result<i128, Error> {
    amount.checked_mul(bps.into()).map(|product| product / BPS).ok_or(Error::Overflow)
}
