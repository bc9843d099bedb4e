//! Bounds of the parameters, whoever sets them, and shares without overflow.

use flashback_core::error::Error;

use crate::types::Params;

const DAY_SECONDS: u64 = 86_400;
const BPS: i128 = 10_000;
pub const SCALE_MAX: u64 = DAY_SECONDS;

pub fn check(p: &Params) -> Result<(), Error> {
    let month = DAY_SECONDS..=30 * DAY_SECONDS;
    let ok = p.version >= 1
        && month.contains(&p.voting_seconds)
        && (2 * DAY_SECONDS..=30 * DAY_SECONDS).contains(&p.delay_seconds)
        && month.contains(&p.open_seconds)
        && (1..=500).contains(&p.threshold_bps)
        && (400..=5_000).contains(&p.quorum_bps)
        && (5_000..=9_000).contains(&p.majority_bps)
        && (1..=14 * DAY_SECONDS).contains(&p.pause_seconds)
        && (14 * DAY_SECONDS..=365 * DAY_SECONDS).contains(&p.rest_seconds);
    if ok {
        Ok(())
    } else {
        Err(Error::ArgumentInvalid)
    }
}

/// ⌊amount · bps / 10⁴⌋ of an amount that is not negative; nothing between is larger than the amount.
pub fn floor_share(amount: i128, bps: u32) -> i128 {
    let bps = i128::from(bps);
    amount / BPS * bps + amount % BPS * bps / BPS
}

/// ⌈amount · bps / 10⁴⌉.
pub fn ceil_share(amount: i128, bps: u32) -> i128 {
    let bps = i128::from(bps);
    amount / BPS * bps + (amount % BPS * bps + BPS - 1) / BPS
}
