//! Staking: FLASH of those who must have something to lose, what may be taken of it and when it may leave, and the votes that it
//! gives. `docs/spec/flash.md` is the specification.
#![no_std]

mod contract;
mod event;
mod slashing;
mod stake;
mod storage;
mod trail;
pub mod types;
mod upgrade;

pub use contract::{Staking, StakingClient};
