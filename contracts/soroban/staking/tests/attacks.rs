//! What somebody may try, with what comes of it. Each attack that was thought of is a test.

mod world;

use flashback_core::{error::Error, interface::StakingClient as Seen};
use flashback_staking::{types::role::*, Staking, StakingClient};
use soroban_sdk::{
    contract, contractimpl, symbol_short,
    testutils::{Address as _, Ledger as _},
    xdr::{LedgerKey, ScAddress},
    Address, Env, MuxedAddress,
};
use world::{refused, World, DAY, WEALTH};

/// Votes cannot be borrowed: what is staked in the ledger of the snapshot counts only for times that are over, and leaves after 30 days.
#[test]
fn borrowed_votes_come_too_late() {
    let w = World::new();
    w.pass(10);
    let snapshot = w.now() - 1;
    w.stake(&w.alice, VOTER, WEALTH);
    assert_eq!((w.staking().votes(&w.alice), w.staking().power_at(&w.alice, &snapshot)), (WEALTH, 0));
    w.unbond(&w.alice, VOTER, WEALTH);
    w.pass(1);
    assert_eq!(w.staking().power_at(&w.alice, &(w.now() - 1)), 0, "in and out in one ledger never counted");
    w.allow_nothing();
    assert_eq!(refused(w.staking().try_withdraw(&w.alice, &VOTER)), Error::NothingDue);
}

/// One FLASH, one vote: the same tokens do not vote again from another account, nor from another role.
#[test]
fn votes_are_not_doubled() {
    let w = World::new();
    w.stake(&w.alice, VOTER, WEALTH);
    w.pass(10);
    w.unbond(&w.alice, VOTER, WEALTH);
    assert_eq!((w.staking().votes(&w.alice), w.staking().total()), (0, 0));
    w.allow_stake(&w.alice, &w.alice, PROVIDER, 1);
    assert_eq!(refused(w.staking().try_stake(&w.alice, &w.alice, &PROVIDER, &1)), Error::TransferFailed);
    w.check(&[&w.alice]);
}

/// Whoever sees a slash coming and unbonds before it, or keeps matured stake lying, is slashed all the same.
#[test]
fn running_from_a_slash_does_not_help() {
    let w = World::new();
    w.stake(&w.alice, CERTIFIER, 100);
    w.unbond(&w.alice, CERTIFIER, 100);
    w.pass(30 * DAY);
    assert_eq!(w.slash(&w.alice, CERTIFIER, 60, &w.bob), 60);
    w.allow_nothing();
    assert_eq!(w.staking().withdraw(&w.alice, &CERTIFIER), 40);
    w.check(&[&w.alice, &w.bob]);
}

/// A hold that comes before the withdrawal wins, whoever asks for the withdrawal.
#[test]
fn a_held_stake_cannot_be_withdrawn_by_a_friend() {
    let w = World::new();
    w.stake(&w.alice, ARBITER, 100);
    w.unbond(&w.alice, ARBITER, 100);
    w.pass(30 * DAY);
    w.hold(&w.alice, ARBITER, w.now() + 60 * DAY);
    w.allow_nothing();
    assert_eq!(refused(w.staking().try_withdraw(&w.alice, &ARBITER)), Error::StakeHeld);
    // New stake, new unbondings: the hold is the position's.
    w.stake(&w.alice, ARBITER, 5);
    w.unbond(&w.alice, ARBITER, 5);
    w.pass(31 * DAY);
    w.allow_nothing();
    assert_eq!(refused(w.staking().try_withdraw(&w.alice, &ARBITER)), Error::StakeHeld);
    w.pass(29 * DAY);
    w.allow_nothing();
    assert_eq!(w.staking().withdraw(&w.alice, &ARBITER), 105);
}

/// A hold never reaches further than 60 days from when it was placed: one slasher that goes silent cannot lock a stake for ever.
#[test]
fn a_hold_ends() {
    let w = World::new();
    w.stake(&w.alice, ARBITER, 100);
    w.unbond(&w.alice, ARBITER, 100);
    w.hold(&w.alice, ARBITER, w.now() + 60 * DAY);
    w.name(&w.court, false);
    w.pass(60 * DAY);
    w.allow_nothing();
    assert_eq!(w.staking().withdraw(&w.alice, &ARBITER), 100);
}

/// Whoever owns both sides of a ruling gains nothing by being slashed in its own favour.
#[test]
fn nobody_is_slashed_in_its_own_favour() {
    let w = World::new();
    w.stake(&w.alice, VALIDATOR, 100);
    for to in [&w.alice, &w.at] {
        assert_eq!(w.slash(&w.alice, VALIDATOR, 10, to), 10);
    }
    assert_eq!((w.balance(&w.alice), w.balance(&w.fund), w.balance(&w.at)), (WEALTH - 100, 20, 80));
}

/// A ruling does not fail because its loser is poor, left, or never was: the other party's side of it goes on.
#[test]
fn a_poor_loser_bricks_no_ruling() {
    let w = World::new();
    w.stake(&w.alice, VALIDATOR, 7);
    assert_eq!(w.slash(&w.alice, VALIDATOR, i128::MAX, &w.bob), 7);
    assert_eq!(w.slash(&w.alice, VALIDATOR, i128::MAX, &w.bob), 0);
    let nobody = Address::generate(&w.env);
    assert_eq!(w.slash(&nobody, VALIDATOR, 1, &w.bob), 0);
    w.hold(&nobody, VALIDATOR, w.now() + DAY);
    w.check(&[&w.alice, &w.bob, &nobody]);
}

/// Slashing 1 a hundred times or 100 once comes to the same: there is nothing to round.
#[test]
fn slashing_in_dust_is_slashing() {
    let (often, once) = (World::new(), World::new());
    for w in [&often, &once] {
        w.stake(&w.alice, VALIDATOR, 60);
        w.unbond(&w.alice, VALIDATOR, 25);
        w.unbond(&w.alice, VALIDATOR, 25);
    }
    let sum: i128 = (0..55).map(|_| often.slash(&often.alice, VALIDATOR, 1, &often.bob)).sum();
    assert_eq!(sum, once.slash(&once.alice, VALIDATOR, 55, &once.bob));
    let (a, b) = (often.staking().position(&often.alice, &VALIDATOR), once.staking().position(&once.alice, &VALIDATOR));
    assert_eq!((a.active, a.unbonding, a.unbondings.len()), (b.active, b.unbonding, b.unbondings.len()));
}

/// A stranger who stakes dust for a victim gives money away, changes what the victim may do in nothing, and does not make its votes dear to ask for.
#[test]
fn dust_for_a_victim_costs_its_giver_only() {
    let w = World::new();
    w.stake(&w.alice, VOTER, 100);
    w.pass(10);
    let snapshot = w.now() - 1;
    w.env.cost_estimate().budget().reset_unlimited();
    w.staking().power_at(&w.alice, &snapshot);
    let alone = w.env.cost_estimate().resources().memory_read_entries;
    for _ in 0..200 {
        w.pass(5);
        w.allow_stake(&w.bob, &w.alice, VOTER, 1);
        w.staking().stake(&w.bob, &w.alice, &VOTER, &1);
    }
    w.pass(5);
    assert_eq!(w.staking().power_at(&w.alice, &snapshot), 100, "the snapshot stays");
    let crowded = w.env.cost_estimate().resources().memory_read_entries;
    assert!(crowded <= alone + 20, "{crowded} entries read, {alone} before");
    w.unbond(&w.alice, VOTER, 300);
    w.pass(30 * DAY);
    w.allow_nothing();
    assert_eq!(w.staking().withdraw(&w.alice, &VOTER), 300);
    w.check(&[&w.alice, &w.bob]);
}

/// Nobody but the owner fills the eight places, and a stranger's withdrawal frees them.
#[test]
fn places_of_unbondings_are_the_owners() {
    let w = World::new();
    w.stake(&w.alice, VOTER, 100);
    for _ in 0..8 {
        w.unbond(&w.alice, VOTER, 1);
    }
    w.allow(&w.alice, "unbond", (&w.alice, VOTER, 1i128));
    assert_eq!(refused(w.staking().try_unbond(&w.alice, &VOTER, &1)), Error::UnbondingFull);
    // A slash takes the newest first and frees its place.
    w.slash(&w.alice, VOTER, 93, &w.bob);
    assert_eq!(w.staking().position(&w.alice, &VOTER).unbondings.len(), 7);
    w.pass(30 * DAY);
    w.allow_nothing();
    assert_eq!(w.staking().withdraw(&w.alice, &VOTER), 7);
}

/// FLASH that somebody sends to the contract is nobody's stake and breaks nothing.
#[test]
fn donations_are_inert() {
    let w = World::new();
    w.stake(&w.alice, VOTER, 100);
    w.mint(&w.at, 55);
    assert_eq!((w.staking().total(), w.staking().votes(&w.alice)), (100, 100));
    assert_eq!(w.slash(&w.alice, VOTER, 1_000, &w.bob), 100);
    assert_eq!(w.balance(&w.at), 55);
    w.check(&[&w.alice, &w.bob]);
}

/// A slasher that governance names today cannot reach those who leave because of it.
#[test]
fn a_hostile_slasher_comes_too_late() {
    let w = World::new();
    w.stake(&w.alice, VOTER, 100);
    let hostile = Address::generate(&w.env);
    w.name(&hostile, true);
    let strike = || {
        w.allow(&hostile, "slash", (&hostile, &w.alice, VOTER, 100i128, &hostile, w.cause()));
        w.staking().try_slash(&hostile, &w.alice, &VOTER, &100, &hostile, &w.cause())
    };
    assert_eq!(refused(strike()), Error::NotAuthorized);
    w.allow(&hostile, "hold", (&hostile, &w.alice, VOTER, w.now() + 60 * DAY));
    assert_eq!(refused(w.staking().try_hold(&hostile, &w.alice, &VOTER, &(w.now() + 60 * DAY))), Error::NotAuthorized);
    w.pass(6 * DAY);
    w.unbond(&w.alice, VOTER, 100);
    w.pass(30 * DAY);
    assert_eq!(refused(strike()), Error::NotAuthorized);
    w.allow_nothing();
    assert_eq!(w.staking().withdraw(&w.alice, &VOTER), 100);
    w.pass(DAY);
    assert_eq!(strike().unwrap().unwrap(), 0, "it may act now; there is nothing left");
}

/// Full places lock nobody in: what waits can be cancelled and leave as one, within the notice.
#[test]
fn full_places_are_no_trap() {
    let w = World::new();
    w.stake(&w.alice, VOTER, 100);
    for _ in 0..8 {
        w.unbond(&w.alice, VOTER, 1);
    }
    for number in 0..8u32 {
        w.allow(&w.alice, "cancel_unbond", (&w.alice, VOTER, number));
        w.staking().cancel_unbond(&w.alice, &VOTER, &number);
    }
    w.unbond(&w.alice, VOTER, 100);
    w.pass(30 * DAY);
    w.allow_nothing();
    assert_eq!(w.staking().withdraw(&w.alice, &VOTER), 100);
}

/// Votes of a trail are found by the last change before a time, also when a slash, an unbonding and a stake fall into one ledger.
#[test]
fn one_ledger_one_checkpoint() {
    let w = World::new();
    w.stake(&w.alice, VOTER, 100);
    w.pass(10);
    w.stake(&w.alice, PROVIDER, 50);
    w.slash(&w.alice, VOTER, 30, &w.bob);
    w.unbond(&w.alice, VOTER, 20);
    w.stake(&w.bob, VOTER, 7);
    let time = w.now();
    w.pass(10);
    let s = w.staking();
    assert_eq!(
        (s.power_at(&w.alice, &time), s.power_at(&w.alice, &(time - 1)), s.total_at(&time), s.total_at(&(time - 1))),
        (100, 100, 107, 100)
    );
}

/// A thousand changes in one ledger leave one checkpoint, so a trail grows with time only.
#[test]
fn a_trail_grows_with_time_only() {
    let w = World::new();
    let entries = || {
        let of_staking = |key: &LedgerKey| matches!(key, LedgerKey::ContractData(d) if d.contract == ScAddress::from(&w.at));
        w.env.to_ledger_snapshot().entries().into_iter().filter(|(key, _)| of_staking(key)).count()
    };
    w.stake(&w.alice, VOTER, 100);
    let before = entries();
    for _ in 0..20 {
        w.stake(&w.alice, VOTER, 1);
        let number = w.unbond(&w.alice, VOTER, 1);
        w.allow(&w.alice, "cancel_unbond", (&w.alice, VOTER, number));
        w.staking().cancel_unbond(&w.alice, &VOTER, &number);
        w.slash(&w.alice, VOTER, 2, &w.bob);
    }
    assert_eq!(entries(), before);
    w.pass(1);
    w.stake(&w.alice, VOTER, 1);
    assert_eq!(entries(), before + 2, "one more for the owner, one for all");
}

/// What other contracts see of Staking: the interface of the core crate, with refusals by number.
#[test]
fn the_interface_of_the_core_is_answered() {
    let w = World::new();
    w.stake(&w.alice, PROVIDER, 100);
    w.pass(10);
    let seen = Seen::new(&w.env, &w.at);
    assert_eq!(
        (seen.stake_of(&w.alice, &PROVIDER), seen.power_at(&w.alice, &(w.now() - 1)), seen.total_at(&(w.now() - 1))),
        (100, 100, 100)
    );
    let early = seen.try_power_at(&w.alice, &w.now());
    assert_eq!(early.unwrap_err().unwrap(), soroban_sdk::Error::from_contract_error(Error::ArgumentInvalid as u32));
    w.allow(&w.court, "slash", (&w.court, &w.alice, PROVIDER, 5i128, &w.bob, w.cause()));
    assert_eq!(seen.slash(&w.court, &w.alice, &PROVIDER, &5, &w.bob, &w.cause()), 5);
}

/// A token that calls back into Staking while it is paid out.
#[contract]
struct Reentrant;

#[contractimpl]
impl Reentrant {
    pub fn __constructor(env: Env, staking: Address, owner: Address) {
        env.storage().instance().set(&symbol_short!("staking"), &staking);
        env.storage().instance().set(&symbol_short!("owner"), &owner);
    }

    pub fn transfer(env: Env, from: Address, _to: MuxedAddress, _amount: i128) {
        let staking: Address = env.storage().instance().get(&symbol_short!("staking")).unwrap();
        if from == staking {
            let owner: Address = env.storage().instance().get(&symbol_short!("owner")).unwrap();
            StakingClient::new(&env, &staking).withdraw(&owner, &VOTER);
        }
    }
}

/// The host allows no way back into a contract that waits, and the state was written before the call anyway.
#[test]
fn a_reentrant_token_is_paid_nothing_twice() {
    let w = World::new();
    let at = Address::generate(&w.env);
    let token = w.env.register(Reentrant, (at.clone(), w.alice.clone()));
    w.env.register_at(&at, Staking, (w.admin.clone(), token.clone(), w.fund.clone()));
    let w = World { at, token, ..w };
    w.allow(&w.alice, "stake", (&w.alice, &w.alice, VOTER, 10i128));
    w.staking().stake(&w.alice, &w.alice, &VOTER, &10);
    w.unbond(&w.alice, VOTER, 10);
    w.pass(30 * DAY);
    w.allow_nothing();
    assert_eq!(refused(w.staking().try_withdraw(&w.alice, &VOTER)), Error::TransferFailed);
    assert_eq!(w.staking().position(&w.alice, &VOTER).unbonding, 10, "a call that failed changed nothing");
}

/// An owner whose payment fails holds nobody else up: each position is paid by itself, and a slash of it goes on.
#[test]
fn an_owner_who_cannot_be_paid_blocks_itself_only() {
    let w = World::new();
    let account = Address::from_str(&w.env, "GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF");
    w.allow_stake(&w.bob, &account, VOTER, 50);
    w.staking().stake(&w.bob, &account, &VOTER, &50);
    w.stake(&w.alice, VOTER, 50);
    w.unbond(&w.alice, VOTER, 50);
    assert_eq!(w.slash(&account, VOTER, 20, &w.bob), 20);
    // In this token the account has no trust line; in FLASH nobody needs one.
    w.allow(&w.court, "slash", (&w.court, &w.alice, VOTER, 10i128, &account, w.cause()));
    assert_eq!(refused(w.staking().try_slash(&w.court, &w.alice, &VOTER, &10, &account, &w.cause())), Error::TransferFailed);
    w.pass(30 * DAY);
    w.allow_nothing();
    assert_eq!(w.staking().withdraw(&w.alice, &VOTER), 50);
}

/// The clock at its end: no arithmetic wraps.
#[test]
fn the_end_of_time() {
    let w = World::new();
    w.stake(&w.alice, VOTER, 100);
    w.env.ledger().set_timestamp(u64::MAX - DAY);
    w.allow(&w.alice, "unbond", (&w.alice, VOTER, 1i128));
    assert_eq!(refused(w.staking().try_unbond(&w.alice, &VOTER, &1)), Error::Overflow);
    w.allow(&w.admin, "slasher", (&w.bob, true));
    assert_eq!(refused(w.staking().try_slasher(&w.bob, &true)), Error::Overflow);
    w.allow(&w.admin, "upgrade_announce", (w.cause(),));
    assert_eq!(refused(w.staking().try_upgrade_announce(&w.cause())), Error::Overflow);
    w.hold(&w.alice, VOTER, u64::MAX);
}
