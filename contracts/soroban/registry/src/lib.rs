//! The Registry: what certifiers say about others with their stake behind it, what happens when two of them contradict each other, and
//! who has paid for being listed. It holds no money. `docs/spec/registry.md` is the specification.
#![no_std]

mod certify;
mod conflict;
mod contract;
mod event;
mod listing;
mod params;
mod stake;
mod storage;
pub mod types;

pub use contract::{Registry, RegistryClient};
