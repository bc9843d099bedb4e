package market

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Kind of an ask's id.
const Kind ids.Kind = 7

const (
	// LifeSeconds is the longest time from an ask to its end, which comes before it; a price for one consumer holds as long.
	LifeSeconds = 90 * 86_400
	maxRegion   = orchestrator.MaxRegion
	maxPpm      = 1_000_000
	maxBps      = 10_000
)

// StateOf an ask.
type StateOf uint32

const (
	Open      StateOf = 0
	Chosen    StateOf = 1 // an answer was taken: there is an SLA
	Withdrawn StateOf = 2
	Expired   StateOf = 3
)

func (s StateOf) String() string {
	names := [...]string{"open", "chosen", "withdrawn", "expired"}
	if int(s) < len(names) {
		return names[s]
	}
	return "unknown"
}

// Wanted is what a consumer asks for. Times are Unix seconds and count in.
type Wanted struct {
	Kind, Class      uint32
	Region           string // what the unit's has to begin with
	Volume, Egress   uint64 // bytes
	Duration         uint32 // epochs
	Mode             sla.Mode
	QoS              sla.QoS // what the unit has to promise at least; a figure of 0: nothing
	Asset            money.Asset
	MaxTotal         money.Amount
	CollateralMinBps uint32
	Sealed           bool
	AnswerBy         uint64
	RevealBy         uint64 // AnswerBy of an open ask
	ChooseBy         uint64
}

// Ask is what is wanted, and how it stands.
type Ask struct {
	ID       ids.ID
	Consumer ids.Account
	Wanted
	Answers uint32 // providers that have answered or committed
	State   StateOf
	SLA     ids.ID // what became of it; zero: nothing
}

// Answer of a provider, or its commitment to one.
type Answer struct {
	Provider                         ids.Account
	Number                           uint32 // among the ask's answers, from 0
	Unit                             ids.ID // zero until revealed
	StoragePrice, EgressPrice, Total money.Amount
	Commitment                       [32]byte // zero: it was never sealed
	Revealed                         bool     // it may be taken
}

// Deal is how the consumer takes an answer: the unit and the highest total that it saw, where it is paid on the provider's chain, and the SLA's deposit and nonce.
type Deal struct {
	Unit     ids.ID
	MaxTotal money.Amount
	Refund   ids.Account
	Deposit  money.Amount
	Nonce    [32]byte
}

// Effects of a step that was taken.
type Effects struct {
	ID     ids.ID // the ask, or the SLA, that the call made
	Events []orchestrator.Event
}

// Others is what the Market asks of the Orchestrators, at the time of the step. Refused calls change nothing. Step calls Undo after a PriceFor that was taken, when the step is refused for another reason.
type Others interface {
	Unit(now uint64, id ids.ID) (orchestrator.Unit, bool)
	PriceFor(now uint64, op orchestrator.PriceFor) error
	Request(now uint64, op orchestrator.Request) (ids.ID, error)
	Undo()
}
