//! Not built yet: `docs/spec/flash.md`.
#![no_std]

use soroban_sdk as _;
