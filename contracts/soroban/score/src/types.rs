//! What is stored and shown.

use soroban_sdk::{contracttype, Vec};

use crate::{arithmetic::Evidence, points::Scale};

pub const CAP_MAX: u32 = 65_536;
pub const SEVERITY_MAX: u32 = 100;

#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Params {
    pub version: u32,
    /// Points at most per window, 1 to 65,536.
    pub cap: u32,
    /// How much heavier a failure weighs than a success, 1 to 100.
    pub severity: u32,
}

impl Params {
    pub fn is_valid(&self) -> bool {
        self.version >= 1 && (1..=CAP_MAX).contains(&self.cap) && (1..=SEVERITY_MAX).contains(&self.severity)
    }

    pub fn scale(&self, unit: u128) -> Scale {
        Scale { unit, cap: self.cap, severity: self.severity }
    }
}

/// Evidence for and against, in grains of 2⁻³² points.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pair {
    pub good: u128,
    pub bad: u128,
}

impl From<Evidence> for Pair {
    fn from(e: Evidence) -> Self {
        Pair { good: e.good, bad: e.bad }
    }
}

impl From<Pair> for Evidence {
    fn from(p: Pair) -> Self {
        Evidence { good: p.good, bad: p.bad }
    }
}

#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Role {
    Provider = 0,
    Consumer = 1,
}

/// The evidence about one account in one role.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// Unix seconds that the pairs stand at; 0: nothing is known.
    pub updated: u64,
    /// Of a provider: availability, performance, durability, honesty, completion; of a consumer: funding, honesty, completion.
    pub pairs: Vec<Pair>,
}

/// A score at a time, in hundredths.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shown {
    pub total: u32,
    pub dimensions: Vec<u32>,
    /// Whole points of evidence behind it, of all dimensions.
    pub points: u128,
    pub updated: u64,
}

/// Both roles of an account.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standings {
    pub provider: Standing,
    pub consumer: Standing,
}
