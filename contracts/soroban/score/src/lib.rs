//! What a provider or a consumer has shown, 0 to 100, from settled windows only. `docs/spec/score.md` is the specification.
#![no_std]

pub mod arithmetic;
mod contract;
mod event;
mod others;
pub mod points;
mod record;
mod storage;
pub mod types;

pub use contract::{Score, ScoreClient};
