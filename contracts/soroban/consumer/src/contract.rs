use flashback_core::{
    error::Error,
    id,
    money::{add, sub, FeeShares},
    params::Params,
    schedule::Schedule,
    settlement::{decode_terms, Proof},
    token, upgrade,
};
use soroban_sdk::{contract, contractimpl, panic_with_error, Address, Bytes, BytesN, Env, Vec};

use crate::{
    escrow, event, grant, joint, life, request, settle, split, storage,
    types::{Grant, Joint, Request, Sla, SlaState, Split},
};

#[contract]
pub struct ConsumerOrchestrator;

#[contractimpl]
impl ConsumerOrchestrator {
    pub fn __constructor(env: Env, admin: Address, oracle: Address, po: Address, params: Params) {
        if let Err(e) = params.check() {
            panic_with_error!(&env, e);
        }
        let schedule = Schedule::of(&env, &oracle);
        storage::init(&env, &admin, &oracle, &po, &schedule, &params);
    }

    /// Sets the parameters of new SLAs: the next version, within bounds. Live SLAs keep theirs. Admin only.
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

    /// Names the Dispute contract. Admin only, once.
    ///
    /// # Errors
    /// AlreadyInitialized.
    pub fn wire_dispute(env: Env, dispute: Address) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        if storage::dispute(&env).is_ok() {
            return Err(Error::AlreadyInitialized);
        }
        storage::set_dispute(&env, &dispute);
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

    /// Stops `request`, and nothing else. Admin only.
    pub fn pause(env: Env, paused: bool) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        storage::set_paused(&env, paused);
        event::Paused { paused }.publish(&env);
        Ok(())
    }

    /// Asks for an SLA on a unit. With one that accepts by itself and a deposit that covers enough it is Active at once.
    ///
    /// # Errors
    /// Paused, ArgumentInvalid, AmountInvalid, Exists, NotFound, NotAuthorized, StateWrong, DepositShort, PriceChanged, PriceAbove, OverFunded,
    /// TransferFailed and what the unit's `quote` refuses.
    pub fn request(env: Env, consumer: Address, request: Request) -> Result<BytesN<32>, Error> {
        consumer.require_auth();
        let opened = request::single(&env, &consumer, &request)?;
        pay_in(&env, &opened.asset, &consumer, request.deposit)?;
        Ok(opened.id)
    }

    /// Asks for SLAs on several units, which begin together or not at all; the first one's id is the group's.
    ///
    /// # Errors
    /// As `request`; ArgumentInvalid also for parts that do not make up the volume.
    pub fn request_joint(env: Env, consumer: Address, joint: Joint) -> Result<Vec<BytesN<32>>, Error> {
        consumer.require_auth();
        let (ids, assets) = joint::open(&env, &consumer, &joint)?;
        for (part, asset) in joint.parts.iter().zip(assets.iter()) {
            pay_in(&env, &asset, &consumer, part.deposit)?;
        }
        Ok(ids)
    }

    /// Begins a joint SLA whose parts are all Funded. Anyone.
    ///
    /// # Errors
    /// NotFound, StateWrong.
    pub fn begin(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        let value = storage::sla(&env, &sla)?;
        if value.state == SlaState::Funded && life::begin_group(&env, &value.group)? {
            Ok(())
        } else {
            Err(Error::StateWrong)
        }
    }

    /// Pays in for an SLA, never above its total and the bond; at the latest a whole epoch before what is paid for would be used up.
    ///
    /// # Errors
    /// AmountInvalid, NotFound, StateWrong, OverFunded, TransferFailed.
    pub fn fund(env: Env, from: Address, sla: BytesN<32>, amount: i128) -> Result<(), Error> {
        from.require_auth();
        let asset = request::fund(&env, &from, &sla, amount)?;
        pay_in(&env, &asset, &from, amount)
    }

    /// The provider accepted. Provider Orchestrator only; answers whether the SLA is Active, since when, and its zero leaf's hash.
    ///
    /// # Errors
    /// NotFound, StateWrong.
    pub fn accepted(env: Env, sla: BytesN<32>) -> Result<(bool, u64, BytesN<32>), Error> {
        storage::provider_orchestrator(&env)?.require_auth();
        let mut value = storage::sla(&env, &sla)?;
        let terms = decode_terms(&storage::terms(&env, &sla)?)?;
        let active = life::accept(&env, &sla, &mut value, &terms)?;
        storage::set_sla(&env, &sla, &value);
        Ok((active, value.start_epoch, value.settled_hash))
    }

    /// The provider refused. Provider Orchestrator only.
    ///
    /// # Errors
    /// NotFound, StateWrong.
    pub fn refused(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        storage::provider_orchestrator(&env)?.require_auth();
        life::reject(&env, &sla)
    }

    /// Takes a request back before it is Active.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong.
    pub fn cancel(env: Env, consumer: Address, sla: BytesN<32>) -> Result<(), Error> {
        consumer.require_auth();
        life::cancel(&env, &consumer, &sla)
    }

    /// Ends a request that was not accepted or not funded in time. Anyone.
    ///
    /// # Errors
    /// NotFound, StateWrong, NotTimedOut.
    pub fn expire(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        life::expire(&env, &sla)
    }

    /// Moves the money that the leaf `to` stands for, since `from`, in both halves. Anyone. The settled leaf again does nothing.
    ///
    /// # Errors
    /// NotFound, StateWrong, Malformed, LeafForeign, LeafUnknown, FromMismatch, LeafBehind, LeafBeyond, Overflow.
    pub fn settle(env: Env, sla: BytesN<32>, from: Bytes, to: Bytes, epoch: u64, bits: u64, path: Vec<BytesN<32>>) -> Result<(), Error> {
        settle::settle(&env, &sla, &Proof { from: &from, to: &to, epoch, bits, path: &path })
    }

    /// Ends an active SLA with the window that runs now.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong.
    pub fn close(env: Env, consumer: Address, sla: BytesN<32>) -> Result<(), Error> {
        consumer.require_auth();
        life::close(&env, &consumer, &sla)
    }

    /// Leaves after a breach that was slashed: the SLA ends with the next epoch.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong, NoBreach.
    pub fn terminate(env: Env, consumer: Address, sla: BytesN<32>) -> Result<(), Error> {
        consumer.require_auth();
        life::terminate(&env, &consumer, &sla)
    }

    /// Ends an SLA after `epochs`; from there on its parts are SLAs of their own. The consumer and who gets a part authorise.
    ///
    /// # Errors
    /// ArgumentInvalid, NotFound, NotAuthorized, StateWrong, DepositShort, Disputed, Exists, CollateralMissing, TransferFailed.
    pub fn split(env: Env, consumer: Address, sla: BytesN<32>, epochs: u32, parts: Vec<Split>) -> Result<Vec<BytesN<32>>, Error> {
        consumer.require_auth();
        for (i, part) in parts.iter().enumerate() {
            if part.to != consumer && !parts.iter().take(i).any(|p| p.to == part.to) {
                part.to.require_auth();
            }
        }
        let split::Parts { ids, asset, due } = split::split(&env, &consumer, &sla, epochs, &parts)?;
        pay_in(&env, &asset, &consumer, due)?;
        Ok(ids)
    }

    /// Gives an SLA, and what of it is not paid out, to another consumer. Both authorise.
    ///
    /// # Errors
    /// ArgumentInvalid, NotFound, NotAuthorized, StateWrong.
    pub fn transfer(env: Env, consumer: Address, sla: BytesN<32>, to: Address, refund: Address) -> Result<(), Error> {
        if consumer == to {
            return Err(Error::ArgumentInvalid);
        }
        consumer.require_auth();
        to.require_auth();
        life::transfer(&env, consumer, sla, to, refund)
    }

    /// The provider ends the SLA; answers after how many epochs, and what that costs it. Provider Orchestrator only.
    ///
    /// # Errors
    /// NotFound, StateWrong, ReclaimNotice.
    pub fn reclaimed(env: Env, sla: BytesN<32>) -> Result<(u32, i128), Error> {
        storage::provider_orchestrator(&env)?.require_auth();
        life::reclaim(&env, &sla)
    }

    /// Ends an SLA whose final leaf never came. Anyone.
    ///
    /// # Errors
    /// NotFound, StateWrong, NotTimedOut.
    pub fn time_out(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        life::time_out(&env, &sla)
    }

    /// Pays what the provider earned to its payout address. Anyone.
    ///
    /// # Errors
    /// NotFound, NothingDue, TransferFailed.
    pub fn payout(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        let mut value = storage::sla(&env, &sla)?;
        let amount = escrow::take_provider_claim(&mut value)?;
        storage::set_sla(&env, &sla, &value);
        event::Paid { sla, to: value.payout.clone(), amount }.publish(&env);
        pay(&env, &value.asset, &value.payout, amount)
    }

    /// Pays the consumer what is credited or left. Anyone.
    ///
    /// # Errors
    /// NotFound, NothingDue, TransferFailed.
    pub fn refund(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        let mut value = storage::sla(&env, &sla)?;
        let amount = escrow::take_consumer_claim(&mut value)?;
        storage::set_sla(&env, &sla, &value);
        event::Refunded { sla, to: value.consumer.clone(), amount }.publish(&env);
        pay(&env, &value.asset, &value.consumer, amount)
    }

    /// Pays the fee to those who share it; what one of them cannot receive is the fund's. Anyone.
    ///
    /// # Errors
    /// NotFound, NothingDue, TransferFailed.
    pub fn collect(env: Env, sla: BytesN<32>) -> Result<(), Error> {
        let mut value = storage::sla(&env, &sla)?;
        let amount = escrow::take_fees(&mut value)?;
        let split = decode_terms(&storage::terms(&env, &sla)?)?.fee_split;
        // Shares are floors of cumulative totals, so that collecting often or once comes to the same.
        let before = FeeShares::of(sub(value.fee_total, amount)?, &split)?;
        let after = FeeShares::of(value.fee_total, &split)?;
        let payees = storage::params(&env)?.payees;
        let mut fund = sub(after.fund, before.fund)?;
        storage::set_sla(&env, &sla, &value);
        let mut pay_or_fund = |to: &Address, before: i128, after: i128| {
            let share = sub(after, before)?;
            if pay(&env, &value.asset, to, share).is_ok() {
                return Ok(share);
            }
            fund = add(fund, share)?;
            Ok::<i128, Error>(0)
        };
        let platform = pay_or_fund(&payees.platform, before.platform, after.platform)?;
        let validators = pay_or_fund(&payees.validators, before.validators, after.validators)?;
        let insurance = pay_or_fund(&payees.insurance, before.insurance, after.insurance)?;
        event::Collected { sla, platform, validators, fund, insurance }.publish(&env);
        pay(&env, &value.asset, &payees.fund, fund)
    }

    /// Holds up to `amount` of what the provider has not drawn, or of the consumer's bond, until `rule`; says how much. Dispute contract only.
    ///
    /// # Errors
    /// NotInitialized, AmountInvalid, NotFound, Disputed.
    pub fn freeze(env: Env, sla: BytesN<32>, amount: i128, bond: bool) -> Result<i128, Error> {
        storage::dispute(&env)?.require_auth();
        if amount <= 0 {
            return Err(Error::AmountInvalid);
        }
        let mut value = storage::sla(&env, &sla)?;
        if value.disputed > 0 {
            return Err(Error::Disputed);
        }
        let disputed = escrow::freeze(&mut value, amount, bond)?;
        storage::set_sla(&env, &sla, &value);
        event::Frozen { sla, disputed, provider_claim: value.provider_claim, bond: value.bond }.publish(&env);
        Ok(disputed)
    }

    /// Ends a dispute: so much of what is held to the consumer, the rest back to the provider. Dispute contract only.
    ///
    /// # Errors
    /// NotInitialized, NotFound, AmountInvalid.
    pub fn rule(env: Env, sla: BytesN<32>, to_consumer: i128) -> Result<(), Error> {
        storage::dispute(&env)?.require_auth();
        let mut value = storage::sla(&env, &sla)?;
        if to_consumer < 0 || to_consumer > value.disputed {
            return Err(Error::AmountInvalid);
        }
        let to_provider = escrow::rule(&mut value, to_consumer)?;
        storage::set_sla(&env, &sla, &value);
        event::Ruled { sla, to_consumer, to_provider }.publish(&env);
        Ok(())
    }

    /// Gives an SLA (3) or a grant (4), with all that it depends on here, the longest lifetime. Anyone.
    ///
    /// # Errors
    /// ArgumentInvalid, NotFound.
    pub fn extend(env: Env, kind: u32, id: BytesN<32>) -> Result<(), Error> {
        match kind {
            id::SLA => life::renew(&env, &id)?,
            id::GRANT => grant::renew(&env, &id)?,
            _ => return Err(Error::ArgumentInvalid),
        }
        storage::renew_own(&env)
    }

    /// Lets `grantee` do `ops` under `prefix` until `expires`, Unix seconds. The SLA's consumer only.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong, GrantInvalid, Exists.
    #[allow(clippy::too_many_arguments)]
    pub fn grant(
        env: Env,
        consumer: Address,
        sla: BytesN<32>,
        grantee: Address,
        prefix: Bytes,
        ops: u32,
        expires: u64,
        nonce: BytesN<32>,
    ) -> Result<BytesN<32>, Error> {
        consumer.require_auth();
        let parent = life::none(&env);
        grant::create(&env, Grant { sla, parent, depth: 0, grantor: consumer, grantee, prefix, ops, expires, revoked: false }, &nonce)
    }

    /// Passes on part of the grant `parent` to `to`. The parent's grantee only, if its operations have `delegate`.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong, GrantInvalid, Exists.
    #[allow(clippy::too_many_arguments)]
    pub fn delegate(
        env: Env,
        grantee: Address,
        parent: BytesN<32>,
        to: Address,
        prefix: Bytes,
        ops: u32,
        expires: u64,
        nonce: BytesN<32>,
    ) -> Result<BytesN<32>, Error> {
        grantee.require_auth();
        grant::pass_on(&env, &grantee, parent, grant::Part { to, prefix, ops, expires }, &nonce)
    }

    /// Ends a grant and all that come from it. The SLA's consumer, who granted it, or its grantee.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, StateWrong.
    pub fn revoke(env: Env, by: Address, id: BytesN<32>) -> Result<(), Error> {
        by.require_auth();
        grant::revoke(&env, by, &id)
    }

    /// The SLA, with its state now.
    pub fn sla(env: Env, id: BytesN<32>) -> Result<Sla, Error> {
        let mut value = storage::sla(&env, &id)?;
        value.state = life::state(&env, &value)?;
        Ok(value)
    }

    /// The canonical bytes of the SLA's terms.
    pub fn terms(env: Env, sla: BytesN<32>) -> Result<Bytes, Error> {
        storage::terms(&env, &sla)
    }

    /// The SLAs that were requested together; `id` is the first one's.
    pub fn group_of(env: Env, id: BytesN<32>) -> Result<Vec<BytesN<32>>, Error> {
        storage::group(&env, &id)
    }

    /// The grant as it was made or revoked; whether it holds depends on those that it comes from too.
    pub fn grant_of(env: Env, id: BytesN<32>) -> Result<Grant, Error> {
        storage::grant(&env, &id)
    }

    /// The parameters of new SLAs.
    pub fn params(env: Env) -> Result<Params, Error> {
        storage::params(&env)
    }

    pub fn po(env: Env) -> Result<Address, Error> {
        storage::provider_orchestrator(&env)
    }

    pub fn oracle(env: Env) -> Result<Address, Error> {
        storage::oracle(&env)
    }
}

fn pay_in(env: &Env, asset: &Address, from: &Address, amount: i128) -> Result<(), Error> {
    token::transfer(env, asset, from, &env.current_contract_address(), amount)
}

fn pay(env: &Env, asset: &Address, to: &Address, amount: i128) -> Result<(), Error> {
    token::transfer(env, asset, &env.current_contract_address(), to, amount)
}
