//! Market: what consumers want, what providers answer, openly or sealed, and the SLA that comes of one answer. It holds no money and is
//! trusted with nothing: prices are the providers' own at the Provider Orchestrator, SLAs the consumers' own at the Consumer
//! Orchestrator, each authorised by them in the same call. `docs/spec/market.md` is the specification.
#![no_std]

mod answer;
mod ask;
mod contract;
mod event;
mod others;
mod storage;
pub mod types;

pub use contract::{Market, MarketClient};
pub use others::{Price, Request};
