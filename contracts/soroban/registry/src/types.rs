//! What is stored and shown.

use soroban_sdk::{contracttype, Address, BytesN, Vec};

/// Amounts are FLASH in smallest units.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Params {
    pub version: u32,
    /// What a certification binds of its certifier's stake, by level 0 to 3.
    pub bonds: Vec<i128>,
    /// The stake that lists a provider; 0: no stake does.
    pub list_stake: i128,
    /// Of one period; 0: no subscription is sold.
    pub list_price: i128,
    pub list_period_seconds: u64,
    /// Is paid for subscriptions.
    pub payee: Address,
    /// Is paid its share of what the loser of a conflict is slashed.
    pub fund: Address,
    /// May resolve conflicts, as the admin may.
    pub resolver: Address,
    pub max_life_seconds: u64,
    /// After its expiry a certification stays bonded, and open to conflict, for so long.
    pub challenge_seconds: u64,
    /// After a conflict began either certifier may give in for so long.
    pub concede_seconds: u64,
    /// After a conflict began anyone may end it, once so long nobody resolved it.
    pub lapse_seconds: u64,
    /// What giving in costs, of the bond.
    pub concede_bps: u32,
    /// The fund's share of what a loser is slashed.
    pub conflict_fund_bps: u32,
}

/// Of a certifier.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certifier {
    /// Hash of what it says of itself.
    pub info: BytesN<32>,
    /// Unix seconds.
    pub registered: u64,
    /// The sum of the bonds of its certifications that are Live or Frozen.
    pub bonded: i128,
    /// Unix seconds until which one of them may be in conflict.
    pub duty_until: u64,
}

#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum State {
    Live = 0,
    Revoked = 1,
    Expired = 2,
    /// In conflict with another one.
    Frozen = 3,
    /// Lost a conflict.
    Refuted = 4,
}

/// A certifier's statement. Times are Unix seconds.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certification {
    pub certifier: Address,
    pub subject: Address,
    /// 0 provider, 1 consumer, 2 service provider, 3 validator.
    pub kind: u32,
    /// 0 denies, 1 declared, 2 checked, 3 audited.
    pub level: u32,
    /// Hash of what was examined.
    pub scope: BytesN<32>,
    /// Hash of what was found.
    pub evidence: BytesN<32>,
    pub issued: u64,
    pub expires: u64,
    /// Until then it is bonded and may be in conflict.
    pub bound_until: u64,
    /// Of the certifier's stake, in smallest units of FLASH.
    pub bond: i128,
    pub state: State,
    /// The other one, while Frozen.
    pub conflict: Option<BytesN<32>>,
    /// While Frozen: until then either certifier may give in. Else 0.
    pub concede_until: u64,
    /// While Frozen: after that anyone may end the conflict. Else 0.
    pub lapse_from: u64,
}
