//! Governance with the real Staking and FLASH, and contracts that it governs. Every authorisation is an explicit entry for one call.
#![allow(dead_code)] // each test file uses its own part

use flashback_core::error::Error;
use flashback_flash::{Flash, FlashClient};
use flashback_governance::{
    types::{Action, Params, Target},
    Governance, GovernanceClient,
};
use flashback_staking::{Staking, StakingClient};
use soroban_sdk::{
    contract, contractimpl, symbol_short,
    testutils::{Address as _, EnvTestConfig, Ledger as _, MockAuth, MockAuthInvoke},
    vec,
    xdr::ToXdr,
    Address, BytesN, Env, IntoVal, InvokeError, Symbol, Val, Vec as HostVec,
};

pub const START: u64 = 1_800_000_000;
pub const DAY: u64 = 86_400;
pub const ROLE_VOTER: u32 = 4;
const SUPPLY: i128 = 1_000_000_000;

pub type Answer<T, C> = Result<Result<T, C>, Result<Error, InvokeError>>;

/// A contract that is governed: it does what its admin says, and keeps it.
#[contract]
pub struct Governed;

#[contractimpl]
impl Governed {
    pub fn __constructor(env: Env, admin: Address) {
        env.storage().instance().set(&symbol_short!("admin"), &admin);
    }

    /// As the Consumer Orchestrator's.
    pub fn pause(env: Env, paused: bool) -> Result<(), Error> {
        admin(&env).require_auth();
        env.storage().instance().set(&symbol_short!("paused"), &paused);
        Ok(())
    }

    pub fn set_value(env: Env, value: u32) -> Result<(), Error> {
        admin(&env).require_auth();
        env.storage().instance().set(&symbol_short!("value"), &value);
        Ok(())
    }

    pub fn refuse(_env: Env) -> Result<(), Error> {
        Err(Error::StateWrong)
    }

    /// Calls governance back.
    pub fn reenter(env: Env, governance: Address, number: u32, actions: soroban_sdk::Vec<Action>) -> Result<(), Error> {
        GovernanceClient::new(&env, &governance).execute(&number, &actions);
        Ok(())
    }

    /// Tries to move FLASH of its caller.
    pub fn steal(env: Env, token: Address, from: Address, to: Address, amount: i128) -> Result<(), Error> {
        soroban_sdk::token::TokenClient::new(&env, &token).transfer(&from, &to, &amount);
        Ok(())
    }

    pub fn paused(env: Env) -> bool {
        env.storage().instance().get(&symbol_short!("paused")).unwrap_or_default()
    }

    pub fn value(env: Env) -> u32 {
        env.storage().instance().get(&symbol_short!("value")).unwrap_or_default()
    }
}

fn admin(env: &Env) -> Address {
    env.storage().instance().get(&symbol_short!("admin")).unwrap()
}

/// The error number that a call was refused with.
#[track_caller]
pub fn refused<T, C>(answer: Answer<T, C>) -> Error {
    match answer {
        Err(Ok(error)) => error,
        Ok(_) => panic!("the call was not refused"),
        Err(Err(error)) => panic!("the call failed without a number: {error:?}"),
    }
}

/// The call was stopped by the host: the authorisation is missing, or the callee cannot be called so.
#[track_caller]
pub fn stopped<T, C>(answer: Answer<T, C>) {
    assert!(matches!(answer, Err(Err(_))), "the host did not stop the call");
}

/// Where everything stands; a vector says so itself.
pub struct Places {
    pub governance: Address,
    pub consumer: Address,
    pub governed: Address,
    pub guardian: Address,
    pub staking: Address,
    pub token: Address,
    pub staking_fund: Address,
}

pub struct World {
    pub env: Env,
    pub at: Places,
    treasury: Address,
}

pub fn env() -> Env {
    let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
    env.ledger().set_timestamp(START);
    env.ledger().set_sequence_number(100);
    env
}

impl World {
    pub fn new() -> Self {
        Self::scaled(1)
    }

    pub fn scaled(scale: u64) -> Self {
        let env = env();
        let someone = || Address::generate(&env);
        let at = Places {
            governance: someone(),
            consumer: someone(),
            governed: someone(),
            guardian: someone(),
            staking: someone(),
            token: someone(),
            staking_fund: someone(),
        };
        let name = |s: &str| Symbol::new(&env, s);
        let targets = vec![
            &env,
            Target { contract: at.consumer.clone(), functions: vec![&env, name("pause")] },
            Target {
                contract: at.governed.clone(),
                functions: vec![&env, name("set_value"), name("refuse"), name("reenter"), name("steal"), name("nothing")],
            },
        ];
        Self::at(env, at, params(), targets, scale)
    }

    pub fn at(env: Env, at: Places, params: Params, targets: HostVec<Target>, scale: u64) -> Self {
        let treasury = Address::generate(&env);
        env.register_at(&at.token, Flash, (&treasury, SUPPLY));
        env.register_at(&at.staking, Staking, (&at.governance, &at.token, &at.staking_fund));
        env.register_at(&at.consumer, Governed, (&at.governance,));
        env.register_at(&at.governed, Governed, (&at.governance,));
        env.register_at(&at.governance, Governance, (&at.staking, &at.consumer, &at.guardian, params, targets, scale));
        World { env, at, treasury }
    }

    pub fn governance(&self) -> GovernanceClient<'_> {
        GovernanceClient::new(&self.env, &self.at.governance)
    }

    pub fn staking(&self) -> StakingClient<'_> {
        StakingClient::new(&self.env, &self.at.staking)
    }

    pub fn flash(&self) -> FlashClient<'_> {
        FlashClient::new(&self.env, &self.at.token)
    }

    pub fn governed(&self) -> GovernedClient<'_> {
        GovernedClient::new(&self.env, &self.at.governed)
    }

    pub fn consumer(&self) -> GovernedClient<'_> {
        GovernedClient::new(&self.env, &self.at.consumer)
    }

    pub fn someone(&self) -> Address {
        Address::generate(&self.env)
    }

    pub fn hash(&self, b: u8) -> BytesN<32> {
        BytesN::from_array(&self.env, &[b; 32])
    }

    pub fn pass(&self, seconds: u64) {
        self.env.ledger().set_timestamp(self.env.ledger().timestamp() + seconds);
    }

    /// `who` authorises exactly this call; everything authorised before is void.
    pub fn allow(&self, who: &Address, contract: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>) {
        let invoke = MockAuthInvoke { contract, fn_name: name, args: args.into_val(&self.env), sub_invokes: &[] };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    pub fn allow_nothing(&self) {
        self.env.set_auths(&[]);
    }

    pub fn give(&self, to: &Address, amount: i128) {
        self.allow(&self.treasury, &self.at.token, "transfer", (&self.treasury, to, amount));
        self.flash().transfer(&self.treasury, to, &amount);
    }

    pub fn allow_stake(&self, owner: &Address, role: u32, amount: i128) {
        let args = (owner, &self.at.staking, amount).into_val(&self.env);
        let subs = [MockAuthInvoke { contract: &self.at.token, fn_name: "transfer", args, sub_invokes: &[] }];
        let args = (owner, owner, role, amount).into_val(&self.env);
        let invoke = MockAuthInvoke { contract: &self.at.staking, fn_name: "stake", args, sub_invokes: &subs };
        self.env.mock_auths(&[MockAuth { address: owner, invoke: &invoke }]);
    }

    /// Somebody with FLASH at stake, a second ago.
    pub fn voter(&self, stake: i128) -> Address {
        let who = self.someone();
        self.give(&who, stake);
        self.allow_stake(&who, ROLE_VOTER, stake);
        self.staking().stake(&who, &who, &ROLE_VOTER, &stake);
        self.pass(1);
        who
    }

    pub fn action(&self, target: &Address, function: &str, args: impl IntoVal<Env, HostVec<Val>>) -> Action {
        Action { target: target.clone(), function: Symbol::new(&self.env, function), args: args.into_val(&self.env) }
    }

    pub fn own(&self, function: &str, args: impl IntoVal<Env, HostVec<Val>>) -> Action {
        self.action(&self.at.governance, function, args)
    }

    pub fn set_value(&self, value: u32) -> Action {
        self.action(&self.at.governed, "set_value", (value,))
    }

    pub fn list<const N: usize>(&self, actions: [Action; N]) -> HostVec<Action> {
        HostVec::from_array(&self.env, actions)
    }

    pub fn hash_of(&self, actions: &HostVec<Action>) -> BytesN<32> {
        self.env.crypto().sha256(&actions.clone().to_xdr(&self.env)).to_bytes()
    }

    pub fn propose(&self, who: &Address, actions: &HostVec<Action>) -> u32 {
        let hash = self.hash_of(actions);
        self.allow(who, &self.at.governance, "propose", (who, &hash, self.hash(9)));
        self.governance().propose(who, &hash, &self.hash(9))
    }

    pub fn try_vote(&self, who: &Address, number: u32, choice: u32) -> Answer<i128, soroban_sdk::Error> {
        self.allow(who, &self.at.governance, "vote", (who, number, choice));
        self.governance().try_vote(who, &number, &choice)
    }

    /// Passes a proposal of somebody who has all votes, up to its time-lock's end.
    pub fn passed(&self, who: &Address, actions: &HostVec<Action>) -> u32 {
        let number = self.propose(who, actions);
        self.try_vote(who, number, 1).unwrap().unwrap();
        self.pass(9 * DAY);
        self.allow_nothing();
        number
    }

    pub fn try_done(&self, who: &Address, actions: &HostVec<Action>) -> Answer<(), soroban_sdk::ConversionError> {
        let number = self.passed(who, actions);
        self.governance().try_execute(&number, actions)
    }
}

pub fn params() -> Params {
    Params {
        version: 1,
        voting_seconds: 7 * DAY,
        delay_seconds: 2 * DAY,
        open_seconds: 5 * DAY,
        threshold_bps: 100,
        quorum_bps: 2_000,
        majority_bps: 5_000,
        pause_seconds: 10 * DAY,
        rest_seconds: 20 * DAY,
    }
}
