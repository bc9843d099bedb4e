//! Disputes over one judged window of one SLA. What can be computed from certified leaves and signatures is decided at once; the rest goes to
//! a panel of arbiters that commits, reveals and can be appealed once. A ruling moves the disputed amount between consumer and provider,
//! and nothing else. `docs/spec/disputes.md` is the specification.
#![no_std]

mod arbiter;
mod contract;
mod draw;
mod equivocation;
mod event;
mod life;
mod panel;
mod possession;
mod purse;
mod storage;
pub mod types;
mod verdict;
mod window;
mod world;

pub use contract::{Dispute, DisputeClient};
