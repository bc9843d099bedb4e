//! The contract does what the reference model says: `contracts/vectors/dispute.json`, step by step.

mod stage;

use std::collections::BTreeMap;

use flashback_core::types::{Config, ReservationState, Validator};
use flashback_dispute::{
    types::{Answer, Params, ProvenLeaf, Signed},
    Dispute, DisputeClient,
};
use serde_json::Value;
use soroban_sdk::{address_payload::AddressPayload, testutils::Ledger as _, Address, Bytes, BytesN, Env, Vec as HostVec};
use stage::{allow, outcome, Stage, StageClient, StagedReservation, StagedSla};

struct Play {
    env: Env,
    stage: Address,
    id: Address,
    config: Config,
    network: BytesN<32>,
    known: BTreeMap<String, String>,
}

#[test]
fn vectors() {
    let document = read("../../vectors/dispute.json").unwrap();
    assert!(document["cases"].as_array().unwrap().len() >= 40);
    play(&document, None);
}

/// The committed artifact, where there is one, does the same; or any other file of such cases: DISPUTE_VECTORS.
#[test]
fn vectors_of_wasm() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../artifacts/dispute.wasm");
    let Ok(wasm) = std::fs::read(&path) else {
        eprintln!("skipped: {} is not built", path.display());
        return;
    };
    let more = std::env::var("DISPUTE_VECTORS").unwrap_or("../../vectors/dispute.json".to_owned());
    play(&read(&more).unwrap(), Some(&wasm));
}

fn read(path: &str) -> Option<Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

fn play(document: &Value, wasm: Option<&[u8]>) {
    for case in document["cases"].as_array().unwrap() {
        let mut play = Play::new(document, wasm);
        let setup = if case["bare"].as_bool().unwrap_or(false) { &[][..] } else { &document["setup"].as_array().unwrap()[..] };
        for (i, step) in setup.iter().chain(case["steps"].as_array().unwrap()).enumerate() {
            play.step(step, &format!("{}, step {i}, {}", text(&case["name"]), text(&step["call"])));
        }
        play.end(text(&case["name"]));
    }
}

impl Play {
    fn new(document: &Value, wasm: Option<&[u8]>) -> Self {
        let env = stage::env();
        env.ledger().set_sequence_number(100);
        let config = config_of(&env, &document["config"]);
        let network = b(&env, &document["network"]);
        env.ledger().set_timestamp(config.genesis);
        let stage = env.register(Stage, ());
        let id = address(&env, &document["self"]);
        let client = StageClient::new(&env, &stage);
        client.put_config(&config, &network);
        client.put_dispute(&id);
        let admin = address(&env, &document["admin"]);
        let params = params(&env, &document["params"]);
        let w = stage.clone();
        let args = (admin, w.clone(), w.clone(), w.clone(), w.clone(), w, params);
        match wasm {
            None => env.register_at(&id, Dispute, args),
            Some(wasm) => env.register_at(&id, wasm, args),
        };
        let dispute = DisputeClient::new(&env, &id);
        allow(&env, &dispute.admin(), &id, "wire", (&stage,), None);
        dispute.wire(&stage);
        Play { env, stage, id, config, network, known: BTreeMap::new() }
    }

    fn step(&mut self, step: &Value, at: &str) {
        self.env.ledger().set_timestamp(number(&step["at"]));
        let got = self.call(text(&step["call"]), &step["args"]);
        let want = match text(&step["error"]) {
            "" => Ok(text(if step["id"].is_string() { &step["id"] } else { &step["amount"] }).to_owned()),
            // The host itself refuses signatures that are wrong.
            "signature_wrong" => Err("host".to_owned()),
            error => Err(error.to_owned()),
        };
        assert_eq!(got, want, "{at}");
        for (key, value) in step["after"].as_object().unwrap_or(&serde_json::Map::new()) {
            assert_eq!(self.see(key), text(value), "{at}: {key}");
            self.known.insert(key.clone(), text(value).to_owned());
        }
    }

    /// Nothing else has changed since it was last said.
    fn end(&self, at: &str) {
        for (key, value) in &self.known {
            assert_eq!(&self.see(key), value, "{at}: {key}");
        }
    }

    fn call(&mut self, call: &str, args: &Value) -> Result<String, String> {
        let env = &self.env;
        let world = StageClient::new(env, &self.stage);
        let c = DisputeClient::new(env, &self.id);
        let none = |_| String::new();
        let amount = |v: i128| if v == 0 { String::new() } else { v.to_string() };
        let a = |name: &str| address(env, &args[name]);
        let h = |name: &str| b::<32>(env, &args[name]);
        let n = |name: &str| number::<u32>(&args[name]);
        let i = |name: &str| number::<i128>(&args[name]);
        let bond = |id: &BytesN<32>, times: i128| {
            let case = c.try_dispute(id).ok().and_then(|c| c.ok());
            (&self.stage, times * case.map_or(c.params().bond, |case| bond_of(env, &self.id, case.params_version)))
        };
        match call {
            "putRoot" => world.put_root(&number(&args["epoch"]), &h("root")),
            "putBalance" => world.put_balance(&a("owner"), &i("amount")),
            "putMute" => world.put_mute(&args["mute"].as_bool().unwrap()),
            "putStake" => world.put_stake(&a("owner"), &n("role"), &i("active"), &i("unbonding")),
            "putVersion" => {
                self.config.version = n("version");
                world.put_config(&self.config, &self.network);
            }
            "putSLA" => self.put_sla(args),
            "OpenDispute" => {
                let (who, sla, window, sum) = (a("consumer"), h("sla"), n("window"), i("amount"));
                let (evidence, nonce) = (h("evidence"), h("nonce"));
                let paying = (&self.stage, c.params().bond);
                allow(env, &who, &self.id, "open", (&who, &sla, window, sum, &evidence, &nonce), Some(paying));
                return outcome(c.try_open(&who, &sla, &window, &sum, &evidence, &nonce)).map(|id| hex(&id.to_array()));
            }
            "Accuse" => {
                let (who, sla, window, sum) = (a("provider"), h("sla"), n("window"), i("amount"));
                let (evidence, nonce) = (h("evidence"), h("nonce"));
                let paying = (&self.stage, c.params().bond);
                allow(env, &who, &self.id, "accuse", (&who, &sla, window, sum, &evidence, &nonce), Some(paying));
                return outcome(c.try_accuse(&who, &sla, &window, &sum, &evidence, &nonce)).map(|id| hex(&id.to_array()));
            }
            "AnswerDispute" => {
                let (who, id, evidence) = (a("party"), h("id"), h("evidence"));
                allow(env, &who, &self.id, "answer", (&who, &id, &evidence), Some(bond(&id, 1)));
                return outcome(c.try_answer(&who, &id, &evidence)).map(none);
            }
            "Appeal" => {
                let (who, id) = (a("party"), h("id"));
                allow(env, &who, &self.id, "appeal", (&who, &id), Some(bond(&id, 2)));
                return outcome(c.try_appeal(&who, &id)).map(none);
            }
            "CommitVote" => {
                let (who, id, hash) = (a("arbiter"), h("id"), h("hash"));
                allow(env, &who, &self.id, "commit", (&who, &id, &hash), None);
                return outcome(c.try_commit(&who, &id, &hash)).map(none);
            }
            "RevealVote" => {
                let (who, id, choice, salt) = (a("arbiter"), h("id"), n("choice"), h("salt"));
                allow(env, &who, &self.id, "reveal", (&who, &id, choice, &salt), None);
                return outcome(c.try_reveal(&who, &id, &choice, &salt)).map(none);
            }
            "RegisterArbiter" => {
                let (who, active) = (a("arbiter"), args["active"].as_bool().unwrap());
                allow(env, &who, &self.id, "arbiter", (&who, active), None);
                return outcome(c.try_arbiter(&who, &active)).map(none);
            }
            "SetParams" => {
                let params = params(env, &args["params"]);
                allow(env, &c.admin(), &self.id, "set_params", (params.clone(),), None);
                return outcome(c.try_set_params(&params)).map(none);
            }
            // Nobody has to authorise the rest.
            _ => {
                env.set_auths(&[]);
                return match call {
                    "Advance" => outcome(c.try_advance(&h("id"))).map(none),
                    "Execute" => outcome(c.try_execute(&h("id"))).map(none),
                    "Claim" => outcome(c.try_claim(&a("account"))).map(amount),
                    "Note" => outcome(c.try_note()).map(|_| String::new()),
                    "Recover" => outcome(c.try_recover(&h("sla"), &n("window"))).map(amount),
                    "ProveVerdict" => {
                        outcome(c.try_prove_verdict(&h("sla"), &leaf(env, &args["before"]), &leaf(env, &args["after"]))).map(amount)
                    }
                    "ProveEquivocation" => {
                        let (first, second) = (signed(env, &args["first"]), signed(env, &args["second"]));
                        outcome(c.try_prove_equivocation(&a("reporter"), &first, &second)).map(amount)
                    }
                    "ProvePossession" => {
                        let answers = HostVec::from_iter(env, args["answers"].as_array().unwrap().iter().map(|x| answer(env, x)));
                        let (before, after) = (leaf(env, &args["before"]), leaf(env, &args["after"]));
                        let statement = Bytes::from_slice(env, &bytes(&args["statement"]));
                        let sig = b(env, &args["statementSig"]);
                        outcome(c.try_prove_possession(&h("sla"), &before, &after, &statement, &sig, &answers)).map(amount)
                    }
                    other => panic!("no such call: {other}"),
                };
            }
        }
        Ok(String::new())
    }

    fn put_sla(&self, args: &Value) {
        let env = &self.env;
        let world = StageClient::new(env, &self.stage);
        let id = b(env, &args["id"]);
        let old = world.staged(&id);
        let done = args["done"].as_bool().unwrap();
        let reservation = StagedReservation {
            unit: b(env, &args["unit"]),
            provider: address(env, &args["provider"]),
            state: if done { ReservationState::Done } else { ReservationState::Active },
            settled_epochs: number(&args["settledEpochs"]),
            start_epoch: number(&args["startEpoch"]),
        };
        let sla = StagedSla {
            terms: Bytes::from_slice(env, &bytes(&args["terms"])),
            reservation,
            owner: address(env, &args["owner"]),
            claim: number(&args["claim"]),
            bond: number(&args["bond"]),
            frozen: old.as_ref().map_or(0, |o| o.frozen),
            consumer: old.as_ref().map_or(0, |o| o.consumer),
        };
        world.put_sla(&id, &sla, &b(env, &args["node"]), &address(env, &args["nodeKey"]));
    }

    /// What is stored, as the vectors write it.
    fn see(&self, key: &str) -> String {
        let env = &self.env;
        let world = StageClient::new(env, &self.stage);
        let c = DisputeClient::new(env, &self.id);
        let words: Vec<&str> = key.split(' ').collect();
        let of = |i: usize| Value::from(words[i]);
        match words[0] {
            "sla" => world.staged(&b(env, &of(1))).map_or(String::new(), |s| format!("{} {} {} {}", s.claim, s.bond, s.frozen, s.consumer)),
            "window" => {
                let w = c.window(&b(env, &of(1)), &number(&of(2)));
                format!("{} {} {} {} {} {}", w.proved, w.ruled, w.moved, w.wrong, w.panel, w.accused)
            }
            "stake" => {
                let s = world.position(&address(env, &of(1)), &number(&of(2)));
                format!("{} {} {}", s.active, s.unbonding, s.held_until)
            }
            "balance" => world.balance(&address(env, &of(1))).to_string(),
            "loser" => world.loser(&b(env, &of(1))).map_or(String::new(), |a| show(&a)),
            "due" => c.due(&address(env, &of(1))).to_string(),
            "slot" => c.slot(&number(&of(1))).map_or(String::new(), |s| format!("{} {} {}", show(&s.arbiter), s.since, s.expires)),
            "case" => {
                let d = c.dispute(&b(env, &of(1)));
                let head = format!("{} {} {} {} {} {}", d.window, d.accused, d.amount, d.frozen, d.phase as u32, d.round);
                let money = format!("{} {} {} {}", d.consumer_bond, d.provider_bond, d.silence, d.ruling);
                format!("{head} {money} {} {} {} {} {}", d.cut, d.slots, d.seed_epoch, d.until, d.reveal_until)
            }
            "seat" => {
                let seat = c.panel(&b(env, &of(1)), &number(&of(2))).get(number(&of(3))).unwrap();
                let choice = seat.choice.map_or("-".to_owned(), |c| c.to_string());
                format!("{} {} {choice}", show(&seat.arbiter), seat.commit.is_some())
            }
            other => panic!("nothing is known of {other}"),
        }
    }
}

/// The bond of the parameters that a dispute began with.
fn bond_of(env: &Env, contract: &Address, version: u32) -> i128 {
    #[soroban_sdk::contracttype]
    enum Key {
        Params(u32),
    }
    env.as_contract(contract, || env.storage().persistent().get::<_, Params>(&Key::Params(version)).unwrap().bond)
}

fn show(address: &Address) -> String {
    address.to_string().to_string()
}

fn params(env: &Env, v: &Value) -> Params {
    Params {
        version: number(&v["version"]),
        bond: number(&v["bond"]),
        juror_fee: number(&v["jurorFee"]),
        arbiter_stake: number(&v["arbiterStake"]),
        panel: number(&v["panel"]),
        evidence_seconds: number(&v["evidenceSeconds"]),
        commit_seconds: number(&v["commitSeconds"]),
        reveal_seconds: number(&v["revealSeconds"]),
        appeal_seconds: number(&v["appealSeconds"]),
        max_age_seconds: number(&v["maxAgeSeconds"]),
        quorum_bps: number(&v["quorumBps"]),
        slash_equivocation_bps: number(&v["slashEquivocationBps"]),
        fund: address(env, &v["fund"]),
    }
}

fn config_of(env: &Env, v: &Value) -> Config {
    let validators = v["validators"].as_array().unwrap().iter().map(|x| {
        let operator: [u8; 35] = bytes(&x["operator"]).try_into().unwrap();
        let raw: [u8; 32] = operator[3..].try_into().unwrap();
        let operator = Address::from_payload(env, AddressPayload::AccountIdPublicKeyEd25519(BytesN::from_array(env, &raw)));
        Validator { key: b(env, &x["key"]), weight: number(&x["weight"]), operator }
    });
    Config {
        version: number(&v["version"]),
        genesis: number(&v["genesis"]),
        epoch_seconds: number(&v["epochSeconds"]),
        slots_per_epoch: number(&v["slotsPerEpoch"]),
        window_epochs: number(&v["windowEpochs"]),
        validators: HostVec::from_iter(env, validators),
    }
}

fn leaf(env: &Env, v: &Value) -> ProvenLeaf {
    let path = v["proof"]["path"].as_array().unwrap().iter().map(|h| b(env, h));
    ProvenLeaf {
        leaf: Bytes::from_slice(env, &bytes(&v["leaf"])),
        epoch: number(&v["epoch"]),
        bits: number(&v["proof"]["bits"]),
        path: HostVec::from_iter(env, path),
    }
}

fn signed(env: &Env, v: &Value) -> Signed {
    Signed { document: Bytes::from_slice(env, &bytes(&v["document"])), sig: b(env, &v["rs"]), recovery: number(&v["recovery"]) }
}

fn answer(env: &Env, v: &Value) -> Answer {
    Answer { document: Bytes::from_slice(env, &bytes(&v["document"])), sig: b(env, &v["signature"]) }
}

fn address(env: &Env, v: &Value) -> Address {
    Address::from_str(env, text(v))
}

fn b<const N: usize>(env: &Env, v: &Value) -> BytesN<N> {
    BytesN::from_array(env, &bytes(v).try_into().unwrap())
}

fn bytes(v: &Value) -> Vec<u8> {
    let text = text(v);
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn text(v: &Value) -> &str {
    v.as_str().unwrap_or_default()
}

/// A number, or a decimal string where it may exceed 2^53.
fn number<T: std::str::FromStr>(v: &Value) -> T {
    let text = v.as_str().map(str::to_owned).unwrap_or_else(|| v.to_string());
    text.parse().unwrap_or_else(|_| panic!("{v} is not such a number"))
}
