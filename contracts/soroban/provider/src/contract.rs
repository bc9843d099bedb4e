use flashback_core::{
    error::Error,
    id,
    interface::{forward, ConsumerClient},
    money::add,
    params::Params,
    schedule::Schedule,
    settlement::Proof,
    token,
    types::Quote,
    upgrade,
};
use soroban_sdk::{contract, contractimpl, panic_with_error, Address, Bytes, BytesN, Env, String, Vec};

use crate::{
    collateral, event, node,
    reservation::{self, Wanted},
    settle, storage,
    types::{Collateral, Divided, Node, Price, Provider, Reservation, Spec, Unit, UnitState},
    unit::{self, Wish},
};

#[contract]
pub struct ProviderOrchestrator;

#[contractimpl]
impl ProviderOrchestrator {
    pub fn __constructor(env: Env, admin: Address, oracle: Address, params: Params) {
        if let Err(e) = params.check() {
            panic_with_error!(&env, e);
        }
        let schedule = Schedule::of(&env, &oracle);
        storage::init(&env, &admin, &oracle, &schedule, &params);
    }

    /// Names the Consumer Orchestrator and, if listing has a price, the Registry that knows who paid. Admin only, once.
    ///
    /// # Errors
    /// AlreadyInitialized.
    pub fn wire(env: Env, consumer_orchestrator: Address, registry: Option<Address>) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        if storage::consumer_orchestrator(&env).is_ok() {
            return Err(Error::AlreadyInitialized);
        }
        storage::set_consumer_orchestrator(&env, &consumer_orchestrator);
        if let Some(registry) = registry {
            storage::set_registry(&env, &registry);
        }
        Ok(())
    }

    /// Sets the next version of the parameters, within bounds. What SLAs keep of theirs stands in their terms. Admin only.
    ///
    /// # Errors
    /// ArgumentInvalid.
    pub fn set_params(env: Env, params: Params) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        params.check_next(storage::params(&env)?.version)?;
        storage::set_params(&env, &params);
        event::ParamsSet { version: params.version }.publish(&env);
        Ok(())
    }

    /// Hands the admin's rights on. Admin only.
    pub fn set_admin(env: Env, admin: Address) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        storage::set_admin(&env, &admin);
        event::AdminSet { admin }.publish(&env);
        Ok(())
    }

    /// Announces new code, seven days before it may come. Admin only.
    pub fn upgrade_announce(env: Env, wasm: BytesN<32>) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        upgrade::announce(&env, &wasm)
    }

    /// Takes the announced code; everything stored stays. Admin only.
    ///
    /// # Errors
    /// NotFound, UpgradeEarly.
    pub fn upgrade(env: Env) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        upgrade::apply(&env)
    }

    /// # Errors
    /// Exists.
    pub fn register(env: Env, provider: Address, payout: Address, info: BytesN<32>) -> Result<(), Error> {
        provider.require_auth();
        if storage::has_provider(&env, &provider) {
            return Err(Error::Exists);
        }
        let registered = env.ledger().timestamp();
        put_provider(&env, provider, Provider { payout, info, registered });
        Ok(())
    }

    /// Changes where new SLAs pay and what the provider says of itself.
    ///
    /// # Errors
    /// ProviderUnknown.
    pub fn update(env: Env, provider: Address, payout: Address, info: BytesN<32>) -> Result<(), Error> {
        provider.require_auth();
        let registered = storage::provider(&env, &provider)?.registered;
        put_provider(&env, provider, Provider { payout, info, registered });
        Ok(())
    }

    /// Binds a node's key to a provider; both authorise these arguments.
    ///
    /// # Errors
    /// ProviderUnknown, NodeBound, ArgumentInvalid.
    pub fn node_bind(env: Env, provider: Address, node: Address, endpoint: String) -> Result<BytesN<32>, Error> {
        if provider == node {
            return Err(Error::ArgumentInvalid);
        }
        provider.require_auth();
        node.require_auth();
        storage::provider(&env, &provider)?;
        node::bind(&env, &provider, &node, endpoint)
    }

    /// Gives a node a new key, or only a new endpoint; the id stays.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, NodeReleased, NodeBound, ArgumentInvalid.
    pub fn node_rotate(env: Env, provider: Address, id: BytesN<32>, key: Address, endpoint: String) -> Result<(), Error> {
        if provider == key {
            return Err(Error::ArgumentInvalid);
        }
        provider.require_auth();
        key.require_auth();
        node::rotate(&env, &provider, &id, &key, endpoint)
    }

    /// # Errors
    /// NotFound, NotAuthorized, NodeReleased, LiveReservations.
    pub fn node_release(env: Env, provider: Address, id: BytesN<32>) -> Result<(), Error> {
        provider.require_auth();
        node::release(&env, &provider, &id)
    }

    /// Adds free collateral.
    ///
    /// # Errors
    /// AmountInvalid, ProviderUnknown, TransferFailed.
    pub fn deposit(env: Env, provider: Address, asset: Address, amount: i128) -> Result<(), Error> {
        provider.require_auth();
        check_amount(amount)?;
        storage::provider(&env, &provider)?;
        collateral::deposit(&env, &provider, &asset, amount)?;
        token::transfer(&env, &asset, &provider, &env.current_contract_address(), amount)
    }

    /// Takes free collateral back.
    ///
    /// # Errors
    /// AmountInvalid, CollateralMissing, TransferFailed.
    pub fn withdraw(env: Env, provider: Address, asset: Address, amount: i128) -> Result<(), Error> {
        provider.require_auth();
        check_amount(amount)?;
        collateral::withdraw(&env, &provider, &asset, amount)?;
        pay(&env, &asset, &provider, amount)
    }

    /// Commits capacity of one of the provider's nodes. An id is never used twice.
    ///
    /// # Errors
    /// AmountInvalid, ArgumentInvalid, Exists, NotFound, NotAuthorized, NodeReleased, ListingUnpaid.
    pub fn unit_create(env: Env, provider: Address, spec: Spec, nonce: BytesN<32>) -> Result<BytesN<32>, Error> {
        provider.require_auth();
        unit::create(&env, &provider, spec, &nonce)
    }

    /// Sets the prices of new SLAs; live ones keep theirs.
    ///
    /// # Errors
    /// AmountInvalid, NotFound, NotAuthorized, StateWrong.
    pub fn unit_price(env: Env, provider: Address, id: BytesN<32>, storage_price: i128, egress_price: i128) -> Result<(), Error> {
        provider.require_auth();
        unit::check_prices(storage_price, egress_price)?;
        let mut unit = unit::owned_by(&env, &provider, &id)?;
        unit.storage_price = storage_price;
        unit.egress_price = egress_price;
        unit.price_version = unit.price_version.checked_add(1).ok_or(Error::Overflow)?;
        storage::set_unit(&env, &id, &unit);
        event::UnitPriced { id, storage_price, egress_price, price_version: unit.price_version }.publish(&env);
        Ok(())
    }

    /// Sets what the unit asks of one consumer for its next SLA, until `until`, Unix seconds; a time that is over takes it back.
    ///
    /// # Errors
    /// AmountInvalid, NotFound, NotAuthorized, StateWrong, UnitDecommissioning, ListingUnpaid, ArgumentInvalid.
    pub fn price_for(env: Env, provider: Address, unit: BytesN<32>, consumer: Address, price: Price) -> Result<(), Error> {
        provider.require_auth();
        unit::price_for(&env, &provider, unit, consumer, price)
    }

    /// # Errors
    /// NotFound, NotAuthorized, StateWrong, UnitDecommissioning, ListingUnpaid.
    pub fn unit_list(env: Env, provider: Address, id: BytesN<32>, listed: bool) -> Result<(), Error> {
        provider.require_auth();
        let mut unit = unit::owned_by(&env, &provider, &id)?;
        if unit.state == UnitState::Decommissioning && listed {
            return Err(Error::UnitDecommissioning);
        }
        unit::check_listing(&env, &provider, listed)?;
        unit.listed = listed;
        storage::set_unit(&env, &id, &unit);
        event::UnitListed { id, listed }.publish(&env);
        Ok(())
    }

    /// Announces maintenance from `from` to `until`, Unix seconds.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong, ArgumentInvalid, NoticeShort, QuotaExceeded.
    pub fn unit_maintenance(env: Env, provider: Address, id: BytesN<32>, from: u64, until: u64) -> Result<(), Error> {
        provider.require_auth();
        let mut unit = unit::owned_by(&env, &provider, &id)?;
        let now = env.ledger().timestamp();
        unit::announce(&mut unit, from, until, now, &storage::schedule(&env)?, &storage::params(&env)?)?;
        unit::put(&env, &id, &unit);
        Ok(())
    }

    /// Maintenance that nobody announced, from now until `until`: it counts double against the quota.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong, ArgumentInvalid, QuotaExceeded.
    pub fn unit_emergency(env: Env, provider: Address, id: BytesN<32>, until: u64) -> Result<(), Error> {
        provider.require_auth();
        let mut unit = unit::owned_by(&env, &provider, &id)?;
        let now = env.ledger().timestamp();
        unit::emergency(&mut unit, until, now, &storage::schedule(&env)?, &storage::params(&env)?)?;
        unit::put(&env, &id, &unit);
        Ok(())
    }

    /// Ends a running maintenance, or cancels an announced one.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong.
    pub fn unit_resume(env: Env, provider: Address, id: BytesN<32>) -> Result<(), Error> {
        provider.require_auth();
        let mut unit = unit::owned_by(&env, &provider, &id)?;
        unit::resume(&mut unit, env.ledger().timestamp())?;
        unit::put(&env, &id, &unit);
        Ok(())
    }

    /// Announces the unit's end: no new reservations, live ones go on.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong.
    pub fn unit_decommission(env: Env, provider: Address, id: BytesN<32>) -> Result<(), Error> {
        provider.require_auth();
        let mut unit = unit::owned_by(&env, &provider, &id)?;
        if unit.state != UnitState::Available {
            return Err(Error::StateWrong);
        }
        unit.state = UnitState::Decommissioning;
        unit.listed = false;
        unit::put(&env, &id, &unit);
        event::UnitListed { id, listed: false }.publish(&env);
        Ok(())
    }

    /// Retires a drained unit. Anyone.
    ///
    /// # Errors
    /// NotFound, StateWrong, LiveReservations.
    pub fn unit_retire(env: Env, id: BytesN<32>) -> Result<(), Error> {
        unit::retire(&env, &id)
    }

    /// What the unit asks `consumer` now, for a successor of `previous` or, with zeros, for an SLA of its own.
    ///
    /// # Errors
    /// NotFound, UnitDecommissioning, UnitMaintenance, UnitUnlisted, ArgumentInvalid, CapacityMissing, DurationOutside, Overflow.
    pub fn quote(
        env: Env,
        unit: BytesN<32>,
        consumer: Address,
        volume: u64,
        egress: u64,
        duration: u32,
        previous: BytesN<32>,
    ) -> Result<Quote, Error> {
        unit::quote(&env, &unit, &Wish { consumer, volume, egress, duration, previous })
    }

    /// Takes capacity for an SLA. Consumer Orchestrator only.
    ///
    /// # Errors
    /// Exists, AmountInvalid, NotFound and what `quote` refuses.
    #[allow(clippy::too_many_arguments)]
    pub fn reserve(
        env: Env,
        sla: BytesN<32>,
        unit: BytesN<32>,
        consumer: Address,
        volume: u64,
        terms_hash: BytesN<32>,
        refund: Address,
        collateral: i128,
        auto: bool,
        previous: BytesN<32>,
    ) -> Result<bool, Error> {
        require_consumer_orchestrator(&env)?;
        reservation::reserve(&env, Wanted { sla, unit, consumer, volume, terms_hash, refund, collateral, previous }, auto)
    }

    /// Accepts a held reservation: locks its collateral and tells the Consumer Orchestrator, which may activate it at once.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong, UnitDecommissioning, CollateralMissing.
    pub fn accept(env: Env, provider: Address, sla: BytesN<32>) -> Result<(), Error> {
        provider.require_auth();
        reservation::accept(&env, &provider, &sla)?;
        let co = ConsumerClient::new(&env, &storage::consumer_orchestrator(&env)?);
        let (active, start_epoch, zero_leaf_hash) = forward(co.try_accepted(&sla))?;
        if active {
            reservation::activate(&env, &sla, start_epoch, zero_leaf_hash)?;
        }
        Ok(())
    }

    /// Refuses a reservation that is not active yet. The consumer's money goes back.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong.
    pub fn refuse(env: Env, provider: Address, sla: BytesN<32>) -> Result<(), Error> {
        provider.require_auth();
        reservation::refuse(&env, &provider, &sla)?;
        forward(ConsumerClient::new(&env, &storage::consumer_orchestrator(&env)?).try_refused(&sla))
    }

    /// Ends an SLA some windows from now, at a price out of its collateral.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong, ReclaimNotice.
    pub fn reclaim(env: Env, provider: Address, sla: BytesN<32>) -> Result<(), Error> {
        provider.require_auth();
        reservation::reclaim(&env, Some(&provider), &sla)
    }

    /// The same for an SLA on a unit that is Decommissioning. Anyone.
    ///
    /// # Errors
    /// NotFound, StateWrong, ReclaimNotice.
    pub fn drain(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        reservation::reclaim(&env, None, &sla)
    }

    /// An SLA was split. Consumer Orchestrator only.
    ///
    /// # Errors
    /// NotFound, StateWrong, Exists, CollateralMissing.
    pub fn divide(env: Env, sla: BytesN<32>, parts: Vec<Divided>) -> Result<(), Error> {
        require_consumer_orchestrator(&env)?;
        reservation::divide(&env, &sla, &parts)
    }

    /// An SLA has another consumer, who is paid at `refund`. Consumer Orchestrator only.
    ///
    /// # Errors
    /// NotFound.
    pub fn assign(env: Env, sla: BytesN<32>, refund: Address) -> Result<(), Error> {
        require_consumer_orchestrator(&env)?;
        let mut reservation = storage::reservation(&env, &sla)?;
        reservation.refund = refund;
        storage::set_reservation(&env, &reservation);
        Ok(())
    }

    /// The SLA is funded and begins at `start_epoch`. Consumer Orchestrator only.
    ///
    /// # Errors
    /// NotFound, StateWrong, CapacityMissing.
    pub fn activate(env: Env, sla: BytesN<32>, start_epoch: u64, zero_leaf_hash: BytesN<32>) -> Result<(), Error> {
        require_consumer_orchestrator(&env)?;
        reservation::activate(&env, &sla, start_epoch, zero_leaf_hash)
    }

    /// The SLA never began. Consumer Orchestrator only.
    ///
    /// # Errors
    /// NotFound, StateWrong.
    pub fn release(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        require_consumer_orchestrator(&env)?;
        reservation::release(&env, &sla)
    }

    /// Takes coverage and slash that the leaf `to` stands for, since `from`. Anyone; the caller cannot choose who is paid.
    /// Settling the settled leaf again does nothing.
    ///
    /// # Errors
    /// NotFound, StateWrong, Malformed, LeafForeign, LeafUnknown, FromMismatch, LeafBehind, LeafBeyond, Overflow.
    #[allow(clippy::too_many_arguments)]
    pub fn settle(
        env: Env,
        sla: BytesN<32>,
        terms: Bytes,
        from: Bytes,
        to: Bytes,
        epoch: u64,
        bits: u64,
        path: Vec<BytesN<32>>,
    ) -> Result<(), Error> {
        settle::settle(&env, &sla, &terms, &Proof { from: &from, to: &to, epoch, bits, path: &path })
    }

    /// The SLA timed out: its reservation ends without a leaf. Consumer Orchestrator only.
    ///
    /// # Errors
    /// NotFound, StateWrong.
    pub fn finish(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        require_consumer_orchestrator(&env)?;
        reservation::finish(&env, &sla)
    }

    /// Pays what the consumer is owed to its refund address. Anyone.
    ///
    /// # Errors
    /// NotFound, NothingDue, TransferFailed.
    pub fn claim(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        let mut reservation = storage::reservation(&env, &sla)?;
        let amount = reservation.owed;
        if amount == 0 {
            return Err(Error::NothingDue);
        }
        reservation.owed = 0;
        storage::set_reservation(&env, &reservation);
        event::Claimed { sla, to: reservation.refund.clone(), amount }.publish(&env);
        pay(&env, &reservation.asset, &reservation.refund, amount)
    }

    /// Pays the validators' and the fund's shares of a slash; what the validators cannot receive is the fund's. Anyone.
    ///
    /// # Errors
    /// NotFound, NothingDue, TransferFailed.
    pub fn collect(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        let mut reservation = storage::reservation(&env, &sla)?;
        let (validators, fund) = (reservation.validators_due, reservation.fund_due);
        if validators == 0 && fund == 0 {
            return Err(Error::NothingDue);
        }
        reservation.validators_due = 0;
        reservation.fund_due = 0;
        storage::set_reservation(&env, &reservation);
        let payees = storage::params(&env)?.payees;
        let (validators, fund) = match pay(&env, &reservation.asset, &payees.validators, validators) {
            Ok(()) => (validators, fund),
            Err(_) => (0, add(fund, validators)?),
        };
        event::Collected { sla, validators, fund }.publish(&env);
        pay(&env, &reservation.asset, &payees.fund, fund)
    }

    /// Gives a node (1), a unit (2) or a reservation (3), with all that it depends on here, the longest lifetime. Anyone.
    ///
    /// # Errors
    /// ArgumentInvalid, NotFound.
    pub fn extend(env: Env, kind: u32, id: BytesN<32>) -> Result<(), Error> {
        match kind {
            id::NODE => node::renew(&env, &id)?,
            id::UNIT => unit::renew(&env, &id)?,
            id::SLA => reservation::renew(&env, &id)?,
            _ => return Err(Error::ArgumentInvalid),
        }
        storage::renew_own(&env);
        Ok(())
    }

    pub fn provider(env: Env, provider: Address) -> Result<Provider, Error> {
        storage::provider(&env, &provider)
    }

    pub fn collateral(env: Env, provider: Address, asset: Address) -> Collateral {
        storage::collateral(&env, &provider, &asset)
    }

    pub fn node(env: Env, id: BytesN<32>) -> Result<Node, Error> {
        storage::node(&env, &id)
    }

    pub fn node_of(env: Env, key: Address) -> Option<BytesN<32>> {
        storage::node_of(&env, &key)
    }

    /// The unit, with its state now.
    pub fn unit(env: Env, id: BytesN<32>) -> Result<Unit, Error> {
        let mut unit = storage::unit(&env, &id)?;
        unit.state = unit::state(&unit, env.ledger().timestamp());
        Ok(unit)
    }

    /// What the unit asks of one consumer, while that holds.
    pub fn price_of(env: Env, unit: BytesN<32>, consumer: Address) -> Result<Price, Error> {
        storage::price(&env, &unit, &consumer).ok_or(Error::NotFound)
    }

    pub fn reservation(env: Env, sla: BytesN<32>) -> Result<Reservation, Error> {
        storage::reservation(&env, &sla)
    }

    pub fn params(env: Env) -> Result<Params, Error> {
        storage::params(&env)
    }
}

fn require_consumer_orchestrator(env: &Env) -> Result<(), Error> {
    storage::consumer_orchestrator(env)?.require_auth();
    Ok(())
}

fn check_amount(amount: i128) -> Result<(), Error> {
    if amount > 0 {
        Ok(())
    } else {
        Err(Error::AmountInvalid)
    }
}

fn put_provider(env: &Env, address: Address, provider: Provider) {
    storage::set_provider(env, &address, &provider);
    let Provider { payout, info, .. } = provider;
    event::Registered { provider: address, payout, info }.publish(env);
}

fn pay(env: &Env, asset: &Address, to: &Address, amount: i128) -> Result<(), Error> {
    token::transfer(env, asset, &env.current_contract_address(), to, amount)
}
