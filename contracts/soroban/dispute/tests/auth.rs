//! Every entry point with nobody's, the wrong and the right authorisation.

mod stage;

use flashback_core::types::{Config, ReservationState};
use flashback_dispute::{
    types::{Params, Phase, ProvenLeaf, Signed},
    Dispute, DisputeClient,
};
use soroban_sdk::{
    testutils::{Address as _, Ledger as _, MockAuth, MockAuthInvoke},
    Address, Bytes, BytesN, Env, IntoVal, Val, Vec as HostVec,
};
use stage::{allow, outcome, Stage, StageClient, StagedReservation, StagedSla};

const GENESIS: u64 = 1_800_000_000;
const BOND: i128 = 1_000;

struct World {
    env: Env,
    stage: Address,
    id: Address,
    admin: Address,
    consumer: Address,
    provider: Address,
    stranger: Address,
    sla: BytesN<32>,
    arbiters: Vec<Address>,
}

/// The terms of the vectors' SLA, with the parties of this world in them: tag, network and id stand before the accounts.
fn terms(world: &World) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/dispute.json");
    let document: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = document["setup"][0]["args"]["terms"].as_str().unwrap();
    let mut bytes: Vec<u8> = (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect();
    let accounts = "FLASHBACK-TERMS-v1".len() + 64;
    for (i, who) in [&world.consumer, &world.provider].iter().enumerate() {
        let account = flashback_core::account::Account::of(who).unwrap();
        bytes[accounts + 35 * i..accounts + 35 * (i + 1)].copy_from_slice(&account.0);
    }
    bytes
}

impl World {
    fn new() -> Self {
        let env = stage::env();
        env.ledger().set_sequence_number(100);
        env.ledger().set_timestamp(GENESIS + 40);
        let someone = || Address::generate(&env);
        let stage = env.register(Stage, ());
        let client = StageClient::new(&env, &stage);
        let config = Config {
            version: 1,
            genesis: GENESIS,
            epoch_seconds: 10,
            slots_per_epoch: 5,
            window_epochs: 3,
            validators: HostVec::new(&env),
        };
        client.put_config(&config, &BytesN::from_array(&env, &[7; 32]));
        let admin = someone();
        let w = stage.clone();
        let id = env.register(Dispute, (admin.clone(), w.clone(), w.clone(), w.clone(), w.clone(), w, params(&env, 1)));
        client.put_dispute(&id);
        let mut world = World {
            stage,
            id,
            admin,
            consumer: someone(),
            provider: someone(),
            stranger: someone(),
            sla: BytesN::from_array(&env, &[3; 32]),
            arbiters: vec![],
            env: env.clone(),
        };
        world.put_sla(3);
        for who in [&world.consumer, &world.provider, &world.stranger] {
            client.put_balance(who, &10_000);
        }
        for _ in 0..8 {
            let arbiter = someone();
            client.put_stake(&arbiter, &3, &5_000, &0);
            world.allow(&arbiter, "arbiter", (&arbiter, true), 0);
            world.client().arbiter(&arbiter, &true);
            world.arbiters.push(arbiter);
        }
        env.ledger().set_timestamp(GENESIS + 50);
        world
    }

    fn put_sla(&self, settled_epochs: u32) {
        let zero = BytesN::from_array(&self.env, &[0; 32]);
        let reservation = StagedReservation {
            unit: zero.clone(),
            provider: self.provider.clone(),
            state: ReservationState::Active,
            settled_epochs,
            start_epoch: 0,
        };
        let terms = Bytes::from_slice(&self.env, &terms(self));
        let owner = self.consumer.clone();
        let sla = StagedSla { terms, reservation, owner, claim: 9_000, bond: 5_000, frozen: 0, consumer: 0 };
        StageClient::new(&self.env, &self.stage).put_sla(&self.sla, &sla, &zero, &self.provider);
    }

    fn client(&self) -> DisputeClient<'_> {
        DisputeClient::new(&self.env, &self.id)
    }

    fn allow(&self, who: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>, paying: i128) {
        allow(&self.env, who, &self.id, name, args, Some((&self.stage, paying)).filter(|p| p.1 > 0));
    }

    fn b(&self, v: u8) -> BytesN<32> {
        BytesN::from_array(&self.env, &[v; 32])
    }

    /// Nobody authorises, then somebody else the same call, then `who` another call; each is stopped by the host. Then `who` this call.
    fn only<T>(
        &self,
        who: &Address,
        name: &str,
        args: impl IntoVal<Env, HostVec<Val>>,
        paying: i128,
        call: impl Fn() -> Result<T, String>,
    ) -> T {
        let args: HostVec<Val> = args.into_val(&self.env);
        self.env.set_auths(&[]);
        assert_eq!(call().err().as_deref(), Some("host"), "{name} by nobody");
        self.allow(&self.stranger, name, args.clone(), paying);
        assert_eq!(call().err().as_deref(), Some("host"), "{name} by a stranger");
        self.allow(who, "another", args.clone(), paying);
        assert_eq!(call().err().as_deref(), Some("host"), "another call than {name}");
        if paying > 0 {
            let invoke = MockAuthInvoke { contract: &self.id, fn_name: name, args: args.clone(), sub_invokes: &[] };
            self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
            assert_eq!(call().err().as_deref(), Some("TransferFailed"), "{name} without the bond's transfer");
        }
        self.allow(who, name, args, paying);
        call().unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn open(&self) -> BytesN<32> {
        let (evidence, nonce) = (self.b(1), self.b(2));
        let args = (&self.consumer, &self.sla, 0u32, 6_000i128, &evidence, &nonce);
        self.only(&self.consumer, "open", args, BOND, || {
            outcome(self.client().try_open(&self.consumer, &self.sla, &0, &6_000, &evidence, &nonce))
        })
    }

    fn answer(&self, id: &BytesN<32>) {
        let evidence = self.b(4);
        self.only(&self.provider, "answer", (&self.provider, id, &evidence), BOND, || {
            outcome(self.client().try_answer(&self.provider, id, &evidence))
        });
    }

    /// Anyone may: nothing has to be authorised.
    fn anyone<T>(&self, call: impl Fn() -> Result<T, String>) -> T {
        self.env.set_auths(&[]);
        call().unwrap_or_else(|e| panic!("{e}"))
    }
}

fn params(env: &Env, version: u32) -> Params {
    Params {
        version,
        bond: BOND,
        juror_fee: 70,
        arbiter_stake: 5_000,
        panel: 3,
        evidence_seconds: 100,
        commit_seconds: 50,
        reveal_seconds: 40,
        appeal_seconds: 60,
        max_age_seconds: 1_000,
        quorum_bps: 6_000,
        slash_equivocation_bps: 2_500,
        fund: Address::generate(env),
    }
}

fn vote(world: &World, id: &BytesN<32>, arbiter: &Address) -> BytesN<32> {
    let account = flashback_core::account::Account::of(arbiter).unwrap();
    let document = [b"FLASHBACK-VOTE-v1".as_slice(), &id.to_array(), &[0], &account.0, &[1], &[9; 32]].concat();
    flashback_core::hash::sha256(&world.env, &document)
}

#[test]
fn a_dispute_from_end_to_end() {
    let w = World::new();
    let c = w.client();
    let id = w.open();
    w.answer(&id);
    assert_eq!(c.dispute(&id).phase, Phase::Draw);
    StageClient::new(&w.env, &w.stage).put_root(&6, &w.b(77));
    w.env.ledger().set_timestamp(GENESIS + 70);
    w.anyone(|| outcome(c.try_advance(&id)));
    let now = c.dispute(&id);
    let seats = c.panel(&id, &0);
    assert_eq!((now.phase, seats.len()), (Phase::Commit, 3));
    for seat in seats.iter() {
        let hash = vote(&w, &id, &seat.arbiter);
        w.only(&seat.arbiter, "commit", (&seat.arbiter, &id, &hash), 0, || outcome(c.try_commit(&seat.arbiter, &id, &hash)));
    }
    w.env.ledger().set_timestamp(now.until);
    assert_eq!(c.dispute(&id).phase, Phase::Reveal);
    for seat in seats.iter() {
        let salt = w.b(9);
        w.only(&seat.arbiter, "reveal", (&seat.arbiter, &id, 1u32, &salt), 0, || outcome(c.try_reveal(&seat.arbiter, &id, &1, &salt)));
    }
    w.env.ledger().set_timestamp(now.reveal_until);
    w.anyone(|| outcome(c.try_advance(&id)));
    w.env.ledger().set_timestamp(c.dispute(&id).until);
    w.anyone(|| outcome(c.try_execute(&id)));
    assert_eq!(c.dispute(&id).phase, Phase::Executed);
    assert_eq!(w.anyone(|| outcome(c.try_claim(&w.consumer))), 2 * BOND - 3 * 70);
    w.anyone(|| outcome(c.try_extend(&id)));
    let staged = StageClient::new(&w.env, &w.stage).staged(&w.sla).unwrap();
    assert_eq!((staged.claim, staged.frozen, staged.consumer), (3_000, 0, 6_000));
}

#[test]
fn an_accusation() {
    let w = World::new();
    let c = w.client();
    let (evidence, nonce) = (w.b(1), w.b(2));
    let args = (&w.provider, &w.sla, 0u32, 3_000i128, &evidence, &nonce);
    let id = w.only(&w.provider, "accuse", args, BOND, || outcome(c.try_accuse(&w.provider, &w.sla, &0, &3_000, &evidence, &nonce)));
    let case = c.dispute(&id);
    assert!(case.accused && c.window(&w.sla, &0).accused);
    assert_eq!((case.consumer_bond, case.provider_bond, case.frozen), (0, BOND, 3_000));
    let denial = w.b(4);
    w.only(&w.consumer, "answer", (&w.consumer, &id, &denial), BOND, || outcome(c.try_answer(&w.consumer, &id, &denial)));
    w.env.ledger().set_timestamp(GENESIS + 2_000);
    w.anyone(|| outcome(c.try_advance(&id)));
    assert_eq!(c.dispute(&id).phase, Phase::Inconclusive, "no root came");
    let staged = StageClient::new(&w.env, &w.stage).staged(&w.sla).unwrap();
    assert_eq!((staged.claim, staged.bond, staged.frozen, staged.consumer), (9_000, 2_000, 0, 3_000));
}

#[test]
fn an_appeal() {
    let w = World::new();
    let c = w.client();
    let id = w.open();
    w.env.ledger().set_timestamp(GENESIS + 150);
    w.anyone(|| outcome(c.try_advance(&id)));
    w.only(&w.provider, "appeal", (&w.provider, &id), 2 * BOND, || outcome(c.try_appeal(&w.provider, &id)));
    assert_eq!(c.dispute(&id).round, 1);
}

#[test]
fn arbiters_register_themselves() {
    let w = World::new();
    let c = w.client();
    let arbiter = Address::generate(&w.env);
    StageClient::new(&w.env, &w.stage).put_stake(&arbiter, &3, &5_000, &0);
    for active in [true, false] {
        w.only(&arbiter, "arbiter", (&arbiter, active), 0, || outcome(c.try_arbiter(&arbiter, &active)));
    }
}

#[test]
fn the_admin_alone_sets_parameters_and_upgrades() {
    let w = World::new();
    let c = w.client();
    let next = params(&w.env, 2);
    w.only(&w.admin, "set_params", (next.clone(),), 0, || outcome(c.try_set_params(&next)));
    w.only(&w.admin, "wire", (&w.stage,), 0, || outcome(c.try_wire(&w.stage)));
    w.allow(&w.admin, "wire", (&w.stage,), 0);
    assert_eq!(outcome(c.try_wire(&w.stage)).err().as_deref(), Some("AlreadyInitialized"));
    let wasm = w.b(5);
    w.only(&w.admin, "upgrade_announce", (&wasm,), 0, || outcome(c.try_upgrade_announce(&wasm)));
    w.env.set_auths(&[]);
    assert_eq!(outcome(c.try_upgrade()).err().as_deref(), Some("host"));
    w.allow(&w.stranger, "upgrade", (), 0);
    assert_eq!(outcome(c.try_upgrade()).err().as_deref(), Some("host"));
    w.allow(&w.admin, "upgrade", (), 0);
    assert_eq!(outcome(c.try_upgrade()).err().as_deref(), Some("UpgradeEarly"));
    w.only(&w.admin, "set_admin", (&w.stranger,), 0, || outcome(c.try_set_admin(&w.stranger)));
    assert_eq!(c.admin(), w.stranger);
}

#[test]
fn proofs_need_nobody() {
    let w = World::new();
    let c = w.client();
    let leaf = ProvenLeaf { leaf: Bytes::new(&w.env), epoch: 0, bits: 0, path: HostVec::new(&w.env) };
    let sig = BytesN::from_array(&w.env, &[0; 64]);
    let signed = Signed { document: Bytes::new(&w.env), sig: sig.clone(), recovery: 0 };
    w.env.set_auths(&[]);
    assert_eq!(outcome(c.try_prove_verdict(&w.sla, &leaf, &leaf)).unwrap_err(), "Malformed");
    assert_eq!(outcome(c.try_prove_equivocation(&w.stranger, &signed, &signed)).unwrap_err(), "Malformed");
    let nothing = HostVec::new(&w.env);
    let possession = outcome(c.try_prove_possession(&w.sla, &leaf, &leaf, &Bytes::new(&w.env), &sig, &nothing));
    assert_eq!(possession.unwrap_err(), "Malformed");
    assert_eq!(outcome(c.try_recover(&w.sla, &0)).unwrap_err(), "NothingDue");
    assert_eq!(outcome(c.try_extend(&w.b(1))).unwrap_err(), "NotFound");
    assert_eq!(outcome(c.try_claim(&w.stranger)).unwrap_err(), "NothingDue");
    w.anyone(|| outcome(c.try_note()));
}
