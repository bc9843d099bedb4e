//! FLASH: the token of fees, stakes and votes, as SEP-41 has it. All of it is made once; nobody can make more, freeze it, take it
//! back or change the code. `docs/spec/flash.md` is the specification.
#![no_std]

mod contract;
mod event;
mod storage;
mod token;

pub use contract::{Flash, FlashClient};
