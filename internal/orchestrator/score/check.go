package score

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Check asserts what holds after every call, and reports every violation at once.
func (s *State) Check() (out []orchestrator.Violation) {
	that := func(ok bool, rule string, p Party, format string, a ...any) {
		if !ok {
			out = append(out, orchestrator.Violation{Rule: rule, Subject: p.Of.String(), Detail: fmt.Sprintf(format, a...)})
		}
	}
	for p, x := range s.standings {
		that(len(x.Pairs) == len(Dimensions[p.As]), "dimensions", p, "%d", len(x.Pairs))
		for i, pair := range x.Pairs {
			that(pair.Good.Big().Cmp(largest) <= 0 && pair.Bad.Big().Cmp(largest) <= 0, "evidence bounded", p, "%v", pair)
			bought := pair.Good.Big()
			if paid := s.paid[p]; paid != nil {
				bought.Sub(bought, paid)
			}
			that(bought.Sign() <= 0, "nothing good without its fee", p, "%s: %v grains more than were paid", Dimensions[p.As][i].Name, bought)
		}
		for _, at := range []uint64{0, x.Updated, x.Updated + HalfLife} {
			v := x.Score(p.As, at)
			that(v.Total <= 9_999, "total at most 99.99", p, "%d", v.Total)
			for _, d := range v.Dimensions {
				that(d <= 9_999, "value at most 99.99", p, "%d", d)
				that(d > 0 || v.Total == 0, "a dimension of 0 is a total of 0", p, "%v", v)
			}
		}
		that(x.Score(p.As, x.Updated+200*HalfLife).Total == Even, "forgotten in the end", p, "%d", x.Score(p.As, x.Updated+200*HalfLife).Total)
	}
	return out
}
