//! The vectors that the reference model writes: arithmetic, points of a leaf, totals, and whole scripts of calls.
mod support;

use flashback_core::{leaf::Leaf, terms::Terms};
use flashback_score::{
    arithmetic::{self, Evidence},
    points::{self, Ending, Scale, Weight},
    types::{Pair, Shown, Standing},
};
use serde_json::Value;
use soroban_sdk::{testutils::Ledger as _, Address, Vec as HostVec};
use support::*;

fn evidence(v: &Value) -> Evidence {
    Evidence { good: number(&v["good"]), bad: number(&v["bad"]) }
}

fn pairs(v: &Value) -> Vec<Evidence> {
    v.as_array().unwrap().iter().map(evidence).collect()
}

#[test]
fn every_case_is_read() {
    let (mut seen, kinds) = (0, ["pair", "total", "points", "calls"]);
    for case in cases() {
        assert_eq!(kinds.iter().filter(|k| case.get(**k).is_some()).count(), 1, "{}", case["name"]);
        seen += 1;
    }
    assert!(seen >= 80, "{seen} cases");
}

#[test]
fn pair() {
    for case in cases() {
        let (name, v) = (&case["name"], &case["pair"]);
        if v.is_null() {
            continue;
        }
        let (e, seconds) = (evidence(v), number::<u64>(&v["seconds"]));
        assert_eq!(arithmetic::factor(seconds), number::<u128>(&v["factor"]), "{name}");
        assert_eq!(e.decayed(seconds).unwrap(), evidence(&v["decayed"]), "{name}");
        assert_eq!(arithmetic::decay(e.good, seconds).unwrap(), evidence(&v["decayed"]).good, "{name}");
        assert_eq!(e.spread(seconds).unwrap(), evidence(&v["spread"]), "{name}");
        assert_eq!(arithmetic::lower_bound(e).unwrap(), number::<u32>(&v["lowerBound"]), "{name}");
        assert_eq!(arithmetic::value(e).unwrap(), number::<u32>(&v["value"]), "{name}");
    }
}

#[test]
fn total() {
    for case in cases() {
        let v = &case["total"];
        if v.is_null() {
            continue;
        }
        let list = |v: &Value| v.as_array().unwrap().iter().map(number::<u32>).collect::<Vec<_>>();
        let total = arithmetic::total(list(&v["values"]).into_iter().zip(list(&v["weights"]))).unwrap();
        assert_eq!(total, number::<u32>(&v["total"]), "{}", case["name"]);
    }
}

#[test]
fn points_of_a_leaf() {
    use Ending::*;
    for case in cases() {
        let (name, v) = (&case["name"], &case["points"]);
        if v.is_null() {
            continue;
        }
        let (terms, leaf) = (Terms::decode(&hex(&v["terms"])).unwrap(), Leaf::decode(&hex(&v["leaf"])).unwrap());
        let ending = [Running, Kept, Closed, Defaulted, Reclaimed, Terminated, Abandoned][number::<usize>(&v["ending"])];
        let scale = Scale { unit: number(&v["unit"]), cap: number(&v["cap"]), severity: number(&v["severity"]) };
        let weight = Weight::of(&terms, &leaf, &scale).unwrap();
        assert_eq!(weight, Weight { whole: number(&v["whole"]), paid: number(&v["paid"]) }, "{name}");
        let agreed = number(&v["agreed"]);
        let provider = points::provider(&terms, &leaf, ending, agreed, &weight, scale.severity).unwrap();
        assert_eq!(provider.to_vec(), pairs(&v["provider"]), "{name}");
        assert_eq!(points::consumer(&terms, &leaf, ending, agreed, &weight).unwrap().to_vec(), pairs(&v["consumer"]), "{name}");
        assert_eq!(points::ruling(&terms, weight.whole, 1).unwrap(), number::<u128>(&v["ruling"]), "{name}");
    }
}

#[test]
fn calls() {
    for case in cases() {
        if !case["calls"].is_null() {
            play(case["name"].as_str().unwrap(), &case["calls"]);
        }
    }
}

fn play(name: &str, v: &Value) {
    let w = World::new(number(&v["begin"]), number(&v["epochSeconds"]), params(&v["params"]));
    let address = |v: &Value| Address::from_str(&w.env, v.as_str().unwrap());
    w.wire();
    for (i, step) in v["steps"].as_array().unwrap().iter().enumerate() {
        let at = format!("{name}, step {i}");
        w.env.ledger().set_timestamp(number(&step["at"]));
        w.allow_nothing();
        let sla = w.b32(array(&step["sla"]));
        let error = match step["call"].as_str().unwrap() {
            "settled" => {
                let s = &step["settled"];
                let terms = hex(&s["terms"]);
                let told = Told {
                    terms: &terms,
                    terms_hash: array(&s["termsHash"]),
                    provider: address(&s["provider"]),
                    asset: address(&s["asset"]),
                    state: number(&s["state"]),
                    settled: array(&s["settledHash"]),
                    start: number(&s["startEpoch"]),
                    consumer: address(&s["consumer"]),
                    duration: s.get("duration").map(number),
                    reclaim_epochs: s.get("reclaimEpochs").map(number),
                    consumer_state: number(&s["consumerState"]),
                };
                w.tell(&sla, &told);
                continue;
            }
            "record" => name_of(w.score().try_record(&sla, &w.bytes(&hex(&step["from"])), &w.bytes(&hex(&step["to"])))),
            "ruled" => {
                let (id, loser) = (w.b32(array(&step["id"])), address(&step["loser"]));
                w.allow(&w.dispute, "ruled", (&id, &sla, &loser));
                name_of(w.score().try_ruled(&id, &sla, &loser))
            }
            "set_unit" => {
                let (asset, unit) = (address(&step["asset"]), number::<i128>(&step["unit"]));
                w.allow(&w.admin, "set_unit", (&asset, unit));
                name_of(w.score().try_set_unit(&asset, &unit))
            }
            "set_params" => {
                let params = params(&step["params"]);
                w.allow(&w.admin, "set_params", (params.clone(),));
                name_of(w.score().try_set_params(&params))
            }
            other => panic!("{at}: no call {other}"),
        };
        let told = w.told();
        assert_eq!(error, step["error"].as_str().unwrap(), "{at}");
        let event = match step["call"].as_str() {
            Some("record") => "scored",
            Some(call) => call,
            None => "",
        };
        if ["scored", "ruled"].contains(&event) {
            let wanted = if error.is_empty() { vec![event] } else { Vec::new() };
            assert_eq!(told, wanted, "{at}");
        }
        for party in step["parties"].as_array().into_iter().flatten() {
            check(&w, &at, &address(&party["account"]), party);
        }
    }
}

fn check(w: &World, at: &str, who: &Address, party: &Value) {
    let both = w.score().pairs(who);
    let time = number::<u64>(&party["at"]);
    let (standing, shown) = match number::<u32>(&party["role"]) {
        0 => (both.provider, w.score().provider(who, &time)),
        _ => (both.consumer, w.score().consumer(who, &time)),
    };
    let known = &party["standing"];
    let mut expected = HostVec::new(&w.env);
    for e in pairs(&known["pairs"]) {
        expected.push_back(Pair::from(e));
    }
    assert_eq!(standing, Standing { updated: number(&known["updated"]), pairs: expected }, "{at}");
    let score = &party["score"];
    let dimensions = HostVec::from_iter(&w.env, score["dimensions"].as_array().unwrap().iter().map(number::<u32>));
    let expected =
        Shown { total: number(&score["total"]), dimensions, points: number(&score["points"]), updated: number(&score["updated"]) };
    assert_eq!(shown, expected, "{at}");
}
