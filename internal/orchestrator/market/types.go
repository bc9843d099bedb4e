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
	Kind             uint32       `json:"kind"`
	Class            uint32       `json:"class"`
	Region           string       `json:"region"`   // what the unit's has to begin with
	Volume           uint64       `json:"volume"`   // bytes
	Egress           uint64       `json:"egress"`   // bytes
	Duration         uint32       `json:"duration"` // epochs
	Mode             sla.Mode     `json:"mode"`
	QoS              sla.QoS      `json:"qos"` // what the unit has to promise at least; a figure of 0: nothing
	Asset            money.Asset  `json:"asset"`
	MaxTotal         money.Amount `json:"maxTotal"`
	CollateralMinBps uint32       `json:"collateralMinBps"`
	Sealed           bool         `json:"sealed"`
	AnswerBy         uint64       `json:"answerBy"`
	RevealBy         uint64       `json:"revealBy"` // AnswerBy of an open ask
	ChooseBy         uint64       `json:"chooseBy"`
}

// Ask is what is wanted, and how it stands.
type Ask struct {
	ID       ids.ID      `json:"id"`
	Consumer ids.Account `json:"consumer"`
	Wanted
	Answers uint32  `json:"answers"` // providers that have answered or committed
	State   StateOf `json:"state"`
	SLA     ids.ID  `json:"sla"` // what became of it; zero: nothing
}

// Answer of a provider, or its commitment to one.
type Answer struct {
	Provider     ids.Account  `json:"provider"`
	Number       uint32       `json:"number"` // among the ask's answers, from 0
	Unit         ids.ID       `json:"unit"`   // zero until revealed
	StoragePrice money.Amount `json:"storagePrice"`
	EgressPrice  money.Amount `json:"egressPrice"`
	Total        money.Amount `json:"total"`
	Commitment   [32]byte     `json:"-"`        // zero: it was never sealed
	Revealed     bool         `json:"revealed"` // it may be taken
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
