package dispute

import (
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// Reservation is what is read of the provider's half of an SLA.
type Reservation struct {
	Provider      ids.Account
	Unit          ids.ID
	StartEpoch    uint64
	SettledEpochs uint32
	Done          bool // no leaf follows
}

// World is what the contract asks of the others. Each refusal is an error of the contracts' table.
type World interface {
	// Terms of an SLA, at the Consumer Orchestrator; NotFound.
	Terms(id ids.ID) (*sla.Terms, error)
	// Consumer of now of an SLA, at the Consumer Orchestrator; NotFound.
	Consumer(id ids.ID) (ids.Account, error)
	// Reservation of an SLA, at the Provider Orchestrator; NotFound.
	Reservation(id ids.ID) (Reservation, error)
	// Node that a unit is on, and its key; NotFound.
	Node(unit ids.ID) (node ids.ID, key ids.Account, err error)
	// Freeze takes up to amount out of the provider's claim, or of the consumer's bond, and says how much; Disputed while something is frozen.
	Freeze(id ids.ID, amount money.Amount, bond bool) (money.Amount, error)
	// Rule ends the freeze: so much to the consumer, the rest to the provider.
	Rule(id ids.ID, toConsumer money.Amount) error
	// Root of an epoch, Latest certified epoch and Config of the Oracle.
	Root(epoch uint64) ([32]byte, bool)
	Latest() (uint64, bool)
	Config() cert.Config
	// StakeOf is active stake; Exposed is active and unbonding.
	StakeOf(owner ids.Account, role uint32) money.Amount
	Exposed(owner ids.Account, role uint32) money.Amount
	// Hold lets nothing be withdrawn before until; NotAuthorized where this contract is no slasher.
	Hold(owner ids.Account, role uint32, until uint64) error
	// Slash takes at most amount and pays it; it says what was taken.
	Slash(owner ids.Account, role uint32, amount money.Amount, to ids.Account, cause [32]byte) (money.Amount, error)
	// Transfer of FLASH; TransferFailed.
	Transfer(from, to ids.Account, amount money.Amount) error
	// Ruled tells the Score contract who lost. It may refuse: nothing waits for it.
	Ruled(id, sla ids.ID, loser ids.Account)
	// Snapshot makes a function that takes the world back to now.
	Snapshot() (restore func())
}
