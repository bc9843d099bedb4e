//! Joint SLAs: several units that begin together or not at all (`docs/spec/succession.md`).

use flashback_consumer::types::{Joint, Part, Request, SlaState};
use flashback_core::error::Error;
use flashback_provider::types::ReservationState;
use flashback_tests::{
    call::{allow_all, sla, terms, told},
    refused, stopped,
    world::{World, GIB},
};
use soroban_sdk::{
    testutils::{Ledger as _, MockAuth, MockAuthInvoke},
    BytesN, IntoVal, Vec,
};

fn part(w: &World, unit: &BytesN<32>, share_bps: u32, nonce: u8, deposit: i128) -> Part {
    Part { unit: unit.clone(), share_bps, egress: 50 * GIB, max_total: i128::MAX, price_version: 1, nonce: w.bytes32(nonce), deposit }
}

/// Two copies on two units, each paid in full.
fn two_copies(w: &World, auto: [bool; 2]) -> Joint {
    let full = w.wish(0).deposit;
    let units = [w.create_unit(&w.spec(auto[0]), 11), w.create_unit(&w.spec(auto[1]), 12)];
    let parts = Vec::from_array(&w.env, [part(w, &units[0], 10_000, 1, full), part(w, &units[1], 10_000, 2, full)]);
    Joint { volume: 100 * GIB, duration: 120, mode: 0, redundancy: 2, refund: w.refund.clone(), parts }
}

/// The consumer authorises a joint request with a transfer per part.
fn allow_joint(w: &World, joint: &Joint) {
    let transfer = |deposit: i128| MockAuthInvoke {
        contract: &w.token,
        fn_name: "transfer",
        args: (&w.consumer, w.co_id(), deposit).into_val(&w.env),
        sub_invokes: &[],
    };
    let transfers: std::vec::Vec<_> = joint.parts.iter().filter(|p| p.deposit > 0).map(|p| transfer(p.deposit)).collect();
    let args = (&w.consumer, joint.clone()).into_val(&w.env);
    let invoke = MockAuthInvoke { contract: w.co_id(), fn_name: "request_joint", args, sub_invokes: &transfers };
    w.env.mock_auths(&[MockAuth { address: &w.consumer, invoke: &invoke }]);
}

fn try_joint(w: &World, joint: &Joint) -> Result<Vec<BytesN<32>>, Error> {
    allow_joint(w, joint);
    match w.co().try_request_joint(&w.consumer, joint) {
        Ok(ids) => Ok(ids.unwrap()),
        refusal => Err(refused(refusal)),
    }
}

#[test]
fn copies_begin_together_in_the_request() {
    let w = World::new();
    let joint = two_copies(&w, [true, true]);
    w.allow_nothing();
    stopped(w.co().try_request_joint(&w.consumer, &joint));
    allow_all(&w, &[&w.provider], "request_joint", (&w.consumer, joint.clone()), 0);
    stopped(w.co().try_request_joint(&w.consumer, &joint));
    let ids = try_joint(&w, &joint).unwrap();
    let of_part = ["requested", "funded", "reserved", "collateral", "accepted", "unit_state", "sla_state", "sla_state"];
    let of_begin = ["sla_state", "unit_state", "reservation_active"];
    assert_eq!(told(&w), [&of_part[..], &of_part, &of_begin, &of_begin].concat());
    assert_eq!(w.co().group_of(&ids.get(0).unwrap()), ids);
    for (i, id) in ids.iter().enumerate() {
        let s = sla(&w, &id);
        assert_eq!((s.state, s.start_epoch, s.group), (SlaState::Active, 1, ids.get(0).unwrap()));
        let t = terms(&w, &id);
        let own = joint.parts.get(i as u32).unwrap().unit;
        let other = joint.parts.get(1 - i as u32).unwrap().unit;
        let units: std::vec::Vec<_> = t.units.shares().iter().map(|s| (s.unit, s.bps)).collect();
        assert_eq!(units, [(own.to_array(), 10_000), (other.to_array(), 10_000)]);
        assert_eq!((t.redundancy, t.volume_bytes), (2, 100 * GIB));
        assert_eq!(w.po().reservation(&id).state, ReservationState::Active);
    }
    assert_eq!(refused(w.co().try_group_of(&ids.get(1).unwrap())), Error::NotFound);
}

#[test]
fn a_part_waits_for_the_others() {
    let w = World::new();
    let joint = two_copies(&w, [true, false]);
    let ids = try_joint(&w, &joint).unwrap();
    let (first, second) = (ids.get(0).unwrap(), ids.get(1).unwrap());
    assert_eq!((sla(&w, &first).state, sla(&w, &second).state), (SlaState::Funded, SlaState::Requested));
    w.allow_nothing();
    assert_eq!(refused(w.co().try_begin(&first)), Error::StateWrong);
    assert_eq!(refused(w.co().try_begin(&w.bytes32(9))), Error::NotFound);
    w.allow_paying(&w.consumer, w.co_id(), "fund", (&w.consumer, &first, 1i128), 1);
    assert_eq!(refused(w.co().try_fund(&w.consumer, &first, &1)), Error::StateWrong);
    w.accept(&second);
    assert_eq!(sla(&w, &second).state, SlaState::Funded, "the provider's call cannot begin the others");
    w.allow_nothing();
    w.co().begin(&second);
    assert_eq!(told(&w), ["sla_state", "unit_state", "reservation_active", "sla_state", "unit_state", "reservation_active"]);
    for id in [&first, &second] {
        assert_eq!(sla(&w, id).state, SlaState::Active);
    }
    assert_eq!(refused(w.co().try_begin(&second)), Error::StateWrong);
    // Alone: there is nothing to wait for.
    let alone = w.request(&Request { nonce: w.bytes32(7), ..w.wish(0) });
    assert_eq!(refused(w.co().try_begin(&alone)), Error::StateWrong);
}

#[test]
fn a_part_that_waits_can_be_taken_back_or_expires() {
    let w = World::new();
    let ids = try_joint(&w, &two_copies(&w, [true, false])).unwrap();
    let (first, second) = (ids.get(0).unwrap(), ids.get(1).unwrap());
    w.allow(&w.consumer, w.co_id(), "cancel", (&w.consumer, &first));
    w.co().cancel(&w.consumer, &first);
    let s = sla(&w, &first);
    assert_eq!((s.state, s.consumer_claim), (SlaState::Cancelled, s.deposited));
    w.accept(&second);
    assert_eq!(refused(w.co().try_begin(&second)), Error::StateWrong);
    assert_eq!(refused(w.co().try_expire(&second)), Error::NotTimedOut);
    w.env.ledger().set_timestamp(sla(&w, &second).fund_by + 1);
    w.co().expire(&second);
    assert_eq!(sla(&w, &second).state, SlaState::Expired);
    assert_eq!(w.po().collateral(&w.provider, &w.token).locked, 0);
}

#[test]
fn parts_that_are_not_the_whole_are_refused() {
    let w = World::new();
    let good = two_copies(&w, [true, true]);
    let [a, b] = [good.parts.get(0).unwrap(), good.parts.get(1).unwrap()];
    let with = |parts: &[Part], redundancy: u32| Joint { parts: Vec::from_slice(&w.env, parts), redundancy, ..good.clone() };
    let share = |p: &Part, share_bps: u32| Part { share_bps, ..p.clone() };
    for joint in [
        with(&[], 1),
        with(&[a.clone()], 1),
        with(&[a.clone(), a.clone()], 1),
        with(&[a.clone(), b.clone()], 0),
        with(&[a.clone(), b.clone()], 3),
        with(&[share(&a, 0), b.clone()], 1),
        with(&[share(&a, 10_001), b.clone()], 1),
        with(&[share(&a, 4_999), share(&b, 5_000)], 1),
        with(&[share(&a, 9_999), b.clone()], 2),
        with(&[a.clone(), b.clone(), a.clone(), b.clone(), a.clone(), b.clone(), a.clone()], 1),
    ] {
        assert_eq!(try_joint(&w, &joint).unwrap_err(), Error::ArgumentInvalid, "{joint:?}");
    }
    let again = with(&[a.clone(), Part { nonce: a.nonce.clone(), ..b.clone() }], 2);
    assert_eq!(try_joint(&w, &again).unwrap_err(), Error::Exists);
    try_joint(&w, &good).unwrap();
    assert_eq!(try_joint(&w, &good).unwrap_err(), Error::Exists);
    let owing = Joint { mode: 2, ..with(&[Part { deposit: -1, ..a.clone() }, b.clone()], 2) };
    assert_eq!(try_joint(&w, &owing).unwrap_err(), Error::ArgumentInvalid, "as a request of its own: first the mode");
    w.allow(&w.admin, w.co_id(), "pause", (true,));
    w.co().pause(&true);
    assert_eq!(try_joint(&w, &with(&[], 1)).unwrap_err(), Error::Paused);
}
