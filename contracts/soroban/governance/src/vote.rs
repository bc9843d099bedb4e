//! A proposal from its beginning to the end of its vote.

use flashback_core::{error::Error, interface::StakingClient};
use soroban_sdk::{Address, BytesN, Env};

use crate::{
    event,
    params::{ceil_share, floor_share},
    storage,
    types::{Proposal, State},
};

const AGAINST: u32 = 0;
const FOR: u32 = 1;
const ABSTAIN: u32 = 2;

/// A time of the parameters on this network.
pub fn seconds(env: &Env, unscaled: u64) -> Result<u64, Error> {
    Ok((unscaled / storage::scale(env)?.max(1)).max(1))
}

pub fn propose(env: &Env, proposer: &Address, actions: &BytesN<32>, about: &BytesN<32>) -> Result<u32, Error> {
    let params = storage::params(env)?;
    let now = env.ledger().timestamp();
    let snapshot = now.checked_sub(1).ok_or(Error::PowerMissing)?;
    let staking = StakingClient::new(env, &storage::staking(env)?);
    let (power, total) = (staking.power_at(proposer, &snapshot), staking.total_at(&snapshot));
    if power <= 0 || power < ceil_share(total, params.threshold_bps) {
        return Err(Error::PowerMissing);
    }
    let after = |time: u64, unscaled| time.checked_add(seconds(env, unscaled)?).ok_or(Error::Overflow);
    let ends = after(now, params.voting_seconds)?;
    let opens = after(ends, params.delay_seconds)?;
    let closes = after(opens, params.open_seconds)?;
    let number = storage::next_number(env)?;
    let proposal = Proposal {
        proposer: proposer.clone(),
        actions: actions.clone(),
        about: about.clone(),
        snapshot,
        total,
        ends,
        opens,
        closes,
        quorum_bps: params.quorum_bps,
        majority_bps: params.majority_bps,
        against: 0,
        in_favour: 0,
        abstain: 0,
        executed: false,
        cancelled: false,
    };
    storage::set_proposal(env, number, &proposal);
    let Proposal { proposer, actions, about, .. } = proposal;
    event::Proposed { number, proposer, actions, about, snapshot, total, ends, opens, closes }.publish(env);
    Ok(number)
}

pub fn vote(env: &Env, voter: &Address, number: u32, choice: u32) -> Result<i128, Error> {
    if choice > ABSTAIN {
        return Err(Error::ArgumentInvalid);
    }
    let mut p = storage::proposal(env, number)?;
    if state(&p, env.ledger().timestamp()) != State::Open {
        return Err(Error::VotingClosed);
    }
    if storage::vote(env, number, voter).is_some() {
        return Err(Error::Voted);
    }
    let votes = StakingClient::new(env, &storage::staking(env)?).power_at(voter, &p.snapshot);
    if votes <= 0 {
        return Err(Error::PowerMissing);
    }
    let pile = match choice {
        AGAINST => &mut p.against,
        FOR => &mut p.in_favour,
        _ => &mut p.abstain,
    };
    *pile = pile.checked_add(votes).ok_or(Error::Overflow)?;
    storage::set_proposal(env, number, &p);
    storage::set_vote(env, number, voter, choice);
    event::Voted { number, voter: voter.clone(), choice, votes }.publish(env);
    Ok(votes)
}

pub fn cancel(env: &Env, proposer: &Address, number: u32) -> Result<(), Error> {
    let mut p = storage::proposal(env, number)?;
    if p.proposer != *proposer {
        return Err(Error::NotAuthorized);
    }
    if state(&p, env.ledger().timestamp()) != State::Open {
        return Err(Error::VotingClosed);
    }
    p.cancelled = true;
    storage::set_proposal(env, number, &p);
    event::Cancelled { number }.publish(env);
    Ok(())
}

pub fn state(p: &Proposal, now: u64) -> State {
    if p.cancelled {
        State::Cancelled
    } else if p.executed {
        State::Executed
    } else if now < p.ends {
        State::Open
    } else if !passed(p) {
        State::Failed
    } else if now < p.closes {
        State::Passed
    } else {
        State::Expired
    }
}

/// More than the majority of those for and against, and a quorum of all votes at the snapshot. Votes sum to at most the total.
fn passed(p: &Proposal) -> bool {
    let decided = p.in_favour.saturating_add(p.against);
    p.in_favour > floor_share(decided, p.majority_bps) && decided.saturating_add(p.abstain) >= ceil_share(p.total, p.quorum_bps)
}
