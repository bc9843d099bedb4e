//! The draw of a panel: a walk through the places of arbiters in an order that a certified root decides, without modulo bias and without
//! repetition.

use flashback_core::{error::Error, hash::sha256, wire::Writer};
use soroban_sdk::{Address, BytesN, Env, Vec};

use crate::{
    storage,
    types::{Case, Seat},
    world,
};

/// Places looked at for one panel at most: what one call can read.
const LOOKS_MAX: u32 = 60;
/// Epochs without a root that one call passes over at most.
const EPOCHS_MAX: u64 = 40;

/// Where the search for the seed stands.
pub enum Seed {
    Found(BytesN<32>),
    /// There is no root yet.
    Missing,
    /// So far no epoch before this one has a root or will get one.
    At(u64),
}

/// The root of the first certified epoch from `from` on. Certified epochs only rise: one that was passed over never gets a root.
pub fn seed(env: &Env, from: u64) -> Result<Seed, Error> {
    let Some(latest) = world::latest(env)?.filter(|l| *l >= from) else {
        return Ok(Seed::Missing);
    };
    let end = latest.min(from.checked_add(EPOCHS_MAX).ok_or(Error::Overflow)?);
    for epoch in from..=end {
        if let Some(root) = world::root(env, epoch)? {
            return Ok(Seed::Found(root));
        }
    }
    Ok(Seed::At(end + 1))
}

/// The panel of `size` for the case's round; None when there are too few who may sit on it. `before` has those who sat on an earlier one.
pub fn panel(
    env: &Env,
    id: &BytesN<32>,
    case: &Case,
    root: &BytesN<32>,
    size: u32,
    before: &Vec<Seat>,
) -> Result<Option<Vec<Seat>>, Error> {
    let now = env.ledger().timestamp();
    let mut stream = Stream::new(env, root, id, case.round)?;
    let mut order = Order::new();
    let mut seats = Vec::new(env);
    for i in 0..case.slots.min(LOOKS_MAX) {
        let at = order.take(i, stream.below(case.slots - i)?);
        let Some(slot) = storage::slot(env, at) else { continue };
        let sat = |arbiter: &Address| before.iter().any(|s| s.arbiter == *arbiter);
        let may = slot.since < case.cut && slot.expires > now && slot.arbiter != case.consumer && slot.arbiter != case.provider;
        if !may || sat(&slot.arbiter) {
            continue;
        }
        seats.push_back(Seat { arbiter: slot.arbiter, commit: None, choice: None });
        if seats.len() == size {
            return Ok(Some(seats));
        }
    }
    Ok(None)
}

/// The first numbers of a shuffle of 0, 1, 2, … that was never written down: only places that were exchanged are kept.
struct Order {
    moved: [(u32, u32); LOOKS_MAX as usize],
    len: usize,
}

impl Order {
    fn new() -> Self {
        Order { moved: [(0, 0); LOOKS_MAX as usize], len: 0 }
    }

    /// Number `i` of the shuffle, which exchanges `i` with `i + ahead`.
    fn take(&mut self, i: u32, ahead: u32) -> u32 {
        let j = i + ahead;
        let (at_i, at_j) = (self.get(i), self.get(j));
        match self.moved[..self.len].iter_mut().find(|m| m.0 == j) {
            Some(m) => m.1 = at_i,
            None => {
                self.moved[self.len] = (j, at_i);
                self.len += 1;
            }
        }
        at_j
    }

    fn get(&self, i: u32) -> u32 {
        self.moved[..self.len].iter().find(|m| m.0 == i).map_or(i, |m| m.1)
    }
}

struct Stream<'a> {
    env: &'a Env,
    state: [u8; 32],
    block: [u8; 32],
    n: u64,
}

impl<'a> Stream<'a> {
    fn new(env: &'a Env, root: &BytesN<32>, id: &BytesN<32>, round: u32) -> Result<Self, Error> {
        let mut w = Writer::<128>::new(b"FLASHBACK-PANEL-v1")?;
        w.bytes(&root.to_array())?;
        w.bytes(&id.to_array())?;
        w.u32(round)?;
        Ok(Stream { env, state: sha256(env, w.as_slice()).to_array(), block: [0; 32], n: 0 })
    }

    fn next(&mut self) -> u64 {
        let at = (self.n % 4) as usize;
        if at == 0 {
            let mut block = [0; 40];
            block[..32].copy_from_slice(&self.state);
            block[32..].copy_from_slice(&self.n.to_be_bytes());
            self.block = sha256(self.env, &block).to_array();
        }
        self.n += 1;
        let mut word = [0; 8];
        word.copy_from_slice(&self.block[at * 8..at * 8 + 8]);
        u64::from_be_bytes(word)
    }

    /// A number under `n`, each equally likely: words that would favour small ones are thrown away.
    fn below(&mut self, n: u32) -> Result<u32, Error> {
        let n = u64::from(n);
        let favoured = n.wrapping_neg().checked_rem(n).ok_or(Error::Overflow)?;
        loop {
            let product = u128::from(self.next()) * u128::from(n);
            if product as u64 >= favoured {
                return Ok((product >> 64) as u32);
            }
        }
    }
}
