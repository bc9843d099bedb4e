//! An SLA before its life: request, fund, accept, refuse, cancel, expire; and grants, parameters, pause.

use flashback_consumer::types::{Request, SlaState};
use flashback_core::{error::Error, leaf::Leaf, merkle, params::Params, terms::Terms};
use flashback_provider::types::{ReservationState, UnitState};
use flashback_tests::{
    oracle::{EPOCH_SECONDS, GENESIS},
    refused, stopped,
    world::{World, EGRESS_PRICE, GIB, STORAGE_PRICE, WEALTH},
};
use soroban_sdk::{testutils::Ledger, Bytes, BytesN};

fn try_request(w: &World, request: &Request) -> Error {
    w.allow_request(request);
    refused(w.co().try_request(&w.consumer, request))
}

/// What so many epochs of 100 GiB cost.
fn storage(epochs: i128) -> i128 {
    STORAGE_PRICE * 100 * epochs * i128::from(EPOCH_SECONDS) / 86_400
}

fn fund(w: &World, sla: &BytesN<32>, amount: i128) {
    w.allow_paying(&w.consumer, w.co_id(), "fund", (&w.consumer, sla, amount), amount);
    w.co().fund(&w.consumer, sla, &amount);
}

fn try_fund(w: &World, sla: &BytesN<32>, amount: i128) -> Error {
    w.allow_paying(&w.consumer, w.co_id(), "fund", (&w.consumer, sla, amount), amount);
    refused(w.co().try_fund(&w.consumer, sla, &amount))
}

#[test]
fn a_full_deposit_on_a_willing_unit_is_active_at_once() {
    let w = World::new();
    w.env.ledger().set_timestamp(GENESIS + 57);
    let wish = w.wish(0);
    let id = w.request(&wish);
    let sla = w.sla(&id);
    assert_eq!((sla.state, sla.start_epoch, sla.end_epochs), (SlaState::Active, 6, 120));
    assert_eq!((sla.deposited, w.balance(&w.consumer)), (wish.deposit, WEALTH - wish.deposit));
    assert_eq!((sla.escrow, sla.bond, sla.retention, sla.covered_epochs), (wish.max_total, wish.max_total / 10, 0, 120));
    let reservation = w.po().reservation(&id);
    assert_eq!((reservation.state, reservation.start_epoch), (ReservationState::Active, 6));
    let zero = Leaf::zero(id.to_array(), sla.terms_hash.to_array()).encode().unwrap();
    assert_eq!(sla.settled_hash, merkle::leaf_hash(&w.env, zero.as_slice()));
    assert_eq!(reservation.settled_hash, sla.settled_hash);
    assert_eq!(w.po().unit(&w.unit).state, UnitState::InUse);
}

#[test]
fn the_terms_say_what_was_agreed() {
    let w = World::new();
    let id = w.request(&w.wish(1));
    let document: Vec<u8> = w.co().terms(&id).iter().collect();
    let terms = Terms::decode(&document).unwrap();
    assert_eq!((terms.sla, terms.network), (id.to_array(), w.oracle().network().to_array()));
    assert_eq!((terms.volume_bytes, terms.egress_bytes, terms.duration_epochs), (100 * GIB, 50 * GIB, 120));
    assert_eq!((terms.mode, terms.holdback_bps, terms.fee_bps), (1, 10_000, 200));
    let tiers: Vec<_> = terms.availability_tiers.lines().iter().map(|t| (t.level, t.bps)).collect();
    assert_eq!(tiers, [(999_000, 1_000), (990_000, 2_500), (950_000, 10_000)], "0 stands for the target");
    assert_eq!(terms.collateral as i128, w.po().reservation(&id).collateral);
    let hash = w.env.crypto().sha256(&w.co().terms(&id)).to_bytes();
    assert_eq!((w.co().sla(&id).terms_hash, w.po().reservation(&id).terms_hash), (hash.clone(), hash));
}

#[test]
fn a_kept_promise_never_costs() {
    let w = World::new();
    let mut spec = w.spec(true);
    spec.qos.availability_ppm = 980_000;
    let unit = w.create_unit(&spec, 2);
    let id = w.request(&Request { unit, ..w.wish(0) });
    let document: Vec<u8> = w.co().terms(&id).iter().collect();
    let terms = Terms::decode(&document).unwrap();
    assert!(terms.availability_tiers.lines().iter().all(|t| t.level <= 980_000));
}

#[test]
fn a_request_is_refused() {
    let w = World::new();
    let wish = w.wish(0);
    assert_eq!(try_request(&w, &Request { mode: 2, ..wish.clone() }), Error::ArgumentInvalid);
    assert_eq!(try_request(&w, &Request { max_total: -1, ..wish.clone() }), Error::AmountInvalid);
    assert_eq!(try_request(&w, &Request { price_version: 2, ..wish.clone() }), Error::PriceChanged);
    assert_eq!(try_request(&w, &Request { max_total: wish.max_total - 1, ..wish.clone() }), Error::PriceAbove);
    assert_eq!(try_request(&w, &Request { deposit: wish.deposit + 1, ..wish.clone() }), Error::OverFunded);
    assert_eq!(try_request(&w, &Request { volume: 1_001 * GIB, ..wish.clone() }), Error::CapacityMissing);
    assert_eq!(try_request(&w, &Request { duration: 0, ..wish.clone() }), Error::DurationOutside);
    assert_eq!(try_request(&w, &Request { unit: w.bytes32(3), ..wish.clone() }), Error::NotFound);
    w.allow_nothing();
    stopped(w.co().try_request(&w.consumer, &wish));
    w.allow_request(&Request { max_total: wish.max_total - 1, ..wish.clone() });
    stopped(w.co().try_request(&w.consumer, &wish));
    w.request(&wish);
    assert_eq!(try_request(&w, &wish), Error::Exists);
}

#[test]
fn a_consumer_without_the_money_gets_nothing() {
    let w = World::new();
    let wish = Request { volume: 1_000 * GIB, duration: 100_000, ..w.wish(0) };
    let total = w.po().quote(&w.unit, &w.consumer, &wish.volume, &wish.egress, &wish.duration, &w.none()).total;
    let rich = Request { deposit: total, max_total: total, ..wish };
    w.allow(&w.consumer, &w.token, "transfer", (&w.consumer, &w.admin, WEALTH - total + 1));
    soroban_sdk::token::TokenClient::new(&w.env, &w.token).transfer(&w.consumer, &w.admin, &(WEALTH - total + 1));
    w.allow_request(&rich);
    // The token's own refusal: its number is not of our table, whatever name it has there.
    assert!(w.co().try_request(&w.consumer, &rich).is_err());
    assert_eq!(w.po().unit(&w.unit).live, 0, "and nothing is reserved");
}

#[test]
fn money_may_come_later_and_from_anyone() {
    let w = World::new();
    let wish = w.wish(0);
    let total = wish.deposit;
    let id = w.request(&Request { deposit: 0, ..wish.clone() });
    assert_eq!(w.sla(&id).state, SlaState::Accepted);
    assert_eq!(try_fund(&w, &id, 0), Error::AmountInvalid);
    assert_eq!(try_fund(&w, &id, total + 1), Error::OverFunded);
    // Bond, egress, and a window with grace and retention are the least.
    let least = total - wish.max_total + 50 * EGRESS_PRICE + storage(36);
    fund(&w, &id, least - 1);
    assert_eq!((w.sla(&id).state, w.sla(&id).covered_epochs), (SlaState::Accepted, 35));
    w.mint(&w.admin, 1);
    w.allow_paying(&w.admin, w.co_id(), "fund", (&w.admin, &id, 1_i128), 1);
    w.co().fund(&w.admin, &id, &1);
    assert_eq!(w.sla(&id).state, SlaState::Active);
    assert_eq!(w.po().reservation(&id).state, ReservationState::Active);
    assert_eq!(w.sla(&id).end_epochs, 36);
    fund(&w, &id, total - least);
    assert_eq!(w.sla(&id).end_epochs, 120);
    assert_eq!(try_fund(&w, &id, 1), Error::OverFunded);
}

#[test]
fn a_provider_accepts_by_hand() {
    let w = World::by_hand();
    let id = w.request(&w.wish(0));
    assert_eq!((w.sla(&id).state, w.po().reservation(&id).state), (SlaState::Requested, ReservationState::Held));
    assert_eq!(w.po().unit(&w.unit).state, UnitState::Reserved);
    w.allow_nothing();
    stopped(w.po().try_accept(&w.provider, &id));
    stopped(w.co().try_accepted(&id));
    stopped(w.co().try_refused(&id));
    w.allow(&w.consumer, w.po_id(), "accept", (&w.consumer, &id));
    assert_eq!(refused(w.po().try_accept(&w.consumer, &id)), Error::NotAuthorized);
    w.accept(&id);
    assert_eq!(w.sla(&id).state, SlaState::Active, "the money was there already");
    w.allow(&w.provider, w.po_id(), "accept", (&w.provider, &id));
    assert_eq!(refused(w.po().try_accept(&w.provider, &id)), Error::StateWrong);
    w.allow(&w.provider, w.po_id(), "refuse", (&w.provider, &id));
    assert_eq!(refused(w.po().try_refuse(&w.provider, &id)), Error::StateWrong, "an active SLA is not refused");
}

#[test]
fn no_collateral_no_acceptance() {
    let w = World::new();
    let free = w.po().collateral(&w.provider, &w.token).free;
    w.allow(&w.provider, w.po_id(), "withdraw", (&w.provider, &w.token, free));
    w.po().withdraw(&w.provider, &w.token, &free);
    let id = w.request(&w.wish(0));
    assert_eq!(w.sla(&id).state, SlaState::Requested, "a willing unit without collateral waits");
    w.allow(&w.provider, w.po_id(), "accept", (&w.provider, &id));
    assert_eq!(refused(w.po().try_accept(&w.provider, &id)), Error::CollateralMissing);
    w.deposit(free);
    w.accept(&id);
    assert_eq!(w.sla(&id).state, SlaState::Active);
}

#[test]
fn a_refused_request_gives_the_money_back() {
    for accepted in [false, true] {
        let w = World::by_hand();
        let id = w.request(&Request { deposit: 1_000, ..w.wish(0) });
        if accepted {
            w.accept(&id);
        }
        w.allow(&w.provider, w.po_id(), "refuse", (&w.provider, &id));
        w.po().refuse(&w.provider, &id);
        let sla = w.sla(&id);
        assert_eq!((sla.state, sla.consumer_claim), (SlaState::Rejected, 1_000));
        w.allow_nothing();
        w.co().refund(&id);
        assert_eq!(w.balance(&w.consumer), WEALTH);
        assert_eq!(refused(w.co().try_refund(&id)), Error::NothingDue);
        w.check(&id);
    }
}

#[test]
fn a_request_is_cancelled_before_it_is_active() {
    for accepted in [false, true] {
        let w = World::by_hand();
        let id = w.request(&Request { deposit: 1_000, ..w.wish(0) });
        if accepted {
            w.accept(&id);
        }
        w.allow(&w.provider, w.co_id(), "cancel", (&w.provider, &id));
        assert_eq!(refused(w.co().try_cancel(&w.provider, &id)), Error::NotAuthorized);
        w.allow(&w.consumer, w.co_id(), "cancel", (&w.consumer, &id));
        w.co().cancel(&w.consumer, &id);
        let sla = w.sla(&id);
        assert_eq!((sla.state, sla.consumer_claim), (SlaState::Cancelled, 1_000));
        w.allow(&w.consumer, w.co_id(), "cancel", (&w.consumer, &id));
        assert_eq!(refused(w.co().try_cancel(&w.consumer, &id)), Error::StateWrong);
        w.allow(&w.provider, w.po_id(), "accept", (&w.provider, &id));
        assert_eq!(refused(w.po().try_accept(&w.provider, &id)), Error::StateWrong);
    }
}

#[test]
fn who_does_not_come_in_time_is_not_waited_for() {
    let day = 24 * 3_600;
    let w = World::by_hand();
    let id = w.request(&Request { deposit: 1_000, ..w.wish(0) });
    w.env.ledger().set_timestamp(GENESIS + day);
    assert_eq!(refused(w.co().try_expire(&id)), Error::NotTimedOut);
    w.env.ledger().set_timestamp(GENESIS + day + 1);
    w.allow_nothing();
    w.co().expire(&id);
    assert_eq!((w.sla(&id).state, w.sla(&id).consumer_claim), (SlaState::Expired, 1_000));
    assert_eq!(refused(w.co().try_expire(&id)), Error::StateWrong);

    let w = World::new();
    let id = w.request(&Request { deposit: 0, ..w.wish(0) });
    w.env.ledger().set_timestamp(GENESIS + day + 1);
    w.allow_nothing();
    w.co().expire(&id);
    assert_eq!(w.sla(&id).state, SlaState::Expired, "accepted and never funded");
    assert_eq!(w.po().collateral(&w.provider, &w.token).locked, 0);
}

#[test]
fn a_pause_stops_requests_and_nothing_else() {
    let w = World::by_hand();
    let wish = w.wish(0);
    let id = w.request(&Request { deposit: 0, ..wish.clone() });
    w.allow_nothing();
    stopped(w.co().try_pause(&true));
    w.allow(&w.admin, w.co_id(), "pause", (true,));
    w.co().pause(&true);
    assert_eq!(try_request(&w, &Request { nonce: w.bytes32(2), ..wish.clone() }), Error::Paused);
    w.accept(&id);
    fund(&w, &id, wish.deposit);
    assert_eq!(w.sla(&id).state, SlaState::Active);
    w.allow(&w.admin, w.co_id(), "pause", (false,));
    w.co().pause(&false);
    w.request(&Request { nonce: w.bytes32(2), ..wish });
}

#[test]
fn parameters_are_bounded_and_live_agreements_keep_theirs() {
    let w = World::new();
    let id = w.request(&w.wish(0));
    let params = w.co().params();
    let set = |p: &Params| {
        w.allow(&w.admin, w.co_id(), "set_params", (p.clone(),));
        w.co().try_set_params(p)
    };
    let next = Params { version: 2, ..params.clone() };
    for wrong in [
        params.clone(),
        Params { version: 3, ..params.clone() },
        Params { fee_bps: 1_001, ..next.clone() },
        Params { holdback_bps: 10_001, ..next.clone() },
        Params { breach_of: 4, ..next.clone() },
        Params { breach_count: 0, ..next.clone() },
        Params { slash_period_epochs: 0, ..next.clone() },
        Params { close_timeout_seconds: 0, ..next.clone() },
        Params { fee_split: flashback_core::params::FeeSplit { platform_bps: 4_001, ..params.fee_split.clone() }, ..next.clone() },
    ] {
        assert_eq!(refused(set(&wrong)), Error::ArgumentInvalid);
    }
    w.allow_nothing();
    stopped(w.co().try_set_params(&next));
    set(&Params { fee_bps: 50, close_timeout_seconds: 1, ..next }).unwrap().unwrap();
    assert_eq!((w.co().params().fee_bps, w.co().sla(&id).params_version), (50, 1));
    w.after(w.co().sla(&id).start_epoch + 130);
    assert_eq!(refused(w.co().try_time_out(&id)), Error::NotTimedOut, "the old time-out holds");
}

#[test]
fn grants_are_the_consumers_to_give_and_to_take_back() {
    let w = World::new();
    let id = w.request(&w.wish(0));
    let prefix = Bytes::from_slice(&w.env, b"demo/");
    let grant = |who: &soroban_sdk::Address, prefix: &Bytes, ops: u32, expires: u64, nonce: u8| {
        let nonce = w.bytes32(nonce);
        w.allow(who, w.co_id(), "grant", (who, &id, &w.refund, prefix.clone(), ops, expires, &nonce));
        w.co().try_grant(who, &id, &w.refund, prefix, &ops, &expires, &nonce)
    };
    let later = GENESIS + 1_000;
    let made = grant(&w.consumer, &prefix, 7, later, 1).unwrap().unwrap();
    let stored = w.co().grant_of(&made);
    assert_eq!((stored.grantee, stored.ops, stored.revoked), (w.refund.clone(), 7, false));
    assert_eq!(refused(grant(&w.consumer, &prefix, 7, later, 1)), Error::Exists);
    assert_eq!(refused(grant(&w.provider, &prefix, 7, later, 2)), Error::NotAuthorized);
    assert_eq!(refused(grant(&w.consumer, &prefix, 0, later, 2)), Error::GrantInvalid);
    assert_eq!(refused(grant(&w.consumer, &prefix, 64, later, 2)), Error::GrantInvalid);
    assert_eq!(refused(grant(&w.consumer, &prefix, 7, GENESIS, 2)), Error::GrantInvalid);
    let long = Bytes::from_slice(&w.env, &[b'x'; 1_025]);
    assert_eq!(refused(grant(&w.consumer, &long, 7, later, 2)), Error::GrantInvalid);

    let revoke = |who: &soroban_sdk::Address| {
        w.allow(who, w.co_id(), "revoke", (who, &made));
        w.co().try_revoke(who, &made)
    };
    w.allow_nothing();
    stopped(w.co().try_revoke(&w.consumer, &made));
    assert_eq!(refused(revoke(&w.provider)), Error::NotAuthorized);
    revoke(&w.consumer).unwrap().unwrap();
    assert!(w.co().grant_of(&made).revoked);
    assert_eq!(refused(revoke(&w.consumer)), Error::StateWrong);
}
