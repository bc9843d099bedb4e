//! SLAs after SLAs: renewal, split, transfer, the provider's early end, and prices for one consumer
//! (`docs/spec/succession.md`). Every entry point is called with no authorisation, a wrong one and the right one.

use flashback_consumer::types::{Request, SlaState, Split};
use flashback_core::error::Error;
use flashback_provider::types::{Price, Reservation, ReservationState};
use flashback_tests::{
    call::{allow_all, sla, terms, told},
    oracle::{EPOCH_SECONDS, GENESIS},
    refused, stopped,
    world::{World, GIB},
};
use soroban_sdk::{
    testutils::{Address as _, Ledger as _},
    Address, BytesN, Vec,
};

fn reservation(w: &World, id: &BytesN<32>) -> Reservation {
    w.po().reservation(id)
}

/// To the middle of the SLA's epoch of this number, counted from 1.
fn at(w: &World, id: &BytesN<32>, epoch: u64) {
    let start = w.co().sla(id).start_epoch;
    w.env.ledger().set_timestamp(GENESIS + (start + epoch - 1) * u64::from(EPOCH_SECONDS) + 5);
}

fn renewal(w: &World, of: &BytesN<32>, nonce: u8) -> Request {
    Request { previous: of.clone(), nonce: w.bytes32(nonce), ..w.wish(0) }
}

fn try_request(w: &World, request: &Request) -> Result<BytesN<32>, Error> {
    w.allow_request(request);
    match w.co().try_request(&w.consumer, request) {
        Ok(id) => Ok(id.unwrap()),
        refusal => Err(refused(refusal)),
    }
}

#[test]
fn a_full_unit_is_renewed() {
    let w = World::new();
    let unit = w.create_unit(&flashback_provider::types::Spec { capacity: 100 * GIB, ..w.spec(true) }, 4);
    let a = w.request(&Request { unit: unit.clone(), ..w.wish(0) });
    let again = Request { unit: unit.clone(), ..renewal(&w, &a, 2) };
    assert_eq!(try_request(&w, &Request { previous: w.none(), ..again.clone() }), Err(Error::CapacityMissing));
    assert_eq!(try_request(&w, &Request { unit: w.unit.clone(), ..again.clone() }), Err(Error::ArgumentInvalid));
    assert_eq!(try_request(&w, &Request { previous: w.bytes32(8), ..again.clone() }), Err(Error::NotFound));
    let b = try_request(&w, &again).unwrap();
    assert!(told(&w).ends_with(&["sla_state", "succeeded", "unit_state", "reservation_active"].map(String::from)));
    let (sa, sb) = (sla(&w, &a), sla(&w, &b));
    assert_eq!((sa.next, sb.previous, sb.start_epoch), (b.clone(), a.clone(), sa.start_epoch + 120));
    assert_eq!((reservation(&w, &a).volume, reservation(&w, &b).volume, reservation(&w, &b).takes), (0, 100 * GIB, 100 * GIB));
    let u = w.po().unit(&unit);
    assert_eq!((u.reserved_bytes, u.in_use_bytes, u.live), (0, 100 * GIB, 2));
    assert_eq!(try_request(&w, &Request { nonce: w.bytes32(3), ..again }), Err(Error::StateWrong), "it has a successor");
    w.allow(&w.consumer, w.co_id(), "close", (&w.consumer, &a));
    assert_eq!(refused(w.co().try_close(&w.consumer, &a)), Error::StateWrong, "the successor begins at its end");
}

#[test]
fn what_is_not_wholly_paid_or_another_s_is_not_renewed() {
    let w = World::new();
    let a = w.request(&Request { deposit: w.wish(0).deposit - 1, ..w.wish(0) });
    assert_eq!(try_request(&w, &renewal(&w, &a, 2)), Err(Error::DepositShort));
    w.allow(&w.consumer, w.co_id(), "close", (&w.consumer, &a));
    w.co().close(&w.consumer, &a);
    let waiting = try_request(&w, &Request { deposit: 0, ..renewal(&w, &a, 2) }).unwrap();
    let heir = Address::generate(&w.env);
    allow_all(&w, &[&w.consumer, &heir], "transfer", (&w.consumer, &a, &heir, &heir), 0);
    w.co().transfer(&w.consumer, &a, &heir, &heir);
    assert_eq!(try_request(&w, &renewal(&w, &a, 3)), Err(Error::NotAuthorized));
    let amount = w.wish(0).deposit;
    w.allow_paying(&w.consumer, w.co_id(), "fund", (&w.consumer, &waiting, amount), amount);
    assert_eq!(refused(w.co().try_fund(&w.consumer, &waiting, &amount)), Error::StateWrong, "the capacity is the heir's");
    assert_eq!(sla(&w, &a).next, w.none());
}

fn split_into(w: &World, parts: &[(&Address, u64, u8)]) -> Vec<Split> {
    let part = |(to, volume, nonce): &(&Address, u64, u8)| Split {
        to: (*to).clone(),
        refund: w.refund.clone(),
        volume: *volume,
        egress: 0,
        nonce: w.bytes32(*nonce),
    };
    Vec::from_slice(&w.env, &parts.iter().map(part).collect::<std::vec::Vec<_>>())
}

#[test]
fn a_split_conserves_money_volume_and_collateral_to_the_unit() {
    let w = World::new();
    let a = w.request(&w.wish(0));
    let heir = Address::generate(&w.env);
    let (before, locked) = (sla(&w, &a), reservation(&w, &a).collateral);
    let odd = 33 * GIB + 7;
    let parts = split_into(&w, &[(&w.consumer, odd, 2), (&heir, 100 * GIB - odd, 3)]);
    at(&w, &a, 13);
    w.allow_nothing();
    stopped(w.co().try_split(&w.consumer, &a, &48, &parts));
    allow_all(&w, &[&w.consumer], "split", (&w.consumer, &a, 48u32, parts.clone()), 0);
    stopped(w.co().try_split(&w.consumer, &a, &48, &parts));
    allow_all(&w, &[&heir, &w.provider], "split", (&w.consumer, &a, 48u32, parts.clone()), 0);
    stopped(w.co().try_split(&w.consumer, &a, &48, &parts));
    allow_all(&w, &[&w.consumer, &heir], "split", (&w.consumer, &a, 48u32, parts.clone()), 0);
    let ids = w.co().split(&w.consumer, &a, &48, &parts);
    let of_part = ["requested", "funded", "sla_state"];
    let of_reservation = ["reserved", "reservation_active"];
    let want = [&["divided"][..], &of_part, &of_part, &of_reservation, &of_reservation, &["unit_state"]].concat();
    assert_eq!(told(&w), want);
    let now = sla(&w, &a);
    assert_eq!((now.duration, now.covered_epochs, now.end_epochs, now.next), (48, 48, 48, ids.get(0).unwrap()));
    assert_eq!((now.bond_total, now.total + now.bond_total), (now.bond, now.deposited));
    let slas: std::vec::Vec<_> = ids.iter().map(|id| sla(&w, &id)).collect();
    let halves: std::vec::Vec<_> = ids.iter().map(|id| reservation(&w, &id)).collect();
    assert_eq!(before.deposited, now.deposited + slas.iter().map(|s| s.deposited).sum::<i128>());
    assert_eq!(w.balance(w.co_id()), before.deposited);
    assert_eq!(locked, reservation(&w, &a).collateral + halves.iter().map(|r| r.collateral).sum::<i128>());
    assert_eq!(halves.iter().map(|r| r.volume).sum::<u64>() + reservation(&w, &a).volume, 100 * GIB);
    for ((s, r), to) in slas.iter().zip(&halves).zip([&w.consumer, &heir]) {
        assert_eq!((&s.consumer, s.state, s.start_epoch, s.duration), (to, SlaState::Active, before.start_epoch + 48, 72));
        assert_eq!((&s.previous, &s.group, s.covered_epochs, s.end_epochs, s.accept_by, s.fund_by), (&a, &w.none(), 72, 72, 0, 0));
        assert_eq!((r.state, r.start_epoch, &r.settled_hash), (ReservationState::Active, s.start_epoch, &s.settled_hash));
        assert_eq!(r.terms_hash, s.terms_hash);
    }
    assert_eq!(w.po().unit(&w.unit).live, 3);
    // A goes on to its end, which is the agreed one: nothing is paid for reaching it, and what it did not use comes back.
    let (mut meter, zero) = (w.meter(&a), w.zero_leaf(&a));
    meter.end = 48;
    for _ in 0..48 {
        meter.good(0);
    }
    w.settle_quietly(&a, &zero, &w.certify(&a, &meter));
    let done = sla(&w, &a);
    assert_eq!((done.state, done.bond, done.escrow), (SlaState::Completed, 0, 0));
    assert_eq!(done.provider_claim + done.fees, done.gross);
    allow_all(&w, &[&w.consumer], "split", (&w.consumer, &a, 48u32, parts.clone()), 0);
}

#[test]
fn what_cannot_be_split() {
    let w = World::new();
    let a = w.request(&w.wish(0));
    at(&w, &a, 13);
    let whole = 100 * GIB;
    let attempt = |epochs: u32, parts: Vec<Split>| {
        allow_all(&w, &[&w.consumer], "split", (&w.consumer, &a, epochs, parts.clone()), 0);
        refused(w.co().try_split(&w.consumer, &a, &epochs, &parts))
    };
    let me = &w.consumer;
    assert_eq!(attempt(48, split_into(&w, &[])), Error::ArgumentInvalid);
    assert_eq!(attempt(48, split_into(&w, &[(me, 0, 2), (me, whole, 3)])), Error::ArgumentInvalid);
    assert_eq!(attempt(48, split_into(&w, &[(me, whole - 1, 2)])), Error::ArgumentInvalid);
    assert_eq!(attempt(48, split_into(&w, &[(me, u64::MAX, 2), (me, whole + 1, 3)])), Error::ArgumentInvalid);
    for epochs in [0, 12, 47, 120, 132] {
        assert_eq!(attempt(epochs, split_into(&w, &[(me, whole, 2)])), Error::ArgumentInvalid, "{epochs}");
    }
    assert_eq!(attempt(48, split_into(&w, &[(me, 1, 2), (me, whole - 1, 2)])), Error::Exists);
    assert_eq!(attempt(48, split_into(&w, &[(me, whole, 1)])), Error::Exists, "the SLA's own nonce");
    let bond = |amount: i128| {
        w.allow(&w.payees.fund, w.co_id(), "freeze", (&a, amount, true));
        w.co().freeze(&a, &amount, &true)
    };
    w.allow(&w.admin, w.co_id(), "wire_dispute", (&w.payees.fund,));
    w.co().wire_dispute(&w.payees.fund);
    let full = sla(&w, &a).bond;
    assert_eq!(bond(i128::MAX), full);
    let held = sla(&w, &a);
    assert_eq!((held.bond, held.bond_taken, held.disputed), (0, full, full));
    assert_eq!(attempt(48, split_into(&w, &[(me, whole, 2)])), Error::Disputed);
    w.allow(&w.payees.fund, w.co_id(), "rule", (&a, 10i128));
    w.co().rule(&a, &10);
    let ruled = sla(&w, &a);
    assert_eq!((ruled.provider_claim, ruled.consumer_claim, ruled.bond), (full - 10, 10, 0));
    assert_eq!(attempt(48, split_into(&w, &[(me, whole, 2)])), Error::Disputed, "the bond is gone for good");
}

#[test]
fn a_transfer_hands_over_rights_and_payments() {
    let w = World::new();
    let a = w.request(&w.wish(0));
    let (heir, purse) = (Address::generate(&w.env), Address::generate(&w.env));
    let args = (&w.consumer, &a, &heir, &purse);
    w.allow_nothing();
    stopped(w.co().try_transfer(&w.consumer, &a, &heir, &purse));
    for alone in [&w.consumer, &heir] {
        allow_all(&w, &[alone], "transfer", args, 0);
        stopped(w.co().try_transfer(&w.consumer, &a, &heir, &purse));
    }
    allow_all(&w, &[&w.consumer], "transfer", (&w.consumer, &a, &w.consumer, &purse), 0);
    assert_eq!(refused(w.co().try_transfer(&w.consumer, &a, &w.consumer, &purse)), Error::ArgumentInvalid);
    let grant = (&w.consumer, &a, &purse, soroban_sdk::Bytes::new(&w.env), 63u32, u64::MAX, w.bytes32(5));
    w.allow(&w.consumer, w.co_id(), "grant", grant.clone());
    let grant = w.co().grant(grant.0, grant.1, grant.2, &grant.3, &grant.4, &grant.5, &grant.6);
    allow_all(&w, &[&w.consumer, &heir], "transfer", args, 0);
    w.co().transfer(&w.consumer, &a, &heir, &purse);
    assert_eq!(told(&w), ["transferred"]);
    assert_eq!((sla(&w, &a).consumer, reservation(&w, &a).refund), (heir.clone(), purse.clone()));
    allow_all(&w, &[&w.consumer, &heir], "transfer", args, 0);
    assert_eq!(refused(w.co().try_transfer(&w.consumer, &a, &heir, &purse)), Error::NotAuthorized);
    w.allow(&w.consumer, w.co_id(), "close", (&w.consumer, &a));
    assert_eq!(refused(w.co().try_close(&w.consumer, &a)), Error::NotAuthorized);
    let below = (&purse, &grant, &w.refund, soroban_sdk::Bytes::new(&w.env), 1u32, u64::MAX, w.bytes32(6));
    w.allow(&purse, w.co_id(), "delegate", below.clone());
    let passed_on = w.co().try_delegate(below.0, below.1, below.2, &below.3, &below.4, &below.5, &below.6);
    assert_eq!(refused(passed_on), Error::StateWrong, "the heir gave no such grant");
    w.allow_nothing();
    stopped(w.po().try_assign(&a, &w.refund));
    w.allow(&heir, w.co_id(), "close", (&heir, &a));
    w.co().close(&heir, &a);
}

#[test]
fn the_provider_s_early_end_costs_collateral() {
    let w = World::new();
    let a = w.request(&w.wish(0));
    at(&w, &a, 13);
    let reclaim = |who: &Address| {
        w.allow(who, w.po_id(), "reclaim", (&w.provider, &a));
        w.po().try_reclaim(&w.provider, &a)
    };
    w.allow_nothing();
    stopped(w.po().try_reclaim(&w.provider, &a));
    stopped(w.co().try_reclaimed(&a));
    stopped(reclaim(&w.consumer));
    assert_eq!(refused(w.po().try_drain(&a)), Error::StateWrong, "the unit is not being decommissioned");
    reclaim(&w.provider).unwrap().unwrap();
    assert_eq!(told(&w), ["closing", "sla_state", "reclaimed"]);
    let (s, r) = (sla(&w, &a), reservation(&w, &a));
    let rate = flashback_core::money::Rate::of(&terms(&w, &a)).unwrap();
    let price = (rate.storage(120).unwrap() - rate.storage(48).unwrap()) / 10;
    assert_eq!((s.state, s.end_epochs, r.reclaim_epochs, r.reclaim), (SlaState::Reclaiming, 48, 48, price));
    assert_eq!(refused(reclaim(&w.provider)), Error::ReclaimNotice);
    w.allow_paying(&w.consumer, w.co_id(), "fund", (&w.consumer, &a, 1i128), 1);
    assert_eq!(refused(w.co().try_fund(&w.consumer, &a, &1)), Error::StateWrong);
    assert_eq!(try_request(&w, &renewal(&w, &a, 2)), Err(Error::StateWrong));
    w.allow(&w.consumer, w.co_id(), "close", (&w.consumer, &a));
    w.co().close(&w.consumer, &a);
    assert_eq!((sla(&w, &a).state, sla(&w, &a).end_epochs), (SlaState::Reclaiming, 24));
    let (mut meter, zero) = (w.meter(&a), w.zero_leaf(&a));
    meter.end = 24;
    for _ in 0..24 {
        meter.good(0);
    }
    w.settle_quietly(&a, &zero, &w.certify(&a, &meter));
    let (s, r) = (sla(&w, &a), reservation(&w, &a));
    assert_eq!((s.state, r.state, r.owed, r.reclaim), (SlaState::Completed, ReservationState::Done, price, price));
    assert_eq!(s.provider_claim + s.fees, s.gross, "no price for the consumer");
    let c = w.po().collateral(&w.provider, &w.token);
    assert_eq!((c.locked, c.free), (0, flashback_tests::world::COLLATERAL - price));
    w.po().claim(&a);
    assert_eq!(w.balance(&w.refund), price);
}

#[test]
fn a_decommissioned_unit_is_drained_by_anyone() {
    let w = World::new();
    let a = w.request(&w.wish(0));
    w.allow(&w.provider, w.po_id(), "unit_decommission", (&w.provider, &w.unit));
    w.po().unit_decommission(&w.provider, &w.unit);
    w.allow_nothing();
    assert_eq!(refused(w.po().try_drain(&w.bytes32(7))), Error::NotFound);
    w.po().drain(&a);
    assert_eq!(sla(&w, &a).state, SlaState::Reclaiming);
    assert_eq!(refused(w.po().try_drain(&a)), Error::ReclaimNotice);
}

#[test]
fn a_price_for_one_consumer_is_for_one_sla() {
    let w = World::new();
    let unit = w.create_unit(&flashback_provider::types::Spec { listed: false, ..w.spec(false) }, 4);
    let now = w.env.ledger().timestamp();
    let price_for = |who: &Address, storage: i128, until: u64| {
        let price = Price { storage_price: storage, egress_price: 3, volume: GIB, egress: 9, duration: 120, until };
        w.allow(who, w.po_id(), "price_for", (&w.provider, &unit, &w.consumer, price.clone()));
        w.po().try_price_for(&w.provider, &unit, &w.consumer, &price)
    };
    w.allow_nothing();
    let any = Price { storage_price: 1, egress_price: 3, volume: 0, egress: 0, duration: 0, until: now + 1 };
    stopped(w.po().try_price_for(&w.provider, &unit, &w.consumer, &any));
    stopped(price_for(&w.consumer, 1, now + 1));
    assert_eq!(refused(price_for(&w.provider, -1, now + 1)), Error::AmountInvalid);
    assert_eq!(refused(price_for(&w.provider, 1, now + 90 * 86_400 + 1)), Error::ArgumentInvalid);
    let quote = |who: &Address| w.po().try_quote(&unit, who, &GIB, &0, &120, &w.none());
    assert_eq!(refused(quote(&w.consumer)), Error::UnitUnlisted);
    price_for(&w.provider, 1_000_000, now + 10).unwrap().unwrap();
    assert_eq!(told(&w), ["priced_for"]);
    assert_eq!(refused(quote(&w.provider)), Error::UnitUnlisted, "another consumer");
    let asked = quote(&w.consumer).unwrap().unwrap();
    assert_eq!((asked.storage_price, asked.egress_price, asked.price_version, asked.auto_accept), (1_000_000, 3, 0, true));
    assert_eq!(w.po().price_of(&unit, &w.consumer).until, now + 10);
    for (volume, egress, duration) in [(GIB + 1, 9, 120), (GIB, 10, 120), (GIB, 9, 121)] {
        let beyond = w.po().try_quote(&unit, &w.consumer, &volume, &egress, &duration, &w.none());
        assert_eq!(refused(beyond), Error::ArgumentInvalid, "the price is for less");
    }
    let wish =
        Request { unit: unit.clone(), volume: GIB, egress: 0, price_version: 0, max_total: asked.total, deposit: asked.total, ..w.wish(0) };
    let id = w.request(&wish);
    assert_eq!((sla(&w, &id).state, sla(&w, &id).total), (SlaState::Active, asked.total));
    assert_eq!(refused(w.po().try_price_of(&unit, &w.consumer)), Error::NotFound, "it is used up");
    assert_eq!(try_request(&w, &Request { nonce: w.bytes32(2), ..wish }), Err(Error::UnitUnlisted));
    price_for(&w.provider, 5, now + 10).unwrap().unwrap();
    price_for(&w.provider, 5, now).unwrap().unwrap();
    assert_eq!(refused(w.po().try_price_of(&unit, &w.consumer)), Error::NotFound, "it was taken back");
    price_for(&w.provider, 5, now + 10).unwrap().unwrap();
    w.env.ledger().set_timestamp(now + 10);
    assert_eq!(refused(w.po().try_price_of(&unit, &w.consumer)), Error::NotFound, "it is over");
    assert_eq!(refused(quote(&w.consumer)), Error::UnitUnlisted);
}

#[test]
fn a_share_that_cannot_be_paid_is_the_fund_s() {
    let w = World::new();
    let id = w.request(&w.wish(0));
    let (mut meter, zero) = (w.meter(&id), w.zero_leaf(&id));
    for _ in 0..12 {
        meter.good(0);
    }
    w.settle(&id, &zero, &w.certify(&id, &meter));
    let fees = sla(&w, &id).fees;
    let set = |platform: &Address, fund: &Address| {
        let mut params = w.co().params();
        params.version += 1;
        params.payees.platform = platform.clone();
        params.payees.fund = fund.clone();
        w.allow(&w.admin, w.co_id(), "set_params", (params.clone(),));
        w.co().set_params(&params);
        w.allow_nothing();
    };
    // An account without a balance of the asset cannot receive it.
    let nobody = &w.node.address;
    set(nobody, nobody);
    assert_eq!(refused(w.co().try_collect(&id)), Error::TransferFailed);
    assert_eq!(sla(&w, &id).fees, fees);
    set(nobody, &w.payees.fund);
    w.co().collect(&id);
    assert_eq!(told(&w), ["collected"]);
    let shares = flashback_core::money::FeeShares::of(fees, &terms(&w, &id).fee_split).unwrap();
    assert!(shares.platform > 0);
    assert_eq!(w.balance(&w.payees.fund), shares.fund + shares.platform);
    assert_eq!(w.balance(&w.payees.validators), shares.validators);
    assert_eq!((sla(&w, &id).fees, sla(&w, &id).withdrawn), (0, fees));
}
