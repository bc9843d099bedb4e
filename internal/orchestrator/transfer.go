package orchestrator

// transferSLA makes an SLA another consumer's: its rights, and every payment that was not made yet.
func (s *State) transferSLA(op *TransferSLA) error {
	if op.To == op.Consumer {
		return ErrArgumentInvalid
	}
	x, err := s.ownSLA(op.SLA, op.Consumer)
	if err != nil {
		return err
	}
	if x.State.Terminal() {
		return ErrStateWrong
	}
	x.Consumer = op.To
	s.slas.set(x.ID, x)
	s.emit("transferred", x.ID)
	r, _ := s.reservations.get(x.ID)
	r.Refund = op.Refund
	s.reservations.set(x.ID, r)
	return nil
}
