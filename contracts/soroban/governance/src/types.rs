//! What is stored and shown.

use soroban_sdk::{contracttype, Address, BytesN, Symbol, Val, Vec};

/// Times are in seconds, before they are divided by the scale.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Params {
    pub version: u32,
    pub voting_seconds: u64,
    /// From the vote's end to the earliest execution.
    pub delay_seconds: u64,
    /// From the earliest to the last execution.
    pub open_seconds: u64,
    /// Votes that a proposal needs, of all.
    pub threshold_bps: u32,
    /// Votes that have to be cast, of all.
    pub quorum_bps: u32,
    /// Votes for, of those for and against, have to be more.
    pub majority_bps: u32,
    /// How long a guardian's pause lasts.
    pub pause_seconds: u64,
    /// From its end to the next one.
    pub rest_seconds: u64,
}

/// A contract and what may be called there.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    pub contract: Address,
    pub functions: Vec<Symbol>,
}

/// A call that a proposal makes.
#[contracttype]
#[derive(Clone, Debug)]
pub struct Action {
    pub target: Address,
    pub function: Symbol,
    pub args: Vec<Val>,
}

#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum State {
    Open = 0,
    Passed = 1,
    Executed = 2,
    Failed = 3,
    /// Passed and not executed in time.
    Expired = 4,
    Cancelled = 5,
}

/// Times are Unix seconds, votes are FLASH in smallest units.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proposal {
    pub proposer: Address,
    /// SHA-256 of the XDR of the actions, a `Vec<Action>`.
    pub actions: BytesN<32>,
    /// Hash of a text that says what it is about.
    pub about: BytesN<32>,
    /// Votes count as they were at the end of this second.
    pub snapshot: u64,
    /// All votes at the snapshot.
    pub total: i128,
    /// Votes are taken before.
    pub ends: u64,
    /// It may be executed from then on …
    pub opens: u64,
    /// … and before.
    pub closes: u64,
    pub quorum_bps: u32,
    pub majority_bps: u32,
    pub against: i128,
    pub in_favour: i128,
    pub abstain: i128,
    pub executed: bool,
    pub cancelled: bool,
}

/// A guardian's pause, running or over. Times are Unix seconds.
#[contracttype]
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Pause {
    /// While it runs: anyone may end it from then on. Else 0.
    pub until: u64,
    /// The guardian may not pause again before.
    pub rest_until: u64,
}
