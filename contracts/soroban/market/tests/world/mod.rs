//! The Market on a stage. Every authorisation is an explicit entry for one call, with the calls inside.
#![allow(dead_code)] // each test file uses its own part

#[path = "../stage/mod.rs"]
pub mod stage;

use flashback_core::{error::Error, types::Qos};
use flashback_market::{
    types::{Answer, Deal, Wanted},
    Market, MarketClient, Price, Request,
};
use soroban_sdk::{
    testutils::{Address as _, EnvTestConfig, Ledger as _, MockAuth, MockAuthInvoke},
    Address, BytesN, Env, IntoVal, InvokeError, Map, String, Symbol, Val, Vec as HostVec,
};
use stage::{
    co::{StagedCo, StagedCoClient},
    oracle::StagedOracle,
    po::{StagedPo, StagedPoClient},
    token::{Coin, CoinClient},
};

pub const START: u64 = 1_800_000_000;
pub const GIB: u64 = 1 << 30;
pub const EPOCH_SECONDS: u32 = 3_600;

pub type Answered<T, C> = Result<Result<T, C>, Result<Error, InvokeError>>;

/// The error number that a call was refused with.
#[track_caller]
pub fn refused<T, C>(answer: Answered<T, C>) -> Error {
    match answer {
        Err(Ok(error)) => error,
        Ok(_) => panic!("the call was not refused"),
        Err(Err(error)) => panic!("the call failed without a number: {error:?}"),
    }
}

/// The call was stopped by the host: the authorisation is missing.
#[track_caller]
pub fn stopped<T, C>(answer: Answered<T, C>) {
    assert!(matches!(answer, Err(Err(_))), "the host did not stop the call");
}

/// Where everything stands; a vector says so itself.
pub struct Places {
    pub market: Address,
    pub po: Address,
    pub co: Address,
    pub token: Address,
    pub admin: Address,
}

pub struct World {
    pub env: Env,
    pub at: Places,
    pub consumer: Address,
    pub provider: Address,
    pub unit: BytesN<32>,
}

pub fn env() -> Env {
    let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
    env.ledger().set_timestamp(START);
    env.ledger().set_sequence_number(100);
    env
}

/// What the stage's Provider Orchestrator says of a unit.
pub struct Told {
    pub provider: Address,
    pub kind: u32,
    pub class: u32,
    pub region: String,
    pub qos: Qos,
    pub asset: Address,
    pub collateral_bps: u32,
    pub min_epochs: u32,
    pub max_epochs: u32,
    pub state: u32,
}

impl World {
    /// A consumer with a million, a provider with a unit.
    pub fn new() -> Self {
        let env = env();
        let someone = || Address::generate(&env);
        let at = Places { market: someone(), po: someone(), co: someone(), token: someone(), admin: someone() };
        let mut w = Self::at(env, at, EPOCH_SECONDS);
        w.coin().give(&w.consumer, &1_000_000_000);
        w.unit = w.unit_of(&w.provider, 1);
        w
    }

    pub fn at(env: Env, at: Places, epoch_seconds: u32) -> Self {
        let oracle = env.register(StagedOracle, (epoch_seconds,));
        env.register_at(&at.token, Coin, ());
        env.register_at(&at.po, StagedPo, ());
        env.register_at(&at.co, StagedCo, (&oracle, &at.po, &at.token, epoch_seconds));
        env.register_at(&at.market, Market, (&at.admin, &at.po, &at.co));
        let (consumer, provider) = (Address::generate(&env), Address::generate(&env));
        let unit = BytesN::from_array(&env, &[0; 32]);
        World { env, at, consumer, provider, unit }
    }

    pub fn market(&self) -> MarketClient<'_> {
        MarketClient::new(&self.env, &self.at.market)
    }

    pub fn po(&self) -> StagedPoClient<'_> {
        StagedPoClient::new(&self.env, &self.at.po)
    }

    pub fn co(&self) -> StagedCoClient<'_> {
        StagedCoClient::new(&self.env, &self.at.co)
    }

    pub fn coin(&self) -> CoinClient<'_> {
        CoinClient::new(&self.env, &self.at.token)
    }

    pub fn someone(&self) -> Address {
        Address::generate(&self.env)
    }

    pub fn hash(&self, b: u8) -> BytesN<32> {
        BytesN::from_array(&self.env, &[b; 32])
    }

    pub fn text(&self, s: &str) -> String {
        String::from_str(&self.env, s)
    }

    pub fn now(&self) -> u64 {
        self.env.ledger().timestamp()
    }

    pub fn pass(&self, seconds: u64) {
        self.env.ledger().set_timestamp(self.now() + seconds);
    }

    pub fn tell(&self, id: &BytesN<32>, u: &Told) {
        let env = &self.env;
        let mut fields: Map<Symbol, Val> = Map::new(env);
        let mut set = |name, v: Val| fields.set(Symbol::new(env, name), v);
        set("provider", u.provider.into_val(env));
        set("kind", u.kind.into_val(env));
        set("class", u.class.into_val(env));
        set("region", u.region.into_val(env));
        set("qos", u.qos.clone().into_val(env));
        set("asset", u.asset.into_val(env));
        set("collateral_bps", u.collateral_bps.into_val(env));
        set("min_epochs", u.min_epochs.into_val(env));
        set("max_epochs", u.max_epochs.into_val(env));
        set("state", u.state.into_val(env));
        // A field that this version of the Market does not know.
        set("later", 7u32.into_val(env));
        self.po().put(id, &fields);
    }

    /// A unit that fits `wanted`.
    pub fn unit_of(&self, provider: &Address, b: u8) -> BytesN<32> {
        let id = self.hash(b);
        let qos = Qos { availability_ppm: 999_000, ttfb_ms: 200, throughput_kibps: 1_024, error_ppm: 1_000 };
        self.tell(
            &id,
            &Told {
                provider: provider.clone(),
                kind: 1,
                class: 0,
                region: self.text("eu-west-1"),
                qos,
                asset: self.at.token.clone(),
                collateral_bps: 1_000,
                min_epochs: 1,
                max_epochs: 1_000,
                state: 0,
            },
        );
        id
    }

    pub fn wanted(&self, sealed: bool) -> Wanted {
        let (answer_by, now) = (self.now() + 3_600, self.now());
        Wanted {
            kind: 1,
            class: 0,
            region: self.text("eu"),
            volume: 100 * GIB,
            egress: 50 * GIB,
            duration: 48,
            mode: 0,
            qos: Qos { availability_ppm: 999_000, ttfb_ms: 0, throughput_kibps: 0, error_ppm: 0 },
            asset: self.at.token.clone(),
            max_total: 10_000_000,
            collateral_min_bps: 1_000,
            sealed,
            answer_by,
            reveal_by: if sealed { answer_by + 1_800 } else { answer_by },
            choose_by: now + 7_200,
        }
    }

    /// `who` authorises exactly this call; everything authorised before is void.
    pub fn allow(&self, who: &Address, contract: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>) {
        let invoke = MockAuthInvoke { contract, fn_name: name, args: args.into_val(&self.env), sub_invokes: &[] };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    pub fn allow_nothing(&self) {
        self.env.set_auths(&[]);
    }

    /// What an answer to the ask makes the unit's price for its consumer.
    pub fn price(&self, id: &BytesN<32>, prices: (i128, i128)) -> Price {
        let ask = self.market().ask_of(id);
        let (storage_price, egress_price) = prices;
        Price { storage_price, egress_price, volume: ask.volume, egress: ask.egress, duration: ask.duration, until: ask.choose_by + 1 }
    }

    /// The provider authorises a call of the Market with the price for the consumer inside.
    #[allow(clippy::too_many_arguments)]
    pub fn allow_pricing(
        &self,
        who: &Address,
        name: &str,
        args: impl IntoVal<Env, HostVec<Val>>,
        unit: &BytesN<32>,
        consumer: &Address,
        price: &Price,
    ) {
        let args_inside = (who, unit, consumer, price.clone()).into_val(&self.env);
        let inside = [MockAuthInvoke { contract: &self.at.po, fn_name: "price_for", args: args_inside, sub_invokes: &[] }];
        let invoke = MockAuthInvoke { contract: &self.at.market, fn_name: name, args: args.into_val(&self.env), sub_invokes: &inside };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    /// What the Market requests when an answer is taken.
    pub fn request(&self, id: &BytesN<32>, answer: &Answer, deal: &Deal) -> Request {
        let ask = self.market().ask_of(id);
        Request {
            unit: answer.unit.clone(),
            volume: ask.volume,
            egress: ask.egress,
            duration: ask.duration,
            mode: ask.mode,
            refund: deal.refund.clone(),
            max_total: answer.total,
            price_version: 0,
            nonce: deal.nonce.clone(),
            deposit: deal.deposit,
            previous: self.hash(0),
        }
    }

    /// The consumer authorises `take` with the request inside, and in that the transfer of the deposit.
    pub fn allow_take(&self, who: &Address, id: &BytesN<32>, provider: &Address, deal: &Deal, request: &Request) {
        let paid = (who, &self.at.co, request.deposit).into_val(&self.env);
        let transfer = [MockAuthInvoke { contract: &self.at.token, fn_name: "transfer", args: paid, sub_invokes: &[] }];
        let pays = if request.deposit > 0 { &transfer[..] } else { &[] };
        let asked = (who, request.clone()).into_val(&self.env);
        let inside = [MockAuthInvoke { contract: &self.at.co, fn_name: "request", args: asked, sub_invokes: pays }];
        let args = (who, id, provider, deal.clone()).into_val(&self.env);
        let invoke = MockAuthInvoke { contract: &self.at.market, fn_name: "take", args, sub_invokes: &inside };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    pub fn ask(&self, sealed: bool, nonce: u8) -> BytesN<32> {
        let (wanted, nonce) = (self.wanted(sealed), self.hash(nonce));
        self.allow(&self.consumer, &self.at.market, "ask", (&self.consumer, wanted.clone(), &nonce));
        self.market().ask(&self.consumer, &wanted, &nonce)
    }

    pub fn try_answer(&self, who: &Address, id: &BytesN<32>, unit: &BytesN<32>, price: i128) -> Answered<(), soroban_sdk::ConversionError> {
        self.allow_pricing(who, "answer", (who, id, unit, price, 0i128), unit, &self.consumer, &self.price(id, (price, 0)));
        self.market().try_answer(who, id, unit, &price, &0)
    }

    pub fn deal(&self, answer: &Answer, nonce: u8) -> Deal {
        Deal {
            unit: answer.unit.clone(),
            max_total: answer.total,
            refund: self.consumer.clone(),
            deposit: answer.total,
            nonce: self.hash(nonce),
        }
    }

    /// Takes the answer as it is.
    pub fn try_take(&self, id: &BytesN<32>, provider: &Address, nonce: u8) -> Answered<BytesN<32>, soroban_sdk::ConversionError> {
        let answer = self.market().answer_of(id, provider);
        let deal = self.deal(&answer, nonce);
        self.allow_take(&self.consumer, id, provider, &deal, &self.request(id, &answer, &deal));
        self.market().try_take(&self.consumer, id, provider, &deal)
    }
}
