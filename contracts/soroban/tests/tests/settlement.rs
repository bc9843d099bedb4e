//! An SLA's life under settlement: money, credits, coverage, slashes, ends; and what is refused.

use flashback_consumer::types::SlaState;
use flashback_core::error::Error;
use flashback_provider::types::ReservationState;
use flashback_tests::{
    life::Life,
    meter::Meter,
    oracle::{EPOCH_SECONDS, GENESIS, WINDOW},
    refused, stopped,
    world::{Proven, World, COLLATERAL, EGRESS_PRICE, GIB, STORAGE_PRICE, WEALTH},
};
use soroban_sdk::{
    testutils::{Events as _, Ledger as _},
    vec,
    xdr::{ContractEventBody, ScVal},
};

const STREAM: u32 = 0;
const ESCROW: u32 = 1;
/// `S · 10⁴ / GiB`: what divides price · GiB · seconds · bps.
const DAY_BPS: i128 = 86_400 * 10_000;
/// 100 GiB for one epoch of 10 s, in price units · GiB · seconds.
const PER_EPOCH: i128 = STORAGE_PRICE * 100 * EPOCH_SECONDS as i128;

fn healthy(m: &mut Meter) {
    m.good(GIB / 7);
}

#[test]
fn a_kept_promise_earns_the_whole_price() {
    for mode in [STREAM, ESCROW] {
        let mut life = Life::new(mode);
        life.run(120, |m| {
            m.good(50 * GIB / 120);
        });
        life.settle().pay_out();
        let w = &life.w;
        let s = w.sla(&life.id);
        let out = life.meter.leaf.bytes_out as i128;
        let gross = PER_EPOCH * 120 / 86_400 + EGRESS_PRICE * out / GIB as i128;
        let fee = gross * 200 / 10_000;
        assert_eq!((s.state, s.gross, s.earned, s.fee_total), (SlaState::Completed, gross, gross, fee));
        assert_eq!(w.balance(&w.payout), gross - fee);
        assert_eq!(w.balance(&w.consumer), WEALTH - gross, "egress that was not used is given back");
        let p = &w.payees;
        let shares: i128 = [&p.platform, &p.validators, &p.fund, &p.insurance].iter().map(|a| w.balance(a)).sum();
        assert_eq!(shares, fee);
        assert_eq!(w.po().reservation(&life.id).state, ReservationState::Done);
        assert_eq!(w.po().collateral(&w.provider, &w.token).free, COLLATERAL);
        assert_eq!(w.balance(w.co_id()), 0);
    }
}

#[test]
fn a_stream_pays_at_once_what_an_escrow_pays_when_it_is_judged() {
    let mut stream = Life::new(STREAM);
    stream.run(5, |m| {
        m.good(0);
    });
    let s = stream.settle().sla();
    let earned = PER_EPOCH * 5 * 8_000 / DAY_BPS;
    let gross = PER_EPOCH * 5 / 86_400;
    assert_eq!((s.gross, s.earned, s.holdback), (gross, earned, gross - earned));
    stream.w.co().payout(&stream.id);
    assert_eq!(stream.w.balance(&stream.w.payout), earned - earned * 200 / 10_000);

    let mut escrow = Life::new(ESCROW);
    escrow.run(5, |m| {
        m.good(0);
    });
    let s = escrow.settle().sla();
    assert_eq!((s.gross, s.earned, s.holdback), (gross, 0, gross));
    assert_eq!(refused(escrow.w.co().try_payout(&escrow.id)), Error::NothingDue);
    escrow.run(7, |m| {
        m.good(0);
    });
    let s = escrow.settle().sla();
    assert_eq!((s.earned, s.holdback, s.windows), (PER_EPOCH * 12 / 86_400, 0, 1));
}

/// A life with everything in it, settled after the epochs that `when` says.
fn eventful(mode: u32, when: impl Fn(u32) -> bool, pay: bool) -> (Vec<i128>, Vec<i128>) {
    let mut life = Life::new(mode);
    for epoch in 1..=120 {
        match epoch {
            13..=36 | 60..=63 => life.meter.down(),
            40..=45 => life.meter.unmeasured(),
            75 => life.meter.lost(),
            _ => life.meter.good(GIB / 7 + u64::from(epoch) * 1_001),
        };
        if when(epoch) || epoch == 120 {
            life.settle();
            if pay {
                life.pay_out();
            }
        }
    }
    let leaf = &life.meter.leaf;
    assert!(leaf.slash_bps > 0 && leaf.price_credit_epochs > 0, "not eventful enough");
    assert_eq!(leaf.collateral_credit_epochs > 0, mode == STREAM, "an escrow holds enough back");
    life.pay_out();
    life.outcome()
}

#[test]
fn any_schedule_moves_the_same_money() {
    for mode in [STREAM, ESCROW] {
        let once = eventful(mode, |_| false, false);
        assert_eq!(once, eventful(mode, |_| true, false), "every epoch");
        assert_eq!(once, eventful(mode, |_| true, true), "every epoch, and paid out each time");
        assert_eq!(once, eventful(mode, |e| e % WINDOW == 0, true), "every window");
        assert_eq!(once, eventful(mode, |e| e % 7 == 3, true), "now and then");
    }
}

#[test]
fn a_dead_window_is_credited_and_covered() {
    let mut life = Life::new(STREAM);
    life.run(12, |m| {
        m.down();
    });
    life.settle();
    let (s, r) = (life.w.sla(&life.id), life.w.po().reservation(&life.id));
    let credit = PER_EPOCH * 12 * 2_000 / DAY_BPS;
    let coverage = PER_EPOCH * 12 * 8_000 / DAY_BPS;
    assert_eq!((s.credited, s.consumer_claim), (credit, credit), "the holdback");
    assert_eq!((r.coverage, r.owed, r.slash), (coverage, coverage, 0), "the rest from collateral, and no slash after one warning");
    life.w.co().refund(&life.id);
    life.w.po().claim(&life.id);
    assert_eq!(life.w.balance(&life.w.refund), coverage);
    assert_eq!(refused(life.w.po().try_claim(&life.id)), Error::NothingDue);
    assert_eq!(refused(life.w.po().try_collect(&life.id)), Error::NothingDue);
    life.w.check(&life.id);
}

#[test]
fn the_second_breach_is_slashed_after_warnings() {
    let mut life = Life::new(STREAM);
    life.run(12, |m| {
        m.down();
    });
    life.settle();
    life.w.allow(&life.w.consumer, life.w.co_id(), "terminate", (&life.w.consumer, &life.id));
    assert_eq!(refused(life.w.co().try_terminate(&life.w.consumer, &life.id)), Error::NoBreach);
    life.run(12, |m| {
        m.down();
    });
    let to = life.w.certify(&life.id, &life.meter);
    life.w.settle_quietly(&life.id, &life.from, &to);
    let names = event_names(&life.w, life.w.po_id());
    let at = |name: &str| names.iter().position(|n| n == name).unwrap_or_else(|| panic!("no {name} in {names:?}"));
    assert!(at("warning") < at("coverage") && at("warning") < at("slashed"), "{names:?}");
    life.from = to.leaf;

    let r = life.w.po().reservation(&life.id);
    let slash = r.collateral * 1_000 / 10_000;
    let validators = slash * 1_000 / 10_000;
    assert_eq!((r.slash, r.validators_due), (slash, validators));
    assert_eq!(r.owed, r.coverage + slash - r.validators_due - r.fund_due);
    life.w.po().collect(&life.id);
    assert_eq!(life.w.balance(&life.w.payees.validators), validators);
    assert_eq!(life.w.balance(&life.w.payees.fund), r.fund_due);
    life.w.check(&life.id);

    // The consumer may leave with the next epoch.
    life.w.allow(&life.w.consumer, life.w.co_id(), "terminate", (&life.w.consumer, &life.id));
    life.w.co().terminate(&life.w.consumer, &life.id);
    let s = life.w.sla(&life.id);
    assert_eq!((s.state, s.breach, s.end_epochs), (SlaState::Closing, true, 26));
    life.w.allow(&life.w.consumer, life.w.co_id(), "terminate", (&life.w.consumer, &life.id));
    assert_eq!(refused(life.w.co().try_terminate(&life.w.consumer, &life.id)), Error::StateWrong);
    life.meter.end = 26;
    life.run(2, healthy).settle().pay_out();
    assert_eq!(life.w.sla(&life.id).state, SlaState::Terminated);
    assert_eq!(life.w.balance(life.w.co_id()), 0);
}

#[test]
fn lost_data_is_slashed() {
    let mut life = Life::new(STREAM);
    life.meter.lost();
    life.run(11, healthy).settle();
    let r = life.w.po().reservation(&life.id);
    assert_eq!(r.slash, r.collateral * 2_500 / 10_000, "5,000 bps, but no more than the cap of one window");
    assert_eq!(life.w.sla(&life.id).slash_bps, 2_500);
}

#[test]
fn an_abandoned_sla_is_terminated() {
    let mut life = Life::new(STREAM);
    life.run(100, |m| {
        m.down();
    });
    assert_eq!((life.meter.leaf.status, life.meter.leaf.epochs), (2, 72));
    // Later reports go on carrying the same leaf.
    let to = life.w.certify_at(95, &life.meter.leaf);
    life.w.settle(&life.id, &life.from, &to);
    life.pay_out();
    let (s, r) = (life.w.sla(&life.id), life.w.po().reservation(&life.id));
    assert_eq!((s.state, r.state), (SlaState::Terminated, ReservationState::Done));
    let left = r.collateral - r.coverage - r.slash;
    assert!((0..=r.collateral / 10_000 + 1).contains(&left), "all that is there but for less than one bps: {left}");
    assert_eq!(life.w.po().collateral(&life.w.provider, &life.w.token).locked, 0);
}

#[test]
fn an_unmeasured_window_costs_nobody() {
    let mut life = Life::new(STREAM);
    life.run(12, |m| {
        m.unmeasured();
    });
    let s = life.settle().sla();
    assert_eq!((s.credited, s.earned, s.slash_bps), (0, PER_EPOCH * 12 / 86_400, 0));
}

#[test]
fn closing_ends_with_the_running_window() {
    let mut life = Life::new(STREAM);
    life.run(3, healthy).settle();
    life.w.allow(&life.w.provider, life.w.co_id(), "close", (&life.w.provider, &life.id));
    assert_eq!(refused(life.w.co().try_close(&life.w.provider, &life.id)), Error::NotAuthorized);
    life.w.allow_nothing();
    stopped(life.w.co().try_close(&life.w.consumer, &life.id));
    life.w.allow(&life.w.consumer, life.w.co_id(), "close", (&life.w.consumer, &life.id));
    life.w.co().close(&life.w.consumer, &life.id);
    assert_eq!((life.w.sla(&life.id).state, life.w.sla(&life.id).end_epochs), (SlaState::Closing, 12));
    life.w.allow(&life.w.consumer, life.w.co_id(), "close", (&life.w.consumer, &life.id));
    assert_eq!(refused(life.w.co().try_close(&life.w.consumer, &life.id)), Error::StateWrong);
    life.meter.end = 12;
    life.run(9, healthy).settle().pay_out();
    let s = life.w.sla(&life.id);
    assert_eq!((s.state, s.windows), (SlaState::Completed, 1));
    let early = (120 * PER_EPOCH / 86_400 - 12 * PER_EPOCH / 86_400) / 10;
    assert_eq!(
        life.w.balance(&life.w.consumer),
        WEALTH - s.gross - early,
        "the rest of the price is given back, but for what leaving costs"
    );
}

#[test]
fn a_close_that_validators_saw_late_still_settles() {
    let mut life = Life::new(STREAM);
    life.run(11, healthy).settle();
    life.w.allow(&life.w.consumer, life.w.co_id(), "close", (&life.w.consumer, &life.id));
    life.w.co().close(&life.w.consumer, &life.id);
    assert_eq!(life.w.sla(&life.id).end_epochs, 12);
    life.run(3, healthy);
    let running = life.w.certify(&life.id, &life.meter);
    assert_eq!(life.try_settle(&life.from, &running), Error::LeafBeyond, "a running leaf after the end");
    life.meter.end = 15;
    life.run(1, healthy).settle();
    assert_eq!(life.w.sla(&life.id).state, SlaState::Completed);
}

#[test]
fn a_leaf_is_refused() {
    let mut life = Life::new(STREAM);
    let zero = life.from.clone();
    life.run(4, healthy).settle();
    life.run(4, healthy);
    let good = life.w.certify(&life.id, &life.meter);
    let (env, from) = (&life.w.env, &life.from);

    let other = life.w.request(&flashback_consumer::types::Request { nonce: life.w.bytes32(2), ..life.w.wish(0) });
    life.w.allow_nothing();
    let foreign = life.w.co().try_settle(&other, from, &good.leaf, &good.epoch, &good.bits, &good.path);
    assert_eq!(refused(foreign), Error::LeafForeign, "another SLA's leaf");

    assert_eq!(life.try_settle(from, &Proven { epoch: good.epoch + 1, ..good.clone() }), Error::LeafUnknown, "no root");
    assert_eq!(life.try_settle(from, &Proven { bits: 1, ..good.clone() }), Error::LeafUnknown, "the other side");
    assert_eq!(life.try_settle(from, &Proven { bits: 2, ..good.clone() }), Error::LeafUnknown, "bits above the path");
    assert_eq!(life.try_settle(from, &Proven { path: vec![env], ..good.clone() }), Error::LeafUnknown, "no path");
    assert_eq!(life.try_settle(&zero, &good), Error::FromMismatch);

    let mut short = good.leaf.clone();
    short.pop_back();
    assert_eq!(life.try_settle(from, &Proven { leaf: short.clone(), ..good.clone() }), Error::Malformed);
    assert_eq!(life.try_settle(&short, &good), Error::Malformed);
    let mut long = good.leaf.clone();
    long.push_back(0);
    assert_eq!(life.try_settle(from, &Proven { leaf: long, ..good.clone() }), Error::Malformed, "trailing bytes");

    // The same leaf again does nothing, whatever it is said to come from.
    life.w.settle_quietly(&life.id, from, &good);
    let before = life.w.co().sla(&life.id);
    life.w.settle_quietly(&life.id, &zero, &good);
    assert_eq!(life.w.co().sla(&life.id), before);
}

/// Settles, over a settled leaf of four epochs, a certified leaf that is wrong in one way.
#[track_caller]
fn crooked(at: u64, bend: impl Fn(&mut flashback_core::leaf::Leaf)) -> Error {
    let mut life = Life::new(STREAM);
    life.run(12, healthy).settle();
    life.run(4, healthy);
    let mut leaf = life.meter.leaf.clone();
    bend(&mut leaf);
    let to = life.w.certify_at(at, &leaf);
    let before = life.w.sla(&life.id);
    let error = life.try_settle(&life.from, &to);
    assert_eq!(life.w.sla(&life.id), before, "a refused leaf changed something");
    error
}

#[test]
fn what_a_quorum_may_not_certify() {
    // The leaf of 16 epochs belongs to epoch 16, as the SLA starts in epoch 1.
    assert_eq!(crooked(17, |_| ()), Error::LeafBeyond, "a running leaf of another epoch");
    assert_eq!(crooked(16, |l| l.epochs = 17), Error::LeafBeyond);
    assert_eq!(crooked(13, |l| l.epochs = 12), Error::LeafBehind, "no more epochs than settled");
    assert_eq!(crooked(16, |l| l.bytes_out -= 13 * (GIB / 7)), Error::LeafBehind);
    assert_eq!(crooked(16, |l| l.slots = 0), Error::LeafBehind);
    assert_eq!(crooked(16, |l| l.causes[0] = 0), Error::LeafBehind);
    assert_eq!(crooked(16, |l| l.bytes_out = 50 * GIB + 1), Error::LeafBeyond, "more egress than agreed");
    assert_eq!(crooked(16, |l| l.judged_epochs = 17), Error::LeafBeyond);
    assert_eq!(crooked(16, |l| l.judged_out = l.bytes_out + 1), Error::LeafBeyond);
    assert_eq!(crooked(16, |l| l.price_credit_epochs = 2_000 * 12 + 1), Error::LeafBeyond, "more credit than holdback");
    assert_eq!(crooked(16, |l| l.price_credit_out = 2_000 * u128::from(l.judged_out) + 1), Error::LeafBeyond);
    assert_eq!(crooked(16, |l| l.collateral_credit_epochs = 10_000 * 12 + 1), Error::LeafBeyond, "more credit than was judged");
    assert_eq!(crooked(16, |l| l.collateral_credit_out = u128::MAX), Error::LeafBeyond);
    assert_eq!(crooked(16, |l| l.slash_bps = 1), Error::LeafBeyond, "a slash without warnings");
    let over = |l: &mut flashback_core::leaf::Leaf| (l.slash_bps, l.warnings) = (5_001, 9);
    assert_eq!(crooked(16, over), Error::LeafBeyond, "a slash above the cap");
    assert_eq!(crooked(16, |l| l.status = 1), Error::LeafBeyond, "final, and not judged to its end");
    let late_credit = |l: &mut flashback_core::leaf::Leaf| (l.epochs, l.bytes_out, l.price_credit_epochs) = (13, l.judged_out, 2_000 * 12);
    assert_eq!(crooked(13, late_credit), Error::LeafBehind, "what the provider has earned would fall");
    assert_eq!(crooked(16, |l| l.sla = [3; 32]), Error::LeafForeign);
    assert_eq!(crooked(16, |l| l.terms_hash = [3; 32]), Error::LeafForeign);
}

#[test]
fn nothing_is_settled_before_or_after_its_life() {
    let w = World::by_hand();
    let id = w.request(&w.wish(STREAM));
    let to = w.certify_at(3, &w.meter(&id).good(0).leaf);
    let settled = w.co().try_settle(&id, &w.zero_leaf(&id), &to.leaf, &to.epoch, &to.bits, &to.path);
    assert_eq!(refused(settled), Error::StateWrong);
    let half = w.po().try_settle(&id, &w.co().terms(&id), &to.leaf, &to.leaf, &to.epoch, &to.bits, &to.path);
    assert_eq!(refused(half), Error::StateWrong);

    let mut life = Life::new(STREAM);
    life.run(120, healthy).settle();
    let last = life.from.clone();
    let again = life.w.certify_at(130, &life.meter.leaf);
    life.w.settle(&life.id, &last, &again);
    let mut leaf = life.meter.leaf.clone();
    leaf.epochs += 1;
    let later = life.w.certify_at(131, &leaf);
    assert_eq!(life.try_settle(&last, &later), Error::StateWrong);
    life.w.allow(&life.w.consumer, life.w.co_id(), "close", (&life.w.consumer, &life.id));
    assert_eq!(refused(life.w.co().try_close(&life.w.consumer, &life.id)), Error::StateWrong);
    assert_eq!(refused(life.w.co().try_time_out(&life.id)), Error::StateWrong);
}

#[test]
fn who_settles_one_half_alone_does_not_hold_up_the_other() {
    let mut life = Life::new(STREAM);
    let zero = life.from.clone();
    let mut proofs = Vec::new();
    for _ in 0..3 {
        life.run(40, |m| {
            m.down();
        });
        proofs.push(life.w.certify(&life.id, &life.meter));
        if life.meter.leaf.status != 0 {
            break;
        }
    }
    life.settle_half(&zero, &proofs[0]);
    let halfway = life.w.po().reservation(&life.id);
    life.w.settle(&life.id, &zero, &proofs[0]);
    assert_eq!(life.w.po().reservation(&life.id), halfway);
    // The provider's half is at its end already.
    life.settle_half(&proofs[0].leaf, &proofs[1]);
    assert_eq!(life.w.po().reservation(&life.id).state, ReservationState::Done);
    life.w.settle(&life.id, &proofs[0].leaf, &proofs[1]);
    assert_eq!(life.w.sla(&life.id).state, SlaState::Terminated);
}

#[test]
fn only_the_agreed_terms_settle_the_providers_half() {
    let mut life = Life::new(STREAM);
    let mut forged = life.w.co().terms(&life.id);
    forged.set(60, 9);
    life.run(1, healthy);
    let to = life.w.certify(&life.id, &life.meter);
    let answer = life.w.po().try_settle(&life.id, &forged, &life.from, &to.leaf, &to.epoch, &to.bits, &to.path);
    assert_eq!(refused(answer), Error::LeafForeign);
    life.settle_half(&life.from, &to);
}

#[test]
fn a_lost_network_lets_everyone_go() {
    let mut life = Life::new(STREAM);
    life.run(17, healthy).settle();
    let s = life.w.sla(&life.id);
    let end = GENESIS + (s.start_epoch + 120) * u64::from(EPOCH_SECONDS) + 30 * 86_400;
    life.w.env.ledger().set_timestamp(end);
    life.w.allow_nothing();
    assert_eq!(refused(life.w.co().try_time_out(&life.id)), Error::NotTimedOut);
    life.w.env.ledger().set_timestamp(end + 1);
    life.w.co().time_out(&life.id);
    let after = life.w.sla(&life.id);
    assert_eq!((after.state, after.earned, after.credited), (SlaState::Completed, s.gross, 0));
    assert_eq!(after.fee_total, s.gross * 200 / 10_000);
    life.pay_out();
    assert_eq!(life.w.balance(&life.w.consumer), WEALTH - s.gross);
    assert_eq!(life.w.balance(&life.w.payout), s.gross - after.fee_total);
    let r = life.w.po().reservation(&life.id);
    assert_eq!((r.state, r.slash), (ReservationState::Done, 0));
    assert_eq!(life.w.po().collateral(&life.w.provider, &life.w.token).free, COLLATERAL);
}

#[test]
fn a_time_out_after_the_providers_half_ended() {
    let mut life = Life::new(STREAM);
    life.run(120, healthy);
    let to = life.w.certify(&life.id, &life.meter);
    life.settle_half(&life.from, &to);
    let end = GENESIS + 121 * u64::from(EPOCH_SECONDS) + 30 * 86_400;
    life.w.env.ledger().set_timestamp(end + 1);
    life.w.co().time_out(&life.id);
    assert_eq!(life.w.sla(&life.id).state, SlaState::Completed);
}

#[test]
fn a_donation_is_inert() {
    let mut life = Life::new(STREAM);
    life.w.mint(life.w.co_id(), 1_000);
    life.w.mint(life.w.po_id(), 1_000);
    life.run(120, healthy);
    let to = life.w.certify(&life.id, &life.meter);
    life.w.settle_quietly(&life.id, &life.from, &to);
    life.w.co().payout(&life.id);
    life.w.co().refund(&life.id);
    life.w.co().collect(&life.id);
    assert_eq!(life.w.balance(life.w.co_id()), 1_000);
    assert_eq!(life.w.balance(life.w.po_id()), COLLATERAL + 1_000);
}

/// Names of the events of the last call, in order.
fn event_names(w: &World, contract: &soroban_sdk::Address) -> Vec<String> {
    let events = w.env.events().all().filter_by_contract(contract);
    let name = |e: &soroban_sdk::xdr::ContractEvent| {
        let ContractEventBody::V0(body) = &e.body;
        match &body.topics[0] {
            ScVal::Symbol(s) => s.to_utf8_string_lossy(),
            other => panic!("first topic {other:?}"),
        }
    };
    events.events().iter().map(name).collect()
}
