//! What a run came to: whether it passes, and `report.md`, which is written once there is a result for every mutant of every file.

use std::{fmt::Write as _, fs, path::Path};

use crate::{
    allowed::Allowed,
    kept,
    mutation::{Mutant, Outcome},
    workspace::Workspace,
};

/// Of all mutants, in percent, fewer than this may survive.
const SURVIVORS_MAX_PERCENT: usize = 5;

/// Whether a run passes: fewer survivors than the bar, each with its reason, and no reason without a survivor.
pub fn judge(outcomes: &[(Mutant, Outcome)], allowed: &Allowed, whole: bool) -> bool {
    let survivors: Vec<&Mutant> = outcomes.iter().filter(|(_, o)| o.survived()).map(|(m, _)| m).collect();
    let mut ok = true;
    for mutant in survivors.iter().filter(|m| allowed.why(m).is_none()) {
        eprintln!("survives without a reason: {}\n    {}", mutant.name(), mutant.text);
        ok = false;
    }
    if whole {
        let mut tried: Vec<&str> = outcomes.iter().map(|(m, _)| m.file).collect();
        tried.dedup();
        for entry in allowed.stale(&tried, &survivors) {
            eprintln!("allowed.txt names what does not survive: {entry}");
            ok = false;
        }
    }
    let (made, left) = (outcomes.len(), survivors.len());
    println!("{made} mutants, {} killed, {left} survived ({})", made - left, percent(left, made));
    if whole && left * 100 >= made * SURVIVORS_MAX_PERCENT {
        eprintln!("{SURVIVORS_MAX_PERCENT} % or more survive");
        ok = false;
    }
    ok
}

/// Writes `report.md`, unless a file changed since it was tried.
pub fn write(home: &Path, results: &Path, work: &Workspace, allowed: &Allowed) -> Result<(), String> {
    let mut all = Vec::new();
    for file in crate::FILES {
        let Some(outcomes) = kept::whole(results, file, &work.original(file)?) else {
            eprintln!("report.md stays as it is: {file} was not tried as it is now");
            return Ok(());
        };
        all.push((file, outcomes));
    }
    fs::write(home.join("report.md"), render(&all, allowed)).map_err(|e| format!("report.md: {e}"))
}

fn render(results: &[(&str, Vec<(Mutant, Outcome)>)], allowed: &Allowed) -> String {
    let mut out = String::from(
        "# Mutation testing of the contracts\n\nWritten by `make mutants`: how many small changes of the code that decides about money, verdicts, certificates and scores \
         the contracts' native tests notice. A change that no test reaches counts as a survivor, one that never ends as killed.\n\n\
         | file | made | killed | of these by time | survived | % |\n|---|---:|---:|---:|---:|---:|\n",
    );
    let row = |out: &mut String, name: &str, outcomes: &mut dyn Iterator<Item = &Outcome>| {
        let (mut made, mut late, mut survived) = (0, 0, 0);
        for outcome in outcomes {
            made += 1;
            late += usize::from(matches!(outcome, Outcome::TimedOut(_)));
            survived += usize::from(outcome.survived());
        }
        let _ = writeln!(out, "| {name} | {made} | {} | {late} | {survived} | {} |", made - survived, percent(survived, made));
    };
    for (file, outcomes) in results {
        row(&mut out, file, &mut outcomes.iter().map(|(_, o)| o));
    }
    row(&mut out, "**all**", &mut results.iter().flat_map(|(_, o)| o.iter().map(|(_, o)| o)));
    out.push_str("\n## Survivors, and why\n");
    for (file, outcomes) in results {
        let mut survivors = outcomes.iter().filter(|(_, o)| o.survived()).map(|(m, _)| m).peekable();
        if survivors.peek().is_none() {
            continue;
        }
        let _ = write!(out, "\n### {file}\n");
        for m in survivors {
            let why = allowed.why(m).unwrap_or("**no reason: a missing test**");
            let _ = writeln!(out, "- line {}, `{}`: {}. {why}", m.line, m.text, m.operator);
        }
    }
    out
}

fn percent(part: usize, of: usize) -> String {
    let tenths = (part * 1000).checked_div(of).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}
