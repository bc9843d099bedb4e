package stellar

import "github.com/flashback-network/flashback/internal/fault"

// refusal of a contract: a line of the contracts' error table (contracts/errors.json) with the kind of fault that it is.
type refusal struct {
	name    string
	kind    fault.Kind
	message string
}

// refusals are the contracts' error numbers. A test compares them with contracts/errors.json.
var refusals = map[uint32]refusal{
	1:  {"NotAuthorized", fault.Forbidden, "this account may not do that"},
	2:  {"AlreadyInitialized", fault.Conflict, "this was set up already"},
	3:  {"NotInitialized", fault.Conflict, "the contracts are not wired to each other yet"},
	4:  {"Paused", fault.Unavailable, "new SLAs are paused; everything else goes on"},
	5:  {"AmountInvalid", fault.Invalid, "the amount is not valid"},
	6:  {"Overflow", fault.Invalid, "the numbers are too large"},
	7:  {"NotFound", fault.NotFound, "there is no such thing on the chain"},
	8:  {"Exists", fault.Exists, "it is there already; an id is never used again"},
	9:  {"StateWrong", fault.Conflict, "the state does not allow this now"},
	10: {"ArgumentInvalid", fault.Invalid, "an argument is out of bounds"},
	11: {"Malformed", fault.Invalid, "the bytes are not in canonical form"},
	12: {"TransferFailed", fault.Conflict, "the token refused the transfer"},
	13: {"BalanceMissing", fault.Exhausted, "the account does not have so much of the token"},
	14: {"AllowanceMissing", fault.Forbidden, "the allowance does not cover this, or has expired"},
	15: {"UpgradeEarly", fault.Conflict, "the announced upgrade's time has not come"},

	101: {"EpochOld", fault.Conflict, "this epoch or a later one was reported already"},
	102: {"EpochFuture", fault.Conflict, "the epoch has not ended yet"},
	103: {"PreviousMismatch", fault.Conflict, "the certificate does not continue the last root"},
	104: {"SignerOrder", fault.Invalid, "signers are repeated or not in order"},
	105: {"SignerUnknown", fault.Invalid, "a signer is not registered"},
	106: {"SignatureHigh", fault.Invalid, "a signature has a high s"},
	107: {"SignatureBad", fault.Invalid, "a signature does not verify"},
	108: {"QuorumMissing", fault.Invalid, "the signers' weight is no quorum"},
	109: {"ConfigInvalid", fault.Invalid, "the oracle configuration is not valid"},

	201: {"LeafForeign", fault.Invalid, "the leaf is of another SLA or of other terms"},
	202: {"LeafUnknown", fault.Invalid, "the leaf does not stand under a reported root"},
	203: {"FromMismatch", fault.Conflict, "the first leaf is not the one that was settled last"},
	204: {"LeafBehind", fault.Conflict, "the second leaf is behind what was settled"},
	205: {"LeafBeyond", fault.Invalid, "the leaf goes beyond what the terms allow"},

	301: {"ProviderUnknown", fault.NotFound, "this account is not registered as a provider"},
	302: {"NodeBound", fault.Exists, "the node's key is bound already"},
	303: {"NodeReleased", fault.Conflict, "the node was released"},
	304: {"CapacityMissing", fault.Exhausted, "the Data Unit does not have so much free capacity"},
	305: {"CollateralMissing", fault.Exhausted, "the provider's free collateral does not suffice"},
	306: {"UnitUnlisted", fault.Conflict, "the Data Unit is not listed"},
	307: {"UnitMaintenance", fault.Conflict, "the Data Unit is in maintenance"},
	308: {"UnitDecommissioning", fault.Conflict, "the Data Unit is being decommissioned"},
	309: {"DurationOutside", fault.Invalid, "the Data Unit does not take SLAs of this duration"},
	310: {"NoticeShort", fault.Invalid, "maintenance has to be announced earlier"},
	311: {"QuotaExceeded", fault.Exhausted, "the window's quota of maintenance is used up"},
	312: {"LiveReservations", fault.Conflict, "there are live reservations"},
	313: {"ListingUnpaid", fault.Precondition, "listing needs a paid subscription or a stake"},
	314: {"ReclaimNotice", fault.Conflict, "the SLA is being reclaimed already, or ends before the notice would"},

	401: {"PriceChanged", fault.Precondition, "the Data Unit's price has changed; ask for a new quote"},
	402: {"PriceAbove", fault.Precondition, "the price is above the accepted total"},
	403: {"NotTimedOut", fault.Conflict, "the time is not over yet"},
	404: {"OverFunded", fault.Invalid, "the SLA does not take more money than its total"},
	405: {"NoBreach", fault.Conflict, "there was no breach that was slashed"},
	406: {"GrantInvalid", fault.Invalid, "the grant's prefix, operations or expiry are not valid"},
	407: {"NothingDue", fault.Conflict, "nothing is due"},
	408: {"DepositShort", fault.Invalid, "the deposit does not cover the least that an SLA begins with"},
	409: {"Disputed", fault.Conflict, "an open dispute holds this"},

	501: {"StakeMissing", fault.Exhausted, "there is not so much stake"},
	502: {"UnbondingFull", fault.Exhausted, "too many unbondings wait already"},
	503: {"StakeHeld", fault.Conflict, "the stake is held until its last duty is judged"},

	601: {"CertifierUnknown", fault.NotFound, "the account is not registered as a certifier"},
	602: {"BondMissing", fault.Exhausted, "the certifier's free bond does not cover this"},
	603: {"CertificationExpired", fault.Conflict, "the certification has expired"},
	604: {"NoConflict", fault.Conflict, "the certifications do not contradict each other"},
	605: {"Frozen", fault.Conflict, "the certification is frozen by a conflict"},

	701: {"PowerMissing", fault.Forbidden, "the account's votes do not suffice"},
	702: {"VotingOpen", fault.Conflict, "the vote is still open"},
	703: {"VotingClosed", fault.Conflict, "the vote is closed"},
	704: {"VoteFailed", fault.Conflict, "the proposal did not pass"},
	705: {"TimeLocked", fault.Conflict, "the time-lock has not run out, or its time to act has"},
	706: {"ActionMismatch", fault.Invalid, "the action is not the one that was voted on"},
	707: {"TargetUnknown", fault.Invalid, "governance does not act on this contract"},
	708: {"Voted", fault.Exists, "the account has voted already"},
	709: {"PauseSpent", fault.Conflict, "the guardian may not pause again so soon"},

	801: {"WindowWrong", fault.Invalid, "the leaves are not the two ends of one judged window"},
	802: {"EvidenceWrong", fault.Invalid, "the evidence does not prove what is claimed"},
	803: {"VerdictStands", fault.Conflict, "the verdict is what the measured values give"},
	804: {"PhaseWrong", fault.Conflict, "the dispute is not in this phase"},
	805: {"NotDrawn", fault.Forbidden, "the account is not on the panel"},
	806: {"CommitMismatch", fault.Invalid, "the vote is not the one that was committed"},
	807: {"PanelShort", fault.Exhausted, "there are too few arbiters for a panel"},

	901: {"AssetUnknown", fault.Invalid, "the asset has no weight for scores"},
	902: {"NothingNew", fault.Conflict, "nothing was judged since the last score"},
}

// tokenRefusals are the error numbers of the Stellar Asset Contract, whose range overlaps with ours: they count only when a token raised them.
var tokenRefusals = map[uint32]refusal{
	6:  {"account_missing", fault.NotFound, "the account is not on the chain: it has to be funded first"},
	8:  {"AmountInvalid", fault.Invalid, "the amount is not valid"},
	10: {"balance_missing", fault.Exhausted, "the account does not have enough of the asset"},
	11: {"token_refused", fault.Conflict, "the asset's issuer does not authorise this account"},
	13: {"trustline_missing", fault.Conflict, "the account does not hold this asset yet: it needs a trust line"},
}
