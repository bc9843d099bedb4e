//! Every entry point with nobody's, another's and the right authorisation.

mod world;

use soroban_sdk::{IntoVal, MuxedAddress, String as HostString};
use world::{stopped, World};

#[test]
fn nothing_moves_without_its_party() {
    for (name, by_spender) in [("approve", false), ("transfer", false), ("burn", false), ("transfer_from", true), ("burn_from", true)] {
        let w = World::new();
        let (alice, bob, carol) = (&w.alice, &w.bob, &w.carol);
        w.approve(alice, bob, 50, 200);
        w.transfer(alice, carol, 100);
        let args = match name {
            "approve" => (alice, carol, 7i128, 200u32).into_val(&w.env),
            "transfer" => (alice, bob, 7i128).into_val(&w.env),
            "burn" => (alice, 7i128).into_val(&w.env),
            "transfer_from" => (bob, alice, carol, 7i128).into_val(&w.env),
            _ => (bob, alice, 7i128).into_val(&w.env),
        };
        let args: soroban_sdk::Vec<soroban_sdk::Val> = args;
        let (right, wrong) = if by_spender { (bob, [alice, carol]) } else { (alice, [bob, carol]) };
        let call = || match name {
            "approve" => w.flash().try_approve(alice, carol, &7, &200),
            "transfer" => w.flash().try_transfer(alice, bob, &7),
            "burn" => w.flash().try_burn(alice, &7),
            "transfer_from" => w.flash().try_transfer_from(bob, alice, carol, &7),
            _ => w.flash().try_burn_from(bob, alice, &7),
        };
        let before = (w.balances(), w.flash().allowance(alice, bob), w.flash().supply());
        w.env.set_auths(&[]);
        stopped(call());
        for who in wrong {
            w.allow(who, name, args.clone());
            stopped(call());
        }
        // The right party's word for something else is not its word for this.
        w.allow(right, name, {
            let mut other = args.clone();
            other.set(other.len() - if name == "approve" { 2 } else { 1 }, 8i128.into_val(&w.env));
            other
        });
        stopped(call());
        assert_eq!(before, (w.balances(), w.flash().allowance(alice, bob), w.flash().supply()), "{name}");
        w.allow(right, name, args.clone());
        assert!(call().is_ok(), "{name}");
        // Once given, used once.
        w.env.set_auths(&[]);
        stopped(call());
    }
}

#[test]
fn views_are_anyones() {
    let w = World::new();
    w.env.set_auths(&[]);
    let f = w.flash();
    assert_eq!((f.decimals(), f.supply(), f.balance(&w.alice), f.allowance(&w.alice, &w.bob)), (7, world::SUPPLY, world::SUPPLY, 0));
    assert_eq!((f.name(), f.symbol()), (HostString::from_str(&w.env, "Flashback"), HostString::from_str(&w.env, "FLASH")));
}

#[test]
fn a_part_of_an_account_is_paid_as_the_account() {
    use soroban_sdk::testutils::MuxedAddress as _;
    let w = World::new();
    let account = soroban_sdk::Address::from_str(&w.env, "GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF");
    let to: MuxedAddress = MuxedAddress::new(account.clone(), 77);
    w.allow(&w.alice, "transfer", (&w.alice, &to, 7i128));
    w.flash().transfer(&w.alice, &to, &7);
    assert_eq!(w.flash().balance(&account), 7);
}
