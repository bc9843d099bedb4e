//! What the committed wasm costs, against the public network's limits. `cargo test --test cost -- --nocapture` prints the table.

use flashback_tests::{meter::Meter, world::World};

/// Instructions of one transaction.
const INSTRUCTIONS_MAX: i64 = 400_000_000;
/// Nothing of ours may come near that.
const INSTRUCTIONS_GOAL: i64 = 40_000_000;

fn cost(w: &World, what: &str) -> i64 {
    let r = w.env.cost_estimate().resources();
    println!("{what:34} {:>11} instructions {:>3} entries and {:>6} bytes written", r.instructions, r.write_entries, r.write_bytes);
    assert!(r.instructions < INSTRUCTIONS_GOAL.min(INSTRUCTIONS_MAX), "{what} costs {}", r.instructions);
    r.instructions
}

fn settled_after(epochs: u32) -> i64 {
    let w = World::of_wasm();
    let id = w.request(&w.wish(0));
    cost(&w, "request (active at once)");
    let mut meter: Meter = w.meter(&id);
    for _ in 0..epochs {
        meter.good(1_000_000);
    }
    let to = w.certify(&id, &meter);
    cost(&w, "submit (3 of 4)");
    let from = w.zero_leaf(&id);
    w.allow_nothing();
    w.co().settle(&id, &from, &to.leaf, &to.epoch, &to.bits, &to.path);
    let settled = cost(&w, &format!("settle after {epochs} epochs"));
    w.co().payout(&id);
    cost(&w, "payout");
    w.co().collect(&id);
    cost(&w, "collect");
    settled
}

#[test]
fn a_settlement_costs_the_same_after_one_epoch_or_many() {
    let (one, many) = (settled_after(1), settled_after(119));
    assert!((one - many).abs() * 20 <= one, "{one} and {many} differ by more than 5 %");
}
