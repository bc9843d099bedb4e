//! Fixtures of the contracts' tests: vectors as files, and a network of the three contracts with parties, tokens and validators.
#![forbid(unsafe_code)]

pub mod call;
pub mod event;
pub mod life;
pub mod meter;
pub mod node;
pub mod oracle;
pub mod vectors;
pub mod world;

use flashback_core::error::Error;
use soroban_sdk::{testutils::EnvTestConfig, Env, InvokeError};

/// A host that leaves no files behind.
pub fn env() -> Env {
    Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false })
}

/// What a `try_` call of a client answers.
pub type Answer<T, C> = Result<Result<T, C>, Result<Error, InvokeError>>;

/// The error number that a call was refused with.
#[track_caller]
pub fn refused<T, C>(answer: Answer<T, C>) -> Error {
    match answer {
        Err(Ok(error)) => error,
        Ok(_) => panic!("the call was not refused"),
        Err(Err(error)) => panic!("the call failed without a number: {error:?}"),
    }
}

/// The call was refused by the host: no authorisation, or a token's own refusal.
#[track_caller]
pub fn stopped<T, C>(answer: Answer<T, C>) {
    assert!(matches!(answer, Err(Err(_))), "the host did not stop the call");
}
