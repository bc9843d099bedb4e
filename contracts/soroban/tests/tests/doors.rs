//! What the other contracts and the admin may do, and nothing more: parameters, admins, new code, listing, disputes, lifetimes.

use flashback_consumer::types::SlaState;
use flashback_core::{
    error::Error,
    id,
    upgrade::{DELAY_SECONDS, OPEN_SECONDS},
};
use flashback_provider::types::Price;
use flashback_tests::{
    meter::Meter,
    oracle::GENESIS,
    refused, stopped,
    world::{World, GIB},
};
use soroban_sdk::{
    contract, contractimpl,
    testutils::{
        storage::{Instance as _, Persistent as _},
        Events as _, Ledger as _,
    },
    token::TokenClient,
    xdr::{ContractEventBody, ScVal},
    Address, Bytes, BytesN, Env,
};

/// Names of the events of the last call, in order, of all contracts.
fn event_names(w: &World) -> Vec<String> {
    let events = w.env.events().all();
    let name = |e: &soroban_sdk::xdr::ContractEvent| {
        let ContractEventBody::V0(body) = &e.body;
        match &body.topics[0] {
            ScVal::Symbol(s) => s.to_utf8_string_lossy(),
            other => panic!("first topic {other:?}"),
        }
    };
    events.events().iter().map(name).collect()
}

/// An SLA after its first window, in which everything was bad: warnings, credit, coverage.
fn after_a_dead_window(w: &World) -> (BytesN<32>, Meter, Bytes) {
    let sla = w.request(&w.wish(0));
    let mut meter = w.meter(&sla);
    let zero = w.zero_leaf(&sla);
    for _ in 0..12 {
        meter.down();
    }
    (sla, meter, zero)
}

#[test]
fn warnings_come_before_any_money() {
    let w = World::new();
    let (sla, meter, zero) = after_a_dead_window(&w);
    w.settle_quietly(&sla, &zero, &w.certify(&sla, &meter));
    let names = event_names(&w);
    let at = |name: &str| names.iter().position(|n| n == name).unwrap_or_else(|| panic!("no {name} in {names:?}"));
    for money in ["credited", "coverage", "settled"] {
        assert!(at("warning") < at(money), "{names:?}");
    }
}

#[test]
fn halves_that_were_settled_apart_meet() {
    let w = World::new();
    let sla = w.request(&w.wish(0));
    let mut meter = w.meter(&sla);
    let zero = w.zero_leaf(&sla);
    meter.down();
    let first = w.certify(&sla, &meter);
    w.allow_nothing();
    let terms = w.co().terms(&sla);
    w.po().settle(&sla, &terms, &zero, &first.leaf, &first.epoch, &first.bits, &first.path);
    meter.good(0);
    let second = w.certify(&sla, &meter);
    w.settle(&sla, &zero, &second);
    assert_eq!(w.po().reservation(&sla).settled_hash, w.co().sla(&sla).settled_hash);
    // A `from` that does not stand before the settled leaf is none.
    meter.good(0);
    let third = w.certify(&sla, &meter);
    let odd = w.po().try_settle(&sla, &terms, &third.leaf, &third.leaf, &third.epoch, &third.bits, &third.path);
    assert_eq!(refused(odd), Error::FromMismatch);
}

#[test]
fn the_admin_sets_what_is_new_and_hands_its_rights_on() {
    let w = World::new();
    let mut next = w.po().params();
    next.version = 2;
    next.collateral_min_bps = 6_000;
    w.allow(&w.admin, w.po_id(), "set_params", (next.clone(),));
    w.po().set_params(&next);
    assert_eq!(w.po().params(), next);
    w.allow(&w.admin, w.po_id(), "set_params", (next.clone(),));
    assert_eq!(refused(w.po().try_set_params(&next)), Error::ArgumentInvalid);
    next.version = 3;
    next.fee_flash_bps = next.fee_bps + 1;
    w.allow(&w.admin, w.po_id(), "set_params", (next.clone(),));
    assert_eq!(refused(w.po().try_set_params(&next)), Error::ArgumentInvalid);
    for contract in [w.po_id(), w.co_id()] {
        w.allow(&w.admin, contract, "set_admin", (&w.payout,));
        if contract == w.po_id() {
            w.po().set_admin(&w.payout);
        } else {
            w.co().set_admin(&w.payout);
        }
    }
    w.allow(&w.admin, w.co_id(), "pause", (true,));
    stopped(w.co().try_pause(&true));
    w.allow(&w.payout, w.co_id(), "pause", (true,));
    w.co().pause(&true);
}

/// Other code with the same entry points: the committed artifact with one more custom section.
fn other_code(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../artifacts").join(name);
    let mut wasm = std::fs::read(path).unwrap();
    wasm.extend([0, 6, 4, b'n', b'e', b'x', b't', 1]);
    wasm
}

#[test]
fn new_code_comes_after_a_week_and_keeps_the_state() {
    for name in ["provider.wasm", "consumer.wasm"] {
        let w = World::of_wasm();
        let sla = w.request(&w.wish(0));
        let before = (w.co().sla(&sla), w.po().reservation(&sla), w.po().unit(&w.unit));
        let code = w.env.deployer().upload_contract_wasm(Bytes::from_slice(&w.env, &other_code(name)));
        let at = if name == "provider.wasm" { w.po_id() } else { w.co_id() };
        let announce = || {
            w.allow(&w.admin, at, "upgrade_announce", (&code,));
            if at == w.po_id() {
                w.po().upgrade_announce(&code);
            } else {
                w.co().upgrade_announce(&code);
            }
        };
        let upgrade = |by: &Address| {
            w.allow(by, at, "upgrade", ());
            if at == w.po_id() {
                w.po().try_upgrade()
            } else {
                w.co().try_upgrade()
            }
        };
        assert_eq!(refused(upgrade(&w.admin)), Error::NotFound);
        announce();
        w.env.ledger().set_timestamp(GENESIS + DELAY_SECONDS - 1);
        assert_eq!(refused(upgrade(&w.admin)), Error::UpgradeEarly);
        w.env.ledger().set_timestamp(GENESIS + DELAY_SECONDS + OPEN_SECONDS + 1);
        assert_eq!(refused(upgrade(&w.admin)), Error::NotFound);
        announce();
        w.env.ledger().set_timestamp(GENESIS + 2 * DELAY_SECONDS + OPEN_SECONDS + 1);
        stopped(upgrade(&w.consumer));
        upgrade(&w.admin).unwrap().unwrap();
        assert_eq!(refused(upgrade(&w.admin)), Error::NotFound);
        assert_eq!((w.co().sla(&sla), w.po().reservation(&sla), w.po().unit(&w.unit)), before);
        w.env.ledger().set_timestamp(GENESIS + 60 * 86_400);
        w.co().time_out(&sla);
        assert_eq!(w.sla(&sla).state, SlaState::Completed);
    }
}

/// A Registry that lets one provider list.
#[contract]
struct Doorkeeper;

#[contractimpl]
impl Doorkeeper {
    pub fn __constructor(env: Env, paid: Address) {
        env.storage().instance().set(&0u32, &paid);
    }

    pub fn may_list(env: Env, provider: Address) -> bool {
        env.storage().instance().get::<u32, Address>(&0) == Some(provider)
    }
}

#[test]
fn listing_has_its_price_where_there_is_a_registry() {
    for paid in [false, true] {
        let w = World::unwired();
        let registry = w.env.register(Doorkeeper, (if paid { &w.provider } else { &w.consumer },));
        w.wire(Some(registry));
        w.join();
        let nonce = w.bytes32(1);
        let listed = w.spec(true);
        let mut quiet = listed.clone();
        quiet.listed = false;
        w.allow(&w.provider, w.po_id(), "unit_create", (&w.provider, listed.clone(), &nonce));
        let created = w.po().try_unit_create(&w.provider, &listed, &nonce);
        assert_eq!(created.is_ok(), paid);
        if !paid {
            assert_eq!(refused(created), Error::ListingUnpaid);
        }
        let unit = w.create_unit(&quiet, 2);
        w.allow(&w.provider, w.po_id(), "unit_list", (&w.provider, &unit, true));
        let listing = w.po().try_unit_list(&w.provider, &unit, &true);
        assert_eq!(listing.is_ok(), paid);
        let price = Price { storage_price: 1, egress_price: 1, volume: 0, egress: 0, duration: 0, until: w.env.ledger().timestamp() + 1 };
        w.allow(&w.provider, w.po_id(), "price_for", (&w.provider, &unit, &w.consumer, price.clone()));
        assert_eq!(w.po().try_price_for(&w.provider, &unit, &w.consumer, &price).is_ok(), paid, "an unlisted unit sold to one at a time is sold");
        w.allow(&w.provider, w.po_id(), "unit_list", (&w.provider, &unit, false));
        w.po().unit_list(&w.provider, &unit, &false);
    }
}

#[test]
fn a_dispute_moves_what_it_holds_between_the_two_only() {
    let w = World::new();
    let sla = w.request(&w.wish(0));
    let mut meter = w.meter(&sla);
    let zero = w.zero_leaf(&sla);
    for _ in 0..12 {
        meter.good(0);
    }
    w.settle(&sla, &zero, &w.certify(&sla, &meter));
    let dispute = w.payees.insurance.clone();
    w.allow(&dispute, w.co_id(), "freeze", (&sla, 10i128, false));
    assert_eq!(refused(w.co().try_freeze(&sla, &10, &false)), Error::NotInitialized);
    w.allow(&w.admin, w.co_id(), "wire_dispute", (&dispute,));
    w.co().wire_dispute(&dispute);
    w.allow(&w.admin, w.co_id(), "wire_dispute", (&w.admin,));
    assert_eq!(refused(w.co().try_wire_dispute(&w.admin)), Error::AlreadyInitialized);
    w.allow(&w.admin, w.co_id(), "freeze", (&sla, 10i128, false));
    stopped(w.co().try_freeze(&sla, &10, &false));
    let before = w.sla(&sla);
    w.allow(&dispute, w.co_id(), "freeze", (&sla, 1_000i128, false));
    assert_eq!(w.co().freeze(&sla, &1_000, &false), 1_000);
    w.allow(&dispute, w.co_id(), "freeze", (&sla, 1i128, false));
    assert_eq!(refused(w.co().try_freeze(&sla, &1, &false)), Error::Disputed);
    w.co().payout(&sla);
    let held = w.sla(&sla);
    assert_eq!((held.disputed, held.provider_claim, held.withdrawn), (1_000, 0, before.provider_claim - 1_000));
    w.allow(&dispute, w.co_id(), "rule", (&sla, 1_001i128));
    assert_eq!(refused(w.co().try_rule(&sla, &1_001)), Error::AmountInvalid);
    w.allow(&dispute, w.co_id(), "rule", (&sla, 300i128));
    w.co().rule(&sla, &300);
    let ruled = w.sla(&sla);
    assert_eq!((ruled.disputed, ruled.provider_claim, ruled.consumer_claim), (0, 700, before.consumer_claim + 300));
    w.allow(&dispute, w.co_id(), "freeze", (&sla, i128::MAX, false));
    assert_eq!(w.co().freeze(&sla, &i128::MAX, &false), 700);
}

#[test]
fn a_token_that_refuses_is_transfer_failed() {
    let w = World::new();
    let wish = w.wish(0);
    w.allow_paying(&w.consumer, &w.token, "burn", (&w.consumer, 1i128), 0);
    let all = w.balance(&w.consumer);
    w.allow(&w.consumer, &w.token, "transfer", (&w.consumer, &w.refund, all));
    TokenClient::new(&w.env, &w.token).transfer(&w.consumer, &w.refund, &all);
    w.allow_request(&wish);
    assert_eq!(refused(w.co().try_request(&w.consumer, &wish)), Error::TransferFailed);
    w.allow_paying(&w.provider, w.po_id(), "deposit", (&w.provider, &w.token, i128::MAX / 2), i128::MAX / 2);
    assert_eq!(refused(w.po().try_deposit(&w.provider, &w.token, &(i128::MAX / 2))), Error::TransferFailed);
    assert_eq!(w.po().unit(&w.unit).reserved_bytes, 0, "nothing is left of a failed request");
}

#[test]
fn an_emergency_counts_double() {
    let w = World::new();
    let now = GENESIS;
    let call = |until: u64| {
        w.allow(&w.provider, w.po_id(), "unit_emergency", (&w.provider, &w.unit, until));
        w.po().try_unit_emergency(&w.provider, &w.unit, &until)
    };
    assert_eq!(refused(call(now)), Error::ArgumentInvalid);
    assert_eq!(refused(call(now + 16)), Error::QuotaExceeded);
    call(now + 15).unwrap().unwrap();
    assert_eq!(w.po().unit(&w.unit).maintenance.used, 30);
    assert_eq!(refused(call(now + 1)), Error::StateWrong);
    assert_eq!(refused(w.po().try_quote(&w.unit, &w.consumer, &GIB, &0, &10, &w.none())), Error::UnitMaintenance);
}

/// With the network left alone until entries are close to their end, anyone keeps what live money depends on.
#[test]
fn anyone_extends_what_is_stored() {
    let w = World::new();
    let sla = w.request(&w.wish(0));
    let left = |contract: &Address, of: &dyn Fn() -> u32| w.env.as_contract(contract, of);
    let entries = |contract: &Address| {
        left(contract, &|| {
            let s = w.env.storage().persistent();
            s.all().keys().iter().filter(|k| s.has(k)).map(|k| s.get_ttl(&k)).min().unwrap()
        })
    };
    w.env.ledger().with_mut(|l| l.sequence_number += 1_000_000);
    w.allow_nothing();
    let (po, co) = (entries(w.po_id()), entries(w.co_id()));
    w.po().extend(&id::SLA, &sla);
    w.co().extend(&id::SLA, &sla);
    assert!(entries(w.po_id()) >= po + 1_000_000, "node, unit, reservation, provider, collateral, parameters");
    assert!(entries(w.co_id()) >= co + 1_000_000, "SLA, terms, parameters");
    assert!(left(w.po_id(), &|| w.env.storage().instance().get_ttl()) > 1_000_000);
    assert_eq!(refused(w.po().try_extend(&id::GRANT, &sla)), Error::ArgumentInvalid);
    assert_eq!(refused(w.po().try_extend(&id::UNIT, &sla)), Error::NotFound);
    assert_eq!(refused(w.co().try_extend(&id::GRANT, &sla)), Error::NotFound);
    assert_eq!(refused(w.co().try_extend(&id::NODE, &sla)), Error::ArgumentInvalid);
}
