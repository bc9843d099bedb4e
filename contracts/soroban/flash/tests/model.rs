//! The reference model's statements about FLASH: `contracts/vectors/flash.json`.

mod world;

use flashback_core::error::Error;
use flashback_flash::{Flash, FlashClient};
use serde_json::Value;
use soroban_sdk::{
    testutils::{Ledger as _, MockAuth, MockAuthInvoke},
    Address, Env, IntoVal, Val, Vec as HostVec,
};
use world::Answer;

struct Replay {
    env: Env,
    at: Address,
}

impl Replay {
    fn address(&self, v: &Value) -> Address {
        Address::from_str(&self.env, v.as_str().unwrap())
    }

    fn call(&self, name: &str, args: &Value) -> Option<Error> {
        let client = FlashClient::new(&self.env, &self.at);
        let who = |field: &str| self.address(&args[field]);
        let amount = number(&args["amount"]);
        match name {
            "Approve" => {
                let (from, spender, until) = (who("from"), who("spender"), args["liveUntilLedger"].as_u64().unwrap() as u32);
                self.allow(&from, "approve", (&from, &spender, amount, until));
                error(client.try_approve(&from, &spender, &amount, &until))
            }
            "Transfer" => {
                let (from, to) = (who("from"), who("to"));
                self.allow(&from, "transfer", (&from, &to, amount));
                error(client.try_transfer(&from, &to, &amount))
            }
            "TransferFrom" => {
                let (spender, from, to) = (who("spender"), who("from"), who("to"));
                self.allow(&spender, "transfer_from", (&spender, &from, &to, amount));
                error(client.try_transfer_from(&spender, &from, &to, &amount))
            }
            "Burn" => {
                let from = who("from");
                self.allow(&from, "burn", (&from, amount));
                error(client.try_burn(&from, &amount))
            }
            "BurnFrom" => {
                let (spender, from) = (who("spender"), who("from"));
                self.allow(&spender, "burn_from", (&spender, &from, amount));
                error(client.try_burn_from(&spender, &from, &amount))
            }
            _ => panic!("no entry point is called {name}"),
        }
    }

    fn allow(&self, who: &Address, name: &str, args: impl IntoVal<Env, HostVec<Val>>) {
        let invoke = MockAuthInvoke { contract: &self.at, fn_name: name, args: args.into_val(&self.env), sub_invokes: &[] };
        self.env.mock_auths(&[MockAuth { address: who, invoke: &invoke }]);
    }
}

fn error<T, C>(answer: Answer<T, C>) -> Option<Error> {
    match answer {
        Ok(_) => None,
        refused => Some(world::refused(refused)),
    }
}

fn number(v: &Value) -> i128 {
    v.as_str().unwrap().parse().unwrap()
}

#[test]
fn the_contract_says_what_the_model_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/flash.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (genesis, cases) = (&document["genesis"], document["cases"].as_array().unwrap());
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    for case in cases {
        let env = world::env();
        env.ledger().set_sequence_number(case["steps"][0]["ledger"].as_u64().unwrap() as u32);
        env.ledger().set_max_entry_ttl(genesis["longest"].as_u64().unwrap() as u32);
        let holder = Address::from_str(&env, genesis["holder"].as_str().unwrap());
        let at = env.register(Flash, (holder, number(&genesis["supply"])));
        let replay = Replay { env, at };
        for (i, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let place = format!("{}, step {i}", case["name"]);
            replay.env.ledger().set_sequence_number(step["ledger"].as_u64().unwrap() as u32);
            let refusal = replay.call(step["call"].as_str().unwrap(), &step["args"]).map(|e| format!("{e:?}"));
            assert_eq!(refusal.unwrap_or_default(), step["error"].as_str().unwrap(), "{place}");
            let client = FlashClient::new(&replay.env, &replay.at);
            assert_eq!(client.supply(), number(&step["supply"]), "{place}: supply");
            for b in step["balances"].as_array().unwrap() {
                assert_eq!(client.balance(&replay.address(&b["account"])), number(&b["amount"]), "{place}: {}", b["account"]);
            }
            if let Some(a) = step.get("allowance") {
                let allowance = client.allowance(&replay.address(&a["from"]), &replay.address(&a["spender"]));
                assert_eq!(allowance, number(&a["amount"]), "{place}: allowance");
            }
        }
    }
}
