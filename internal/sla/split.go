package sla

import (
	"math/big"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Piece of an SLA that is split: an SLA of its own from there on.
type Piece struct {
	SLA              ids.ID
	Consumer, Refund ids.Account
	Volume, Egress   uint64
}

// Division of an SLA that was wholly paid.
type Division struct {
	Bond   money.Amount // that stays
	Moved  money.Amount // out of the SLA into its pieces
	Paid   money.Amount // that the caller has to add
	Pieces []*Terms
}

// Need is what a piece's terms ask to be deposited, all at once.
func (x *Division) Need() money.Amount {
	need := money.Amount{}
	for _, t := range x.Pieces {
		need = need.Add(t.Full())
	}
	return need
}

// Divide computes what becomes of the money and the collateral when the SLA ends after so many epochs, fewer than its duration, and each piece goes on with its part of the volume. bond is the whole bond
// that was paid in.
func (t *Terms) Divide(bond money.Amount, epochs uint32, pieces []Piece) Division {
	rest := t.between(epochs, t.Duration)
	x := Division{Bond: t.TotalPrice().Sub(rest).Bps(uint32(t.Protocol.EarlyBps))}
	for _, p := range pieces {
		x.Pieces = append(x.Pieces, t.piece(p, t.Duration-epochs))
	}
	need := x.Need()
	x.Moved = money.Min(need, rest.Add(bond).Sub(x.Bond))
	x.Paid = need.Sub(x.Moved)
	return x
}

// piece has the terms of the SLA that it was part of, for its own volume and the epochs that are left.
func (t *Terms) piece(p Piece, duration uint32) *Terms {
	c := *t
	c.SLA, c.Consumer, c.Refund, c.Volume, c.Egress, c.Duration, c.Previous = p.SLA, p.Consumer, p.Refund, p.Volume, p.Egress, duration, t.SLA
	c.Bond = c.TotalPrice().Bps(uint32(c.Protocol.EarlyBps))
	share := new(big.Int).Mul(u(p.Volume), u(uint64(duration)))
	c.Collateral = money.Must(floor(t.Collateral.Big(), share, new(big.Int).Mul(u(t.Volume), u(uint64(t.Duration)))))
	return &c
}
