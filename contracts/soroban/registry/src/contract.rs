use flashback_core::{
    error::Error,
    upgrade::{self, Upgrade},
};
use soroban_sdk::{contract, contractimpl, panic_with_error, Address, BytesN, Env};

use crate::{
    certify::{self, Statement},
    conflict, event, listing, params, stake, storage,
    types::{Certification, Certifier, Params},
};

#[contract]
pub struct Registry;

#[contractimpl]
impl Registry {
    /// `token` is FLASH; `staking` has to let this contract hold and slash.
    pub fn __constructor(env: Env, admin: Address, staking: Address, token: Address, params: Params) {
        if let Err(e) = params::check(&params) {
            panic_with_error!(&env, e);
        }
        storage::init(&env, &admin, &staking, &token, &params);
    }

    /// Registers a certifier, or changes what it says of itself.
    pub fn certifier(env: Env, certifier: Address, info: BytesN<32>) -> Result<(), Error> {
        certifier.require_auth();
        certify::register(&env, &certifier, &info);
        Ok(())
    }

    /// Says something about a subject, with a bond of the certifier's stake.
    ///
    /// # Errors
    /// CertifierUnknown, ArgumentInvalid, Exists, BondMissing.
    #[allow(clippy::too_many_arguments)]
    pub fn certify(
        env: Env,
        certifier: Address,
        subject: Address,
        kind: u32,
        level: u32,
        scope: BytesN<32>,
        evidence: BytesN<32>,
        expires: u64,
        nonce: BytesN<32>,
    ) -> Result<BytesN<32>, Error> {
        certifier.require_auth();
        certify::issue(&env, &certifier, Statement { subject, kind, level, scope, evidence, expires }, &nonce)
    }

    /// Contradicts another's certification in one call: certifies with `level` on the same subject, kind and scope, and both are Frozen.
    ///
    /// # Errors
    /// NotFound, those of `certify`, those of `conflict`.
    pub fn object(
        env: Env,
        certifier: Address,
        against: BytesN<32>,
        level: u32,
        evidence: BytesN<32>,
        expires: u64,
        nonce: BytesN<32>,
    ) -> Result<BytesN<32>, Error> {
        certifier.require_auth();
        let Certification { subject, kind, scope, .. } = storage::certification(&env, &against)?;
        let id = certify::issue(&env, &certifier, Statement { subject, kind, level, scope, evidence, expires }, &nonce)?;
        conflict::begin(&env, &id, &against)?;
        Ok(id)
    }

    /// Takes a certification back. In a conflict this is giving in: the other one is Live again, and it costs part of the bond.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong, Frozen (it is too late to give in).
    pub fn revoke(env: Env, certifier: Address, id: BytesN<32>, reason: BytesN<32>) -> Result<(), Error> {
        certifier.require_auth();
        conflict::revoke(&env, &certifier, &id, &reason)
    }

    /// Ends a certification that is over and can have no conflict any more; its bond is free. Anyone.
    ///
    /// # Errors
    /// NotFound, Frozen, StateWrong, NotTimedOut.
    pub fn expire(env: Env, id: BytesN<32>) -> Result<(), Error> {
        certify::expire(&env, &id)
    }

    /// Freezes two certifications that contradict each other, and names both certifiers. Anyone.
    ///
    /// # Errors
    /// NotFound, CertificationExpired, Frozen, StateWrong, NoConflict.
    pub fn conflict(env: Env, a: BytesN<32>, b: BytesN<32>) -> Result<(), Error> {
        conflict::begin(&env, &a, &b)
    }

    /// Decides a conflict: `right` is Live, the other one Refuted and its bond slashed. `by` is the admin or the resolver.
    ///
    /// # Errors
    /// NotAuthorized, NotFound, NoConflict, ArgumentInvalid.
    pub fn resolve(env: Env, by: Address, a: BytesN<32>, b: BytesN<32>, right: BytesN<32>) -> Result<(), Error> {
        by.require_auth();
        if by != storage::admin(&env)? && by != storage::params(&env)?.resolver {
            return Err(Error::NotAuthorized);
        }
        conflict::resolve(&env, &a, &b, &right)
    }

    /// Ends a conflict that nobody resolved in time: both are Revoked. Anyone.
    ///
    /// # Errors
    /// NotFound, NoConflict, NotTimedOut.
    pub fn lapse(env: Env, a: BytesN<32>, b: BytesN<32>) -> Result<(), Error> {
        conflict::lapse(&env, &a, &b)
    }

    /// Renews Staking's hold on a certifier's stake for as long as its certifications may be in conflict. Anyone.
    ///
    /// # Errors
    /// CertifierUnknown.
    pub fn hold(env: Env, certifier: Address) -> Result<(), Error> {
        let value = storage::certifier(&env, &certifier)?;
        stake::hold(&env, &certifier, &value)
    }

    /// Pays for `provider` to be listed for 1 to 36 periods more; answers until when, in Unix seconds.
    ///
    /// # Errors
    /// ArgumentInvalid, StateWrong (no subscription is sold), PriceAbove, TransferFailed.
    pub fn subscribe(env: Env, from: Address, provider: Address, periods: u32, max_total: i128) -> Result<u64, Error> {
        from.require_auth();
        listing::subscribe(&env, &from, &provider, periods, max_total)
    }

    /// Sets the parameters: the next version, within bounds. What was certified keeps its bond, a conflict its times. Admin only.
    ///
    /// # Errors
    /// ArgumentInvalid.
    pub fn set_params(env: Env, params: Params) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        params::check(&params)?;
        if storage::params(&env)?.version.checked_add(1) != Some(params.version) {
            return Err(Error::ArgumentInvalid);
        }
        storage::set_params(&env, &params);
        event::ParamsSet { version: params.version }.publish(&env);
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

    /// Takes the announced code. Admin only.
    ///
    /// # Errors
    /// NotFound, UpgradeEarly.
    pub fn upgrade(env: Env) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        upgrade::apply(&env)
    }

    /// Whether a provider may be listed now.
    pub fn may_list(env: Env, provider: Address) -> Result<bool, Error> {
        listing::may_list(&env, &provider)
    }

    /// Whether a certification is Live, not over, of at least this level on exactly this, and its certifier's stake covers its bonds.
    pub fn is_certified(env: Env, id: BytesN<32>, subject: Address, kind: u32, level: u32, scope: BytesN<32>) -> Result<bool, Error> {
        certify::holds(&env, &id, &subject, kind, level, &scope)
    }

    pub fn certification(env: Env, id: BytesN<32>) -> Result<Certification, Error> {
        storage::certification(&env, &id)
    }

    pub fn certifier_of(env: Env, certifier: Address) -> Result<Certifier, Error> {
        storage::certifier(&env, &certifier)
    }

    /// Unix seconds until which the provider's listing is paid; 0 when it never was.
    pub fn subscription(env: Env, provider: Address) -> Result<u64, Error> {
        Ok(storage::subscription(&env, &provider))
    }

    pub fn params(env: Env) -> Result<Params, Error> {
        storage::params(&env)
    }

    /// The announced upgrade, if there is one.
    pub fn upgrade_announced(env: Env) -> Result<Option<Upgrade>, Error> {
        Ok(upgrade::announced(&env))
    }
}
