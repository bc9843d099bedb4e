//! The same statements as the reference model's: encodings, ids, trees, certificates, money, verdicts.

use flashback_core::{
    account::Account,
    certificate,
    error::Error,
    id,
    judge::judge,
    leaf::Leaf,
    merkle,
    money::{bond, covered, least_epochs, reserve, total_price, unused, FeeShares, SlashShares, Totals},
    terms::Terms,
    types::{Config, Signature, Validator},
};
use flashback_oracle::{Oracle, OracleClient};
use flashback_tests::{
    env,
    vectors::{array, bytes, cases, document, name, number, Value},
};
use soroban_sdk::{address_payload::AddressPayload, testutils::Ledger, Address, Bytes, BytesN, Env, InvokeError, Vec as HostVec};

#[test]
fn encodings() {
    let env = env();
    let mut seen = 0;
    for case in cases("encoding.json") {
        let document = bytes(&case["bytes"]);
        match case["kind"].as_str().unwrap() {
            // Accounts of other chains are never addresses here.
            "account" if document[..2] != [0, 1] => continue,
            "account" => assert_eq!(Account::of(&address(&env, &document)).unwrap().0.to_vec(), document, "{}", name(&case)),
            "id" => assert_eq!(id_of(&env, &case).to_array().to_vec(), document, "{}", name(&case)),
            "network" => {
                env.ledger().set_network_id(array(&case["chainNetwork"]));
                let network = certificate::network_id(&env, &address(&env, &bytes(&case["oracle"]))).unwrap();
                assert_eq!(network.to_array(), array(&case["hash"]), "{}", name(&case));
            }
            "terms" => {
                let terms = Terms::decode(&document).unwrap();
                assert_eq!(terms.encode().unwrap().as_slice(), document, "{}", name(&case));
                let hash = flashback_core::hash::sha256(&env, &document);
                assert_eq!(hash.to_array(), array(&case["hash"]), "{}", name(&case));
                check_terms(&terms, &case);
            }
            "leaf" => {
                let leaf = Leaf::decode(&document).unwrap();
                assert_eq!(leaf.encode().unwrap().as_slice(), document, "{}", name(&case));
                assert_eq!(merkle::leaf_hash(&env, &document).to_array(), array(&case["hash"]), "{}", name(&case));
                check_leaf(&leaf, &case);
            }
            "refused" => match case["document"].as_str().unwrap() {
                "terms" => assert_eq!(Terms::decode(&document), Err(Error::Malformed), "{}", name(&case)),
                "leaf" => assert_eq!(Leaf::decode(&document), Err(Error::Malformed), "{}", name(&case)),
                _ => continue,
            },
            // The contracts take certificates and proofs as arguments, not as documents.
            _ => continue,
        }
        seen += 1;
    }
    assert!(seen > 20, "only {seen} encodings");
}

#[test]
fn trees() {
    let env = env();
    let mut seen = 0;
    for case in cases("merkle.json") {
        let root: [u8; 32] = array(&case["root"]);
        for proof in case["proofs"].as_array().unwrap() {
            let mut path = HostVec::new(&env);
            for sibling in proof["path"].as_array().unwrap() {
                path.push_back(BytesN::from_array(&env, &array(sibling)));
            }
            let leaf = BytesN::from_array(&env, &array(&proof["leafHash"]));
            let led = merkle::root_from(&env, &leaf, number(&proof["bits"]), &path).map(|r| r.to_array());
            assert_eq!(led == Some(root), proof["ok"].as_bool().unwrap(), "{}", name(&case));
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} proofs");
}

#[test]
fn totals() {
    let cases = cases("totals.json");
    assert!(cases.len() > 20);
    for case in cases {
        let terms = Terms::decode(&bytes(&case["terms"])).unwrap();
        let leaf = Leaf::decode(&bytes(&case["leaf"])).unwrap();
        let t = Totals::of(&terms, &leaf).unwrap();
        let slash = SlashShares::of(t.slash, &terms.slash_split).unwrap();
        let fee = FeeShares::of(t.fee, &terms.fee_split).unwrap();
        let want = |field: &str| number::<i128>(&case[field]);
        let got = [t.gross, t.credit, t.earned, t.fee, t.provider().unwrap(), t.holdback().unwrap(), t.coverage, t.slash];
        let fields = ["gross", "credit", "earned", "fee", "provider", "holdback", "coverage", "slash"];
        assert_eq!(got.to_vec(), fields.map(want).to_vec(), "{}", name(&case));
        assert_eq!(total_price(&terms).unwrap(), want("totalPrice"), "{}", name(&case));
        let shares = |field: &str| case[field].as_array().unwrap().iter().map(number::<i128>).collect::<Vec<_>>();
        let s = shares("slashShares");
        assert_eq!(vec![slash.consumer, slash.validators, slash.fund], vec![s[0], s[1], s[2] + s[3]], "{}", name(&case));
        assert_eq!(vec![fee.platform, fee.validators, fee.fund, fee.insurance], shares("feeShares"), "{}", name(&case));
    }
}

#[test]
fn deposits() {
    let cases = cases("deposit.json");
    assert!(cases.len() > 20);
    for case in cases {
        let terms = Terms::decode(&bytes(&case["terms"])).unwrap();
        let deposited = number::<i128>(&case["deposited"]);
        let bond = bond(&terms).unwrap();
        let paid_for = covered(&terms, deposited).unwrap();
        assert_eq!(bond, number::<i128>(&case["bond"]), "{}", name(&case));
        assert_eq!(total_price(&terms).unwrap() + bond, number::<i128>(&case["full"]), "{}", name(&case));
        assert_eq!(paid_for, number::<u32>(&case["covered"]), "{}", name(&case));
        assert_eq!(least_epochs(&terms), number::<u32>(&case["least"]), "{}", name(&case));
        if deposited >= bond {
            assert_eq!(
                reserve(&terms, deposited - bond, paid_for, terms.duration_epochs).unwrap(),
                number::<i128>(&case["reserve"]),
                "{}",
                name(&case)
            );
        }
        let early = unused(&terms, number::<u32>(&case["epochs"]), terms.duration_epochs, terms.early_bps).unwrap();
        assert_eq!(early, number::<i128>(&case["early"]), "{}", name(&case));
    }
}

#[test]
fn verdicts() {
    let cases = cases("judge.json");
    assert!(cases.len() > 20);
    for case in cases {
        let terms = Terms::decode(&bytes(&case["terms"])).unwrap();
        let leaf = |field: &str| Leaf::decode(&bytes(&case[field])).unwrap();
        let judged = judge(&terms, &leaf("boundary"), &leaf("measured"), case["ends"].as_bool().unwrap()).unwrap();
        assert_eq!(judged, leaf("judged"), "{}", name(&case));
    }
}

#[test]
fn certificates() {
    let document = document("certificate.json");
    let cases = document["cases"].as_array().unwrap();
    assert!(cases.len() > 20);
    for case in cases {
        let env = env();
        env.ledger().set_network_id(array(&document["chainNetwork"]));
        let old = config(&env, &document["config"]);
        let at = address(&env, &bytes(&document["oracle"]));
        env.register_at(&at, Oracle, (old.clone(),));
        let oracle = OracleClient::new(&env, &at);
        assert_eq!(oracle.network().to_array(), array(&document["network"]));
        assert_eq!(oracle.digest().to_array(), array(&document["configDigest"]));
        if case["latestRoot"].is_string() {
            put_latest(&env, &at, number(&case["latestEpoch"]), array(&case["latestRoot"]));
        }
        if let Some(now) = case["now"].as_u64() {
            env.ledger().set_timestamp(now);
        }
        let signatures = signatures(&env, &case["signatures"]);
        let want = case["error"].as_str().unwrap();
        let got = if case["next"].is_object() {
            let next = config(&env, &case["next"]);
            outcome(oracle.try_rotate(&next, &signatures))
        } else {
            let root = BytesN::from_array(&env, &array(&case["root"]));
            let previous = BytesN::from_array(&env, &array(&case["previous"]));
            check_digest(&env, &oracle, case, &root, &previous);
            outcome(oracle.try_submit(&epoch(case), &root, &previous, &signatures))
        };
        // Where no key can be recovered at all the host says so itself.
        let host = got == "host" && want == "SignatureBad";
        assert!(got == want || host, "{}: {got:?} instead of {want:?}", name(case));
    }
}

/// Epoch 0 is left out.
fn epoch(case: &Value) -> u64 {
    if case["epoch"].is_null() {
        0
    } else {
        number(&case["epoch"])
    }
}

fn outcome<T, C>(result: Result<Result<T, C>, Result<Error, InvokeError>>) -> String {
    match result {
        Ok(_) => String::new(),
        Err(Ok(error)) => format!("{error:?}"),
        Err(Err(_)) => "host".to_owned(),
    }
}

fn check_digest(env: &Env, oracle: &OracleClient, case: &Value, root: &BytesN<32>, previous: &BytesN<32>) {
    let digest = certificate::report_digest(env, &oracle.network(), &oracle.digest(), epoch(case), root, previous);
    assert_eq!(digest.unwrap().to_array(), array(&case["digest"]), "{}", name(case));
}

/// The only report of the Oracle before the call, as the case says.
fn put_latest(env: &Env, oracle: &Address, epoch: u64, root: [u8; 32]) {
    flashback_tests::oracle::put_report(env, oracle, epoch, &BytesN::from_array(env, &root));
}

fn config(env: &Env, v: &Value) -> Config {
    let mut validators = HostVec::new(env);
    for validator in v["validators"].as_array().into_iter().flatten() {
        let key = bytes(&validator["key"]);
        validators.push_back(Validator {
            key: Bytes::from_slice(env, &key).try_into().unwrap(),
            weight: number(&validator["weight"]),
            operator: address(env, &bytes(&validator["operator"])),
        });
    }
    Config {
        version: number(&v["version"]),
        genesis: number(&v["genesis"]),
        epoch_seconds: number(&v["epochSeconds"]),
        slots_per_epoch: number(&v["slotsPerEpoch"]),
        window_epochs: number(&v["windowEpochs"]),
        validators,
    }
}

fn signatures(env: &Env, v: &Value) -> HostVec<Signature> {
    let mut out = HostVec::new(env);
    for s in v.as_array().into_iter().flatten() {
        let sig = BytesN::from_array(env, &array::<64>(&s["sig"]));
        out.push_back(Signature { signer: number(&s["signer"]), sig, recovery: number(&s["recovery"]) });
    }
    out
}

fn address(env: &Env, account: &[u8]) -> Address {
    assert_eq!((account.len(), &account[..2]), (35, &[0, 1][..]));
    let raw = BytesN::from_array(env, &account[3..].try_into().unwrap());
    let payload = match account[2] {
        0 => AddressPayload::AccountIdPublicKeyEd25519(raw),
        1 => AddressPayload::ContractIdHash(raw),
        kind => panic!("kind {kind}"),
    };
    Address::from_payload(env, payload)
}

fn id_of(env: &Env, case: &Value) -> BytesN<32> {
    let contract = address(env, &bytes(&case["orchestrator"]));
    let nonce = || BytesN::from_array(env, &array(&case["nonce"]));
    let subject = bytes(&case["subject"]);
    match case["of"].as_str().unwrap() {
        "node" => id::node(env, &contract, &address(env, &subject)),
        "unit" => id::unit(env, &contract, &address(env, &subject), &nonce()),
        "sla" => id::sla(env, &contract, &address(env, &subject), &nonce()),
        "grant" => id::grant(env, &contract, &BytesN::from_array(env, &subject.try_into().unwrap()), &nonce()),
        other => panic!("id of {other}"),
    }
    .unwrap()
}

fn field<'a>(case: &'a Value, name: &str) -> &'a Value {
    let fields = case["fields"].as_array().unwrap();
    &fields.iter().find(|f| f["name"] == name).unwrap_or_else(|| panic!("no field {name}"))["value"]
}

/// Fields that sit next to others of the same width, which a wrong order would exchange without any other test noticing.
fn check_terms(t: &Terms, case: &Value) {
    let n = |name: &str| number::<u128>(field(case, name));
    assert_eq!(t.consumer.0, array(field(case, "consumer")));
    assert_eq!(t.provider.0, array(field(case, "provider")));
    assert_eq!(t.payout.0, array(field(case, "payout")));
    assert_eq!(t.refund.0, array(field(case, "refund")));
    assert_eq!(t.asset.0, array(field(case, "asset")));
    let got: [u128; 30] = [
        t.volume_bytes.into(),
        t.egress_bytes.into(),
        t.rate_limit.into(),
        t.duration_epochs.into(),
        t.epoch_seconds.into(),
        t.slots_per_epoch.into(),
        t.window_epochs.into(),
        t.price_version.into(),
        t.storage_price,
        t.egress_price,
        t.collateral,
        t.bond,
        t.early_bps.into(),
        t.reclaim_bps.into(),
        t.reclaim_windows.into(),
        t.grace_epochs.into(),
        t.retention_epochs.into(),
        t.fee_bps.into(),
        t.holdback_bps.into(),
        t.availability_ppm.into(),
        t.ttfb_ms.into(),
        t.throughput_kibps.into(),
        t.error_ppm.into(),
        t.min_samples.into(),
        t.coverage_ppm.into(),
        t.slash_breach_bps.into(),
        t.slash_lost_bps.into(),
        t.slash_abandon_bps.into(),
        t.slash_cap_bps.into(),
        t.slash_period_epochs.into(),
    ];
    let want = [
        "volume",
        "egress",
        "rate_limit",
        "duration",
        "epoch_seconds",
        "slots_per_epoch",
        "window",
        "price_version",
        "storage_price",
        "egress_price",
        "collateral",
        "bond",
        "early_bps",
        "reclaim_bps",
        "reclaim_windows",
        "grace_epochs",
        "retention_epochs",
        "fee_bps",
        "holdback_bps",
        "availability_ppm",
        "ttfb_ms",
        "throughput_kibps",
        "error_ppm",
        "min_samples",
        "coverage_ppm",
        "slash_breach",
        "slash_lost",
        "slash_abandon",
        "slash_cap_bps",
        "slash_period",
    ];
    assert_eq!(got, want.map(n), "{}", name(case));
    let split = [t.slash_split.consumer, t.slash_split.validators, t.slash_split.challenger, t.slash_split.fund];
    let names = ["slash_consumer_bps", "slash_validators_bps", "slash_challenger_bps", "slash_fund_bps"];
    assert_eq!(split.map(u128::from), names.map(n), "{}", name(case));
    let split = [t.fee_split.platform, t.fee_split.validators, t.fee_split.fund, t.fee_split.insurance];
    let names = ["fee_platform_bps", "fee_validators_bps", "fee_fund_bps", "fee_insurance_bps"];
    assert_eq!(split.map(u128::from), names.map(n), "{}", name(case));
}

fn check_leaf(l: &Leaf, case: &Value) {
    let n = |name: &str| number::<u128>(field(case, name));
    let got: [u128; 22] = [
        l.slots.into(),
        l.slots_bad.into(),
        l.slots_excluded.into(),
        l.slot_error_ppm.into(),
        l.operations.into(),
        l.errors.into(),
        l.byte_seconds,
        l.bytes_in.into(),
        l.bytes_out.into(),
        l.ttfb[15].into(),
        l.throughput[0].into(),
        l.challenges.into(),
        l.passed.into(),
        l.judged_epochs.into(),
        l.judged_out.into(),
        l.price_credit_epochs.into(),
        l.price_credit_out,
        l.collateral_credit_epochs.into(),
        l.collateral_credit_out,
        l.slash_bps.into(),
        l.recent[1].into(),
        l.armed.into(),
    ];
    let want = [
        "slots",
        "slots_bad",
        "slots_excluded",
        "slot_error_ppm",
        "operations",
        "errors",
        "byte_seconds",
        "bytes_in",
        "bytes_out",
        "ttfb_15",
        "throughput_0",
        "challenges",
        "passed",
        "judged_epochs",
        "judged_out",
        "price_credit_epochs",
        "price_credit_out",
        "collateral_credit_epochs",
        "collateral_credit_out",
        "slash_bps",
        "recent_1",
        "armed",
    ];
    assert_eq!(got, want.map(n), "{}", name(case));
}
