//! The Consumer Orchestrator: the terms of an SLA, its escrow and payments, and the consumer's grants. It takes capacity from the
//! Provider Orchestrator, and moves money by the Oracle's roots only. `docs/spec/contracts.md` is the specification.
#![no_std]

mod compose;
mod contract;
mod escrow;
mod event;
mod grant;
mod joint;
mod life;
mod request;
mod settle;
mod split;
mod storage;
pub mod types;

pub use contract::{ConsumerOrchestrator, ConsumerOrchestratorClient};
