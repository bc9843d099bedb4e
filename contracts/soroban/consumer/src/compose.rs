//! The terms of a new SLA: from the request, the unit's offer, the parameters and the Oracle's schedule.

use flashback_core::{
    account::Account,
    error::Error,
    money::bps_of,
    params::{narrow, Params},
    schedule::Schedule,
    terms::{FeeBps, SlashBps, Terms, Units, BPS},
    types::Quote,
};
use soroban_sdk::{Address, BytesN};

use crate::types::Request;

pub const MODE_STREAM: u32 = 0;
pub const MODE_ESCROW: u32 = 1;

/// The units of a volume, and how many may be lost.
pub struct Spread {
    pub units: Units,
    pub redundancy: u8,
}

pub fn terms(
    sla: &BytesN<32>,
    consumer: &Address,
    request: &Request,
    spread: &Spread,
    quote: &Quote,
    schedule: &Schedule,
    params: &Params,
) -> Result<Terms, Error> {
    Ok(Terms {
        network: schedule.network.to_array(),
        sla: sla.to_array(),
        consumer: Account::of(consumer)?,
        provider: Account::of(&quote.provider)?,
        payout: Account::of(&quote.payout)?,
        refund: Account::of(&request.refund)?,
        asset: Account::of(&quote.asset)?,
        units: spread.units,
        kind: narrow(quote.kind)?,
        volume_bytes: request.volume,
        egress_bytes: request.egress,
        rate_limit: quote.rate_limit,
        duration_epochs: request.duration,
        epoch_seconds: schedule.epoch_seconds,
        slots_per_epoch: schedule.slots_per_epoch,
        window_epochs: schedule.window_epochs,
        redundancy: spread.redundancy,
        class: narrow(quote.class)?,
        mode: narrow(request.mode)?,
        price_version: quote.price_version,
        storage_price: amount(quote.storage_price)?,
        egress_price: amount(quote.egress_price)?,
        collateral: amount(quote.collateral)?,
        bond: amount(bps_of(quote.total, params.early_bps)?)?,
        early_bps: narrow(params.early_bps)?,
        reclaim_bps: narrow(params.reclaim_bps)?,
        reclaim_windows: narrow(params.reclaim_windows)?,
        grace_epochs: params.grace_epochs,
        retention_epochs: params.retention_epochs,
        previous: request.previous.to_array(),
        params_version: params.version,
        fee_bps: narrow(params.fee_bps_of(&quote.asset))?,
        holdback_bps: narrow(if request.mode == MODE_ESCROW { BPS } else { params.holdback_bps })?,
        availability_ppm: quote.qos.availability_ppm,
        ttfb_ms: quote.qos.ttfb_ms,
        throughput_kibps: quote.qos.throughput_kibps,
        error_ppm: quote.qos.error_ppm,
        min_samples: params.min_samples,
        coverage_ppm: params.coverage_ppm,
        availability_tiers: params.availability_tiers_for(quote.qos.availability_ppm)?,
        excess_tiers: params.excess_tiers()?,
        lost_bps: narrow(params.lost_bps)?,
        lost_challenges: narrow(params.lost_challenges)?,
        breach_bps: narrow(params.breach_bps)?,
        breach_count: narrow(params.breach_count)?,
        breach_of: narrow(params.breach_of)?,
        slash_breach_bps: narrow(params.slash_breach_bps)?,
        slash_lost_bps: narrow(params.slash_lost_bps)?,
        slash_abandon_bps: narrow(params.slash_abandon_bps)?,
        abandon_windows: narrow(params.abandon_windows)?,
        slash_cap_bps: narrow(params.slash_cap_bps)?,
        slash_period_epochs: params.slash_period_epochs,
        slash_split: SlashBps {
            consumer: narrow(params.slash_split.consumer_bps)?,
            validators: narrow(params.slash_split.validators_bps)?,
            challenger: narrow(params.slash_split.challenger_bps)?,
            fund: narrow(params.slash_split.fund_bps)?,
        },
        fee_split: FeeBps {
            platform: narrow(params.fee_split.platform_bps)?,
            validators: narrow(params.fee_split.validators_bps)?,
            fund: narrow(params.fee_split.fund_bps)?,
            insurance: narrow(params.fee_split.insurance_bps)?,
        },
    })
}

pub fn amount(v: i128) -> Result<u128, Error> {
    u128::try_from(v).map_err(|_| Error::AmountInvalid)
}

/// An amount of terms.
pub fn signed(v: u128) -> Result<i128, Error> {
    i128::try_from(v).map_err(|_| Error::Overflow)
}
