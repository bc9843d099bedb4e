//! Not built yet: `docs/spec/staking.md`.
#![no_std]

use soroban_sdk as _;
