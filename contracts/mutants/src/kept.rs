//! Results of whole files, kept mutant by mutant while a run goes on, for as long as the file stays as it is. So a run that was broken
//! off goes on with AGAIN=1, which also asks the tests that were written since only about what survived before.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use crate::{
    mutation::{Mutant, Outcome},
    workspace::Workspace,
};

pub struct Kept {
    dir: PathBuf,
}

impl Kept {
    /// Begins the results of the mutants' files. With `again`, those that were killed before stay so; returns them.
    pub fn begin(dir: &Path, work: &Workspace, mutants: &[Mutant], again: bool) -> Result<(Self, Vec<(Mutant, Outcome)>), String> {
        fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        let kept = Kept { dir: dir.to_owned() };
        let mut killed = Vec::new();
        for of_file in mutants.chunk_by(|a, b| a.file == b.file) {
            let file = of_file[0].file;
            let source = work.original(file)?;
            let before = if again { read(dir, file, &source).map_or(Vec::new(), |(_, outcomes)| outcomes) } else { Vec::new() };
            let path = path(dir, file);
            let header = format!("{} {}\n", digest(&source), of_file.len());
            fs::write(&path, header).map_err(|e| format!("{}: {e}", path.display()))?;
            for mutant in of_file {
                let Some((_, outcome)) = before.iter().find(|(m, _)| m.line == mutant.line && m.operator == mutant.operator) else {
                    continue;
                };
                // A survivor stays one until it is tried again.
                kept.add(mutant, outcome)?;
                if !outcome.survived() {
                    killed.push((mutant.clone(), outcome.clone()));
                }
            }
        }
        Ok((kept, killed))
    }

    pub fn add(&self, mutant: &Mutant, outcome: &Outcome) -> Result<(), String> {
        let (outcome, by) = match outcome {
            Outcome::Killed(by) => ("killed", by.as_str()),
            Outcome::TimedOut(by) => ("timed out", by.as_str()),
            Outcome::Survived => ("survived", ""),
            Outcome::Unreached => ("unreached", ""),
        };
        let path = path(&self.dir, mutant.file);
        let open = |path: &Path| -> std::io::Result<File> { OpenOptions::new().append(true).open(path) };
        let line = format!("{}\t{}\t{}\t{outcome}\t{by}\n", mutant.line, mutant.text, mutant.operator);
        open(&path).and_then(|mut f| f.write_all(line.as_bytes())).map_err(|e| format!("{}: {e}", path.display()))
    }
}

/// How many mutants the file has, and the results there are, in the order of the lines; none if it changed since.
pub fn read(dir: &Path, file: &'static str, source: &str) -> Option<(usize, Vec<(Mutant, Outcome)>)> {
    let text = fs::read_to_string(path(dir, file)).ok()?;
    let mut lines = text.lines();
    let (of, made) = lines.next()?.split_once(' ')?;
    if of != digest(source) {
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
    let mut outcomes = lines.map(parse).collect::<Option<Vec<(Mutant, Outcome)>>>()?;
    // What was tried again stands there twice: the later outcome holds.
    outcomes.reverse();
    let mut seen = BTreeSet::new();
    outcomes.retain(|(m, _)| seen.insert(m.name()));
    outcomes.sort_by_key(|(m, _)| m.line);
    Some((made.parse().ok()?, outcomes))
}

fn path(dir: &Path, file: &str) -> PathBuf {
    dir.join(file.replace('/', "-") + ".tsv")
}

/// FNV-1a, which is enough to see that a file changed.
fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}
