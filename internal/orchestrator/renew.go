package orchestrator

import "github.com/flashback-network/flashback/internal/ids"

// renewable refuses a request that follows an SLA which it cannot follow.
func (s *State) renewable(op *Request) error {
	if op.Previous.Zero() {
		return nil
	}
	a, err := s.ownSLA(op.Previous, op.Consumer)
	switch {
	case err != nil:
		return err
	case a.Unit != op.Unit:
		return ErrArgumentInvalid
	case a.State != Active && a.State != Closing, !a.Next.Zero():
		return ErrStateWrong
	case a.State == Active && a.Covered < a.Duration:
		return ErrDepositShort // a top-up would move its end
	}
	return nil
}

// follow is the epoch that an SLA begins in, and whether it is then the successor of the one that it renews. While that one runs, its capacity is not there for anything else.
func (s *State) follow(x *SLA) (start uint64, follows bool, err error) {
	start = s.nextEpoch()
	a, _ := s.slas.get(x.Previous)
	if x.Previous.Zero() || !a.State.Running() {
		return start, false, nil
	}
	if a.Consumer != x.Consumer || !a.Next.Zero() {
		return 0, false, ErrStateWrong
	}
	a.Next = x.ID
	s.slas.set(a.ID, a)
	return max(start, a.StartEpoch+uint64(a.EndEpochs)), true, nil
}

// takeOver is how much of a volume in a unit is that of the SLA before it.
func (s *State) takeOver(previous, unit ids.ID, volume uint64) uint64 {
	a, ok := s.reservations.get(previous)
	if !ok || a.State != ReservationActive || a.Unit != unit {
		return 0
	}
	return min(a.Volume, volume)
}

// takeFrom moves the volume that a reservation takes over out of the one before it. What that one has no more has to be free.
func (s *State) takeFrom(u *Unit, r *Reservation) error {
	if r.Takes == 0 {
		return nil
	}
	there := s.takeOver(r.Previous, r.Unit, r.Takes)
	if r.Takes-there > u.free() {
		return ErrCapacityMissing
	}
	if there > 0 {
		a, _ := s.reservations.get(r.Previous)
		a.Volume -= there
		s.reservations.set(a.SLA, a)
		u.InUseBytes -= there
	}
	return nil
}
