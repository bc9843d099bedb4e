package dispute

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Violation of an invariant: a defect, whatever was called.
type Violation struct{ Rule, Subject, Detail string }

// String is for people.
func (v Violation) String() string { return v.Rule + " " + v.Subject + ": " + v.Detail }

// Held is the FLASH that the contract answers for: bonds, fines and what accounts are owed.
func (s *State) Held() (t money.Amount) {
	for _, c := range s.cases {
		t = money.Sum(t, c.ConsumerBond, c.ProviderBond, c.Silence)
	}
	for _, d := range s.due {
		t = t.Add(d)
	}
	return t
}

// Check asserts every invariant and reports every violation at once. balance is the contract's FLASH.
func (s *State) Check(balance money.Amount) (out []Violation) {
	that := func(ok bool, rule string, subject fmt.Stringer, format string, a ...any) {
		if !ok {
			out = append(out, Violation{rule, subject.String(), fmt.Sprintf(format, a...)})
		}
	}
	that(!balance.Less(s.Held()), "solvent", s.self, "holds %s, answers for %s", balance, s.Held())
	for a, d := range s.due {
		that(d.Sign() > 0, "due is positive", a, "%s", d)
	}
	open := map[ids.ID]ids.ID{}
	for id, c := range s.cases {
		if c.Over() {
			that(money.Sum(c.ConsumerBond, c.ProviderBond, c.Silence, c.Frozen).Sign() == 0, "over is empty", id, "%+v", c)
			that((c.Phase == Executed) == (c.Ruling != CannotSay), "executed = ruled", id, "%+v", c)
		} else {
			_, taken := open[c.SLA]
			that(!taken, "one open dispute for an SLA", c.SLA, "%s and %s", id, open[c.SLA])
			open[c.SLA] = id
			p := s.params[c.ParamsVersion]
			that(c.Amount.Cmp(c.Frozen) >= 0, "frozen ≤ amount", id, "%s > %s", c.Frozen, c.Amount)
			opener, other := *c.bond(c.Accused), *c.bond(!c.Accused)
			that(opener.Cmp(p.Bond) >= 0, "the opener's bond", id, "%s", opener)
			that(other.Sign() == 0 || other.Cmp(p.Bond) >= 0, "the other's bond", id, "%s", other)
		}
		for round := range uint32(2) {
			s.checkPanel(id, &c, round, that)
		}
	}
	that(len(open) == len(s.open), "open disputes", s.self, "%d ≠ %d", len(open), len(s.open))
	for key, w := range s.windows {
		that(w.Moved.Sign() >= 0 && w.Owed().Sign() >= 0, "moved ≤ owed", key.SLA, "%d: %+v", key.Number, w)
	}
	s.checkSlots(that)
	return out
}

type asserter = func(ok bool, rule string, subject fmt.Stringer, format string, a ...any)

func (s *State) checkPanel(id ids.ID, c *Case, round uint32, that asserter) {
	seats := s.panels[PanelKey{id, round}]
	p := s.params[c.ParamsVersion]
	that(len(seats) == 0 || uint32(len(seats)) == p.size(round), "size of a panel", id, "%d in round %d", len(seats), round)
	seen := map[ids.Account]bool{}
	for _, x := range s.panels[PanelKey{id, 0}] {
		seen[x.Arbiter] = round == 1
	}
	for _, x := range seats {
		that(x.Arbiter != c.Consumer && x.Arbiter != c.Provider, "no party on its panel", id, "%s", x.Arbiter)
		that(!seen[x.Arbiter], "nobody sits twice", id, "%s", x.Arbiter)
		that(!x.Revealed || x.Committed, "revealed what was committed", id, "%s", x.Arbiter)
		seen[x.Arbiter] = true
	}
}

func (s *State) checkSlots(that asserter) {
	for a, at := range s.slotOf {
		that(int(at) < len(s.slots) && s.slots[at].Arbiter == a, "place of an arbiter", a, "%d", at)
	}
	seen := map[ids.Account]bool{}
	for i, x := range s.slots {
		that(!seen[x.Arbiter] && s.slotOf[x.Arbiter] == uint32(i), "one place each", x.Arbiter, "%d", i)
		seen[x.Arbiter] = true
	}
	that(len(s.slots) == 0 || int(s.cursor) < len(s.slots), "cursor", s.self, "%d of %d", s.cursor, len(s.slots))
}
