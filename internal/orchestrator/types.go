package orchestrator

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// Params are the protocol's parameters as both Orchestrators hold them.
type Params struct {
	sla.Protocol
	FeeFlashBps       uint16      // of SLAs that are priced in Flash; never above FeeBps
	Flash             money.Asset // zero: there is none
	CollateralMinBps  uint16      // of an SLA's total price
	AcceptSeconds     uint64      // a request waits so long for its provider
	FundSeconds       uint64      // an accepted SLA waits so long for its money
	CloseSeconds      uint64      // after the end, without a final leaf, so long until TimeOut
	NoticeSeconds     uint64      // of announced maintenance
	QuotaSeconds      uint64      // of maintenance per window
	PlatformAddress   ids.Account
	ValidatorsAddress ids.Account
	FundAddress       ids.Account
	InsuranceAddress  ids.Account
}

// Provider as registered.
type Provider struct {
	Payout     ids.Account
	Info       [32]byte // hash of a public description
	Registered uint64   // ledger time
}

// Collateral of a provider in one asset.
type Collateral struct{ Free, Locked money.Amount }

// NodeState of a Bridge Node on chain.
type NodeState uint8

const (
	NodeActive   NodeState = 0
	NodeReleased NodeState = 1
)

// Node is a Bridge Node bound to a provider.
type Node struct {
	ID       ids.ID
	Provider ids.Account
	Key      ids.Account // the node's own key
	Endpoint string      // where consumers reach it, at most 200 bytes
	State    NodeState
	Since    uint64 // ledger time of the last binding, rotation or release
	Units    uint32 // that are not retired
}

// UnitState as declared or as it follows from the counters.
type UnitState uint8

const (
	UnitAvailable       UnitState = 0
	UnitReserved        UnitState = 1
	UnitInUse           UnitState = 2
	UnitMaintenance     UnitState = 3
	UnitDecommissioning UnitState = 4
	UnitRetired         UnitState = 5
)

// String is the state's name.
func (s UnitState) String() string {
	return [...]string{"available", "reserved", "in_use", "maintenance", "decommissioning", "retired"}[min(s, UnitRetired)]
}

// UnitSpec is what a provider declares of a Data Unit.
type UnitSpec struct {
	Node          ids.ID
	Kind          uint8 // 1 storage, 2 compute
	Capacity      uint64
	Region        string // ISO 3166 code and place, at most 64 bytes
	Class         uint8
	QoS           sla.QoS
	Asset         money.Asset
	StoragePrice  money.Amount // per GiB·day
	EgressPrice   money.Amount // per GiB
	CollateralBps uint16       // of an SLA's total price
	AutoAccept    bool
	Listed        bool
	MinEpochs     uint32
	MaxEpochs     uint32
	RateLimit     uint32
}

// Maintenance window of a unit: ledger times; Used seconds of the quota in Window (epoch number divided by window epochs).
type Maintenance struct {
	From, Until uint64
	Used        uint64
	Window      uint64
}

// Unit is a Data Unit.
type Unit struct {
	ID       ids.ID
	Provider ids.Account
	UnitSpec
	PriceVersion  uint32
	State         UnitState // as shown: counters and declarations together
	ReservedBytes uint64
	InUseBytes    uint64
	Live          uint32
	Maintenance   Maintenance
}

// ReservationState of the provider's half of an SLA.
type ReservationState uint8

const (
	ReservationHeld   ReservationState = 0
	ReservationLocked ReservationState = 1
	ReservationActive ReservationState = 2
	ReservationDone   ReservationState = 3
)

// Reservation is the provider's half of an SLA.
type Reservation struct {
	SLA        ids.ID
	Unit       ids.ID
	Provider   ids.Account
	Asset      money.Asset
	Refund     ids.Account
	TermsHash  [32]byte
	Volume     uint64
	State      ReservationState
	Collateral money.Amount // promised; locked while Locked or Active, less Coverage and Slash
	Coverage   money.Amount // cumulative
	Slash      money.Amount // cumulative
	// What may be drawn of Coverage and Slash: by the consumer (Claim), by the validators and the fund (CollectSlash).
	Owed, ValidatorsOwed, FundOwed money.Amount
	SettledEpochs                  uint32
	SettledHash                    [32]byte
	Warnings                       uint32 // told so far
	StartEpoch                     uint64
	Previous                       ids.ID       // whose volume it takes over; zero: none
	Takes                          uint64       // bytes of it that are not reserved besides
	Reclaim                        money.Amount // what the provider's early end costs, at the end what was paid of it
	ReclaimEpochs                  uint32       // where it ends then; 0: the provider did not give it up
}

// SLAState of the consumer's half.
type SLAState uint8

const (
	Requested  SLAState = 0
	Accepted   SLAState = 1
	Funded     SLAState = 2
	Active     SLAState = 3
	Closing    SLAState = 4
	Completed  SLAState = 5
	Rejected   SLAState = 6
	Expired    SLAState = 7
	Cancelled  SLAState = 8
	Terminated SLAState = 9
	Grace      SLAState = 10 // shown of an Active one: money runs low, everything works
	Retention  SLAState = 11 // shown of an Active one: money runs out, nothing is written any more
	Defaulted  SLAState = 12 // the money ran out
	Reclaiming SLAState = 13 // the provider gave notice: measured and paid until the end that it named
)

// String is the state's name.
func (s SLAState) String() string {
	return [...]string{"requested", "accepted", "funded", "active", "closing", "completed", "rejected", "expired", "cancelled", "terminated", "grace", "retention", "defaulted", "reclaiming"}[min(s, Reclaiming)]
}

// Terminal states are never left.
func (s SLAState) Terminal() bool { return s >= Completed && s <= Terminated || s == Defaulted }

// waits: an SLA that has not begun and may still.
func (s SLAState) waits() bool { return s <= Funded }

// Running states are those between the beginning and the end: epochs are measured and settled.
func (s SLAState) Running() bool {
	return s == Active || s == Closing || s == Grace || s == Retention || s == Reclaiming
}

// SLA is the consumer's half: escrow and payments.
type SLA struct {
	ID                                 ids.ID
	Consumer, Provider, Payout         ids.Account
	Asset                              money.Asset
	Unit                               ids.ID
	TermsHash                          [32]byte
	State                              SLAState
	Mode                               sla.Mode
	Total                              money.Amount // price of the whole
	Deposited                          money.Amount
	Escrow, Holdback                   money.Amount // E, H
	ProviderClaim, ConsumerClaim, Fees money.Amount // P, K, F
	Retention, Bond                    money.Amount // R, B
	Disputed                           money.Amount // D: what a dispute holds of the provider's
	Withdrawn                          money.Amount
	Gross, Earned, FeeTotal, Credited  money.Amount // cumulative, as sla.Totals at the last settlement
	StartEpoch                         uint64
	Duration, EndEpochs                uint32 // EndEpochs ≤ Duration: where it really ends, as far as is known
	Covered                            uint32 // epochs that are paid for
	GraceEpochs, RetentionEpochs       uint32 // of the terms
	AcceptBy, FundBy                   uint64
	SettledEpochs                      uint32
	SettledHash                        [32]byte
	Windows                            uint32
	Breach                             bool         // the collateral was slashed: the consumer may Terminate
	Terminated                         bool         // it did
	BondTotal, BondTaken               money.Amount // what the bond is when all is paid; what rulings took out of it, or hold
	Group                              ids.ID       // the joint SLA that it is part of; zero: alone
	Previous, Next                     ids.ID       // the SLA that it follows, the one that follows it; zero: none
}

// Grant operations.
const (
	OpList      uint32 = 1
	OpRead      uint32 = 2
	OpWrite     uint32 = 4
	OpDelete    uint32 = 8
	OpConfigure uint32 = 16
	OpDelegate  uint32 = 32 // pass on part of the grant; nothing that is done with data
	OpAll              = OpList | OpRead | OpWrite | OpDelete | OpConfigure
	OpMask             = OpAll | OpDelegate
)

// Grant is a permission on chain: the consumer's, or passed on by the grantee of another one. It holds as long as neither it nor any that it comes from is revoked or expired.
type Grant struct {
	ID      ids.ID
	SLA     ids.ID
	Parent  ids.ID // zero: the consumer's own
	Depth   uint8  // 0 of the consumer's own, else the parent's + 1
	Grantor ids.Account
	Grantee ids.Account
	Prefix  []byte // matched against "bucket/key"
	Ops     uint32
	Expires uint64 // ledger time
	Revoked bool
}

// Quote is what a unit asks for an SLA.
type Quote struct {
	Provider, Payout          ids.Account
	Asset                     money.Asset
	Kind, Class               uint8
	QoS                       sla.QoS
	RateLimit                 uint32
	StoragePrice, EgressPrice money.Amount
	PriceVersion              uint32
	CollateralBps             uint16
	AutoAccept                bool
}

// Special is a price for one consumer and one SLA.
type Special struct {
	StoragePrice, EgressPrice money.Amount
	Volume                    uint64 // bytes at most; 0: of any size, whatever Egress and Duration are
	Egress                    uint64 // bytes at most
	Duration                  uint32 // epochs at most
	Until                     uint64 // ledger time at which it is over
}
