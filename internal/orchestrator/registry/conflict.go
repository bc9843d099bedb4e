package registry

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func (s *State) conflict(a, b ids.ID) error {
	x, ok := s.certifications[a]
	y, ok2 := s.certifications[b]
	if !ok || !ok2 {
		return orchestrator.ErrNotFound
	}
	for _, c := range []Certification{x, y} {
		switch {
		case c.State == Frozen:
			return orchestrator.ErrFrozen
		case c.State != Live:
			return orchestrator.ErrStateWrong
		case s.now >= c.BoundUntil:
			return orchestrator.ErrCertificationExpired
		}
	}
	denial, denied := x, y
	if x.Level != 0 {
		denial, denied = y, x
	}
	if denial.Level != 0 || denied.Level == 0 || denial.Certifier == denied.Certifier || denial.Subject != denied.Subject || denial.Kind != denied.Kind || denial.Scope != denied.Scope ||
		denial.Bond.Less(denied.Bond) {
		return orchestrator.ErrNoConflict
	}
	s.emit("conflict", denial.Subject.String())
	if err := s.freeze(x, b); err != nil {
		return err
	}
	return s.freeze(y, a)
}

func (s *State) freeze(c Certification, other ids.ID) error {
	c.State, c.Conflict, c.ConcedeUntil, c.LapseFrom = Frozen, other, s.now+s.params.ConcedeSeconds, s.now+s.params.LapseSeconds
	s.certifications[c.ID] = c
	s.emit("certification_state", c.ID.String())
	owner := s.certifiers[c.Certifier]
	owner.DutyUntil = max(owner.DutyUntil, c.LapseFrom)
	s.certifiers[c.Certifier] = owner
	return s.hold(c.Certifier)
}

func (s *State) revoke(op *Revoke) error {
	c, ok := s.certifications[op.ID]
	switch {
	case !ok:
		return orchestrator.ErrNotFound
	case c.Certifier != op.Certifier:
		return orchestrator.ErrNotAuthorized
	case c.State == Live:
		s.emit("revoked", op.ID.String())
		s.end(c, Revoked)
		return nil
	case c.State != Frozen:
		return orchestrator.ErrStateWrong
	case s.now > c.ConcedeUntil:
		return orchestrator.ErrFrozen
	}
	s.emit("revoked", op.ID.String())
	s.settle(s.certifications[c.Conflict], Live)
	s.end(c, Revoked)
	return s.punish(c, c.Bond.Bps(s.params.ConcedeBps))
}

func (s *State) resolve(op *Resolve) error {
	if op.By != s.genesis.Admin && op.By != s.params.Resolver {
		return orchestrator.ErrNotAuthorized
	}
	winner, loser, err := s.pair(op.A, op.B)
	switch {
	case err != nil:
		return err
	case op.Right == op.B:
		winner, loser = loser, winner
	case op.Right != op.A:
		return orchestrator.ErrArgumentInvalid
	}
	s.settle(winner, Live)
	s.end(loser, Refuted)
	return s.punish(loser, loser.Bond)
}

func (s *State) lapse(a, b ids.ID) error {
	x, y, err := s.pair(a, b)
	if err != nil {
		return err
	}
	if s.now <= x.LapseFrom {
		return orchestrator.ErrNotTimedOut
	}
	s.end(x, Revoked)
	s.end(y, Revoked)
	return nil
}

func (s *State) pair(a, b ids.ID) (x, y Certification, err error) {
	x, ok := s.certifications[a]
	y, ok2 := s.certifications[b]
	switch {
	case !ok || !ok2:
		err = orchestrator.ErrNotFound
	case x.State != Frozen || y.State != Frozen || x.Conflict != b || y.Conflict != a:
		err = orchestrator.ErrNoConflict
	}
	return x, y, err
}

// punish slashes the loser: the subject that was wronged before the fund, each at most what is there.
func (s *State) punish(loser Certification, amount money.Amount) (err error) {
	fund := amount
	if loser.Level == 0 {
		fund = amount.Bps(s.params.ConflictFundBps)
	}
	if s.out.ToSubject, err = s.slash(loser, amount.Sub(fund), loser.Subject); err != nil {
		return err
	}
	s.out.ToFund, err = s.slash(loser, fund, s.params.Fund)
	s.emit("slashed", loser.ID.String())
	return err
}

func (s *State) slash(loser Certification, amount money.Amount, to ids.Account) (money.Amount, error) {
	if amount.Sign() == 0 {
		return amount, nil
	}
	return s.others.Slash(s.now, loser.Certifier, CertifierRole, amount, to)
}
