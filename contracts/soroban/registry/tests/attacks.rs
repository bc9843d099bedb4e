//! What somebody who wants to harm or to gain would try, and what becomes of it.

mod world;

use flashback_core::error::Error;
use flashback_registry::types::{Params, State};
use flashback_staking::types::role;
use world::{refused, World, DAY, ROLE_CERTIFIER, ROLE_PROVIDER};

/// A denial that nobody stands behind freezes nothing: it needs a bond as large as what it would freeze, of a stake of its own.
#[test]
fn freezing_others_needs_as_much_at_stake() {
    let w = World::new();
    let (victim, subject) = (w.certifier(20_000), w.someone());
    w.certify(&victim, &subject, 3, 1);
    let griefer = w.certifier(5_002);
    assert_eq!(refused(w.try_certify(&griefer, &subject, 0, 1)), Error::BondMissing);
    w.give(&griefer, 100_000);
    w.stake(&griefer, ROLE_PROVIDER, 100_000); // another role's stake
    assert_eq!(refused(w.try_certify(&griefer, &subject, 0, 1)), Error::BondMissing);
}

/// One denial freezes one certification; the same bond is never behind two.
#[test]
fn one_bond_one_conflict() {
    let w = World::new();
    let subject = w.someone();
    let (a, b, griefer) = (w.certifier(20_000), w.certifier(20_000), w.certifier(10_005));
    let (x, y) = (w.certify(&a, &subject, 3, 1), w.certify(&b, &subject, 3, 1));
    let denial = w.certify(&griefer, &subject, 0, 1);
    w.allow_nothing();
    w.registry().conflict(&denial, &x);
    assert_eq!(refused(w.registry().try_conflict(&denial, &y)), Error::Frozen);
    assert_eq!(refused(w.try_certify(&griefer, &subject, 0, 2)), Error::BondMissing);
    assert!(w.is_certified(&y, 3));
}

/// Deny, freeze, take it back: it costs a part of the bond each time, and the subject gets most of that.
#[test]
fn freezing_and_giving_in_costs() {
    let w = World::new();
    let (certifier, subject, griefer) = (w.certifier(20_000), w.someone(), w.certifier(20_000));
    let id = w.certify(&certifier, &subject, 3, 1);
    for i in 0..3 {
        let denial = w.certify(&griefer, &subject, 0, 10 + i);
        w.allow_nothing();
        w.registry().conflict(&id, &denial);
        assert!(!w.is_certified(&id, 1));
        w.revoke(&griefer, &denial).unwrap().unwrap();
        assert!(w.is_certified(&id, 3), "and it is Live again");
    }
    // ⌊5,003 · 10 %⌋ = 500, of which ⌊500 · 25.01 %⌋ = 125 are the fund's.
    let fund = w.registry().params().fund;
    assert_eq!((w.flash().balance(&subject), w.flash().balance(&fund)), (3 * 375, 3 * 125));
    assert_eq!(w.staking().stake_of(&griefer, &ROLE_CERTIFIER), 20_000 - 3 * 500);
}

/// Whoever sees a ruling come cannot give in cheaply any more.
#[test]
fn the_loser_does_not_run_from_the_ruling() {
    let w = World::new();
    let (liar, honest, subject) = (w.certifier(20_000), w.certifier(20_000), w.someone());
    let lie = w.certify(&liar, &subject, 3, 1);
    let denial = w.certify(&honest, &subject, 0, 1);
    w.allow_nothing();
    w.registry().conflict(&lie, &denial);
    w.pass(7 * DAY + 1);
    assert_eq!(refused(w.revoke(&liar, &lie)), Error::Frozen);
    assert_eq!(refused(w.registry().try_expire(&lie)), Error::Frozen);
    w.unbond(&liar, ROLE_CERTIFIER, 20_000);
    w.pass(31 * DAY);
    w.allow_nothing();
    assert_eq!(refused(w.staking().try_withdraw(&liar, &ROLE_CERTIFIER)), Error::StakeHeld);
    let by = w.registry().params().resolver;
    w.resolve(&by, &lie, &denial, &denial).unwrap().unwrap();
    assert_eq!((w.of(&lie).state, w.of(&denial).state), (State::Refuted, State::Live));
    assert_eq!(w.flash().balance(&w.registry().params().fund), 5_001, "unbonding stake is slashed too");
}

/// A certification whose stake is gone says nothing, whatever its state is.
#[test]
fn no_stake_no_word() {
    let w = World::new();
    let (certifier, subject) = (w.certifier(6_000), w.someone());
    let (id, other) = (w.certify(&certifier, &subject, 3, 1), w.someone());
    assert!(w.is_certified(&id, 3) && w.is_certified(&id, 1) && w.is_certified(&id, 0));
    w.unbond(&certifier, ROLE_CERTIFIER, 1_000);
    assert!(!w.is_certified(&id, 3), "1 unit under the bond");
    let c = w.of(&id);
    assert!(!w.registry().is_certified(&id, &other, &c.kind, &1, &c.scope));
    assert!(!w.registry().is_certified(&w.hash(7), &subject, &c.kind, &1, &c.scope));
    let denial = w.certify(&w.certifier(6_000), &subject, 0, 1);
    assert!(!w.is_certified(&denial, 0), "a denial certifies nothing");
}

/// A certifier's own account as fund or resolver, or a subject that is a contract without code: nothing is paid to the one who is slashed.
#[test]
fn nobody_is_slashed_in_its_own_favour() {
    let w = World::new();
    let (liar, honest, subject) = (w.certifier(20_000), w.certifier(20_000), w.someone());
    let p = w.registry().params();
    w.set_params(&Params { version: 2, fund: liar.clone(), ..p }).unwrap().unwrap();
    let (lie, denial) = (w.certify(&liar, &subject, 3, 1), w.certify(&honest, &subject, 0, 1));
    w.allow_nothing();
    w.registry().conflict(&lie, &denial);
    w.resolve(&w.at.admin.clone(), &lie, &denial, &denial).unwrap().unwrap();
    assert_eq!((w.flash().balance(&liar), w.flash().balance(&w.at.staking_fund)), (0, 5_001));
}

/// The bond of a poor loser is what is there; the subject comes before the fund, and nothing is stuck.
#[test]
fn a_poor_loser_blocks_nobody() {
    let w = World::new();
    let (certifier, griefer, subject) = (w.certifier(20_000), w.certifier(5_003), w.someone());
    let (id, denial) = (w.certify(&certifier, &subject, 1, 1), w.certify(&griefer, &subject, 0, 1));
    w.allow_nothing();
    w.registry().conflict(&id, &denial);
    w.unbond(&griefer, ROLE_CERTIFIER, 5_003);
    w.pass(61 * DAY);
    w.allow_nothing();
    w.staking().withdraw(&griefer, &ROLE_CERTIFIER); // nobody renewed the hold
    w.resolve(&w.at.admin.clone(), &id, &denial, &id).unwrap().unwrap();
    assert_eq!((w.of(&id).state, w.flash().balance(&subject)), (State::Live, 0));
    assert_eq!(w.owner(&griefer).bonded, 0);
}

/// When the Registry may not slash, a ruling fails as a whole and can be repeated; a lapse needs no slash.
#[test]
fn a_ruling_without_slash_leaves_nothing_half_done() {
    let w = World::new();
    let (certifier, denier, subject) = (w.certifier(20_000), w.certifier(20_000), w.someone());
    let (id, denial) = (w.certify(&certifier, &subject, 1, 1), w.certify(&denier, &subject, 0, 1));
    w.allow_nothing();
    w.registry().conflict(&id, &denial);
    w.allow(&w.at.admin, &w.at.staking, "slasher", (&w.at.registry, false));
    w.staking().slasher(&w.at.registry, &false);
    assert_eq!(refused(w.resolve(&w.at.admin.clone(), &id, &denial, &id)), Error::NotAuthorized);
    assert_eq!((w.of(&id).state, w.of(&denial).state, w.owner(&denier).bonded), (State::Frozen, State::Frozen, 5_003));
    w.pass(90 * DAY + 1);
    w.allow_nothing();
    w.registry().lapse(&id, &denial);
    assert_eq!((w.owner(&denier).bonded, w.staking().stake_of(&denier, &ROLE_CERTIFIER)), (0, 20_000));
}

/// A price that rises while the payment is on its way is not paid: who subscribes says the most, and authorises the exact transfer.
#[test]
fn a_price_that_rises_is_not_paid() {
    let w = World::new();
    let (from, provider) = (w.someone(), w.someone());
    w.give(&from, 10_000);
    let p = w.registry().params();
    w.set_params(&Params { version: 2, list_price: 102, ..p.clone() }).unwrap().unwrap();
    let args = (&from, &provider, 2_u32, 202_i128);
    w.allow_paying(&from, &w.at.registry, "subscribe", args, &p.payee, 202);
    assert_eq!(refused(w.registry().try_subscribe(&from, &provider, &2, &202)), Error::PriceAbove);
    assert_eq!((w.flash().balance(&from), w.registry().subscription(&provider)), (10_000, 0));
}

/// The provider role lists, the others do not; what is unbonding does not.
#[test]
fn a_stake_lists_only_while_it_is_one() {
    let w = World::new();
    let provider = w.someone();
    w.give(&provider, 100_000);
    w.stake(&provider, role::VOTER, 50_000);
    assert!(!w.registry().may_list(&provider));
    w.stake(&provider, role::PROVIDER, 20_000);
    assert!(w.registry().may_list(&provider));
    w.unbond(&provider, role::PROVIDER, 1);
    assert!(!w.registry().may_list(&provider));
}

/// A nonce never makes a second certification, and another certifier's nonce is another id.
#[test]
fn an_id_is_never_used_again() {
    let w = World::new();
    let (a, b, subject) = (w.certifier(20_000), w.certifier(20_000), w.someone());
    let id = w.certify(&a, &subject, 1, 1);
    assert_ne!(id, w.certify(&b, &subject, 1, 1), "nobody takes another's id before it");
    w.revoke(&a, &id).unwrap().unwrap();
    assert_eq!(refused(w.try_certify(&a, &subject, 1, 1)), Error::Exists);
    assert_eq!(&id.to_array()[..4], &[0, 1, 5, 1], "chain, kind, version");
}
