package meter

import "math/bits"

// Area is an unsigned number of 128 bits: bytes × nanoseconds. 2^50 bytes over a thousand years take 115 bits.
type Area struct{ Hi, Lo uint64 }

// Add adds bytes × nanoseconds.
func (a Area) Add(bytes, nanoseconds uint64) Area {
	hi, lo := bits.Mul64(bytes, nanoseconds)
	var c uint64
	a.Lo, c = bits.Add64(a.Lo, lo, 0)
	a.Hi, _ = bits.Add64(a.Hi, hi, c)
	return a
}

// Seconds is the area in whole bytes × seconds, rounded down.
func (a Area) Seconds() (hi, lo uint64) {
	const second = 1e9
	hi = a.Hi / second
	lo, _ = bits.Div64(a.Hi%second, a.Lo, second)
	return hi, lo
}
