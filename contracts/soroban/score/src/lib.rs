//! Not built yet: `docs/spec/score.md`.
#![no_std]

use soroban_sdk as _;
