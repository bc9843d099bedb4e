package dispute

import (
	"encoding/binary"
	"testing"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
)

func arbiters(n int) (l []Slot) {
	for i := range n {
		l = append(l, Slot{Arbiter: ids.Account{Chain: ids.Stellar, Address: [32]byte{byte(i), 1}}, Since: 1, Expires: 1_000})
	}
	return l
}

// Every place is drawn as often as any other, and nobody twice; the seeds are the numbers from 0.
func TestDrawIsFair(t *testing.T) {
	t.Parallel()
	const places, draws = 11, 6_000
	s := &State{books: books{slots: arbiters(places)}, now: 500}
	c := &Case{Cut: 400, Slots: places}
	counts := map[ids.Account]int{}
	for i := range uint64(draws) {
		seats := s.drawn(ids.ID{}, c, canon.Hash(binary.BigEndian.AppendUint64(nil, i)), 3, nil)
		if len(seats) != 3 || seats[0] == seats[1] || seats[1] == seats[2] || seats[0] == seats[2] {
			t.Fatalf("seed %d: %v", i, seats)
		}
		for _, x := range seats {
			counts[x.Arbiter]++
		}
	}
	want := draws * 3 / places
	for a, n := range counts {
		if n < want*92/100 || n > want*108/100 {
			t.Errorf("%s sat %d times, about %d are fair", a, n, want)
		}
	}
	if len(counts) != places {
		t.Errorf("%d of %d were ever drawn", len(counts), places)
	}
}

// Whoever leaves after the seed is known gives its place to the next one of the same walk: it can take away seats of its own, never add one.
func TestLeavingAddsNoSeat(t *testing.T) {
	t.Parallel()
	const places = 12
	for seed := range uint64(300) {
		root := canon.Hash(binary.BigEndian.AppendUint64(nil, seed))
		own := func(i int) bool { return i < 4 } // of one colluding party
		draw := func(gone int) (n int) {
			s := &State{books: books{slots: arbiters(places)}, now: 500}
			if gone >= 0 {
				s.slots[gone].Expires = 500
			}
			for _, x := range s.drawn(ids.ID{}, &Case{Cut: 400, Slots: places}, root, 3, nil) {
				if own(int(x.Arbiter.Address[0])) {
					n++
				}
			}
			return n
		}
		for i := range 4 {
			if draw(i) > draw(-1) {
				t.Fatalf("seed %d: without %d there are %d seats instead of %d", seed, i, draw(i), draw(-1))
			}
		}
	}
}

// A word is thrown away exactly when it would favour small numbers.
func TestBelowHasNoBias(t *testing.T) {
	t.Parallel()
	for n := uint64(1); n < 40; n++ {
		d := &stream{state: canon.Hash([]byte{byte(n)})}
		seen := map[uint64]bool{}
		for range 40 * n {
			v := d.below(n)
			if v >= n {
				t.Fatalf("%d below %d", v, n)
			}
			seen[v] = true
		}
		if uint64(len(seen)) != n {
			t.Errorf("%d of %d numbers", len(seen), n)
		}
	}
}
