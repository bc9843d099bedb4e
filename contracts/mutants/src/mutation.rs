//! One change to one place.

#[derive(Clone, Debug)]
pub struct Mutant {
    /// Chooses it when the tests run; counted anew by each run.
    pub number: u32,
    pub file: &'static str,
    pub line: usize,
    /// The line as the source has it, without indentation.
    pub text: String,
    /// What is changed to what; `#2` when the line has the same a second time.
    pub operator: String,
}

impl Mutant {
    /// The same in every run over the same source.
    pub fn name(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.operator)
    }

    /// The same as long as the line is.
    pub fn key(&self) -> String {
        format!("{} {}", self.name(), self.text)
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// By this test.
    Killed(String),
    /// A test that reaches it did not come to an end.
    TimedOut(String),
    Survived,
    /// No test reaches it.
    Unreached,
}

impl Outcome {
    pub fn survived(&self) -> bool {
        matches!(self, Outcome::Survived | Outcome::Unreached)
    }
}
