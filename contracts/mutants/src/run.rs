//! The tests once per mutant, several mutants at a time. The tests that killed most come first, the quicker of two as good.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{
    mutation::{Mutant, Outcome},
    suite::{self, Run, Suite},
};

struct Progress {
    next: usize,
    outcomes: Vec<(Mutant, Outcome)>,
    /// By test: how many it killed.
    kills: BTreeMap<usize, u32>,
    survivors: usize,
    told: Instant,
}

pub fn run(suite: &Suite, mutants: &[Mutant], jobs: usize) -> Vec<(Mutant, Outcome)> {
    let began = Instant::now();
    let progress = Mutex::new(Progress { next: 0, outcomes: Vec::new(), kills: BTreeMap::new(), survivors: 0, told: began });
    let work = || loop {
        let (mutant, kills) = {
            let mut p = progress.lock().expect("no worker panics");
            let Some(mutant) = mutants.get(p.next) else { return };
            p.next += 1;
            (mutant, p.kills.clone())
        };
        let (outcome, by) = outcome(suite, mutant, &kills);
        let mut p = progress.lock().expect("no worker panics");
        if let Some(test) = by {
            *p.kills.entry(test).or_default() += 1;
        }
        if outcome.survived() {
            p.survivors += 1;
            eprintln!("  {outcome:?}: {}    {}", mutant.name(), mutant.text);
        }
        p.outcomes.push((mutant.clone(), outcome));
        let done = p.outcomes.len();
        if p.told.elapsed() > Duration::from_secs(10) || done == mutants.len() {
            p.told = Instant::now();
            let left = began.elapsed().as_secs() as usize * (mutants.len() - done) / done;
            let killed = done - p.survivors;
            eprintln!("{done}/{}: {killed} killed, {} survivors, {} min {} s left", mutants.len(), p.survivors, left / 60, left % 60);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(work);
        }
    });
    let mut outcomes = progress.into_inner().expect("no worker panics").outcomes;
    outcomes.sort_by_key(|(m, _)| m.number);
    outcomes
}

/// What becomes of a mutant, and by which test.
fn outcome(suite: &Suite, mutant: &Mutant, kills: &BTreeMap<usize, u32>) -> (Outcome, Option<usize>) {
    let mut tests = suite.reaching(mutant.number);
    if tests.is_empty() {
        return (Outcome::Unreached, None);
    }
    tests.sort_by_key(|(i, t)| (Reverse(kills.get(i).copied().unwrap_or(0)), t.takes));
    for (i, test) in tests {
        match suite::run(test, mutant.number) {
            Run::Passed => {}
            Run::Failed => return (Outcome::Killed(test.label()), Some(i)),
            Run::TimedOut => return (Outcome::TimedOut(test.label()), Some(i)),
        }
    }
    (Outcome::Survived, None)
}
