package sla

import (
	"math/big"

	"github.com/flashback-network/flashback/internal/money"
)

var (
	gib     = new(big.Int).Lsh(big.NewInt(1), 30)
	gibDay  = new(big.Int).Mul(gib, big.NewInt(86_400))
	tenK    = big.NewInt(10_000)
	gibDay4 = new(big.Int).Mul(gibDay, tenK)
	gib4    = new(big.Int).Mul(gib, tenK)
)

// Totals are the amounts that follow from one leaf, cumulative since the SLA began.
type Totals struct {
	Gross    money.Amount // accrued price
	Credit   money.Amount // back to the consumer out of the price
	Earned   money.Amount // the provider's, before the fee
	Fee      money.Amount
	Provider money.Amount // Earned − Fee
	Holdback money.Amount // accrued and not yet judged: the only one that may fall
	Coverage money.Amount // credits beyond the holdback, out of the collateral
	Slash    money.Amount // out of the collateral
}

// floor is ⌊a·b/d⌋ of non-negative numbers.
func floor(a, b, d *big.Int) *big.Int {
	p := new(big.Int).Mul(a, b)
	return p.Quo(p, d)
}

func u(v uint64) *big.Int { return new(big.Int).SetUint64(v) }

func sum(a, b *big.Int) money.Amount { return money.Must(new(big.Int).Add(a, b)) }

// unheld is 10⁴·total − h·(total − judged) − credited, in whatever the counts are of.
func unheld(total, judged uint64, h uint16, credited *big.Int) *big.Int {
	v := new(big.Int).Mul(u(total), tenK)
	v.Sub(v, new(big.Int).Mul(u(total-judged), big.NewInt(int64(h))))
	return v.Sub(v, credited)
}

// Totals of a leaf that belongs to the terms, with JudgedEpochs ≤ Epochs and JudgedOut ≤ BytesOut.
func (t *Terms) Totals(l *Leaf) Totals {
	k, q := t.k(), t.EgressPrice.Big()
	h := t.Protocol.HoldbackBps
	var x Totals
	x.Gross = t.gross(l.Epochs, l.BytesOut)
	x.Credit = sum(floor(k, u(l.PriceCreditEpochs), gibDay4), floor(q, l.PriceCreditOut.Big(), gib4))
	x.Earned = sum(floor(k, unheld(uint64(l.Epochs), uint64(l.JudgedEpochs), h, u(l.PriceCreditEpochs)), gibDay4),
		floor(q, unheld(l.BytesOut, l.JudgedOut, h, l.PriceCreditOut.Big()), gib4))
	x.Fee = x.Earned.Bps(uint32(t.Protocol.FeeBps))
	x.Provider = x.Earned.Sub(x.Fee)
	x.Holdback = x.Gross.Sub(x.Earned).Sub(x.Credit)
	x.Coverage = t.coverage(l.CollateralCreditEpochs, l.CollateralCreditOut)
	x.Slash = t.Collateral.Bps(l.SlashBps)
	return x
}

func (t *Terms) gross(epochs uint32, out uint64) money.Amount {
	return sum(floor(t.k(), u(uint64(epochs)), gibDay), floor(t.EgressPrice.Big(), u(out), gib))
}

func (t *Terms) coverage(epochs uint64, out Wide) money.Amount {
	return sum(floor(t.k(), u(epochs), gibDay4), floor(t.EgressPrice.Big(), out.Big(), gib4))
}

// TotalPrice is what has to be deposited: the whole duration and all of the egress.
func (t *Terms) TotalPrice() money.Amount { return t.gross(t.Duration, t.Egress) }

// Split divides a cumulative total by shares that sum to 10,000 bps. The last three, in turn, are floors of what those before left; the first has the rest. So one unit more of the total is one unit
// more of exactly one share: every share only rises.
func Split(total money.Amount, bps [4]uint16) (s [4]money.Amount) {
	rest, whole := total.Big(), int64(10_000)
	for i := 1; i < 4 && whole > 0; i++ {
		part := floor(rest, big.NewInt(int64(bps[i])), big.NewInt(whole))
		s[i] = money.Must(part)
		rest.Sub(rest, part)
		whole -= int64(bps[i])
	}
	s[0] = money.Must(rest)
	return s
}
