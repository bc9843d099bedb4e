//! The tests, one by one: how long each takes and which mutants it reaches.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

pub struct Suite {
    tests: Vec<Test>,
}

#[derive(Debug)]
pub struct Test {
    pub binary: PathBuf,
    pub folder: PathBuf,
    pub name: String,
    pub takes: Duration,
    /// The numbers of the mutants it reaches.
    pub reaches: BTreeSet<u32>,
}

impl Test {
    /// `settlement::a_slash_needs_two_warnings`.
    pub fn label(&self) -> String {
        let file = self.binary.file_stem().unwrap_or_default().to_string_lossy();
        let stem = file.rsplit_once('-').map_or(&*file, |(stem, _)| stem);
        format!("{stem}::{}", self.name)
    }
}

/// What became of a test.
pub enum Run {
    Passed,
    Failed,
    TimedOut,
}

impl Suite {
    pub fn list(binaries: Vec<(PathBuf, PathBuf)>) -> Result<Self, String> {
        let mut tests = Vec::new();
        for (binary, folder) in binaries {
            let output = Command::new(&binary).args(["--list", "--format", "terse"]).output();
            let output = output.map_err(|e| format!("{}: {e}", binary.display()))?;
            for line in String::from_utf8_lossy(&output.stdout).lines() {
                let Some(name) = line.strip_suffix(": test") else { continue };
                let (binary, folder) = (binary.clone(), folder.clone());
                tests.push(Test { binary, folder, name: name.to_owned(), takes: Duration::ZERO, reaches: BTreeSet::new() });
            }
        }
        Ok(Suite { tests })
    }

    /// Runs every test alone and unchanged; it has to pass. Tests that reach no mutant, or take longer than `most`, are left out from
    /// here on.
    pub fn trace(mut self, seen: &Path, most: Duration) -> Result<Suite, String> {
        for test in &mut self.tests {
            let _ = fs::remove_file(seen);
            let began = Instant::now();
            let mut command = command(test, u32::MAX, None);
            command.env("MUTANTS_SEEN", seen);
            if !command.status().is_ok_and(|s| s.success()) {
                return Err(format!("{} fails without a change", test.label()));
            }
            test.takes = began.elapsed();
            let numbers = fs::read_to_string(seen).unwrap_or_default();
            test.reaches = numbers.lines().filter_map(|l| l.parse().ok()).collect();
        }
        self.tests.retain(|t| !t.reaches.is_empty() && t.takes <= most);
        Ok(self)
    }

    pub fn tests(&self) -> usize {
        self.tests.len()
    }

    /// The tests that reach a mutant.
    pub fn reaching(&self, number: u32) -> Vec<(usize, &Test)> {
        self.tests.iter().enumerate().filter(|(_, t)| t.reaches.contains(&number)).collect()
    }
}

/// One test with one mutant active. Its limit is of processor time, three times what it takes and two seconds, so that a busy
/// machine does not look like a mutant that never ends.
pub fn run(test: &Test, number: u32) -> Run {
    let limit = 3 * test.takes.as_secs() + 2;
    match command(test, number, Some(limit)).status() {
        Ok(status) if status.success() => Run::Passed,
        Ok(status) if stopped(status) => Run::TimedOut,
        _ => Run::Failed,
    }
}

fn command(test: &Test, number: u32, limit: Option<u64>) -> Command {
    let mut command = Command::new("sh");
    let limits = limit.map_or(String::new(), |seconds| format!("ulimit -t {seconds}; ulimit -v 8000000; "));
    command.args(["-c", &format!("{limits}exec \"$0\" --exact \"$1\" --test-threads 1")]);
    command.arg(&test.binary).arg(&test.name).current_dir(&test.folder);
    command.env("MUTANT", number.to_string()).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// By the limit: the kernel sends SIGXCPU or, at the hard limit, SIGKILL.
fn stopped(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    matches!(status.signal(), Some(9 | 24))
}
