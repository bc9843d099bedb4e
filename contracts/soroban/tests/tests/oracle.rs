//! The Oracle. The refusals of signatures are in `vectors.rs`, with the reference model's certificates.

use flashback_core::{certificate, error::Error};
use flashback_oracle::{Oracle, OracleClient};
use flashback_tests::{
    env,
    oracle::{Signers, EPOCH_SECONDS, GENESIS},
    refused,
};
use soroban_sdk::{testutils::Ledger, vec, Address, BytesN, Env};

struct Setup {
    env: Env,
    signers: Signers,
    at: Address,
}

impl Setup {
    fn new() -> Self {
        let env = env();
        let signers = Signers::new(4, 7);
        let at = env.register(Oracle, (signers.config(&env, 1),));
        env.ledger().set_timestamp(GENESIS + 100 * u64::from(EPOCH_SECONDS));
        Setup { env, signers, at }
    }

    fn oracle(&self) -> OracleClient<'_> {
        OracleClient::new(&self.env, &self.at)
    }

    fn root(&self, b: u8) -> BytesN<32> {
        BytesN::from_array(&self.env, &[b; 32])
    }

    fn digest(&self, epoch: u64, root: &BytesN<32>, previous: &BytesN<32>) -> [u8; 32] {
        let o = self.oracle();
        certificate::report_digest(&self.env, &o.network(), &o.digest(), epoch, root, previous).unwrap().to_array()
    }
}

#[test]
fn starts_without_a_report() {
    let s = Setup::new();
    assert_eq!(s.oracle().latest(), (u64::MAX, s.root(0)));
    assert_eq!(s.oracle().root(&0), None);
    assert_eq!(s.oracle().config().validators.len(), 4);
}

#[test]
fn takes_a_chain_of_roots() {
    let s = Setup::new();
    let mut previous = s.root(0);
    for (epoch, b) in [(0, 1), (1, 2), (7, 3)] {
        let root = s.root(b);
        let signatures = s.signers.sign(&s.env, &s.digest(epoch, &root, &previous), &[1, 2, 3]);
        s.oracle().submit(&epoch, &root, &previous, &signatures);
        assert_eq!(s.oracle().latest(), (epoch, root.clone()));
        previous = root;
    }
    assert_eq!(s.oracle().root(&1), Some(s.root(2)));
    assert_eq!(s.oracle().root(&2), None, "an epoch that was left out has no root");
}

#[test]
fn refuses_what_another_deployment_certified() {
    let s = Setup::new();
    let other = s.env.register(Oracle, (s.oracle().config(),));
    let foreign = OracleClient::new(&s.env, &other);
    assert_ne!(foreign.network(), s.oracle().network());
    let (root, none) = (s.root(1), s.root(0));
    let digest = certificate::report_digest(&s.env, &foreign.network(), &foreign.digest(), 0, &root, &none).unwrap();
    let signatures = s.signers.sign(&s.env, &digest.to_array(), &[0, 1, 2, 3]);
    assert_eq!(refused(s.oracle().try_submit(&0, &root, &none, &signatures)), Error::SignatureBad);
    foreign.submit(&0, &root, &none, &signatures);
}

#[test]
fn needs_more_than_two_thirds() {
    let s = Setup::new();
    let (root, none) = (s.root(1), s.root(0));
    let digest = s.digest(0, &root, &none);
    for who in [&[][..], &[0], &[2, 3]] {
        let signatures = s.signers.sign(&s.env, &digest, who);
        assert_eq!(refused(s.oracle().try_submit(&0, &root, &none, &signatures)), Error::QuorumMissing);
    }
    assert_eq!(s.oracle().root(&0), None);
    s.oracle().submit(&0, &root, &none, &s.signers.sign(&s.env, &digest, &[0, 2, 3]));
}

#[test]
fn rotates_by_the_old_quorum_only() {
    let s = Setup::new();
    let next_signers = Signers::new(7, 8);
    let next = next_signers.config(&s.env, 2);
    let o = s.oracle();
    let new_digest = certificate::config_digest(&s.env, &o.network(), &next).unwrap();
    let digest = certificate::rotate_digest(&s.env, &o.network(), &o.digest(), &new_digest).unwrap().to_array();
    let by_new = next_signers.sign(&s.env, &digest, &[0, 1, 2]);
    assert_eq!(refused(o.try_rotate(&next, &by_new)), Error::SignatureBad);
    o.rotate(&next, &s.signers.sign(&s.env, &digest, &[0, 1, 2]));
    assert_eq!((o.digest(), o.config()), (new_digest, next.clone()));
    let replay = s.signers.sign(&s.env, &digest, &[0, 1, 2]);
    assert_eq!(refused(o.try_rotate(&next, &replay)), Error::ConfigInvalid);

    let (root, none) = (s.root(1), s.root(0));
    let digest = s.digest(0, &root, &none);
    assert_eq!(refused(o.try_submit(&0, &root, &none, &s.signers.sign(&s.env, &digest, &[0, 1, 2]))), Error::SignatureBad);
    o.submit(&0, &root, &none, &next_signers.sign(&s.env, &digest, &[0, 1, 2, 3, 4]));
}

#[test]
fn a_configuration_without_validators_cannot_start() {
    let env = env();
    let mut config = Signers::new(4, 7).config(&env, 1);
    config.validators = vec![&env];
    let register = std::panic::AssertUnwindSafe(|| env.register(Oracle, (config,)));
    assert!(std::panic::catch_unwind(register).is_err());
}
