//! The cumulative leaf of an SLA in the epoch's report (`docs/spec/terms.md`).

use crate::{
    error::Error,
    wire::{Fields, Writer},
};

const TAG: &[u8] = b"FLASHBACK-LEAF-v1";
/// Bytes of every encoded leaf.
pub const LEAF_LEN: usize = 482;

pub const TTFB_BUCKETS: usize = 16;
pub const THROUGHPUT_BUCKETS: usize = 8;
/// Upper, inclusive edges in milliseconds; slower counts in the last.
pub const TTFB_EDGES_MS: [u32; TTFB_BUCKETS] = [5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 2000, 5000, 60000];
/// Lower, inclusive edges in KiB/s.
pub const THROUGHPUT_EDGES_KIBPS: [u32; THROUGHPUT_BUCKETS] = [0, 64, 256, 1024, 4096, 16384, 65536, 262144];

/// Causes of a window's credit; indices of [`Leaf::causes`].
pub const CAUSE_NONE: usize = 0;
pub const CAUSE_PROVIDER: usize = 1;

pub const STATUS_RUNNING: u8 = 0;
pub const STATUS_COMPLETE: u8 = 1;
pub const STATUS_ABANDONED: u8 = 2;

/// Field by field as the page has them. All numbers up to `warnings` are cumulative since the SLA began.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Leaf {
    pub sla: [u8; 32],
    pub terms_hash: [u8; 32],
    pub epochs: u32,
    pub slots: u64,
    pub slots_bad: u64,
    pub slots_excluded: u64,
    pub slot_error_ppm: u64,
    pub operations: u64,
    pub errors: u64,
    pub byte_seconds: u128,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub ttfb: [u64; TTFB_BUCKETS],
    pub throughput: [u64; THROUGHPUT_BUCKETS],
    pub challenges: u64,
    pub passed: u64,
    pub windows: u32,
    pub judged_epochs: u32,
    pub judged_out: u64,
    pub price_credit_epochs: u64,
    pub price_credit_out: u128,
    pub collateral_credit_epochs: u64,
    pub collateral_credit_out: u128,
    pub breaches: u32,
    pub slash_bps: u32,
    pub causes: [u32; 6],
    pub warnings: u32,
    pub recent: [u16; 2],
    pub dead: u8,
    pub armed: u8,
    pub window_flags: u8,
    pub lost: u8,
    pub status: u8,
}

impl Leaf {
    /// The leaf of an SLA before its first epoch.
    pub fn zero(sla: [u8; 32], terms_hash: [u8; 32]) -> Self {
        Leaf { sla, terms_hash, ..Default::default() }
    }

    /// Decodes; refuses any other length and states that do not exist.
    pub fn decode(document: &[u8]) -> Result<Self, Error> {
        let mut r = Fields::new(document, TAG);
        let leaf = Leaf {
            sla: r.bytes(),
            terms_hash: r.bytes(),
            epochs: r.u32(),
            slots: r.u64(),
            slots_bad: r.u64(),
            slots_excluded: r.u64(),
            slot_error_ppm: r.u64(),
            operations: r.u64(),
            errors: r.u64(),
            byte_seconds: r.u128(),
            bytes_in: r.u64(),
            bytes_out: r.u64(),
            ttfb: read_counts(&mut r),
            throughput: read_counts(&mut r),
            challenges: r.u64(),
            passed: r.u64(),
            windows: r.u32(),
            judged_epochs: r.u32(),
            judged_out: r.u64(),
            price_credit_epochs: r.u64(),
            price_credit_out: r.u128(),
            collateral_credit_epochs: r.u64(),
            collateral_credit_out: r.u128(),
            breaches: r.u32(),
            slash_bps: r.u32(),
            causes: [r.u32(), r.u32(), r.u32(), r.u32(), r.u32(), r.u32()],
            warnings: r.u32(),
            recent: [r.u16(), r.u16()],
            dead: r.u8(),
            armed: r.u8(),
            window_flags: r.u8(),
            lost: r.u8(),
            status: r.u8(),
        };
        r.end()?;
        if leaf.lost > 1 || leaf.status > STATUS_ABANDONED {
            return Err(Error::Malformed);
        }
        Ok(leaf)
    }

    pub fn encode(&self) -> Result<Writer<LEAF_LEN>, Error> {
        let mut w = Writer::new(TAG)?;
        w.bytes(&self.sla)?;
        w.bytes(&self.terms_hash)?;
        w.u32(self.epochs)?;
        for v in [self.slots, self.slots_bad, self.slots_excluded, self.slot_error_ppm, self.operations, self.errors] {
            w.u64(v)?;
        }
        w.u128(self.byte_seconds)?;
        w.u64(self.bytes_in)?;
        w.u64(self.bytes_out)?;
        for v in self.ttfb.iter().chain(&self.throughput) {
            w.u64(*v)?;
        }
        w.u64(self.challenges)?;
        w.u64(self.passed)?;
        w.u32(self.windows)?;
        w.u32(self.judged_epochs)?;
        w.u64(self.judged_out)?;
        w.u64(self.price_credit_epochs)?;
        w.u128(self.price_credit_out)?;
        w.u64(self.collateral_credit_epochs)?;
        w.u128(self.collateral_credit_out)?;
        w.u32(self.breaches)?;
        w.u32(self.slash_bps)?;
        for v in self.causes {
            w.u32(v)?;
        }
        w.u32(self.warnings)?;
        for v in self.recent {
            w.u16(v)?;
        }
        w.bytes(&[self.dead, self.armed, self.window_flags, self.lost, self.status])?;
        Ok(w)
    }

    /// Whether nothing more will be measured.
    pub fn is_final(&self) -> bool {
        self.status != STATUS_RUNNING
    }

    /// Whether it is later than `from` and no cumulative field went down.
    pub fn follows(&self, from: &Leaf) -> bool {
        self.epochs > from.epochs
            && self.slots >= from.slots
            && self.slots_bad >= from.slots_bad
            && self.slots_excluded >= from.slots_excluded
            && self.slot_error_ppm >= from.slot_error_ppm
            && self.operations >= from.operations
            && self.errors >= from.errors
            && self.byte_seconds >= from.byte_seconds
            && self.bytes_in >= from.bytes_in
            && self.bytes_out >= from.bytes_out
            && self.ttfb.iter().zip(&from.ttfb).all(|(a, b)| a >= b)
            && self.throughput.iter().zip(&from.throughput).all(|(a, b)| a >= b)
            && self.challenges >= from.challenges
            && self.passed >= from.passed
            && self.windows >= from.windows
            && self.judged_epochs >= from.judged_epochs
            && self.judged_out >= from.judged_out
            && self.price_credit_epochs >= from.price_credit_epochs
            && self.price_credit_out >= from.price_credit_out
            && self.collateral_credit_epochs >= from.collateral_credit_epochs
            && self.collateral_credit_out >= from.collateral_credit_out
            && self.breaches >= from.breaches
            && self.slash_bps >= from.slash_bps
            && self.causes.iter().zip(&from.causes).all(|(a, b)| a >= b)
            && self.warnings >= from.warnings
            && self.lost >= from.lost
    }
}

fn read_counts<const N: usize>(r: &mut Fields) -> [u64; N] {
    core::array::from_fn(|_| r.u64())
}
