package sla

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// anyPieces of terms: one to four, with all of the volume between them.
func anyPieces(t *rapid.T, x *Terms) (l []Piece) {
	left := x.Volume
	for n := rapid.IntRange(1, 4).Draw(t, "pieces"); ; n-- {
		p := Piece{SLA: ids.ID{9, byte(n)}, Consumer: accounts(t), Refund: accounts(t), Volume: left, Egress: rapid.SampledFrom([]uint64{0, 1, x.Egress / 3, x.Egress, MaxEgress}).Draw(t, "egress")}
		if n > 1 && left > 1 {
			p.Volume = rapid.Uint64Range(1, left-1).Draw(t, "volume")
		}
		l = append(l, p)
		if left -= p.Volume; left == 0 {
			return l
		}
	}
}

// Not a unit of money or collateral comes or goes in a split, what has been paid for stays paid for, and every piece is a valid SLA, from dust to the limits.
func TestDivide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := anyTerms(t)
		x.Duration = rapid.Uint32Range(2, MaxSeconds/x.EpochSeconds).Draw(t, "duration")
		x.Protocol.EarlyBps = bps(t, "early")
		x.Bond = x.TotalPrice().Bps(uint32(x.Protocol.EarlyBps))
		x.Collateral = x.TotalPrice().Bps(uint32(rapid.Uint16Range(0, 60_000).Draw(t, "collateral")))
		epochs := rapid.Uint32Range(1, x.Duration-1).Draw(t, "epochs")
		pieces := anyPieces(t, x)
		d := x.Divide(x.Bond, epochs, pieces)

		before := x.Full()
		after, collateral, volume := before.Sub(d.Moved), money.Amount{}, uint64(0)
		stays := after.Sub(d.Bond)
		for i, p := range d.Pieces {
			if err := p.Validate(); err != nil {
				t.Fatalf("piece %d: %v", i, err)
			}
			if p.Previous != x.SLA || p.SLA != pieces[i].SLA || p.Duration != x.Duration-epochs || p.Covered(p.Full()) != p.Duration {
				t.Fatalf("piece %d: %+v", i, p)
			}
			after, collateral, volume = after.Add(p.Full()), collateral.Add(p.Collateral), volume+p.Volume
		}
		if !after.Equal(before.Add(d.Paid)) || d.Paid.Sign() < 0 || d.Moved.Sign() < 0 {
			t.Fatalf("%s and %s paid, %s moved, become %s", before, d.Paid, d.Moved, after)
		}
		if d.Paid.Sign() > 0 && !stays.Equal(x.Storage(epochs).Add(x.EgressTotal())) || stays.Less(x.Storage(epochs).Add(x.EgressTotal())) {
			t.Fatalf("%s stay for %d epochs and the egress", stays, epochs)
		}
		if want := x.Storage(epochs).Add(x.EgressTotal()).Bps(uint32(x.Protocol.EarlyBps)); !d.Bond.Equal(want) || d.Bond.Less(x.Early(0, epochs)) {
			t.Fatalf("bond %s, not %s; leaving at once would cost %s", d.Bond, want, x.Early(0, epochs))
		}
		if volume != x.Volume || x.Collateral.Less(collateral) {
			t.Fatalf("%d of %d bytes, collateral %s of %s", volume, x.Volume, collateral, x.Collateral)
		}
		// the pieces lock what is due to their part of volume and time, but for a unit each
		due := new(big.Int).Mul(x.Collateral.Big(), u(uint64(x.Duration-epochs)))
		if short := money.Must(due.Quo(due, u(uint64(x.Duration)))).Sub(collateral); short.Sign() < 0 || money.Of(int64(len(pieces))).Less(short) {
			t.Fatalf("the pieces lock %s too little", short)
		}
	})
}

// The largest terms there are, split into the most pieces.
func TestDivideLargest(t *testing.T) {
	t.Parallel()
	x := &Terms{Units: []Share{{Bps: 10_000}}, Kind: 1, Redundancy: 1, Volume: MaxVolume, Egress: MaxEgress, Duration: MaxSeconds, EpochSeconds: 1, SlotsPerEpoch: 1, Window: 1, StoragePrice: MaxPrice, EgressPrice: MaxPrice,
		Collateral: MaxCollateral, Protocol: DefaultProtocol(1)}
	x.Protocol.EarlyBps = 10_000
	x.Bond = x.TotalPrice()
	d := x.Divide(x.Bond, 1, []Piece{{Volume: 1, Egress: MaxEgress}, {Volume: 1}, {Volume: 1, Egress: 1}, {Volume: MaxVolume - 3, Egress: MaxEgress}})
	all := x.Full().Sub(d.Moved).Add(d.Need())
	if !all.Equal(x.Full().Add(d.Paid)) || d.Paid.Sign() <= 0 {
		t.Errorf("%s becomes %s, %s paid", x.Full(), all, d.Paid)
	}
	for i, p := range d.Pieces {
		if err := p.Validate(); err != nil {
			t.Errorf("piece %d: %v", i, err)
		}
	}
}

// An end that costs something costs no more than the whole, and nothing when nothing is left.
func TestReclaim(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := anyTerms(t)
		x.Protocol.ReclaimBps = bps(t, "reclaim")
		covered := rapid.Uint32Range(0, x.Duration).Draw(t, "covered")
		end := rapid.Uint32Range(0, x.Duration).Draw(t, "end")
		price := x.Reclaim(end, covered)
		if price.Sign() < 0 || x.Storage(covered).Less(price) || end >= covered && price.Sign() != 0 {
			t.Fatalf("%s for %d to %d", price, end, covered)
		}
		if end > 0 && x.Reclaim(end-1, covered).Less(price) {
			t.Fatalf("leaving later costs more")
		}
	})
}
