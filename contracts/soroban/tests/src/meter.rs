//! A validator's bookkeeping in small: epochs into a leaf, and a verdict at each boundary by the contracts' own `judge`.

use flashback_core::{
    judge::judge,
    leaf::{Leaf, STATUS_RUNNING},
    terms::Terms,
};

use crate::oracle::SLOTS;

pub struct Meter {
    pub terms: Terms,
    pub leaf: Leaf,
    /// Epochs to the SLA's end.
    pub end: u32,
    boundary: Leaf,
}

impl Meter {
    pub fn new(terms: Terms, terms_hash: [u8; 32]) -> Self {
        let leaf = Leaf::zero(terms.sla, terms_hash);
        Meter { end: terms.duration_epochs, terms, boundary: leaf.clone(), leaf }
    }

    /// An epoch without a fault in which `out` bytes were read.
    pub fn good(&mut self, out: u64) -> &mut Self {
        self.slots(SLOTS, 0, out)
    }

    /// An epoch in which no validator reached the node.
    pub fn down(&mut self) -> &mut Self {
        self.slots(0, SLOTS, 0)
    }

    /// An epoch that nobody measured.
    pub fn unmeasured(&mut self) -> &mut Self {
        self.slots(0, 0, 0)
    }

    /// An epoch in which three pieces of data were challenged and are gone.
    pub fn lost(&mut self) -> &mut Self {
        let first = self.boundary.challenges == self.leaf.challenges;
        self.leaf.challenges += 3;
        if first {
            self.warn();
            self.warn();
        }
        self.slots(SLOTS, 0, 0)
    }

    fn slots(&mut self, counted: u32, bad: u32, out: u64) -> &mut Self {
        let l = &mut self.leaf;
        if l.status != STATUS_RUNNING {
            return self;
        }
        let first_bad = bad > 0 && l.slots_bad == self.boundary.slots_bad;
        l.slots += u64::from(SLOTS);
        l.slots_bad += u64::from(bad);
        l.slots_excluded += u64::from(SLOTS - counted - bad);
        l.slot_error_ppm += 1_000_000 * u64::from(bad);
        l.ttfb[4] += u64::from(counted);
        l.throughput[5] += u64::from(counted);
        l.operations += 20 * u64::from(counted);
        l.bytes_out += out;
        l.epochs += 1;
        if first_bad {
            self.warn();
        }
        let ends = self.leaf.epochs == self.end;
        if ends || self.leaf.epochs.is_multiple_of(self.terms.window_epochs) {
            self.leaf = judge(&self.terms, &self.boundary, &self.leaf, ends).unwrap();
            self.boundary = self.leaf.clone();
        }
        self
    }

    fn warn(&mut self) {
        self.leaf.warnings += 1;
        self.leaf.armed += 1;
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.leaf.encode().unwrap().as_slice().to_vec()
    }
}
