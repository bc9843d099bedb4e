// Package stage stands in for the Orchestrators as far as the Market sees them: units, prices for one consumer, and requests that pay a deposit. Vectors are played on it, here and in the contract's
// own tests; what it refuses, it refuses in the order of docs/spec/succession.md.
package stage

import (
	"maps"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
	"github.com/flashback-network/flashback/internal/sla"
)

type deal struct {
	unit     ids.ID
	consumer ids.Account
}

// State of the stage. Unpaid providers may not list; every unit costs the same asset, which Balances are of.
type State struct {
	Orchestrator ids.Account // the Consumer Orchestrator
	EpochSeconds uint32
	Units        map[ids.ID]orchestrator.Unit
	Unpaid       map[ids.Account]bool
	Balances     map[ids.Account]money.Amount

	prices map[deal]orchestrator.Special
	slas   map[ids.ID]money.Amount
	before map[deal]orchestrator.Special
}

var _ market.Others = (*State)(nil)

// New makes an empty stage.
func New(orchestrators ids.Account, epochSeconds uint32) *State {
	return &State{Orchestrator: orchestrators, EpochSeconds: epochSeconds, Units: map[ids.ID]orchestrator.Unit{}, Unpaid: map[ids.Account]bool{}, Balances: map[ids.Account]money.Amount{},
		prices: map[deal]orchestrator.Special{}, slas: map[ids.ID]money.Amount{}}
}

func (s *State) Unit(_ uint64, id ids.ID) (orchestrator.Unit, bool) {
	u, ok := s.Units[id]
	return u, ok
}

// PriceOf is the price that a unit has for a consumer at a time.
func (s *State) PriceOf(now uint64, unit ids.ID, consumer ids.Account) (orchestrator.Special, bool) {
	p, ok := s.prices[deal{unit, consumer}]
	return p, ok && now < p.Until
}

// Total of an SLA.
func (s *State) Total(id ids.ID) (money.Amount, bool) {
	t, ok := s.slas[id]
	return t, ok
}

func (s *State) PriceFor(now uint64, op orchestrator.PriceFor) error {
	for _, p := range []money.Amount{op.StoragePrice, op.EgressPrice} {
		if p.Sign() < 0 || sla.MaxPrice.Less(p) {
			return orchestrator.ErrAmountInvalid
		}
	}
	u, ok := s.Units[op.Unit]
	switch {
	case !ok:
		return orchestrator.ErrNotFound
	case u.Provider != op.Provider:
		return orchestrator.ErrNotAuthorized
	case u.State == orchestrator.UnitRetired:
		return orchestrator.ErrStateWrong
	case u.State == orchestrator.UnitDecommissioning:
		return orchestrator.ErrUnitDecommissioning
	case s.Unpaid[op.Provider]:
		return orchestrator.ErrListingUnpaid
	case op.Until > now && op.Until-now > orchestrator.SpecialSeconds:
		return orchestrator.ErrArgumentInvalid
	}
	s.before = maps.Clone(s.prices)
	if d := (deal{op.Unit, op.Consumer}); op.Until > now {
		s.prices[d] = op.Price()
	} else {
		delete(s.prices, d)
	}
	return nil
}

func (s *State) Undo() { s.prices = s.before }

func (s *State) Request(now uint64, op orchestrator.Request) (ids.ID, error) {
	if op.Deposit.Sign() < 0 {
		return ids.ID{}, orchestrator.ErrAmountInvalid
	}
	id := ids.SLAID(s.Orchestrator, op.Consumer, op.Nonce)
	if _, ok := s.slas[id]; ok {
		return ids.ID{}, orchestrator.ErrExists
	}
	p, ok := s.PriceOf(now, op.Unit, op.Consumer)
	if !ok {
		return ids.ID{}, orchestrator.ErrPriceChanged
	}
	t := sla.Terms{Volume: op.Volume, Egress: op.Egress, Duration: op.Duration, EpochSeconds: s.EpochSeconds, StoragePrice: p.StoragePrice, EgressPrice: p.EgressPrice}
	total := t.TotalPrice()
	switch {
	case op.MaxTotal.Less(total):
		return ids.ID{}, orchestrator.ErrPriceAbove
	case s.Balances[op.Consumer].Less(op.Deposit):
		return ids.ID{}, orchestrator.ErrTransferFailed
	}
	delete(s.prices, deal{op.Unit, op.Consumer})
	s.slas[id] = total
	s.Balances[op.Consumer] = s.Balances[op.Consumer].Sub(op.Deposit)
	s.Balances[s.Orchestrator] = s.Balances[s.Orchestrator].Add(op.Deposit)
	return id, nil
}
