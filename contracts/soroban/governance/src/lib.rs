//! Governance: votes by stake on what the other contracts' admin may do, with a snapshot, a time-lock and bounds; and a guardian who may
//! stop new SLAs for some days. It holds no money. `docs/spec/governance.md` is the specification.
#![no_std]

mod contract;
mod event;
mod execute;
mod params;
mod pause;
mod storage;
mod target;
pub mod types;
mod vote;

pub use contract::{Governance, GovernanceClient};
