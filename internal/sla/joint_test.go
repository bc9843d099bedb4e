package sla

import (
	"math/big"
	"math/bits"
	"testing"

	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/ids"
)

func units(shares ...uint16) (l []Share) {
	for i, bps := range shares {
		l = append(l, Share{Unit: ids.ID{1, byte(i)}, Bps: bps})
	}
	return l
}

func TestJointly(t *testing.T) {
	t.Parallel()
	twice := units(10_000, 10_000)
	twice[1].Unit = twice[0].Unit
	for _, c := range []struct {
		name       string
		units      []Share
		redundancy uint8
		want       bool
	}{
		{"two copies", units(10_000, 10_000), 2, true},
		{"two of three", units(5_000, 5_000, 5_000), 2, true},
		{"two of three, one byte in ten thousand too little", units(5_000, 4_999, 5_000), 2, false},
		{"the two smallest are looked at", units(10_000, 5_000, 4_999), 2, false},
		{"halves", units(5_000, 5_000), 1, true},
		{"halves, either lost", units(5_000, 5_000), 2, false},
		{"six copies", units(10_000, 10_000, 10_000, 10_000, 10_000, 10_000), 6, true},
		{"seven", units(10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 10_000), 6, false},
		{"alone", units(10_000), 1, false},
		{"none", nil, 1, false},
		{"more lost than there are", units(10_000, 10_000), 3, false},
		{"no redundancy", units(10_000, 10_000), 0, false},
		{"a unit twice", twice, 2, false},
		{"a share of nothing", units(10_000, 0), 1, false},
		{"a share of more than all", units(10_001, 10_000), 1, false},
	} {
		if got := Jointly(c.units, c.redundancy); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// Whichever units are lost, those that remain have the whole between them: told by trying them all.
func TestJointlyEveryLoss(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, MaxUnits).Draw(t, "units")
		l := make([]uint16, n)
		for i := range l {
			l[i] = rapid.Uint16Range(1, 10_000).Draw(t, "share")
		}
		r := rapid.IntRange(1, n).Draw(t, "redundancy")
		want := true
		for lost := range 1 << n {
			if bits.OnesCount(uint(lost)) != r-1 {
				continue
			}
			left := 0
			for i, bps := range l {
				if lost>>i&1 == 0 {
					left += int(bps)
				}
			}
			want = want && left >= 10_000
		}
		if got := Jointly(units(l...), uint8(r)); got != want {
			t.Fatalf("%v, %d: %v", l, r, got)
		}
	})
}

func TestShareOf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v, s := rapid.Uint64().Draw(t, "volume"), Share{Bps: rapid.Uint16Range(1, 10_000).Draw(t, "share")}
		want := new(big.Int).Mul(u(v), u(uint64(s.Bps)))
		want.Add(want, u(9_999)).Quo(want, tenK)
		if got := s.Of(v); u(got).Cmp(want) != 0 {
			t.Fatalf("%d, not %s", got, want)
		}
	})
	if got := (Share{Bps: 10_000}).Of(1<<64 - 1); got != 1<<64-1 {
		t.Errorf("all of it is %d", got)
	}
}

// Every unit's own list begins with it and has all the others in their order.
func TestFirst(t *testing.T) {
	t.Parallel()
	l := units(1, 2, 3)
	for i, want := range [][]uint16{{1, 2, 3}, {2, 1, 3}, {3, 1, 2}} {
		for j, s := range First(l, i) {
			if s.Bps != want[j] {
				t.Errorf("%d: %v", i, First(l, i))
			}
		}
	}
	if l[0].Bps != 1 || l[2].Bps != 3 {
		t.Error("the list itself was changed")
	}
}
