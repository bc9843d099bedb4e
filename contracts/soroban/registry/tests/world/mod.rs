//! The Registry with the real Staking and FLASH. Every authorisation is an explicit entry for one call.
#![allow(dead_code)] // each test file uses its own part

use flashback_core::error::Error;
use flashback_flash::{Flash, FlashClient};
use flashback_registry::{
    types::{Certification, Certifier, Params},
    Registry, RegistryClient,
};
use flashback_staking::{Staking, StakingClient};
use soroban_sdk::{
    testutils::{Address as _, EnvTestConfig, Ledger as _, MockAuth, MockAuthInvoke},
    vec, Address, BytesN, Env, IntoVal, InvokeError, Val, Vec as HostVec,
};

pub const START: u64 = 1_800_000_000;
pub const DAY: u64 = 86_400;
pub const ROLE_PROVIDER: u32 = 0;
pub const ROLE_CERTIFIER: u32 = 2;
const SUPPLY: i128 = 1_000_000_000;

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

/// The call was stopped by the host: the authorisation is missing.
#[track_caller]
pub fn stopped<T, C>(answer: Answer<T, C>) {
    assert!(matches!(answer, Err(Err(_))), "the host did not stop the call");
}

/// Where everything stands; a vector says so itself.
pub struct Places {
    pub registry: Address,
    pub staking: Address,
    pub token: Address,
    pub staking_fund: Address,
    pub admin: Address,
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
        let env = env();
        let someone = || Address::generate(&env);
        let at = Places { registry: someone(), staking: someone(), token: someone(), staking_fund: someone(), admin: someone() };
        let params = params(&env, &someone(), &someone(), &someone());
        Self::at(env, at, &params)
    }

    pub fn at(env: Env, at: Places, params: &Params) -> Self {
        let treasury = Address::generate(&env);
        env.register_at(&at.token, Flash, (&treasury, SUPPLY));
        env.register_at(&at.staking, Staking, (&at.admin, &at.token, &at.staking_fund));
        env.register_at(&at.registry, Registry, (&at.admin, &at.staking, &at.token, params.clone()));
        let w = World { env, at, treasury };
        w.allow(&w.at.admin, &w.at.staking, "slasher", (&w.at.registry, true));
        w.staking().slasher(&w.at.registry, &true);
        w
    }

    pub fn registry(&self) -> RegistryClient<'_> {
        RegistryClient::new(&self.env, &self.at.registry)
    }

    pub fn staking(&self) -> StakingClient<'_> {
        StakingClient::new(&self.env, &self.at.staking)
    }

    pub fn flash(&self) -> FlashClient<'_> {
        FlashClient::new(&self.env, &self.at.token)
    }

    pub fn someone(&self) -> Address {
        Address::generate(&self.env)
    }

    pub fn hash(&self, b: u8) -> BytesN<32> {
        BytesN::from_array(&self.env, &[b; 32])
    }

    pub fn now(&self) -> u64 {
        self.env.ledger().timestamp()
    }

    pub fn pass(&self, seconds: u64) {
        self.env.ledger().set_timestamp(self.now() + seconds);
    }

    /// `who` authorises exactly this call; everything authorised before is void.
    pub fn allow(&self, who: &Address, contract: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>) {
        let invoke = MockAuthInvoke { contract, fn_name: name, args: args.into_val(&self.env), sub_invokes: &[] };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    /// The same with a transfer of FLASH inside.
    pub fn allow_paying(
        &self,
        who: &Address,
        contract: &Address,
        name: &str,
        args: impl IntoVal<Env, HostVec<Val>>,
        to: &Address,
        amount: i128,
    ) {
        let transfer =
            MockAuthInvoke { contract: &self.at.token, fn_name: "transfer", args: (who, to, amount).into_val(&self.env), sub_invokes: &[] };
        let subs = [transfer];
        let invoke = MockAuthInvoke { contract, fn_name: name, args: args.into_val(&self.env), sub_invokes: &subs };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    pub fn allow_nothing(&self) {
        self.env.set_auths(&[]);
    }

    pub fn give(&self, to: &Address, amount: i128) {
        self.allow(&self.treasury, &self.at.token, "transfer", (&self.treasury, to, amount));
        self.flash().transfer(&self.treasury, to, &amount);
    }

    pub fn stake(&self, owner: &Address, role: u32, amount: i128) {
        self.allow_paying(owner, &self.at.staking, "stake", (owner, owner, role, amount), &self.at.staking, amount);
        self.staking().stake(owner, owner, &role, &amount);
    }

    pub fn unbond(&self, owner: &Address, role: u32, amount: i128) {
        self.allow(owner, &self.at.staking, "unbond", (owner, role, amount));
        self.staking().unbond(owner, &role, &amount);
    }

    /// A registered certifier with a stake.
    pub fn certifier(&self, stake: i128) -> Address {
        let who = self.someone();
        self.allow(&who, &self.at.registry, "certifier", (&who, self.hash(1)));
        self.registry().certifier(&who, &self.hash(1));
        if stake > 0 {
            self.give(&who, stake);
            self.stake(&who, ROLE_CERTIFIER, stake);
        }
        who
    }

    pub fn try_certify(&self, who: &Address, subject: &Address, level: u32, nonce: u8) -> Answer<BytesN<32>, soroban_sdk::ConversionError> {
        let (scope, evidence, expires, nonce) = (self.hash(2), self.hash(3), self.now() + 100 * DAY, self.hash(nonce));
        self.allow(who, &self.at.registry, "certify", (who, subject, 0_u32, level, &scope, &evidence, expires, &nonce));
        self.registry().try_certify(who, subject, &0, &level, &scope, &evidence, &expires, &nonce)
    }

    pub fn certify(&self, who: &Address, subject: &Address, level: u32, nonce: u8) -> BytesN<32> {
        self.try_certify(who, subject, level, nonce).unwrap().unwrap()
    }

    pub fn revoke(&self, who: &Address, id: &BytesN<32>) -> Answer<(), soroban_sdk::ConversionError> {
        self.allow(who, &self.at.registry, "revoke", (who, id, self.hash(4)));
        self.registry().try_revoke(who, id, &self.hash(4))
    }

    pub fn resolve(&self, by: &Address, a: &BytesN<32>, b: &BytesN<32>, right: &BytesN<32>) -> Answer<(), soroban_sdk::ConversionError> {
        self.allow(by, &self.at.registry, "resolve", (by, a, b, right));
        self.registry().try_resolve(by, a, b, right)
    }

    pub fn set_params(&self, params: &Params) -> Answer<(), soroban_sdk::ConversionError> {
        self.allow(&self.at.admin, &self.at.registry, "set_params", (params.clone(),));
        self.registry().try_set_params(params)
    }

    pub fn of(&self, id: &BytesN<32>) -> Certification {
        self.registry().certification(id)
    }

    pub fn owner(&self, who: &Address) -> Certifier {
        self.registry().certifier_of(who)
    }

    pub fn is_certified(&self, id: &BytesN<32>, level: u32) -> bool {
        let c = self.of(id);
        self.registry().is_certified(id, &c.subject, &c.kind, &level, &c.scope)
    }
}

pub fn params(env: &Env, payee: &Address, fund: &Address, resolver: &Address) -> Params {
    Params {
        version: 1,
        bonds: vec![env, 5_003, 1_000, 2_000, 5_001],
        list_stake: 20_000,
        list_price: 101,
        list_period_seconds: 30 * DAY,
        payee: payee.clone(),
        fund: fund.clone(),
        resolver: resolver.clone(),
        max_life_seconds: 400 * DAY,
        challenge_seconds: 30 * DAY,
        concede_seconds: 7 * DAY,
        lapse_seconds: 90 * DAY,
        concede_bps: 1_000,
        conflict_fund_bps: 2_501,
    }
}
