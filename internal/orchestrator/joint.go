package orchestrator

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/sla"
)

// joint is what the terms of an SLA have of the others that it is made with.
type joint struct {
	units      []sla.Share // nil: alone
	redundancy uint8
	group      ids.ID
}

// requestJoint asks several units at once; all of the SLAs begin, in the same epoch, or none.
func (s *State) requestJoint(op *RequestJoint) error {
	if s.paused {
		return ErrPaused
	}
	var units []sla.Share
	for _, p := range op.Parts {
		units = append(units, sla.Share{Unit: p.Unit, Bps: p.ShareBps})
	}
	if !sla.Jointly(units, op.Redundancy) {
		return ErrArgumentInvalid
	}
	group := ids.SLAID(s.genesis.Consumer, op.Consumer, op.Parts[0].Nonce)
	var parts []SLA
	var made []ids.ID
	for i, p := range op.Parts {
		x, err := s.ask(&Request{Consumer: op.Consumer, Unit: p.Unit, Volume: units[i].Of(op.Volume), Egress: p.Egress, Duration: op.Duration, Mode: op.Mode, Refund: op.Refund,
			MaxTotal: p.MaxTotal, PriceVersion: p.PriceVersion, Nonce: p.Nonce, Deposit: p.Deposit}, joint{sla.First(units, i), op.Redundancy, group})
		if err != nil {
			return err
		}
		parts, made = append(parts, x), append(made, x.ID)
	}
	s.groups.set(group, made)
	s.out.ID, s.out.IDs = group, made
	if s.funded(group) {
		if err := s.runAll(group); err != nil {
			return err
		}
	}
	for _, x := range parts {
		if err := s.transfer(x.Asset, op.Consumer, s.genesis.Consumer, x.Deposited); err != nil {
			return err
		}
	}
	return nil
}

// begin starts a joint SLA whose last part became Funded by its provider's acceptance.
func (s *State) begin(id ids.ID) error {
	x, ok := s.slas.get(id)
	switch {
	case !ok:
		return ErrNotFound
	case !s.funded(x.Group): // so is x then
		return ErrStateWrong
	}
	return s.runAll(x.Group)
}

// funded reports whether every part of a joint SLA waits for the others; there is none under the zero id.
func (s *State) funded(group ids.ID) bool {
	parts, ok := s.groups.get(group)
	for _, id := range parts {
		x, _ := s.slas.get(id)
		ok = ok && x.State == Funded
	}
	return ok
}

func (s *State) runAll(group ids.ID) error {
	parts, _ := s.groups.get(group)
	for _, id := range parts {
		x, _ := s.slas.get(id)
		if err := s.run(x); err != nil {
			return err
		}
	}
	return nil
}
