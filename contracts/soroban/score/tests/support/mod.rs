//! The score contract beside the three others as far as it sees them, and the vectors.
#![allow(dead_code)]

use flashback_core::{
    error::Error,
    types::{Config, Validator},
};
use flashback_score::{types::Params, Score, ScoreClient};
use serde_json::Value;
use soroban_sdk::{
    testutils::{Address as _, EnvTestConfig, Events as _, Ledger as _, MockAuth, MockAuthInvoke},
    xdr::{ContractEvent, ContractEventBody, ScVal},
    Address, Bytes, BytesN, Env, IntoVal, InvokeError, Map, Symbol, Val, Vec as HostVec,
};

pub mod oracle {
    use super::*;
    use soroban_sdk::{contract, contractimpl};

    #[contract]
    pub struct FakeOracle;

    #[contractimpl]
    impl FakeOracle {
        pub fn __constructor(env: Env, genesis: u64, epoch_seconds: u32) {
            let config = Config {
                version: 1,
                genesis,
                epoch_seconds,
                slots_per_epoch: 12,
                window_epochs: 12,
                validators: HostVec::<Validator>::new(&env),
            };
            env.storage().instance().set(&0u32, &config);
        }

        pub fn config(env: Env) -> Config {
            env.storage().instance().get(&0u32).unwrap()
        }

        pub fn network(env: Env) -> BytesN<32> {
            BytesN::from_array(&env, &[7; 32])
        }
    }
}

pub mod po {
    use super::*;
    use soroban_sdk::{contract, contractimpl};

    #[contract]
    pub struct FakePo;

    #[contractimpl]
    impl FakePo {
        pub fn set(env: Env, sla: BytesN<32>, fields: Map<Symbol, Val>) {
            env.storage().persistent().set(&sla, &fields);
        }

        pub fn reservation(env: Env, sla: BytesN<32>) -> Result<Map<Symbol, Val>, Error> {
            env.storage().persistent().get(&sla).ok_or(Error::NotFound)
        }
    }
}

pub mod co {
    use super::*;
    use soroban_sdk::{contract, contractimpl};

    #[contract]
    pub struct FakeCo;

    #[contractimpl]
    impl FakeCo {
        pub fn __constructor(env: Env, oracle: Address) {
            env.storage().instance().set(&0u32, &oracle);
        }

        pub fn set(env: Env, sla: BytesN<32>, terms: Bytes, fields: Map<Symbol, Val>) {
            env.storage().persistent().set(&(0u32, sla.clone()), &terms);
            env.storage().persistent().set(&(1u32, sla), &fields);
        }

        pub fn oracle(env: Env) -> Result<Address, Error> {
            env.storage().instance().get(&0u32).ok_or(Error::NotInitialized)
        }

        pub fn terms(env: Env, sla: BytesN<32>) -> Result<Bytes, Error> {
            env.storage().persistent().get(&(0u32, sla)).ok_or(Error::NotFound)
        }

        pub fn sla(env: Env, id: BytesN<32>) -> Result<Map<Symbol, Val>, Error> {
            env.storage().persistent().get(&(1u32, id)).ok_or(Error::NotFound)
        }
    }
}

pub struct World {
    pub env: Env,
    pub admin: Address,
    pub dispute: Address,
    po: Address,
    co: Address,
    score: Address,
}

/// A half of an SLA as the Orchestrators tell of it.
pub struct Told<'a> {
    pub terms: &'a [u8],
    pub terms_hash: [u8; 32],
    pub provider: Address,
    pub asset: Address,
    pub state: u32,
    pub settled: [u8; 32],
    pub start: u64,
    /// Of now.
    pub consumer: Address,
    pub consumer_state: u32,
    /// Epochs; none: Orchestrators of before.
    pub duration: Option<u32>,
    pub reclaim_epochs: Option<u32>,
}

impl World {
    pub fn new(begin: u64, epoch_seconds: u32, params: Params) -> Self {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        let (admin, dispute) = (Address::generate(&env), Address::generate(&env));
        env.ledger().set_timestamp(begin);
        let oracle = env.register(oracle::FakeOracle, (begin, epoch_seconds));
        let po = env.register(po::FakePo, ());
        let co = env.register(co::FakeCo, (oracle,));
        let score = env.register(Score, (admin.clone(), po.clone(), co.clone(), params));
        World { env, admin, dispute, po, co, score }
    }

    pub fn score(&self) -> ScoreClient<'_> {
        ScoreClient::new(&self.env, &self.score)
    }

    pub fn bytes(&self, b: &[u8]) -> Bytes {
        Bytes::from_slice(&self.env, b)
    }

    pub fn b32(&self, b: [u8; 32]) -> BytesN<32> {
        BytesN::from_array(&self.env, &b)
    }

    pub fn someone(&self) -> Address {
        Address::generate(&self.env)
    }

    pub fn tell(&self, sla: &BytesN<32>, told: &Told) {
        let field = |fields: &mut Map<Symbol, Val>, name, v: Val| fields.set(Symbol::new(&self.env, name), v);
        let mut fields = Map::new(&self.env);
        field(&mut fields, "provider", told.provider.into_val(&self.env));
        field(&mut fields, "asset", told.asset.into_val(&self.env));
        field(&mut fields, "state", told.state.into_val(&self.env));
        field(&mut fields, "terms_hash", self.b32(told.terms_hash).into_val(&self.env));
        field(&mut fields, "settled_hash", self.b32(told.settled).into_val(&self.env));
        field(&mut fields, "start_epoch", told.start.into_val(&self.env));
        if let Some(epochs) = told.reclaim_epochs {
            field(&mut fields, "reclaim_epochs", epochs.into_val(&self.env));
        }
        po::FakePoClient::new(&self.env, &self.po).set(sla, &fields);
        let mut fields = Map::new(&self.env);
        field(&mut fields, "consumer", told.consumer.into_val(&self.env));
        if let Some(epochs) = told.duration {
            field(&mut fields, "duration", epochs.into_val(&self.env));
        }
        field(&mut fields, "state", told.consumer_state.into_val(&self.env));
        co::FakeCoClient::new(&self.env, &self.co).set(sla, &self.bytes(told.terms), &fields);
    }

    /// `who` authorises exactly this call; everything authorised before is void.
    pub fn allow(&self, who: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>) {
        let invoke = MockAuthInvoke { contract: &self.score, fn_name: name, args: args.into_val(&self.env), sub_invokes: &[] };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    /// The names of the contract's events of the last call, in order.
    pub fn told(&self) -> Vec<String> {
        let events = self.env.events().all().filter_by_contract(&self.score);
        let name = |e: &ContractEvent| {
            let ContractEventBody::V0(body) = &e.body;
            match body.topics.first() {
                Some(ScVal::Symbol(name)) => name.to_utf8_string_lossy(),
                other => panic!("an event without a name: {other:?}"),
            }
        };
        events.events().iter().map(name).collect()
    }

    pub fn allow_nothing(&self) {
        self.env.set_auths(&[]);
    }

    pub fn set_unit(&self, asset: &Address, unit: i128) {
        self.allow(&self.admin, "set_unit", (asset, unit));
        self.score().set_unit(asset, &unit);
    }

    pub fn wire(&self) {
        self.allow(&self.admin, "wire", (&self.dispute,));
        self.score().wire(&self.dispute);
    }
}

/// What a `try_` call of a client answers.
pub type Answer<T, C> = Result<Result<T, C>, Result<Error, InvokeError>>;

/// The name of the error that a call was refused with, or nothing.
#[track_caller]
pub fn name_of<T, C>(answer: Answer<T, C>) -> String {
    match answer {
        Ok(Ok(_)) => String::new(),
        Err(Ok(error)) => format!("{error:?}"),
        Ok(Err(_)) => panic!("the answer is of another type"),
        Err(Err(error)) => panic!("the call failed without a number: {error:?}"),
    }
}

/// The call was refused by the host: no authorisation.
#[track_caller]
pub fn stopped<T, C>(answer: Answer<T, C>) {
    assert!(matches!(answer, Err(Err(_))), "the host did not stop the call");
}

pub fn cases() -> Vec<Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/score.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut document: Value = serde_json::from_str(&text).unwrap();
    match document["cases"].take() {
        Value::Array(cases) => cases,
        other => panic!("cases are {other}"),
    }
}

/// Bytes in hexadecimal; nothing is no bytes.
pub fn hex(v: &Value) -> Vec<u8> {
    let text = v.as_str().unwrap_or_default();
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

pub fn array(v: &Value) -> [u8; 32] {
    hex(v).try_into().unwrap_or_else(|_| panic!("{v} has not 32 bytes"))
}

pub fn number<T: std::str::FromStr>(v: &Value) -> T {
    let text = v.as_str().map(str::to_owned).unwrap_or_else(|| v.to_string());
    text.parse().unwrap_or_else(|_| panic!("{v} is not such a number"))
}

pub fn params(v: &Value) -> Params {
    Params { version: number(&v["version"]), cap: number(&v["cap"]), severity: number(&v["severity"]) }
}
