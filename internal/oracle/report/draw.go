package report

import (
	"encoding/binary"
	"math/bits"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
)

// Draw is a stream of numbers from a seed that nobody knew before the epoch: every validator draws the same.
type Draw struct {
	state [32]byte
	block [32]byte
	n     uint64
}

// NewDraw starts a stream for one purpose.
func NewDraw(seed [32]byte, purpose string, subject ids.ID, number uint64) *Draw {
	w := canon.Tagged("FLASHBACK-DRAW-v1").Raw(seed[:]).Blob([]byte(purpose)).Raw(subject[:]).U64(number)
	return &Draw{state: w.Sum()}
}

func (d *Draw) next() uint64 {
	at := d.n % 4
	if at == 0 {
		d.block = new(canon.Writer).Raw(d.state[:]).U64(d.n).Sum()
	}
	d.n++
	return binary.BigEndian.Uint64(d.block[at*8:])
}

// Below is a number under n > 0, each equally likely: the values that would favour small results are thrown away.
func (d *Draw) Below(n uint64) uint64 {
	hi, lo := bits.Mul64(d.next(), n)
	if lo < n {
		for t := -n % n; lo < t; {
			hi, lo = bits.Mul64(d.next(), n)
		}
	}
	return hi
}

// Drawn are so many validators of n that probe a unit in a slot with all operations; the others only look whether it answers.
const Drawn = 5

// Prober tells whether a validator is drawn for a unit in a slot, counted from the network's genesis.
func Prober(seed [32]byte, unit ids.ID, slot uint64, validator, n int) bool {
	if n <= Drawn {
		return true
	}
	d := NewDraw(seed, "probers", unit, slot)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := range Drawn {
		j := i + int(d.Below(uint64(n-i)))
		order[i], order[j] = order[j], order[i]
		if order[i] == validator {
			return true
		}
	}
	return false
}
