//! The one table of error numbers of all contracts (`contracts/errors.json`, `docs/spec/contracts.md`).

use soroban_sdk::contracterror;

#[contracterror]
#[derive(Copy, Clone, Debug, Eq, PartialEq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Error {
    // Common.
    NotAuthorized = 1,
    AlreadyInitialized = 2,
    NotInitialized = 3,
    Paused = 4,
    AmountInvalid = 5,
    Overflow = 6,
    NotFound = 7,
    Exists = 8,
    StateWrong = 9,
    ArgumentInvalid = 10,
    Malformed = 11,
    TransferFailed = 12,
    BalanceMissing = 13,
    AllowanceMissing = 14,
    UpgradeEarly = 15,
    // Oracle.
    EpochOld = 101,
    EpochFuture = 102,
    PreviousMismatch = 103,
    SignerOrder = 104,
    SignerUnknown = 105,
    SignatureHigh = 106,
    SignatureBad = 107,
    QuorumMissing = 108,
    ConfigInvalid = 109,
    // Settlement.
    LeafForeign = 201,
    LeafUnknown = 202,
    FromMismatch = 203,
    LeafBehind = 204,
    LeafBeyond = 205,
    // Provider Orchestrator.
    ProviderUnknown = 301,
    NodeBound = 302,
    NodeReleased = 303,
    CapacityMissing = 304,
    CollateralMissing = 305,
    UnitUnlisted = 306,
    UnitMaintenance = 307,
    UnitDecommissioning = 308,
    DurationOutside = 309,
    NoticeShort = 310,
    QuotaExceeded = 311,
    LiveReservations = 312,
    ListingUnpaid = 313,
    ReclaimNotice = 314,
    // Consumer Orchestrator.
    PriceChanged = 401,
    PriceAbove = 402,
    NotTimedOut = 403,
    OverFunded = 404,
    NoBreach = 405,
    GrantInvalid = 406,
    NothingDue = 407,
    DepositShort = 408,
    Disputed = 409,
    // Staking.
    StakeMissing = 501,
    UnbondingFull = 502,
    StakeHeld = 503,
    // Registry.
    CertifierUnknown = 601,
    BondMissing = 602,
    CertificationExpired = 603,
    NoConflict = 604,
    Frozen = 605,
    // Governance.
    PowerMissing = 701,
    VotingOpen = 702,
    VotingClosed = 703,
    VoteFailed = 704,
    TimeLocked = 705,
    ActionMismatch = 706,
    TargetUnknown = 707,
    Voted = 708,
    PauseSpent = 709,
    // Dispute.
    WindowWrong = 801,
    EvidenceWrong = 802,
    VerdictStands = 803,
    PhaseWrong = 804,
    NotDrawn = 805,
    CommitMismatch = 806,
    PanelShort = 807,
    // Score.
    AssetUnknown = 901,
    NothingNew = 902,
}
