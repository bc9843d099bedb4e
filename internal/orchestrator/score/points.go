package score

import (
	"math/big"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// Role in which somebody is scored.
type Role uint8

const (
	AsProvider Role = 0
	AsConsumer Role = 1
)

// Dimensions of a role, in the order of pairs and values, with their weights in the total.
var Dimensions = [2][]Dimension{
	AsProvider: {{"availability", 4}, {"performance", 2}, {"durability", 2}, {"honesty", 1}, {"completion", 1}},
	AsConsumer: {{"funding", 4}, {"honesty", 3}, {"completion", 3}},
}

// Dimension of a score.
type Dimension struct {
	Name   string
	Weight uint32
}

// Where honesty and completion stand in their role.
var (
	honesty    = [2]int{AsProvider: 3, AsConsumer: 1}
	completion = [2]int{AsProvider: 4, AsConsumer: 2}
)

// Params of the contract.
type Params struct {
	Version  uint32 `json:"version"`
	Cap      uint32 `json:"cap"`      // points at most per window, 1 to 65,536
	Severity uint32 `json:"severity"` // how much heavier a failure weighs than a success, 1 to 100
}

// DefaultParams are those of the specification.
func DefaultParams() Params { return Params{Version: 1, Cap: 1_000, Severity: 20} }

// Valid reports whether the bounds hold.
func (p Params) Valid() bool {
	return p.Version >= 1 && p.Cap >= 1 && p.Cap <= 65_536 && p.Severity >= 1 && p.Severity <= 100
}

// Ending of an SLA.
type Ending uint8

const (
	Running    Ending = 0
	Kept       Ending = 1 // it ran to its agreed end
	Closed     Ending = 2 // the consumer left early
	Defaulted  Ending = 3 // the consumer's money ran out
	Reclaimed  Ending = 4 // the provider gave notice
	Terminated Ending = 5 // the consumer left after a breach
	Abandoned  Ending = 6 // the provider left
)

// String is the ending's name.
func (e Ending) String() string {
	return [...]string{"running", "kept", "closed", "defaulted", "reclaimed", "terminated", "abandoned"}[min(e, Abandoned)]
}

// Weight of an SLA, in grains.
type Weight struct {
	Whole sla.Wide `json:"whole"` // the fee of all that was agreed; 0 for dust
	Paid  sla.Wide `json:"paid"`  // the fee that was really paid up to a leaf, never more than the whole
}

// WeightOf an SLA at a leaf. unit is what of the asset's smallest units is one point; it is positive.
func WeightOf(t *sla.Terms, l *sla.Leaf, unit money.Amount, p Params) Weight {
	grains := func(fee money.Amount) *big.Int {
		v := new(big.Int).Mul(fee.Big(), point)
		return v.Quo(v, unit.Big())
	}
	most := big.NewInt(int64(p.Cap))
	most.Mul(most, point).Mul(most, u(uint64(t.Duration))).Quo(most, u(uint64(t.Window)))
	whole := smaller(grains(t.TotalPrice().Bps(uint32(t.Protocol.FeeBps))), most)
	if whole.Cmp(point) < 0 {
		return Weight{}
	}
	return Weight{wide(whole), wide(smaller(grains(t.Totals(l).Fee), whole))}
}

// Points are what a leaf stands for in a role: one pair for each dimension. Every side only rises as the leaf advances. agreed epochs: the terms' duration, fewer once the SLA was split.
func Points(r Role, t *sla.Terms, l *sla.Leaf, e Ending, agreed uint32, w Weight, p Params) []Pair {
	if r == AsConsumer {
		return consumerPoints(t, l, e, agreed, w)
	}
	return providerPoints(t, l, e, agreed, w, p)
}

func providerPoints(t *sla.Terms, l *sla.Leaf, e Ending, agreed uint32, w Weight, p Params) []Pair {
	ppm, slots := u(1_000_000), new(big.Int).Mul(u(uint64(t.Duration)), u(uint64(t.SlotsPerEpoch)))
	paid := func(v sla.Wide) sla.Wide {
		if w.Paid.Less(v) {
			return w.Paid
		}
		return v
	}
	counted := positive(new(big.Int).Sub(u(l.Slots), u(l.SlotsExcluded)))
	faults, slotPpm := u(l.SlotErrorPpm), new(big.Int).Mul(slots, ppm)
	availability := Pair{
		paid(share(w.Whole, positive(new(big.Int).Sub(new(big.Int).Mul(counted, ppm), faults)), slotPpm)),
		severe(share(w.Whole, faults, slotPpm), p),
	}

	var performance Pair
	if met, missed, figures := figures(t, l); figures > 0 {
		of := new(big.Int).Mul(slots, u(figures))
		performance = Pair{paid(share(w.Whole, met, of)), severe(share(w.Whole, missed, of), p)}
	}

	// A passed challenge vouches for an epoch; as many failed ones as prove a loss weigh a window.
	vouched := smaller(new(big.Int).Mul(u(l.Passed), u(uint64(t.SlotsPerEpoch))), counted)
	proven := paid(share(w.Whole, vouched, slots))
	failed := positive(new(big.Int).Sub(u(l.Challenges), u(l.Passed)))
	windows := func(n *big.Int) *big.Int { return new(big.Int).Mul(n, u(uint64(t.Window))) }
	gone := share(w.Whole, windows(failed), new(big.Int).Mul(u(uint64(t.Duration)), u(max(1, uint64(t.Protocol.LostChallenges)))))
	if l.Lost > 0 {
		gone = w.Whole
	}
	durability := Pair{proven, severe(gone, p)}

	// A challenge is drawn from the node's own statement of what it holds: one that fails contradicts it.
	honesty := Pair{proven, severe(share(w.Whole, windows(smaller(failed, u(uint64(l.Windows)))), u(uint64(t.Duration))), p)}

	var completion Pair
	switch e {
	case Running:
	case Abandoned:
		completion.Bad = w.Whole
	default:
		completion.Bad = share(w.Whole, u(uint64(l.SlashBps)), u(10_000))
		if missing := rest(t, l, agreed, w); e == Reclaimed && completion.Bad.Less(missing) {
			completion.Bad = missing
		}
		if completion.Bad == (sla.Wide{}) {
			completion.Good = w.Paid
		}
	}
	return []Pair{availability, performance, durability, honesty, completion}
}

// figures counts slots that met and missed the targets, and the targets.
func figures(t *sla.Terms, l *sla.Leaf) (met, missed *big.Int, figures uint64) {
	met, missed = new(big.Int), new(big.Int)
	count := func(good bool, n uint64) {
		if good {
			met.Add(met, u(n))
		} else {
			missed.Add(missed, u(n))
		}
	}
	if target := t.QoS.TTFBMillis; target > 0 {
		figures++
		for i, n := range l.TTFB {
			count(sla.TTFBEdges[i] <= target, n)
		}
	}
	if target := t.QoS.ThroughputKiBps; target > 0 {
		figures++
		for i, n := range l.Throughput {
			count(sla.ThroughputEdges[i] >= target, n)
		}
	}
	return met, missed, figures
}

func consumerPoints(t *sla.Terms, l *sla.Leaf, e Ending, agreed uint32, w Weight) []Pair {
	funding := Pair{Good: share(w.Whole, u(uint64(l.Epochs)), u(uint64(t.Duration)))}
	if w.Paid.Less(funding.Good) {
		funding.Good = w.Paid
	}
	honesty := Pair{Good: w.Paid}
	var completion Pair
	switch e {
	case Running:
	case Defaulted:
		funding.Bad, completion.Bad = rest(t, l, agreed, w), rest(t, l, agreed, w)
	case Closed:
		completion.Bad = rest(t, l, agreed, w)
	default:
		completion.Good = w.Paid
	}
	return []Pair{funding, honesty, completion}
}

// rest is the weight of the epochs that were agreed and never came.
func rest(t *sla.Terms, l *sla.Leaf, agreed uint32, w Weight) sla.Wide {
	return share(w.Whole, u(uint64(agreed-min(agreed, l.Epochs))), u(uint64(t.Duration)))
}

// RulingWeight is what a lost dispute weighs: one window.
func RulingWeight(t *sla.Terms, w Weight) sla.Wide {
	return share(w.Whole, u(uint64(t.Window)), u(uint64(t.Duration)))
}

// Rise is the evidence between two leaves of one SLA that lie so many seconds apart, as it stands at the later one: what came evenly over the span has decayed since, how an SLA ended has not.
func Rise(r Role, from, to []Pair, seconds uint64) []Pair {
	out := make([]Pair, len(to))
	for i := range to {
		out[i] = Pair{less(to[i].Good, from[i].Good), less(to[i].Bad, from[i].Bad)}
		if i != completion[r] {
			out[i] = Pair{Spread(out[i].Good, seconds), Spread(out[i].Bad, seconds)}
		}
	}
	return out
}

// OnlyBad of a rise: between an account and itself nothing good counts.
func OnlyBad(rise []Pair) []Pair {
	for i := range rise {
		rise[i].Good = sla.Wide{}
	}
	return rise
}

// severe is how heavily a failure weighs.
func severe(v sla.Wide, p Params) sla.Wide {
	return wide(new(big.Int).Mul(v.Big(), u(uint64(p.Severity))))
}

// share is ⌊whole · part / of⌋, at most the whole.
func share(whole sla.Wide, part, of *big.Int) sla.Wide {
	v := new(big.Int).Mul(whole.Big(), part)
	return wide(smaller(v.Quo(v, of), whole.Big()))
}

func u(v uint64) *big.Int { return new(big.Int).SetUint64(v) }

func positive(v *big.Int) *big.Int {
	if v.Sign() < 0 {
		return new(big.Int)
	}
	return v
}

func smaller(a, b *big.Int) *big.Int {
	if a.Cmp(b) > 0 {
		return b
	}
	return a
}
