//! The Provider Orchestrator: providers and their nodes, Data Units, reservations, collateral and what is slashed of it. It trusts
//! the Consumer Orchestrator that it is wired to for what is agreed, and the Oracle's roots for what was delivered.
//! `docs/spec/contracts.md` is the specification.
#![no_std]

mod collateral;
mod contract;
mod event;
mod node;
mod reservation;
mod settle;
mod storage;
pub mod types;
mod unit;

pub use contract::{ProviderOrchestrator, ProviderOrchestratorClient};
