package sla

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/money"
)

// A value has one encoding: it is read back, and nothing shorter or longer is.
func TestEncoding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := anyTerms(t)
		b := x.Bytes()
		got, err := DecodeTerms(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(x, got); d != "" {
			t.Fatal(d)
		}
		leaves, _ := life(t, x)
		l := leaves[len(leaves)-1]
		back, err := DecodeLeaf(l.Bytes())
		if err != nil || *back != l {
			t.Fatalf("%v %+v", err, back)
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		for _, wrong := range [][]byte{b[:cut], append(b[:len(b):len(b)], 0)} {
			if _, err := DecodeTerms(wrong); !errors.Is(err, canon.ErrMalformed) {
				t.Fatalf("terms of %d bytes instead of %d: %v", len(wrong), len(b), err)
			}
		}
		lb := l.Bytes()
		cut %= len(lb)
		for _, wrong := range [][]byte{lb[:cut], append(lb[:len(lb):len(lb)], 0)} {
			if _, err := DecodeLeaf(wrong); !errors.Is(err, canon.ErrMalformed) {
				t.Fatalf("leaf of %d bytes instead of %d: %v", len(wrong), len(lb), err)
			}
		}
	})
}

// Amounts are functions of one leaf, only rise from leaf to leaf, and sum up: so any schedule of settlements moves the same.
func TestTotals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := anyTerms(t)
		leaves, _ := life(t, x)
		var before Totals
		var feeBefore, slashBefore [4]money.Amount
		for i := range leaves {
			l := &leaves[i]
			v := x.Totals(l)
			fees, slashes := Split(v.Fee, x.Protocol.FeeSplit), Split(v.Slash, x.Protocol.SlashSplit)
			rises := func(name string, was, is money.Amount) {
				if is.Less(was) {
					t.Fatalf("leaf %d: %s falls from %s to %s", i, name, was, is)
				}
			}
			rises("gross", before.Gross, v.Gross)
			rises("credit", before.Credit, v.Credit)
			rises("earned", before.Earned, v.Earned)
			rises("fee", before.Fee, v.Fee)
			rises("provider", before.Provider, v.Provider)
			rises("coverage", before.Coverage, v.Coverage)
			rises("slash", before.Slash, v.Slash)
			for j := range fees {
				rises("fee share", feeBefore[j], fees[j])
				rises("slash share", slashBefore[j], slashes[j])
			}
			for name, c := range map[string]struct{ a, b money.Amount }{
				"gross is earned, credit and held": {v.Gross, money.Sum(v.Earned, v.Credit, v.Holdback)},
				"earned is provider and fee":       {v.Earned, v.Provider.Add(v.Fee)},
				"fee shares":                       {v.Fee, money.Sum(fees[:]...)},
				"slash shares":                     {v.Slash, money.Sum(slashes[:]...)},
			} {
				if !c.a.Equal(c.b) {
					t.Fatalf("leaf %d: %s: %s ≠ %s", i, name, c.a, c.b)
				}
			}
			if v.Holdback.Sign() < 0 || x.TotalPrice().Less(v.Gross) || x.Collateral.Less(v.Coverage.Add(v.Slash)) || v.Gross.Less(v.Credit.Add(v.Coverage)) {
				t.Fatalf("leaf %d: %+v, total %s, collateral %s", i, v, x.TotalPrice(), x.Collateral)
			}
			if i > 0 && !leaves[i-1].Behind(l) {
				t.Fatalf("leaf %d does not follow", i)
			}
			before, feeBefore, slashBefore = v, fees, slashes
		}
		last := leaves[len(leaves)-1]
		if last.JudgedEpochs != last.Epochs || last.JudgedOut != last.BytesOut || money.Of(2).Less(before.Holdback) {
			t.Fatalf("at the end %s is held back, judged %d of %d", before.Holdback, last.JudgedEpochs, last.Epochs)
		}
	})
}

// No slash without two warnings since the last healthy window, none above the cap, and each verdict has its cause.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := anyTerms(t)
		leaves, verdicts := life(t, x)
		windows := uint32(0)
		healthyAt := uint32(0) // warnings at the last healthy window
		for i, v := range verdicts {
			was, l := &leaves[i], &leaves[i+1]
			if v == nil {
				if l.SlashBps != was.SlashBps || l.PriceCreditEpochs != was.PriceCreditEpochs || l.Windows != was.Windows {
					t.Fatalf("epoch %d: judged without a verdict", i)
				}
				continue
			}
			windows++
			p := &x.Protocol
			warned := l.Warnings - healthyAt
			if l.Breaches > was.Breaches {
				warned-- // this verdict's own
			}
			if v.SlashBps > 0 && warned < 2 {
				t.Fatalf("epoch %d: slashed %d bps after %d warnings", i, v.SlashBps, warned)
			}
			if v.SlashBps > 0 && v.Cause == None || v.CreditBps > 0 && v.Cause == None || v.CreditBps > 10_000 || v.Inconclusive && v.CreditBps+v.SlashBps > 0 {
				t.Fatalf("epoch %d: %+v", i, v)
			}
			if periods := (l.Epochs + p.SlashPeriod - 1) / p.SlashPeriod; l.SlashBps > uint32(p.SlashCapBps)*periods {
				t.Fatalf("epoch %d: %d bps slashed in %d periods", i, l.SlashBps, periods)
			}
			if !v.Inconclusive && l.Recent[0] == 0 {
				if healthyAt = l.Warnings; l.Armed != 0 {
					t.Fatalf("epoch %d: armed after a healthy window", i)
				}
			}
		}
		last := leaves[len(leaves)-1]
		var causes uint32
		for _, n := range last.Causes {
			causes += n
		}
		if last.Windows != windows || causes != windows || last.Status == Running {
			t.Fatalf("%d windows, %d judged, %d causes, status %d", windows, last.Windows, causes, last.Status)
		}
	})
}

// A leaf that ended takes no more epochs.
func TestEnded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := anyTerms(t)
		leaves, _ := life(t, x)
		last := leaves[len(leaves)-1]
		if l, v := x.Advance(last, &last, anyMeasure(t, x, &last), x.Duration); v != nil || l != last {
			t.Fatalf("%+v", l)
		}
	})
}

// One unit more of a total is one unit more of exactly one share.
func TestSplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shares := split4(t)
		total := amountUpTo(t, 1<<62, "total")
		a, b := Split(total, shares), Split(total.Add(money.Of(1)), shares)
		rose := 0
		for i := range a {
			switch d := b[i].Sub(a[i]); {
			case d.Equal(money.Of(1)):
				rose++
			case d.Sign() != 0:
				t.Fatalf("share %d moves by %s", i, d)
			}
		}
		if rose != 1 {
			t.Fatalf("%d shares rise", rose)
		}
	})
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   []uint32
		want uint32
	}{{[]uint32{7}, 7}, {[]uint32{9, 1}, 1}, {[]uint32{9, 1, 5}, 5}, {[]uint32{4, 3, 2, 1}, 2}} {
		if got := Median(c.in); got != c.want {
			t.Errorf("%v: %d", c.in, got)
		}
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	for ms, want := range map[uint32]int{0: 0, 5: 0, 6: 1, 60_000: 15, 60_001: 15, 5_001: 15, 5_000: 14} {
		if got := ttfbBucket(ms); got != want {
			t.Errorf("%d ms: bucket %d", ms, got)
		}
	}
	for k, want := range map[uint32]int{0: 0, 63: 0, 64: 1, 262_143: 6, 262_144: 7, 1 << 31: 7} {
		if got := throughputBucket(k); got != want {
			t.Errorf("%d KiB/s: bucket %d", k, got)
		}
	}
}
