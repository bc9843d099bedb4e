//! The reference model's statements about Staking: `contracts/vectors/staking.json`.

mod world;

use flashback_core::error::Error;
use flashback_staking::{types::Position, Staking, StakingClient};
use serde_json::Value;
use soroban_sdk::{testutils::Ledger as _, Address, BytesN};
use world::{Answer, World};

fn number(v: &Value) -> i128 {
    v.as_str().unwrap().parse().unwrap()
}

/// A 64-bit number: a decimal string in arguments, a number as time of a step.
fn time(v: &Value) -> u64 {
    v.as_u64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap())
}

fn bytes(w: &World, v: &Value) -> BytesN<32> {
    let text = v.as_str().unwrap();
    let mut out = [0; 32];
    for (i, b) in out.iter_mut().enumerate() {
        *b = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap();
    }
    BytesN::from_array(&w.env, &out)
}

/// The world of the vectors' genesis.
fn world(document: &Value) -> World {
    let w = World::new();
    let address = |v: &Value| Address::from_str(&w.env, v.as_str().unwrap());
    let genesis = &document["genesis"];
    let (at, admin, fund) = (address(&genesis["self"]), address(&genesis["admin"]), address(&genesis["fund"]));
    w.env.register_at(&at, Staking, (admin.clone(), w.token.clone(), fund.clone()));
    for b in document["balances"].as_array().unwrap() {
        w.mint(&address(&b["account"]), number(&b["amount"]));
    }
    World { at, admin, fund, ..w }
}

/// What a call answered: its refusal, or a number (of an unbonding, of an amount).
fn answered<T: Into<i128>, C: std::fmt::Debug>(answer: Answer<T, C>) -> Result<i128, Error> {
    match answer {
        Ok(value) => Ok(value.unwrap().into()),
        other => Err(world::refused(other)),
    }
}

fn done<T: std::fmt::Debug, C: std::fmt::Debug>(answer: Answer<T, C>) -> Result<i128, Error> {
    match answer {
        Ok(value) => value.map(|_| 0).map_err(|e| panic!("{e:?}")),
        other => Err(world::refused(other)),
    }
}

fn call(w: &World, name: &str, args: &Value) -> Result<i128, Error> {
    let s = StakingClient::new(&w.env, &w.at);
    let who = |field: &str| Address::from_str(&w.env, args[field].as_str().unwrap());
    let role = args["role"].as_u64().unwrap_or_default() as u32;
    let amount = args["amount"].as_str().map_or(0, |a| a.parse().unwrap());
    match name {
        "Stake" => {
            let (from, owner) = (who("from"), who("owner"));
            w.allow_stake(&from, &owner, role, amount);
            done(s.try_stake(&from, &owner, &role, &amount))
        }
        "Unbond" => {
            w.allow(&who("owner"), "unbond", (who("owner"), role, amount));
            answered(s.try_unbond(&who("owner"), &role, &amount))
        }
        "CancelUnbond" => {
            let n = args["number"].as_u64().unwrap() as u32;
            w.allow(&who("owner"), "cancel_unbond", (who("owner"), role, n));
            done(s.try_cancel_unbond(&who("owner"), &role, &n))
        }
        "Withdraw" => {
            w.allow_nothing();
            answered(s.try_withdraw(&who("owner"), &role))
        }
        "Slash" => {
            let (by, owner, to, cause) = (who("by"), who("owner"), who("to"), bytes(w, &args["cause"]));
            w.allow(&by, "slash", (&by, &owner, role, amount, &to, &cause));
            answered(s.try_slash(&by, &owner, &role, &amount, &to, &cause))
        }
        "Hold" => {
            let (by, owner, until) = (who("by"), who("owner"), time(&args["until"]));
            w.allow(&by, "hold", (&by, &owner, role, until));
            done(s.try_hold(&by, &owner, &role, &until))
        }
        "NameSlasher" => {
            let (contract, allowed) = (who("contract"), args["allowed"].as_bool().unwrap());
            w.allow(&w.admin, "slasher", (&contract, allowed));
            done(s.try_slasher(&contract, &allowed))
        }
        "UpgradeAnnounce" => {
            let wasm = bytes(w, &args["wasm"]);
            w.allow(&w.admin, "upgrade_announce", (&wasm,));
            done(s.try_upgrade_announce(&wasm))
        }
        "Upgrade" => {
            w.allow(&w.admin, "upgrade", ());
            done(s.try_upgrade())
        }
        "PowerAt" => answered(s.try_power_at(&who("owner"), &time(&args["time"]))),
        "TotalAt" => answered(s.try_total_at(&time(&args["time"]))),
        _ => panic!("no entry point is called {name}"),
    }
}

fn is(position: &Position, v: &Value) -> bool {
    let unbondings = v["unbondings"].as_array().unwrap();
    position.active == number(&v["active"])
        && position.unbonding == number(&v["unbonding"])
        && position.held_until == time(&v["heldUntil"])
        && u64::from(position.next) == v["next"].as_u64().unwrap()
        && position.unbondings.len() as usize == unbondings.len()
        && position.unbondings.iter().zip(unbondings).all(|(u, v)| {
            u64::from(u.number) == v["number"].as_u64().unwrap() && u.amount == number(&v["amount"]) && u.until == time(&v["until"])
        })
}

#[test]
fn the_contract_says_what_the_model_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/staking.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = document["cases"].as_array().unwrap();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    for case in cases {
        let w = world(&document);
        let s = StakingClient::new(&w.env, &w.at);
        for (i, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let place = format!("{}, step {i}", case["name"]);
            w.env.ledger().set_timestamp(time(&step["at"]));
            let answer = call(&w, step["call"].as_str().unwrap(), &step["args"]);
            let error = answer.map_or_else(|e| format!("{e:?}"), |_| String::new());
            assert_eq!(error, step["error"].as_str().unwrap(), "{place}");
            if let Ok(answer) = answer {
                let want = step["number"].as_u64().map_or_else(|| number(&step["amount"]), i128::from);
                assert_eq!(answer, want, "{place}: answer");
            }
            if let Some(owner) = step["args"]["owner"].as_str() {
                let owner = Address::from_str(&w.env, owner);
                assert_eq!(s.votes(&owner), number(&step["votes"]), "{place}: votes");
                assert_eq!(w.balance(&owner), number(&step["wealth"]), "{place}: wealth");
                if let Some(want) = step.get("position") {
                    let position = s.position(&owner, &(step["args"]["role"].as_u64().unwrap() as u32));
                    assert!(is(&position, want), "{place}: {position:?} is not {want}");
                }
            }
            assert_eq!(s.total(), number(&step["total"]), "{place}: total");
            assert_eq!(w.balance(&w.at), number(&step["held"]), "{place}: held");
            assert_eq!(w.balance(&w.fund), number(&step["fund"]), "{place}: fund");
        }
    }
}
