//! How long stored entries live. Each call extends what it touches, so whoever uses an entry pays for it; an entry that nobody
//! touches is archived, never lost: anyone can restore it.

use soroban_sdk::{Env, IntoVal, Val};

/// Ledgers of a day at the public network's pace of 5 seconds.
pub const DAY_LEDGERS: u32 = 17_280;
/// A touched entry lives at least this much longer. Roots may be settled against for as long.
pub const LIVE_LEDGERS: u32 = 120 * DAY_LEDGERS;
/// An entry is extended only once it would live shorter than this, so that most calls write no lifetime.
pub const RENEW_LEDGERS: u32 = 90 * DAY_LEDGERS;

/// Extends a persistent entry that exists.
pub fn extend<K: IntoVal<Env, Val>>(env: &Env, key: &K) {
    let to = LIVE_LEDGERS.min(env.storage().max_ttl());
    env.storage().persistent().extend_ttl(key, RENEW_LEDGERS.min(to), to);
}

/// Extends the contract's instance and its code.
pub fn extend_instance(env: &Env) {
    let to = LIVE_LEDGERS.min(env.storage().max_ttl());
    env.storage().instance().extend_ttl(RENEW_LEDGERS.min(to), to);
}

/// Extends a new entry to the full time at once: for entries that nobody may touch again but that have to stay.
pub fn extend_fully<K: IntoVal<Env, Val>>(env: &Env, key: &K) {
    let to = LIVE_LEDGERS.min(env.storage().max_ttl());
    env.storage().persistent().extend_ttl(key, to, to);
}
