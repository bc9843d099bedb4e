package governance

import (
	"fmt"
	"slices"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Check asserts every invariant and reports every violation at once.
func (s *State) Check() (out []orchestrator.Violation) {
	that := func(ok bool, rule string, subject any, format string, a ...any) {
		if !ok {
			out = append(out, orchestrator.Violation{Rule: rule, Subject: fmt.Sprint(subject), Detail: fmt.Sprintf(format, a...)})
		}
	}
	piles := make([][3]money.Amount, len(s.proposals))
	for b, choice := range s.votes {
		p, ok := s.Proposal(b.number)
		that(ok && choice <= Abstain, "a vote is of a proposal", b.number, "%s: %d", b.voter, choice)
		piles[b.number-1][choice] = piles[b.number-1][choice].Add(s.others.PowerAt(b.voter, p.Snapshot))
	}
	for i, p := range s.proposals {
		got := [3]money.Amount{p.Against, p.InFavour, p.Abstain}
		for c := range got {
			that(got[c].Equal(piles[i][c]), "votes = Σ power at the snapshot", p.Number, "choice %d: %s ≠ %s", c, got[c], piles[i][c])
		}
		that(!p.Total.Less(money.Sum(got[:]...)), "votes ≤ total at the snapshot", p.Number, "%v of %s", got, p.Total)
		that(int(p.Number) == i+1 && p.Snapshot < p.Ends && p.Ends < p.Opens && p.Opens < p.Closes, "clock", p.Number, "%+v", p)
		that(!p.Executed || !p.Cancelled && p.passed() && s.now >= p.Opens, "executed after it passed and the time-lock", p.Number, "%+v", p)
	}
	that(s.params.Validate() == nil, "parameters bounded", s.params.Version, "%+v", s.params)
	that(s.pause.Until == 0 || s.pause.Until <= s.now+14*day, "a guardian's pause is short", s.guardian, "%+v", s.pause)
	that(len(s.targets) <= targetsMost && !slices.Contains(s.targets, s.genesis.Governance), "targets bounded", s.genesis.Governance, "%v", s.targets)
	for _, t := range s.targets {
		l := s.functions[t]
		that(len(l) > 0 && len(l) <= functionMost && !slices.ContainsFunc(l, func(f string) bool { return slices.Contains(never, f) }), "functions bounded", t, "%v", l)
	}
	return out
}
