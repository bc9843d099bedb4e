//! What somebody who wants power or harm would try, and what becomes of it.

mod world;

use flashback_core::error::Error;
use flashback_governance::types::{Params, State, Target};
use soroban_sdk::{vec, Address, Symbol, Vec as HostVec};
use world::{env, params, refused, stopped, Places, World, DAY, ROLE_VOTER};

/// FLASH that is borrowed and staked for one ledger neither proposes nor votes.
#[test]
fn borrowed_votes_count_nothing() {
    let w = World::new();
    let honest = w.voter(1_000);
    let number = w.propose(&honest, &w.list([w.set_value(1)]));
    let borrower = w.someone();
    w.give(&borrower, 1_000_000);
    w.allow_stake(&borrower, ROLE_VOTER, 1_000_000);
    w.staking().stake(&borrower, &borrower, &ROLE_VOTER, &1_000_000);
    assert_eq!(refused(w.try_vote(&borrower, number, 1)), Error::PowerMissing, "after the snapshot");
    let hash = w.hash(1);
    w.allow(&borrower, &w.at.governance, "propose", (&borrower, &hash, &hash));
    assert_eq!(refused(w.governance().try_propose(&borrower, &hash, &hash)), Error::PowerMissing, "in the same second");
    w.pass(1);
    w.allow(&borrower, &w.at.governance, "propose", (&borrower, &hash, &hash));
    w.governance().propose(&borrower, &hash, &hash);
}

/// The same stake does not vote twice by moving: the snapshot is of one moment.
#[test]
fn a_stake_votes_once() {
    let w = World::new();
    let (first, second) = (w.voter(1_000), w.someone());
    let number = w.propose(&first, &w.list([w.set_value(1)]));
    assert_eq!(w.try_vote(&first, number, 1), Ok(Ok(1_000)));
    assert_eq!(refused(w.try_vote(&first, number, 1)), Error::Voted);
    w.allow(&first, &w.at.staking, "unbond", (&first, ROLE_VOTER, 1_000_i128));
    w.staking().unbond(&first, &ROLE_VOTER, &1_000);
    w.give(&second, 1_000);
    w.allow_stake(&second, ROLE_VOTER, 1_000);
    w.staking().stake(&second, &second, &ROLE_VOTER, &1_000);
    w.pass(1);
    assert_eq!(refused(w.try_vote(&second, number, 1)), Error::PowerMissing);
    let p = w.governance().proposal(&number);
    assert_eq!((p.in_favour, p.total), (1_000, 1_000));
}

/// Another's actions, its own in another order, or the same ones twice: the hash decides, and a proposal acts once.
#[test]
fn only_what_was_voted_on_and_once() {
    let w = World::new();
    let voter = w.voter(1_000);
    let actions = w.list([w.set_value(1), w.set_value(2)]);
    let number = w.passed(&voter, &actions);
    let g = w.governance();
    assert_eq!(refused(g.try_execute(&number, &w.list([w.set_value(2), w.set_value(1)]))), Error::ActionMismatch);
    assert_eq!(refused(g.try_execute(&number, &w.list([]))), Error::ArgumentInvalid);
    g.execute(&number, &actions);
    assert_eq!(refused(g.try_execute(&number, &actions)), Error::StateWrong);
    assert_eq!(w.governed().value(), 2);
}

/// A governed contract that calls back is stopped by the chain, and the proposal is as before.
#[test]
fn a_reentrant_target_gets_nothing() {
    let w = World::new();
    let voter = w.voter(1_000);
    let inner = w.list([w.set_value(1)]);
    let again = w.propose(&voter, &inner);
    let actions = w.list([w.action(&w.at.governed, "reenter", (&w.at.governance, again, inner.clone()))]);
    let number = w.propose(&voter, &actions);
    for n in [again, number] {
        w.try_vote(&voter, n, 1).unwrap().unwrap();
    }
    w.pass(9 * DAY);
    w.allow_nothing();
    stopped(w.governance().try_execute(&number, &actions));
    assert_eq!((w.governance().state(&number), w.governed().value()), (State::Passed, 0));
}

/// What a governed contract does with others is not done in governance's name.
#[test]
fn a_target_cannot_use_governances_name_further() {
    let w = World::new();
    let voter = w.voter(1_000);
    w.give(&w.at.governance.clone(), 500); // somebody's gift
    let steal = w.action(&w.at.governed, "steal", (&w.at.token, &w.at.governance, &voter, 500_i128));
    stopped(w.try_done(&voter, &w.list([steal])));
    assert_eq!(w.flash().balance(&w.at.governance), 500);
}

/// A function on the list that the target does not have, and arguments that it does not take: the call fails, with nothing done.
#[test]
fn a_call_that_cannot_be_fails_as_a_whole() {
    let w = World::new();
    let voter = w.voter(1_000);
    for broken in [w.action(&w.at.governed, "nothing", ()), w.action(&w.at.governed, "set_value", (1_u32, 2_u32))] {
        stopped(w.try_done(&voter, &w.list([w.set_value(7), broken])));
        assert_eq!(w.governed().value(), 0);
    }
    for wrong in [
        w.own("set_params", (1_u32,)),
        w.own("set_guardian", ()),
        w.own("add_target", (&voter,)),
        w.own("set_guardian", (5_u32,)),
        w.own("add_target", (&voter, vec![&w.env, 5_u32])),
    ] {
        assert_eq!(refused(w.try_done(&voter, &w.list([w.set_value(7), wrong]))), Error::ArgumentInvalid);
    }
}

/// No vote names what moves money: not even Staking's admin can slash by itself.
#[test]
fn governance_moves_no_stake() {
    let w = World::new();
    let voter = w.voter(1_000);
    let names = |l: &[&str]| {
        let mut out = HostVec::new(&w.env);
        l.iter().for_each(|s| out.push_back(Symbol::new(&w.env, s)));
        out
    };
    for name in
        ["slash", "hold", "transfer", "transfer_from", "approve", "burn", "burn_from", "clawback", "stake", "unbond", "deposit", "withdraw"]
    {
        let add = w.own("add_target", (&w.at.staking, names(&["slasher", name])));
        assert_eq!(refused(w.try_done(&voter, &w.list([add]))), Error::ArgumentInvalid, "{name}");
    }
    w.try_done(&voter, &w.list([w.own("add_target", (&w.at.staking, names(&["slasher"])))])).unwrap().unwrap();
    let named = w.list([w.action(&w.at.staking, "slasher", (&w.at.guardian, true))]);
    w.try_done(&voter, &named).unwrap().unwrap();
    assert!(w.staking().slasher_from(&w.at.guardian).unwrap() > w.env.ledger().timestamp() + 30 * DAY, "longer than an unbonding takes");
}

/// Lists stay bounded: 32 targets of 16 functions.
#[test]
fn targets_are_bounded() {
    let w = World::new();
    let voter = w.voter(1_000);
    let f = vec![&w.env, Symbol::new(&w.env, "f")];
    let add = |t: &Address| w.own("add_target", (t, f.clone()));
    let mut last = w.someone();
    for _ in 0..15 {
        last = w.someone();
        w.try_done(&voter, &w.list([add(&w.someone()), add(&last)])).unwrap().unwrap();
    }
    assert_eq!(w.governance().targets().len(), 32);
    assert_eq!(refused(w.try_done(&voter, &w.list([add(&w.someone())]))), Error::ArgumentInvalid);
    let none: HostVec<Symbol> = HostVec::new(&w.env);
    w.try_done(&voter, &w.list([add(&last), w.own("add_target", (&last, none)), add(&w.someone())])).unwrap().unwrap();
    assert_eq!((w.governance().targets().len(), w.governance().functions(&last).len()), (32, 0));
}

/// A guardian that turns bad stops new SLAs for some days, then has to rest at least as long, and a vote replaces it.
#[test]
fn a_bad_guardian_is_a_nuisance() {
    let w = World::new();
    let (g, voter) = (w.governance(), w.voter(1_000));
    let pause = || {
        w.allow(&w.at.guardian, &w.at.governance, "guardian_pause", ());
        g.try_guardian_pause()
    };
    pause().unwrap().unwrap();
    for _ in 0..3 {
        w.pass(3 * DAY);
        assert_eq!(refused(pause()), Error::PauseSpent);
    }
    w.pass(DAY);
    w.allow_nothing();
    g.unpause();
    w.pass(20 * DAY - 1);
    assert_eq!(refused(pause()), Error::PauseSpent);
    let other = w.someone();
    w.try_done(&voter, &w.list([w.own("set_guardian", (&other,))])).unwrap().unwrap();
    stopped(pause());
    assert!(!w.consumer().paused());
}

/// Amounts of votes near the largest number are counted without overflow.
#[test]
fn the_largest_supply_votes() {
    let w = World::new();
    let (many, few) = (w.voter(999_999_000), w.voter(1));
    let number = w.propose(&many, &w.list([w.set_value(1)]));
    w.try_vote(&many, number, 1).unwrap().unwrap();
    w.try_vote(&few, number, 0).unwrap().unwrap();
    w.pass(9 * DAY);
    assert_eq!(w.governance().state(&number), State::Passed);
}

/// The constructor refuses what a vote could not set either.
#[test]
fn the_constructor_is_bounded() {
    let build = |params: Params, scale: u64, own: bool, name: &'static str| {
        std::panic::catch_unwind(move || {
            let env = env();
            let a = || <Address as soroban_sdk::testutils::Address>::generate(&env);
            let at = Places { governance: a(), consumer: a(), governed: a(), guardian: a(), staking: a(), token: a(), staking_fund: a() };
            let contract = if own { at.governance.clone() } else { at.governed.clone() };
            let targets = vec![&env, Target { contract, functions: vec![&env, Symbol::new(&env, name)] }];
            World::at(env, at, params, targets, scale);
        })
        .is_ok()
    };
    assert!(build(params(), 1, false, "pause") && build(params(), 86_400, false, "pause"));
    assert!(!build(params(), 0, false, "pause") && !build(params(), 86_401, false, "pause"));
    assert!(!build(params(), 1, true, "pause") && !build(params(), 1, false, "slash"));
    assert!(!build(Params { delay_seconds: DAY, ..params() }, 1, false, "pause"));
}

/// A local network's votes take seconds; the order of the times stays.
#[test]
fn a_scale_divides_all_times() {
    let w = World::scaled(86_400);
    let (g, voter) = (w.governance(), w.voter(1_000));
    let actions = w.list([w.set_value(4)]);
    let number = w.propose(&voter, &actions);
    w.try_vote(&voter, number, 1).unwrap().unwrap();
    let p = g.proposal(&number);
    assert_eq!((p.ends - p.snapshot - 1, p.opens - p.ends, p.closes - p.opens), (7, 2, 5));
    w.pass(9);
    w.allow_nothing();
    g.execute(&number, &actions);
    w.allow(&w.at.guardian, &w.at.governance, "guardian_pause", ());
    assert_eq!(g.guardian_pause(), w.env.ledger().timestamp() + 10);
}
