//! Mutation testing of the contracts (`make mutants`). Every mutant of the listed files is compiled into one copy of the workspace,
//! each behind its number; the tests then run once per mutant with that number in the environment. A mutant that no test notices is a
//! survivor: a missing test, or a change that means the same, which `allowed.txt` then says with its reason.
//!
//! FILES= names parts of paths; N= takes a random sample of as many mutants, by SEED=; JOBS= runs as many at once; AGAIN=1 leaves out what a
//! former run killed in files that are the same since; QUICK=s leaves out tests that take longer, so that more may survive but none less;
//! MINUTES= begins no other mutant after so long, and the report says what was not tried.

mod allowed;
mod kept;
mod mutation;
mod operators;
mod report;
mod rewrite;
mod run;
mod suite;
mod workspace;

use std::{collections::BTreeSet, env, fs, path::PathBuf, process::ExitCode, time::Duration};

use mutation::Mutant;

/// Where money, verdicts, certificates and scores are decided; in `contracts/soroban`.
const FILES: [&str; 16] = [
    "core/src/money.rs",
    "core/src/judge.rs",
    "core/src/settlement.rs",
    "core/src/certificate.rs",
    "core/src/leaf.rs",
    "core/src/merkle.rs",
    "consumer/src/escrow.rs",
    "consumer/src/settle.rs",
    "consumer/src/life.rs",
    "provider/src/settle.rs",
    "provider/src/reservation.rs",
    "provider/src/collateral.rs",
    "oracle/src/quorum.rs",
    "score/src/arithmetic.rs",
    "score/src/points.rs",
    "score/src/record.rs",
];

fn main() -> ExitCode {
    match mutants() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("mutants: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the contracts' tests pass the bar.
fn mutants() -> Result<bool, String> {
    let home = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(|_| "run it with cargo run")?);
    let contracts = home.parent().ok_or("contracts/mutants has no parent")?;
    let options = Options::read()?;
    let files = options.files();
    if files.is_empty() {
        return Err(format!("FILES={}: none of the files", options.only.join(" ")));
    }

    let work = workspace::Workspace::copy(contracts, &home.join("target/work"))?;
    let (mutants, unviable) = build(&work, &files)?;
    let suite = suite::Suite::list(work.tests()?)?;
    let traced = suite.trace(&work.dir().join("seen"), options.quick)?;
    eprintln!("{} mutants in {} files, {} more do not compile; {} tests", mutants.len(), files.len(), unviable, traced.tests());

    let results = home.join("target/results");
    let whole = options.sample.is_none();
    let made = mutants.len();
    let outcomes = if whole {
        let (kept, mut outcomes) = kept::Kept::begin(&results, &work, &mutants, options.again)?;
        let rest: Vec<Mutant> = mutants.into_iter().filter(|m| outcomes.iter().all(|(k, _)| k.number != m.number)).collect();
        outcomes.extend(run::run(&traced, &rest, options.jobs, options.most, |mutant, outcome| kept.add(mutant, outcome))?);
        outcomes.sort_by_key(|(m, _)| m.number);
        outcomes
    } else {
        run::run(&traced, &options.sample(mutants), options.jobs, options.most, |_, _| Ok(()))?
    };
    let allowed = allowed::Allowed::read(&home.join("allowed.txt"))?;
    if whole {
        report::write(&home, &results, &work, &allowed)?;
    }
    let complete = outcomes.len() == made;
    if whole && !complete {
        eprintln!("{} of {made} mutants were not tried", made - outcomes.len());
    }
    Ok(report::judge(&outcomes, &allowed, complete))
}

/// Rewrites and compiles, leaving out what the compiler refuses, until it takes all. Returns the mutants and how many were left out.
fn build(work: &workspace::Workspace, files: &[&'static str]) -> Result<(Vec<Mutant>, usize), String> {
    for file in FILES.iter().filter(|f| !files.contains(f)) {
        work.put(file, &work.original(file)?)?;
    }
    // What did not compile last time will not now, and each round of finding out takes minutes.
    let known = work.dir().join("refused.txt");
    let mut refused: BTreeSet<String> = fs::read_to_string(&known).unwrap_or_default().lines().map(str::to_owned).collect();
    loop {
        let mut next = 1;
        let mut mutants = Vec::new();
        for file in files {
            let rewritten = rewrite::rewrite(file, &work.original(file)?, &mut next, &refused)?;
            work.put(file, &rewritten.text)?;
            mutants.extend(rewritten.mutants);
        }
        work.put_helper(files, next)?;
        eprintln!("compiling {} mutants", mutants.len());
        let failed = work.compile()?;
        if failed.is_empty() {
            let lines: String = refused.iter().map(|key| format!("{key}\n")).collect();
            fs::write(&known, lines).map_err(|e| format!("{}: {e}", known.display()))?;
            return Ok((mutants, refused.iter().filter(|key| files.iter().any(|f| key.starts_with(f))).count()));
        }
        let before = refused.len();
        for number in failed {
            let mutant = mutants.iter().find(|m| m.number == number).ok_or("the compiler refuses what is no mutant")?;
            eprintln!("does not compile: {}", mutant.name());
            refused.insert(mutant.key());
        }
        if refused.len() == before {
            return Err("the compiler refuses the same mutants again".to_owned());
        }
    }
}

struct Options {
    only: Vec<String>,
    sample: Option<usize>,
    seed: u64,
    jobs: usize,
    again: bool,
    quick: Duration,
    most: Duration,
}

impl Options {
    fn read() -> Result<Self, String> {
        let text = |name: &str| env::var(name).ok().filter(|v| !v.is_empty());
        let number = |name: &str| text(name).map(|v| v.parse::<u64>().map_err(|_| format!("{name}={v} is no number"))).transpose();
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        Ok(Options {
            only: text("FILES").unwrap_or_default().split([',', ' ']).filter(|f| !f.is_empty()).map(str::to_owned).collect(),
            sample: number("N")?.filter(|n| *n > 0).map(|n| n as usize),
            seed: number("SEED")?.unwrap_or(1),
            jobs: number("JOBS")?.map_or(cores, |n| n as usize).max(1),
            quick: number("QUICK")?.map_or(Duration::MAX, Duration::from_secs),
            most: number("MINUTES")?.map_or(Duration::MAX, |n| Duration::from_secs(60 * n)),
            again: number("AGAIN")?.unwrap_or(0) > 0,
        })
    }

    fn files(&self) -> Vec<&'static str> {
        let wanted = |f: &&str| self.only.is_empty() || self.only.iter().any(|o| f.contains(o.as_str()));
        FILES.into_iter().filter(wanted).collect()
    }

    /// A sample without repetition, in the order of the source.
    fn sample(&self, mut mutants: Vec<Mutant>) -> Vec<Mutant> {
        let Some(n) = self.sample else { return mutants };
        eprintln!("a sample of {n}, SEED={}", self.seed);
        let mut state = self.seed;
        let mut random = move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        while mutants.len() > n {
            let i = random() as usize % mutants.len();
            mutants.swap_remove(i);
        }
        mutants.sort_by_key(|m| m.number);
        mutants
    }
}
