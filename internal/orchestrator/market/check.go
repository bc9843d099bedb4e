package market

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Check asserts every invariant and reports every violation at once.
func (s *State) Check() (out []orchestrator.Violation) {
	that := func(ok bool, rule string, subject fmt.Stringer, format string, a ...any) {
		if !ok {
			out = append(out, orchestrator.Violation{Rule: rule, Subject: subject.String(), Detail: fmt.Sprintf(format, a...)})
		}
	}
	slas := map[ids.ID]ids.ID{}
	for id, a := range s.asks {
		l := s.answers[id]
		that(a.ID == id && id.Kind() == Kind && a.MaxTotal.Sign() > 0, "ask", id, "%+v", a)
		that(int(a.Answers) == len(l), "answers are counted", id, "%d of %d", a.Answers, len(l))
		that((a.State == Chosen) == !a.SLA.Zero(), "chosen has an SLA", id, "%s, %s", a.State, a.SLA)
		if a.State == Chosen {
			that(slas[a.SLA].Zero(), "an SLA comes of one ask", a.SLA, "%s and %s", id, slas[a.SLA])
			slas[a.SLA] = id
		}
		that(a.State != Expired || s.now > a.ChooseBy, "expired after its time", id, "%d", a.ChooseBy)
		who := map[ids.Account]bool{}
		for i, x := range l {
			that(x.Number == uint32(i) && !who[x.Provider], "one answer of a provider", id, "%d: %+v", i, x)
			who[x.Provider] = true
			that(a.Sealed || x.Commitment == [32]byte{}, "open answers have no commitments", id, "%+v", x)
			if !x.Revealed {
				that(a.Sealed && x.Unit.Zero() && x.Total.Sign() == 0 && x.StoragePrice.Sign() == 0 && x.EgressPrice.Sign() == 0, "nothing is known before it is revealed", id, "%+v", x)
				continue
			}
			that(!a.MaxTotal.Less(x.Total) && x.Total.Equal(a.Total(x.StoragePrice, x.EgressPrice, s.genesis.EpochSeconds)), "an answer's total", id, "%+v", x)
			that(!a.Sealed || s.now > a.AnswerBy, "no sealed answer is known while answers can be given", id, "%+v", x)
		}
	}
	for id := range s.answers {
		_, ok := s.asks[id]
		that(ok, "answers have an ask", id, "")
	}
	return out
}
