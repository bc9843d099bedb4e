package score

import (
	"cmp"
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Settled is what the chain and the validators say of one SLA: public, and each part proved by a hash that the chain holds.
type Settled struct {
	Terms      *sla.Terms
	Leaf       sla.Leaf // the last settled one
	StartEpoch uint64
	Consumer   ids.Account           // of now
	Agreed     uint32                // epochs: the terms' duration, fewer once it was split
	State      orchestrator.SLAState // of the consumer's half
	Reclaimed  bool
}

// Scale is what evidence is weighed by.
type Scale struct {
	Begin        uint64 // Unix seconds of epoch 0
	EpochSeconds uint32
	Params       Params
	Unit         func(money.Asset) money.Amount // 0: the asset has no weight
}

// Step of a derivation: one SLA.
type Step struct {
	SLA     ids.ID       `json:"sla"`
	Epochs  uint32       `json:"epochs"`
	Windows uint32       `json:"windows"`
	Ending  string       `json:"ending"`
	At      uint64       `json:"at"`      // Unix seconds that the evidence is of
	Seconds uint64       `json:"seconds"` // that it is spread over
	Unit    money.Amount `json:"unit"`
	Weight  Weight       `json:"weight"`
	Points  []Pair       `json:"points"`            // what the leaf stands for
	Rise    []Pair       `json:"rise"`              // as it stands at the leaf's time
	Skipped string       `json:"skipped,omitempty"` // why it does not count
}

// Valued is a dimension's part of a score.
type Valued struct {
	Name       string `json:"name"`
	Weight     uint32 `json:"weight"`
	Evidence   Pair   `json:"evidence"` // decayed to the derivation's time
	LowerBound uint32 `json:"lowerBound"`
	Value      uint32 `json:"value"`
}

// Derivation of a score, step by step.
type Derivation struct {
	Account    ids.Account `json:"account"`
	Role       string      `json:"role"`
	At         uint64      `json:"at"`
	Steps      []Step      `json:"steps"`
	Standing   Standing    `json:"standing"`
	Dimensions []Valued    `json:"dimensions"`
	Score      Score       `json:"score"`
}

// Derive the score that an account has in a role at a time, with each of its SLAs recorded once, up to its settled leaf. The contract's own standing differs from it only by what was recorded when: not at all for SLAs whose days are alike.
func Derive(of ids.Account, as Role, at uint64, by Scale, slas []Settled) Derivation {
	d := Derivation{Account: of, Role: [...]string{"provider", "consumer"}[as], At: at, Steps: []Step{}}
	for _, x := range slas {
		party := x.Terms.Provider
		if as == AsConsumer {
			party = x.Consumer
		}
		if party != of {
			continue
		}
		step := x.step(as, by)
		if step.At > at && step.Skipped == "" {
			step.Skipped = "its evidence is later than this score"
		}
		d.Steps = append(d.Steps, step)
	}
	slices.SortFunc(d.Steps, func(a, b Step) int { return cmp.Or(cmp.Compare(a.At, b.At), slices.Compare(a.SLA[:], b.SLA[:])) })
	for _, s := range d.Steps {
		if s.Skipped == "" {
			d.Standing = d.Standing.Add(s.At, s.Rise)
		}
	}
	d.Score = d.Standing.Score(as, at)
	for i, dimension := range Dimensions[as] {
		v := Valued{Name: dimension.Name, Weight: dimension.Weight, Value: d.Score.Dimensions[i]}
		if d.Standing.Pairs != nil {
			v.Evidence = d.Standing.Pairs[i].Decayed(max(at, d.Standing.Updated) - d.Standing.Updated)
		}
		v.LowerBound = LowerBound(v.Evidence)
		d.Dimensions = append(d.Dimensions, v)
	}
	if d.Standing.Pairs == nil {
		d.Standing.Pairs = []Pair{}
	}
	return d
}

func (x *Settled) step(as Role, by Scale) Step {
	l := &x.Leaf
	s := Step{
		SLA: l.SLA, Epochs: l.Epochs, Windows: l.Windows, Ending: Running.String(), At: by.Begin + (x.StartEpoch+uint64(l.Epochs))*uint64(by.EpochSeconds),
		Seconds: uint64(l.Epochs) * uint64(by.EpochSeconds), Unit: by.Unit(x.Terms.Asset),
	}
	if l.Windows == 0 {
		s.Skipped = "no window was judged yet"
		return s
	}
	if s.Unit.Sign() <= 0 {
		s.Skipped = "its asset has no unit"
		return s
	}
	if s.Weight = WeightOf(x.Terms, l, s.Unit, by.Params); s.Weight.Whole == (sla.Wide{}) {
		s.Skipped = "dust: its whole fee is under one point"
		return s
	}
	ending, err := EndingOf(l, x.Agreed, x.State, x.Reclaimed)
	if err != nil {
		s.Skipped = "the consumer's half has to be settled first"
		return s
	}
	zero := sla.Zero(x.Terms)
	s.Ending, s.Points = ending.String(), Points(as, x.Terms, l, ending, x.Agreed, s.Weight, by.Params)
	s.Rise = Rise(as, Points(as, x.Terms, &zero, Running, x.Agreed, WeightOf(x.Terms, &zero, s.Unit, by.Params), by.Params), s.Points, s.Seconds)
	if x.Consumer == x.Terms.Provider {
		s.Rise = OnlyBad(s.Rise)
	}
	return s
}
