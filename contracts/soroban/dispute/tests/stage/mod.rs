//! The staged world, and what tests of it share.
#![allow(dead_code)]

#[path = "../../stage/src/contract.rs"]
mod contract;

pub use contract::{Stage, StageClient, StagedReservation, StagedSla};
use flashback_core::error::Error;
use soroban_sdk::{
    testutils::{EnvTestConfig, MockAuth, MockAuthInvoke},
    Address, Env, IntoVal, InvokeError, Val, Vec as HostVec,
};

/// A host that leaves no files behind and whose ledger is far from the end of any lifetime.
pub fn env() -> Env {
    let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
    env.cost_estimate().budget().reset_unlimited();
    env
}

/// `who` authorises exactly this call, with the transfer of `paying` to the contract inside; everything authorised before is void.
pub fn allow(
    env: &Env,
    who: &Address,
    contract: &Address,
    name: &str,
    args: impl IntoVal<Env, HostVec<Val>>,
    paying: Option<(&Address, i128)>,
) {
    let inner: Vec<MockAuthInvoke> = paying
        .iter()
        .map(|(token, amount)| MockAuthInvoke {
            contract: token,
            fn_name: "transfer",
            args: (who, contract, *amount).into_val(env),
            sub_invokes: &[],
        })
        .collect();
    let invoke = MockAuthInvoke { contract, fn_name: name, args: args.into_val(env), sub_invokes: &inner };
    env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
}

/// What a `try_` call of a client answers, as the model's name of its error; a host's own refusal is a wrong signature or authorisation.
pub fn outcome<T, C>(answer: Result<Result<T, C>, Result<Error, InvokeError>>) -> Result<T, String> {
    match answer {
        Ok(Ok(value)) => Ok(value),
        Err(Ok(error)) => Err(format!("{error:?}")),
        Ok(Err(_)) | Err(Err(_)) => Err("host".to_owned()),
    }
}
