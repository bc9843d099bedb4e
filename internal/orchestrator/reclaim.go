package orchestrator

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// reclaim gives notice: the provider ends an SLA before its time, at a price out of the collateral.
func (s *State) reclaim(op *Reclaim) error {
	r, err := s.ownReservation(op.SLA, op.Provider)
	if err != nil {
		return err
	}
	return s.giveNotice(r)
}

// drain gives it in the name of a provider that is taking the unit out of service.
func (s *State) drain(id ids.ID) error {
	r, ok := s.reservations.get(id)
	if !ok {
		return ErrNotFound
	}
	if u, _ := s.units.get(r.Unit); u.State != UnitDecommissioning {
		return ErrStateWrong
	}
	return s.giveNotice(r)
}

func (s *State) giveNotice(r Reservation) error {
	if r.State != ReservationActive {
		return ErrStateWrong
	}
	if r.ReclaimEpochs > 0 {
		return ErrReclaimNotice
	}
	end, price, err := s.reclaimed(r.SLA)
	if err != nil {
		return err
	}
	r.Reclaim, r.ReclaimEpochs = price, end
	s.reservations.set(r.SLA, r)
	s.emit("reclaimed", r.SLA, price)
	return nil
}

// reclaimed is the consumer's half: where the SLA ends now, and what that costs the provider.
func (s *State) reclaimed(id ids.ID) (end uint32, price money.Amount, err error) {
	x, ok := s.slas.get(id)
	switch {
	case !ok:
		return 0, price, ErrNotFound
	case x.State != Active:
		return 0, price, ErrStateWrong
	}
	t, _ := s.terms.get(id)
	r, w := s.running(&x), uint64(t.Window)
	last := ((r-1)/w + 1 + uint64(t.Protocol.ReclaimWindows)) * w
	if last >= uint64(x.EndEpochs) {
		return 0, price, ErrReclaimNotice
	}
	x.State, x.EndEpochs = Reclaiming, uint32(last)
	s.slas.set(id, x)
	s.emit("closing", id)
	s.emit("sla_state", id)
	return x.EndEpochs, t.Reclaim(x.EndEpochs, x.Covered), nil
}
