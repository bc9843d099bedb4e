//! What validators sign (`docs/spec/encoding.md`).

use soroban_sdk::{crypto::Hash, Address, Bytes, BytesN, Env};

use crate::{
    account::Account,
    error::Error,
    hash::{sha256, sha256_bytes},
    types::Config,
    wire::Writer,
};

/// Names one deployment on one network: that of `oracle`.
pub fn network_id(env: &Env, oracle: &Address) -> Result<BytesN<32>, Error> {
    let mut w = Writer::<128>::new(b"FLASHBACK-NETWORK-v1")?;
    w.bytes(&env.ledger().network_id().to_array())?;
    w.bytes(&Account::of(oracle)?.0)?;
    Ok(sha256(env, w.as_slice()))
}

pub fn config_digest(env: &Env, network: &BytesN<32>, config: &Config) -> Result<BytesN<32>, Error> {
    let mut w = Writer::<128>::new(b"FLASHBACK-CONFIG-v1")?;
    w.bytes(&network.to_array())?;
    w.u32(config.version)?;
    w.u64(config.genesis)?;
    for v in [config.epoch_seconds, config.slots_per_epoch, config.window_epochs, config.validators.len()] {
        w.u32(v)?;
    }
    let mut document = Bytes::from_slice(env, w.as_slice());
    for validator in config.validators.iter() {
        document.append(validator.key.as_bytes());
        document.extend_from_array(&validator.weight.to_be_bytes());
        document.extend_from_array(&Account::of(&validator.operator)?.0);
    }
    Ok(sha256_bytes(env, &document))
}

pub fn report_digest(
    env: &Env,
    network: &BytesN<32>,
    config: &BytesN<32>,
    epoch: u64,
    root: &BytesN<32>,
    previous: &BytesN<32>,
) -> Result<Hash<32>, Error> {
    let mut w = Writer::<192>::new(b"FLASHBACK-REPORT-v1")?;
    w.bytes(&network.to_array())?;
    w.bytes(&config.to_array())?;
    w.u64(epoch)?;
    w.bytes(&root.to_array())?;
    w.bytes(&previous.to_array())?;
    Ok(env.crypto().sha256(&Bytes::from_slice(env, w.as_slice())))
}

pub fn rotate_digest(env: &Env, network: &BytesN<32>, old: &BytesN<32>, new: &BytesN<32>) -> Result<Hash<32>, Error> {
    let mut w = Writer::<128>::new(b"FLASHBACK-ROTATE-v1")?;
    w.bytes(&network.to_array())?;
    w.bytes(&old.to_array())?;
    w.bytes(&new.to_array())?;
    Ok(env.crypto().sha256(&Bytes::from_slice(env, w.as_slice())))
}
