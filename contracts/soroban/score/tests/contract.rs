//! Authorisation of every entry point, what is refused without changing anything, lifetimes and upgrades.
mod support;

use flashback_score::types::Params;
use soroban_sdk::{testutils::Ledger as _, BytesN};
use support::*;

const BEGIN: u64 = 1_700_000_000;

fn world() -> World {
    World::new(BEGIN, 3_600, Params { version: 1, cap: 1_000, severity: 20 })
}

fn next() -> Params {
    Params { version: 2, cap: 7, severity: 3 }
}

/// Every entry point of the admin × {nobody, somebody else, the admin of another call, the admin}.
#[test]
fn admin_only() {
    let w = world();
    let (asset, stranger, wasm) = (w.someone(), w.someone(), w.b32([5; 32]));
    let unit = 3i128;
    macro_rules! only_admin {
        ($name:literal, $args:expr, $call:expr) => {
            w.allow_nothing();
            stopped($call);
            w.allow(&stranger, $name, $args);
            stopped($call);
            w.allow(&w.admin, "another", $args);
            stopped($call);
            w.allow(&w.admin, $name, $args);
            assert_eq!(name_of($call), "", $name);
        };
    }
    only_admin!("set_unit", (&asset, unit), w.score().try_set_unit(&asset, &unit));
    only_admin!("set_params", (next(),), w.score().try_set_params(&next()));
    only_admin!("wire", (&w.dispute,), w.score().try_wire(&w.dispute));
    only_admin!("upgrade_announce", (&wasm,), w.score().try_upgrade_announce(&wasm));
    w.allow_nothing();
    stopped(w.score().try_upgrade());
    w.allow(&stranger, "upgrade", ());
    stopped(w.score().try_upgrade());
    w.allow(&w.admin, "upgrade", ());
    assert_eq!(name_of(w.score().try_upgrade()), "UpgradeEarly");
    w.env.ledger().set_timestamp(BEGIN + 15 * 86_400);
    w.allow(&w.admin, "upgrade", ());
    assert_eq!(name_of(w.score().try_upgrade()), "NotFound");
    only_admin!("set_admin", (&stranger,), w.score().try_set_admin(&stranger));
    w.allow(&w.admin, "set_unit", (&asset, unit));
    stopped(w.score().try_set_unit(&asset, &unit));
    assert_eq!((w.score().unit(&asset), w.score().params()), (3, next()));
}

#[test]
fn rulings_are_the_dispute_contracts() {
    let w = world();
    let (id, sla, loser, stranger) = (w.b32([1; 32]), w.b32([2; 32]), w.someone(), w.someone());
    w.allow(&w.admin, "ruled", (&id, &sla, &loser));
    assert_eq!(name_of(w.score().try_ruled(&id, &sla, &loser)), "NotAuthorized");
    w.wire();
    for who in [&w.admin, &stranger, &loser] {
        w.allow(who, "ruled", (&id, &sla, &loser));
        stopped(w.score().try_ruled(&id, &sla, &loser));
    }
    w.allow_nothing();
    stopped(w.score().try_ruled(&id, &sla, &loser));
    w.allow(&w.dispute, "ruled", (&id, &sla, &stranger));
    stopped(w.score().try_ruled(&id, &sla, &loser));
    w.allow(&w.dispute, "ruled", (&id, &sla, &loser));
    assert_eq!(name_of(w.score().try_ruled(&id, &sla, &loser)), "NotFound");
}

/// Nobody authorises a record or a view, and a refused one leaves nothing behind.
#[test]
fn anybody_reads() {
    let w = world();
    w.allow_nothing();
    let (who, sla) = (w.someone(), w.b32([2; 32]));
    for time in [0, BEGIN, u64::MAX] {
        for shown in [w.score().provider(&who, &time), w.score().consumer(&who, &time)] {
            assert_eq!((shown.total, shown.points, shown.updated), (5_000, 0, 0));
            assert!(shown.dimensions.iter().all(|d| d == 5_000));
        }
    }
    let none = w.bytes(&[]);
    assert_eq!(name_of(w.score().try_record(&sla, &none, &none)), "NotFound");
    assert_eq!(w.score().recorded(&sla), None::<BytesN<32>>);
    assert_eq!((w.score().pairs(&who).provider.updated, w.score().pairs(&who).consumer.pairs.len()), (0, 0));
    assert_eq!(name_of(w.score().try_unit(&who)), "AssetUnknown");
    assert_eq!(name_of(w.score().try_extend(&who)), "NotFound");
    assert_eq!(name_of(w.score().try_extend_sla(&sla)), "NotFound");
    assert_eq!(w.score().upgrade_announced(), None);
}

#[test]
#[should_panic]
fn bounds_of_the_constructor() {
    World::new(BEGIN, 3_600, Params { version: 1, cap: 0, severity: 20 });
}
