package registry

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func (s *State) register(op *Register) error {
	c, ok := s.certifiers[op.Certifier]
	if !ok {
		c.Registered = s.now
	}
	c.Info = op.Info
	s.certifiers[op.Certifier] = c
	s.emit("certifier", op.Certifier.String())
	return nil
}

func (s *State) certify(op *Certify) (ids.ID, error) {
	owner, ok := s.certifiers[op.Certifier]
	if !ok {
		return ids.ID{}, orchestrator.ErrCertifierUnknown
	}
	if op.Subject == op.Certifier || op.Kind >= kinds || op.Level >= levels || op.Expires <= s.now || op.Expires > s.now+s.params.MaxLifeSeconds {
		return ids.ID{}, orchestrator.ErrArgumentInvalid
	}
	id := ID(s.genesis.Registry, op.Certifier, op.Nonce)
	if _, ok := s.certifications[id]; ok {
		return ids.ID{}, orchestrator.ErrExists
	}
	c := Certification{ID: id, Certifier: op.Certifier, Subject: op.Subject, Kind: op.Kind, Level: op.Level, Scope: op.Scope, Evidence: op.Evidence,
		Issued: s.now, Expires: op.Expires, BoundUntil: op.Expires + s.params.ChallengeSeconds, Bond: s.params.Bonds[op.Level]}
	if owner.Bonded.Sign() == 0 {
		owner.DutyUntil = 0
	}
	owner.Bonded = owner.Bonded.Add(c.Bond)
	owner.DutyUntil = max(owner.DutyUntil, c.BoundUntil)
	if s.others.StakeOf(op.Certifier, CertifierRole).Less(owner.Bonded) {
		return ids.ID{}, orchestrator.ErrBondMissing
	}
	s.certifications[id], s.certifiers[op.Certifier] = c, owner
	s.out.ID = id
	s.emit("certified", id.String())
	return id, s.hold(op.Certifier)
}

func (s *State) object(op *Object) error {
	a, ok := s.certifications[op.Against]
	if !ok {
		return orchestrator.ErrNotFound
	}
	id, err := s.certify(&Certify{Certifier: op.Certifier, Subject: a.Subject, Kind: a.Kind, Level: op.Level, Scope: a.Scope, Evidence: op.Evidence, Expires: op.Expires, Nonce: op.Nonce})
	if err != nil {
		return err
	}
	return s.conflict(id, op.Against)
}

func (s *State) expire(id ids.ID) error {
	c, ok := s.certifications[id]
	switch {
	case !ok:
		return orchestrator.ErrNotFound
	case c.State == Frozen:
		return orchestrator.ErrFrozen
	case c.State != Live:
		return orchestrator.ErrStateWrong
	case s.now < c.BoundUntil:
		return orchestrator.ErrNotTimedOut
	}
	s.end(c, Expired)
	return nil
}

// hold renews Staking's hold for as long as the certifier's certifications may be in conflict.
func (s *State) hold(certifier ids.Account) error {
	c := s.certifiers[certifier]
	if c.Bonded.Sign() == 0 || c.DutyUntil <= s.now {
		return nil
	}
	return s.others.Hold(s.now, certifier, CertifierRole, min(c.DutyUntil, s.now+holdMost))
}

// end puts a certification into a state that it never leaves, and frees its bond.
func (s *State) end(c Certification, to StateOf) {
	owner := s.certifiers[c.Certifier]
	owner.Bonded = owner.Bonded.Sub(c.Bond)
	s.certifiers[c.Certifier] = owner
	s.settle(c, to)
}

// settle stores a state other than Frozen.
func (s *State) settle(c Certification, to StateOf) {
	c.State, c.Conflict, c.ConcedeUntil, c.LapseFrom = to, ids.ID{}, 0, 0
	s.certifications[c.ID] = c
	s.emit("certification_state", c.ID.String())
}

func (s *State) subscribe(op *Subscribe) error {
	p := &s.params
	if op.Periods < 1 || op.Periods > periodMost {
		return orchestrator.ErrArgumentInvalid
	}
	if p.ListPrice.Sign() == 0 {
		return orchestrator.ErrStateWrong
	}
	total := money.Amount{}
	for range op.Periods {
		total = total.Add(p.ListPrice)
	}
	if op.MaxTotal.Less(total) {
		return orchestrator.ErrPriceAbove
	}
	until := max(s.subscriptions[op.Provider], s.now) + p.ListPeriodSeconds*uint64(op.Periods)
	if until-s.now > aheadMost {
		return orchestrator.ErrArgumentInvalid
	}
	s.subscriptions[op.Provider] = until
	s.out.Until = until
	s.emit("subscribed", op.Provider.String())
	return s.others.Pay(op.From, p.Payee, total)
}
