//! Every entry point × {no authorisation, somebody else's, the right one}. What anyone may call is called with none.

mod world;

use flashback_core::error::Error;
use flashback_governance::types::State;
use world::{refused, stopped, World, DAY};

/// Calls with no authorisation, with that of `$wrong` for the same arguments, and with that of `$right`.
macro_rules! matrix {
    ($w:expr, $name:literal, $args:expr, $right:expr, $wrong:expr, $call:expr) => {{
        $w.allow_nothing();
        stopped($call);
        $w.allow($wrong, &$w.at.governance, $name, $args);
        stopped($call);
        $w.allow($right, &$w.at.governance, "other", $args);
        stopped($call);
        $w.allow($right, &$w.at.governance, $name, $args);
        $call.unwrap().unwrap();
    }};
}

#[test]
fn voters_act_for_themselves() {
    let w = World::new();
    let (g, stranger, voter) = (w.governance(), w.someone(), w.voter(1_000));
    let hash = w.hash(1);
    matrix!(w, "propose", (&voter, &hash, &hash), &voter, &stranger, g.try_propose(&voter, &hash, &hash));
    matrix!(w, "vote", (&voter, 1_u32, 1_u32), &voter, &stranger, g.try_vote(&voter, &1, &1));
    w.allow(&stranger, &w.at.governance, "cancel", (&stranger, 1_u32));
    assert_eq!(refused(g.try_cancel(&stranger, &1)), Error::NotAuthorized);
    matrix!(w, "cancel", (&voter, 1_u32), &voter, &stranger, g.try_cancel(&voter, &1));
}

#[test]
fn the_guardian_pauses() {
    let w = World::new();
    let (g, stranger, guardian) = (w.governance(), w.someone(), &w.at.guardian);
    matrix!(w, "guardian_pause", (), guardian, &stranger, g.try_guardian_pause());
    assert!(w.consumer().paused());
    matrix!(w, "unpause", (), guardian, &stranger, g.try_unpause());
    assert!(!w.consumer().paused());
    w.allow_nothing();
    assert_eq!(refused(g.try_unpause()), Error::StateWrong);
}

#[test]
fn anyone_may_call_the_rest() {
    let w = World::new();
    let (g, voter) = (w.governance(), w.voter(1_000));
    let actions = w.list([w.set_value(5), w.own("upgrade_announce", (w.hash(3),))]);
    let number = w.passed(&voter, &actions);
    w.allow_nothing();
    g.execute(&number, &actions);
    assert_eq!((w.governed().value(), g.state(&number), g.upgrade_announced().unwrap().wasm), (5, State::Executed, w.hash(3)));
    assert_eq!(refused(g.try_upgrade()), Error::UpgradeEarly);
    w.pass(15 * DAY);
    assert_eq!(refused(g.try_upgrade()), Error::NotFound, "announced too long ago");
    assert_eq!((g.count(), g.scale(), g.vote_of(&number, &voter)), (1, 1, Some(1)));
    assert_eq!((g.targets().len(), g.functions(&w.at.consumer).len(), g.functions(&voter).len()), (2, 1, 0));
    assert_eq!((g.guardian(), g.params().version, g.pause().until), (w.at.guardian.clone(), 1, 0));
    // The guardian's pause is over: anyone ends it.
    w.allow(&w.at.guardian, &w.at.governance, "guardian_pause", ());
    g.guardian_pause();
    w.pass(10 * DAY);
    w.allow_nothing();
    g.unpause();
    assert!(!w.consumer().paused());
}

#[test]
fn the_governed_take_orders_from_nobody_else() {
    let w = World::new();
    w.allow_nothing();
    stopped(w.governed().try_set_value(&1));
    stopped(w.consumer().try_pause(&true));
    stopped(w.staking().try_slasher(&w.at.guardian, &true));
    w.allow(&w.at.guardian, &w.at.governed, "set_value", (1_u32,));
    stopped(w.governed().try_set_value(&1));
}
