//! The splits of `contracts/vectors/succession.json` by the contracts' own formulas: what becomes of an SLA's money and collateral, to the unit.

use std::collections::HashMap;

use flashback_core::money::{bps_of, part_of, Rate};
use flashback_tests::vectors::{cases, name, number, Value};

/// Of the scripts' deployment.
const EPOCH_SECONDS: u32 = 10;

/// What is stored of an SLA and its reservation.
#[derive(Clone)]
struct Stored<'a> {
    sla: &'a Value,
    reservation: &'a Value,
}

fn id(v: &Value) -> &str {
    v.as_str().unwrap()
}

#[test]
fn splits_conserve_money_volume_and_collateral() {
    let cases = cases("succession.json");
    let mut seen = 0;
    for case in &cases {
        let mut known: HashMap<&str, Stored> = HashMap::new();
        for step in case["steps"].as_array().unwrap() {
            let related = step["related"].as_array().into_iter().flatten();
            let now: Vec<Stored> = std::iter::once(step)
                .chain(related)
                .filter(|s| s["sla"].is_object() && s["reservation"].is_object())
                .map(|s| Stored { sla: &s["sla"], reservation: &s["reservation"] })
                .collect();
            if step["call"] == "Split" && step["error"] == "" {
                check(name(case), &known[id(&step["args"]["sla"])], step, &now);
                seen += 1;
            }
            known.extend(now.into_iter().map(|s| (id(&s.sla["id"]), s)));
        }
    }
    assert!(seen >= 20, "only {seen} splits");
}

/// `now` has the parts, in their order, and last what became of the SLA.
fn check(case: &str, before: &Stored, step: &Value, now: &[Stored]) {
    let pieces = step["args"]["pieces"].as_array().unwrap();
    let (parts, after) = (&now[..pieces.len()], now.last().unwrap());
    let amount = |v: &Value| number::<i128>(v);
    let of = |field: &str| amount(&before.sla[field]);
    let epochs: u32 = number(&step["args"]["epochs"]);
    let duration: u32 = number(&before.sla["duration"]);
    let volume: u64 = number(&before.reservation["volume"]);
    let early_bps = if of("bondTotal") == 0 { 0 } else { 1_000 };
    let rate = |bytes: u64| {
        let (storage, egress) = (number(&step["unit"]["storagePrice"]), number(&step["unit"]["egressPrice"]));
        Rate::new(storage, egress, bytes, EPOCH_SECONDS).unwrap()
    };
    let (mut need, mut collateral) = (0, 0);
    for (piece, part) in pieces.iter().zip(parts) {
        let bytes: u64 = number(&piece["volume"]);
        let total = rate(bytes).gross(duration - epochs, number(&piece["egress"])).unwrap();
        let bond = bps_of(total, early_bps).unwrap();
        let of_part = part_of(amount(&before.reservation["collateral"]), (bytes, duration - epochs), (volume, duration)).unwrap();
        let got = ["total", "bondTotal", "deposited"].map(|field| amount(&part.sla[field]));
        assert_eq!(got, [total, bond, total + bond], "{case}");
        assert_eq!(amount(&part.reservation["collateral"]), of_part, "{case}");
        assert_eq!(part.reservation["volume"], piece["volume"], "{case}");
        need += total + bond;
        collateral += of_part;
    }
    let rest = rate(volume).storage(duration).unwrap() - rate(volume).storage(epochs).unwrap();
    let kept = bps_of(of("total") - rest, early_bps).unwrap();
    let moved = need.min(rest + of("bondTotal") - kept);
    let paid: i128 = step["paid"].as_array().into_iter().flatten().map(|p| amount(&p["amount"])).sum();
    assert_eq!(paid, need - moved, "{case}: paid");
    let got = ["deposited", "bondTotal", "total"].map(|field| amount(&after.sla[field]));
    assert_eq!(got, [of("deposited") - moved, kept, of("deposited") - moved - kept], "{case}: what ends");
    assert_eq!(amount(&after.reservation["collateral"]), amount(&before.reservation["collateral"]) - collateral, "{case}");
    assert_eq!(after.reservation["volume"], "0", "{case}");
    assert_eq!(after.sla["next"], parts[0].sla["id"], "{case}");
}
