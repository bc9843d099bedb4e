package orchestrator

// SpecialSeconds is the longest time that a price for one consumer may hold.
const SpecialSeconds = 90 * 86_400

// priceFor makes one consumer a price for one SLA, or takes it back.
func (s *State) priceFor(op *PriceFor) error {
	if !priceValid(op.StoragePrice) || !priceValid(op.EgressPrice) {
		return ErrAmountInvalid
	}
	u, err := s.ownUnit(op.Unit, op.Provider)
	if err != nil {
		return err
	}
	if u.State == UnitDecommissioning {
		return ErrUnitDecommissioning
	}
	if err := s.listable(op.Provider, true); err != nil {
		return err
	}
	if op.Until > s.now && op.Until-s.now > SpecialSeconds {
		return ErrArgumentInvalid
	}
	if d := (deal{op.Unit, op.Consumer}); op.Until > s.now {
		s.specials.set(d, op.Price())
	} else {
		s.specials.remove(d)
	}
	s.emit("priced_for", op.Unit)
	return nil
}

// allows says whether an SLA is within what the price is for.
func (p *Special) allows(volume, egress uint64, duration uint32) bool {
	return p.Volume == 0 || volume <= p.Volume && egress <= p.Egress && duration <= p.Duration
}
