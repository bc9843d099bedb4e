//! A host with FLASH, and authorisations for exactly one call at a time.
#![allow(dead_code)]

use flashback_core::error::Error;
use flashback_flash::{Flash, FlashClient};
use soroban_sdk::{
    testutils::{Address as _, EnvTestConfig, Ledger as _, MockAuth, MockAuthInvoke},
    Address, Env, IntoVal, InvokeError, Val, Vec as HostVec,
};

pub const SUPPLY: i128 = 1_000_000;

pub struct World {
    pub env: Env,
    pub at: Address,
    pub alice: Address,
    pub bob: Address,
    pub carol: Address,
}

impl World {
    /// Alice holds the supply.
    pub fn new() -> Self {
        let env = env();
        env.ledger().set_sequence_number(100);
        let [alice, bob, carol] = [(); 3].map(|()| Address::generate(&env));
        let at = env.register(Flash, (alice.clone(), SUPPLY));
        World { env, at, alice, bob, carol }
    }

    pub fn flash(&self) -> FlashClient<'_> {
        FlashClient::new(&self.env, &self.at)
    }

    /// `who` authorises exactly this call; everything authorised before is void.
    pub fn allow(&self, who: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>) {
        let invoke = MockAuthInvoke { contract: &self.at, fn_name: name, args: args.into_val(&self.env), sub_invokes: &[] };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    pub fn approve(&self, from: &Address, spender: &Address, amount: i128, until: u32) {
        self.allow(from, "approve", (from, spender, amount, until));
        self.flash().approve(from, spender, &amount, &until);
    }

    pub fn transfer(&self, from: &Address, to: &Address, amount: i128) {
        self.allow(from, "transfer", (from, to, amount));
        self.flash().transfer(from, to, &amount);
    }

    pub fn balances(&self) -> [i128; 3] {
        [&self.alice, &self.bob, &self.carol].map(|who| self.flash().balance(who))
    }
}

/// A host that leaves no files behind.
pub fn env() -> Env {
    Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false })
}

/// What a `try_` call of a token's client answers: its interface has no results, so a refusal is the host's error with our number.
pub type Answer<T, C> = Result<Result<T, C>, Result<soroban_sdk::Error, InvokeError>>;

/// The error number that a call was refused with.
#[track_caller]
pub fn refused<T, C>(answer: Answer<T, C>) -> Error {
    match answer {
        Err(Ok(error)) => Error::try_from(error).unwrap_or_else(|_| panic!("the host refused: {error:?}")),
        Ok(_) => panic!("the call was not refused"),
        Err(Err(error)) => panic!("the call failed without a number: {error:?}"),
    }
}

/// The host stopped the call for want of an authorisation: no number of ours.
#[track_caller]
pub fn stopped<T, C>(answer: Answer<T, C>) {
    match answer {
        Ok(_) => panic!("the call was not stopped"),
        Err(Ok(error)) => assert!(Error::try_from(error).is_err(), "the contract refused: {error:?}"),
        Err(Err(_)) => (),
    }
}
