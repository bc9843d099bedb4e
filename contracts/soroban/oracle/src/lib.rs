//! The Oracle: keeps the validators' configuration and one certified root per epoch. It decides nothing: whoever brings a quorum's
//! signatures may submit. `docs/spec/contracts.md` is the specification.
#![no_std]

mod config;
mod contract;
mod event;
mod quorum;
mod storage;

pub use contract::{Oracle, OracleClient};
