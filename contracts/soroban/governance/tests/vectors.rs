//! The contract against `contracts/vectors/governance.json`, with the real Staking and FLASH beside it.

#[allow(dead_code)]
#[path = "../../tests/src/vectors.rs"]
mod vectors;
mod world;

use flashback_governance::types::{Action, Params, Target};
use soroban_sdk::{testutils::Ledger as _, xdr::FromXdr, Address, Bytes, BytesN, Env, InvokeError, Symbol, Vec as HostVec};
use vectors::{array, bytes, document, name, number, Value};
use world::{env, Answer, Places, World};

#[test]
fn the_contract_agrees_with_the_model() {
    let document = document("governance.json");
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
                let said = &step["answer"];
                let want = [&said["number"], &said["votes"], &said["until"]].into_iter().find(|v| !v.is_null());
                if let (Some(want), Some(answer)) = (want, answer) {
                    assert_eq!(answer, number::<i128>(want), "{at}");
                }
                compare(&w, &step["after"], &at);
            }
        }
    }
}

fn begin(document: &Value) -> World {
    let env = env();
    let g = &document["genesis"];
    let at = Places {
        governance: account(&env, &g["governance"]),
        consumer: account(&env, &g["consumer"]),
        governed: account(&env, &g["targets"][1]["contract"]),
        guardian: account(&env, &g["guardian"]),
        staking: account(&env, &document["staking"]),
        token: account(&env, &document["token"]),
        staking_fund: account(&env, &document["stakingFund"]),
    };
    let mut targets = HostVec::new(&env);
    for t in g["targets"].as_array().unwrap() {
        targets.push_back(Target { contract: account(&env, &t["contract"]), functions: symbols(&env, &t["functions"]) });
    }
    let w = World::at(env, at, params(&g["params"]), targets, number(&g["scale"]));
    for b in document["balances"].as_array().unwrap() {
        w.give(&account(&w.env, &b["account"]), number(&b["amount"]));
    }
    w
}

/// The error's name, and what the call answered.
fn call(w: &World, call: &str, args: &Value) -> (String, Option<i128>) {
    let (env, at, g) = (&w.env, &w.at.governance, w.governance());
    let who = |field: &str| account(env, &args[field]);
    let b32 = |field: &str| BytesN::from_array(env, &array(&args[field]));
    let n = |field: &str| number::<u32>(&args[field]);
    match call {
        "Stake" => {
            let (owner, role, amount) = (who("owner"), n("role"), number::<i128>(&args["amount"]));
            w.allow_stake(&owner, role, amount);
            (error(w.staking().try_stake(&owner, &owner, &role, &amount)), None)
        }
        "Unbond" => {
            let (owner, role, amount) = (who("owner"), n("role"), number::<i128>(&args["amount"]));
            w.allow(&owner, &w.at.staking, "unbond", (&owner, role, amount));
            (error(w.staking().try_unbond(&owner, &role, &amount)), None)
        }
        "Propose" => {
            let (proposer, actions, about) = (who("proposer"), b32("actions"), b32("about"));
            w.allow(&proposer, at, "propose", (&proposer, &actions, &about));
            both(g.try_propose(&proposer, &actions, &about))
        }
        "Vote" => both(w.try_vote(&who("voter"), n("number"), n("choice"))),
        "Execute" => {
            let xdr = Bytes::from_slice(env, &bytes(&args["xdr"]));
            assert_eq!(env.crypto().sha256(&xdr).to_bytes(), b32("hash"));
            let actions = HostVec::<Action>::from_xdr(env, &xdr).unwrap();
            w.allow_nothing();
            (error(g.try_execute(&n("number"), &actions)), None)
        }
        "Cancel" => {
            let proposer = who("proposer");
            w.allow(&proposer, at, "cancel", (&proposer, n("number")));
            (error(g.try_cancel(&proposer, &n("number"))), None)
        }
        "GuardianPause" => {
            w.allow(&g.guardian(), at, "guardian_pause", ());
            both(g.try_guardian_pause())
        }
        "Unpause" => {
            if args["byGuardian"] == true {
                w.allow(&g.guardian(), at, "unpause", ());
            } else {
                w.allow_nothing();
            }
            (error(g.try_unpause()), None)
        }
        other => panic!("no call {other}"),
    }
}

fn both<T: Into<i128>, C>(answer: Answer<T, C>) -> (String, Option<i128>) {
    match answer {
        Ok(Ok(v)) => (String::new(), Some(v.into())),
        other => (error(other), None),
    }
}

fn error<T, C>(answer: Answer<T, C>) -> String {
    match answer {
        Ok(_) => String::new(),
        Err(Ok(error)) => format!("{error:?}"),
        Err(Err(InvokeError::Abort)) => "host".to_owned(),
        Err(Err(InvokeError::Contract(n))) => format!("contract error {n}"),
    }
}

/// Everything that is stored.
fn compare(w: &World, after: &Value, at: &str) {
    let (env, g) = (&w.env, w.governance());
    w.allow_nothing();
    let proposals = after["proposals"].as_array().unwrap();
    assert_eq!(g.count() as usize, proposals.len(), "{at}");
    for v in proposals {
        let n = number::<u32>(&v["number"]);
        let p = g.proposal(&n);
        let who = (p.proposer.clone(), p.actions.to_array(), p.about.to_array());
        assert_eq!(who, (account(env, &v["proposer"]), array(&v["actions"]), array(&v["about"])), "{at}");
        let times = ["snapshot", "ends", "opens", "closes"].map(|f| number::<u64>(&v[f]));
        assert_eq!([p.snapshot, p.ends, p.opens, p.closes], times, "{at}");
        let votes = ["total", "against", "inFavour", "abstain"].map(|f| number::<i128>(&v[f]));
        assert_eq!([p.total, p.against, p.in_favour, p.abstain], votes, "{at}");
        let rules = (number::<u32>(&v["quorumBps"]), number::<u32>(&v["majorityBps"]));
        assert_eq!((p.quorum_bps, p.majority_bps), rules, "{at}");
        assert_eq!((p.executed, p.cancelled), (v["executed"] == true, v["cancelled"] == true), "{at}");
        assert_eq!(g.state(&n) as u32, number::<u32>(&v["state"]), "{at}: state of {n}");
    }
    let targets = after["targets"].as_array().unwrap();
    assert_eq!(g.targets().len() as usize, targets.len(), "{at}");
    for (t, v) in g.targets().iter().zip(targets) {
        assert_eq!((t.clone(), g.functions(&t)), (account(env, &v["contract"]), symbols(env, &v["functions"])), "{at}");
    }
    assert_eq!(g.params(), params(&after["params"]), "{at}");
    assert_eq!(g.guardian(), account(env, &after["guardian"]), "{at}");
    let pause = &after["pause"];
    assert_eq!((g.pause().until, g.pause().rest_until), (number(&pause["until"]), number(&pause["restUntil"])), "{at}");
    let announced = g.upgrade_announced().map_or(([0; 32], 0), |u| (u.wasm.to_array(), u.from));
    assert_eq!(announced, (array(&after["announced"]["wasm"]), number(&after["announced"]["from"])), "{at}");
    let governed = &after["governed"];
    assert_eq!((w.consumer().paused(), w.governed().value()), (governed["paused"] == true, number(&governed["value"])), "{at}");
}

fn symbols(env: &Env, v: &Value) -> HostVec<Symbol> {
    let mut out = HostVec::new(env);
    for s in v.as_array().unwrap() {
        out.push_back(Symbol::new(env, s.as_str().unwrap()));
    }
    out
}

fn params(v: &Value) -> Params {
    Params {
        version: number(&v["version"]),
        voting_seconds: number(&v["votingSeconds"]),
        delay_seconds: number(&v["delaySeconds"]),
        open_seconds: number(&v["openSeconds"]),
        threshold_bps: number(&v["thresholdBps"]),
        quorum_bps: number(&v["quorumBps"]),
        majority_bps: number(&v["majorityBps"]),
        pause_seconds: number(&v["pauseSeconds"]),
        rest_seconds: number(&v["restSeconds"]),
    }
}

fn account(env: &Env, v: &Value) -> Address {
    Address::from_str(env, v.as_str().unwrap())
}
