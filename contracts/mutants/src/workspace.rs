//! The copy of the contracts' workspace that is rewritten, compiled and tested. The sources themselves are never touched.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

/// The crates with files that are mutated, and those whose tests are asked.
const CRATES: [&str; 6] = ["core", "oracle", "provider", "consumer", "score", "tests"];

pub struct Workspace {
    source: PathBuf,
    dir: PathBuf,
}

impl Workspace {
    /// Copies `contracts/soroban` to `dir`, with the vectors and artifacts that its tests read beside it.
    pub fn copy(contracts: &Path, dir: &Path) -> Result<Self, String> {
        let source = contracts.join("soroban");
        fs::create_dir_all(dir).map_err(|e| at(dir, e))?;
        copy(&source, &dir.join("soroban"))?;
        for beside in ["vectors", "artifacts", "errors.json"] {
            let link = dir.join(beside);
            if fs::symlink_metadata(&link).is_err() {
                symlink(contracts.join(beside), &link).map_err(|e| at(&link, e))?;
            }
        }
        let work = Workspace { source, dir: dir.to_owned() };
        work.settle_profile()?;
        Ok(work)
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn original(&self, file: &str) -> Result<String, String> {
        read(&self.source.join(file))
    }

    pub fn put(&self, file: &str, text: &str) -> Result<(), String> {
        write(&self.dir.join("soroban").join(file), text)
    }

    /// The crates' own code is optimised a little, since it runs once per mutant, and nothing but rlibs is linked.
    fn settle_profile(&self) -> Result<(), String> {
        let mut root = read(&self.source.join("Cargo.toml"))?;
        for name in CRATES {
            root.push_str(&format!("\n[profile.dev.package.flashback-{name}]\nopt-level = 1\ndebug = 0\n"));
            let manifest = format!("{name}/Cargo.toml");
            self.put(&manifest, &self.original(&manifest)?.replace(r#"["cdylib", "rlib"]"#, r#"["rlib"]"#))?;
        }
        self.put("Cargo.toml", &root)
    }

    /// The module `mutant` of every crate with rewritten files: which number is active, and which were asked for.
    pub fn put_helper(&self, files: &[&str], numbers: u32) -> Result<(), String> {
        let crates: BTreeSet<&str> = files.iter().filter_map(|f| f.split('/').next()).collect();
        for name in CRATES.iter().filter(|c| **c != "tests") {
            let lib = format!("{name}/src/lib.rs");
            let mut text = self.original(&lib)?;
            if crates.contains(name) {
                let inner = text.find("#![no_std]").ok_or_else(|| format!("{lib} is not no_std"))?;
                text.insert_str(inner, "#![allow(warnings, unconditional_panic, arithmetic_overflow, overflowing_literals)]\n");
                text.push_str(&HELPER.replace("NUMBERS", &numbers.to_string()));
            }
            self.put(&lib, &text)?;
        }
        Ok(())
    }

    /// Compiles the tests; the numbers of the mutants that the compiler refuses.
    pub fn compile(&self) -> Result<BTreeSet<u32>, String> {
        let mut refused = BTreeSet::new();
        let (messages, ok) = self.cargo()?;
        if ok {
            return Ok(refused);
        }
        let mut shown = String::new();
        for message in &messages {
            let message = &message["message"];
            if message["level"] != "error" {
                continue;
            }
            shown.push_str(message["rendered"].as_str().unwrap_or_default());
            for span in message["spans"].as_array().into_iter().flatten().filter(|s| s["is_primary"] == true) {
                let file = self.dir.join("soroban").join(span["file_name"].as_str().unwrap_or_default());
                let line = span["line_end"].as_u64().unwrap_or_default() as usize;
                let column = span["column_end"].as_u64().unwrap_or_default() as usize;
                refused.extend(last_number(&read(&file)?, line, column));
            }
        }
        if refused.is_empty() {
            return Err(format!("the tests do not compile:\n{shown}"));
        }
        Ok(refused)
    }

    /// The compiled test binaries, each with the folder its tests run in.
    pub fn tests(&self) -> Result<Vec<(PathBuf, PathBuf)>, String> {
        let (messages, ok) = self.cargo()?;
        if !ok {
            return Err("the tests do not compile".to_owned());
        }
        let binary = |m: &Value| {
            let executable = PathBuf::from(m["executable"].as_str()?);
            let manifest = Path::new(m["manifest_path"].as_str()?);
            Some((executable, manifest.parent()?.to_owned()))
        };
        Ok(messages.iter().filter(|m| m["reason"] == "compiler-artifact").filter_map(binary).collect())
    }

    /// Compiles all tests of the crates; what cargo says, and whether it succeeded.
    fn cargo(&self) -> Result<(Vec<Value>, bool), String> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.current_dir(self.dir.join("soroban")).args(["test", "--locked", "--no-run", "--message-format=json", "--test", "*"]);
        cargo.args(CRATES.map(|c| format!("--package=flashback-{c}")));
        if std::env::var_os("CARGO_TARGET_DIR").is_none() {
            cargo.env("CARGO_TARGET_DIR", self.dir.with_file_name("build"));
        }
        for own in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"] {
            cargo.env_remove(own);
        }
        let output = cargo.stderr(Stdio::inherit()).output().map_err(|e| format!("cargo: {e}"))?;
        let lines = String::from_utf8_lossy(&output.stdout);
        Ok((lines.lines().filter_map(|l| serde_json::from_str(l).ok()).collect(), output.status.success()))
    }
}

const HELPER: &str = r#"
pub mod mutant {
    extern crate std;
    use std::{io::Write, sync::{atomic::{AtomicBool, Ordering::Relaxed}, OnceLock}};

    static ACTIVE: OnceLock<u32> = OnceLock::new();
    static SEEN: [AtomicBool; NUMBERS] = [const { AtomicBool::new(false) }; NUMBERS];

    fn active() -> u32 {
        std::env::var("MUTANT").ok().and_then(|v| v.parse().ok()).unwrap_or(0)
    }

    pub fn is(number: u32) -> bool {
        let active = *ACTIVE.get_or_init(active);
        if active == u32::MAX && !SEEN[number as usize].swap(true, Relaxed) {
            let path = std::env::var_os("MUTANTS_SEEN").unwrap();
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
            file.write_all(std::format!("{number}\n").as_bytes()).unwrap();
        }
        active == number
    }
}
"#;

/// The number last asked for before a place in a rewritten file.
fn last_number(text: &str, line: usize, column: usize) -> Option<u32> {
    let mut before: String = text.lines().take(line.checked_sub(1)?).collect::<Vec<_>>().join("\n");
    before.push('\n');
    before.extend(text.lines().nth(line - 1)?.chars().take(column));
    let asked = before.rfind("crate::mutant::is(")? + "crate::mutant::is(".len();
    let digits: String = before[asked..].chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Copies what differs, so that what did not change is not compiled again; removes what is no longer there.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::create_dir_all(to).map_err(|e| at(to, e))?;
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(from).map_err(|e| at(from, e))? {
        let entry = entry.map_err(|e| at(from, e))?;
        let (path, name) = (entry.path(), entry.file_name());
        let kept = path.is_dir() || path.extension().is_some_and(|e| e == "rs" || e == "toml" || e == "lock");
        if !kept || name.to_string_lossy().starts_with("target") {
            continue;
        }
        names.insert(name.clone());
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else if !is_rewritten(&path) {
            write(&to.join(name), &read(&path)?)?;
        }
    }
    for entry in fs::read_dir(to).map_err(|e| at(to, e))?.flatten().filter(|e| !names.contains(&e.file_name())) {
        let path = entry.path();
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|e| at(&path, e))?;
    }
    Ok(())
}

/// What is written by a later step anyway.
fn is_rewritten(path: &Path) -> bool {
    let path = path.to_string_lossy();
    let own = |name: &str| path.ends_with(&format!("soroban/{name}"));
    own("Cargo.toml")
        || crate::FILES.iter().any(|f| own(f))
        || CRATES.iter().any(|c| own(&format!("{c}/Cargo.toml")) || *c != "tests" && own(&format!("{c}/src/lib.rs")))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| at(path, e))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(|e| at(path, e))
}

fn at(path: &Path, e: std::io::Error) -> String {
    format!("{}: {e}", path.display())
}
