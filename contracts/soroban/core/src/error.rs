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
    // Consumer Orchestrator.
    PriceChanged = 401,
    PriceAbove = 402,
    NotTimedOut = 403,
    OverFunded = 404,
    NoBreach = 405,
    GrantInvalid = 406,
    NothingDue = 407,
}
