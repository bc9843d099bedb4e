//! What a run came to: whether it passes, and `report.md`.

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

/// The mutants of a file: how many were made, and what became of those that were tried.
type Tried = (usize, Vec<(Mutant, Outcome)>);

/// Writes `report.md` from all that was tried of the files as they are now.
pub fn write(home: &Path, results: &Path, work: &Workspace, allowed: &Allowed) -> Result<(), String> {
    let mut all = Vec::new();
    for file in crate::FILES {
        all.push((file, kept::read(results, file, &work.original(file)?).unwrap_or_default()));
    }
    fs::write(home.join("report.md"), render(&all, allowed)).map_err(|e| format!("report.md: {e}"))
}

fn render(results: &[(&str, Tried)], allowed: &Allowed) -> String {
    let mut out = String::from(
        "# Mutation testing of the contracts\n\nWritten by `make mutants`: how many small changes of the code that decides about money, verdicts, certificates and scores \
         the contracts' native tests notice. A change that no test reaches counts as a survivor, one that never ends as killed.\n\n\
         | file | made | tried | killed | of these by time | survived | % of tried |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    let row = |out: &mut String, name: &str, made: usize, outcomes: &mut dyn Iterator<Item = &Outcome>| {
        let (mut tried, mut late, mut survived) = (0, 0, 0);
        for outcome in outcomes {
            tried += 1;
            late += usize::from(matches!(outcome, Outcome::TimedOut(_)));
            survived += usize::from(outcome.survived());
        }
        let made = if made == 0 { "not tried".to_owned() } else { made.to_string() };
        let killed = tried - survived;
        let _ = writeln!(out, "| {name} | {made} | {tried} | {killed} | {late} | {survived} | {} |", percent(survived, tried));
    };
    for (file, (made, outcomes)) in results {
        row(&mut out, file, *made, &mut outcomes.iter().map(|(_, o)| o));
    }
    let made = results.iter().map(|(_, (made, _))| made).sum();
    row(&mut out, "**all**", made, &mut results.iter().flat_map(|(_, (_, o))| o.iter().map(|(_, o)| o)));
    out.push_str("\n## Survivors, and why\n");
    for (file, (_, outcomes)) in results {
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
