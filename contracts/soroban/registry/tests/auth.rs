//! Every entry point × {no authorisation, somebody else's, the right one}. What anyone may call is called with none.

mod world;

use flashback_core::error::Error;
use flashback_registry::types::State;
use world::{refused, stopped, World, DAY};

/// Calls with no authorisation, with that of `$wrong` for the same arguments, and with that of `$right`.
macro_rules! matrix {
    ($w:expr, $name:literal, $args:expr, $right:expr, $wrong:expr, $call:expr) => {{
        $w.allow_nothing();
        stopped($call);
        $w.allow($wrong, &$w.at.registry, $name, $args);
        stopped($call);
        $w.allow($right, &$w.at.registry, "other", $args);
        stopped($call);
        $w.allow($right, &$w.at.registry, $name, $args);
        $call.unwrap().unwrap();
    }};
}

#[test]
fn certifiers_act_for_themselves() {
    let w = World::new();
    let (r, stranger, subject) = (w.registry(), w.someone(), w.someone());
    let (alice, bob) = (w.someone(), w.certifier(20_000));
    matrix!(w, "certifier", (&alice, w.hash(1)), &alice, &stranger, r.try_certifier(&alice, &w.hash(1)));
    w.give(&alice, 20_000);
    w.stake(&alice, world::ROLE_CERTIFIER, 20_000);
    let (expires, hash) = (w.now() + DAY, w.hash(2));
    matrix!(
        w,
        "certify",
        (&alice, &subject, 0_u32, 1_u32, &hash, &hash, expires, &hash),
        &alice,
        &stranger,
        r.try_certify(&alice, &subject, &0, &1, &hash, &hash, &expires, &hash)
    );
    let id = w.certify(&alice, &subject, 1, 7);
    matrix!(w, "object", (&bob, &id, 0_u32, &hash, expires, &hash), &bob, &alice, r.try_object(&bob, &id, &0, &hash, &expires, &hash));
    matrix!(w, "revoke", (&alice, &id, &hash), &alice, &bob, r.try_revoke(&alice, &id, &hash));
    assert_eq!(refused(w.revoke(&bob, &id)), Error::NotAuthorized, "of another's certification");
}

#[test]
fn the_admin_and_the_resolver_decide() {
    let w = World::new();
    let (r, stranger, subject) = (w.registry(), w.someone(), w.someone());
    for by in [w.at.admin.clone(), r.params().resolver] {
        let (alice, bob) = (w.certifier(20_000), w.certifier(20_000));
        let (a, b) = (w.certify(&alice, &subject, 1, 1), w.certify(&bob, &subject, 0, 2));
        w.allow_nothing();
        r.conflict(&a, &b);
        assert_eq!(refused(w.resolve(&stranger, &a, &b, &a)), Error::NotAuthorized);
        matrix!(w, "resolve", (&by, &a, &b, &a), &by, &stranger, r.try_resolve(&by, &a, &b, &a));
        w.revoke(&alice, &a).unwrap().unwrap();
    }
}

#[test]
fn the_admin_sets_parameters_and_code() {
    let w = World::new();
    let (r, stranger) = (w.registry(), w.someone());
    let mut next = r.params();
    next.version = 2;
    matrix!(w, "set_params", (next.clone(),), &w.at.admin, &stranger, r.try_set_params(&next));
    matrix!(w, "upgrade_announce", (w.hash(5),), &w.at.admin, &stranger, r.try_upgrade_announce(&w.hash(5)));
    assert_eq!(r.upgrade_announced().unwrap().wasm, w.hash(5));
    w.allow_nothing();
    stopped(r.try_upgrade());
    w.allow(&stranger, &w.at.registry, "upgrade", ());
    stopped(r.try_upgrade());
    w.allow(&w.at.admin, &w.at.registry, "upgrade", ());
    assert_eq!(refused(r.try_upgrade()), Error::UpgradeEarly);
}

#[test]
fn who_subscribes_pays() {
    let w = World::new();
    let (r, from, provider) = (w.registry(), w.someone(), w.someone());
    w.give(&from, 1_000);
    w.allow_nothing();
    stopped(r.try_subscribe(&from, &provider, &1, &101));
    w.allow_paying(&provider, &w.at.registry, "subscribe", (&from, &provider, 1_u32, 101_i128), &r.params().payee, 101);
    stopped(r.try_subscribe(&from, &provider, &1, &101));
    // The call without the payment inside it.
    w.allow(&from, &w.at.registry, "subscribe", (&from, &provider, 1_u32, 101_i128));
    assert_eq!(refused(r.try_subscribe(&from, &provider, &1, &101)), Error::TransferFailed);
    assert!(!r.may_list(&provider));
    w.allow_paying(&from, &w.at.registry, "subscribe", (&from, &provider, 1_u32, 101_i128), &r.params().payee, 101);
    assert_eq!(r.subscribe(&from, &provider, &1, &101), w.now() + 30 * DAY);
    assert_eq!((w.flash().balance(&from), w.flash().balance(&r.params().payee), r.may_list(&provider)), (899, 101, true));
}

#[test]
fn anyone_may_call_the_rest() {
    let w = World::new();
    let (r, subject) = (w.registry(), w.someone());
    let (alice, bob) = (w.certifier(20_000), w.certifier(20_000));
    let (a, b, c) = (w.certify(&alice, &subject, 1, 1), w.certify(&bob, &subject, 0, 2), w.certify(&alice, &bob, 1, 3));
    w.allow_nothing();
    r.conflict(&a, &b);
    r.hold(&alice);
    w.pass(90 * DAY + 1);
    r.lapse(&a, &b);
    w.pass(40 * DAY);
    r.expire(&c);
    let states = [&a, &b, &c].map(|id| r.certification(id).state);
    assert_eq!(states, [State::Revoked, State::Revoked, State::Expired]);
    assert_eq!((r.certifier_of(&alice).bonded, r.certifier_of(&bob).bonded, r.subscription(&alice)), (0, 0, 0));
    assert!(!r.may_list(&alice) && !w.is_certified(&c, 1));
    assert_eq!((r.params().version, r.upgrade_announced()), (1, None));
}
