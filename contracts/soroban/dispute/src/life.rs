//! A dispute from its opening to its end. Whatever nobody does has a time-out that anyone may call.

use flashback_core::{
    account::Account,
    error::Error,
    hash::sha256,
    money::{add, bond, sub},
    wire::Writer,
};
use soroban_sdk::{Address, BytesN, Env, Vec};

use crate::{
    draw::{self, Seed},
    event, panel, purse, storage,
    types::{Case, Params, Phase, Seat, CANNOT_SAY, FOR_CONSUMER, FOR_PROVIDER},
    window, world,
};

const ID_KIND: u8 = 6;
const ID_VERSION: u8 = 1;

pub struct Opening<'a> {
    /// The provider accuses; else the consumer disputes.
    pub accuses: bool,
    pub by: &'a Address,
    pub sla: &'a BytesN<32>,
    pub window: u32,
    pub amount: i128,
    pub evidence: &'a BytesN<32>,
    pub nonce: &'a BytesN<32>,
}

pub fn open(env: &Env, o: &Opening) -> Result<BytesN<32>, Error> {
    if o.amount <= 0 {
        return Err(Error::AmountInvalid);
    }
    let (terms, _) = world::terms(env, o.sla)?;
    let reservation = world::reservation(env, o.sla)?;
    let consumer = world::consumer(env, o.sla)?;
    if *o.by != *(if o.accuses { &reservation.provider } else { &consumer }) {
        return Err(Error::NotAuthorized);
    }
    let params = storage::params(env)?;
    let end = window::settled_end(&terms, &reservation, o.window)?;
    let barred = storage::freed(env, o.sla, !o.accuses);
    window::check_time(env, &reservation, end, barred, params.max_age_seconds)?;
    if o.amount > if o.accuses { bond(&terms)? } else { window::gross_max(&terms, o.window)? } {
        return Err(Error::AmountInvalid);
    }
    let id = dispute_id(env, o.by, o.nonce)?;
    let mut record = storage::window(env, o.sla, o.window);
    let before = if o.accuses { &mut record.accused } else { &mut record.panel };
    if storage::has_case(env, &id) || *before {
        return Err(Error::Exists);
    }
    *before = true;
    if storage::open(env, o.sla).is_some() {
        return Err(Error::Disputed);
    }
    let (slots, _) = storage::slots(env)?;
    if slots < params.panel {
        return Err(Error::PanelShort);
    }
    let now = env.ledger().timestamp();
    let until = later(now, params.evidence_seconds)?;
    let frozen = world::freeze(env, o.sla, o.amount, o.accuses)?;
    let mut case = Case {
        sla: o.sla.clone(),
        window: o.window,
        accused: o.accuses,
        consumer,
        provider: reservation.provider,
        amount: o.amount,
        frozen,
        evidence: o.evidence.clone(),
        answer: None,
        phase: Phase::Evidence,
        round: 0,
        consumer_bond: 0,
        provider_bond: 0,
        silence: 0,
        ruling: CANNOT_SAY,
        cut: now,
        slots,
        seed_epoch: 0,
        until,
        reveal_until: 0,
        params_version: params.version,
    };
    *bond_of(&mut case, o.accuses) = params.bond;
    storage::set_window(env, o.sla, o.window, &record);
    storage::set_open(env, o.sla, &id);
    storage::set_case(env, &id, &case);
    event::Opened {
        id: id.clone(),
        sla: case.sla,
        window: o.window,
        accused: o.accuses,
        consumer: case.consumer,
        provider: case.provider,
        amount: o.amount,
        frozen,
        bond: params.bond,
        evidence: case.evidence,
        until,
    }
    .publish(env);
    purse::take(env, o.by, params.bond)?;
    Ok(id)
}

/// The other side's answer, with its bond: the panel will decide.
pub fn answer(env: &Env, party: &Address, id: &BytesN<32>, evidence: &BytesN<32>) -> Result<(), Error> {
    let mut case = storage::case(env, id)?;
    if party != if case.accused { &case.consumer } else { &case.provider } {
        return Err(Error::NotAuthorized);
    }
    if case.phase != Phase::Evidence || env.ledger().timestamp() >= case.until {
        return Err(Error::PhaseWrong);
    }
    let params = storage::params_of(env, case.params_version)?;
    case.answer = Some(evidence.clone());
    let provider = !case.accused;
    *bond_of(&mut case, provider) = params.bond;
    event::Answered { id: id.clone(), evidence: evidence.clone(), bond: params.bond }.publish(env);
    begin_draw(env, id, &mut case, &params)?;
    storage::set_case(env, id, &case);
    purse::take(env, party, params.bond)
}

/// The loser's second panel, for twice the bond.
pub fn appeal(env: &Env, party: &Address, id: &BytesN<32>) -> Result<(), Error> {
    let mut case = storage::case(env, id)?;
    if *party != *loser(&case) {
        return Err(Error::NotAuthorized);
    }
    let now = env.ledger().timestamp();
    if case.phase != Phase::Ruled || case.round != 0 || now >= case.until {
        return Err(Error::PhaseWrong);
    }
    let params = storage::params_of(env, case.params_version)?;
    let (slots, _) = storage::slots(env)?;
    if slots < panel_size(&params, 1) {
        return Err(Error::PanelShort);
    }
    let bond = add(params.bond, params.bond)?;
    let provider = case.ruling == FOR_CONSUMER;
    let paid = bond_of(&mut case, provider);
    *paid = add(*paid, bond)?;
    case.round = 1;
    case.cut = now;
    case.slots = slots;
    event::Appealed { id: id.clone(), by: party.clone(), bond }.publish(env);
    begin_draw(env, id, &mut case, &params)?;
    storage::set_case(env, id, &case);
    purse::take(env, party, bond)
}

/// The next phase, once the running one is over.
pub fn advance(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let mut case = storage::case(env, id)?;
    let params = storage::params_of(env, case.params_version)?;
    let now = env.ledger().timestamp();
    match case.phase {
        Phase::Evidence if now < case.until => return Err(Error::NotTimedOut),
        // Nobody contested it: ruled without a panel. Who did not answer may still appeal.
        Phase::Evidence => {
            let ruling = if case.accused { FOR_PROVIDER } else { FOR_CONSUMER };
            ruled(env, id, &mut case, &params, ruling)?;
        }
        Phase::Draw => draw_panel(env, id, &mut case, &params)?,
        Phase::Commit if now < case.reveal_until => return Err(Error::NotTimedOut),
        Phase::Commit => match panel::tally(env, id, &mut case, &params)? {
            Some(ruling) => ruled(env, id, &mut case, &params, ruling)?,
            None => undecided(env, id, &mut case, &params)?,
        },
        _ => return Err(Error::PhaseWrong),
    }
    storage::set_case(env, id, &case);
    Ok(())
}

/// Carries the ruling out, once it cannot be appealed any more.
pub fn execute(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let mut case = storage::case(env, id)?;
    if case.phase != Phase::Ruled {
        return Err(Error::PhaseWrong);
    }
    if case.round == 0 && env.ledger().timestamp() < case.until {
        return Err(Error::NotTimedOut);
    }
    let (mut to_consumer, mut owed) = (0, 0);
    if case.accused {
        to_consumer = if case.ruling == FOR_CONSUMER { case.frozen } else { 0 };
    } else if case.ruling == FOR_CONSUMER {
        let mut record = storage::window(env, &case.sla, case.window);
        record.ruled = case.amount;
        // What a proof has moved meanwhile is not moved again.
        to_consumer = window::owed(&record)?.min(case.frozen);
        record.moved = add(record.moved, to_consumer)?;
        owed = window::owed(&record)?;
        storage::set_window(env, &case.sla, case.window, &record);
    }
    end(env, id, &mut case, Phase::Executed, to_consumer)?;
    event::Executed { id: id.clone(), ruling: case.ruling, to_consumer, owed }.publish(env);
    storage::set_case(env, id, &case);
    world::tell_score(env, id, &case.sla, loser(&case));
    Ok(())
}

/// Who lost the last ruling; before the first, the one who opened.
fn loser(case: &Case) -> &Address {
    match case.ruling {
        FOR_CONSUMER => &case.provider,
        FOR_PROVIDER => &case.consumer,
        _ if case.accused => &case.provider,
        _ => &case.consumer,
    }
}

/// A side's bonds.
fn bond_of(case: &mut Case, provider: bool) -> &mut i128 {
    if provider {
        &mut case.provider_bond
    } else {
        &mut case.consumer_bond
    }
}

pub fn panel_size(params: &Params, round: u32) -> u32 {
    if round == 0 {
        params.panel
    } else {
        2 * params.panel + 1
    }
}

/// The panel comes from a root of an epoch that has not begun: nobody can know it yet.
fn begin_draw(env: &Env, id: &BytesN<32>, case: &mut Case, params: &Params) -> Result<(), Error> {
    let now = env.ledger().timestamp();
    case.phase = Phase::Draw;
    case.seed_epoch = storage::schedule(env)?.next_epoch(now)?;
    case.until = later(now, params.max_age_seconds)?;
    tell(env, id, case);
    Ok(())
}

fn draw_panel(env: &Env, id: &BytesN<32>, case: &mut Case, params: &Params) -> Result<(), Error> {
    let now = env.ledger().timestamp();
    let root = match draw::seed(env, case.seed_epoch)? {
        Seed::Found(root) => root,
        Seed::At(epoch) => {
            case.seed_epoch = epoch;
            return Ok(());
        }
        Seed::Missing if now < case.until => return Err(Error::NotTimedOut),
        Seed::Missing => return undecided(env, id, case, params),
    };
    let before = if case.round == 0 { Vec::new(env) } else { storage::panel(env, id, 0) };
    let Some(seats) = draw::panel(env, id, case, &root, panel_size(params, case.round), &before)? else {
        return undecided(env, id, case, params);
    };
    case.phase = Phase::Commit;
    case.until = later(now, params.commit_seconds)?;
    case.reveal_until = later(case.until, params.reveal_seconds)?;
    seated(env, id, case, &seats);
    storage::set_panel(env, id, case.round, &seats);
    tell(env, id, case);
    Ok(())
}

fn seated(env: &Env, id: &BytesN<32>, case: &Case, seats: &Vec<Seat>) {
    let mut arbiters = Vec::new(env);
    for seat in seats.iter() {
        arbiters.push_back(seat.arbiter);
    }
    event::Drawn { id: id.clone(), round: case.round, arbiters }.publish(env);
}

fn ruled(env: &Env, id: &BytesN<32>, case: &mut Case, params: &Params, ruling: u32) -> Result<(), Error> {
    case.ruling = ruling;
    case.phase = Phase::Ruled;
    let now = env.ledger().timestamp();
    case.until = if case.round == 0 { later(now, params.appeal_seconds)? } else { now };
    event::Ruled { id: id.clone(), round: case.round, ruling }.publish(env);
    tell(env, id, case);
    Ok(())
}

/// No ruling came about. Of a first panel the dispute ends without one, and everybody has back what they had; after an appeal the first
/// ruling stands and the appeal's bond goes back.
fn undecided(env: &Env, id: &BytesN<32>, case: &mut Case, params: &Params) -> Result<(), Error> {
    if case.round == 1 {
        let bond = add(params.bond, params.bond)?;
        purse::owe(env, loser(case), bond)?;
        let provider = case.ruling == FOR_CONSUMER;
        let paid = bond_of(case, provider);
        *paid = sub(*paid, bond)?;
        return ruled(env, id, case, params, case.ruling);
    }
    // What was frozen goes back to whose it was.
    let to_consumer = if case.accused { case.frozen } else { 0 };
    end(env, id, case, Phase::Inconclusive, to_consumer)
}

/// Ends the freeze, with so much to the consumer, shares bonds and fines out and frees the SLA for another dispute.
fn end(env: &Env, id: &BytesN<32>, case: &mut Case, phase: Phase, to_consumer: i128) -> Result<(), Error> {
    if case.frozen > 0 {
        world::rule(env, &case.sla, to_consumer)?;
    }
    case.frozen = 0;
    panel::pay(env, id, case)?;
    case.phase = phase;
    case.until = env.ledger().timestamp();
    storage::remove_open(env, &case.sla);
    storage::set_freed(env, &case.sla, case.accused, case.until);
    tell(env, id, case);
    Ok(())
}

fn tell(env: &Env, id: &BytesN<32>, case: &Case) {
    event::PhaseChanged {
        id: id.clone(),
        phase: case.phase,
        round: case.round,
        seed_epoch: case.seed_epoch,
        until: case.until,
        reveal_until: case.reveal_until,
    }
    .publish(env);
}

fn later(now: u64, seconds: u64) -> Result<u64, Error> {
    now.checked_add(seconds).ok_or(Error::Overflow)
}

fn dispute_id(env: &Env, opener: &Address, nonce: &BytesN<32>) -> Result<BytesN<32>, Error> {
    let mut w = Writer::<160>::new(b"FLASHBACK-DISPUTE-v1")?;
    let own = Account::of(&env.current_contract_address())?;
    w.bytes(&own.0)?;
    w.bytes(&Account::of(opener)?.0)?;
    w.bytes(&nonce.to_array())?;
    let hash = sha256(env, w.as_slice()).to_array();
    let mut out = [0u8; 32];
    out[..2].copy_from_slice(&own.0[..2]);
    out[2] = ID_KIND;
    out[3] = ID_VERSION;
    out[4..].copy_from_slice(&hash[..28]);
    Ok(BytesN::from_array(env, &out))
}
