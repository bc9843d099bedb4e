//! The protocol's parameters (`docs/spec/terms.md`): what the terms of a new SLA take over, time-outs, and where fees go. Bounded here,
//! whoever sets them.

use soroban_sdk::{contracttype, Address, Vec};

use crate::{
    error::Error,
    terms::{Tiers, BPS, TIERS_MAX},
};

pub const FEE_MAX_BPS: u32 = 1_000;
pub const COLLATERAL_MAX_BPS: u32 = 65_535;
const RECLAIM_MAX_WINDOWS: u32 = 1_000;
const SPARE_MAX_EPOCHS: u32 = 1_000_000;
const PPM: u32 = 1_000_000;
const RATIO_MAX_PERCENT: u32 = 100_000;
const YEAR_SECONDS: u64 = 365 * 86_400;

/// A line of a credit table; `level`: availability in ppm, 0 for the SLA's target, or excess in percent.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CreditTier {
    pub level: u32,
    pub bps: u32,
}

/// Shares of a slash; they sum to 10,000.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SlashSplit {
    pub consumer_bps: u32,
    pub validators_bps: u32,
    pub challenger_bps: u32,
    pub fund_bps: u32,
}

/// Shares of a fee; they sum to 10,000.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FeeSplit {
    pub platform_bps: u32,
    pub validators_bps: u32,
    pub fund_bps: u32,
    pub insurance_bps: u32,
}

/// Where shares are paid.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Payees {
    pub platform: Address,
    pub validators: Address,
    pub fund: Address,
    pub insurance: Address,
}

#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Params {
    pub version: u32,
    /// Price of the consumer's early end, of unused storage; of the total price: the bond.
    pub early_bps: u32,
    /// The same for the provider, out of its collateral.
    pub reclaim_bps: u32,
    /// Notice of the provider's early end.
    pub reclaim_windows: u32,
    /// Epochs before Retention in which money runs low.
    pub grace_epochs: u32,
    /// The last epochs that are paid for, in which nothing is written.
    pub retention_epochs: u32,
    pub fee_bps: u32,
    /// Of SLAs that are priced in `flash`; never above `fee_bps`.
    pub fee_flash_bps: u32,
    /// The FLASH token, where there is one.
    pub flash: Option<Address>,
    /// Of stream mode; escrow mode holds everything back.
    pub holdback_bps: u32,
    pub min_samples: u32,
    pub coverage_ppm: u32,
    pub availability_tiers: Vec<CreditTier>,
    pub excess_tiers: Vec<CreditTier>,
    pub lost_bps: u32,
    pub lost_challenges: u32,
    pub breach_bps: u32,
    pub breach_count: u32,
    pub breach_of: u32,
    pub slash_breach_bps: u32,
    pub slash_lost_bps: u32,
    pub slash_abandon_bps: u32,
    pub abandon_windows: u32,
    pub slash_cap_bps: u32,
    pub slash_period_epochs: u32,
    pub slash_split: SlashSplit,
    pub fee_split: FeeSplit,
    pub payees: Payees,
    /// The least collateral, of an SLA's total price.
    pub collateral_min_bps: u32,
    pub accept_timeout_seconds: u64,
    pub fund_timeout_seconds: u64,
    pub close_timeout_seconds: u64,
    pub maintenance_notice_seconds: u64,
    /// Announced maintenance of a unit in one window.
    pub maintenance_quota_seconds: u64,
}

impl Params {
    /// Refuses what is out of bounds with [`Error::ArgumentInvalid`].
    pub fn check(&self) -> Result<(), Error> {
        let SlashSplit { consumer_bps, validators_bps, challenger_bps, fund_bps } = self.slash_split;
        let slash = [consumer_bps, validators_bps, challenger_bps, fund_bps];
        let FeeSplit { platform_bps, validators_bps, fund_bps, insurance_bps } = self.fee_split;
        let fee = [platform_bps, validators_bps, fund_bps, insurance_bps];
        let bounded = [
            self.early_bps,
            self.reclaim_bps,
            self.holdback_bps,
            self.lost_bps,
            self.slash_breach_bps,
            self.slash_lost_bps,
            self.slash_abandon_bps,
            self.slash_cap_bps,
        ];
        let times = [self.accept_timeout_seconds, self.fund_timeout_seconds, self.close_timeout_seconds];
        let ok = self.version >= 1
            && self.fee_bps <= FEE_MAX_BPS
            && self.fee_flash_bps <= self.fee_bps
            && bounded.iter().all(|b| *b <= BPS)
            && self.reclaim_windows <= RECLAIM_MAX_WINDOWS
            && self.grace_epochs <= SPARE_MAX_EPOCHS
            && self.retention_epochs <= SPARE_MAX_EPOCHS
            && self.min_samples >= 1
            && self.coverage_ppm <= PPM
            && tiers_ok(&self.availability_tiers, 0, PPM)
            && tiers_ok(&self.excess_tiers, 100, RATIO_MAX_PERCENT)
            && (1..=255).contains(&self.lost_challenges)
            && (1..=BPS).contains(&self.breach_bps)
            && (1..=3).contains(&self.breach_of)
            && (1..=self.breach_of).contains(&self.breach_count)
            && (1..=255).contains(&self.abandon_windows)
            && self.slash_period_epochs >= 1
            && is_whole(&slash)
            && is_whole(&fee)
            && self.collateral_min_bps <= COLLATERAL_MAX_BPS
            && times.iter().all(|t| (1..=YEAR_SECONDS).contains(t))
            && self.maintenance_notice_seconds <= YEAR_SECONDS
            && self.maintenance_quota_seconds <= YEAR_SECONDS;
        if ok {
            Ok(())
        } else {
            Err(Error::ArgumentInvalid)
        }
    }

    /// The same for what is to follow version `old`.
    pub fn check_next(&self, old: u32) -> Result<(), Error> {
        if old.checked_add(1) != Some(self.version) {
            return Err(Error::ArgumentInvalid);
        }
        self.check()
    }

    /// The fee of an SLA that is priced in `asset`.
    pub fn fee_bps_of(&self, asset: &Address) -> u32 {
        if self.flash.as_ref() == Some(asset) {
            self.fee_flash_bps
        } else {
            self.fee_bps
        }
    }

    /// The availability table of an SLA with `target_ppm`: no line stands above the target, so that a kept promise never costs.
    pub fn availability_tiers_for(&self, target_ppm: u32) -> Result<Tiers, Error> {
        table(&self.availability_tiers, |level| if level == 0 { target_ppm } else { level.min(target_ppm) })
    }

    pub fn excess_tiers(&self) -> Result<Tiers, Error> {
        table(&self.excess_tiers, |level| level)
    }
}

fn tiers_ok(tiers: &Vec<CreditTier>, low: u32, high: u32) -> bool {
    tiers.len() <= TIERS_MAX as u32 && tiers.iter().all(|t| (low..=high).contains(&t.level) && t.bps <= BPS)
}

fn is_whole(shares: &[u32; 4]) -> bool {
    shares.iter().all(|s| *s <= BPS) && shares.iter().sum::<u32>() == BPS
}

fn table(lines: &Vec<CreditTier>, level: impl Fn(u32) -> u32) -> Result<Tiers, Error> {
    let mut tiers = Tiers::default();
    for line in lines.iter() {
        tiers.push(crate::terms::Tier { level: level(line.level), bps: narrow(line.bps)? })?;
    }
    Ok(tiers)
}

/// A bounded parameter in the width that the terms have for it.
pub fn narrow<T: TryFrom<u32>>(v: u32) -> Result<T, Error> {
    T::try_from(v).map_err(|_| Error::ArgumentInvalid)
}
