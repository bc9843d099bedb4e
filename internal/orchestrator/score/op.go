package score

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Op is one call of an entry point; the account that has to authorise it is a field of it.
type Op interface{ op() }

type (
	// Record adds to the parties' evidence what the settled leaf To says beyond From, the last one recorded. Anyone.
	Record struct {
		SLA      ids.ID
		From, To sla.Leaf
	}
	// Ruled: one party lost the dispute ID over the SLA. The Dispute contract only.
	Ruled struct {
		By    ids.Account
		ID    [32]byte
		SLA   ids.ID
		Loser ids.Account
	}
	// SetUnit says how much of an asset's fees is one point; 0: the asset has no weight any more. Admin.
	SetUnit struct {
		Admin ids.Account
		Asset money.Asset
		Unit  money.Amount
	}
	SetParams struct {
		Admin  ids.Account
		Params Params
	}
	SetAdmin struct{ Admin, Next ids.Account }
	Wire     struct{ Admin, Dispute ids.Account }
)

func (Record) op()    {}
func (Ruled) op()     {}
func (SetUnit) op()   {}
func (SetParams) op() {}
func (SetAdmin) op()  {}
func (Wire) op()      {}

// Orchestrators is what the contract asks of the other two. The model's State is one.
type Orchestrators interface {
	Reservation(sla ids.ID) (orchestrator.Reservation, bool)
	SLA(ids.ID) (orchestrator.SLA, bool)
	Terms(sla ids.ID) (*sla.Terms, bool)
}

// Genesis is a deployment before its first call. Begin and EpochSeconds are the Oracle's schedule.
type Genesis struct {
	Admin        ids.Account
	Begin        uint64 // Unix seconds of epoch 0's start
	EpochSeconds uint32
	Params       Params
}

// Standing is the evidence about one account in one role.
type Standing struct {
	Updated uint64 `json:"updated"` // Unix seconds that the pairs stand at
	Pairs   []Pair `json:"pairs"`
}

// Score at a time, in hundredths.
type Score struct {
	Total      uint32   `json:"total"`
	Dimensions []uint32 `json:"dimensions"`
	Points     sla.Wide `json:"points"` // whole points of evidence behind it, of all dimensions
	Updated    uint64   `json:"updated"`
}

// Effects of a step: what its event says.
type Effects struct {
	Scored *Scored
	Ruling *Ruling
}

// Scored is the event of a Record.
type Scored struct {
	SLA                ids.ID
	Provider, Consumer ids.Account
	From, To           [32]byte // leaf hashes
	Epochs, Windows    uint32
	At                 uint64 // Unix seconds that the evidence is of
	Ending             Ending
	Weight             Weight
	Unit               money.Amount
	Rise               [2][]Pair // by role
}

// Ruling is the event of a Ruled.
type Ruling struct {
	ID     [32]byte
	SLA    ids.ID
	Loser  ids.Account
	Role   Role
	Grains sla.Wide
}
