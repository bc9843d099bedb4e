//! Not built yet: `docs/spec/disputes.md`.
#![no_std]

use soroban_sdk as _;
