package orchestrator

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// MaxPieces that an SLA is split into.
const MaxPieces = 4

// division is what Check has to know of a split: what it was split into, and what was added.
type division struct {
	pieces []ids.ID
	paid   money.Amount
}

// split ends an SLA at a window's boundary and makes SLAs of the rest of its time, each with part of its volume. The provider is not asked: it serves and locks as much as before.
func (s *State) split(op *Split) error {
	if !piecesValid(op.Pieces) {
		return ErrArgumentInvalid
	}
	x, err := s.ownSLA(op.SLA, op.Consumer)
	switch {
	case err != nil:
		return err
	case x.State != Active || !x.Next.Zero():
		return ErrStateWrong
	case x.Covered < x.Duration:
		return ErrDepositShort
	case x.BondTaken.Sign() > 0:
		return ErrDisputed
	}
	t, _ := s.terms.get(x.ID)
	if op.Epochs%t.Window != 0 || uint64(op.Epochs) <= s.running(&x) || op.Epochs >= x.Duration || !sumTo(t.Volume, op.Pieces) {
		return ErrArgumentInvalid
	}
	var pieces []sla.Piece
	seen := map[ids.ID]bool{}
	for _, p := range op.Pieces {
		id := ids.SLAID(s.genesis.Consumer, p.To, p.Nonce)
		if _, ok := s.slas.get(id); ok || seen[id] {
			return ErrExists
		}
		seen[id] = true
		pieces = append(pieces, sla.Piece{SLA: id, Consumer: p.To, Refund: p.Refund, Volume: p.Volume, Egress: p.Egress})
		s.out.IDs = append(s.out.IDs, id)
	}
	d := t.Divide(x.BondTotal, op.Epochs, pieces)
	s.out.ID = s.out.IDs[0]
	s.divisions.set(x.ID, division{s.out.IDs, d.Paid})

	x.Deposited, x.BondTotal = x.Deposited.Sub(d.Moved), d.Bond
	x.Total = x.Deposited.Sub(x.BondTotal)
	x.Duration, x.Covered, x.EndEpochs, x.Next = op.Epochs, op.Epochs, op.Epochs, s.out.ID
	x.divide(t)
	s.slas.set(x.ID, x)
	s.emit("divided", x.ID)
	for _, part := range d.Pieces {
		s.piece(&x, part)
	}
	if err := s.divideReservation(x.ID, d.Pieces, x.StartEpoch+uint64(op.Epochs)); err != nil {
		return err
	}
	return s.transfer(x.Asset, op.Consumer, s.genesis.Consumer, d.Paid)
}

func piecesValid(l []Piece) bool {
	for _, p := range l {
		if p.Volume == 0 || p.Egress > sla.MaxEgress {
			return false
		}
	}
	return len(l) >= 1 && len(l) <= MaxPieces
}

func sumTo(volume uint64, l []Piece) bool {
	for _, p := range l {
		if p.Volume > volume {
			return false
		}
		volume -= p.Volume
	}
	return volume == 0
}

// piece is an SLA that another one goes on as. It is Active from the beginning, wholly paid.
func (s *State) piece(a *SLA, t *sla.Terms) {
	zero := sla.Zero(t)
	x := SLA{
		ID: t.SLA, Consumer: t.Consumer, Provider: a.Provider, Payout: a.Payout, Asset: a.Asset, Unit: a.Unit, TermsHash: t.Hash(), State: Active, Mode: a.Mode,
		Total: t.TotalPrice(), BondTotal: t.Bond, StartEpoch: a.StartEpoch + uint64(a.Duration), Duration: t.Duration,
		GraceEpochs: a.GraceEpochs, RetentionEpochs: a.RetentionEpochs, SettledHash: zero.Hash(), Previous: a.ID,
	}
	x.deposit(t, t.Full())
	s.slas.set(x.ID, x)
	s.terms.set(x.ID, t)
	s.settled.set(x.ID, zero)
	s.covered.set(x.ID, zero)
	s.emit("requested", x.ID)
	s.emit("funded", x.ID, x.Deposited)
	s.emit("sla_state", x.ID)
}

// divideReservation is the provider's half of a split: volume and collateral go over to the pieces.
func (s *State) divideReservation(id ids.ID, pieces []*sla.Terms, start uint64) error {
	r, ok := s.reservations.get(id)
	if !ok {
		return ErrNotFound
	}
	volume, collateral := uint64(0), money.Amount{}
	for _, t := range pieces {
		volume, collateral = volume+t.Volume, collateral.Add(t.Collateral)
	}
	if r.State != ReservationActive || r.Volume != volume {
		return ErrStateWrong
	}
	u, _ := s.units.get(r.Unit)
	for _, t := range pieces {
		if _, ok := s.reservations.get(t.SLA); ok {
			return ErrExists
		}
		zero := sla.Zero(t)
		s.reservations.set(t.SLA, Reservation{SLA: t.SLA, Unit: r.Unit, Provider: r.Provider, Asset: r.Asset, Refund: t.Refund, TermsHash: t.Hash(), Volume: t.Volume, State: ReservationActive,
			Collateral: t.Collateral, StartEpoch: start, SettledHash: zero.Hash(), Previous: id})
		u.Live++
		s.emit("reserved", t.SLA)
		s.emit("reservation_active", t.SLA)
	}
	r.Volume, r.Collateral = 0, r.Collateral.Sub(collateral)
	if r.remaining().Sign() < 0 {
		return ErrCollateralMissing
	}
	s.reservations.set(id, r)
	s.units.set(u.ID, u)
	s.emit("unit_state", u.ID)
	return nil
}
