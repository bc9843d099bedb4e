package flash

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Op is a call of an entry point. Its first field is who has to authorise it.
type Op interface{ op() }

type (
	// Approve replaces what the spender may move; the last ledger for that is LiveUntilLedger.
	Approve struct {
		From, Spender   ids.Account
		Amount          money.Amount
		LiveUntilLedger uint32
	}
	Transfer struct {
		From, To ids.Account
		Amount   money.Amount
	}
	TransferFrom struct {
		Spender, From, To ids.Account
		Amount            money.Amount
	}
	Burn struct {
		From   ids.Account
		Amount money.Amount
	}
	BurnFrom struct {
		Spender, From ids.Account
		Amount        money.Amount
	}
)

func (Approve) op()      {}
func (Transfer) op()     {}
func (TransferFrom) op() {}
func (Burn) op()         {}
func (BurnFrom) op()     {}

// Effects of a step that was taken.
type Effects struct{ Event Event }

// Event is the one that a call emits: approve (From, Other is the spender), transfer (Other is who gets it) or burn.
type Event struct {
	Name            string
	From, Other     ids.Account
	Amount          money.Amount
	LiveUntilLedger uint32 // of approve
}
