//! The survivors that are known, with why. An entry names a file, the text of a line and what is changed there, so that it holds while
//! the lines around it move, and ends with the line itself:
//!
//! ```text
//! core/src/money.rs
//!   if rest_bps == 0 {
//!   == → !=
//!   why: a sentence.
//! ```
//! Between the line and `why:` stands one change per line; `*` in place of a line or a change stands for any.

use std::{fs, path::Path};

use crate::mutation::Mutant;

pub struct Allowed {
    entries: Vec<Entry>,
}

pub struct Entry {
    pub file: String,
    pub line: String,
    pub operators: Vec<String>,
    pub why: String,
}

impl Allowed {
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut entries = Vec::new();
        let paragraphs: String = text.lines().filter(|l| !l.starts_with('#')).map(|l| l.to_owned() + "\n").collect();
        for paragraph in paragraphs.split("\n\n").filter(|p| !p.trim().is_empty()) {
            let wrong = || format!("{}: not an entry:\n{paragraph}", path.display());
            let lines: Vec<&str> = paragraph.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
            let [file, line, operators @ .., why] = lines.as_slice() else { return Err(wrong()) };
            let why = why.strip_prefix("why: ").ok_or_else(wrong)?;
            if operators.is_empty() {
                return Err(wrong());
            }
            let operators = operators.iter().map(|o| (*o).to_owned()).collect();
            entries.push(Entry { file: (*file).to_owned(), line: (*line).to_owned(), operators, why: why.to_owned() });
        }
        Ok(Allowed { entries })
    }

    /// Why a survivor may survive.
    pub fn why(&self, mutant: &Mutant) -> Option<&str> {
        self.entries.iter().find(|e| e.operators.iter().any(|o| e.names(o, mutant))).map(|e| e.why.as_str())
    }

    /// The entries, change by change, that none of the survivors needs. Only those of files that were tried.
    pub fn stale<'a>(&'a self, tried: &[&str], survivors: &[&Mutant]) -> Vec<String> {
        let entries = self.entries.iter().filter(|e| tried.contains(&e.file.as_str()));
        let all = entries.flat_map(|e| e.operators.iter().map(move |o| (e, o)));
        let unused = all.filter(|(e, o)| !survivors.iter().any(|m| e.names(o, m)));
        unused.map(|(e, o)| format!("{}: {}: {o}", e.file, e.line)).collect()
    }
}

impl Entry {
    fn names(&self, operator: &str, mutant: &Mutant) -> bool {
        self.file == mutant.file && (self.line == "*" || self.line == mutant.text) && (operator == "*" || operator == mutant.operator)
    }
}
