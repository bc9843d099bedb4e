//! Votes over time: of each owner and of all. A trail is its head, the newest checkpoint, and older checkpoints as entries of their
//! own. Changes at one ledger time share a checkpoint, so a checkpoint says what held at the end of its time.

use flashback_core::error::Error;
use soroban_sdk::{Address, Env};

use crate::{
    storage::{self, Of},
    types::{Checkpoint, Head},
};

/// The votes now.
pub fn votes(env: &Env, of: &Of) -> i128 {
    storage::head(env, of).map_or(0, |head| head.last.votes)
}

/// Adds `change`, which may be negative, to the votes of the owner and of all.
pub fn change(env: &Env, owner: &Address, change: i128) -> Result<(), Error> {
    shift(env, &Of::Owner(owner), change)?;
    shift(env, &Of::Total, change)
}

fn shift(env: &Env, of: &Of, change: i128) -> Result<(), Error> {
    let now = env.ledger().timestamp();
    let head = match storage::head(env, of) {
        None => Head { count: 0, last: Checkpoint { time: now, votes: change } },
        Some(head) => {
            let votes = head.last.votes.checked_add(change).ok_or(Error::Overflow)?;
            let last = Checkpoint { time: now, votes };
            if head.last.time == now {
                Head { last, ..head }
            } else {
                storage::set_checkpoint(env, of, head.count, &head.last);
                Head { count: head.count.checked_add(1).ok_or(Error::Overflow)?, last }
            }
        }
    };
    storage::set_head(env, of, &head);
    Ok(())
}

/// The votes at the end of `time`, which must be over.
///
/// # Errors
/// ArgumentInvalid.
pub fn at(env: &Env, of: &Of, time: u64) -> Result<i128, Error> {
    if time >= env.ledger().timestamp() {
        return Err(Error::ArgumentInvalid);
    }
    let Some(head) = storage::head(env, of) else { return Ok(0) };
    if head.last.time <= time {
        return Ok(head.last.votes);
    }
    before(env, of, head.count, time)
}

/// The votes of the last of `count` checkpoints that is not later than `time`. It strides back from the newest one first and halves
/// then, so that a recent time costs few reads and touches no old entry, however long the trail is.
fn before(env: &Env, of: &Of, count: u32, time: u64) -> Result<i128, Error> {
    let (mut high, mut stride) = (count, 1u32);
    let (mut low, mut found) = loop {
        if high == 0 {
            return Ok(0);
        }
        let low = high.saturating_sub(stride);
        let candidate = storage::checkpoint(env, of, low)?;
        if candidate.time <= time {
            break (low, candidate);
        }
        high = low;
        stride = stride.saturating_mul(2);
    };
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let candidate = storage::checkpoint(env, of, middle)?;
        if candidate.time <= time {
            (low, found) = (middle, candidate);
        } else {
            high = middle;
        }
    }
    Ok(found.votes)
}
