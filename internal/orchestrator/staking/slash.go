package staking

import (
	"fmt"
	"math"
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// notice is none as long as nobody ever staked.
func (s *State) notice() uint64 {
	if len(s.total) == 0 {
		return 0
	}
	return NoticeSeconds
}

func (s *State) nameSlasher(now uint64, op *NameSlasher) (Effects, error) {
	_, named := s.slashers[op.Contract]
	switch {
	case named == op.Allowed:
		return Effects{}, nil
	case !op.Allowed:
		delete(s.slashers, op.Contract)
	case now > math.MaxUint64-s.notice():
		return Effects{}, orchestrator.ErrOverflow
	default:
		s.slashers[op.Contract] = now + s.notice()
	}
	return Effects{Event: event("slasher", op.Contract, money.Amount{})}, nil
}

// slasher refuses whoever may not slash and hold now.
func (s *State) slasher(now uint64, by ids.Account) error {
	if from, ok := s.slashers[by]; !ok || now < from {
		return orchestrator.ErrNotAuthorized
	}
	return nil
}

// slash takes from the active stake first, then from the newest unbonding back; at most what is there.
func (s *State) slash(now uint64, op *Slash) (Effects, error) {
	if err := s.slasher(now, op.By); err != nil {
		return Effects{}, err
	}
	if op.Amount.Sign() < 0 {
		return Effects{}, orchestrator.ErrAmountInvalid
	}
	if err := checkRole(op.Role); err != nil {
		return Effects{}, err
	}
	to := op.To
	if to == op.Owner || to == s.genesis.Self {
		to = s.genesis.Fund
	}
	p := s.Position(op.Owner, op.Role)
	active := money.Min(op.Amount, p.Active)
	rest := op.Amount.Sub(active)
	p.Active, p.Unbondings = p.Active.Sub(active), slices.Clone(p.Unbondings)
	for i := len(p.Unbondings) - 1; i >= 0 && rest.Sign() > 0; i-- {
		u := &p.Unbondings[i]
		part := money.Min(rest, u.Amount)
		rest, u.Amount, p.Unbonding = rest.Sub(part), u.Amount.Sub(part), p.Unbonding.Sub(part)
	}
	p.Unbondings = slices.DeleteFunc(p.Unbondings, func(u Unbonding) bool { return u.Amount.Sign() == 0 })
	taken := op.Amount.Sub(rest)
	if taken.Sign() == 0 {
		return Effects{}, nil
	}
	s.positions[key{op.Owner, op.Role}] = p
	if active.Sign() > 0 {
		if err := s.vote(now, op.Owner, money.Amount{}.Sub(active)); err != nil {
			return Effects{}, err
		}
	}
	return Effects{Amount: taken, Transfer: &Transfer{s.genesis.Self, to, taken}, Event: event("slashed", op.Owner, taken)}, nil
}

func (s *State) hold(now uint64, op *Hold) (Effects, error) {
	if err := s.slasher(now, op.By); err != nil {
		return Effects{}, err
	}
	if err := checkRole(op.Role); err != nil {
		return Effects{}, err
	}
	if op.Until > now && op.Until-now > HoldSeconds {
		return Effects{}, orchestrator.ErrArgumentInvalid
	}
	p := s.Position(op.Owner, op.Role)
	if op.Until <= p.HeldUntil {
		return Effects{}, nil
	}
	p.HeldUntil = op.Until
	s.positions[key{op.Owner, op.Role}] = p
	return Effects{Event: event("held", op.Owner, money.Amount{})}, nil
}

func (s *State) upgrade(now uint64) (Effects, error) {
	switch c := s.code; {
	case c == nil:
		return Effects{}, orchestrator.ErrNotFound
	case now < c.from:
		return Effects{}, orchestrator.ErrUpgradeEarly
	case now-c.from > OpenSeconds:
		return Effects{}, orchestrator.ErrNotFound
	default:
		s.code = nil
		return Effects{Event: &orchestrator.Event{Name: "upgraded", Subject: fmt.Sprintf("%x", c.wasm)}}, nil
	}
}

// Check asserts the contract's invariants and reports every violation.
func (s *State) Check() (out []orchestrator.Violation) {
	that := func(ok bool, rule string, of ids.Account, format string, a ...any) {
		if !ok {
			out = append(out, orchestrator.Violation{Rule: rule, Subject: of.String(), Detail: fmt.Sprintf(format, a...)})
		}
	}
	var owed, votes money.Amount
	active := map[ids.Account]money.Amount{}
	for k, p := range s.positions {
		var leaving money.Amount
		for i, u := range p.Unbondings {
			leaving = leaving.Add(u.Amount)
			that(u.Amount.Sign() > 0, "unbonding empty", k.owner, "number %d: %s", u.Number, u.Amount)
			that(u.Number < p.Next && (i == 0 || p.Unbondings[i-1].Number < u.Number && p.Unbondings[i-1].Until <= u.Until), "unbondings in order", k.owner, "%v, next %d", p.Unbondings, p.Next)
		}
		that(p.Active.Sign() >= 0, "active negative", k.owner, "%s", p.Active)
		that(leaving.Equal(p.Unbonding), "unbonding is the sum of its entries", k.owner, "%s of %s", leaving, p.Unbonding)
		that(len(p.Unbondings) <= Unbondings, "unbondings bounded", k.owner, "%d", len(p.Unbondings))
		that(k.role <= Voter, "role", k.owner, "%d", k.role)
		active[k.owner] = active[k.owner].Add(p.Active)
		owed = money.Sum(owed, p.Active, p.Unbonding)
	}
	held := s.token.Balance(s.genesis.Self)
	that(!held.Less(owed), "FLASH held ≥ active + unbonding", s.genesis.Self, "%s < %s", held, owed)
	for owner, t := range s.trails {
		that(last(t).Equal(active[owner]), "votes = active", owner, "%s, active %s", last(t), active[owner])
		that(rising(t), "checkpoints in order", owner, "%v", t)
		votes = votes.Add(last(t))
		delete(active, owner)
	}
	for owner, a := range active {
		that(a.Sign() == 0, "votes = active", owner, "none, active %s", a)
	}
	that(votes.Equal(s.Total()) && rising(s.total), "total = votes", s.genesis.Self, "%s of %s", votes, s.Total())
	return out
}

func rising(t []Checkpoint) bool {
	for i, c := range t {
		if c.Votes.Sign() < 0 || i > 0 && t[i-1].Time >= c.Time {
			return false
		}
	}
	return true
}
