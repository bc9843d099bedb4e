package registry

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Check asserts every invariant and reports every violation at once.
func (s *State) Check() (out []orchestrator.Violation) {
	that := func(ok bool, rule string, subject fmt.Stringer, format string, a ...any) {
		if !ok {
			out = append(out, orchestrator.Violation{Rule: rule, Subject: subject.String(), Detail: fmt.Sprintf(format, a...)})
		}
	}
	bonded := map[ids.Account]money.Amount{}
	for id, c := range s.certifications {
		owner, known := s.certifiers[c.Certifier]
		that(known, "certifier registered", id, "%s", c.Certifier)
		that(c.ID == id && c.Certifier != c.Subject && c.Bond.Sign() >= 0 && c.Issued < c.Expires && c.Expires <= c.BoundUntil, "certification", id, "%+v", c)
		if c.State == Live || c.State == Frozen {
			bonded[c.Certifier] = bonded[c.Certifier].Add(c.Bond)
			that(owner.DutyUntil >= max(c.BoundUntil, c.LapseFrom), "duty lasts as long as conflicts may", id, "%d < %d", owner.DutyUntil, c.BoundUntil)
		}
		other, paired := s.certifications[c.Conflict]
		if c.State == Frozen {
			that(paired && other.State == Frozen && other.Conflict == id, "frozen in pairs", id, "with %s", c.Conflict)
			that((c.Level == 0) != (other.Level == 0) && c.Certifier != other.Certifier && c.Subject == other.Subject && c.Kind == other.Kind && c.Scope == other.Scope, "a pair contradicts itself", id, "%s", c.Conflict)
			that(c.ConcedeUntil == other.ConcedeUntil && c.LapseFrom == other.LapseFrom && c.ConcedeUntil < c.LapseFrom, "a pair has one clock", id, "%+v", c)
		} else {
			that(c.Conflict.Zero() && c.ConcedeUntil == 0 && c.LapseFrom == 0, "not frozen has no conflict", id, "%+v", c)
		}
	}
	for a, c := range s.certifiers {
		that(c.Bonded.Equal(bonded[a]), "bonded = Σ bonds", a, "%s ≠ %s", c.Bonded, bonded[a])
	}
	for a, until := range s.subscriptions {
		that(until <= s.now+aheadMost, "subscribed at most three years ahead", a, "%d", until)
	}
	return out
}
