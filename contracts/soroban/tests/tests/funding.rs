//! SLAs that are paid by and by: what a deposit covers, top-ups, Grace, Retention, a default, and what leaving early costs.

use flashback_consumer::types::{Request, SlaState};
use flashback_core::error::Error;
use flashback_provider::types::ReservationState;
use flashback_tests::{
    meter::Meter,
    oracle::{EPOCH_SECONDS, GENESIS},
    refused,
    world::{World, EGRESS_PRICE, STORAGE_PRICE, WEALTH},
};
use soroban_sdk::{testutils::Ledger as _, Bytes, BytesN};

/// The least to begin with: a window of 12 epochs, 12 of grace, 12 of retention.
const LEAST: i128 = 36;

/// What so many epochs of 100 GiB cost.
fn storage(epochs: i128) -> i128 {
    STORAGE_PRICE * 100 * epochs * i128::from(EPOCH_SECONDS) / 86_400
}

/// What comes before storage: the bond, and 50 GiB of egress.
fn first(wish: &Request) -> i128 {
    wish.max_total / 10 + 50 * EGRESS_PRICE
}

fn fund(w: &World, id: &BytesN<32>, amount: i128) -> Result<(), Error> {
    w.allow_paying(&w.consumer, w.co_id(), "fund", (&w.consumer, id, amount), amount);
    match w.co().try_fund(&w.consumer, id, &amount) {
        Ok(done) => {
            done.unwrap();
            w.check(id);
            Ok(())
        }
        refusal => Err(refused(refusal)),
    }
}

struct Life {
    w: World,
    id: BytesN<32>,
    meter: Meter,
    settled: Bytes,
}

impl Life {
    fn covering(epochs: i128) -> Self {
        let w = World::new();
        let wish = w.wish(0);
        let deposit = first(&wish) + storage(epochs);
        let id = w.request(&Request { deposit, ..wish });
        let (meter, settled) = (w.meter(&id), w.zero_leaf(&id));
        let mut life = Life { w, id, meter, settled };
        life.meter.end = epochs as u32;
        life
    }

    /// Healthy epochs up to `epochs` in all, settled.
    fn run(&mut self, epochs: u32) -> &mut Self {
        while self.meter.leaf.epochs < epochs {
            self.meter.good(0);
        }
        let proven = self.w.certify(&self.id, &self.meter);
        self.w.settle(&self.id, &self.settled, &proven);
        self.settled = proven.leaf;
        self
    }

    /// To the middle of the epoch of this number, counted from 1.
    fn at(&self, epoch: u64) -> SlaState {
        let start = self.w.co().sla(&self.id).start_epoch;
        self.w.env.ledger().set_timestamp(GENESIS + (start + epoch - 1) * u64::from(EPOCH_SECONDS) + 5);
        self.w.co().sla(&self.id).state
    }
}

#[test]
fn the_clock_tells_when_money_runs_low() {
    let life = Life::covering(LEAST);
    for (epoch, state) in [(1, SlaState::Active), (12, SlaState::Active), (13, SlaState::Grace), (24, SlaState::Grace)] {
        assert_eq!(life.at(epoch), state, "epoch {epoch}");
    }
    for epoch in [25, 36, 50] {
        assert_eq!(life.at(epoch), SlaState::Retention, "epoch {epoch}");
    }
    let life = Life::covering(120);
    assert_eq!(life.at(119), SlaState::Active, "all is paid for");
}

#[test]
fn a_reserve_is_kept_for_retention() {
    let mut life = Life::covering(40);
    let before = life.w.sla(&life.id);
    assert_eq!(before.retention, storage(40) - storage(28));
    assert_eq!(before.escrow, storage(28) + 50 * EGRESS_PRICE);
    life.run(24);
    let later = life.w.sla(&life.id);
    assert_eq!((later.retention, later.escrow), (before.retention, before.escrow - storage(24)));
    assert_eq!(later.state, SlaState::Grace);
}

#[test]
fn a_top_up_comes_a_whole_epoch_before_the_end() {
    let life = Life::covering(LEAST);
    life.at(35);
    assert_eq!(fund(&life.w, &life.id, storage(37) - storage(36)), Ok(()));
    let s = life.w.sla(&life.id);
    assert_eq!((s.covered_epochs, s.end_epochs), (37, 37));
    life.at(36);
    assert_eq!(fund(&life.w, &life.id, storage(120) - storage(37) + 1), Err(Error::OverFunded));
    life.at(37);
    assert_eq!(fund(&life.w, &life.id, 1), Err(Error::StateWrong), "the last covered epoch runs");
}

#[test]
fn who_lets_the_money_run_out_pays_out_of_the_bond() {
    let mut life = Life::covering(LEAST);
    life.run(36);
    let s = life.w.sla(&life.id);
    let early = (storage(120) - storage(36)) / 10;
    assert_eq!(s.state, SlaState::Defaulted);
    assert_eq!(s.provider_claim, s.earned - s.fee_total + early);
    assert_eq!(s.consumer_claim, s.deposited - s.gross - early);
    assert_eq!(life.w.po().reservation(&life.id).state, ReservationState::Done);
    assert_eq!(fund(&life.w, &life.id, 1), Err(Error::StateWrong));
    life.w.co().refund(&life.id);
    assert_eq!(life.w.balance(&life.w.consumer), WEALTH - s.gross - early);
}

#[test]
fn no_leaf_goes_beyond_what_is_paid_for() {
    let mut life = Life::covering(LEAST);
    life.meter.end = 48;
    while life.meter.leaf.epochs < 48 {
        life.meter.good(0);
    }
    let proven = life.w.certify(&life.id, &life.meter);
    life.w.allow_nothing();
    let settled = life.w.co().try_settle(&life.id, &life.settled, &proven.leaf, &proven.epoch, &proven.bits, &proven.path);
    assert_eq!(refused(settled), Error::LeafBeyond);
}

#[test]
fn an_end_that_the_validators_chose_costs_nobody_anything() {
    let mut life = Life::covering(48);
    life.meter.end = 36;
    life.run(36);
    let s = life.w.sla(&life.id);
    assert_eq!((s.state, s.consumer_claim), (SlaState::Completed, s.deposited - s.gross));
}

#[test]
fn a_time_out_costs_nobody_anything() {
    let life = Life::covering(LEAST);
    life.w.env.ledger().set_timestamp(GENESIS + 60 * 86_400);
    life.w.allow_nothing();
    life.w.co().time_out(&life.id);
    let s = life.w.sla(&life.id);
    assert_eq!((s.state, s.consumer_claim, s.provider_claim), (SlaState::Completed, s.deposited, 0));
}
