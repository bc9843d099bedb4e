//! Time in epochs. A deployment's schedule never changes (the Oracle keeps it through rotations), so the Orchestrators take a copy
//! when they are made.

use soroban_sdk::{contracttype, Address, BytesN, Env};

use crate::{error::Error, interface::OracleClient};

#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Schedule {
    pub network: BytesN<32>,
    /// Unix seconds at which epoch 0 begins.
    pub genesis: u64,
    pub epoch_seconds: u32,
    pub slots_per_epoch: u32,
    pub window_epochs: u32,
}

impl Schedule {
    pub fn of(env: &Env, oracle: &Address) -> Self {
        let oracle = OracleClient::new(env, oracle);
        let config = oracle.config();
        Schedule {
            network: oracle.network(),
            genesis: config.genesis,
            epoch_seconds: config.epoch_seconds,
            slots_per_epoch: config.slots_per_epoch,
            window_epochs: config.window_epochs,
        }
    }

    /// The first epoch that has not begun at `now`.
    pub fn next_epoch(&self, now: u64) -> Result<u64, Error> {
        if now < self.genesis {
            return Ok(0);
        }
        self.epoch(now)?.checked_add(1).ok_or(Error::Overflow)
    }

    /// The epoch that runs at `now`; 0 before genesis.
    pub fn epoch(&self, now: u64) -> Result<u64, Error> {
        now.saturating_sub(self.genesis).checked_div(self.epoch_seconds.into()).ok_or(Error::ConfigInvalid)
    }

    /// The second at which `epoch` begins.
    pub fn begins(&self, epoch: u64) -> Result<u64, Error> {
        epoch.checked_mul(self.epoch_seconds.into()).and_then(|s| s.checked_add(self.genesis)).ok_or(Error::Overflow)
    }

    /// The judging window of the network's calendar that `now` is in.
    pub fn window(&self, now: u64) -> Result<u64, Error> {
        self.epoch(now)?.checked_div(self.window_epochs.into()).ok_or(Error::ConfigInvalid)
    }
}
