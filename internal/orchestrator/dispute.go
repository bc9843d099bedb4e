package orchestrator

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// freeze holds up to an amount of what the provider has not drawn, or of the consumer's bond. One dispute at a time.
func (s *State) freeze(op *Freeze) error {
	if err := s.disputes(op.Dispute); err != nil {
		return err
	}
	if op.Amount.Sign() <= 0 {
		return ErrAmountInvalid
	}
	x, ok := s.slas.get(op.SLA)
	switch {
	case !ok:
		return ErrNotFound
	case x.Disputed.Sign() > 0:
		return ErrDisputed
	}
	from := &x.ProviderClaim
	if op.Bond {
		from = &x.Bond
	}
	x.Disputed = money.Min(op.Amount, *from)
	*from = from.Sub(x.Disputed)
	if op.Bond {
		x.BondTaken = x.BondTaken.Add(x.Disputed)
	}
	s.slas.set(x.ID, x)
	s.emit("frozen", x.ID, x.Disputed)
	return nil
}

// rule ends a dispute: so much of what is held to the consumer, the rest back to the provider.
func (s *State) rule(op *Rule) error {
	if err := s.disputes(op.Dispute); err != nil {
		return err
	}
	x, ok := s.slas.get(op.SLA)
	switch {
	case !ok:
		return ErrNotFound
	case op.ToConsumer.Sign() < 0, x.Disputed.Less(op.ToConsumer):
		return ErrAmountInvalid
	}
	x.ConsumerClaim = x.ConsumerClaim.Add(op.ToConsumer)
	x.ProviderClaim = money.Sum(x.ProviderClaim, x.Disputed.Sub(op.ToConsumer))
	x.Disputed = money.Amount{}
	s.slas.set(x.ID, x)
	s.emit("ruled", x.ID, op.ToConsumer)
	return nil
}

func (s *State) disputes(by ids.Account) error {
	switch s.genesis.Dispute {
	case ids.Account{}:
		return ErrNotInitialized
	case by:
		return nil
	}
	return ErrNotAuthorized
}

// extendProvider and extendConsumer change what the chain asks for storage, nothing that the model has.
func (s *State) extendProvider(op *ExtendProvider) (err error) {
	ok := false
	switch ids.Kind(op.Kind) {
	case ids.Node:
		_, ok = s.nodes.get(op.ID)
	case ids.Unit:
		_, ok = s.units.get(op.ID)
	case ids.SLA:
		_, ok = s.reservations.get(op.ID)
	default:
		return ErrArgumentInvalid
	}
	return found(ok)
}

func (s *State) extendConsumer(op *ExtendConsumer) error {
	ok := false
	switch ids.Kind(op.Kind) {
	case ids.SLA:
		_, ok = s.slas.get(op.ID)
	case ids.Grant:
		_, ok = s.grants.get(op.ID)
	default:
		return ErrArgumentInvalid
	}
	return found(ok)
}

func found(ok bool) error {
	if !ok {
		return ErrNotFound
	}
	return nil
}
