//! The terms of an SLA and their canonical bytes (`docs/spec/terms.md`).

use crate::{
    account::Account,
    error::Error,
    wire::{Fields, Writer},
};

const TAG: &[u8] = b"FLASHBACK-TERMS-v2";
/// 10,000 bps are the whole.
pub const BPS: u32 = 10_000;
/// Tiers of a table at most.
pub const TIERS_MAX: usize = 8;
/// Units of a joint SLA at most.
pub const UNITS_MAX: usize = 6;
/// No encoded terms are longer.
pub const TERMS_LEN_MAX: usize = 832;

pub const VOLUME_MAX_BYTES: u64 = 1 << 50;
pub const EGRESS_MAX_BYTES: u64 = 1 << 54;
pub const LIFE_MAX_SECONDS: u64 = 1 << 30;
pub const PRICE_MAX: i128 = 1 << 63;
pub const COLLATERAL_MAX: i128 = 1 << 100;

/// A line of a credit table: availability under `level` ppm, or a figure that exceeds its target by `level` percent, costs `bps`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tier {
    pub level: u32,
    pub bps: u16,
}

/// A credit table of at most [`TIERS_MAX`] lines.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tiers {
    lines: [Tier; TIERS_MAX],
    len: usize,
}

impl Tiers {
    pub fn push(&mut self, tier: Tier) -> Result<(), Error> {
        *self.lines.get_mut(self.len).ok_or(Error::Malformed)? = tier;
        self.len += 1;
        Ok(())
    }

    pub fn lines(&self) -> &[Tier] {
        self.lines.get(..self.len).unwrap_or_default()
    }

    fn read(r: &mut Fields) -> Result<Self, Error> {
        let mut tiers = Tiers::default();
        for _ in 0..r.u32() {
            tiers.push(Tier { level: r.u32(), bps: r.u16() })?;
        }
        Ok(tiers)
    }

    fn write<const N: usize>(&self, w: &mut Writer<N>) -> Result<(), Error> {
        w.u32(self.len as u32)?;
        for tier in self.lines() {
            w.u32(tier.level)?;
            w.u16(tier.bps)?;
        }
        Ok(())
    }
}

/// A unit and its share of the volume, in bps.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Share {
    pub unit: [u8; 32],
    pub bps: u16,
}

/// The units that a volume is spread over, 1 to [`UNITS_MAX`]: the SLA's own first, then the others of its joint SLA.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Units {
    shares: [Share; UNITS_MAX],
    len: usize,
}

impl Units {
    /// One unit with all of the volume.
    pub fn alone(unit: [u8; 32]) -> Self {
        let mut shares = [Share::default(); UNITS_MAX];
        shares[0] = Share { unit, bps: BPS as u16 };
        Units { shares, len: 1 }
    }

    pub fn push(&mut self, share: Share) -> Result<(), Error> {
        *self.shares.get_mut(self.len).ok_or(Error::Malformed)? = share;
        self.len += 1;
        Ok(())
    }

    pub fn shares(&self) -> &[Share] {
        self.shares.get(..self.len).unwrap_or_default()
    }

    fn read(r: &mut Fields) -> Result<Self, Error> {
        let mut units = Units::default();
        for _ in 0..r.u32() {
            units.push(Share { unit: r.bytes(), bps: r.u16() })?;
        }
        let valid = match units.shares() {
            [] => false,
            [alone] => u32::from(alone.bps) == BPS,
            shares => shares.iter().all(|s| (1..=BPS).contains(&s.bps.into())),
        };
        if valid {
            Ok(units)
        } else {
            Err(Error::Malformed)
        }
    }

    fn write<const N: usize>(&self, w: &mut Writer<N>) -> Result<(), Error> {
        w.u32(self.len as u32)?;
        for share in self.shares() {
            w.bytes(&share.unit)?;
            w.u16(share.bps)?;
        }
        Ok(())
    }
}

/// Field by field as the page has them; prices and collateral are in smallest units of `asset`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    pub network: [u8; 32],
    pub sla: [u8; 32],
    pub consumer: Account,
    pub provider: Account,
    pub payout: Account,
    pub refund: Account,
    pub asset: Account,
    /// `volume_bytes` is the own unit's.
    pub units: Units,
    pub kind: u8,
    pub volume_bytes: u64,
    pub egress_bytes: u64,
    pub rate_limit: u32,
    pub duration_epochs: u32,
    pub epoch_seconds: u32,
    pub slots_per_epoch: u32,
    pub window_epochs: u32,
    pub redundancy: u8,
    pub class: u8,
    pub mode: u8,
    pub price_version: u32,
    pub storage_price: u128,
    pub egress_price: u128,
    pub collateral: u128,
    pub bond: u128,
    pub early_bps: u16,
    pub reclaim_bps: u16,
    pub reclaim_windows: u16,
    pub grace_epochs: u32,
    pub retention_epochs: u32,
    /// The SLA that this one renews; zeros: none.
    pub previous: [u8; 32],
    pub params_version: u32,
    pub fee_bps: u16,
    pub holdback_bps: u16,
    pub availability_ppm: u32,
    pub ttfb_ms: u32,
    pub throughput_kibps: u32,
    pub error_ppm: u32,
    pub min_samples: u32,
    pub coverage_ppm: u32,
    pub availability_tiers: Tiers,
    pub excess_tiers: Tiers,
    pub lost_bps: u16,
    pub lost_challenges: u8,
    pub breach_bps: u16,
    pub breach_count: u8,
    pub breach_of: u8,
    pub slash_breach_bps: u16,
    pub slash_lost_bps: u16,
    pub slash_abandon_bps: u16,
    pub abandon_windows: u8,
    pub slash_cap_bps: u16,
    pub slash_period_epochs: u32,
    pub slash_split: SlashBps,
    pub fee_split: FeeBps,
}

/// Who gets what of a slash, in bps that sum to 10,000.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SlashBps {
    pub consumer: u16,
    pub validators: u16,
    pub challenger: u16,
    pub fund: u16,
}

/// Who gets what of a fee, in bps that sum to 10,000.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FeeBps {
    pub platform: u16,
    pub validators: u16,
    pub fund: u16,
    pub insurance: u16,
}

impl Terms {
    /// Decodes; refuses trailing bytes, no or too many units, wrong shares, long tables and periods of zero.
    pub fn decode(document: &[u8]) -> Result<Self, Error> {
        let mut r = Fields::new(document, TAG);
        let terms = Terms {
            network: r.bytes(),
            sla: r.bytes(),
            consumer: Account(r.bytes()),
            provider: Account(r.bytes()),
            payout: Account(r.bytes()),
            refund: Account(r.bytes()),
            asset: Account(r.bytes()),
            units: Units::read(&mut r)?,
            kind: r.u8(),
            volume_bytes: r.u64(),
            egress_bytes: r.u64(),
            rate_limit: r.u32(),
            duration_epochs: r.u32(),
            epoch_seconds: r.u32(),
            slots_per_epoch: r.u32(),
            window_epochs: r.u32(),
            redundancy: r.u8(),
            class: r.u8(),
            mode: r.u8(),
            price_version: r.u32(),
            storage_price: r.u128(),
            egress_price: r.u128(),
            collateral: r.u128(),
            bond: r.u128(),
            early_bps: r.u16(),
            reclaim_bps: r.u16(),
            reclaim_windows: r.u16(),
            grace_epochs: r.u32(),
            retention_epochs: r.u32(),
            previous: r.bytes(),
            params_version: r.u32(),
            fee_bps: r.u16(),
            holdback_bps: r.u16(),
            availability_ppm: r.u32(),
            ttfb_ms: r.u32(),
            throughput_kibps: r.u32(),
            error_ppm: r.u32(),
            min_samples: r.u32(),
            coverage_ppm: r.u32(),
            availability_tiers: Tiers::read(&mut r)?,
            excess_tiers: Tiers::read(&mut r)?,
            lost_bps: r.u16(),
            lost_challenges: r.u8(),
            breach_bps: r.u16(),
            breach_count: r.u8(),
            breach_of: r.u8(),
            slash_breach_bps: r.u16(),
            slash_lost_bps: r.u16(),
            slash_abandon_bps: r.u16(),
            abandon_windows: r.u8(),
            slash_cap_bps: r.u16(),
            slash_period_epochs: r.u32(),
            slash_split: SlashBps { consumer: r.u16(), validators: r.u16(), challenger: r.u16(), fund: r.u16() },
            fee_split: FeeBps { platform: r.u16(), validators: r.u16(), fund: r.u16(), insurance: r.u16() },
        };
        r.end()?;
        if terms.epoch_seconds == 0 || terms.window_epochs == 0 || terms.slash_period_epochs == 0 {
            return Err(Error::Malformed);
        }
        Ok(terms)
    }

    pub fn encode(&self) -> Result<Writer<TERMS_LEN_MAX>, Error> {
        let mut w = Writer::new(TAG)?;
        w.bytes(&self.network)?;
        w.bytes(&self.sla)?;
        for account in [&self.consumer, &self.provider, &self.payout, &self.refund, &self.asset] {
            w.bytes(&account.0)?;
        }
        self.units.write(&mut w)?;
        w.u8(self.kind)?;
        w.u64(self.volume_bytes)?;
        w.u64(self.egress_bytes)?;
        for v in [self.rate_limit, self.duration_epochs, self.epoch_seconds, self.slots_per_epoch, self.window_epochs] {
            w.u32(v)?;
        }
        w.bytes(&[self.redundancy, self.class, self.mode])?;
        w.u32(self.price_version)?;
        w.u128(self.storage_price)?;
        w.u128(self.egress_price)?;
        w.u128(self.collateral)?;
        w.u128(self.bond)?;
        for v in [self.early_bps, self.reclaim_bps, self.reclaim_windows] {
            w.u16(v)?;
        }
        w.u32(self.grace_epochs)?;
        w.u32(self.retention_epochs)?;
        w.bytes(&self.previous)?;
        w.u32(self.params_version)?;
        w.u16(self.fee_bps)?;
        w.u16(self.holdback_bps)?;
        for v in [self.availability_ppm, self.ttfb_ms, self.throughput_kibps, self.error_ppm, self.min_samples, self.coverage_ppm] {
            w.u32(v)?;
        }
        self.availability_tiers.write(&mut w)?;
        self.excess_tiers.write(&mut w)?;
        w.u16(self.lost_bps)?;
        w.u8(self.lost_challenges)?;
        w.u16(self.breach_bps)?;
        w.bytes(&[self.breach_count, self.breach_of])?;
        w.u16(self.slash_breach_bps)?;
        w.u16(self.slash_lost_bps)?;
        w.u16(self.slash_abandon_bps)?;
        w.u8(self.abandon_windows)?;
        w.u16(self.slash_cap_bps)?;
        w.u32(self.slash_period_epochs)?;
        let SlashBps { consumer, validators, challenger, fund } = self.slash_split;
        for bps in [consumer, validators, challenger, fund] {
            w.u16(bps)?;
        }
        let FeeBps { platform, validators, fund, insurance } = self.fee_split;
        for bps in [platform, validators, fund, insurance] {
            w.u16(bps)?;
        }
        Ok(w)
    }
}
