//! A stake's life: what events tell, what holds and slashes do, and what stays when years go by.

mod world;

use flashback_core::{error::Error, lifetime::LIVE_LEDGERS};
use flashback_staking::types::UNBONDING_SECONDS;
use soroban_sdk::{
    map,
    testutils::{Events as _, Ledger as _},
    Address, IntoVal, Map, Symbol, TryFromVal, Val,
};
use world::{refused, World, DAY, WEALTH};

/// Staking's own events of the last call: name, second topic, data.
fn told(w: &World) -> Vec<(Symbol, Address, Map<Symbol, Val>)> {
    let mut out = Vec::new();
    for (contract, topics, data) in w.env.events().all().filter_by_contract(&w.at).events().iter().map(|e| decode(w, e)) {
        assert_eq!(contract, w.at);
        let name = Symbol::try_from_val(&w.env, &topics.get_unchecked(0)).unwrap();
        let subject = Address::try_from_val(&w.env, &topics.get_unchecked(1)).unwrap();
        out.push((name, subject, Map::try_from_val(&w.env, &data).unwrap()));
    }
    out
}

fn decode(w: &World, e: &soroban_sdk::xdr::ContractEvent) -> (Address, soroban_sdk::Vec<Val>, Val) {
    let soroban_sdk::xdr::ContractEventBody::V0(body) = &e.body;
    let mut topics = soroban_sdk::Vec::new(&w.env);
    for t in body.topics.iter() {
        topics.push_back(Val::try_from_val(&w.env, t).unwrap());
    }
    (w.at.clone(), topics, Val::try_from_val(&w.env, &body.data).unwrap())
}

macro_rules! says {
    ($w:expr, $name:literal, $subject:expr, { $($field:ident: $value:expr),* }) => {{
        let env = &$w.env;
        let mut data: Map<Symbol, Val> = map![env];
        $(data.set(Symbol::new(env, stringify!($field)), $value.into_val(env));)*
        assert_eq!(told(&$w), vec_of((Symbol::new(env, $name), $subject.clone(), data)));
    }};
}

fn vec_of<T>(one: T) -> Vec<T> {
    std::vec![one]
}

#[test]
fn events_name_every_changed_value() {
    let w = World::new();
    let (alice, bob, court) = (w.alice.clone(), w.bob.clone(), w.court.clone());
    w.allow_stake(&alice, &bob, 2, 100);
    w.staking().stake(&alice, &bob, &2, &100);
    says!(w, "staked", bob, { role: 2u32, from: &alice, amount: 100i128, active: 100i128 });
    w.unbond(&bob, 2, 30);
    says!(w, "unbonding", bob, { role: 2u32, number: 0u32, amount: 30i128, until: w.now() + UNBONDING_SECONDS, active: 70i128 });
    w.unbond(&bob, 2, 20);
    w.allow(&bob, "cancel_unbond", (&bob, 2u32, 0u32));
    w.staking().cancel_unbond(&bob, &2, &0);
    says!(w, "unbond_cancelled", bob, { role: 2u32, number: 0u32, amount: 30i128, active: 80i128 });
    w.hold(&bob, 2, w.now() + DAY);
    says!(w, "held", bob, { role: 2u32, by: &court, until: w.now() + DAY });
    assert_eq!(w.slash(&bob, 2, 85, &alice), 85);
    says!(w, "slashed", bob, { role: 2u32, by: &court, to: &alice, cause: w.cause(), amount: 85i128, active: 0i128, unbonding: 15i128 });
    w.pass(30 * DAY);
    w.allow_nothing();
    assert_eq!(w.staking().withdraw(&bob, &2), 15);
    says!(w, "withdrawn", bob, { role: 2u32, amount: 15i128, unbonding: 0i128 });
    w.name(&alice, true);
    says!(w, "slasher", alice, { allowed: true, from: w.now() + 37 * DAY });
    w.name(&alice, false);
    says!(w, "slasher", alice, { allowed: false, from: 0u64 });
    w.allow(&w.admin, "set_admin", (&alice,));
    w.staking().set_admin(&alice);
    assert_eq!(told(&w).len(), 1);
    w.check(&[&alice, &bob]);
}

#[test]
fn nothing_to_do_tells_nothing() {
    let w = World::new();
    w.stake(&w.alice, 0, 10);
    w.hold(&w.alice, 0, w.now() + 2 * DAY);
    for until in [w.now() + DAY, w.now() + 2 * DAY] {
        w.hold(&w.alice, 0, until);
        assert!(told(&w).is_empty());
    }
    assert_eq!(w.slash(&w.alice, 1, 10, &w.bob), 0);
    assert!(w.env.events().all().events().is_empty(), "not even a transfer of nothing");
    w.name(&w.court, true);
    assert!(told(&w).is_empty());
}

#[test]
fn the_admin_that_handed_over_has_no_say() {
    let w = World::new();
    w.allow(&w.admin, "set_admin", (&w.bob,));
    w.staking().set_admin(&w.bob);
    w.allow(&w.admin, "slasher", (&w.alice, true));
    world::stopped(w.staking().try_slasher(&w.alice, &true));
    w.allow(&w.bob, "slasher", (&w.alice, true));
    w.staking().slasher(&w.alice, &true);
}

/// Ten years without a touch: everything that is stored is archived meanwhile, and nothing is lost or forgotten.
#[test]
fn stake_votes_and_history_outlast_their_entries() {
    let w = World::new();
    for _ in 0..20 {
        w.stake(&w.alice, 4, 10);
        w.pass(10);
    }
    let early = w.now() - 55;
    let before = w.staking().power_at(&w.alice, &early);
    w.unbond(&w.alice, 4, 50);
    w.env.ledger().set_sequence_number(100 + 30 * LIVE_LEDGERS);
    w.pass(3_650 * DAY);
    w.allow_nothing();
    assert_eq!(w.staking().power_at(&w.alice, &early), before);
    assert_eq!((w.staking().votes(&w.alice), w.staking().total()), (150, 150));
    assert_eq!(w.staking().withdraw(&w.alice, &4), 50);
    w.stake(&w.alice, 4, 5);
    assert_eq!(w.slash(&w.alice, 4, 1_000, &w.bob), 155);
    assert_eq!(w.balance(&w.bob), WEALTH + 155);
    w.check(&[&w.alice, &w.bob]);
}

/// A trail of many lengths, asked at every time: the same as the list that it is.
#[test]
fn every_time_of_a_trail_of_every_length() {
    for length in 1..=33u64 {
        let w = World::new();
        let begin = w.now();
        for i in 0..length {
            w.pass(2);
            w.stake(&w.alice, 4, 1 + i128::from(i));
        }
        w.pass(2);
        for time in begin - 1..w.now() {
            let steps = i128::from(time.saturating_sub(begin) / 2);
            assert_eq!(w.staking().power_at(&w.alice, &time), steps * (steps + 1) / 2, "{length} checkpoints, {}", time - begin);
        }
    }
}

#[test]
fn the_fund_is_another_contract() {
    let w = World::new();
    let at = <Address as soroban_sdk::testutils::Address>::generate(&w.env);
    let register = || w.env.register_at(&at, flashback_staking::Staking, (w.admin.clone(), w.token.clone(), at.clone()));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(register)).is_err());
}

#[test]
fn every_refusal_of_the_doors() {
    let w = World::new();
    let s = w.staking();
    w.stake(&w.alice, 0, 10);
    w.allow_stake(&w.alice, &w.alice, 5, 1);
    assert_eq!(refused(s.try_stake(&w.alice, &w.alice, &5, &1)), Error::ArgumentInvalid);
    w.allow_stake(&w.alice, &w.alice, 0, WEALTH);
    assert_eq!(refused(s.try_stake(&w.alice, &w.alice, &0, &WEALTH)), Error::TransferFailed);
    assert_eq!(refused(s.try_power_at(&w.alice, &w.now())), Error::ArgumentInvalid);
    assert_eq!(refused(s.try_total_at(&u64::MAX)), Error::ArgumentInvalid);
    assert_eq!(s.stake_of(&w.alice, &77), 0, "no such role, no stake");
    w.check(&[&w.alice]);
}
