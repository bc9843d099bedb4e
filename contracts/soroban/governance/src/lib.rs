//! Not built yet: `docs/spec/governance.md`.
#![no_std]

use soroban_sdk as _;
