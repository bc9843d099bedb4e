package main

import (
	"fmt"
	"math/big"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/score"
	"github.com/flashback-network/flashback/internal/sla"
)

// scoreCase: one of a pair's arithmetic, a total, what a leaf stands for, or calls of the contract; exactly one is there.
type scoreCase struct {
	Name   string       `json:"name"`
	Pair   *scorePair   `json:"pair,omitempty"`
	Total  *scoreTotal  `json:"total,omitempty"`
	Points *scorePoints `json:"points,omitempty"`
	Calls  *scoreCalls  `json:"calls,omitempty"`
}

// scorePair: evidence, what is left of it after a time, and what it is worth.
type scorePair struct {
	score.Pair
	Seconds    uint64     `json:"seconds,string"`
	Factor     sla.Wide   `json:"factor"` // in 2^-64
	Decayed    score.Pair `json:"decayed"`
	Spread     score.Pair `json:"spread"`
	LowerBound uint32     `json:"lowerBound"`
	Value      uint32     `json:"value"`
}

type scoreTotal struct {
	Values  []uint32 `json:"values"`
	Weights []uint32 `json:"weights"`
	Total   uint32   `json:"total"`
}

// scorePoints: what a leaf of an SLA stands for, by ending.
type scorePoints struct {
	Terms    raw          `json:"terms"`
	Leaf     raw          `json:"leaf"`
	Ending   score.Ending `json:"ending"`
	Agreed   uint32       `json:"agreed"` // epochs
	Unit     money.Amount `json:"unit"`
	Cap      uint32       `json:"cap"`
	Severity uint32       `json:"severity"`
	Whole    sla.Wide     `json:"whole"`
	Paid     sla.Wide     `json:"paid"`
	Provider []score.Pair `json:"provider"`
	Consumer []score.Pair `json:"consumer"`
	Ruling   sla.Wide     `json:"ruling"` // before severity
}

func (v *scorePair) fill() {
	v.Factor = grains(score.Factor(v.Seconds))
	v.Decayed = v.Pair.Decayed(v.Seconds)
	v.Spread = score.Pair{Good: score.Spread(v.Good, v.Seconds), Bad: score.Spread(v.Bad, v.Seconds)}
	v.LowerBound, v.Value = score.LowerBound(v.Pair), score.Value(v.Pair)
}

func (v *scoreTotal) fill() { v.Total = score.Total(v.Values, v.Weights) }

func (v *scorePoints) fill() error {
	t, err := sla.DecodeTerms(v.Terms)
	if err != nil {
		return err
	}
	l, err := sla.DecodeLeaf(v.Leaf)
	if err != nil {
		return err
	}
	p := score.Params{Version: 1, Cap: v.Cap, Severity: v.Severity}
	w := score.WeightOf(t, l, v.Unit, p)
	v.Whole, v.Paid, v.Ruling = w.Whole, w.Paid, score.RulingWeight(t, w)
	v.Provider, v.Consumer = score.Points(score.AsProvider, t, l, v.Ending, v.Agreed, w, p), score.Points(score.AsConsumer, t, l, v.Ending, v.Agreed, w, p)
	return nil
}

func grains(v *big.Int) sla.Wide { return sla.Wide{}.Add(v) }

func scoreCases() (cases []scoreCase) {
	return append(append(append(scorePairCases(), scoreTotalCases()...), scorePointsCases()...), scoreCallCases()...)
}

func scorePairCases() (cases []scoreCase) {
	const day, life = 86_400, score.HalfLife
	exp := func(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }
	most := new(big.Int).Sub(exp(92), big.NewInt(1))
	add := func(name string, good, bad *big.Int, seconds uint64) {
		v := &scorePair{Pair: score.Pair{Good: grains(good), Bad: grains(bad)}, Seconds: seconds}
		v.fill()
		cases = append(cases, scoreCase{Name: "pair: " + name, Pair: v})
	}
	none, one, ten, thousand := new(big.Int), exp(32), new(big.Int).Mul(exp(32), big.NewInt(10)), new(big.Int).Mul(exp(32), big.NewInt(1_000))
	add("nothing", none, none, 0)
	add("a grain of good", big.NewInt(1), none, 1)
	add("a grain of bad", none, big.NewInt(1), 1)
	add("a point of good", one, none, day)
	add("a point of bad", none, one, day)
	add("ten of each", ten, ten, 7*day)
	add("a thousand against ten", thousand, ten, life)
	add("ten against a thousand", ten, thousand, life-1)
	add("a thousand, a second before two half lives", thousand, none, 2*life-1)
	add("a thousand, two half lives", thousand, none, 2*life)
	add("a thousand, a second after two half lives", thousand, none, 2*life+1)
	add("the most good", most, none, 1)
	add("the most bad", none, most, 64*life)
	add("the most of both", most, most, 65*life)
	add("the most after 64 half lives and a second", most, one, 64*life+1)
	add("the longest time", most, thousand, ^uint64(0))
	add("a value on the even bound's other side", one, new(big.Int).Mul(one, big.NewInt(3)), 5)
	for k := range 22 {
		add(fmt.Sprintf("after 2^%d seconds", k), ten, one, 1<<k)
	}
	for i := range 8 {
		r := seeded(fmt.Sprint("score pair ", i))
		random := func() *big.Int {
			v := new(big.Int).SetUint64(r.Uint64())
			return v.Lsh(v, 28).Rsh(v, uint(r.IntN(80)))
		}
		add(fmt.Sprintf("random %d", i), random(), random(), r.Uint64N(40*life))
	}
	return cases
}

func scoreTotalCases() (cases []scoreCase) {
	provider, consumer := []uint32{4, 2, 2, 1, 1}, []uint32{4, 3, 3}
	add := func(name string, weights []uint32, values ...uint32) {
		v := &scoreTotal{Values: values, Weights: weights}
		v.fill()
		cases = append(cases, scoreCase{Name: "total: " + name, Total: v})
	}
	add("unknown provider", provider, 5_000, 5_000, 5_000, 5_000, 5_000)
	add("unknown consumer", consumer, 5_000, 5_000, 5_000)
	add("best", provider, 9_999, 9_999, 9_999, 9_999, 9_999)
	add("one dimension of nothing", provider, 9_999, 9_999, 9_999, 9_999, 0)
	add("one", provider, 1, 1, 1, 1, 1)
	add("just under two", provider, 2, 2, 2, 2, 1)
	add("all of the scale", provider, 10_000, 10_000, 10_000, 10_000, 10_000)
	add("only completion is bad", provider, 9_900, 9_900, 9_900, 9_900, 100)
	add("a consumer who closed early", consumer, 8_287, 8_287, 1_346)
	add("mixed", provider, 9_876, 5_432, 1_098, 7_654, 3_210)
	return cases
}

func scorePointsCases() (cases []scoreCase) {
	split := func(name string, t *sla.Terms, l sla.Leaf, e score.Ending, agreed uint32, unit int64, limit, severity uint32) {
		v := &scorePoints{Terms: t.Bytes(), Leaf: l.Bytes(), Ending: e, Agreed: agreed, Unit: money.Of(unit), Cap: limit, Severity: severity}
		if err := v.fill(); err != nil {
			panic(err)
		}
		cases = append(cases, scoreCase{Name: "points: " + name, Points: v})
	}
	add := func(name string, t *sla.Terms, l sla.Leaf, e score.Ending, unit int64, limit, severity uint32) {
		split(name, t, l, e, t.Duration, unit, limit, severity)
	}
	plain := terms()
	whole := func(t *sla.Terms) sla.Leaf {
		l := sla.Zero(t)
		l.Epochs, l.JudgedEpochs, l.Windows, l.BytesOut, l.JudgedOut = t.Duration, t.Duration, t.Duration/t.Window, t.Egress, t.Egress
		l.Slots = uint64(t.Duration) * uint64(t.SlotsPerEpoch)
		l.TTFB[4], l.Throughput[5] = l.Slots, l.Slots
		l.Challenges, l.Passed, l.Status = uint64(t.Duration), uint64(t.Duration), sla.Complete
		return l
	}
	changed := func(l sla.Leaf, f func(*sla.Leaf)) sla.Leaf { f(&l); return l }
	full := whole(plain)
	add("zero leaf", plain, sla.Zero(plain), score.Running, 1_000, 1_000, 20)
	for e := score.Running; e <= score.Abandoned; e++ {
		add("all delivered, "+e.String(), plain, full, e, 1_000, 1_000, 20)
		half := changed(full, func(l *sla.Leaf) { l.Epochs, l.JudgedEpochs, l.Windows = 24, 24, 2 })
		add("half delivered, "+e.String(), plain, half, e, 1_000, 1_000, 20)
		split("half delivered of what a split left, "+e.String(), plain, half, e, 36, 1_000, 1_000, 20)
		add("slashed, "+e.String(), plain, changed(half, func(l *sla.Leaf) { l.SlashBps = 2_500 }), e, 1_000, 1_000, 20)
	}
	add("the cap holds", plain, full, score.Kept, 1, 3, 20)
	add("as much as a point", plain, full, score.Kept, pointUnit(plain), 1_000, 20)
	add("dust: a unit less than a point", plain, full, score.Kept, pointUnit(plain)+1, 1_000, 20)
	add("half of the slots excluded", plain, changed(full, func(l *sla.Leaf) { l.SlotsExcluded = l.Slots / 2 }), score.Kept, 1_000, 1_000, 20)
	add("more excluded than slots", plain, changed(full, func(l *sla.Leaf) { l.SlotsExcluded = l.Slots + 1 }), score.Kept, 1_000, 1_000, 20)
	add("one slot bad", plain, changed(full, func(l *sla.Leaf) { l.SlotsBad, l.SlotErrorPpm = 1, 1_000_000 }), score.Kept, 1_000, 1_000, 20)
	add("every slot bad", plain, changed(full, func(l *sla.Leaf) { l.SlotsBad, l.SlotErrorPpm = l.Slots, l.Slots*1_000_000 }), score.Kept, 1_000, 1_000, 100)
	add("more errors than slots", plain, changed(full, func(l *sla.Leaf) { l.SlotErrorPpm = ^uint64(0) }), score.Kept, 1_000, 1_000, 100)
	add("ttfb at the target", plain, changed(full, func(l *sla.Leaf) { l.TTFB = [16]uint64{6: l.Slots} }), score.Kept, 1_000, 1_000, 20)
	add("ttfb over the target", plain, changed(full, func(l *sla.Leaf) { l.TTFB = [16]uint64{7: l.Slots} }), score.Kept, 1_000, 1_000, 20)
	add("throughput at the target", plain, changed(full, func(l *sla.Leaf) { l.Throughput = [8]uint64{3: l.Slots} }), score.Kept, 1_000, 1_000, 20)
	add("throughput under the target", plain, changed(full, func(l *sla.Leaf) { l.Throughput = [8]uint64{2: l.Slots} }), score.Kept, 1_000, 1_000, 20)
	noTargets := terms(func(t *sla.Terms) { t.QoS.TTFBMillis, t.QoS.ThroughputKiBps = 0, 0 })
	add("no targets", noTargets, whole(noTargets), score.Kept, 1_000, 1_000, 20)
	oneTarget := terms(func(t *sla.Terms) { t.QoS.TTFBMillis = 0 })
	add("one target", oneTarget, whole(oneTarget), score.Kept, 1_000, 1_000, 20)
	add("no challenge", plain, changed(full, func(l *sla.Leaf) { l.Challenges, l.Passed = 0, 0 }), score.Kept, 1_000, 1_000, 20)
	add("fewer challenges than epochs", plain, changed(full, func(l *sla.Leaf) { l.Challenges, l.Passed = 5, 5 }), score.Kept, 1_000, 1_000, 20)
	add("one challenge failed", plain, changed(full, func(l *sla.Leaf) { l.Passed-- }), score.Kept, 1_000, 1_000, 20)
	add("more failed than windows", plain, changed(full, func(l *sla.Leaf) { l.Passed -= 7 }), score.Kept, 1_000, 1_000, 20)
	add("more passed than challenges", plain, changed(full, func(l *sla.Leaf) { l.Passed = ^uint64(0) }), score.Kept, 1_000, 1_000, 20)
	add("lost", plain, changed(full, func(l *sla.Leaf) { l.Lost = 1 }), score.Kept, 1_000, 1_000, 20)
	in := terms(escrow)
	dead := changed(whole(in), func(l *sla.Leaf) {
		l.SlotsBad, l.SlotErrorPpm = l.Slots, l.Slots*1_000_000
		l.PriceCreditEpochs, l.PriceCreditOut = 10_000*uint64(l.Epochs), sla.Wide{}.AddProduct(10_000, l.BytesOut)
	})
	add("dead and credited in full: no fee, all bad", in, dead, score.Kept, 1_000, 1_000, 20)
	big := terms(largest)
	add("largest", big, whole(big), score.Kept, 1, 65_536, 100)
	for i := range 6 {
		name := fmt.Sprintf("random %d", i)
		t := terms()
		r := seeded("score " + name)
		add(name, t, leaf(t, r), score.Ending(r.IntN(7)), 1+r.Int64N(2_000), 1+r.Uint32N(65_536), 1+r.Uint32N(100))
	}
	return cases
}

// pointUnit is the unit by which all of the terms' fee is exactly one point.
func pointUnit(t *sla.Terms) int64 {
	return t.TotalPrice().Bps(uint32(t.Protocol.FeeBps)).Big().Int64()
}

// scoreParty is what is known of an account after a call.
type scoreParty struct {
	Account  ids.Account    `json:"account"`
	Role     score.Role     `json:"role"`
	Standing score.Standing `json:"standing"`
	At       uint64         `json:"at,string"` // of the score
	Score    score.Score    `json:"score"`
}
