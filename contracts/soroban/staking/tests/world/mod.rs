//! A host with Staking, a token that plays FLASH, and a slasher; authorisations are for exactly one call at a time.
#![allow(dead_code)]

use flashback_core::error::Error;
use flashback_staking::{Staking, StakingClient};
use soroban_sdk::{
    testutils::{Address as _, EnvTestConfig, Ledger as _, MockAuth, MockAuthInvoke},
    token::{StellarAssetClient, TokenClient},
    Address, BytesN, Env, IntoVal, InvokeError, Val, Vec as HostVec,
};

pub const START: u64 = 1_000_000;
pub const DAY: u64 = 86_400;
pub const WEALTH: i128 = 1_000;

pub struct World {
    pub env: Env,
    pub at: Address,
    pub token: Address,
    pub issuer: Address,
    pub admin: Address,
    pub fund: Address,
    pub court: Address,
    pub alice: Address,
    pub bob: Address,
}

impl World {
    /// Alice and Bob have [`WEALTH`]; `court` is a slasher.
    pub fn new() -> Self {
        let env = env();
        env.ledger().set_timestamp(START);
        env.ledger().set_sequence_number(100);
        let [issuer, admin, fund, court, alice, bob] = [(); 6].map(|()| Address::generate(&env));
        let token = env.register_stellar_asset_contract_v2(issuer.clone()).address();
        let at = env.register(Staking, (admin.clone(), token.clone(), fund.clone()));
        let w = World { env, at, token, issuer, admin, fund, court, alice, bob };
        w.mint(&w.alice, WEALTH);
        w.mint(&w.bob, WEALTH);
        w.name(&w.court, true);
        w
    }

    pub fn staking(&self) -> StakingClient<'_> {
        StakingClient::new(&self.env, &self.at)
    }

    pub fn balance(&self, who: &Address) -> i128 {
        TokenClient::new(&self.env, &self.token).balance(who)
    }

    pub fn mint(&self, who: &Address, amount: i128) {
        self.allow_on(&self.token, &self.issuer, "mint", (who, amount));
        StellarAssetClient::new(&self.env, &self.token).mint(who, &amount);
    }

    /// `who` authorises exactly this call of Staking; everything authorised before is void.
    pub fn allow(&self, who: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>) {
        self.allow_on(&self.at, who, name, args);
    }

    pub fn allow_on(&self, contract: &Address, who: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>) {
        let invoke = MockAuthInvoke { contract, fn_name: name, args: args.into_val(&self.env), sub_invokes: &[] };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    /// The same with the transfer of `amount` into Staking inside.
    pub fn allow_paying(&self, who: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>, amount: i128) {
        let args_of = (who, &self.at, amount).into_val(&self.env);
        let transfer = MockAuthInvoke { contract: &self.token, fn_name: "transfer", args: args_of, sub_invokes: &[] };
        let subs = [transfer];
        let invoke = MockAuthInvoke { contract: &self.at, fn_name: name, args: args.into_val(&self.env), sub_invokes: &subs };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    pub fn allow_nothing(&self) {
        self.env.set_auths(&[]);
    }

    pub fn allow_stake(&self, from: &Address, owner: &Address, role: u32, amount: i128) {
        self.allow_paying(from, "stake", (from, owner, role, amount), amount);
    }

    pub fn stake(&self, owner: &Address, role: u32, amount: i128) {
        self.allow_stake(owner, owner, role, amount);
        self.staking().stake(owner, owner, &role, &amount);
    }

    pub fn unbond(&self, owner: &Address, role: u32, amount: i128) -> u32 {
        self.allow(owner, "unbond", (owner, role, amount));
        self.staking().unbond(owner, &role, &amount)
    }

    pub fn name(&self, contract: &Address, allowed: bool) {
        self.allow(&self.admin, "slasher", (contract, allowed));
        self.staking().slasher(contract, &allowed);
    }

    pub fn slash(&self, owner: &Address, role: u32, amount: i128, to: &Address) -> i128 {
        self.allow(&self.court, "slash", (&self.court, owner, role, amount, to, self.cause()));
        self.staking().slash(&self.court, owner, &role, &amount, to, &self.cause())
    }

    pub fn hold(&self, owner: &Address, role: u32, until: u64) {
        self.allow(&self.court, "hold", (&self.court, owner, role, until));
        self.staking().hold(&self.court, owner, &role, &until);
    }

    pub fn cause(&self) -> BytesN<32> {
        BytesN::from_array(&self.env, &[7; 32])
    }

    pub fn now(&self) -> u64 {
        self.env.ledger().timestamp()
    }

    pub fn pass(&self, seconds: u64) {
        self.env.ledger().set_timestamp(self.now() + seconds);
    }

    /// FLASH held ≥ what is owed, votes = active, unbonding = its entries; of these owners and all roles.
    pub fn check(&self, owners: &[&Address]) {
        let s = self.staking();
        let (mut owed, mut total) = (0, 0);
        for owner in owners {
            let mut votes = 0;
            for role in 0..=4 {
                let p = s.position(owner, &role);
                assert_eq!(p.unbonding, p.unbondings.iter().map(|u| u.amount).sum::<i128>());
                assert!(p.unbondings.iter().all(|u| u.amount > 0 && u.number < p.next) && p.unbondings.len() <= 8);
                assert_eq!(p.active, s.stake_of(owner, &role));
                votes += p.active;
                owed += p.active + p.unbonding;
            }
            assert_eq!(votes, s.votes(owner));
            total += votes;
        }
        assert_eq!(total, s.total());
        assert!(self.balance(&self.at) >= owed, "{} < {owed}", self.balance(&self.at));
    }
}

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

/// The host stopped the call for want of an authorisation.
#[track_caller]
pub fn stopped<T, C>(answer: Answer<T, C>) {
    assert!(matches!(answer, Err(Err(_))), "the host did not stop the call");
}
