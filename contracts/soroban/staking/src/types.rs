//! What the contract stores and shows. Amounts are in FLASH's smallest units, times in Unix seconds.

use soroban_sdk::{contracttype, Vec};

/// The roles that one can stake for. Each is a stake of its own.
pub mod role {
    pub const PROVIDER: u32 = 0;
    pub const VALIDATOR: u32 = 1;
    pub const CERTIFIER: u32 = 2;
    pub const ARBITER: u32 = 3;
    /// Nothing but votes.
    pub const VOTER: u32 = 4;
}

/// From `unbond` to the earliest `withdraw`.
pub const UNBONDING_SECONDS: u64 = 30 * 86_400;
/// How far ahead a hold may reach.
pub const HOLD_SECONDS_MAX: u64 = 60 * 86_400;
/// From the announcement of code to its use, and, once there are stakes, from the naming of a slasher to its first slash: whoever does
/// not trust it can be gone by then.
pub const NOTICE_SECONDS: u64 = 37 * 86_400;
/// For so long announced code may be installed; later it has to be announced again.
pub const OPEN_SECONDS: u64 = 7 * 86_400;
/// Unbondings of one stake that may wait at a time.
pub const UNBONDINGS_MAX: u32 = 8;

/// What one owner has at stake in one role.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Position {
    /// What counts as stake, and as votes.
    pub active: i128,
    /// The sum of `unbondings`.
    pub unbonding: i128,
    /// Nothing is withdrawn before.
    pub held_until: u64,
    /// The next unbonding's number.
    pub next: u32,
    /// Oldest first, at most [`UNBONDINGS_MAX`].
    pub unbondings: Vec<Unbonding>,
}

/// A part of a stake that is on its way out. It can be slashed until it is withdrawn.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unbonding {
    /// Of this stake, never used again.
    pub number: u32,
    pub amount: i128,
    /// It can be withdrawn from then on.
    pub until: u64,
}

/// Votes from `time` on, until the next checkpoint.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    pub time: u64,
    pub votes: i128,
}

/// The newest checkpoint, and how many came before it.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Head {
    pub count: u32,
    pub last: Checkpoint,
}
