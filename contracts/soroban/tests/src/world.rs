//! A network in one process: the three contracts, a token, a provider with a node and a unit, a consumer, and four validators. Every
//! authorisation is an explicit entry for one call; nothing is ever authorised wholesale.

use flashback_consumer::{
    types::{Request, Sla},
    ConsumerOrchestrator, ConsumerOrchestratorClient,
};
use flashback_core::{
    certificate, id,
    leaf::Leaf,
    merkle,
    params::{CreditTier, FeeSplit, Params, Payees, SlashSplit},
    terms::Terms,
    types::{Qos, Quote, ReservationState},
};
use flashback_oracle::{Oracle, OracleClient};
use flashback_provider::{types::Spec, ProviderOrchestrator, ProviderOrchestratorClient};
use soroban_sdk::{
    testutils::{Address as _, Ledger as _, MockAuth, MockAuthInvoke},
    token::{StellarAssetClient, TokenClient},
    Address, Bytes, BytesN, Env, IntoVal, String as HostString, Val, Vec as HostVec,
};

use crate::{
    meter::Meter,
    node::NodeKey,
    oracle::{Signers, EPOCH_SECONDS, GENESIS},
};

pub const GIB: u64 = 1 << 30;
pub const STORAGE_PRICE: i128 = 8_640_007;
pub const EGRESS_PRICE: i128 = 1_000_003;
pub const WEALTH: i128 = 1_000_000_000_000;
pub const COLLATERAL: i128 = 100_000_000_000;

pub struct World {
    pub env: Env,
    pub signers: Signers,
    pub admin: Address,
    pub provider: Address,
    pub payout: Address,
    pub consumer: Address,
    pub refund: Address,
    pub node: NodeKey,
    pub node_id: BytesN<32>,
    pub unit: BytesN<32>,
    pub payees: Payees,
    pub token: Address,
    oracle_id: Address,
    po_id: Address,
    co_id: Address,
}

/// What a leaf is settled with.
#[derive(Clone)]
pub struct Proven {
    pub leaf: Bytes,
    pub epoch: u64,
    pub bits: u64,
    pub path: HostVec<BytesN<32>>,
}

impl World {
    /// With a unit that accepts by itself.
    pub fn new() -> Self {
        Self::build(None, true)
    }

    /// With a unit whose provider decides on each request.
    pub fn by_hand() -> Self {
        Self::build(None, false)
    }

    /// Of the committed artifacts instead of the native code.
    pub fn of_wasm() -> Self {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../artifacts");
        let read = |name| std::fs::read(dir.join(name)).unwrap();
        Self::build(Some([read("oracle.wasm"), read("provider.wasm"), read("consumer.wasm")]), true)
    }

    /// Before anything is wired or anybody takes part: `wire`, then `join`.
    pub fn unwired() -> Self {
        Self::deploy(None)
    }

    fn build(wasm: Option<[Vec<u8>; 3]>, auto_accept: bool) -> Self {
        let mut world = Self::deploy(wasm);
        world.wire(None);
        world.join();
        let spec = world.spec(auto_accept);
        world.unit = world.create_unit(&spec, 1);
        world
    }

    fn deploy(wasm: Option<[Vec<u8>; 3]>) -> Self {
        let env = crate::env();
        env.ledger().set_timestamp(GENESIS);
        env.ledger().set_sequence_number(100);
        let someone = || Address::generate(&env);
        let signers = Signers::new(4, 7);
        let admin = someone();
        let payees = Payees { platform: someone(), validators: someone(), fund: someone(), insurance: someone() };
        let params = params(&env, &payees);
        let config = signers.config(&env, 1);
        let [oracle_id, po_id, co_id] = match wasm {
            None => {
                let oracle = env.register(Oracle, (config,));
                let po = env.register(ProviderOrchestrator, (admin.clone(), oracle.clone(), params.clone()));
                let co = env.register(ConsumerOrchestrator, (admin.clone(), oracle.clone(), po.clone(), params));
                [oracle, po, co]
            }
            Some([o, p, c]) => {
                let oracle = env.register(o.as_slice(), (config,));
                let po = env.register(p.as_slice(), (admin.clone(), oracle.clone(), params.clone()));
                let co = env.register(c.as_slice(), (admin.clone(), oracle.clone(), po.clone(), params));
                [oracle, po, co]
            }
        };
        let token = env.register_stellar_asset_contract_v2(admin.clone()).address();
        let node = NodeKey::new(&env, 9);
        let provider = someone();
        let node_id = id::node(&env, &po_id, &node.address).unwrap();
        World {
            signers,
            provider,
            payout: someone(),
            consumer: someone(),
            refund: someone(),
            node_id,
            unit: BytesN::from_array(&env, &[0; 32]),
            admin,
            node,
            payees,
            token,
            oracle_id,
            po_id,
            co_id,
            env: env.clone(),
        }
    }

    pub fn wire(&self, registry: Option<Address>) {
        self.allow(&self.admin, &self.po_id, "wire", (&self.co_id, registry.clone()));
        self.po().wire(&self.co_id, &registry);
    }

    /// Provider and consumer have tokens, the provider a node and collateral.
    pub fn join(&self) {
        for who in [&self.provider, &self.consumer] {
            self.mint(who, WEALTH);
        }
        let info = BytesN::from_array(&self.env, &[1; 32]);
        self.allow(&self.provider, &self.po_id, "register", (&self.provider, &self.payout, &info));
        self.po().register(&self.provider, &self.payout, &info);
        self.allow_both("node_bind", (&self.provider, &self.node.address, self.text("https://node")));
        self.po().node_bind(&self.provider, &self.node.address, &self.text("https://node"));
        self.deposit(COLLATERAL);
    }

    pub fn oracle(&self) -> OracleClient<'_> {
        OracleClient::new(&self.env, &self.oracle_id)
    }

    pub fn po(&self) -> ProviderOrchestratorClient<'_> {
        ProviderOrchestratorClient::new(&self.env, &self.po_id)
    }

    pub fn co(&self) -> ConsumerOrchestratorClient<'_> {
        ConsumerOrchestratorClient::new(&self.env, &self.co_id)
    }

    pub fn balance(&self, who: &Address) -> i128 {
        TokenClient::new(&self.env, &self.token).balance(who)
    }

    pub fn mint(&self, who: &Address, amount: i128) {
        self.allow(&self.admin, &self.token, "mint", (who, amount));
        StellarAssetClient::new(&self.env, &self.token).mint(who, &amount);
    }

    pub fn text(&self, s: &str) -> HostString {
        HostString::from_str(&self.env, s)
    }

    pub fn bytes32(&self, b: u8) -> BytesN<32> {
        BytesN::from_array(&self.env, &[b; 32])
    }

    /// `who` authorises exactly this call; everything authorised before is void.
    pub fn allow(&self, who: &Address, contract: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>) {
        let invoke = MockAuthInvoke { contract, fn_name: name, args: args.into_val(&self.env), sub_invokes: &[] };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    /// The same with the transfer of `amount` from `who` to the contract inside.
    pub fn allow_paying(&self, who: &Address, contract: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>, amount: i128) {
        let transfer = MockAuthInvoke {
            contract: &self.token,
            fn_name: "transfer",
            args: (who, contract, amount).into_val(&self.env),
            sub_invokes: &[],
        };
        let subs = [transfer];
        let sub_invokes = if amount > 0 { &subs[..] } else { &[] };
        let invoke = MockAuthInvoke { contract, fn_name: name, args: args.into_val(&self.env), sub_invokes };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }

    /// Provider and node authorise the same call of the Provider Orchestrator.
    pub fn allow_both(&self, name: &str, args: impl IntoVal<Env, HostVec<Val>>) {
        self.allow_with(&self.node, name, args);
    }

    pub fn allow_with(&self, node: &NodeKey, name: &str, args: impl IntoVal<Env, HostVec<Val>>) {
        let args = args.into_val(&self.env);
        let invoke = MockAuthInvoke { contract: &self.po_id, fn_name: name, args: args.clone(), sub_invokes: &[] };
        let provider = MockAuth { address: &self.provider, invoke: &invoke };
        self.env.mock_auths(std::slice::from_ref(&provider));
        self.env.set_auths(&[provider.into(), node.authorize(&self.env, &self.po_id, name, args)]);
    }

    /// Nobody authorises anything.
    pub fn allow_nothing(&self) {
        self.env.set_auths(&[]);
    }

    pub fn po_id(&self) -> &Address {
        &self.po_id
    }

    pub fn co_id(&self) -> &Address {
        &self.co_id
    }

    pub fn deposit(&self, amount: i128) {
        self.allow_paying(&self.provider, &self.po_id, "deposit", (&self.provider, &self.token, amount), amount);
        self.po().deposit(&self.provider, &self.token, &amount);
    }

    pub fn spec(&self, auto_accept: bool) -> Spec {
        Spec {
            node: self.node_id.clone(),
            kind: 1,
            capacity: 1_000 * GIB,
            region: self.text("eu-west"),
            class: 0,
            qos: Qos { availability_ppm: 999_000, ttfb_ms: 200, throughput_kibps: 1_024, error_ppm: 10_000 },
            asset: self.token.clone(),
            storage_price: STORAGE_PRICE,
            egress_price: EGRESS_PRICE,
            collateral_bps: 5_000,
            auto_accept,
            listed: true,
            min_epochs: 1,
            max_epochs: 100_000,
            rate_limit: 0,
        }
    }

    pub fn create_unit(&self, spec: &Spec, nonce: u8) -> BytesN<32> {
        let nonce = self.bytes32(nonce);
        self.allow(&self.provider, &self.po_id, "unit_create", (&self.provider, spec.clone(), &nonce));
        self.po().unit_create(&self.provider, spec, &nonce)
    }

    /// Ten windows of 100 GiB and 50 GiB of egress, paid in full.
    pub fn wish(&self, mode: u32) -> Request {
        let quote = self.quote(100 * GIB);
        Request {
            unit: self.unit.clone(),
            volume: 100 * GIB,
            egress: 50 * GIB,
            duration: 120,
            mode,
            refund: self.refund.clone(),
            max_total: quote.total,
            price_version: quote.price_version,
            nonce: self.bytes32(1),
            deposit: quote.total + quote.total / 10,
            previous: self.none(),
        }
    }

    /// What the unit asks the consumer for ten windows and 50 GiB of egress.
    pub fn quote(&self, volume: u64) -> Quote {
        self.po().quote(&self.unit, &self.consumer, &volume, &(50 * GIB), &120, &self.none())
    }

    /// The id that stands for none.
    pub fn none(&self) -> BytesN<32> {
        self.bytes32(0)
    }

    pub fn allow_request(&self, request: &Request) {
        let args = (&self.consumer, request.clone());
        self.allow_paying(&self.consumer, &self.co_id, "request", args, request.deposit);
    }

    pub fn request(&self, request: &Request) -> BytesN<32> {
        self.allow_request(request);
        self.co().request(&self.consumer, request)
    }

    pub fn accept(&self, sla: &BytesN<32>) {
        self.allow(&self.provider, &self.po_id, "accept", (&self.provider, sla));
        self.po().accept(&self.provider, sla);
    }

    pub fn meter(&self, sla: &BytesN<32>) -> Meter {
        let document: Vec<u8> = self.co().terms(sla).iter().collect();
        Meter::new(Terms::decode(&document).unwrap(), self.co().sla(sla).terms_hash.to_array())
    }

    /// Sets the clock to the first second after `epoch`.
    pub fn after(&self, epoch: u64) {
        self.env.ledger().set_timestamp(GENESIS + (epoch + 1) * u64::from(EPOCH_SECONDS));
    }

    /// Certifies the leaf for the epoch that its count of epochs says, beside another SLA's leaf.
    pub fn certify(&self, sla: &BytesN<32>, meter: &Meter) -> Proven {
        let epoch = self.co().sla(sla).start_epoch + u64::from(meter.leaf.epochs) - 1;
        self.certify_at(epoch, &meter.leaf)
    }

    pub fn certify_at(&self, epoch: u64, leaf: &Leaf) -> Proven {
        let bytes = leaf.encode().unwrap().as_slice().to_vec();
        let neighbour = Leaf::zero([0xff; 32], [0xee; 32]).encode().unwrap().as_slice().to_vec();
        let sibling = merkle::leaf_hash(&self.env, &neighbour);
        let path = HostVec::from_array(&self.env, [sibling]);
        let root = merkle::root_from(&self.env, &merkle::leaf_hash(&self.env, &bytes), 0, &path).unwrap();
        if self.env.ledger().timestamp() < GENESIS + (epoch + 1) * u64::from(EPOCH_SECONDS) {
            self.after(epoch);
        }
        self.submit(epoch, &root);
        Proven { leaf: Bytes::from_slice(&self.env, &bytes), epoch, bits: 0, path }
    }

    /// Three of four validators certify a root.
    pub fn submit(&self, epoch: u64, root: &BytesN<32>) {
        let oracle = self.oracle();
        let previous = oracle.latest().1;
        let digest = certificate::report_digest(&self.env, &oracle.network(), &oracle.digest(), epoch, root, &previous).unwrap();
        let signatures = self.signers.sign(&self.env, &digest.to_array(), &[0, 1, 3]);
        oracle.submit(&epoch, root, &previous, &signatures);
    }

    pub fn zero_leaf(&self, sla: &BytesN<32>) -> Bytes {
        let zero = Leaf::zero(sla.to_array(), self.co().sla(sla).terms_hash.to_array());
        Bytes::from_slice(&self.env, zero.encode().unwrap().as_slice())
    }

    /// Settles both halves; nobody authorises it.
    pub fn settle(&self, sla: &BytesN<32>, from: &Bytes, to: &Proven) {
        self.settle_quietly(sla, from, to);
        self.check(sla);
    }

    /// The same without a look at the invariants, so that its events are the last.
    pub fn settle_quietly(&self, sla: &BytesN<32>, from: &Bytes, to: &Proven) {
        self.allow_nothing();
        self.co().settle(sla, from, &to.leaf, &to.epoch, &to.bits, &to.path);
    }

    /// DESIGN's invariants of one SLA and its reservation, alone in this world.
    pub fn check(&self, id: &BytesN<32>) {
        let s = self.co().sla(id);
        let buckets = [s.escrow, s.holdback, s.provider_claim, s.consumer_claim, s.fees, s.retention, s.bond, s.disputed];
        assert!(buckets.iter().all(|b| *b >= 0), "a bucket is negative: {buckets:?}");
        assert_eq!(s.deposited, buckets.iter().sum::<i128>() + s.withdrawn, "deposited = buckets + withdrawn");
        assert_eq!(self.balance(&self.co_id), buckets.iter().sum::<i128>(), "the token's balance is the buckets");
        assert!(s.gross <= s.total && s.earned + s.credited <= s.gross);
        if s.state.is_terminal() {
            assert_eq!((s.escrow, s.holdback, s.retention, s.bond), (0, 0, 0, 0), "a terminal SLA holds nothing back");
        }
        let r = self.po().reservation(id);
        let c = self.po().collateral(&self.provider, &self.token);
        let unit = self.po().unit(&s.unit);
        assert!(r.coverage + r.slash <= r.collateral, "more than the collateral was taken");
        let locked = match r.state {
            ReservationState::Held | ReservationState::Done => 0,
            _ => r.collateral - r.coverage - r.slash,
        };
        assert_eq!(c.locked, locked, "locked collateral");
        assert_eq!(self.balance(&self.po_id), c.free + c.locked + r.owed + r.validators_due + r.fund_due);
        let counters = match r.state {
            ReservationState::Held | ReservationState::Locked => (r.volume, 0, 1),
            ReservationState::Active => (0, r.volume, 1),
            ReservationState::Done => (0, 0, 0),
        };
        assert_eq!((unit.reserved_bytes, unit.in_use_bytes, unit.live), counters, "the unit's counters");
    }

    pub fn sla(&self, id: &BytesN<32>) -> Sla {
        self.check(id);
        self.co().sla(id)
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// The default parameters of the specification, scaled to the local network.
pub fn params(env: &Env, payees: &Payees) -> Params {
    let table = |lines: [(u32, u32); 3]| HostVec::from_array(env, lines.map(|(level, bps)| CreditTier { level, bps }));
    Params {
        version: 1,
        early_bps: 1_000,
        reclaim_bps: 1_000,
        reclaim_windows: 2,
        grace_epochs: 12,
        retention_epochs: 12,
        fee_bps: 200,
        fee_flash_bps: 50,
        flash: None,
        holdback_bps: 2_000,
        min_samples: 20,
        coverage_ppm: 900_000,
        availability_tiers: table([(0, 1_000), (990_000, 2_500), (950_000, 10_000)]),
        excess_tiers: table([(100, 500), (120, 1_500), (200, 3_000)]),
        lost_bps: 10_000,
        lost_challenges: 3,
        breach_bps: 2_500,
        breach_count: 2,
        breach_of: 3,
        slash_breach_bps: 1_000,
        slash_lost_bps: 5_000,
        slash_abandon_bps: 10_000,
        abandon_windows: 6,
        slash_cap_bps: 2_500,
        slash_period_epochs: 12,
        slash_split: SlashSplit { consumer_bps: 7_000, validators_bps: 1_000, challenger_bps: 1_000, fund_bps: 1_000 },
        fee_split: FeeSplit { platform_bps: 4_000, validators_bps: 3_000, fund_bps: 2_000, insurance_bps: 1_000 },
        payees: payees.clone(),
        collateral_min_bps: 1_000,
        accept_timeout_seconds: 24 * 3_600,
        fund_timeout_seconds: 24 * 3_600,
        close_timeout_seconds: 30 * 86_400,
        maintenance_notice_seconds: 20,
        maintenance_quota_seconds: 30,
    }
}
