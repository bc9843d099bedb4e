//! Who must authorise: every entry point of a party or of the admin, called with right arguments and no authorisation, is stopped by
//! the host and changes nothing. Those of the other Orchestrator are in `provider.rs` and `request.rs`.

use flashback_consumer::types::{Joint, Split};
use flashback_provider::types::Price;
use flashback_tests::{stopped, world::World};
use soroban_sdk::{Bytes, Vec};

#[test]
fn the_provider_orchestrator_does_nothing_unasked() {
    let w = World::by_hand();
    let sla = w.request(&w.wish(0));
    let (po, provider, node, unit) = (w.po(), &w.provider, &w.node_id, &w.unit);
    let before = (po.unit(unit), po.node(node), po.collateral(provider, &w.token), po.reservation(&sla), po.provider(provider));
    w.allow_nothing();
    let (info, text) = (w.bytes32(2), w.text("e"));
    stopped(po.try_wire(&w.admin, &None));
    stopped(po.try_set_params(&po.params()));
    stopped(po.try_set_admin(&w.consumer));
    stopped(po.try_upgrade_announce(&info));
    stopped(po.try_upgrade());
    stopped(po.try_unit_emergency(provider, unit, &(u64::MAX / 2)));
    stopped(po.try_register(&w.consumer, &w.payout, &info));
    stopped(po.try_update(provider, &w.consumer, &info));
    stopped(po.try_node_bind(provider, &w.consumer, &text));
    stopped(po.try_node_rotate(provider, node, &w.consumer, &text));
    stopped(po.try_node_release(provider, node));
    stopped(po.try_deposit(provider, &w.token, &1));
    stopped(po.try_withdraw(provider, &w.token, &1));
    stopped(po.try_unit_create(provider, &w.spec(true), &w.bytes32(5)));
    stopped(po.try_unit_price(provider, unit, &1, &1));
    stopped(po.try_unit_list(provider, unit, &false));
    stopped(po.try_unit_maintenance(provider, unit, &(u64::MAX / 2), &(u64::MAX / 2 + 1)));
    stopped(po.try_unit_resume(provider, unit));
    stopped(po.try_unit_decommission(provider, unit));
    stopped(po.try_accept(provider, &sla));
    stopped(po.try_refuse(provider, &sla));
    stopped(po.try_reclaim(provider, &sla));
    stopped(po.try_price_for(
        provider,
        unit,
        &w.consumer,
        &Price { storage_price: 1, egress_price: 1, volume: 0, egress: 0, duration: 0, until: u64::MAX / 2 },
    ));
    stopped(po.try_divide(&sla, &Vec::new(&w.env)));
    stopped(po.try_assign(&sla, &w.consumer));
    stopped(po.try_activate(&sla, &0, &info));
    stopped(po.try_release(&sla));
    stopped(po.try_finish(&sla));
    let after = (po.unit(unit), po.node(node), po.collateral(provider, &w.token), po.reservation(&sla), po.provider(provider));
    assert_eq!(before, after);
}

#[test]
fn the_consumer_orchestrator_does_nothing_unasked() {
    let w = World::by_hand();
    let wish = w.wish(0);
    let sla = w.request(&flashback_consumer::types::Request { deposit: 10, ..wish.clone() });
    let (co, consumer) = (w.co(), &w.consumer);
    let (before, params) = (co.sla(&sla), co.params());
    w.allow_nothing();
    stopped(co.try_set_params(&params));
    stopped(co.try_pause(&true));
    stopped(co.try_wire_dispute(&w.consumer));
    stopped(co.try_set_admin(&w.consumer));
    stopped(co.try_upgrade_announce(&w.bytes32(2)));
    stopped(co.try_upgrade());
    stopped(co.try_request(consumer, &flashback_consumer::types::Request { nonce: w.bytes32(2), ..wish }));
    let joint = Joint { volume: 1, duration: 1, mode: 0, redundancy: 1, refund: w.refund.clone(), parts: Vec::new(&w.env) };
    stopped(co.try_request_joint(consumer, &joint));
    let part = Split { to: w.refund.clone(), refund: w.refund.clone(), volume: 1, egress: 0, nonce: w.bytes32(4) };
    stopped(co.try_split(consumer, &sla, &12, &Vec::from_array(&w.env, [part])));
    stopped(co.try_transfer(consumer, &sla, &w.refund, &w.refund));
    stopped(co.try_reclaimed(&sla));
    stopped(co.try_fund(consumer, &sla, &1));
    stopped(co.try_accepted(&sla));
    stopped(co.try_refused(&sla));
    stopped(co.try_cancel(consumer, &sla));
    stopped(co.try_close(consumer, &sla));
    stopped(co.try_terminate(consumer, &sla));
    stopped(co.try_grant(consumer, &sla, &w.refund, &Bytes::new(&w.env), &1, &u64::MAX, &w.bytes32(3)));
    stopped(co.try_delegate(consumer, &w.bytes32(3), &w.refund, &Bytes::new(&w.env), &1, &u64::MAX, &w.bytes32(3)));
    stopped(co.try_revoke(consumer, &w.bytes32(3)));
    assert_eq!(co.sla(&sla), before);
}
