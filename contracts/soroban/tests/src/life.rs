//! One SLA alone in its world, from its beginning on, with the leaf that was settled last.

use flashback_consumer::types::{Request, Sla};
use flashback_core::error::Error;
use flashback_provider::types::{Reservation, Spec};
use soroban_sdk::{Bytes, BytesN};

use crate::{
    event::Told,
    meter::Meter,
    refused,
    world::{Proven, World, GIB},
};

pub struct Life {
    pub w: World,
    pub id: BytesN<32>,
    pub meter: Meter,
    /// The settled leaf.
    pub from: Bytes,
}

impl Life {
    pub fn new(mode: u32) -> Self {
        let w = World::new();
        let id = w.request(&w.wish(mode));
        Life::of(w, id)
    }

    /// Of an SLA that nothing is settled of.
    pub fn of(w: World, id: BytesN<32>) -> Self {
        let (meter, from) = (w.meter(&id), w.zero_leaf(&id));
        Life { w, id, meter, from }
    }

    /// A price so low that credit, coverage and slash come one unit at a time, and free egress.
    pub fn of_dust(collateral_bps: u32) -> Self {
        let w = World::new();
        let unit = w.create_unit(&Spec { storage_price: 10, egress_price: 0, collateral_bps, ..w.spec(true) }, 9);
        let ask = w.po().quote(&unit, &w.consumer, &(100 * GIB), &0, &120, &w.none());
        let id = w.request(&Request { unit, egress: 0, max_total: ask.total, deposit: ask.total + ask.total / 10, ..w.wish(0) });
        Life::of(w, id)
    }

    pub fn settle(&mut self) -> &mut Self {
        let to = self.w.certify(&self.id, &self.meter);
        self.w.settle(&self.id, &self.from, &to);
        self.from = to.leaf;
        self
    }

    pub fn run(&mut self, epochs: u32, mut epoch: impl FnMut(&mut Meter)) -> &mut Self {
        (0..epochs).for_each(|_| epoch(&mut self.meter));
        self
    }

    /// Settles, and says what that told.
    pub fn settle_telling(&mut self) -> Told {
        let to = self.w.certify(&self.id, &self.meter);
        self.w.settle_quietly(&self.id, &self.from, &to);
        self.from = to.leaf;
        Told::of(&self.w)
    }

    /// Settles the provider's half alone.
    pub fn settle_half(&self, from: &Bytes, to: &Proven) {
        self.w.allow_nothing();
        let terms = self.w.co().terms(&self.id);
        self.w.po().settle(&self.id, &terms, from, &to.leaf, &to.epoch, &to.bits, &to.path);
        self.w.check(&self.id);
    }

    #[track_caller]
    pub fn try_settle_half(&self, from: &Bytes, to: &Proven) -> Error {
        self.w.allow_nothing();
        let terms = self.w.co().terms(&self.id);
        refused(self.w.po().try_settle(&self.id, &terms, from, &to.leaf, &to.epoch, &to.bits, &to.path))
    }

    #[track_caller]
    pub fn try_settle(&self, from: &Bytes, to: &Proven) -> Error {
        self.w.allow_nothing();
        refused(self.w.co().try_settle(&self.id, from, &to.leaf, &to.epoch, &to.bits, &to.path))
    }

    pub fn sla(&self) -> Sla {
        self.w.sla(&self.id)
    }

    pub fn reservation(&self) -> Reservation {
        self.w.po().reservation(&self.id)
    }

    /// The consumer ends it with the window that runs now.
    pub fn close(&mut self) -> &mut Self {
        self.w.allow(&self.w.consumer, self.w.co_id(), "close", (&self.w.consumer, &self.id));
        self.w.co().close(&self.w.consumer, &self.id);
        self.meter.end = self.w.co().sla(&self.id).end_epochs;
        self
    }

    /// Empties every bucket.
    pub fn pay_out(&self) {
        self.w.allow_nothing();
        let _ = self.w.co().try_payout(&self.id);
        let _ = self.w.co().try_refund(&self.id);
        let _ = self.w.co().try_collect(&self.id);
        let _ = self.w.po().try_claim(&self.id);
        let _ = self.w.po().try_collect(&self.id);
        self.w.check(&self.id);
    }

    /// Balances of everybody who is ever paid, and the cumulative amounts.
    pub fn outcome(&self) -> (Vec<i128>, Vec<i128>) {
        let w = &self.w;
        let p = &w.payees;
        let who = [&w.consumer, &w.payout, &w.refund, &p.platform, &p.validators, &p.fund, &p.insurance];
        let (s, r) = (w.co().sla(&self.id), w.po().reservation(&self.id));
        let c = w.po().collateral(&w.provider, &w.token);
        let amounts = [s.gross, s.earned, s.fee_total, s.credited, s.withdrawn, r.coverage, r.slash, c.free, c.locked];
        (who.iter().map(|a| w.balance(a)).collect(), amounts.to_vec())
    }
}
