package orchestrator

import (
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
)

// The contracts' error table (docs/spec/contracts.md). Codes are the table's names. Those of a certificate are in package cert.
var (
	ErrNotAuthorized       = fault.New(fault.Forbidden, "NotAuthorized", "this account may not do that")
	ErrNotInitialized      = fault.New(fault.Conflict, "NotInitialized", "the contracts are not wired to each other yet")
	ErrPaused              = fault.New(fault.Unavailable, "Paused", "new SLAs are paused")
	ErrAmountInvalid       = fault.New(fault.Invalid, "AmountInvalid", "the amount is not positive")
	ErrOverflow            = fault.New(fault.Invalid, "Overflow", "a number is too large")
	ErrNotFound            = fault.New(fault.NotFound, "NotFound", "there is no such thing on the chain")
	ErrExists              = fault.New(fault.Exists, "Exists", "it is there already")
	ErrStateWrong          = fault.New(fault.Conflict, "StateWrong", "its state does not allow that now")
	ErrArgumentInvalid     = fault.New(fault.Invalid, "ArgumentInvalid", "an argument is out of bounds")
	ErrMalformed           = fault.New(fault.Invalid, "Malformed", "the bytes are not a canonical encoding")
	ErrConfigInvalid       = fault.New(fault.Invalid, "ConfigInvalid", "the oracle configuration is not valid")
	ErrLeafForeign         = fault.New(fault.Invalid, "LeafForeign", "the leaf is of another SLA or of other terms")
	ErrLeafUnknown         = fault.New(fault.Invalid, "LeafUnknown", "the leaf is not under a certified root")
	ErrFromMismatch        = fault.New(fault.Conflict, "FromMismatch", "the settlement does not begin where the last one ended")
	ErrLeafBehind          = fault.New(fault.Conflict, "LeafBehind", "the leaf is not later than the settled one")
	ErrLeafBeyond          = fault.New(fault.Invalid, "LeafBeyond", "the leaf claims more than time and terms allow")
	ErrProviderUnknown     = fault.New(fault.NotFound, "ProviderUnknown", "the account is not registered as a provider")
	ErrNodeBound           = fault.New(fault.Exists, "NodeBound", "the node's key is bound already")
	ErrNodeReleased        = fault.New(fault.Conflict, "NodeReleased", "the node was released")
	ErrCapacityMissing     = fault.New(fault.Exhausted, "CapacityMissing", "the unit does not have so much free capacity")
	ErrCollateralMissing   = fault.New(fault.Exhausted, "CollateralMissing", "there is not so much free collateral")
	ErrUnitUnlisted        = fault.New(fault.Conflict, "UnitUnlisted", "the unit is not listed")
	ErrUnitMaintenance     = fault.New(fault.Conflict, "UnitMaintenance", "the unit is in maintenance")
	ErrUnitDecommissioning = fault.New(fault.Conflict, "UnitDecommissioning", "the unit is being decommissioned, or was")
	ErrDurationOutside     = fault.New(fault.Invalid, "DurationOutside", "the unit is not offered for this duration")
	ErrNoticeShort         = fault.New(fault.Invalid, "NoticeShort", "maintenance has to be announced earlier")
	ErrQuotaExceeded       = fault.New(fault.Exhausted, "QuotaExceeded", "that is more maintenance than a window allows")
	ErrLiveReservations    = fault.New(fault.Conflict, "LiveReservations", "something still depends on it")
	ErrPriceChanged        = fault.New(fault.Precondition, "PriceChanged", "the unit's price has changed")
	ErrPriceAbove          = fault.New(fault.Precondition, "PriceAbove", "the total price is above the largest that was accepted")
	ErrNotTimedOut         = fault.New(fault.Conflict, "NotTimedOut", "its time has not run out yet")
	ErrOverFunded          = fault.New(fault.Invalid, "OverFunded", "that is more than the total price")
	ErrNoBreach            = fault.New(fault.Conflict, "NoBreach", "there was no breach that was slashed")
	ErrGrantInvalid        = fault.New(fault.Invalid, "GrantInvalid", "prefix, operations or expiry of the grant are not valid")
	ErrNothingDue          = fault.New(fault.Conflict, "NothingDue", "there is nothing to pay")

	ErrTransferFailed       = fault.New(fault.Conflict, "TransferFailed", "the token refused the transfer")
	ErrBalanceMissing       = fault.New(fault.Exhausted, "BalanceMissing", "the account does not have so much of the token")
	ErrAllowanceMissing     = fault.New(fault.Forbidden, "AllowanceMissing", "the allowance does not cover this, or has expired")
	ErrUpgradeEarly         = fault.New(fault.Conflict, "UpgradeEarly", "the announced upgrade's time has not come")
	ErrListingUnpaid        = fault.New(fault.Precondition, "ListingUnpaid", "listing needs a paid subscription or a stake")
	ErrReclaimNotice        = fault.New(fault.Conflict, "ReclaimNotice", "the SLA is being reclaimed already, or ends before the notice would")
	ErrDepositShort         = fault.New(fault.Invalid, "DepositShort", "the deposit does not cover the least that an SLA begins with")
	ErrDisputed             = fault.New(fault.Conflict, "Disputed", "an open dispute holds this")
	ErrStakeMissing         = fault.New(fault.Exhausted, "StakeMissing", "there is not so much stake")
	ErrUnbondingFull        = fault.New(fault.Exhausted, "UnbondingFull", "too many unbondings wait already")
	ErrStakeHeld            = fault.New(fault.Conflict, "StakeHeld", "the stake is held until its last duty is judged")
	ErrCertifierUnknown     = fault.New(fault.NotFound, "CertifierUnknown", "the account is not registered as a certifier")
	ErrBondMissing          = fault.New(fault.Exhausted, "BondMissing", "the certifier's free bond does not cover this")
	ErrCertificationExpired = fault.New(fault.Conflict, "CertificationExpired", "the certification has expired")
	ErrNoConflict           = fault.New(fault.Conflict, "NoConflict", "the certifications do not contradict each other")
	ErrFrozen               = fault.New(fault.Conflict, "Frozen", "the certification is frozen by a conflict")
	ErrPowerMissing         = fault.New(fault.Forbidden, "PowerMissing", "the account's votes do not suffice")
	ErrVotingOpen           = fault.New(fault.Conflict, "VotingOpen", "the vote is still open")
	ErrVotingClosed         = fault.New(fault.Conflict, "VotingClosed", "the vote is closed")
	ErrVoteFailed           = fault.New(fault.Conflict, "VoteFailed", "the proposal did not pass")
	ErrTimeLocked           = fault.New(fault.Conflict, "TimeLocked", "the time-lock has not run out, or its time to act has")
	ErrActionMismatch       = fault.New(fault.Invalid, "ActionMismatch", "the action is not the one that was voted on")
	ErrTargetUnknown        = fault.New(fault.Invalid, "TargetUnknown", "governance does not act on this contract")
	ErrVoted                = fault.New(fault.Exists, "Voted", "the account has voted already")
	ErrPauseSpent           = fault.New(fault.Conflict, "PauseSpent", "the guardian may not pause again so soon")
	ErrWindowWrong          = fault.New(fault.Invalid, "WindowWrong", "the leaves are not the two ends of one judged window")
	ErrEvidenceWrong        = fault.New(fault.Invalid, "EvidenceWrong", "the evidence does not prove what is claimed")
	ErrVerdictStands        = fault.New(fault.Conflict, "VerdictStands", "the verdict is what the measured values give")
	ErrPhaseWrong           = fault.New(fault.Conflict, "PhaseWrong", "the dispute is not in this phase")
	ErrNotDrawn             = fault.New(fault.Forbidden, "NotDrawn", "the account is not on the panel")
	ErrCommitMismatch       = fault.New(fault.Invalid, "CommitMismatch", "the vote is not the one that was committed")
	ErrPanelShort           = fault.New(fault.Exhausted, "PanelShort", "there are too few arbiters for a panel")
	ErrAssetUnknown         = fault.New(fault.Invalid, "AssetUnknown", "the asset has no weight for scores")
	ErrNothingNew           = fault.New(fault.Conflict, "NothingNew", "nothing was judged since the last score")

	// ErrBalance is why a token refuses a transfer, which the contracts answer with TransferFailed; a driver that can see the token's own reason says this.
	ErrBalance = fault.New(fault.Exhausted, "balance_missing", "the account does not have so much of the asset")
)

// Codes of the contracts' error table that a step can fail with, by number: contracts/errors.json.
func Codes() map[uint32]*fault.Error {
	return map[uint32]*fault.Error{
		1: ErrNotAuthorized, 3: ErrNotInitialized, 4: ErrPaused, 5: ErrAmountInvalid, 6: ErrOverflow, 7: ErrNotFound, 8: ErrExists, 9: ErrStateWrong, 10: ErrArgumentInvalid, 11: ErrMalformed,
		101: cert.ErrEpochOld, 102: cert.ErrEpochFuture, 103: cert.ErrPreviousMismatch, 104: cert.ErrSignerOrder, 105: cert.ErrSignerUnknown, 106: cert.ErrSignatureHigh,
		107: cert.ErrSignatureBad, 108: cert.ErrQuorumMissing, 109: ErrConfigInvalid,
		201: ErrLeafForeign, 202: ErrLeafUnknown, 203: ErrFromMismatch, 204: ErrLeafBehind, 205: ErrLeafBeyond,
		301: ErrProviderUnknown, 302: ErrNodeBound, 303: ErrNodeReleased, 304: ErrCapacityMissing, 305: ErrCollateralMissing, 306: ErrUnitUnlisted, 307: ErrUnitMaintenance,
		308: ErrUnitDecommissioning, 309: ErrDurationOutside, 310: ErrNoticeShort, 311: ErrQuotaExceeded, 312: ErrLiveReservations,
		401: ErrPriceChanged, 402: ErrPriceAbove, 403: ErrNotTimedOut, 404: ErrOverFunded, 405: ErrNoBreach, 406: ErrGrantInvalid, 407: ErrNothingDue,
		12: ErrTransferFailed, 13: ErrBalanceMissing, 14: ErrAllowanceMissing, 15: ErrUpgradeEarly,
		313: ErrListingUnpaid, 314: ErrReclaimNotice,
		408: ErrDepositShort, 409: ErrDisputed,
		501: ErrStakeMissing, 502: ErrUnbondingFull, 503: ErrStakeHeld,
		601: ErrCertifierUnknown, 602: ErrBondMissing, 603: ErrCertificationExpired, 604: ErrNoConflict, 605: ErrFrozen,
		701: ErrPowerMissing, 702: ErrVotingOpen, 703: ErrVotingClosed, 704: ErrVoteFailed, 705: ErrTimeLocked, 706: ErrActionMismatch, 707: ErrTargetUnknown, 708: ErrVoted, 709: ErrPauseSpent,
		801: ErrWindowWrong, 802: ErrEvidenceWrong, 803: ErrVerdictStands, 804: ErrPhaseWrong, 805: ErrNotDrawn, 806: ErrCommitMismatch, 807: ErrPanelShort,
		901: ErrAssetUnknown, 902: ErrNothingNew,
	}
}
