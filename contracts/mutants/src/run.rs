//! The tests once per mutant, several mutants at a time. First come the tests that killed most in the time they take.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{
    mutation::{Mutant, Outcome},
    suite::{self, Run, Suite, Test},
};

struct Progress {
    next: usize,
    outcomes: Vec<(Mutant, Outcome)>,
    /// By test: how many it killed.
    kills: BTreeMap<usize, u32>,
    survivors: usize,
    told: Instant,
    /// Why results could not be kept.
    failed: Option<String>,
}

/// Tells `keep` each outcome as it comes, and returns them in the order of the source. After `most` no other mutant is begun.
pub fn run(
    suite: &Suite,
    mutants: &[Mutant],
    jobs: usize,
    most: Duration,
    keep: impl Fn(&Mutant, &Outcome) -> Result<(), String> + Sync,
) -> Result<Vec<(Mutant, Outcome)>, String> {
    let began = Instant::now();
    let progress = Mutex::new(Progress { next: 0, outcomes: Vec::new(), kills: BTreeMap::new(), survivors: 0, told: began, failed: None });
    let work = || loop {
        let (mutant, kills) = {
            let mut p = progress.lock().expect("no worker panics");
            let Some(mutant) = mutants.get(p.next).filter(|_| began.elapsed() < most) else { return };
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
        if let Err(why) = keep(mutant, &outcome) {
            p.failed = Some(why);
            p.next = mutants.len();
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
    let mut progress = progress.into_inner().expect("no worker panics");
    progress.outcomes.sort_by_key(|(m, _)| m.number);
    match progress.failed {
        Some(why) => Err(why),
        None => Ok(progress.outcomes),
    }
}

/// What becomes of a mutant, and by which test.
fn outcome(suite: &Suite, mutant: &Mutant, kills: &BTreeMap<usize, u32>) -> (Outcome, Option<usize>) {
    let mut tests = suite.reaching(mutant.number);
    if tests.is_empty() {
        return (Outcome::Unreached, None);
    }
    let cost = |(i, t): &(usize, &Test)| t.takes.as_secs_f64() / f64::from(1 + kills.get(i).copied().unwrap_or(0));
    tests.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
    for (i, test) in tests {
        match suite::run(test, mutant.number) {
            Run::Passed => {}
            Run::Failed => return (Outcome::Killed(test.label()), Some(i)),
            Run::TimedOut => return (Outcome::TimedOut(test.label()), Some(i)),
        }
    }
    (Outcome::Survived, None)
}
