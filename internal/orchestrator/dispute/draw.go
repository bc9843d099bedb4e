package dispute

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
)

const (
	looksMax  = 60 // places looked at for one panel
	epochsMax = 40 // epochs without a root that one call passes over, but one
)

// seed is the root of the first certified epoch from an epoch on; without one, next is later than from when epochs were passed over that never get a root.
func (s *State) seed(from uint64) (root [32]byte, next uint64, ok bool) {
	latest, any := s.world.Latest()
	if !any || latest < from {
		return root, from, false
	}
	end := min(latest, from+epochsMax)
	for e := from; e <= end; e++ {
		if r, ok := s.world.Root(e); ok {
			return r, e, true
		}
	}
	return root, end + 1, false
}

// drawn is a panel, or nil when there are too few who may sit on it.
func (s *State) drawn(id ids.ID, c *Case, root [32]byte, size uint32, before []Seat) []Seat {
	stream := &stream{state: canon.Tagged("FLASHBACK-PANEL-v1").Raw(root[:]).Raw(id[:]).U32(c.Round).Sum()}
	order := map[uint32]uint32{} // where it differs from 0, 1, 2, …
	at := func(i uint32) uint32 {
		if v, ok := order[i]; ok {
			return v
		}
		return i
	}
	var seats []Seat
	for i := range min(c.Slots, looksMax) {
		j := i + uint32(stream.below(uint64(c.Slots-i)))
		pick := at(j)
		order[j] = at(i)
		x := s.slots[pick]
		sat := slices.ContainsFunc(before, func(b Seat) bool { return b.Arbiter == x.Arbiter })
		if x.Since >= c.Cut || x.Expires <= s.now || x.Arbiter == c.Consumer || x.Arbiter == c.Provider || sat {
			continue
		}
		if seats = append(seats, Seat{Arbiter: x.Arbiter}); uint32(len(seats)) == size {
			return seats
		}
	}
	return nil
}

// stream of words from a seed.
type stream struct {
	state, block [32]byte
	n            uint64
}

func (d *stream) next() uint64 {
	at := d.n % 4
	if at == 0 {
		d.block = new(canon.Writer).Raw(d.state[:]).U64(d.n).Sum()
	}
	d.n++
	return binary.BigEndian.Uint64(d.block[at*8:])
}

// below n, each number equally likely: words that would favour small ones are thrown away.
func (d *stream) below(n uint64) uint64 {
	for favoured := -n % n; ; {
		if hi, lo := bits.Mul64(d.next(), n); lo >= favoured {
			return hi
		}
	}
}
