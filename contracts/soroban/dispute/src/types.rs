//! What is stored and shown. Amounts of bonds, fees and stakes are FLASH's smallest units, disputed amounts those of the SLA's asset; times
//! are Unix seconds.

use flashback_core::error::Error;
use soroban_sdk::{contracttype, Address, Bytes, BytesN, Vec};

const DAY: u64 = 86_400;
const PHASE_MAX_SECONDS: u64 = 14 * DAY;
const AGE_MAX_SECONDS: u64 = 60 * DAY;
const BPS: u32 = 10_000;
const PANEL_MIN: u32 = 3;
const PANEL_MAX: u32 = 7;

/// How long a registration as arbiter lasts before it has to be renewed.
pub const TERM_SECONDS: u64 = 30 * DAY;
/// How long its stake is held: the term, and the longest vote that may begin at its end.
pub const HOLD_SECONDS: u64 = 60 * DAY;

#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Params {
    pub version: u32,
    /// What opening and answering cost; an appeal costs twice as much.
    pub bond: i128,
    /// What an arbiter earns with the ruling, and loses by silence.
    pub juror_fee: i128,
    /// The least stake of an arbiter.
    pub arbiter_stake: i128,
    /// Arbiters of the first panel, odd, 3 to 7. The second has twice as many and one.
    pub panel: u32,
    pub evidence_seconds: u64,
    pub commit_seconds: u64,
    pub reveal_seconds: u64,
    pub appeal_seconds: u64,
    /// Windows that ended longer ago cannot be disputed.
    pub max_age_seconds: u64,
    /// Of the panel, that has to reveal.
    pub quorum_bps: u32,
    /// Of a validator's stake, for two signed observations of one unit and epoch.
    pub slash_equivocation_bps: u32,
    /// Gets what nobody else has a claim to.
    pub fund: Address,
}

impl Params {
    pub fn check(&self) -> Result<(), Error> {
        let phases = [self.evidence_seconds, self.commit_seconds, self.reveal_seconds, self.appeal_seconds];
        // A lost bond pays everybody who may have voted with the ruling on both panels: n and 2n + 1.
        let jurors = 3 * i128::from(self.panel.min(PANEL_MAX)) + 1;
        let fees = self.juror_fee.checked_mul(jurors);
        let ok = self.version >= 1
            && (PANEL_MIN..=PANEL_MAX).contains(&self.panel)
            && self.panel % 2 == 1
            && self.juror_fee > 0
            && fees.is_some_and(|f| self.bond >= f)
            && self.bond <= i128::MAX / 8
            && self.arbiter_stake >= self.juror_fee
            && phases.iter().all(|s| (1..=PHASE_MAX_SECONDS).contains(s))
            && (1..=AGE_MAX_SECONDS).contains(&self.max_age_seconds)
            && (BPS / 2..=BPS).contains(&self.quorum_bps)
            && (1..=BPS).contains(&self.slash_equivocation_bps);
        if ok {
            Ok(())
        } else {
            Err(Error::ArgumentInvalid)
        }
    }
}

/// Stored: all but Reveal; shown: Reveal instead of Commit once the commitments are closed.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Phase {
    /// Waits for the other side's answer.
    Evidence = 0,
    /// Waits for the root that the panel is drawn from.
    Draw = 1,
    Commit = 2,
    Reveal = 3,
    /// Ruled; the loser may appeal, once.
    Ruled = 4,
    /// Over.
    Executed = 5,
    /// Over without a ruling.
    Inconclusive = 6,
}

/// Choices of a vote, and rulings.
pub const FOR_PROVIDER: u32 = 0;
pub const FOR_CONSUMER: u32 = 1;
pub const CANNOT_SAY: u32 = 2;

#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Case {
    pub sla: BytesN<32>,
    /// Number of the judged window, from 0.
    pub window: u32,
    /// The provider opened it, about the consumer's bond; else the consumer, about what the provider earned.
    pub accused: bool,
    pub consumer: Address,
    pub provider: Address,
    /// What the opener asks for.
    pub amount: i128,
    /// What of it was there, in the provider's claim or in the consumer's bond, and is frozen.
    pub frozen: i128,
    /// Hashes of documents kept elsewhere.
    pub evidence: BytesN<32>,
    pub answer: Option<BytesN<32>>,
    pub phase: Phase,
    /// 0, or 1 after an appeal.
    pub round: u32,
    /// Bonds paid in and not paid back.
    pub consumer_bond: i128,
    pub provider_bond: i128,
    /// What silent arbiters lost so far.
    pub silence: i128,
    /// The choice that the last ruling took; CANNOT_SAY before the first.
    pub ruling: u32,
    /// Arbiters that registered later, or stand in later slots, are not drawn.
    pub cut: u64,
    pub slots: u32,
    /// The panel is drawn from the first root certified for this epoch or a later one.
    pub seed_epoch: u64,
    /// The end of Evidence, Draw, Commit or the time to appeal.
    pub until: u64,
    /// The end of Reveal.
    pub reveal_until: u64,
    pub params_version: u32,
}

/// A place on a panel.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seat {
    pub arbiter: Address,
    pub commit: Option<BytesN<32>>,
    pub choice: Option<u32>,
}

/// A registration as arbiter.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slot {
    pub arbiter: Address,
    pub since: u64,
    /// Not drawn any more from then on.
    pub expires: u64,
}

/// What is known of one window of an SLA. The consumer is owed the larger of `proved` and `ruled`, of which `moved` has been moved.
#[contracttype]
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Window {
    pub proved: i128,
    pub ruled: i128,
    pub moved: i128,
    /// The certified verdict was proved to be wrong, whatever that moved.
    pub wrong: bool,
    /// The consumer disputed it before a panel.
    pub panel: bool,
    /// The provider accused the consumer before a panel.
    pub accused: bool,
}

/// A leaf with its path under the root of `epoch`.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProvenLeaf {
    pub leaf: Bytes,
    pub epoch: u64,
    pub bits: u64,
    pub path: Vec<BytesN<32>>,
}

/// A validator's document with its secp256k1 signature.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    pub document: Bytes,
    /// r ‖ s, s in the lower half.
    pub sig: BytesN<64>,
    pub recovery: u32,
}

/// A node's answer to a possession challenge with its Ed25519 signature.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    pub document: Bytes,
    pub sig: BytesN<64>,
}
