//! The contract against `contracts/vectors/registry.json`, with the real Staking and FLASH beside it.

#[allow(dead_code)]
#[path = "../../tests/src/vectors.rs"]
mod vectors;
mod world;

use flashback_core::error::Error;
use flashback_registry::types::{Certification, Params, State};
use soroban_sdk::{testutils::Ledger as _, Address, BytesN, Env, InvokeError, Vec as HostVec};
use vectors::{array, document, name, number, Value};
use world::{env, Answer, Places, World};

#[test]
fn the_contract_agrees_with_the_model() {
    let document = document("registry.json");
    let cases = document["cases"].as_array().unwrap();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    for case in cases {
        let w = begin(&document);
        for (i, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let at = format!("{}, step {i}, {}", name(case), step["call"]);
            w.env.ledger().set_timestamp(number(&step["at"]));
            let (error, answer) = call(&w, step["call"].as_str().unwrap(), &step["args"]);
            assert_eq!(error, step["error"].as_str().unwrap(), "{at}");
            if error.is_empty() {
                if let Some(want) = answer {
                    assert_eq!(want, step["answer"]["id"].as_str().or(step["answer"]["until"].as_str()).unwrap(), "{at}");
                }
                compare(&w, &step["after"], &at);
            }
        }
    }
}

fn begin(document: &Value) -> World {
    let env = env();
    let genesis = &document["genesis"];
    let places = Places {
        registry: account(&env, &genesis["registry"]),
        staking: account(&env, &document["staking"]),
        token: account(&env, &document["token"]),
        staking_fund: account(&env, &document["stakingFund"]),
        admin: account(&env, &genesis["admin"]),
    };
    let params = params(&env, &genesis["params"]);
    let w = World::at(env, places, &params);
    for b in document["balances"].as_array().unwrap() {
        w.give(&account(&w.env, &b["account"]), number(&b["amount"]));
    }
    w
}

/// The error's name, and what the call answered as text where the vector says it.
fn call(w: &World, call: &str, args: &Value) -> (String, Option<String>) {
    let (env, at, r) = (&w.env, &w.at.registry, w.registry());
    let who = |field: &str| account(env, &args[field]);
    let b32 = |field: &str| BytesN::from_array(env, &array(&args[field]));
    let n = |field: &str| number::<u32>(&args[field]);
    match call {
        "Stake" => {
            let (owner, role, amount) = (who("owner"), n("role"), number::<i128>(&args["amount"]));
            w.allow_paying(&owner, &w.at.staking, "stake", (&owner, &owner, role, amount), &w.at.staking, amount);
            plain(w.staking().try_stake(&owner, &owner, &role, &amount))
        }
        "Unbond" => {
            let (owner, role, amount) = (who("owner"), n("role"), number::<i128>(&args["amount"]));
            w.allow(&owner, &w.at.staking, "unbond", (&owner, role, amount));
            plain(w.staking().try_unbond(&owner, &role, &amount))
        }
        "Withdraw" => {
            w.allow_nothing();
            plain(w.staking().try_withdraw(&who("owner"), &n("role")))
        }
        "Register" => {
            let (certifier, info) = (who("certifier"), b32("info"));
            w.allow(&certifier, at, "certifier", (&certifier, &info));
            plain(r.try_certifier(&certifier, &info))
        }
        "Certify" => {
            let (certifier, subject, kind, level) = (who("certifier"), who("subject"), n("kind"), n("level"));
            let (scope, evidence, expires, nonce) = (b32("scope"), b32("evidence"), number::<u64>(&args["expires"]), b32("nonce"));
            w.allow(&certifier, at, "certify", (&certifier, &subject, kind, level, &scope, &evidence, expires, &nonce));
            id(r.try_certify(&certifier, &subject, &kind, &level, &scope, &evidence, &expires, &nonce))
        }
        "Object" => {
            let (certifier, against, level) = (who("certifier"), b32("against"), n("level"));
            let (evidence, expires, nonce) = (b32("evidence"), number::<u64>(&args["expires"]), b32("nonce"));
            w.allow(&certifier, at, "object", (&certifier, &against, level, &evidence, expires, &nonce));
            id(r.try_object(&certifier, &against, &level, &evidence, &expires, &nonce))
        }
        "Revoke" => {
            let (certifier, id, reason) = (who("certifier"), b32("id"), b32("reason"));
            w.allow(&certifier, at, "revoke", (&certifier, &id, &reason));
            plain(r.try_revoke(&certifier, &id, &reason))
        }
        "Expire" => {
            w.allow_nothing();
            plain(r.try_expire(&b32("id")))
        }
        "Conflict" => {
            w.allow_nothing();
            plain(r.try_conflict(&b32("a"), &b32("b")))
        }
        "Resolve" => plain(w.resolve(&who("by"), &b32("a"), &b32("b"), &b32("right"))),
        "Lapse" => {
            w.allow_nothing();
            plain(r.try_lapse(&b32("a"), &b32("b")))
        }
        "Hold" => {
            w.allow_nothing();
            plain(r.try_hold(&who("certifier")))
        }
        "Subscribe" => {
            let (from, provider, periods, most) = (who("from"), who("provider"), n("periods"), number::<i128>(&args["maxTotal"]));
            let p = r.params();
            let total = p.list_price * i128::from(periods);
            w.allow_paying(&from, at, "subscribe", (&from, &provider, periods, most), &p.payee, total);
            let answer = r.try_subscribe(&from, &provider, &periods, &most);
            let until = answer.as_ref().ok().map(|u| u.as_ref().unwrap().to_string());
            (plain(answer).0, until)
        }
        "SetParams" => plain(w.set_params(&params(env, &args["params"]))),
        other => panic!("no call {other}"),
    }
}

fn plain<T, C>(answer: Answer<T, C>) -> (String, Option<String>) {
    let error = match answer {
        Ok(_) => String::new(),
        Err(Ok(error)) => format!("{error:?}"),
        Err(Err(InvokeError::Abort)) => "host".to_owned(),
        Err(Err(InvokeError::Contract(n))) => format!("contract error {n}"),
    };
    (error, None)
}

fn id<C>(answer: Result<Result<BytesN<32>, C>, Result<Error, InvokeError>>) -> (String, Option<String>) {
    let made = answer.as_ref().ok().and_then(|id| id.as_ref().ok()).map(|id| hex(&id.to_array()));
    (plain(answer).0, made)
}

fn hex(b: &[u8]) -> String {
    b.iter().map(|b| format!("{b:02x}")).collect()
}

/// Everything that is stored.
fn compare(w: &World, after: &Value, at: &str) {
    let (env, r) = (&w.env, w.registry());
    w.allow_nothing();
    let list = |field: &str| after[field].as_array().unwrap().clone();
    for v in list("certifications") {
        let id = BytesN::from_array(env, &array(&v["id"]));
        let c = r.certification(&id);
        assert_eq!(c, certification(env, &v), "{at}");
        assert_eq!(v["holds"], Value::Bool(r.is_certified(&id, &c.subject, &c.kind, &c.level, &c.scope)), "{at}");
    }
    for v in list("certifiers") {
        let c = r.certifier_of(&account(env, &v["account"]));
        let got = (c.info.to_array(), c.registered, c.bonded, c.duty_until);
        assert_eq!(got, (array(&v["info"]), number(&v["registered"]), number(&v["bonded"]), number(&v["dutyUntil"])), "{at}");
    }
    for v in list("listings") {
        let who = account(env, &v["account"]);
        assert_eq!((r.subscription(&who), r.may_list(&who)), (number(&v["until"]), v["mayList"].as_bool().unwrap()), "{at}");
    }
    for v in list("balances") {
        assert_eq!(w.flash().balance(&account(env, &v["account"])), number::<i128>(&v["amount"]), "{at}: balance of {}", v["account"]);
    }
    assert_eq!(w.flash().balance(&w.at.registry), 0, "{at}: the Registry holds nothing");
    for v in after["stakes"].as_array().into_iter().flatten() {
        let p = w.staking().position(&account(env, &v["owner"]), &number(&v["role"]));
        assert_eq!((p.active, p.held_until), (number(&v["active"]), number(&v["heldUntil"])), "{at}: stake of {}", v["owner"]);
    }
}

fn certification(env: &Env, v: &Value) -> Certification {
    let b32 = |field: &str| BytesN::from_array(env, &array(&v[field]));
    let other = b32("conflict");
    Certification {
        certifier: account(env, &v["certifier"]),
        subject: account(env, &v["subject"]),
        kind: number(&v["kind"]),
        level: number(&v["level"]),
        scope: b32("scope"),
        evidence: b32("evidence"),
        issued: number(&v["issued"]),
        expires: number(&v["expires"]),
        bound_until: number(&v["boundUntil"]),
        bond: number(&v["bond"]),
        state: [State::Live, State::Revoked, State::Expired, State::Frozen, State::Refuted][number::<usize>(&v["state"])],
        conflict: if other.to_array() == [0; 32] { None } else { Some(other) },
        concede_until: number(&v["concedeUntil"]),
        lapse_from: number(&v["lapseFrom"]),
    }
}

fn params(env: &Env, v: &Value) -> Params {
    let mut bonds = HostVec::new(env);
    for b in v["bonds"].as_array().unwrap() {
        bonds.push_back(number::<i128>(b));
    }
    Params {
        version: number(&v["version"]),
        bonds,
        list_stake: number(&v["listStake"]),
        list_price: number(&v["listPrice"]),
        list_period_seconds: number(&v["listPeriodSeconds"]),
        payee: account(env, &v["payee"]),
        fund: account(env, &v["fund"]),
        resolver: account(env, &v["resolver"]),
        max_life_seconds: number(&v["maxLifeSeconds"]),
        challenge_seconds: number(&v["challengeSeconds"]),
        concede_seconds: number(&v["concedeSeconds"]),
        lapse_seconds: number(&v["lapseSeconds"]),
        concede_bps: number(&v["concedeBps"]),
        conflict_fund_bps: number(&v["conflictFundBps"]),
    }
}

fn account(env: &Env, v: &Value) -> Address {
    Address::from_str(env, v.as_str().unwrap())
}
