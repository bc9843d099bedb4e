// Package governed is what governance acts on in tests and vectors: stakes that vote, the Consumer Orchestrator's pause, and a contract that takes a number. A fake with behaviour.
package governed

import (
	"bytes"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
	"github.com/flashback-network/flashback/internal/orchestrator/governance/actions"
	"github.com/flashback-network/flashback/internal/orchestrator/registry/stakes"
)

// World of the governed.
type World struct {
	*stakes.Ledger
	Consumer, Contract ids.Account // pause(bool) / set_value(u32), refuse()
	Paused             bool
	Value              uint32
}

// Call another contract's function as governance does. What it does not have is a host's refusal without a number: such calls are not made.
func (w *World) Call(now uint64, target ids.Account, function string, arguments []byte) error {
	var v xdr.ScVal
	if _, err := xdr.Unmarshal(bytes.NewReader(arguments), &v); err != nil {
		return err
	}
	args := **v.Vec
	switch {
	case target == w.Consumer && function == "pause":
		return w.Pause(now, bool(*args[0].B))
	case target == w.Contract && function == "set_value":
		w.Value = uint32(*args[0].U32)
		return nil
	}
	return orchestrator.ErrStateWrong // refuse()
}

// Pause of the Consumer Orchestrator.
func (w *World) Pause(_ uint64, paused bool) error {
	w.Paused = paused
	return nil
}

// Hash is that of Stellar.
func (w *World) Hash(l []governance.Action) [32]byte {
	h, err := actions.Hash(l)
	if err != nil {
		panic(err)
	}
	return h
}

// Mark gives a function that takes back everything since.
func (w *World) Mark() func() {
	undo, paused, value := w.Ledger.Mark(), w.Paused, w.Value
	return func() {
		undo()
		w.Paused, w.Value = paused, value
	}
}
