//! Every entry point × {no authorisation, somebody else's, another call's, the right one}, with what is authorised inside. What anyone may
//! call is called with none.

mod world;

use flashback_core::error::Error;
use flashback_market::{types::State, Price, Request};
use soroban_sdk::{xdr::ToXdr, Bytes};
use world::{refused, stopped, World};

/// Calls with no authorisation, with that of `$wrong`, with that of another call, and with that of `$right`.
macro_rules! matrix {
    ($w:expr, $name:literal, $args:expr, $right:expr, $wrong:expr, $call:expr) => {{
        $w.allow_nothing();
        stopped($call);
        $w.allow($wrong, &$w.at.market, $name, $args);
        stopped($call);
        $w.allow($right, &$w.at.market, "other", $args);
        stopped($call);
        $w.allow($right, &$w.at.market, $name, $args);
        $call.unwrap().unwrap()
    }};
}

#[test]
fn the_consumer_asks_and_withdraws() {
    let w = World::new();
    let (m, stranger, wanted, nonce) = (w.market(), w.someone(), w.wanted(false), w.hash(1));
    let args = (&w.consumer, wanted.clone(), &nonce);
    let id = matrix!(w, "ask", args.clone(), &w.consumer, &stranger, m.try_ask(&w.consumer, &wanted, &nonce));
    w.allow(&stranger, &w.at.market, "withdraw", (&stranger, &id));
    assert_eq!(refused(m.try_withdraw(&stranger, &id)), Error::NotAuthorized, "another's");
    matrix!(w, "withdraw", (&w.consumer, &id), &w.consumer, &stranger, m.try_withdraw(&w.consumer, &id));
    assert_eq!(m.ask_of(&id).state, State::Withdrawn);
}

/// An answer is the provider's own price, which it authorises in the same call: without it there is no answer.
#[test]
fn the_provider_answers_with_its_price_inside() {
    let w = World::new();
    let (m, id, stranger) = (w.market(), w.ask(false, 1), w.someone());
    let (args, price) = ((&w.provider, &id, &w.unit, 5_000i128, 7i128), w.price(&id, (5_000, 7)));
    let call = || m.try_answer(&w.provider, &id, &w.unit, &5_000, &7);
    w.allow_nothing();
    stopped(call());
    w.allow_pricing(&stranger, "answer", args, &w.unit, &w.consumer, &price);
    stopped(call());
    w.allow(&w.provider, &w.at.market, "answer", args);
    stopped(call()); // the price is not authorised
    w.allow(&w.provider, &w.at.po, "price_for", (&w.provider, &w.unit, &w.consumer, price.clone()));
    stopped(call()); // the answer is not
    let dearer = Price { storage_price: 5_001, ..price.clone() };
    let longer = Price { until: price.until + 1, ..price.clone() };
    let larger = Price { volume: price.volume + 1, ..price.clone() };
    for (consumer, other) in [(&stranger, &price), (&w.consumer, &dearer), (&w.consumer, &longer), (&w.consumer, &larger)] {
        w.allow_pricing(&w.provider, "answer", args, &w.unit, consumer, other);
        stopped(call()); // another price is
    }
    w.allow_pricing(&w.provider, "answer", args, &w.unit, &w.consumer, &price);
    call().unwrap().unwrap();
    assert_eq!(w.po().price_of(&w.unit, &w.consumer), Some(price));
}

#[test]
fn the_provider_commits_and_reveals() {
    let w = World::new();
    let (m, id, stranger, salt) = (w.market(), w.ask(true, 1), w.someone(), w.hash(9));
    // The commitment by hand: the account's encoding is chain 1, kind 1 (a contract), and the last 32 bytes of its XDR.
    let xdr = w.provider.clone().to_xdr(&w.env);
    let mut bytes = Bytes::from_slice(&w.env, b"FLASHBACK-ANSWER-PRICE-v1");
    bytes.append(&id.clone().into());
    bytes.extend_from_array(&[0, 1, 1]);
    bytes.append(&xdr.slice(xdr.len() - 32..));
    bytes.append(&w.unit.clone().into());
    bytes.extend_from_array(&5_000u128.to_be_bytes());
    bytes.extend_from_array(&7u128.to_be_bytes());
    bytes.append(&salt.clone().into());
    let commitment = w.env.crypto().sha256(&bytes).to_bytes();
    let args = (&w.provider, &id, &commitment);
    matrix!(w, "commit", args, &w.provider, &stranger, m.try_commit(&w.provider, &id, &commitment));
    w.pass(3_601);
    let (args, price) = ((&w.provider, &id, &w.unit, 5_000i128, 7i128, &salt), w.price(&id, (5_000, 7)));
    let call = || m.try_reveal(&w.provider, &id, &w.unit, &5_000, &7, &salt);
    w.allow_nothing();
    stopped(call());
    w.allow_pricing(&stranger, "reveal", args, &w.unit, &w.consumer, &price);
    stopped(call());
    w.allow(&w.provider, &w.at.market, "reveal", args);
    stopped(call());
    w.allow_pricing(&w.provider, "other", args, &w.unit, &w.consumer, &price);
    stopped(call());
    w.allow_pricing(&w.provider, "reveal", args, &w.unit, &w.consumer, &price);
    call().unwrap().unwrap();
    assert!(m.answer_of(&id, &w.provider).revealed);
}

/// Taking is the consumer's own request, with the transfer of its deposit: each is authorised, to the unit.
#[test]
fn the_consumer_takes_with_the_request_and_the_deposit_inside() {
    let w = World::new();
    let (m, id, stranger) = (w.market(), w.ask(false, 1), w.someone());
    w.try_answer(&w.provider, &id, &w.unit, 5_000).unwrap().unwrap();
    let answer = m.answer_of(&id, &w.provider);
    let deal = w.deal(&answer, 3);
    let request = w.request(&id, &answer, &deal);
    let call = || m.try_take(&w.consumer, &id, &w.provider, &deal);
    w.allow_nothing();
    stopped(call());
    w.allow_take(&stranger, &id, &w.provider, &deal, &request);
    stopped(call());
    w.allow(&w.consumer, &w.at.market, "take", (&w.consumer, &id, &w.provider, deal.clone()));
    stopped(call()); // no request
    let changes: [fn(&mut Request); 4] = [|r| r.max_total += 1, |r| r.deposit -= 1, |r| r.volume -= 1, |r| r.unit = r.nonce.clone()];
    for change in changes {
        let mut other = request.clone();
        change(&mut other);
        w.allow_take(&w.consumer, &id, &w.provider, &deal, &other);
        stopped(call()); // another request
    }
    w.allow_take(&w.provider, &id, &w.provider, &deal, &request);
    assert_eq!(refused(m.try_take(&w.provider, &id, &w.provider, &deal)), Error::NotAuthorized, "another's ask");
    w.allow_take(&w.consumer, &id, &w.provider, &deal, &request);
    let sla = call().unwrap().unwrap();
    let ask = m.ask_of(&id);
    assert_eq!((ask.state, ask.sla), (State::Chosen, sla.clone()));
    assert_eq!(w.co().requested(&sla), Some(request));
    assert_eq!((w.coin().balance(&w.at.co), w.coin().balance(&w.at.market)), (answer.total, 0), "the Market holds nothing");
}

#[test]
fn the_admin_can_upgrade_and_nothing_else() {
    let w = World::new();
    let (m, stranger) = (w.market(), w.someone());
    matrix!(w, "upgrade_announce", (w.hash(5),), &w.at.admin, &stranger, m.try_upgrade_announce(&w.hash(5)));
    assert_eq!(m.upgrade_announced().unwrap().wasm, w.hash(5));
    w.allow_nothing();
    stopped(m.try_upgrade());
    w.allow(&stranger, &w.at.market, "upgrade", ());
    stopped(m.try_upgrade());
    w.allow(&w.at.admin, &w.at.market, "upgrade", ());
    assert_eq!(refused(m.try_upgrade()), Error::UpgradeEarly);
    w.pass(15 * 86_400);
    w.allow(&w.at.admin, &w.at.market, "upgrade", ());
    assert_eq!(refused(m.try_upgrade()), Error::NotFound, "announced too long ago");
    matrix!(w, "set_admin", (&stranger,), &w.at.admin, &stranger, m.try_set_admin(&stranger));
    assert_eq!(m.admin(), stranger);
    w.allow(&w.at.admin, &w.at.market, "set_admin", (&stranger,));
    stopped(m.try_set_admin(&stranger)); // the former admin
}

#[test]
fn anyone_may_call_the_rest() {
    let w = World::new();
    let (m, id) = (w.market(), w.ask(false, 1));
    w.try_answer(&w.provider, &id, &w.unit, 5_000).unwrap().unwrap();
    w.allow_nothing();
    m.extend(&id);
    assert_eq!(refused(m.try_extend(&w.hash(9))), Error::NotFound);
    assert_eq!(m.answer_at(&id, &0), m.answer_of(&id, &w.provider));
    assert_eq!(refused(m.try_answer_at(&id, &1)), Error::NotFound);
    assert_eq!(refused(m.try_answer_of(&id, &w.consumer)), Error::NotFound);
    assert_eq!(refused(m.try_ask_of(&w.hash(9))), Error::NotFound);
    w.pass(7_201);
    m.expire(&id);
    assert_eq!(m.ask_of(&id).state, State::Expired);
}
