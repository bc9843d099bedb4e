//! The contract against `contracts/vectors/market.json`, on a stage.

#[allow(dead_code)]
#[path = "../../tests/src/vectors.rs"]
mod vectors;
mod world;

use flashback_core::types::Qos;
use flashback_market::{
    types::{Answer, Ask, Deal, State, Wanted},
    Price,
};
use soroban_sdk::{testutils::Ledger as _, Address, BytesN, Env, InvokeError, String as HostString};
use vectors::{array, document, name, number, Value};
use world::{env, Answered, Places, Told, World};

#[test]
fn the_contract_agrees_with_the_model() {
    let document = document("market.json");
    let cases = document["cases"].as_array().unwrap();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    for case in cases {
        let w = begin(&document);
        for (i, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let at = format!("{}, step {i}, {}", name(case), step["call"]);
            w.env.ledger().set_timestamp(number(&step["at"]));
            let (error, id) = call(&w, step["call"].as_str().unwrap(), &step["args"]);
            assert_eq!(error, step["error"].as_str().unwrap(), "{at}");
            if let Some(id) = id {
                assert_eq!(id.to_array(), array(&step["id"]), "{at}");
            }
            if step["after"].is_object() {
                compare(&w, &step["after"], &at);
            }
        }
    }
}

fn begin(document: &Value) -> World {
    let env = env();
    let g = &document["genesis"];
    let of = |field: &str| account(&env, &g[field]);
    let places = Places { market: of("market"), po: of("provider"), co: of("consumer"), token: of("token"), admin: of("admin") };
    let w = World::at(env.clone(), places, number(&g["epochSeconds"]));
    for u in document["units"].as_array().unwrap() {
        let told = Told {
            provider: account(&env, &u["provider"]),
            kind: number(&u["kind"]),
            class: number(&u["class"]),
            region: text(&env, &u["region"]),
            qos: qos(&u["qos"]),
            asset: account(&env, &u["asset"]),
            collateral_bps: number(&u["collateralBps"]),
            min_epochs: number(&u["minEpochs"]),
            max_epochs: number(&u["maxEpochs"]),
            state: number(&u["state"]),
        };
        w.tell(&b32(&env, &u["id"]), &told);
    }
    for p in document["unpaid"].as_array().unwrap() {
        w.po().unpaid(&account(&env, p));
    }
    for b in document["balances"].as_array().unwrap() {
        w.coin().give(&account(&env, &b["account"]), &number(&b["amount"]));
    }
    w
}

/// The error's name, and the id that the call answered.
fn call(w: &World, call: &str, args: &Value) -> (String, Option<BytesN<32>>) {
    let (env, at, m) = (&w.env, &w.at.market, w.market());
    let who = |field: &str| account(env, &args[field]);
    let b = |field: &str| b32(env, &args[field]);
    let n = |field: &str| number::<i128>(&args[field]);
    // Whom a price inside is for, and the price.
    let inside = || match m.try_ask_of(&b("id")) {
        Ok(Ok(ask)) => (ask.consumer, w.price(&b("id"), (n("storagePrice"), n("egressPrice")))),
        _ => (w.consumer.clone(), price(args)),
    };
    match call {
        "Want" => {
            let (consumer, wanted, nonce) = (who("consumer"), wanted(env, &args["wanted"]), b("nonce"));
            w.allow(&consumer, at, "ask", (&consumer, wanted.clone(), &nonce));
            made(m.try_ask(&consumer, &wanted, &nonce))
        }
        "Offer" => {
            let (p, id, unit, s, e, (consumer, price)) =
                (who("provider"), b("id"), b("unit"), n("storagePrice"), n("egressPrice"), inside());
            w.allow_pricing(&p, "answer", (&p, &id, &unit, s, e), &unit, &consumer, &price);
            plain(m.try_answer(&p, &id, &unit, &s, &e))
        }
        "Commit" => {
            let (p, id, commitment) = (who("provider"), b("id"), b("commitment"));
            w.allow(&p, at, "commit", (&p, &id, &commitment));
            plain(m.try_commit(&p, &id, &commitment))
        }
        "Reveal" => {
            let (p, id, unit, s, e, (consumer, price)) =
                (who("provider"), b("id"), b("unit"), n("storagePrice"), n("egressPrice"), inside());
            let salt = b("salt");
            w.allow_pricing(&p, "reveal", (&p, &id, &unit, s, e, &salt), &unit, &consumer, &price);
            plain(m.try_reveal(&p, &id, &unit, &s, &e, &salt))
        }
        "Take" => {
            let (consumer, id, p, d) = (who("consumer"), b("id"), who("provider"), &args["deal"]);
            let deal = Deal {
                unit: b32(env, &d["unit"]),
                max_total: number(&d["maxTotal"]),
                refund: account(env, &d["refund"]),
                deposit: number(&d["deposit"]),
                nonce: b32(env, &d["nonce"]),
            };
            match m.try_answer_of(&id, &p) {
                Ok(Ok(answer)) => w.allow_take(&consumer, &id, &p, &deal, &w.request(&id, &answer, &deal)),
                _ => w.allow(&consumer, at, "take", (&consumer, &id, &p, deal.clone())),
            }
            made(m.try_take(&consumer, &id, &p, &deal))
        }
        "Withdraw" => {
            let (consumer, id) = (who("consumer"), b("id"));
            w.allow(&consumer, at, "withdraw", (&consumer, &id));
            plain(m.try_withdraw(&consumer, &id))
        }
        "Expire" => {
            w.allow_nothing();
            plain(m.try_expire(&b("id")))
        }
        "SetAdmin" => {
            w.allow(&m.admin(), at, "set_admin", (who("admin"),));
            plain(m.try_set_admin(&who("admin")))
        }
        "PriceFor" => {
            let (p, unit, consumer, price) = (who("provider"), b("unit"), who("consumer"), price(args));
            w.allow(&p, &w.at.po, "price_for", (&p, &unit, &consumer, price.clone()));
            plain(w.po().try_price_for(&p, &unit, &consumer, &price))
        }
        other => panic!("no call {other}"),
    }
}

/// A price; what it does not say is 0.
fn price(v: &Value) -> Price {
    let n = |field: &str| v.get(field).map_or(0, number::<i128>);
    let size = |field: &str| n(field).try_into().unwrap();
    Price {
        storage_price: n("storagePrice"),
        egress_price: n("egressPrice"),
        volume: size("volume"),
        egress: size("egress"),
        duration: n("duration").try_into().unwrap(),
        until: size("until"),
    }
}

fn plain<T, C>(answer: Answered<T, C>) -> (String, Option<BytesN<32>>) {
    let error = match answer {
        Ok(_) => String::new(),
        Err(Ok(error)) => format!("{error:?}"),
        Err(Err(InvokeError::Abort)) => "host".to_owned(),
        Err(Err(InvokeError::Contract(n))) => format!("contract error {n}"),
    };
    (error, None)
}

fn made<C>(answer: Answered<BytesN<32>, C>) -> (String, Option<BytesN<32>>) {
    let id = answer.as_ref().ok().and_then(|id| id.as_ref().ok()).cloned();
    (plain(answer).0, id)
}

/// Everything that is stored.
fn compare(w: &World, after: &Value, at: &str) {
    let (env, m) = (&w.env, w.market());
    w.allow_nothing();
    let list = |v: &Value| v.as_array().unwrap().clone();
    for v in list(&after["asks"]) {
        let id = b32(env, &v["id"]);
        assert_eq!(m.ask_of(&id), ask(env, &v), "{at}");
        for (i, x) in list(&v["list"]).iter().enumerate() {
            let want = answer(env, x);
            assert_eq!(m.answer_at(&id, &(i as u32)), want, "{at}");
            assert_eq!(m.answer_of(&id, &want.provider), want, "{at}");
        }
        assert!(m.try_answer_at(&id, &number(&v["answers"])).is_err(), "{at}: no answer more");
    }
    for v in list(&after["prices"]) {
        let p = w.po().price_of(&b32(env, &v["unit"]), &account(env, &v["consumer"]));
        assert_eq!(p, Some(price(&v)), "{at}");
    }
    for v in list(&after["balances"]) {
        assert_eq!(w.coin().balance(&account(env, &v["account"])), number::<i128>(&v["amount"]), "{at}: balance of {}", v["account"]);
    }
    assert_eq!(m.admin(), account(env, &after["admin"]), "{at}");
}

fn wanted(env: &Env, v: &Value) -> Wanted {
    Wanted {
        kind: number(&v["kind"]),
        class: number(&v["class"]),
        region: text(env, &v["region"]),
        volume: number(&v["volume"]),
        egress: number(&v["egress"]),
        duration: number(&v["duration"]),
        mode: number(&v["mode"]),
        qos: qos(&v["qos"]),
        asset: account(env, &v["asset"]),
        max_total: number(&v["maxTotal"]),
        collateral_min_bps: number(&v["collateralMinBps"]),
        sealed: v["sealed"].as_bool().unwrap(),
        answer_by: number(&v["answerBy"]),
        reveal_by: number(&v["revealBy"]),
        choose_by: number(&v["chooseBy"]),
    }
}

fn ask(env: &Env, v: &Value) -> Ask {
    let w = wanted(env, v);
    Ask {
        consumer: account(env, &v["consumer"]),
        kind: w.kind,
        class: w.class,
        region: w.region,
        volume: w.volume,
        egress: w.egress,
        duration: w.duration,
        mode: w.mode,
        qos: w.qos,
        asset: w.asset,
        max_total: w.max_total,
        collateral_min_bps: w.collateral_min_bps,
        sealed: w.sealed,
        answer_by: w.answer_by,
        reveal_by: w.reveal_by,
        choose_by: w.choose_by,
        answers: number(&v["answers"]),
        state: [State::Open, State::Chosen, State::Withdrawn, State::Expired][number::<usize>(&v["state"])],
        sla: b32(env, &v["sla"]),
    }
}

fn answer(env: &Env, v: &Value) -> Answer {
    Answer {
        provider: account(env, &v["provider"]),
        unit: b32(env, &v["unit"]),
        storage_price: number(&v["storagePrice"]),
        egress_price: number(&v["egressPrice"]),
        total: number(&v["total"]),
        commitment: b32(env, &v["commitment"]),
        number: number(&v["number"]),
        revealed: v["revealed"].as_bool().unwrap(),
    }
}

fn qos(v: &Value) -> Qos {
    Qos {
        availability_ppm: number(&v["availabilityPpm"]),
        ttfb_ms: number(&v["ttfbMillis"]),
        throughput_kibps: number(&v["throughputKiBps"]),
        error_ppm: number(&v["errorPpm"]),
    }
}

fn b32(env: &Env, v: &Value) -> BytesN<32> {
    BytesN::from_array(env, &array(v))
}

fn text(env: &Env, v: &Value) -> HostString {
    HostString::from_str(env, v.as_str().unwrap())
}

fn account(env: &Env, v: &Value) -> Address {
    Address::from_str(env, v.as_str().unwrap())
}
