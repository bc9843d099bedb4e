//! Providers, nodes, collateral and units.

use flashback_core::error::Error;
use flashback_provider::types::{NodeState, Spec, UnitState};
use flashback_tests::{
    node::NodeKey,
    oracle::GENESIS,
    refused, stopped,
    world::{World, COLLATERAL, EGRESS_PRICE, GIB, STORAGE_PRICE, WEALTH},
};
use soroban_sdk::testutils::{Address as _, Ledger};
use soroban_sdk::Address;

#[test]
fn a_provider_registers_once_and_updates() {
    let w = World::new();
    let info = w.bytes32(2);
    w.allow(&w.provider, w.po_id(), "register", (&w.provider, &w.payout, &info));
    assert_eq!(refused(w.po().try_register(&w.provider, &w.payout, &info)), Error::Exists);
    w.allow_nothing();
    stopped(w.po().try_update(&w.provider, &w.consumer, &info));
    w.allow(&w.provider, w.po_id(), "update", (&w.provider, &w.consumer, &info));
    w.po().update(&w.provider, &w.consumer, &info);
    assert_eq!(w.po().provider(&w.provider).payout, w.consumer);
    w.allow(&w.consumer, w.po_id(), "update", (&w.consumer, &w.consumer, &info));
    assert_eq!(refused(w.po().try_update(&w.consumer, &w.consumer, &info)), Error::ProviderUnknown);
}

#[test]
fn the_consumer_orchestrator_is_wired_once_by_the_admin() {
    let w = World::new();
    w.allow_nothing();
    stopped(w.po().try_wire(&w.consumer, &None));
    w.allow(&w.admin, w.po_id(), "wire", (&w.consumer, None::<soroban_sdk::Address>));
    assert_eq!(refused(w.po().try_wire(&w.consumer, &None)), Error::AlreadyInitialized);
}

#[test]
fn a_node_needs_both_keys() {
    let w = World::new();
    let node = NodeKey::new(&w.env, 10);
    let args = (&w.provider, &node.address, w.text("e"));
    w.allow(&w.provider, w.po_id(), "node_bind", args.clone());
    stopped(w.po().try_node_bind(&w.provider, &node.address, &w.text("e")));
    w.env.set_auths(&[node.authorize(&w.env, w.po_id(), "node_bind", soroban_sdk::IntoVal::into_val(&args, &w.env))]);
    stopped(w.po().try_node_bind(&w.provider, &node.address, &w.text("e")));
    w.allow_with(&node, "node_bind", (&w.provider, &node.address, w.text("another endpoint")));
    stopped(w.po().try_node_bind(&w.provider, &node.address, &w.text("e")));
    w.allow_with(&node, "node_bind", args);
    let id = w.po().node_bind(&w.provider, &node.address, &w.text("e"));
    assert_eq!(w.po().node_of(&node.address), Some(id));
}

#[test]
fn a_node_key_binds_once() {
    let w = World::new();
    w.allow_both("node_bind", (&w.provider, &w.node.address, w.text("e")));
    assert_eq!(refused(w.po().try_node_bind(&w.provider, &w.node.address, &w.text("e"))), Error::NodeBound);
    w.allow(&w.provider, w.po_id(), "node_bind", (&w.provider, &w.provider, w.text("e")));
    assert_eq!(refused(w.po().try_node_bind(&w.provider, &w.provider, &w.text("e"))), Error::ArgumentInvalid);
}

#[test]
fn a_node_gets_a_new_key_and_keeps_its_id() {
    let w = World::new();
    let next = NodeKey::new(&w.env, 11);
    w.allow_with(&next, "node_rotate", (&w.provider, &w.node_id, &next.address, w.text("e2")));
    w.po().node_rotate(&w.provider, &w.node_id, &next.address, &w.text("e2"));
    let node = w.po().node(&w.node_id);
    assert_eq!((node.key, node.endpoint, node.units), (next.address.clone(), w.text("e2"), 1));
    assert_eq!((w.po().node_of(&next.address), w.po().node_of(&w.node.address)), (Some(w.node_id.clone()), None));
    w.allow_both("node_bind", (&w.provider, &w.node.address, w.text("e")));
    let again = w.po().try_node_bind(&w.provider, &w.node.address, &w.text("e"));
    assert_eq!(refused(again), Error::NodeBound, "the first key still names the live node");
}

#[test]
fn a_node_is_released_when_its_units_are_retired() {
    let w = World::new();
    w.allow(&w.provider, w.po_id(), "node_release", (&w.provider, &w.node_id));
    assert_eq!(refused(w.po().try_node_release(&w.provider, &w.node_id)), Error::LiveReservations);
    decommission(&w);
    w.po().unit_retire(&w.unit);
    w.allow(&w.provider, w.po_id(), "node_release", (&w.provider, &w.node_id));
    w.po().node_release(&w.provider, &w.node_id);
    assert_eq!(w.po().node(&w.node_id).state, NodeState::Released);
    w.allow(&w.provider, w.po_id(), "node_release", (&w.provider, &w.node_id));
    assert_eq!(refused(w.po().try_node_release(&w.provider, &w.node_id)), Error::NodeReleased);
    w.allow_both("node_bind", (&w.provider, &w.node.address, w.text("e")));
    assert_eq!(w.po().node_bind(&w.provider, &w.node.address, &w.text("e")), w.node_id, "a key gives the same id");
}

#[test]
fn only_free_collateral_is_withdrawn() {
    let w = World::new();
    for amount in [0, -1] {
        w.allow(&w.provider, w.po_id(), "withdraw", (&w.provider, &w.token, amount));
        assert_eq!(refused(w.po().try_withdraw(&w.provider, &w.token, &amount)), Error::AmountInvalid);
        w.allow(&w.provider, w.po_id(), "deposit", (&w.provider, &w.token, amount));
        assert_eq!(refused(w.po().try_deposit(&w.provider, &w.token, &amount)), Error::AmountInvalid);
    }
    let sla = w.request(&w.wish(0));
    let c = w.po().collateral(&w.provider, &w.token);
    let locked = w.po().reservation(&sla).collateral;
    assert_eq!((c.free, c.locked), (COLLATERAL - locked, locked));
    w.allow(&w.provider, w.po_id(), "withdraw", (&w.provider, &w.token, c.free + 1));
    assert_eq!(refused(w.po().try_withdraw(&w.provider, &w.token, &(c.free + 1))), Error::CollateralMissing);
    w.allow(&w.provider, w.po_id(), "withdraw", (&w.provider, &w.token, c.free));
    w.po().withdraw(&w.provider, &w.token, &c.free);
    assert_eq!(w.balance(&w.provider), WEALTH - locked);
    w.check(&sla);
}

#[test]
fn a_unit_is_created_once_within_bounds() {
    let w = World::new();
    let spec = w.spec(true);
    let try_create = |spec: &Spec, nonce: u8| {
        let nonce = w.bytes32(nonce);
        w.allow(&w.provider, w.po_id(), "unit_create", (&w.provider, spec.clone(), &nonce));
        refused(w.po().try_unit_create(&w.provider, spec, &nonce))
    };
    assert_eq!(try_create(&spec, 1), Error::Exists);
    assert_eq!(try_create(&Spec { kind: 3, ..spec.clone() }, 2), Error::ArgumentInvalid);
    assert_eq!(try_create(&Spec { capacity: 0, ..spec.clone() }, 2), Error::ArgumentInvalid);
    assert_eq!(try_create(&Spec { class: 3, ..spec.clone() }, 2), Error::ArgumentInvalid);
    assert_eq!(try_create(&Spec { collateral_bps: 999, ..spec.clone() }, 2), Error::ArgumentInvalid);
    assert_eq!(try_create(&Spec { min_epochs: 0, ..spec.clone() }, 2), Error::ArgumentInvalid);
    assert_eq!(try_create(&Spec { min_epochs: 9, max_epochs: 8, ..spec.clone() }, 2), Error::ArgumentInvalid);
    assert_eq!(try_create(&Spec { storage_price: -1, ..spec.clone() }, 2), Error::AmountInvalid);
    assert_eq!(try_create(&Spec { egress_price: (1 << 63) + 1, ..spec.clone() }, 2), Error::AmountInvalid);
    assert_eq!(try_create(&Spec { node: w.bytes32(9), ..spec.clone() }, 2), Error::NotFound);
    w.allow(&w.consumer, w.po_id(), "unit_create", (&w.consumer, spec.clone(), &w.bytes32(2)));
    assert_eq!(refused(w.po().try_unit_create(&w.consumer, &spec, &w.bytes32(2))), Error::NotAuthorized);
    w.create_unit(&spec, 2);
    assert_eq!(w.po().node(&w.node_id).units, 2);
}

#[test]
fn a_quote_is_the_price_of_the_whole_life() {
    let w = World::new();
    let quote = w.quote(100 * GIB);
    // 100 GiB for 1,200 of 86,400 seconds, and 50 GiB of egress.
    let total = STORAGE_PRICE * 100 * 1_200 / 86_400 + EGRESS_PRICE * 50;
    assert_eq!((quote.total, quote.collateral), (total, total / 2));
    assert_eq!((quote.provider, quote.payout, quote.price_version), (w.provider.clone(), w.payout.clone(), 1));
}

#[test]
fn a_quote_refuses_what_does_not_fit() {
    let w = World::new();
    let quote =
        |volume: u64, egress: u64, duration: u32| refused(w.po().try_quote(&w.unit, &w.consumer, &volume, &egress, &duration, &w.none()));
    assert_eq!(quote(0, 0, 1), Error::ArgumentInvalid);
    assert_eq!(quote((1 << 50) + 1, 0, 1), Error::ArgumentInvalid);
    assert_eq!(quote(1, (1 << 54) + 1, 1), Error::ArgumentInvalid);
    assert_eq!(quote(1_000 * GIB + 1, 0, 1), Error::CapacityMissing);
    assert_eq!(quote(1, 0, 0), Error::DurationOutside);
    assert_eq!(quote(1, 0, 100_001), Error::DurationOutside);
    assert_eq!(refused(w.po().try_quote(&w.bytes32(3), &w.consumer, &1, &0, &1, &w.none())), Error::NotFound);
    set_listed(&w, false);
    assert_eq!(quote(1, 0, 1), Error::UnitUnlisted);
    set_listed(&w, true);
    decommission(&w);
    assert_eq!(quote(1, 0, 1), Error::UnitDecommissioning);
}

#[test]
fn prices_change_for_new_agreements_only() {
    let w = World::new();
    let wish = w.wish(0);
    let sla = w.request(&wish);
    w.allow(&w.provider, w.po_id(), "unit_price", (&w.provider, &w.unit, 5_i128, 6_i128));
    w.po().unit_price(&w.provider, &w.unit, &5, &6);
    assert_eq!(w.po().unit(&w.unit).price_version, 2);
    assert_eq!(w.co().sla(&sla).total, wish.max_total);
    w.allow(&w.provider, w.po_id(), "unit_price", (&w.provider, &w.unit, -1_i128, 6_i128));
    assert_eq!(refused(w.po().try_unit_price(&w.provider, &w.unit, &-1, &6)), Error::AmountInvalid);
    let stranger = Address::generate(&w.env);
    w.allow(&stranger, w.po_id(), "unit_price", (&stranger, &w.unit, 1_i128, 1_i128));
    assert_eq!(refused(w.po().try_unit_price(&stranger, &w.unit, &1, &1)), Error::NotAuthorized);
}

/// given notice of 20 s, a quota of 30 s per window of 120 s
#[test]
fn maintenance_needs_notice_and_keeps_to_its_quota() {
    let w = World::new();
    let g = GENESIS;
    let announce = |from: u64, until: u64| {
        w.allow(&w.provider, w.po_id(), "unit_maintenance", (&w.provider, &w.unit, from, until));
        w.po().try_unit_maintenance(&w.provider, &w.unit, &from, &until)
    };
    assert_eq!(refused(announce(g + 19, g + 30)), Error::NoticeShort);
    assert_eq!(refused(announce(g + 20, g + 20)), Error::ArgumentInvalid);
    assert_eq!(refused(announce(g + 20, g + 51)), Error::QuotaExceeded);
    announce(g + 20, g + 40).unwrap().unwrap();
    assert_eq!(refused(announce(g + 60, g + 61)), Error::StateWrong, "one announcement at a time");
    assert_eq!(w.po().unit(&w.unit).state, UnitState::Available);
    w.env.ledger().set_timestamp(g + 20);
    assert_eq!(w.po().unit(&w.unit).state, UnitState::Maintenance);
    assert_eq!(refused(w.po().try_quote(&w.unit, &w.consumer, &1, &0, &1, &w.none())), Error::UnitMaintenance);
    w.env.ledger().set_timestamp(g + 25);
    resume(&w).unwrap().unwrap();
    assert_eq!(w.po().unit(&w.unit).state, UnitState::Available);
    assert_eq!(w.po().unit(&w.unit).maintenance.used, 5, "what was not needed counts no longer");
    assert_eq!(refused(resume(&w)), Error::StateWrong);

    // Cancelled: used up all the same, and no way around it through a later window.
    announce(g + 130, g + 140).unwrap().unwrap();
    resume(&w).unwrap().unwrap();
    assert_eq!(refused(announce(g + 50, g + 75)), Error::QuotaExceeded, "an earlier window");
    assert_eq!(refused(announce(g + 150, g + 171)), Error::QuotaExceeded);
    announce(g + 150, g + 170).unwrap().unwrap();
    w.env.ledger().set_timestamp(g + 170);
    assert_eq!(w.po().unit(&w.unit).state, UnitState::Available, "it ends by itself");
    announce(g + 240, g + 270).unwrap().unwrap();
}

#[test]
fn a_decommissioned_unit_drains_and_stays_retired() {
    let w = World::by_hand();
    let sla = w.request(&w.wish(0));
    let held = w.request(&flashback_consumer::types::Request { nonce: w.bytes32(2), ..w.wish(0) });
    w.accept(&sla);
    decommission(&w);
    assert_eq!(w.po().unit(&w.unit).state, UnitState::Decommissioning);
    w.allow(&w.provider, w.po_id(), "accept", (&w.provider, &held));
    assert_eq!(refused(w.po().try_accept(&w.provider, &held)), Error::UnitDecommissioning);
    assert_eq!(refused(w.po().try_unit_retire(&w.unit)), Error::LiveReservations);
    w.allow(&w.provider, w.po_id(), "unit_list", (&w.provider, &w.unit, true));
    assert_eq!(refused(w.po().try_unit_list(&w.provider, &w.unit, &true)), Error::UnitDecommissioning);
    w.allow(&w.provider, w.po_id(), "unit_decommission", (&w.provider, &w.unit));
    assert_eq!(refused(w.po().try_unit_decommission(&w.provider, &w.unit)), Error::StateWrong);

    w.allow(&w.provider, w.po_id(), "refuse", (&w.provider, &held));
    w.po().refuse(&w.provider, &held);
    let mut meter = w.meter(&sla);
    for _ in 0..120 {
        meter.good(0);
    }
    let to = w.certify(&sla, &meter);
    w.allow_nothing();
    w.co().settle(&sla, &w.zero_leaf(&sla), &to.leaf, &to.epoch, &to.bits, &to.path);
    w.po().unit_retire(&w.unit);
    assert_eq!(w.po().unit(&w.unit).state, UnitState::Retired);
    assert_eq!(refused(w.po().try_unit_retire(&w.unit)), Error::StateWrong);
    w.allow(&w.provider, w.po_id(), "unit_create", (&w.provider, w.spec(true), &w.bytes32(1)));
    let again = w.po().try_unit_create(&w.provider, &w.spec(true), &w.bytes32(1));
    assert_eq!(refused(again), Error::Exists, "a retired id is never used again");
}

#[test]
fn what_the_consumer_orchestrator_may_do_nobody_else_may() {
    let w = World::by_hand();
    let sla = w.request(&w.wish(0));
    w.allow_nothing();
    let (hash, refund) = (w.bytes32(1), &w.refund);
    stopped(w.po().try_reserve(&w.bytes32(7), &w.unit, &w.consumer, &1, &hash, refund, &0, &true, &w.none()));
    stopped(w.po().try_activate(&sla, &1, &hash));
    stopped(w.po().try_release(&sla));
    stopped(w.po().try_finish(&sla));
    let args = (&sla, 1_u64, &hash);
    w.allow(&w.admin, w.po_id(), "activate", args);
    stopped(w.po().try_activate(&sla, &1, &hash));
}

fn decommission(w: &World) {
    w.allow(&w.provider, w.po_id(), "unit_decommission", (&w.provider, &w.unit));
    w.po().unit_decommission(&w.provider, &w.unit);
}

fn set_listed(w: &World, listed: bool) {
    w.allow(&w.provider, w.po_id(), "unit_list", (&w.provider, &w.unit, listed));
    w.po().unit_list(&w.provider, &w.unit, &listed);
}

fn resume(w: &World) -> flashback_tests::Answer<(), soroban_sdk::ConversionError> {
    w.allow(&w.provider, w.po_id(), "unit_resume", (&w.provider, &w.unit));
    w.po().try_unit_resume(&w.provider, &w.unit)
}
