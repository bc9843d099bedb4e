package orchestrator

import (
	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// remaining is what of the promised collateral is still locked.
func (r *Reservation) remaining() money.Amount { return r.Collateral.Sub(r.Coverage).Sub(r.Slash) }

// reserve takes capacity for a requested SLA of a consumer and reports whether the unit, which may accept by itself, did. A price that was made for the consumer is used up.
func (s *State) reserve(consumer ids.Account, auto bool, r Reservation) bool {
	if _, ok := s.PriceOf(s.now, r.Unit, consumer); ok {
		s.specials.remove(deal{r.Unit, consumer})
	}
	r.Takes = s.takeOver(r.Previous, r.Unit, r.Volume)
	u, _ := s.units.get(r.Unit)
	u.ReservedBytes += r.Volume - r.Takes
	u.Live++
	s.units.set(u.ID, u)
	s.emit("reserved", r.SLA)
	accepted := auto && s.lock(r.Provider, r.Asset, r.Collateral) == nil
	if accepted {
		r.State = ReservationLocked
		s.emit("accepted", r.SLA)
	}
	s.reservations.set(r.SLA, r)
	s.emit("unit_state", u.ID)
	return accepted
}

func (s *State) ownReservation(id ids.ID, provider ids.Account) (Reservation, error) {
	r, ok := s.reservations.get(id)
	switch {
	case !ok:
		return r, ErrNotFound
	case r.Provider != provider:
		return r, ErrNotAuthorized
	}
	return r, nil
}

func (s *State) accept(op *Accept) error {
	r, err := s.ownReservation(op.SLA, op.Provider)
	if err != nil {
		return err
	}
	if r.State != ReservationHeld {
		return ErrStateWrong
	}
	if u, _ := s.units.get(r.Unit); u.State != UnitAvailable {
		return ErrUnitDecommissioning
	}
	if err := s.lock(r.Provider, r.Asset, r.Collateral); err != nil {
		return err
	}
	r.State = ReservationLocked
	s.reservations.set(r.SLA, r)
	s.emit("accepted", r.SLA)
	return s.accepted(r.SLA)
}

func (s *State) refuse(op *Refuse) error {
	r, err := s.ownReservation(op.SLA, op.Provider)
	if err != nil {
		return err
	}
	if r.State > ReservationLocked {
		return ErrStateWrong
	}
	s.emit("refused", r.SLA)
	s.end(r)
	return s.refused(r.SLA)
}

// activate is told by the consumer's half.
func (s *State) activate(id ids.ID, start uint64, zero [32]byte) error {
	r, _ := s.reservations.get(id)
	r.State, r.StartEpoch, r.SettledHash = ReservationActive, start, zero
	s.reservations.set(id, r)
	u, _ := s.units.get(r.Unit)
	if err := s.takeFrom(&u, &r); err != nil {
		return err
	}
	u.ReservedBytes -= r.Volume - r.Takes
	u.InUseBytes += r.Volume
	s.units.set(u.ID, u)
	s.emit("unit_state", u.ID)
	s.emit("reservation_active", id)
	return nil
}

// end gives capacity and the rest of the collateral back, of which a provider that left early owes the consumer the price.
func (s *State) end(r Reservation) {
	u, _ := s.units.get(r.Unit)
	if r.State == ReservationActive {
		u.InUseBytes -= r.Volume
	} else {
		u.ReservedBytes -= r.Volume - r.Takes
	}
	u.Live--
	s.units.set(u.ID, u)
	if left := r.remaining(); r.State >= ReservationLocked && left.Sign() > 0 {
		h := holding{r.Asset, r.Provider}
		c, _ := s.collateral.get(h)
		r.Reclaim = money.Min(r.Reclaim, left)
		r.Owed = r.Owed.Add(r.Reclaim)
		s.collateral.set(h, Collateral{c.Free.Add(left.Sub(r.Reclaim)), c.Locked.Sub(left)})
		s.emit("collateral", r.Provider)
	} else {
		r.Reclaim = money.Amount{}
	}
	r.State = ReservationDone
	s.reservations.set(r.SLA, r)
	s.emit("unit_state", u.ID)
	s.emit("released", r.SLA)
}

// finish ends the reservation of an SLA that timed out, unless its own settlement ended it before.
func (s *State) finish(id ids.ID) {
	if r, _ := s.reservations.get(id); r.State != ReservationDone {
		s.end(r)
	}
}

func (s *State) settleReservation(op *SettleReservation) error {
	r, ok := s.reservations.get(op.SLA)
	if !ok {
		return ErrNotFound
	}
	if r.State < ReservationActive {
		return ErrStateWrong
	}
	if op.To.Hash() == r.SettledHash {
		return nil
	}
	if r.State == ReservationDone {
		return ErrStateWrong
	}
	if canon.Hash(op.Terms) != r.TermsHash {
		return ErrLeafForeign
	}
	t, _ := s.terms.get(op.SLA) // what has this hash
	p := position{sla: op.SLA, termsHash: r.TermsHash, settled: r.SettledHash, ahead: r.SettledEpochs, start: r.StartEpoch, end: t.Duration, most: t.Duration}
	if err := s.provable(t, p, op.From, op.To, op.Epoch, op.Proof); err != nil {
		return err
	}
	return s.cover(r, t, &op.To)
}

// cover moves collateral by the difference to what was settled. Warnings are told before money moves.
func (s *State) cover(r Reservation, t *sla.Terms, to *sla.Leaf) error {
	// what a From that is not the settled leaf cannot show
	if to.Epochs <= r.SettledEpochs || to.Warnings < r.Warnings {
		return ErrLeafBehind
	}
	if to.Warnings > r.Warnings {
		s.emit("warning", r.SLA, money.Of(int64(to.Warnings)))
	}
	totals := t.Totals(to)
	h := holding{r.Asset, r.Provider}
	c, _ := s.collateral.get(h)

	// coverage first, each at most what is there; what was taken is never given back
	coverage := money.Min(totals.Coverage, r.Collateral.Sub(r.Slash))
	slash := money.Min(totals.Slash, r.Collateral.Sub(coverage))
	covered, slashed := coverage.Sub(r.Coverage), slash.Sub(r.Slash)
	if covered.Sign() < 0 || slashed.Sign() < 0 {
		return ErrLeafBehind
	}
	before, after := sla.Split(r.Slash, t.Protocol.SlashSplit), sla.Split(slash, t.Protocol.SlashSplit)
	r.Owed = money.Sum(r.Owed, covered, after[0].Sub(before[0]))
	r.ValidatorsOwed = r.ValidatorsOwed.Add(after[1].Sub(before[1]))
	r.FundOwed = money.Sum(r.FundOwed, after[2].Sub(before[2]), after[3].Sub(before[3]))
	r.Coverage, r.Slash = coverage, slash
	if taken := covered.Add(slashed); taken.Sign() > 0 {
		s.collateral.set(h, Collateral{c.Free, c.Locked.Sub(taken)})
		s.emit("collateral", r.Provider)
	}
	if covered.Sign() > 0 {
		s.emit("coverage", r.SLA, covered)
	}
	if slashed.Sign() > 0 {
		s.emit("slashed", r.SLA, slashed)
	}

	r.SettledEpochs, r.SettledHash, r.Warnings = to.Epochs, to.Hash(), to.Warnings
	s.reservations.set(r.SLA, r)
	s.covered.set(r.SLA, *to)
	if to.Status != sla.Running {
		s.end(r)
	}
	return nil
}

func (s *State) claim(id ids.ID) error {
	r, ok := s.reservations.get(id)
	if !ok {
		return ErrNotFound
	}
	if r.Owed.Sign() == 0 {
		return ErrNothingDue
	}
	due := r.Owed
	r.Owed = money.Amount{}
	s.reservations.set(id, r)
	s.emit("claimed", id, due)
	return s.transfer(r.Asset, s.genesis.Provider, r.Refund, due)
}

func (s *State) collectSlash(id ids.ID) error {
	r, ok := s.reservations.get(id)
	if !ok {
		return ErrNotFound
	}
	validators, fund := r.ValidatorsOwed, r.FundOwed
	if validators.Sign() == 0 && fund.Sign() == 0 {
		return ErrNothingDue
	}
	r.ValidatorsOwed, r.FundOwed = money.Amount{}, money.Amount{}
	s.reservations.set(id, r)
	s.emit("collected", id, validators, fund)
	if err := s.share(r.Asset, s.genesis.Provider, s.offers.ValidatorsAddress, s.offers.FundAddress, validators); err != nil {
		return err
	}
	return s.transfer(r.Asset, s.genesis.Provider, s.offers.FundAddress, fund)
}
