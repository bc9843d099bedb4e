package score

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/flashback-network/flashback/internal/sla"
)

func points(n float64) sla.Wide {
	v, _ := new(big.Float).Mul(big.NewFloat(n), big.NewFloat(Point)).Int(nil)
	return wide(v)
}

// The tables are the floors of what they stand for, computed here by series in 400 bits.
func TestTables(t *testing.T) {
	t.Parallel()
	num := func(v float64) *big.Float { return new(big.Float).SetPrec(400).SetFloat64(v) }
	ln2 := num(0) // Σ 1/(k·2^k)
	for k := 1; k < 400; k++ {
		term := num(1)
		term.Quo(term, num(float64(k))).SetMantExp(term, -k)
		ln2.Add(ln2, term)
	}
	exp := func(x *big.Float) *big.Float {
		sum, term := num(1), num(1)
		for k := 1; k < 120; k++ {
			term.Mul(term, x).Quo(term, num(float64(k)))
			sum.Add(sum, term)
		}
		return sum
	}
	for k, have := range decays {
		y := num(0).Mul(ln2, num(float64(uint64(1)<<k)))
		y.Quo(y, num(HalfLife)).Neg(y)
		v := exp(y)
		if want, _ := v.SetMantExp(v, 64).Int(nil); want.Uint64() != have {
			t.Errorf("decay %d: %x, want %x", k, have, want)
		}
	}
	life := num(HalfLife)
	life.Quo(life, ln2).SetMantExp(life, 20)
	if want, _ := life.Int(nil); want.Cmp(lifeByLn) != 0 {
		t.Errorf("half life by ln 2: %v, want %v", lifeByLn, want)
	}
	if boundOf0 != 2_027_822 {
		t.Errorf("the lower bound of nothing is %d", boundOf0)
	}
}

func TestFactorFalls(t *testing.T) {
	t.Parallel()
	last := Factor(0)
	if last.Cmp(unity) != 0 {
		t.Fatalf("factor of no time: %v", last)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for s := uint64(0); s < 70*HalfLife; s += 1 + r.Uint64N(200_000) {
		f := Factor(s)
		if f.Cmp(last) > 0 {
			t.Fatalf("factor rises at %d s", s)
		}
		last = f
	}
	for s := uint64(0); s < 1<<14; s++ { // every carry of the low bits
		if Factor(s+1).Cmp(Factor(s)) >= 0 {
			t.Fatalf("no decay from %d to %d s", s, s+1)
		}
	}
	for n := range uint64(64) {
		if Factor(n*HalfLife).Cmp(new(big.Int).Rsh(unity, uint(n))) != 0 {
			t.Errorf("%d half lives: %v", n, Factor(n*HalfLife))
		}
	}
	for _, s := range []uint64{65 * HalfLife, ^uint64(0)} {
		if Factor(s).Sign() != 0 {
			t.Errorf("%d s: %v", s, Factor(s))
		}
	}
}

// Whoever is unknown has exactly 50.00, and whoever is not heard of any more comes back to it.
func TestStartsAndDriftsToEven(t *testing.T) {
	t.Parallel()
	for as := range Role(2) {
		for _, at := range []uint64{0, 1, 1 << 40} {
			v := Standing{}.Score(as, at)
			if v.Total != Even || v.Points != (sla.Wide{}) {
				t.Errorf("%+v", v)
			}
			for _, d := range v.Dimensions {
				if d != Even {
					t.Errorf("%+v", v)
				}
			}
		}
	}
	good, bad := Pair{Good: points(1000)}, Pair{Bad: points(1000)}
	x := Standing{Updated: 1000, Pairs: []Pair{good, good, good, good, good}}
	y := Standing{Updated: 1000, Pairs: []Pair{bad, bad, bad, bad, bad}}
	lastX, lastY := x.Score(AsProvider, 1000).Total, y.Score(AsProvider, 1000).Total
	if lastX < 9_700 || lastY > 100 {
		t.Fatalf("a thousand points: %d and %d", lastX, lastY)
	}
	for days := range uint64(1500) {
		at := 1000 + days*86_400
		a, b := x.Score(AsProvider, at).Total, y.Score(AsProvider, at).Total
		if a > lastX || b < lastY || a < Even || b > Even {
			t.Fatalf("after %d days: %d after %d, %d after %d", days, a, lastX, b, lastY)
		}
		lastX, lastY = a, b
	}
	if lastX != Even || lastY != Even {
		t.Errorf("after four years: %d and %d", lastX, lastY)
	}
}

// More good never lowers and more bad never raises: not a pair's bound, not its value, not a total.
func TestMonotone(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	random := func() sla.Wide {
		v := new(big.Int).SetUint64(r.Uint64())
		v.Lsh(v, 28).Rsh(v, uint(r.IntN(92)))
		return wide(v)
	}
	for range 1_500 {
		p := Pair{random(), random()}
		step := Pair{Good: random()}
		if r.IntN(2) == 0 {
			step = Pair{Good: wide(big.NewInt(1))}
		}
		if a, b := LowerBound(p), LowerBound(p.Add(step)); b < a {
			t.Fatalf("%v and good %v: %d, then %d", p, step, a, b)
		}
		if a, b := Value(p), Value(p.Add(step)); b < a {
			t.Fatalf("%v and good %v: %d, then %d", p, step, a, b)
		}
		step = Pair{Bad: step.Good}
		if a, b := LowerBound(p), LowerBound(p.Add(step)); b > a {
			t.Fatalf("%v and bad %v: %d, then %d", p, step, a, b)
		}
		if v := Value(p); v > 9_999 {
			t.Fatalf("%v: %d", p, v)
		}
		values, weights := make([]uint32, 5), []uint32{4, 2, 2, 1, 1}
		for i := range values {
			values[i] = r.Uint32N(10_000)
		}
		before := Total(values, weights)
		i := r.IntN(5)
		values[i] += r.Uint32N(10_000 - values[i])
		if after := Total(values, weights); after < before {
			t.Fatalf("%v: %d, then %d", values, before, after)
		}
	}
}

// The bound is Wilson's formula, as far as floating point goes.
func TestLowerBoundIsWilsons(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]float64{{0, 0}, {1, 0}, {0, 1}, {10, 0}, {10, 10}, {1000, 1}, {1, 1000}, {1e6, 1e3}} {
		g, n, zz := c[0]+1, c[0]+c[1]+2, 2.7055
		root := new(big.Float).Sqrt(big.NewFloat(zz*zz + 4*zz*g*(n-g)/n))
		z, _ := root.Float64()
		want := (2*g + zz - z) / (2 * (n + zz))
		have := float64(LowerBound(Pair{points(c[0]), points(c[1])})) / (1 << boundBits)
		if d := want - have; d < -1e-9 || d > 1.0/(1<<boundBits)+1e-9 {
			t.Errorf("%v: %v, want %v", c, have, want)
		}
	}
}

func TestTotal(t *testing.T) {
	t.Parallel()
	weights := []uint32{4, 2, 2, 1, 1}
	for _, c := range []struct {
		values []uint32
		want   uint32
	}{
		{[]uint32{5_000, 5_000, 5_000, 5_000, 5_000}, 5_000},
		{[]uint32{9_999, 9_999, 9_999, 9_999, 9_999}, 9_999},
		{[]uint32{10_000, 10_000, 10_000, 10_000, 10_000}, 10_000},
		{[]uint32{9_999, 9_999, 9_999, 9_999, 0}, 0},
		{[]uint32{1, 1, 1, 1, 1}, 1},
		{[]uint32{10_000, 10_000, 10_000, 10_000, 5_000}, 9_330}, // 10,000 · 2^(−1/10)
	} {
		if have := Total(c.values, weights); have != c.want {
			t.Errorf("%v: %d, want %d", c.values, have, c.want)
		}
	}
}

// Evidence that comes evenly is worth the same however it is cut, but for a grain of each cut and the 64 bits of the factor.
func TestSpreadInSteps(t *testing.T) {
	t.Parallel()
	const span = 90 * 86_400
	whole := points(3_000)
	once := Spread(whole, span)
	for _, steps := range []uint64{2, 3, 90, 2_160, 7_776} {
		var x Standing
		part := new(big.Int).Quo(whole.Big(), u(steps))
		for i := range steps {
			x = x.Add((i+1)*(span/steps), []Pair{{Good: Spread(wide(part), span/steps)}})
		}
		have, want := x.Pairs[0].Good.Big(), once.Big()
		off := new(big.Int).Sub(want, have)
		if off.CmpAbs(u(2*steps+1_000)) > 0 {
			t.Errorf("%d steps: %v grains of %v, want %v", steps, off, have, want)
		}
	}
	if Spread(whole, 0) != whole || Spread(wide(largest), 1).Big().Cmp(largest) > 0 || Spread(whole, ^uint64(0)).Big().Cmp(u(4)) > 0 {
		t.Error("the ends of the span")
	}
}

// In which order records of several SLAs come does not matter, but for grains.
func TestOrderOfRecords(t *testing.T) {
	t.Parallel()
	a, b := []Pair{{points(7), points(1)}}, []Pair{{points(5), points(2)}}
	x := Standing{}.Add(1_000_000, a).Add(5_000_000, b)
	y := Standing{}.Add(5_000_000, b).Add(1_000_000, a)
	if x.Updated != y.Updated || x.Pairs[0] != y.Pairs[0] {
		t.Errorf("%+v, %+v", x, y)
	}
}

func TestSaturates(t *testing.T) {
	t.Parallel()
	p := Pair{wide(largest), wide(largest)}
	if p.Add(p) != p {
		t.Errorf("%v", p.Add(p))
	}
	if v := Value(p); v < 7_100 || v > 7_200 { // as much for as against is more than nothing
		t.Errorf("%d", v)
	}
	if Value(Pair{Good: wide(largest)}) != 9_999 || Value(Pair{Bad: wide(largest)}) != 0 {
		t.Error("the ends of the value")
	}
}
