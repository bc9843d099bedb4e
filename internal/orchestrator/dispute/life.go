package dispute

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// opening by the consumer, or by the provider, who accuses.
type opening struct {
	accuses         bool
	by              ids.Account
	sla             ids.ID
	window          uint32
	amount          money.Amount
	evidence, nonce [32]byte
}

func (s *State) openCase(op *opening) error {
	if op.amount.Sign() <= 0 {
		return orchestrator.ErrAmountInvalid
	}
	t, err := s.world.Terms(op.sla)
	if err != nil {
		return err
	}
	r, err := s.world.Reservation(op.sla)
	if err != nil {
		return err
	}
	consumer, err := s.world.Consumer(op.sla)
	if err != nil {
		return err
	}
	if op.by != consumer && !op.accuses || op.by != r.Provider && op.accuses {
		return orchestrator.ErrNotAuthorized
	}
	p := s.Params()
	from, to, err := bounds(t, op.window)
	if err != nil {
		return err
	}
	if r.SettledEpochs < to && !(r.Done && r.SettledEpochs > from) {
		return orchestrator.ErrWindowWrong
	}
	barred := s.freed[FreedKey{op.sla, !op.accuses}]
	if err := s.checkTime(&r, min(to, r.SettledEpochs), barred, p.MaxAgeSeconds); err != nil {
		return err
	}
	most := grossMax(t, op.window)
	if op.accuses {
		most = t.Bond
	}
	if most.Less(op.amount) {
		return orchestrator.ErrAmountInvalid
	}
	id, key := s.ID(op.by, op.nonce), WindowKey{op.sla, op.window}
	w := s.windows[key]
	before := &w.Panel
	if op.accuses {
		before = &w.Accused
	}
	if _, there := s.cases[id]; there || *before {
		return orchestrator.ErrExists
	}
	if _, busy := s.open[op.sla]; busy {
		return orchestrator.ErrDisputed
	}
	if uint32(len(s.slots)) < p.Panel {
		return orchestrator.ErrPanelShort
	}
	frozen, err := s.world.Freeze(op.sla, op.amount, op.accuses)
	if err != nil {
		return err
	}
	*before = true
	s.windows[key], s.open[op.sla] = w, id
	c := Case{SLA: op.sla, Window: op.window, Accused: op.accuses, Consumer: consumer, Provider: r.Provider, Amount: op.amount, Frozen: frozen, Evidence: op.evidence, Phase: Evidence,
		Ruling: CannotSay, Cut: s.now, Slots: uint32(len(s.slots)), Until: s.now + p.EvidenceSeconds, ParamsVersion: p.Version}
	*c.bond(op.accuses) = p.Bond
	s.cases[id], s.out.ID = c, id
	return s.world.Transfer(op.by, s.self, p.Bond)
}

func (s *State) answer(op *AnswerDispute) error {
	c, ok := s.cases[op.ID]
	if !ok {
		return orchestrator.ErrNotFound
	}
	if other := c.party(!c.Accused); op.Party != other {
		return orchestrator.ErrNotAuthorized
	}
	if c.Phase != Evidence || s.now >= c.Until {
		return orchestrator.ErrPhaseWrong
	}
	p := s.params[c.ParamsVersion]
	c.Answered, c.Answer = true, op.Evidence
	*c.bond(!c.Accused) = p.Bond
	s.beginDraw(&c, &p)
	s.cases[op.ID] = c
	return s.world.Transfer(op.Party, s.self, p.Bond)
}

// loser of the last ruling, and its bonds; before the first it is the one who opened.
func (c *Case) loser() (ids.Account, *money.Amount) {
	provider := c.Ruling == ForConsumer || c.Ruling == CannotSay && c.Accused
	return c.party(provider), c.bond(provider)
}

func (c *Case) party(provider bool) ids.Account {
	if provider {
		return c.Provider
	}
	return c.Consumer
}

func (c *Case) bond(provider bool) *money.Amount {
	if provider {
		return &c.ProviderBond
	}
	return &c.ConsumerBond
}

func (s *State) appeal(op *Appeal) error {
	c, ok := s.cases[op.ID]
	if !ok {
		return orchestrator.ErrNotFound
	}
	loser, bonds := c.loser()
	if op.Party != loser {
		return orchestrator.ErrNotAuthorized
	}
	if c.Phase != Ruled || c.Round != 0 || s.now >= c.Until {
		return orchestrator.ErrPhaseWrong
	}
	p := s.params[c.ParamsVersion]
	if uint32(len(s.slots)) < p.size(1) {
		return orchestrator.ErrPanelShort
	}
	bond := times(p.Bond, 2)
	*bonds = bonds.Add(bond)
	c.Round, c.Cut, c.Slots = 1, s.now, uint32(len(s.slots))
	s.beginDraw(&c, &p)
	s.cases[op.ID] = c
	return s.world.Transfer(op.Party, s.self, bond)
}

func (s *State) beginDraw(c *Case, p *Params) {
	c.Phase, c.SeedEpoch, c.Until = Draw, s.nextEpoch(), s.now+p.MaxAgeSeconds
}

func (s *State) advance(id ids.ID) (err error) {
	c, ok := s.cases[id]
	if !ok {
		return orchestrator.ErrNotFound
	}
	p := s.params[c.ParamsVersion]
	switch {
	case c.Phase == Evidence && s.now < c.Until, c.Phase == Commit && s.now < c.RevealUntil:
		return orchestrator.ErrNotTimedOut
	case c.Phase == Evidence && c.Accused:
		s.ruled(&c, &p, ForProvider)
	case c.Phase == Evidence:
		s.ruled(&c, &p, ForConsumer)
	case c.Phase == Draw:
		err = s.drawPanel(id, &c, &p)
	case c.Phase == Commit:
		if ruling := s.tally(id, &c, &p); ruling != CannotSay {
			s.ruled(&c, &p, ruling)
		} else {
			err = s.undecided(id, &c, &p)
		}
	default:
		return orchestrator.ErrPhaseWrong
	}
	s.cases[id] = c
	return err
}

func (s *State) drawPanel(id ids.ID, c *Case, p *Params) error {
	root, next, ok := s.seed(c.SeedEpoch)
	switch {
	case !ok && next > c.SeedEpoch:
		c.SeedEpoch = next
		return nil
	case !ok && s.now < c.Until:
		return orchestrator.ErrNotTimedOut
	case !ok:
		return s.undecided(id, c, p)
	}
	var before []Seat
	if c.Round == 1 {
		before = s.panels[PanelKey{id, 0}]
	}
	seats := s.drawn(id, c, root, p.size(c.Round), before)
	if seats == nil {
		return s.undecided(id, c, p)
	}
	c.Phase, c.Until = Commit, s.now+p.CommitSeconds
	c.RevealUntil = c.Until + p.RevealSeconds
	s.panels[PanelKey{id, c.Round}] = seats
	return nil
}

func (s *State) ruled(c *Case, p *Params, ruling uint32) {
	c.Ruling, c.Phase, c.Until = ruling, Ruled, s.now
	if c.Round == 0 {
		c.Until += p.AppealSeconds
	}
}

// undecided: a first panel's dispute ends without a ruling; after an appeal the first ruling stands, and the appeal's bond goes back.
func (s *State) undecided(id ids.ID, c *Case, p *Params) error {
	if c.Round == 1 {
		party, bonds := c.loser()
		bond := times(p.Bond, 2)
		*bonds = bonds.Sub(bond)
		s.owe(party, bond)
		s.ruled(c, p, c.Ruling)
		return nil
	}
	var toConsumer money.Amount
	if c.Accused {
		toConsumer = c.Frozen // it was the consumer's
	}
	return s.end(id, c, Inconclusive, toConsumer)
}

func (s *State) execute(id ids.ID) error {
	c, ok := s.cases[id]
	if !ok {
		return orchestrator.ErrNotFound
	}
	if c.Phase != Ruled {
		return orchestrator.ErrPhaseWrong
	}
	if c.Round == 0 && s.now < c.Until {
		return orchestrator.ErrNotTimedOut
	}
	var toConsumer money.Amount
	if c.Accused && c.Ruling == ForConsumer {
		toConsumer = c.Frozen
	} else if c.Ruling == ForConsumer {
		key := WindowKey{c.SLA, c.Window}
		w := s.windows[key]
		w.Ruled = c.Amount
		toConsumer = money.Min(w.Owed(), c.Frozen)
		w.Moved = w.Moved.Add(toConsumer)
		s.windows[key] = w
	}
	if err := s.end(id, &c, Executed, toConsumer); err != nil {
		return err
	}
	s.cases[id] = c
	loser, _ := c.loser()
	s.world.Ruled(id, c.SLA, loser)
	return nil
}

// end gives so much of what is frozen to the consumer, pays everybody and frees the SLA for another dispute.
func (s *State) end(id ids.ID, c *Case, phase Phase, toConsumer money.Amount) error {
	if c.Frozen.Sign() > 0 {
		if err := s.world.Rule(c.SLA, toConsumer); err != nil {
			return err
		}
	}
	s.pay(id, c)
	c.Frozen, c.Phase, c.Until = money.Amount{}, phase, s.now
	delete(s.open, c.SLA)
	s.freed[FreedKey{c.SLA, c.Accused}] = s.now
	return nil
}

func (s *State) recoverOwed(op *Recover) error {
	key := WindowKey{op.SLA, op.Window}
	w := s.windows[key]
	moved, err := s.move(op.SLA, &w)
	if err != nil {
		return err
	}
	if moved.Sign() == 0 {
		return orchestrator.ErrNothingDue
	}
	s.windows[key], s.out.Amount = w, moved
	return nil
}

// move what is owed as far as the provider's claim reaches.
func (s *State) move(id ids.ID, w *Window) (money.Amount, error) {
	owed := w.Owed()
	if owed.Sign() == 0 {
		return owed, nil
	}
	frozen, err := s.world.Freeze(id, owed, false)
	if err != nil || frozen.Sign() == 0 {
		return frozen, err
	}
	w.Moved = w.Moved.Add(frozen)
	return frozen, s.world.Rule(id, frozen)
}

// bounds of a window in epochs from the SLA's start.
func bounds(t *sla.Terms, number uint32) (from, to uint32, err error) {
	f := uint64(number) * uint64(t.Window)
	if f >= uint64(t.Duration) {
		return 0, 0, orchestrator.ErrWindowWrong
	}
	return uint32(f), uint32(min(f+uint64(t.Window), uint64(t.Duration))), nil
}

// checkTime refuses a window that is not settled up to end, or that ended too long ago. Its age counts from barred on when that is later.
func (s *State) checkTime(r *Reservation, end uint32, barred, maxAge uint64) error {
	c := s.world.Config()
	if r.SettledEpochs < end || s.now > max(c.Start(r.StartEpoch+uint64(end)), barred)+maxAge {
		return orchestrator.ErrWindowWrong
	}
	return nil
}

// grossMax is the most that a window can be about: its storage, and all of the egress.
func grossMax(t *sla.Terms, number uint32) money.Amount {
	from, to, _ := bounds(t, number)
	return t.Totals(&sla.Leaf{Epochs: to - from, Measured: sla.Measured{BytesOut: t.Egress}}).Gross
}
