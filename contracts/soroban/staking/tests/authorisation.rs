//! Every entry point with nobody's, another's and the right authorisation.

mod world;

use flashback_core::error::Error;
use soroban_sdk::{testutils::Address as _, Address, BytesN, IntoVal, InvokeError, Symbol, Val, Vec as HostVec};
use world::{World, DAY};

/// An entry point with arguments that it takes, and who has to authorise them: nobody for what anyone may call.
struct Row {
    name: &'static str,
    args: HostVec<Val>,
    right: Option<Address>,
    /// FLASH that the right party pays by the call.
    pays: i128,
}

/// A world in which every row succeeds: Alice has a stake, an unbonding that has matured and one that has not; code is announced.
fn world() -> World {
    let w = World::new();
    w.stake(&w.alice, 0, 100);
    w.unbond(&w.alice, 0, 10);
    w.allow(&w.admin, "upgrade_announce", (BytesN::from_array(&w.env, &[9; 32]),));
    w.staking().upgrade_announce(&BytesN::from_array(&w.env, &[9; 32]));
    w.pass(20 * DAY);
    w.unbond(&w.alice, 0, 10);
    w.pass(10 * DAY);
    w
}

fn rows(w: &World) -> Vec<Row> {
    let (e, alice, bob, court) = (&w.env, &w.alice, &w.bob, &w.court);
    let by = |who: &Address| Some(who.clone());
    let no_args = || HostVec::new(e);
    let row = |name, args: HostVec<Val>, right| Row { name, args, right, pays: 0 };
    vec![
        Row { pays: 5, ..row("stake", (alice, bob, 1u32, 5i128).into_val(e), by(alice)) },
        row("unbond", (alice, 0u32, 5i128).into_val(e), by(alice)),
        row("cancel_unbond", (alice, 0u32, 1u32).into_val(e), by(alice)),
        row("withdraw", (alice, 0u32).into_val(e), None),
        row("slasher", (bob, true).into_val(e), by(&w.admin)),
        row("slash", (court, alice, 0u32, 5i128, bob, w.cause()).into_val(e), by(court)),
        row("hold", (court, alice, 0u32, w.now() + DAY).into_val(e), by(court)),
        row("set_admin", (bob,).into_val(e), by(&w.admin)),
        row("upgrade_announce", (w.cause(),).into_val(e), by(&w.admin)),
        row("stake_of", (alice, 0u32).into_val(e), None),
        row("position", (alice, 0u32).into_val(e), None),
        row("votes", (alice,).into_val(e), None),
        row("total", no_args(), None),
        row("power_at", (alice, 0u64).into_val(e), None),
        row("total_at", (0u64,).into_val(e), None),
        row("slasher_from", (court,).into_val(e), None),
        row("upgrade_announced", no_args(), None),
        row("admin", no_args(), None),
        row("token", no_args(), None),
        row("fund", no_args(), None),
    ]
}

fn call(w: &World, row: &Row) -> Result<(), Result<Error, InvokeError>> {
    w.env.try_invoke_contract::<Val, Error>(&w.at, &Symbol::new(&w.env, row.name), row.args.clone()).map(|_| ())
}

fn allow(w: &World, who: &Address, row: &Row) {
    if row.pays > 0 {
        w.allow_paying(who, row.name, row.args.clone(), row.pays);
    } else {
        w.allow(who, row.name, row.args.clone());
    }
}

fn picture(w: &World) -> impl PartialEq + std::fmt::Debug {
    let s = w.staking();
    let of = |who: &Address| (s.position(who, &0), s.position(who, &1), s.votes(who), s.slasher_from(who), w.balance(who));
    (of(&w.alice), of(&w.bob), s.total(), s.admin(), s.upgrade_announced(), w.balance(&w.at))
}

#[test]
fn every_entry_point_with_none_wrong_and_right() {
    let count = rows(&world()).len();
    for i in 0..count {
        let w = world();
        let row = rows(&w).remove(i);
        let before = picture(&w);
        let stranger = Address::generate(&w.env);
        if let Some(right) = &row.right {
            w.allow_nothing();
            assert!(matches!(call(&w, &row), Err(Err(_))), "{}: nobody", row.name);
            let others = [&w.alice, &w.bob, &w.court, &w.admin, &w.fund, &stranger];
            for wrong in others.into_iter().filter(|who| *who != right) {
                allow(&w, wrong, &row);
                assert!(matches!(call(&w, &row), Err(Err(_))), "{}: another", row.name);
            }
            assert_eq!(before, picture(&w), "{}", row.name);
            allow(&w, right, &row);
        } else {
            w.allow_nothing();
        }
        assert_eq!(call(&w, &row), Ok(()), "{}", row.name);
    }
}

/// Staking's own word moves what it pays out, and the payer's word what comes in: a call without the transfer inside is not enough.
#[test]
fn the_word_for_a_call_is_not_the_word_for_its_payment() {
    let w = World::new();
    w.allow(&w.alice, "stake", (&w.alice, &w.alice, 0u32, 5i128));
    assert_eq!(world::refused(w.staking().try_stake(&w.alice, &w.alice, &0, &5)), Error::TransferFailed);
    assert_eq!((w.balance(&w.alice), w.staking().total()), (world::WEALTH, 0));
}

/// A world in which new code was announced.
fn announced() -> World {
    let w = World::new();
    let wasm: BytesN<32> = w.env.deployer().upload_contract_wasm(soroban_sdk::Bytes::from_slice(&w.env, &module()));
    w.allow(&w.admin, "upgrade_announce", (&wasm,));
    w.staking().upgrade_announce(&wasm);
    w
}

#[test]
fn code_is_replaced_within_its_seven_days_and_once() {
    for (after, refusal) in
        [(37 * DAY - 1, Some(Error::UpgradeEarly)), (37 * DAY, None), (44 * DAY, None), (44 * DAY + 1, Some(Error::NotFound))]
    {
        let w = announced();
        w.pass(after);
        w.allow(&w.admin, "upgrade", ());
        let answer = w.staking().try_upgrade();
        let pending = w.env.as_contract(&w.at, || w.env.storage().instance().has(&(Symbol::new(&w.env, "Upgrade"),)));
        assert_eq!(pending, refusal.is_some(), "{after}");
        match refusal {
            Some(error) => assert_eq!(world::refused(answer), error, "{after}"),
            None => assert!(answer.is_ok(), "{after}"),
        }
    }
}

#[test]
fn code_is_replaced_by_the_admin_only() {
    let w = announced();
    w.pass(38 * DAY);
    w.allow_nothing();
    world::stopped(w.staking().try_upgrade());
    for wrong in [&w.alice, &w.court, &w.fund] {
        w.allow(wrong, "upgrade", ());
        world::stopped(w.staking().try_upgrade());
    }
    w.allow(&w.admin, "upgrade", ());
    w.staking().upgrade();
    assert!(w.staking().try_total().is_err(), "the code has no entry points, and the contract has it");
}

/// The smallest contract: no functions, and the section that names the environment's version.
fn module() -> Vec<u8> {
    let meta = b"contractenvmetav0";
    let mut section = vec![meta.len() as u8];
    section.extend_from_slice(meta);
    section.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 0]);
    let mut wasm = b"\0asm\x01\0\0\0\0".to_vec();
    wasm.push(section.len() as u8);
    wasm.extend(section);
    wasm
}
