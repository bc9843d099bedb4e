use flashback_core::{
    certificate,
    error::Error,
    types::{Config, Signature},
};
use soroban_sdk::{contract, contractimpl, panic_with_error, BytesN, Env, Vec};

use crate::{config, event, quorum, storage};

#[contract]
pub struct Oracle;

#[contractimpl]
impl Oracle {
    /// Starts with `config`; the network id is made from this contract's own address.
    pub fn __constructor(env: Env, config: Config) {
        if let Err(e) = init(&env, &config) {
            panic_with_error!(&env, e);
        }
    }

    /// Takes the root of `epoch`, which has ended, from anyone who has a quorum's signatures on it.
    ///
    /// # Errors
    /// EpochOld, EpochFuture, PreviousMismatch, SignerOrder, SignerUnknown, SignatureHigh, SignatureBad, QuorumMissing.
    pub fn submit(env: Env, epoch: u64, root: BytesN<32>, previous: BytesN<32>, signatures: Vec<Signature>) -> Result<(), Error> {
        let config = storage::config(&env)?;
        let latest = storage::latest(&env);
        if latest.as_ref().is_some_and(|l| epoch <= l.epoch) {
            return Err(Error::EpochOld);
        }
        let end = epoch
            .checked_add(1)
            .and_then(|e| e.checked_mul(config.epoch_seconds.into()))
            .and_then(|s| s.checked_add(config.genesis))
            .ok_or(Error::EpochFuture)?;
        if end > env.ledger().timestamp() {
            return Err(Error::EpochFuture);
        }
        if previous != latest.map_or_else(|| zeros(&env), |l| l.root) {
            return Err(Error::PreviousMismatch);
        }
        let config_digest = storage::digest(&env)?;
        let digest = certificate::report_digest(&env, &storage::network(&env)?, &config_digest, epoch, &root, &previous)?;
        quorum::verify(&env, &config.validators, &digest, &signatures)?;
        storage::put_root(&env, epoch, &root);
        storage::extend(&env);
        event::Report { epoch, root, previous, config_digest }.publish(&env);
        Ok(())
    }

    /// Changes the validators, as the old quorum signed.
    ///
    /// # Errors
    /// ConfigInvalid, SignerOrder, SignerUnknown, SignatureHigh, SignatureBad, QuorumMissing.
    pub fn rotate(env: Env, config: Config, signatures: Vec<Signature>) -> Result<(), Error> {
        let old = storage::config(&env)?;
        config::follows(&old, &config)?;
        let network = storage::network(&env)?;
        let new_digest = certificate::config_digest(&env, &network, &config)?;
        let digest = certificate::rotate_digest(&env, &network, &storage::digest(&env)?, &new_digest)?;
        quorum::verify(&env, &old.validators, &digest, &signatures)?;
        storage::set_config(&env, &config, &new_digest);
        storage::extend(&env);
        event::Rotated { digest: new_digest, version: config.version }.publish(&env);
        Ok(())
    }

    pub fn root(env: Env, epoch: u64) -> Option<BytesN<32>> {
        storage::root(&env, epoch)
    }

    /// The last certified epoch and its root; `(u64::MAX, zeros)` before the first.
    pub fn latest(env: Env) -> (u64, BytesN<32>) {
        storage::latest(&env).map_or_else(|| (u64::MAX, zeros(&env)), |l| (l.epoch, l.root))
    }

    pub fn config(env: Env) -> Result<Config, Error> {
        storage::config(&env)
    }

    pub fn digest(env: Env) -> Result<BytesN<32>, Error> {
        storage::digest(&env)
    }

    pub fn network(env: Env) -> Result<BytesN<32>, Error> {
        storage::network(&env)
    }
}

fn init(env: &Env, config: &Config) -> Result<(), Error> {
    config::check(config)?;
    let network = certificate::network_id(env, &env.current_contract_address())?;
    storage::set_network(env, &network);
    storage::set_config(env, config, &certificate::config_digest(env, &network, config)?);
    storage::extend(env);
    Ok(())
}

fn zeros(env: &Env) -> BytesN<32> {
    BytesN::from_array(env, &[0; 32])
}
