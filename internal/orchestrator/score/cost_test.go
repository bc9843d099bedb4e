package score

import (
	"math/big"
	"testing"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/sla"
)

// What the specification says a score costs: so many points of each dimension, each of which is a unit of fees.
func TestCostOfAScore(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		points float64
		total  uint32
	}{{0, 5_000}, {1, 5_754}, {2, 6_338}, {5, 7_427}, {10, 8_287}, {20, 8_974}, {50, 9_535}, {100, 9_756}, {1_000, 9_974}} {
		p := Pair{Good: points(x.points)}
		if have := (Standing{Pairs: []Pair{p, p, p, p, p}}).Score(AsProvider, 0).Total; have != x.total {
			t.Errorf("%v points: %d, want %d", x.points, have, x.total)
		}
	}
	if f := Factor(86_400); f.Cmp(new(big.Int).Quo(new(big.Int).Mul(unity, big.NewInt(977)), big.NewInt(1_000))) < 0 {
		t.Error("more than 2.3 % a day is lost")
	}
}

// A ring of accounts that deal with themselves and record everything in the best order has no more points than it paid units of fees, in any dimension of any account; one with a single partner
// fares as well as one with many.
func TestSelfDealersPay(t *testing.T) {
	t.Parallel()
	for _, partners := range []int{1, 12} {
		w := newWorld(t)
		fees := new(big.Int)
		for i := range 24 {
			id := w.open(string(rune('a'+i)), p, account(string(rune('A'+i%partners))), func(x *sla.Terms) {
				x.Mode = sla.Mode(i % 2)
				x.Volume *= 1 + uint64(i)
			})
			l := w.lives[id]
			l.start = uint64(i)
			for l.leaf.Status == sla.Running {
				l.window(good)
				w.mustRecord(t, id)
			}
			fees.Add(fees, l.terms.Totals(&l.leaf).Fee.Big())
		}
		bought := fees.Mul(fees, point)
		bought.Quo(bought, big.NewInt(unit))
		for i, pair := range w.Standing(Party{p, AsProvider}).Pairs {
			if pair.Good.Big().Cmp(bought) > 0 {
				t.Errorf("%d partners, %s: %v grains for %v", partners, Dimensions[AsProvider][i].Name, pair.Good, bought)
			}
		}
	}
}

// Hoarding good windows to record them while they look young keeps none of them young: recording late is worth no more than recording each window as it ends.
func TestHoardingEarnsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := func(x *sla.Terms) { x.Duration = 2_400 }
	hoarded, prompt := w.open("hoarded", account("h"), c, long), w.open("prompt", account("r"), c, long)
	var at uint64
	for range 199 {
		for _, id := range []ids.ID{hoarded, prompt} {
			w.lives[id].window(good)
		}
		at = w.mustRecord(t, prompt).Scored.At
	}
	w.mustRecord(t, hoarded)
	h, r := w.Standing(Party{account("h"), AsProvider}), w.Standing(Party{account("r"), AsProvider})
	for i := range h.Pairs[:4] {
		limit := new(big.Int).Mul(r.Pairs[i].Good.Big(), big.NewInt(1_001))
		if limit.Quo(limit, big.NewInt(1_000)).Cmp(h.Pairs[i].Good.Big()) < 0 {
			t.Errorf("%s at %d: hoarded %v, prompt %v", Dimensions[AsProvider][i].Name, at, h.Pairs[i].Good, r.Pairs[i].Good)
		}
	}
}

// A provider who cannot reach the consumer's half, or a consumer who cannot pay, hides nothing: whoever settles the provider's half may record it, and only an early end has to wait for the other half.
func TestOneHalfIsEnoughWhileItRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.open("x", p, c)
	w.lives[id].window(good)
	w.lives[id].state = 0
	w.mustRecord(t, id)
}
