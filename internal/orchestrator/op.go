package orchestrator

import (
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// Op is one call of an entry point. Its type names the entry point, its fields are the arguments; the account that has to authorise it is a field of it. The same values are
// given to the model and, through a chain's driver, to the contracts.
type Op interface{ op() }

// Calls of the Oracle.
type (
	SubmitReport struct{ Certificate cert.Certificate } // anyone
	Rotate       struct {                               // anyone
		Config     cert.Config
		Signatures []cert.Signature
	}
)

// Calls of the Provider Orchestrator.
type (
	Register struct {
		Provider, Payout ids.Account
		Info             [32]byte
	}
	UpdateProvider struct {
		Provider, Payout ids.Account
		Info             [32]byte
	}
	NodeBind struct { // both authorise
		Provider, Node ids.Account
		Endpoint       string
	}
	NodeRotate struct { // provider and the new key authorise
		Provider ids.Account
		ID       ids.ID
		Key      ids.Account
		Endpoint string
	}
	NodeRelease struct {
		Provider ids.Account
		ID       ids.ID
	}
	DepositCollateral struct {
		Provider ids.Account
		Asset    money.Asset
		Amount   money.Amount
	}
	WithdrawCollateral struct {
		Provider ids.Account
		Asset    money.Asset
		Amount   money.Amount
	}
	UnitCreate struct {
		Provider ids.Account
		Spec     UnitSpec
		Nonce    [32]byte
	}
	UnitPrice struct {
		Provider                  ids.Account
		ID                        ids.ID
		StoragePrice, EgressPrice money.Amount
	}
	UnitList struct {
		Provider ids.Account
		ID       ids.ID
		Listed   bool
	}
	UnitMaintain struct {
		Provider    ids.Account
		ID          ids.ID
		From, Until uint64
	}
	UnitEmergency struct { // unannounced, from now on
		Provider ids.Account
		ID       ids.ID
		Until    uint64
	}
	UnitResume struct {
		Provider ids.Account
		ID       ids.ID
	}
	UnitDecommission struct {
		Provider ids.Account
		ID       ids.ID
	}
	UnitRetire struct{ ID ids.ID } // anyone
	Accept     struct {
		Provider ids.Account
		SLA      ids.ID
	}
	Refuse struct {
		Provider ids.Account
		SLA      ids.ID
	}
	Reclaim struct { // the provider's early end
		Provider ids.Account
		SLA      ids.ID
	}
	Drain    struct{ SLA ids.ID } // anyone: Reclaim on a unit that is being decommissioned
	PriceFor struct {             // a price for one consumer and one SLA; Until not after now: none any more
		Provider                  ids.Account
		Unit                      ids.ID
		Consumer                  ids.Account
		StoragePrice, EgressPrice money.Amount
		Volume, Egress            uint64 // at most; Volume 0: of any size
		Duration                  uint32
		Until                     uint64
	}
	SettleReservation struct { // anyone; the provider's half alone
		SLA      ids.ID
		Terms    []byte
		From, To sla.Leaf
		Epoch    uint64
		Proof    merkle.Proof
	}
	Claim        struct{ SLA ids.ID } // anyone: what the consumer is owed from the collateral
	CollectSlash struct{ SLA ids.ID } // anyone: the other shares
	// SetProviderParams is set_params of the Provider Orchestrator.
	SetProviderParams struct {
		Admin  ids.Account
		Params Params
	}
	ExtendProvider struct { // anyone: the longest lifetime for a node, a unit or a reservation
		Kind uint32
		ID   ids.ID
	}
)

// Calls of the Consumer Orchestrator.
type (
	Request struct {
		Consumer     ids.Account
		Unit         ids.ID
		Volume       uint64
		Egress       uint64
		Duration     uint32
		Mode         sla.Mode
		Refund       ids.Account // the consumer's address on the provider's chain
		MaxTotal     money.Amount
		PriceVersion uint32
		Nonce        [32]byte
		Deposit      money.Amount
		Previous     ids.ID // the SLA that this one renews; zero: none
	}
	RequestJoint struct { // several units, all or none
		Consumer   ids.Account
		Volume     uint64 // of the data; each part reserves its share
		Duration   uint32
		Mode       sla.Mode
		Redundancy uint8
		Refund     ids.Account
		Parts      []Part
	}
	Begin struct{ SLA ids.ID } // anyone: all parts of a joint SLA, once each is Funded
	Split struct {
		Consumer ids.Account
		SLA      ids.ID
		Epochs   uint32 // where the SLA ends and the pieces begin
		Pieces   []Piece
	}
	TransferSLA struct { // both authorise
		Consumer   ids.Account
		SLA        ids.ID
		To, Refund ids.Account
	}
	Fund struct {
		From   ids.Account
		SLA    ids.ID
		Amount money.Amount
	}
	Cancel struct {
		Consumer ids.Account
		SLA      ids.ID
	}
	Expire struct{ SLA ids.ID } // anyone
	Settle struct {             // anyone; both halves
		SLA      ids.ID
		From, To sla.Leaf
		Epoch    uint64
		Proof    merkle.Proof
	}
	CloseSLA struct {
		Consumer ids.Account
		SLA      ids.ID
	}
	Terminate struct {
		Consumer ids.Account
		SLA      ids.ID
	}
	TimeOut     struct{ SLA ids.ID } // anyone
	Payout      struct{ SLA ids.ID } // anyone
	Refund      struct{ SLA ids.ID } // anyone
	CollectFees struct{ SLA ids.ID } // anyone
	GrantAccess struct {
		Consumer ids.Account
		SLA      ids.ID
		Grantee  ids.Account
		Prefix   []byte
		Ops      uint32
		Expires  uint64
		Nonce    [32]byte
	}
	DelegateAccess struct { // by a grantee, of what it has itself
		Grantee ids.Account
		Parent  ids.ID
		To      ids.Account
		Prefix  []byte
		Ops     uint32
		Expires uint64
		Nonce   [32]byte
	}
	RevokeAccess struct { // by the SLA's consumer, the grantor or the grantee
		By ids.Account
		ID ids.ID
	}
	// Freeze and Rule are the Dispute contract's.
	Freeze struct {
		Dispute ids.Account
		SLA     ids.ID
		Amount  money.Amount
		Bond    bool // out of the consumer's bond, else of the provider's claim
	}
	Rule struct {
		Dispute    ids.Account
		SLA        ids.ID
		ToConsumer money.Amount
	}
	ExtendConsumer struct { // anyone: the longest lifetime for an SLA or a grant
		Kind uint32
		ID   ids.ID
	}
	// SetAdmin of either Orchestrator.
	SetAdmin struct {
		Admin, Next ids.Account
		Provider    bool // of the Provider Orchestrator, else of the Consumer Orchestrator
	}
	Pause struct {
		Admin  ids.Account
		Paused bool
	}
	SetParams struct {
		Admin  ids.Account
		Params Params
	}
)

// Part of a joint SLA: a unit with its share of the volume.
type Part struct {
	Unit         ids.ID
	ShareBps     uint16
	Egress       uint64
	MaxTotal     money.Amount
	PriceVersion uint32
	Nonce        [32]byte
	Deposit      money.Amount
}

// Piece that an SLA is split into.
type Piece struct {
	To, Refund     ids.Account
	Volume, Egress uint64
	Nonce          [32]byte
}

func (Reclaim) op()  {}
func (Drain) op()    {}
func (PriceFor) op() {}

// Price is what the call sets.
func (op *PriceFor) Price() Special {
	return Special{op.StoragePrice, op.EgressPrice, op.Volume, op.Egress, op.Duration, op.Until}
}

func (RequestJoint) op()       {}
func (Begin) op()              {}
func (Split) op()              {}
func (TransferSLA) op()        {}
func (SubmitReport) op()       {}
func (Rotate) op()             {}
func (Register) op()           {}
func (UpdateProvider) op()     {}
func (NodeBind) op()           {}
func (NodeRotate) op()         {}
func (NodeRelease) op()        {}
func (DepositCollateral) op()  {}
func (WithdrawCollateral) op() {}
func (UnitCreate) op()         {}
func (UnitPrice) op()          {}
func (UnitList) op()           {}
func (UnitMaintain) op()       {}
func (UnitEmergency) op()      {}
func (SetProviderParams) op()  {}
func (ExtendProvider) op()     {}
func (Freeze) op()             {}
func (Rule) op()               {}
func (ExtendConsumer) op()     {}
func (SetAdmin) op()           {}
func (UnitResume) op()         {}
func (UnitDecommission) op()   {}
func (UnitRetire) op()         {}
func (Accept) op()             {}
func (Refuse) op()             {}
func (SettleReservation) op()  {}
func (Claim) op()              {}
func (CollectSlash) op()       {}
func (Request) op()            {}
func (Fund) op()               {}
func (Cancel) op()             {}
func (Expire) op()             {}
func (Settle) op()             {}
func (CloseSLA) op()           {}
func (Terminate) op()          {}
func (TimeOut) op()            {}
func (Payout) op()             {}
func (Refund) op()             {}
func (CollectFees) op()        {}
func (GrantAccess) op()        {}
func (DelegateAccess) op()     {}
func (RevokeAccess) op()       {}
func (Pause) op()              {}
func (SetParams) op()          {}
