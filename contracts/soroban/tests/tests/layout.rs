//! What was stored before there were SLAs after SLAs is read as what it stands for, and stored with all fields from the next write on
//! (`docs/spec/life.md`, Upgrades with another layout).

use flashback_consumer::types::{Request, SlaState};
use flashback_tests::world::World;
use soroban_sdk::{Address, BytesN, Env, IntoVal, Map, Symbol, Val};

const SLA: [&str; 5] = ["bond_total", "bond_taken", "group", "previous", "next"];
const RESERVATION: [&str; 4] = ["previous", "takes", "reclaim", "reclaim_epochs"];

fn stored(env: &Env, kind: &str, id: &BytesN<32>) -> Map<Symbol, Val> {
    let key: Val = (Symbol::new(env, kind), id.clone()).into_val(env);
    env.storage().persistent().get(&key).unwrap()
}

/// Takes the fields away that the version before did not have.
fn age(w: &World, contract: &Address, kind: &str, id: &BytesN<32>, fields: &[&str]) {
    w.env.as_contract(contract, || {
        let mut map = stored(&w.env, kind, id);
        for field in fields {
            assert!(map.remove(Symbol::new(&w.env, field)).is_some(), "{field}");
        }
        let key: Val = (Symbol::new(&w.env, kind), id.clone()).into_val(&w.env);
        w.env.storage().persistent().set(&key, &map);
    });
}

fn fields(w: &World, contract: &Address, kind: &str, id: &BytesN<32>) -> u32 {
    w.env.as_contract(contract, || stored(&w.env, kind, id).len())
}

fn age_both(w: &World, id: &BytesN<32>) {
    age(w, w.co_id(), "Sla", id, &SLA);
    age(w, w.po_id(), "Reservation", id, &RESERVATION);
}

#[test]
fn an_active_sla_goes_on() {
    let w = World::new();
    let id = w.request(&w.wish(0));
    let before = (w.sla(&id), w.po().reservation(&id), fields(&w, w.co_id(), "Sla", &id), fields(&w, w.po_id(), "Reservation", &id));
    age_both(&w, &id);
    assert_eq!((w.sla(&id), w.po().reservation(&id)), (before.0, before.1));
    let (mut meter, zero) = (w.meter(&id), w.zero_leaf(&id));
    for _ in 0..12 {
        meter.good(0);
    }
    w.settle(&id, &zero, &w.certify(&id, &meter));
    let after = (fields(&w, w.co_id(), "Sla", &id), fields(&w, w.po_id(), "Reservation", &id));
    assert_eq!(after, (before.2, before.3), "a write stores all fields");
}

/// Its bond is what was paid in of it; what has to be is in the terms.
#[test]
fn one_that_was_not_paid_yet_owes_its_bond() {
    let w = World::new();
    let wish = w.wish(0);
    let id = w.request(&Request { deposit: 10, ..wish.clone() });
    let before = w.sla(&id);
    assert_eq!((before.state, before.bond, before.bond_total), (SlaState::Accepted, 10, wish.deposit - wish.max_total));
    age_both(&w, &id);
    assert_eq!(w.sla(&id), before);
    let rest = wish.deposit - 10;
    w.allow_paying(&w.consumer, w.co_id(), "fund", (&w.consumer, &id, rest), rest);
    w.co().fund(&w.consumer, &id, &rest);
    let s = w.sla(&id);
    assert_eq!((s.state, s.bond, s.covered_epochs), (SlaState::Active, s.bond_total, s.duration));
}

#[test]
fn one_that_waits_for_its_provider_is_accepted() {
    let w = World::by_hand();
    let id = w.request(&w.wish(0));
    age_both(&w, &id);
    w.accept(&id);
    assert_eq!(w.sla(&id).state, SlaState::Active);
}
