use flashback_core::{error::Error, schedule::Schedule, upgrade};
use soroban_sdk::{contract, contractimpl, panic_with_error, Address, Bytes, BytesN, Env, Vec};

use crate::{
    arbiter, equivocation, event, life, panel, possession, purse, storage,
    types::{Answer, Case, Params, Phase, ProvenLeaf, Seat, Signed, Slot, Window},
    verdict, window,
};

#[contract]
pub struct Dispute;

#[contractimpl]
impl Dispute {
    #[allow(clippy::too_many_arguments)]
    pub fn __constructor(
        env: Env,
        admin: Address,
        oracle: Address,
        po: Address,
        co: Address,
        staking: Address,
        token: Address,
        params: Params,
    ) {
        if let Err(e) = params.check() {
            panic_with_error!(&env, e);
        }
        let schedule = Schedule::of(&env, &oracle);
        storage::init(&env, &storage::Peers { admin, oracle, po, co, staking, token }, &schedule, &params);
        if let Err(e) = equivocation::note(&env) {
            panic_with_error!(&env, e);
        }
    }

    /// Disputes a judged window of an SLA that no proof decides: asks for `amount` of what the provider earned, and freezes it as far as it
    /// is unpaid. The SLA's consumer, with a bond.
    ///
    /// # Errors
    /// AmountInvalid, NotFound, NotAuthorized, WindowWrong, Exists, Disputed, PanelShort, TransferFailed.
    pub fn open(
        env: Env,
        consumer: Address,
        sla: BytesN<32>,
        window: u32,
        amount: i128,
        evidence: BytesN<32>,
        nonce: BytesN<32>,
    ) -> Result<BytesN<32>, Error> {
        consumer.require_auth();
        let (by, sla, evidence, nonce) = (&consumer, &sla, &evidence, &nonce);
        life::open(&env, &life::Opening { accuses: false, by, sla, window, amount, evidence, nonce })
    }

    /// Accuses the consumer of having abused the service in a judged window: asks for `amount` of its bond, and freezes it as far as it is
    /// there. The SLA's provider, with a bond.
    ///
    /// # Errors
    /// AmountInvalid, NotFound, NotAuthorized, WindowWrong, Exists, Disputed, PanelShort, TransferFailed.
    pub fn accuse(
        env: Env,
        provider: Address,
        sla: BytesN<32>,
        window: u32,
        amount: i128,
        evidence: BytesN<32>,
        nonce: BytesN<32>,
    ) -> Result<BytesN<32>, Error> {
        provider.require_auth();
        let (by, sla, evidence, nonce) = (&provider, &sla, &evidence, &nonce);
        life::open(&env, &life::Opening { accuses: true, by, sla, window, amount, evidence, nonce })
    }

    /// Contests a dispute: a panel will decide. The other side, with a bond.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, PhaseWrong, TransferFailed.
    pub fn answer(env: Env, party: Address, id: BytesN<32>, evidence: BytesN<32>) -> Result<(), Error> {
        party.require_auth();
        life::answer(&env, &party, &id, &evidence)
    }

    /// Commits a vote of the panel.
    ///
    /// # Errors
    /// NotFound, PhaseWrong, NotDrawn, Exists.
    pub fn commit(env: Env, arbiter: Address, id: BytesN<32>, hash: BytesN<32>) -> Result<(), Error> {
        arbiter.require_auth();
        panel::commit(&env, &arbiter, &id, &hash)
    }

    /// Reveals a committed vote: 0 for the provider, 1 for the consumer, 2 cannot say.
    ///
    /// # Errors
    /// ArgumentInvalid, NotFound, PhaseWrong, NotDrawn, Exists, CommitMismatch.
    pub fn reveal(env: Env, arbiter: Address, id: BytesN<32>, choice: u32, salt: BytesN<32>) -> Result<(), Error> {
        arbiter.require_auth();
        panel::reveal(&env, &arbiter, &id, choice, &salt)
    }

    /// Asks for the second panel, which is final. The loser, once, with twice the bond.
    ///
    /// # Errors
    /// NotFound, NotAuthorized, PhaseWrong, PanelShort, TransferFailed.
    pub fn appeal(env: Env, party: Address, id: BytesN<32>) -> Result<(), Error> {
        party.require_auth();
        life::appeal(&env, &party, &id)
    }

    /// Takes a dispute to its next phase when the running one is over. Anyone.
    ///
    /// # Errors
    /// NotFound, NotTimedOut, PhaseWrong.
    pub fn advance(env: Env, id: BytesN<32>) -> Result<(), Error> {
        life::advance(&env, &id)
    }

    /// Carries out a ruling that cannot be appealed any more. Anyone.
    ///
    /// # Errors
    /// NotFound, PhaseWrong, NotTimedOut.
    pub fn execute(env: Env, id: BytesN<32>) -> Result<(), Error> {
        life::execute(&env, &id)
    }

    /// Proves that a certified verdict is not what the measured values give, by the leaves at both ends of its window. Anyone. Answers the
    /// credit that the consumer was denied, which is moved as far as it is unpaid.
    ///
    /// # Errors
    /// NotFound, Malformed, LeafForeign, LeafUnknown, WindowWrong, VerdictStands, Exists.
    pub fn prove_verdict(env: Env, sla: BytesN<32>, before: ProvenLeaf, after: ProvenLeaf) -> Result<i128, Error> {
        verdict::prove(&env, &sla, &before, &after)
    }

    /// Proves that a validator signed two observations of one unit for one epoch. Anyone; half of the slash is `reporter`'s.
    ///
    /// # Errors
    /// Malformed, EvidenceWrong, WindowWrong, Exists, StakeMissing.
    pub fn prove_equivocation(env: Env, reporter: Address, first: Signed, second: Signed) -> Result<i128, Error> {
        equivocation::prove(&env, &reporter, &first, &second)
    }

    /// Proves that a node answered challenges with what does not lead to its own statement: at least as many as the terms call lost data.
    /// Anyone.
    ///
    /// # Errors
    /// As `prove_verdict`, EvidenceWrong, ArgumentInvalid.
    pub fn prove_possession(
        env: Env,
        sla: BytesN<32>,
        before: ProvenLeaf,
        after: ProvenLeaf,
        statement: Bytes,
        statement_sig: BytesN<64>,
        answers: Vec<Answer>,
    ) -> Result<i128, Error> {
        let evidence = possession::Evidence { statement: &statement, statement_sig: &statement_sig, answers: &answers };
        possession::prove(&env, &sla, &before, &after, &evidence)
    }

    /// Moves what a proof or a ruling gave the consumer and the provider's claim did not have yet. Anyone.
    ///
    /// # Errors
    /// NothingDue, Disputed.
    pub fn recover(env: Env, sla: BytesN<32>, window: u32) -> Result<i128, Error> {
        let mut record = storage::window(&env, &sla, window);
        let moved = window::recover(&env, &sla, window, &mut record)?;
        if moved == 0 {
            return Err(Error::NothingDue);
        }
        storage::set_window(&env, &sla, window, &record);
        Ok(moved)
    }

    /// Remembers the Oracle's validators of now. Anyone.
    pub fn note(env: Env) -> Result<BytesN<32>, Error> {
        equivocation::note(&env)
    }

    /// Registers an arbiter for 30 days, or ends that. Needs stake, which is held for 60 days.
    ///
    /// # Errors
    /// StakeMissing, NotFound.
    pub fn arbiter(env: Env, arbiter: Address, active: bool) -> Result<(), Error> {
        arbiter.require_auth();
        if active {
            arbiter::register(&env, &arbiter)
        } else {
            arbiter::leave(&env, &arbiter)
        }
    }

    /// Pays an account the FLASH that it is owed. Anyone.
    ///
    /// # Errors
    /// NothingDue, TransferFailed.
    pub fn claim(env: Env, account: Address) -> Result<i128, Error> {
        purse::claim(&env, &account)
    }

    /// Names the Score contract, which is told who lost, once. Admin only.
    ///
    /// # Errors
    /// AlreadyInitialized.
    pub fn wire(env: Env, score: Address) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        storage::set_score(&env, &score)
    }

    /// Sets the parameters of new disputes: the next version, within bounds. Admin only.
    ///
    /// # Errors
    /// ArgumentInvalid.
    pub fn set_params(env: Env, params: Params) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        params.check()?;
        if storage::params(&env)?.version.checked_add(1) != Some(params.version) {
            return Err(Error::ArgumentInvalid);
        }
        storage::set_params(&env, &params);
        event::ParamsSet { version: params.version }.publish(&env);
        Ok(())
    }

    /// Hands the admin's office on. Admin only.
    pub fn set_admin(env: Env, admin: Address) -> Result<(), Error> {
        storage::admin(&env)?.require_auth();
        storage::set_admin(&env, &admin);
        event::Admin { admin }.publish(&env);
        Ok(())
    }

    /// Announces new code. Admin only.
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

    /// Extends the lifetime of a dispute and of what belongs to it. Anyone.
    ///
    /// # Errors
    /// NotFound.
    pub fn extend(env: Env, id: BytesN<32>) -> Result<(), Error> {
        storage::extend_case(&env, &id)
    }

    pub fn dispute(env: Env, id: BytesN<32>) -> Result<Case, Error> {
        let mut case = storage::case(&env, &id)?;
        if case.phase == Phase::Commit && env.ledger().timestamp() >= case.until {
            case.phase = Phase::Reveal;
        }
        Ok(case)
    }

    /// The panel of a round: 0, or 1 after an appeal. Empty before it is drawn.
    pub fn panel(env: Env, id: BytesN<32>, round: u32) -> Vec<Seat> {
        storage::panel(&env, &id, round)
    }

    /// What is known of a window.
    pub fn window(env: Env, sla: BytesN<32>, number: u32) -> Window {
        storage::window(&env, &sla, number)
    }

    /// The arbiter in a place.
    pub fn slot(env: Env, at: u32) -> Option<Slot> {
        storage::slot(&env, at)
    }

    /// The FLASH that `claim` would pay.
    pub fn due(env: Env, account: Address) -> i128 {
        storage::due(&env, &account)
    }

    /// The parameters of new disputes.
    pub fn params(env: Env) -> Result<Params, Error> {
        storage::params(&env)
    }

    pub fn upgrade_announced(env: Env) -> Option<upgrade::Upgrade> {
        upgrade::announced(&env)
    }

    pub fn admin(env: Env) -> Result<Address, Error> {
        storage::admin(&env)
    }
}
