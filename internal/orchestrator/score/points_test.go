package score

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// What a leaf stands for only rises, is never more good than what was paid for it, and never outgrows 256 bits' bounds; so any schedule of records adds up to the same.
func TestPointsRiseWithTheLeaf(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	p := DefaultParams()
	for range 60 {
		w := newWorld(t)
		id := w.open("x", account("p"), account("c"), func(x *sla.Terms) {
			if r.IntN(2) == 0 {
				x.Mode = sla.Escrow
			}
			if r.IntN(4) == 0 {
				x.QoS.TTFBMillis = 0
			}
			if r.IntN(4) == 0 {
				x.QoS.ThroughputKiBps = 0
			}
		})
		l := w.lives[id]
		var before [2][]Pair
		for l.leaf.Status == sla.Running {
			l.epoch(randomQuality(r))
			e := Running
			if l.leaf.Status != sla.Running {
				e = []Ending{Kept, Closed, Defaulted, Reclaimed, Terminated, Abandoned}[r.IntN(6)]
			}
			weight := WeightOf(l.terms, &l.leaf, money.Of(unit), p)
			if weight.Whole.Less(weight.Paid) {
				t.Fatalf("%+v", weight)
			}
			for as := range Role(2) {
				now := Points(as, l.terms, &l.leaf, e, l.terms.Duration, weight, p)
				for i := range now {
					if weight.Paid.Less(now[i].Good) {
						t.Fatalf("%s: %v good, %v paid", Dimensions[as][i].Name, now[i].Good, weight.Paid)
					}
					if before[as] != nil && (now[i].Good.Less(before[as][i].Good) || now[i].Bad.Less(before[as][i].Bad)) {
						t.Fatalf("%s fell from %+v to %+v", Dimensions[as][i].Name, before[as][i], now[i])
					}
				}
				before[as] = now
			}
		}
	}
}

// The largest that terms, leaf and parameters can say stays within the bounds.
func TestPointsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.open("x", account("p"), account("c"), func(x *sla.Terms) {
		x.Volume, x.Egress, x.Duration, x.EpochSeconds, x.Window, x.SlotsPerEpoch = sla.MaxVolume, sla.MaxEgress, 1<<18, 1<<12, 1, 1<<31
		x.StoragePrice, x.EgressPrice = sla.MaxPrice, sla.MaxPrice
		x.Protocol.FeeBps = 10_000
	})
	terms, p := w.lives[id].terms, Params{Version: 1, Cap: 65_536, Severity: 100}
	l := sla.Zero(terms)
	most := ^uint64(0)
	l.Epochs, l.Windows, l.Slots, l.SlotErrorPpm, l.Challenges, l.Passed, l.Lost, l.SlashBps = 1<<32-1, 1<<32-1, most, most, most, 0, 1, 1<<32-1
	for i := range l.TTFB {
		l.TTFB[i] = most
	}
	paid := l
	paid.Epochs, paid.JudgedEpochs = terms.Duration, terms.Duration
	weight := WeightOf(terms, &paid, money.Of(1), p)
	if weight.Whole.Big().BitLen() != 67 || weight.Paid.Less(weight.Whole) && weight.Paid == (sla.Wide{}) {
		t.Errorf("%+v", weight)
	}
	for as := range Role(2) {
		for e := Running; e <= Abandoned; e++ {
			for _, pair := range Points(as, terms, &l, e, terms.Duration, weight, p) {
				if pair.Good.Big().Cmp(largest) > 0 || pair.Bad.Big().Cmp(largest) > 0 {
					t.Errorf("%v", pair)
				}
			}
		}
	}
}

func TestDustAndSelfDealing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dust := w.open("dust", account("p"), account("c"), func(x *sla.Terms) { x.Volume, x.Egress = 1<<30, 0 })
	own := w.open("own", account("p"), account("p"))
	for _, id := range []*life{w.lives[dust], w.lives[own]} {
		id.window(good)
	}
	before := w.Score(Party{account("p"), AsProvider}, begin)
	if _, err := w.record(dust); err != orchestrator.ErrNothingNew {
		t.Errorf("dust: %v", err)
	}
	w.mustRecord(t, own)
	if after := w.Score(Party{account("p"), AsProvider}, begin); after.Total != before.Total || after.Total != Even {
		t.Errorf("%+v", after)
	}
}

// Under a thousand small SLAs nobody earns more than under one large one that paid the same.
func TestManySmallEarnNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	large := w.open("large", account("p"), account("c"), func(x *sla.Terms) { x.Volume *= 40 })
	w.lives[large].window(good)
	w.mustRecord(t, large)
	total := new(big.Int)
	for i := range 40 {
		id := w.open(string(rune('A'+i)), account("q"), account("c"))
		w.lives[id].window(good)
		w.mustRecord(t, id)
		weight := WeightOf(w.lives[id].terms, &w.lives[id].leaf, money.Of(unit), DefaultParams())
		total.Add(total, weight.Paid.Big())
	}
	p, q := w.Standing(Party{account("p"), AsProvider}), w.Standing(Party{account("q"), AsProvider})
	for i := range p.Pairs {
		slack := new(big.Int).Mul(p.Pairs[i].Good.Big(), big.NewInt(1_001))
		if slack.Quo(slack, big.NewInt(1_000)).Cmp(q.Pairs[i].Good.Big()) < 0 {
			t.Errorf("%s: forty small %v, one large %v", Dimensions[AsProvider][i].Name, q.Pairs[i].Good, p.Pairs[i].Good)
		}
		if q.Pairs[i].Good.Big().Cmp(total) > 0 {
			t.Errorf("more good than was paid")
		}
	}
}

// A window that was credited in full pays no fee, and weighs all the same: nobody hides a failure behind a credit.
func TestBadWindowsWeighWithoutAFee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.open("x", account("p"), account("c"), func(x *sla.Terms) { x.Mode = sla.Escrow })
	l := w.lives[id]
	dead := good
	dead.bad, dead.challenges = 12, 0
	l.window(dead)
	e := w.mustRecord(t, id)
	if e.Scored.Weight.Paid != (sla.Wide{}) {
		t.Fatalf("a dead window paid %v", e.Scored.Weight.Paid)
	}
	if v := w.Score(Party{account("p"), AsProvider}, e.Scored.At); v.Dimensions[0] > 1_000 {
		t.Errorf("%+v", v)
	}
}

// Credits take the good of what was not paid: data that is gone earns no availability.
func TestGoodIsBoughtOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.open("x", account("p"), account("c"), func(x *sla.Terms) { x.Mode = sla.Escrow })
	gone := good
	gone.lost = 2
	w.lives[id].window(gone)
	e := w.mustRecord(t, id)
	for i, p := range e.Scored.Rise[AsProvider] {
		if p.Good != (sla.Wide{}) {
			t.Errorf("%s has %v good without a fee", Dimensions[AsProvider][i].Name, p.Good)
		}
	}
}
