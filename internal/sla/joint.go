package sla

import (
	"math/bits"
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
)

// Jointly reports whether units with these shares keep data that survives the loss of any redundancy − 1 of them: whichever remain have all of it between them.
func Jointly(units []Share, redundancy uint8) bool {
	n, r := len(units), int(redundancy)
	if n < 2 || n > MaxUnits || r < 1 || r > n {
		return false
	}
	shares, seen := make([]uint16, 0, n), map[ids.ID]bool{}
	for _, u := range units {
		if u.Bps == 0 || u.Bps > 10_000 || seen[u.Unit] {
			return false
		}
		seen[u.Unit] = true
		shares = append(shares, u.Bps)
	}
	slices.Sort(shares)
	whole := 0
	for _, bps := range shares[:n-r+1] {
		whole += int(bps)
	}
	return whole >= 10_000
}

// Of is the part of a volume that a share keeps, rounded up.
func (s Share) Of(volume uint64) uint64 {
	hi, lo := bits.Mul64(volume, uint64(s.Bps))
	lo, carry := bits.Add64(lo, 9_999, 0)
	q, _ := bits.Div64(hi+carry, lo, 10_000)
	return q
}

// First is a list of units with the one at i before the others, as the terms of its part have it.
func First(units []Share, i int) []Share {
	l := []Share{units[i]}
	l = append(l, units[:i]...)
	return append(l, units[i+1:]...)
}
