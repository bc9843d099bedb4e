//! What a run came to: kept per file while the file stays as it is, and written to `report.md` once there is a result for every file.

use std::{fmt::Write as _, fs, path::Path};

use crate::{
    allowed::Allowed,
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

/// Keeps the outcomes of whole files, each with the text of the file that they hold for.
pub fn keep(dir: &Path, work: &Workspace, outcomes: &[(Mutant, Outcome)]) -> Result<(), String> {
    fs::create_dir_all(dir).map_err(|e| e.to_string())?;
    for of_file in outcomes.chunk_by(|(a, _), (b, _)| a.file == b.file) {
        let file = of_file[0].0.file;
        let mut text = format!("{}\n", digest(&work.original(file)?));
        for (mutant, outcome) in of_file {
            let (outcome, by) = match outcome {
                Outcome::Killed(by) => ("killed", by.as_str()),
                Outcome::TimedOut(by) => ("timed out", by.as_str()),
                Outcome::Survived => ("survived", ""),
                Outcome::Unreached => ("unreached", ""),
            };
            let _ = writeln!(text, "{}\t{}\t{}\t{outcome}\t{by}", mutant.line, mutant.text, mutant.operator);
        }
        fs::write(dir.join(file.replace('/', "-") + ".tsv"), text).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// What was kept of a file, if it is still the same.
fn kept(dir: &Path, file: &'static str, source: &str) -> Option<Vec<(Mutant, Outcome)>> {
    let text = fs::read_to_string(dir.join(file.replace('/', "-") + ".tsv")).ok()?;
    let mut lines = text.lines();
    if lines.next()? != digest(source) {
        return None;
    }
    let parse = |l: &str| {
        let [line, text, operator, outcome, by] = l.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let outcome = match outcome {
            "killed" => Outcome::Killed(by.to_owned()),
            "timed out" => Outcome::TimedOut(by.to_owned()),
            "survived" => Outcome::Survived,
            _ => Outcome::Unreached,
        };
        Some((Mutant { number: 0, file, line: line.parse().ok()?, text: text.to_owned(), operator: operator.to_owned() }, outcome))
    };
    lines.map(parse).collect()
}

/// Writes `report.md`, unless a file has no result for its present text.
pub fn write(home: &Path, files: &[&'static Path], contracts: &Path, allowed: &Allowed) -> Result<(), String> {
    let mut results = Vec::new();
    for file in files.iter().filter_map(|f| f.to_str()) {
        let source = fs::read_to_string(contracts.join("soroban").join(file)).map_err(|e| format!("{file}: {e}"))?;
        let Some(outcomes) = kept(&home.join("target/results"), file, &source) else {
            eprintln!("report.md stays as it is: {file} was not tried since it changed");
            return Ok(());
        };
        results.push((file, outcomes));
    }
    let text = render(&results, allowed);
    fs::write(home.join("report.md"), text).map_err(|e| format!("report.md: {e}"))
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

/// FNV-1a, which is enough to see that a file changed.
fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}
