//! Validators that sign, and the report that an Oracle starts a test with.

use flashback_core::types::{Config, Signature, Validator};
use k256::ecdsa::SigningKey;
use soroban_sdk::{contracttype, testutils::Address as _, Address, BytesN, Env, Vec as HostVec};

pub const GENESIS: u64 = 1_800_000_000;
pub const EPOCH_SECONDS: u32 = 10;
pub const SLOTS: u32 = 10;
pub const WINDOW: u32 = 12;

/// Keys of validators of weight 1.
pub struct Signers(pub Vec<SigningKey>);

impl Signers {
    /// `count` keys, the same in every run; another `seed` gives others.
    pub fn new(count: u8, seed: u8) -> Self {
        let key = |i: u8| SigningKey::from_slice(&[[seed; 16], [i + 1; 16]].concat()).unwrap();
        Signers((0..count).map(key).collect())
    }

    pub fn config(&self, env: &Env, version: u32) -> Config {
        let mut validators = HostVec::new(env);
        for key in &self.0 {
            let point = key.verifying_key().to_encoded_point(false);
            let key = BytesN::from_array(env, point.as_bytes().try_into().unwrap());
            validators.push_back(Validator { key, weight: 1, operator: Address::generate(env) });
        }
        Config { version, genesis: GENESIS, epoch_seconds: EPOCH_SECONDS, slots_per_epoch: SLOTS, window_epochs: WINDOW, validators }
    }

    /// The signatures of `who` on a digest, in that order.
    pub fn sign(&self, env: &Env, digest: &[u8; 32], who: &[usize]) -> HostVec<Signature> {
        let mut out = HostVec::new(env);
        for i in who {
            let (signature, recovery) = self.0[*i].sign_prehash_recoverable(digest).unwrap();
            let sig = BytesN::from_array(env, &signature.to_bytes().into());
            out.push_back(Signature { signer: *i as u32, sig, recovery: recovery.to_byte().into() });
        }
        out
    }
}

#[contracttype]
enum Key {
    Latest,
    Root(u64),
}

#[contracttype]
struct Latest {
    epoch: u64,
    root: BytesN<32>,
}

/// Makes `root` the Oracle's latest without a certificate.
pub fn put_report(env: &Env, oracle: &Address, epoch: u64, root: &BytesN<32>) {
    env.as_contract(oracle, || {
        env.storage().persistent().set(&Key::Root(epoch), root);
        env.storage().persistent().set(&Key::Latest, &Latest { epoch, root: root.clone() });
    });
}
