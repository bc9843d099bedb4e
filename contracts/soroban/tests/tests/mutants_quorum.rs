//! The edges of a quorum and of a signature's form, with the exact error number: the vectors leave open whether the host or the contract
//! refuses a signature.

use flashback_core::{certificate, error::Error, types::Signature};
use flashback_oracle::{Oracle, OracleClient};
use flashback_tests::{
    env,
    oracle::{Signers, EPOCH_SECONDS, GENESIS},
    refused,
};
use soroban_sdk::{testutils::Ledger, Address, BytesN, Env, Vec as HostVec};

/// n/2 of secp256k1, the largest s that is low.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
    0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];
/// n of secp256k1.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
    0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

struct Report {
    env: Env,
    signers: Signers,
    at: Address,
    root: BytesN<32>,
    none: BytesN<32>,
}

impl Report {
    /// A report that `weights` validators may sign.
    fn new(weights: &[u32]) -> Self {
        let env = env();
        let signers = Signers::new(weights.len() as u8, 7);
        let mut config = signers.config(&env, 1);
        for (i, weight) in weights.iter().enumerate() {
            let mut validator = config.validators.get(i as u32).unwrap();
            validator.weight = *weight;
            config.validators.set(i as u32, validator);
        }
        let at = env.register(Oracle, (config,));
        env.ledger().set_timestamp(GENESIS + 100 * u64::from(EPOCH_SECONDS));
        let (root, none) = (BytesN::from_array(&env, &[1; 32]), BytesN::from_array(&env, &[0; 32]));
        Report { env, signers, at, root, none }
    }

    fn sign(&self, who: &[usize]) -> HostVec<Signature> {
        let o = self.oracle();
        let digest = certificate::report_digest(&self.env, &o.network(), &o.digest(), 0, &self.root, &self.none).unwrap();
        self.signers.sign(&self.env, &digest.to_array(), who)
    }

    fn oracle(&self) -> OracleClient<'_> {
        OracleClient::new(&self.env, &self.at)
    }

    /// The error number for signatures, if the contract gives one; None when the report is taken.
    fn refusal(&self, signatures: &HostVec<Signature>) -> Option<Error> {
        match self.oracle().try_submit(&0, &self.root, &self.none, signatures) {
            Ok(_) => None,
            answer => Some(refused(answer)),
        }
    }
}

/// What becomes of three good signatures of four when `r`, `s` or the recovery of the last is another.
fn altered(r: Option<[u8; 32]>, s: Option<[u8; 32]>, recovery: Option<u32>) -> (Report, HostVec<Signature>) {
    let report = Report::new(&[1, 1, 1, 1]);
    let mut signatures = report.sign(&[0, 1, 2]);
    let mut last = signatures.get(2).unwrap();
    let mut raw = last.sig.to_array();
    for (part, other) in raw.chunks_mut(32).zip([r, s]) {
        if let Some(other) = other {
            part.copy_from_slice(&other);
        }
    }
    last.sig = BytesN::from_array(&report.env, &raw);
    last.recovery = recovery.unwrap_or(last.recovery);
    signatures.set(2, last);
    (report, signatures)
}

fn refusal_of(r: Option<[u8; 32]>, s: Option<[u8; 32]>, recovery: Option<u32>) -> Option<Error> {
    let (report, signatures) = altered(r, s, recovery);
    report.refusal(&signatures)
}

#[test]
fn exactly_two_thirds_are_no_quorum() {
    for (weights, who, ok) in [
        (&[1, 1, 1][..], &[0, 1][..], false),
        (&[1, 1, 1], &[0, 1, 2], true),
        (&[2, 3, 4], &[0, 2], false),
        (&[2, 3, 4], &[1, 2], true),
        (&[200, 1, 99], &[0], false),
        (&[201, 1, 99], &[0], true),
    ] {
        let report = Report::new(weights);
        let want = if ok { None } else { Some(Error::QuorumMissing) };
        assert_eq!(report.refusal(&report.sign(who)), want, "{who:?} of {weights:?}");
    }
}

#[test]
fn unaltered_signatures_are_taken() {
    assert_eq!(refusal_of(None, None, None), None);
}

#[test]
fn a_signature_has_neither_part_zero_and_r_below_the_order() {
    assert_eq!(refusal_of(Some([0; 32]), None, None), Some(Error::SignatureBad));
    assert_eq!(refusal_of(None, Some([0; 32]), None), Some(Error::SignatureBad));
    assert_eq!(refusal_of(Some(ORDER), None, None), Some(Error::SignatureBad));
    assert_eq!(refusal_of(Some([0xff; 32]), None, None), Some(Error::SignatureBad));
}

#[test]
fn recovery_is_one_bit() {
    for recovery in [2, 3, 27, u32::MAX] {
        assert_eq!(refusal_of(None, None, Some(recovery)), Some(Error::SignatureBad), "{recovery}");
    }
}

#[test]
fn half_the_order_is_low_and_one_more_is_high() {
    let mut above = HALF_ORDER;
    above[31] += 1;
    assert_eq!(refusal_of(None, Some(above), None), Some(Error::SignatureHigh));
    let (report, signatures) = altered(None, Some(HALF_ORDER), None);
    let answer = report.oracle().try_submit(&0, &report.root, &report.none, &signatures);
    assert!(answer.is_err() && answer != Err(Ok(Error::SignatureHigh)));
}

#[test]
fn signers_ascend_and_exist() {
    let report = Report::new(&[1, 1, 1, 1]);
    assert_eq!(report.refusal(&report.sign(&[0, 2, 1])), Some(Error::SignerOrder));
    assert_eq!(report.refusal(&report.sign(&[0, 0, 1])), Some(Error::SignerOrder));
    let mut signatures = report.sign(&[0, 1, 2]);
    let mut last = signatures.get(2).unwrap();
    last.signer = 4;
    signatures.set(2, last.clone());
    assert_eq!(report.refusal(&signatures), Some(Error::SignerUnknown));
    last.signer = u32::MAX;
    signatures.set(2, last);
    assert_eq!(report.refusal(&signatures), Some(Error::SignerUnknown));
    assert_eq!(report.refusal(&report.sign(&[1, 2, 3])), None);
}
