use soroban_sdk::{contractevent, BytesN};

/// A root was certified.
#[contractevent(topics = ["report"])]
pub struct Report {
    #[topic]
    pub epoch: u64,
    pub root: BytesN<32>,
    pub previous: BytesN<32>,
    pub config_digest: BytesN<32>,
}

/// The validators changed. The new configuration is what `config()` answers.
#[contractevent(topics = ["rotated"])]
pub struct Rotated {
    #[topic]
    pub digest: BytesN<32>,
    pub version: u32,
}
