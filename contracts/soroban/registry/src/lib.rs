//! Not built yet: `docs/spec/registry.md`.
#![no_std]

use soroban_sdk as _;
