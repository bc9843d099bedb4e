//! The staged world as a contract of its own, for internal/orchestrator/dispute.
#![no_std]

mod contract;
