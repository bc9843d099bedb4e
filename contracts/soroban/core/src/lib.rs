//! What the contracts agree on: canonical encodings, ids, trees, terms, leaves, money and verdicts, with the types and the
//! interfaces that they show each other. `docs/spec` is the specification; each module names its page.
//!
//! `wire`, `terms`, `leaf`, `money` and `judge` are pure: no host, no clock, no storage. The rest asks the host for hashes and
//! for other contracts only. No function here panics on input; every refusal is an [`error::Error`].
#![no_std]

pub mod account;
pub mod certificate;
pub mod error;
pub mod hash;
pub mod id;
pub mod interface;
pub mod judge;
pub mod leaf;
pub mod lifetime;
pub mod merkle;
pub mod money;
pub mod params;
pub mod schedule;
pub mod settlement;
pub mod terms;
pub mod token;
pub mod types;
pub mod upgrade;
pub mod wire;
