//! SEP-41 to the letter: events, lifetimes, and what a stranger may try.

mod world;

use flashback_core::{error::Error, lifetime::LIVE_LEDGERS};
use flashback_flash::{Flash, FlashClient};
use soroban_sdk::{
    map, symbol_short,
    testutils::{Address as _, Events as _, Ledger as _, MuxedAddress as _},
    token::TokenClient,
    vec, Address, IntoVal, MuxedAddress, Symbol, Val,
};
use world::{refused, World, SUPPLY};

#[test]
fn events_are_the_standards() {
    let w = World::new();
    let (env, at, alice, bob) = (&w.env, &w.at, &w.alice, &w.bob);
    let told = || env.events().all();
    let topic = |name: &str| Symbol::new(env, name);
    w.approve(alice, bob, 50, 200);
    assert_eq!(told(), vec![env, (at.clone(), (topic("approve"), alice, bob).into_val(env), (50i128, 200u32).into_val(env))]);
    w.transfer(alice, bob, 7);
    assert_eq!(told(), vec![env, (at.clone(), (topic("transfer"), alice, bob).into_val(env), 7i128.into_val(env))]);
    w.transfer(bob, bob, 0);
    assert_eq!(told(), vec![env, (at.clone(), (topic("transfer"), bob, bob).into_val(env), 0i128.into_val(env))]);
    w.allow(bob, "transfer_from", (bob, alice, bob, 5i128));
    w.flash().transfer_from(bob, alice, bob, &5);
    assert_eq!(told(), vec![env, (at.clone(), (topic("transfer"), alice, bob).into_val(env), 5i128.into_val(env))]);
    w.allow(bob, "burn_from", (bob, alice, 5i128));
    w.flash().burn_from(bob, alice, &5);
    assert_eq!(told(), vec![env, (at.clone(), (topic("burn"), alice).into_val(env), 5i128.into_val(env))]);
    w.allow(bob, "burn", (bob, 1i128));
    w.flash().burn(bob, &1);
    assert_eq!(told(), vec![env, (at.clone(), (topic("burn"), bob).into_val(env), 1i128.into_val(env))]);
    let account = Address::from_str(env, "GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF");
    let part = MuxedAddress::new(account.clone(), 77);
    w.allow(alice, "transfer", (alice, &part, 3i128));
    w.flash().transfer(alice, &part, &3);
    let data = map![env, (symbol_short!("amount"), 3i128.into_val(env)), (topic("to_muxed_id"), 77u64.into_val(env))];
    let data: soroban_sdk::Map<Symbol, Val> = data;
    assert_eq!(told(), vec![env, (at.clone(), (topic("transfer"), alice, account).into_val(env), data.into_val(env))]);
}

#[test]
fn the_constructor_mints_once_and_says_so() {
    let w = World::new();
    let made = w.env.register(Flash, (w.bob.clone(), 5i128));
    let told = w.env.events().all();
    assert_eq!(told, vec![&w.env, (made.clone(), (symbol_short!("mint"), &w.bob).into_val(&w.env), 5i128.into_val(&w.env))]);
    assert_eq!(FlashClient::new(&w.env, &made).balance(&w.bob), 5);
    for supply in [0i128, -1, i128::MIN] {
        let register = std::panic::AssertUnwindSafe(|| w.env.register(Flash, (w.bob.clone(), supply)));
        assert!(std::panic::catch_unwind(register).is_err(), "{supply}");
    }
}

#[test]
fn any_client_of_the_standard_can_use_it() {
    let w = World::new();
    w.allow(&w.alice, "transfer", (&w.alice, &w.bob, 9i128));
    TokenClient::new(&w.env, &w.at).transfer(&w.alice, &w.bob, &9);
    assert_eq!(w.balances(), [SUPPLY - 9, 9, 0]);
}

#[test]
fn the_whole_range_of_amounts_fits() {
    let w = World::new();
    let at = w.env.register(Flash, (w.alice.clone(), i128::MAX));
    let w = World { at, ..w };
    w.transfer(&w.alice, &w.bob, i128::MAX - 1);
    w.transfer(&w.bob, &w.alice, i128::MAX - 1);
    assert_eq!(w.balances(), [i128::MAX, 0, 0]);
    w.allow(&w.alice, "transfer", (&w.alice, &w.alice, i128::MAX));
    w.flash().transfer(&w.alice, &w.alice, &i128::MAX);
    assert_eq!(w.balances(), [i128::MAX, 0, 0], "a transfer to oneself makes nothing");
}

#[test]
fn a_balance_that_nobody_touches_for_years_is_not_lost() {
    let w = World::new();
    w.transfer(&w.alice, &w.bob, 400);
    w.env.ledger().set_sequence_number(100 + 10 * LIVE_LEDGERS);
    w.allow(&w.bob, "transfer", (&w.bob, &w.carol, 150i128));
    w.flash().transfer(&w.bob, &w.carol, &150);
    assert_eq!(w.balances(), [SUPPLY - 400, 250, 150]);
}

#[test]
fn an_allowance_ends_with_its_ledger_and_is_not_revived() {
    let w = World::new();
    w.approve(&w.alice, &w.bob, 50, 110);
    w.env.ledger().set_sequence_number(110);
    assert_eq!(w.flash().allowance(&w.alice, &w.bob), 50);
    w.env.ledger().set_sequence_number(111);
    assert_eq!(w.flash().allowance(&w.alice, &w.bob), 0);
    w.allow(&w.bob, "transfer_from", (&w.bob, &w.alice, &w.bob, 1i128));
    assert_eq!(refused(w.flash().try_transfer_from(&w.bob, &w.alice, &w.bob, &1)), Error::AllowanceMissing);
    // A later one does not add what is left of the old one.
    w.approve(&w.alice, &w.bob, 7, 120);
    assert_eq!(w.flash().allowance(&w.alice, &w.bob), 7);
}

/// Spending while the owner replaces the allowance: at worst the old and the new are spent, as with every token of the standard; through 0 it is the new one at most.
#[test]
fn a_spender_who_runs_ahead_of_a_replacement_gets_no_more_than_both() {
    let w = World::new();
    let (alice, bob) = (&w.alice, &w.bob);
    w.approve(alice, bob, 50, 200);
    w.allow(bob, "transfer_from", (bob, alice, bob, 50i128));
    w.flash().transfer_from(bob, alice, bob, &50);
    w.approve(alice, bob, 20, 200);
    w.allow(bob, "transfer_from", (bob, alice, bob, 21i128));
    assert_eq!(refused(w.flash().try_transfer_from(bob, alice, bob, &21)), Error::AllowanceMissing);
    w.approve(alice, bob, 0, 0);
    assert_eq!(w.flash().allowance(alice, bob), 0);
}

#[test]
fn tokens_sent_to_the_contract_itself_stay_there() {
    let w = World::new();
    w.transfer(&w.alice, &w.at, 5);
    let eve = Address::generate(&w.env);
    w.allow(&eve, "transfer", (&w.at, &eve, 5i128));
    world::stopped(w.flash().try_transfer(&w.at, &eve, &5));
    assert_eq!((w.flash().balance(&w.at), w.flash().supply()), (5, SUPPLY));
}
