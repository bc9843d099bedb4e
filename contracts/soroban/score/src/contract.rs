use flashback_core::{
    error::Error,
    schedule::Schedule,
    upgrade::{self, Upgrade},
};
use soroban_sdk::{contract, contractimpl, panic_with_error, Address, Bytes, BytesN, Env};

use crate::{
    event, others,
    points::{CONSUMER, PROVIDER},
    record, storage,
    types::{Params, Role, Shown, Standings},
};

#[contract]
pub struct Score;

#[contractimpl]
impl Score {
    pub fn __constructor(env: Env, admin: Address, po: Address, co: Address, params: Params) {
        if !params.is_valid() {
            panic_with_error!(&env, Error::ArgumentInvalid);
        }
        match others::oracle(&env, &co) {
            Ok(oracle) => storage::init(&env, &admin, &po, &co, &Schedule::of(&env, &oracle), &params),
            Err(e) => panic_with_error!(&env, e),
        }
    }

    /// Adds what the settled leaf `to` of an SLA says beyond `from`, the last one recorded (at first the zero leaf), to its provider's and
    /// its consumer's standing. Anyone.
    ///
    /// # Errors
    /// NotFound, StateWrong, Malformed, LeafUnknown, LeafForeign, NothingNew, FromMismatch, AssetUnknown, Overflow.
    pub fn record(env: Env, sla: BytesN<32>, from: Bytes, to: Bytes) -> Result<(), Error> {
        record::record(&env, &sla, &from, &to)
    }

    /// `loser` lost the dispute `id` over the SLA. Dispute contract only.
    ///
    /// # Errors
    /// NotAuthorized, Exists, NotFound, LeafForeign, AssetUnknown.
    pub fn ruled(env: Env, id: BytesN<32>, sla: BytesN<32>, loser: Address) -> Result<(), Error> {
        storage::dispute(&env).ok_or(Error::NotAuthorized)?.require_auth();
        record::rule(&env, &id, &sla, &loser)
    }

    /// The provider's score at a time, Unix seconds.
    pub fn provider(env: Env, address: Address, time: u64) -> Result<Shown, Error> {
        record::score(&env, &storage::standing(&env, Role::Provider, &address), &PROVIDER, time)
    }

    /// The consumer's score at a time, Unix seconds.
    pub fn consumer(env: Env, address: Address, time: u64) -> Result<Shown, Error> {
        record::score(&env, &storage::standing(&env, Role::Consumer, &address), &CONSUMER, time)
    }

    /// The evidence itself.
    pub fn pairs(env: Env, address: Address) -> Standings {
        Standings {
            provider: storage::standing(&env, Role::Provider, &address),
            consumer: storage::standing(&env, Role::Consumer, &address),
        }
    }

    /// The hash of the last leaf that was recorded of an SLA.
    pub fn recorded(env: Env, sla: BytesN<32>) -> Option<BytesN<32>> {
        storage::recorded(&env, &sla)
    }

    /// Smallest units of an asset whose fee is one point.
    ///
    /// # Errors
    /// AssetUnknown.
    pub fn unit(env: Env, asset: Address) -> Result<u128, Error> {
        storage::unit(&env, &asset).ok_or(Error::AssetUnknown)
    }

    pub fn params(env: Env) -> Result<Params, Error> {
        storage::params(&env)
    }

    /// Renews the lifetime of what is stored about an account. Anyone.
    ///
    /// # Errors
    /// NotFound.
    pub fn extend(env: Env, address: Address) -> Result<(), Error> {
        found(storage::renew_standings(&env, &address))
    }

    /// Renews the lifetime of an SLA's last record. Anyone.
    ///
    /// # Errors
    /// NotFound.
    pub fn extend_sla(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        found(storage::renew_recorded(&env, &sla))
    }

    /// Says how much of an asset's fees is one point; 0 takes its weight away. Admin only.
    ///
    /// # Errors
    /// AmountInvalid.
    pub fn set_unit(env: Env, asset: Address, unit: i128) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        let unit = u128::try_from(unit).map_err(|_| Error::AmountInvalid)?;
        storage::set_unit(&env, &asset, unit);
        event::UnitSet { asset, unit }.publish(&env);
        Ok(())
    }

    /// The next version of the parameters. Admin only.
    ///
    /// # Errors
    /// ArgumentInvalid.
    pub fn set_params(env: Env, params: Params) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        if !params.is_valid() || storage::params(&env)?.version.checked_add(1) != Some(params.version) {
            return Err(Error::ArgumentInvalid);
        }
        storage::set_params(&env, &params);
        event::ParamsSet { version: params.version, params }.publish(&env);
        Ok(())
    }

    /// Names the Dispute contract. Admin only.
    pub fn wire(env: Env, dispute: Address) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        storage::set_dispute(&env, &dispute);
        event::Wired { dispute }.publish(&env);
        Ok(())
    }

    /// Hands the admin's rights on. Admin only.
    pub fn set_admin(env: Env, admin: Address) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        storage::set_admin(&env, &admin);
        event::AdminSet { admin }.publish(&env);
        Ok(())
    }

    /// Announces new code. Admin only.
    ///
    /// # Errors
    /// Overflow.
    pub fn upgrade_announce(env: Env, wasm: BytesN<32>) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        upgrade::announce(&env, &wasm)
    }

    /// Replaces the code by what was announced. Admin only.
    ///
    /// # Errors
    /// NotFound, UpgradeEarly.
    pub fn upgrade(env: Env) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        upgrade::apply(&env)
    }

    /// The announced upgrade, if there is one.
    pub fn upgrade_announced(env: Env) -> Option<Upgrade> {
        upgrade::announced(&env)
    }
}

fn found(there: bool) -> Result<(), Error> {
    if there {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}
