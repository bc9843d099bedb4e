//! Every refusal of a proof by itself, in the order of `docs/spec/contracts.md`: all else about it is right.

use flashback_core::{
    error::Error,
    leaf::Leaf,
    merkle::leaf_hash,
    settlement::{check, decode_terms, is_settled, zero_leaf_hash, Position, Proof},
    terms::{Share, Terms, Tier, Tiers, Units, TERMS_LEN_MAX},
};
use flashback_oracle::Oracle;
use flashback_tests::{
    env,
    oracle::{put_report, Signers},
    vectors::{bytes, cases},
};
use soroban_sdk::{Bytes, BytesN, Env, Vec as HostVec};

fn terms() -> Terms {
    Terms::decode(&bytes(&cases("deposit.json")[0]["terms"])).unwrap()
}

/// A leaf of the SLA `[1; 32]` under the terms `[2; 32]`.
fn leaf(epochs: u32) -> Leaf {
    Leaf { epochs, ..Leaf::zero([1; 32], [2; 32]) }
}

fn encoded(env: &Env, leaf: &Leaf) -> Bytes {
    Bytes::from_slice(env, leaf.encode().unwrap().as_slice())
}

/// What a half that has settled `settled`, where `ahead` is known, says of the step from `from` to `to`; the SLA began in epoch 100.
fn step(settled: &Leaf, ahead_epochs: u32, from: &Leaf, to: &Leaf) -> Result<Leaf, Error> {
    let env = env();
    let oracle = env.register(Oracle, (Signers::new(1, 7).config(&env, 1),));
    let (from, to) = (encoded(&env, from), encoded(&env, to));
    let root = leaf_hash(&env, &to.iter().collect::<Vec<u8>>());
    put_report(&env, &oracle, 104, &root);
    let (sla, terms_hash) = (BytesN::from_array(&env, &[1; 32]), BytesN::from_array(&env, &[2; 32]));
    let settled_hash = leaf_hash(&env, settled.encode().unwrap().as_slice());
    let path = HostVec::new(&env);
    let at = Position {
        sla: &sla,
        terms_hash: &terms_hash,
        settled_hash: &settled_hash,
        ahead_epochs,
        start_epoch: 100,
        end_epochs: 50,
        most_epochs: 50,
    };
    let proof = |epoch, bits| Proof { from: &from, to: &to, epoch, bits, path: &path };
    assert_eq!(check(&env, &oracle, &terms(), &at, &proof(103, 0)).err(), refused_before(&from, &to).or(Some(Error::LeafUnknown)));
    assert_eq!(check(&env, &oracle, &terms(), &at, &proof(104, 1)).err(), refused_before(&from, &to).or(Some(Error::LeafUnknown)));
    check(&env, &oracle, &terms(), &at, &proof(104, 0)).map(|s| {
        assert_eq!(s.to_hash, root);
        s.to
    })
}

/// Whether leaves are refused before any root is asked for.
fn refused_before(from: &Bytes, to: &Bytes) -> Option<Error> {
    let foreign = |leaf: &Bytes| {
        let leaf = Leaf::decode(&leaf.iter().collect::<Vec<u8>>()).unwrap();
        leaf.sla != [1; 32] || leaf.terms_hash != [2; 32]
    };
    (foreign(from) || foreign(to)).then_some(Error::LeafForeign)
}

#[test]
fn a_step_from_the_settled_leaf_is_taken() {
    assert_eq!(step(&leaf(3), 0, &leaf(3), &leaf(5)), Ok(leaf(5)));
}

#[test]
fn a_leaf_of_another_sla_or_other_terms_is_foreign_on_either_side() {
    let (sla, terms) = (Leaf { sla: [9; 32], ..leaf(3) }, Leaf { terms_hash: [9; 32], ..leaf(3) });
    for foreign in [&sla, &terms] {
        assert_eq!(step(foreign, 0, foreign, &leaf(5)), Err(Error::LeafForeign));
        assert_eq!(step(&leaf(3), 0, &leaf(3), &Leaf { epochs: 5, ..foreign.clone() }), Err(Error::LeafForeign));
    }
}

#[test]
fn a_half_that_is_ahead_takes_a_from_that_is_behind_it() {
    let other = Leaf { slots: 1, ..leaf(3) };
    assert_eq!(step(&leaf(3), 0, &Leaf { slots: 0, windows: 1, ..leaf(3) }, &leaf(5)), Err(Error::FromMismatch));
    assert_eq!(step(&other, 4, &leaf(3), &leaf(5)), Ok(leaf(5)));
    assert_eq!(step(&other, 3, &leaf(3), &leaf(5)), Err(Error::FromMismatch));
}

#[test]
fn a_step_goes_forward_and_not_beyond() {
    let from = Leaf { slots: 2, ..leaf(3) };
    assert_eq!(step(&from, 0, &from, &Leaf { slots: 1, ..leaf(5) }), Err(Error::LeafBehind));
    assert_eq!(step(&leaf(3), 0, &leaf(3), &leaf(6)), Err(Error::LeafBeyond));
}

#[test]
fn the_settled_leaf_is_known_and_bytes_that_are_none_never_were() {
    let env = env();
    let hash = leaf_hash(&env, leaf(3).encode().unwrap().as_slice());
    assert!(is_settled(&env, &hash, &encoded(&env, &leaf(3))));
    assert!(!is_settled(&env, &hash, &encoded(&env, &leaf(4))));
    assert!(!is_settled(&env, &hash, &Bytes::new(&env)));
    let (sla, terms_hash) = (BytesN::from_array(&env, &[1; 32]), BytesN::from_array(&env, &[2; 32]));
    let zero = zero_leaf_hash(&env, &sla, &terms_hash).unwrap();
    assert!(is_settled(&env, &zero, &encoded(&env, &leaf(0))));
}

/// The longest terms there can be are read; whatever is longer is refused, however long.
#[test]
fn terms_are_at_most_as_long_as_the_longest() {
    let env = env();
    let mut longest = terms();
    (longest.units, longest.availability_tiers, longest.excess_tiers) = (Units::default(), Tiers::default(), Tiers::default());
    while longest.units.push(Share { unit: [3; 32], bps: 1 }).is_ok() {}
    while longest.availability_tiers.push(Tier { level: 1, bps: 1 }).is_ok() {}
    while longest.excess_tiers.push(Tier { level: 1, bps: 1 }).is_ok() {}
    let document = longest.encode().unwrap().as_slice().to_vec();
    assert!(document.len() <= TERMS_LEN_MAX);
    assert_eq!(decode_terms(&Bytes::from_slice(&env, &document)), Ok(longest));
    for more in [document.len() + 1, TERMS_LEN_MAX, TERMS_LEN_MAX + 1] {
        let mut longer = document.clone();
        longer.resize(more, 0);
        assert_eq!(decode_terms(&Bytes::from_slice(&env, &longer)), Err(Error::Malformed), "{more}");
    }
}
