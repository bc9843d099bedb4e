package score

import (
	"math/big"

	"github.com/flashback-network/flashback/internal/sla"
)

// Evidence is counted in grains: 2^32 of them are one point.
const (
	Point    = 1 << 32
	HalfLife = 2_592_000 // seconds in which evidence loses half of its weight
	Even     = 5_000     // the value of no evidence, in hundredths
)

const (
	boundBits = 24    // of the lower bound
	zzOver    = 27055 // z² = 27,055 / 10,000: 5 % on one side
	zzUnder   = 10_000
)

var (
	one      = big.NewInt(1)
	point    = big.NewInt(Point)
	unity    = new(big.Int).Lsh(one, 64) // 1 in the unit of factors
	largest  = new(big.Int).Sub(new(big.Int).Lsh(one, 92), one)
	bound    = new(big.Int).Lsh(one, boundBits)
	lifeByLn = big.NewInt(3_921_113_824_345) // ⌊2^20 · HalfLife / ln 2⌋
	boundOf0 = LowerBound(Pair{})            // 2,027,822
)

// decays[k] = ⌊2^64 · 2^(−2^k / HalfLife)⌋: what is left after 2^k seconds.
var decays = [22]uint64{
	0xfffffb8372f4a74d, 0xfffff706e5fd6f9b, 0xffffee0dcc4b633a, 0xffffdc1b99d8d679, 0xffffb83738b9eca7, 0xffff706e8594d550, 0xfffee0dd5bad8410, 0xfffdc1bbf969b942,
	0xfffb837cfb089221, 0xfff7070e16b87bdc, 0xffee0e6caea524c3, 0xffdc1e1b56d1cb8c, 0xffb8413e397d975c, 0xff709697d09b8065, 0xfee17d868f029459, 0xfdc43bb4e7dd2f4c,
	0xfb8d746f0d3b1ce5, 0xf72eb07b3b3b51f1, 0xeeab2111b23f6e35, 0xde82a3e21957a2d5, 0xc166d6e6fe7f6f62, 0x921c39584035f56a,
}

// Pair of evidence for and against, in grains, each at most 2^92 − 1.
type Pair struct {
	Good sla.Wide `json:"good"`
	Bad  sla.Wide `json:"bad"`
}

// Factor is what is left of evidence after so many seconds, in 2^-64: at most 2^64.
func Factor(seconds uint64) *big.Int {
	halvings, rest := seconds/HalfLife, seconds%HalfLife
	if halvings > 64 {
		return new(big.Int)
	}
	f := new(big.Int).Set(unity)
	for k, d := range decays {
		if rest>>k&1 == 1 {
			f.Mul(f, new(big.Int).SetUint64(d))
			f.Rsh(f, 64)
		}
	}
	return f.Rsh(f, uint(halvings))
}

// Decay is ⌊grains · Factor / 2^64⌋.
func Decay(grains sla.Wide, seconds uint64) sla.Wide {
	v := new(big.Int).Mul(grains.Big(), Factor(seconds))
	return wide(v.Rsh(v, 64))
}

// Spread is what is left at the end of a span of evidence that came evenly over it, and never more than the evidence: ⌊grains · (2^64 − Factor) · ⌊2^20·HalfLife/ln 2⌋ / (2^84 · seconds)⌋.
func Spread(grains sla.Wide, seconds uint64) sla.Wide {
	if seconds == 0 {
		return grains
	}
	v := new(big.Int).Sub(unity, Factor(seconds))
	v.Mul(v, grains.Big()).Mul(v, lifeByLn)
	v.Quo(v, new(big.Int).Lsh(new(big.Int).SetUint64(seconds), 84))
	if v.Cmp(grains.Big()) > 0 {
		return grains
	}
	return wide(v)
}

// Add evidence; each side stops at 2^92 − 1.
func (p Pair) Add(q Pair) Pair { return Pair{sum(p.Good, q.Good), sum(p.Bad, q.Bad)} }

// Decayed is the pair after so many seconds.
func (p Pair) Decayed(seconds uint64) Pair {
	return Pair{Decay(p.Good, seconds), Decay(p.Bad, seconds)}
}

// LowerBound is ⌊2^24 · L⌋ of Wilson's lower bound L of the pair with a prior of one point each: the largest l whose inequality holds, so that it is exact and as monotone as L itself.
func LowerBound(p Pair) uint32 {
	g, b := new(big.Int).Add(p.Good.Big(), point), new(big.Int).Add(p.Bad.Big(), point)
	n := new(big.Int).Add(g, b)
	n.Mul(n, point).Mul(n, big.NewInt(zzOver))
	holds := func(l int64) bool {
		low, high := big.NewInt(l), new(big.Int).Sub(bound, big.NewInt(l))
		distance := new(big.Int).Mul(g, high)
		distance.Sub(distance, new(big.Int).Mul(b, low))
		if distance.Sign() < 0 {
			return false
		}
		distance.Mul(distance, distance).Mul(distance, big.NewInt(zzUnder))
		return distance.Cmp(low.Mul(low, high).Mul(low, n)) >= 0
	}
	low, high := int64(0), int64(1<<boundBits)
	for high-low > 1 {
		if mid := (low + high) / 2; holds(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return uint32(low)
}

// Value of a pair in hundredths, 0 to 9,999: the lower bound, stretched so that no evidence is 5,000.
func Value(p Pair) uint32 {
	l, even := uint64(LowerBound(p)), uint64(boundOf0)
	if l <= even {
		return uint32(Even * l / even)
	}
	return uint32(Even + Even*(l-even)/(1<<boundBits-even))
}

// Total is the weighted geometric mean of values: the largest t with t^w ≤ the product of value^weight, w the sum of the weights, at most 10.
func Total(values []uint32, weights []uint32) uint32 {
	product, all := new(big.Int).Set(one), uint32(0)
	for i, v := range values {
		product.Mul(product, power(v, weights[i]))
		all += weights[i]
	}
	low, high := uint32(0), uint32(10_001)
	for high-low > 1 {
		if mid := (low + high) / 2; power(mid, all).Cmp(product) <= 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

func power(v, to uint32) *big.Int {
	return new(big.Int).Exp(big.NewInt(int64(v)), big.NewInt(int64(to)), nil)
}

func wide(v *big.Int) sla.Wide { return sla.Wide{}.Add(v) }

func sum(a, b sla.Wide) sla.Wide {
	v := a.Big()
	if v.Add(v, b.Big()).Cmp(largest) > 0 {
		return wide(largest)
	}
	return wide(v)
}

// less is a − b, or 0 where that would be negative.
func less(a, b sla.Wide) sla.Wide {
	if a.Less(b) {
		return sla.Wide{}
	}
	v := a.Big()
	return wide(v.Sub(v, b.Big()))
}
