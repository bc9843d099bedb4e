package orchestrator

import (
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

func (s *State) request(op *Request) error {
	if s.paused {
		return ErrPaused
	}
	x, err := s.ask(op, joint{redundancy: 1})
	if err != nil {
		return err
	}
	return s.transfer(x.Asset, op.Consumer, s.genesis.Consumer, op.Deposit)
}

// ask makes an SLA that was requested, alone or as part of a joint one. The caller moves the deposit, after everything else.
func (s *State) ask(op *Request, j joint) (SLA, error) {
	if op.Mode > sla.Escrow {
		return SLA{}, ErrArgumentInvalid
	}
	if op.Deposit.Sign() < 0 || op.MaxTotal.Sign() < 0 {
		return SLA{}, ErrAmountInvalid
	}
	id := ids.SLAID(s.genesis.Consumer, op.Consumer, op.Nonce)
	if _, ok := s.slas.get(id); ok {
		return SLA{}, ErrExists
	}
	if err := s.renewable(op); err != nil {
		return SLA{}, err
	}
	u, err := s.quote(op)
	if err != nil {
		return SLA{}, err
	}
	t := s.compose(id, op, &u, j)
	total := t.TotalPrice()
	switch {
	case sla.MaxCollateral.Less(t.Collateral):
		return SLA{}, ErrOverflow
	case u.PriceVersion != op.PriceVersion:
		return SLA{}, ErrPriceChanged
	case op.MaxTotal.Less(total):
		return SLA{}, ErrPriceAbove
	case t.Full().Less(op.Deposit):
		return SLA{}, ErrOverFunded
	}
	hash := t.Hash()
	x := SLA{
		ID: id, Consumer: op.Consumer, Provider: t.Provider, Payout: t.Payout, Asset: t.Asset, Unit: u.ID, TermsHash: hash, State: Requested, Mode: op.Mode,
		Total: total, Duration: op.Duration, GraceEpochs: t.Protocol.GraceEpochs, RetentionEpochs: t.Protocol.RetentionEpochs, AcceptBy: s.now + s.params.AcceptSeconds,
		BondTotal: t.Bond, Group: j.group, Previous: op.Previous,
	}
	x.deposit(t, op.Deposit)
	s.slas.set(id, x)
	s.terms.set(id, t)
	s.out.ID = id
	s.emit("requested", id)
	if op.Deposit.Sign() > 0 {
		s.emit("funded", id, op.Deposit)
	}
	r := Reservation{SLA: id, Unit: u.ID, Provider: t.Provider, Asset: t.Asset, Refund: op.Refund, TermsHash: hash, Volume: op.Volume, Collateral: t.Collateral, Previous: op.Previous}
	if s.reserve(op.Consumer, u.AutoAccept, r) {
		err = s.accepted(id)
	}
	return x, err
}

// compose makes the terms as the contract does: of the request, the unit's offer and the parameters.
func (s *State) compose(id ids.ID, op *Request, u *Unit, j joint) *sla.Terms {
	p, _ := s.providers.get(u.Provider)
	if j.units == nil {
		j.units = []sla.Share{{Unit: u.ID, Bps: 10_000}}
	}
	t := &sla.Terms{
		Network: s.config.Network, SLA: id, Consumer: op.Consumer, Provider: u.Provider, Payout: p.Payout, Refund: op.Refund, Asset: u.Asset,
		Units: j.units, Kind: u.Kind, Volume: op.Volume, Egress: op.Egress, RateLimit: u.RateLimit, Duration: op.Duration,
		EpochSeconds: s.config.EpochSeconds, SlotsPerEpoch: s.config.SlotsPerEpoch, Window: s.config.WindowEpochs, Redundancy: j.redundancy, Class: u.Class, Mode: op.Mode, Previous: op.Previous,
		PriceVersion: u.PriceVersion, StoragePrice: u.StoragePrice, EgressPrice: u.EgressPrice, Protocol: s.params.Protocol.For(op.Mode, u.QoS.AvailabilityPpm), QoS: u.QoS,
	}
	if u.Asset == s.params.Flash {
		t.Protocol.FeeBps = s.params.FeeFlashBps
	}
	t.Collateral, t.Bond = t.TotalPrice().Bps(uint32(u.CollateralBps)), t.TotalPrice().Bps(uint32(s.params.EarlyBps))
	return t
}

// accepted moves a requested SLA on, and starts it when it is paid for.
func (s *State) accepted(id ids.ID) error {
	x, _ := s.slas.get(id)
	if x.State != Requested {
		return ErrStateWrong
	}
	t, _ := s.terms.get(id)
	x.State, x.FundBy = Accepted, s.now+s.versions.m[t.Protocol.Version].FundSeconds
	s.emit("sla_state", id)
	return s.start(x)
}

// start stores an SLA. An accepted one that enough is paid in for goes on: alone it becomes Active, as part of a joint one it waits for the others.
func (s *State) start(x SLA) error {
	if t, _ := s.terms.get(x.ID); x.State == Accepted && x.Covered >= t.Least() {
		x.State = Funded
		s.emit("sla_state", x.ID)
		if x.Group.Zero() {
			return s.run(x)
		}
	}
	s.slas.set(x.ID, x)
	return nil
}

// run makes a Funded SLA Active.
func (s *State) run(x SLA) error {
	start, follows, err := s.follow(&x)
	if err != nil {
		return err
	}
	t, _ := s.terms.get(x.ID)
	zero := sla.Zero(t)
	x.State, x.StartEpoch, x.SettledHash = Active, start, zero.Hash()
	x.divide(t)
	s.slas.set(x.ID, x)
	s.settled.set(x.ID, zero)
	s.covered.set(x.ID, zero)
	s.emit("sla_state", x.ID)
	if follows {
		s.emit("succeeded", x.Previous)
	}
	return s.activate(x.ID, x.StartEpoch, x.SettledHash)
}

func (s *State) refused(id ids.ID) error {
	x, _ := s.slas.get(id)
	if !x.State.waits() {
		return ErrStateWrong
	}
	s.giveBack(x, Rejected)
	return nil
}

// giveBack ends an SLA that never began.
func (s *State) giveBack(x SLA, state SLAState) {
	x.State = state
	x.ConsumerClaim, x.Escrow, x.Bond = money.Sum(x.ConsumerClaim, x.Escrow, x.Bond), money.Amount{}, money.Amount{}
	s.slas.set(x.ID, x)
	s.emit("sla_state", x.ID)
}

func (s *State) fund(op *Fund) error {
	if op.Amount.Sign() <= 0 {
		return ErrAmountInvalid
	}
	x, ok := s.slas.get(op.SLA)
	switch {
	case !ok:
		return ErrNotFound
	case x.State != Requested && x.State != Accepted && x.State != Active, x.State == Active && s.running(&x) >= uint64(x.Covered):
		return ErrStateWrong // the validators have to see it a whole epoch before the money would run out
	}
	t, _ := s.terms.get(x.ID)
	if x.full().Sub(x.Deposited).Less(op.Amount) {
		return ErrOverFunded
	}
	x.deposit(t, op.Amount)
	s.emit("funded", x.ID, op.Amount)
	if err := s.start(x); err != nil {
		return err
	}
	if s.funded(x.Group) {
		if err := s.runAll(x.Group); err != nil {
			return err
		}
	}
	return s.transfer(x.Asset, op.From, s.genesis.Consumer, op.Amount)
}

// full is the most that is ever paid in.
func (x *SLA) full() money.Amount { return x.Total.Add(x.BondTotal) }

// deposit books money that comes in.
func (x *SLA) deposit(t *sla.Terms, amount money.Amount) {
	x.Deposited = x.Deposited.Add(amount)
	x.Covered = t.Covered(x.Deposited)
	x.EndEpochs = x.Covered
	x.divide(t)
}

// divide what has not accrued between bond, reserve and escrow.
func (x *SLA) divide(t *sla.Terms) {
	bond := money.Min(x.BondTotal, x.Deposited)
	x.Bond = bond.Sub(x.BondTaken)
	x.Escrow, x.Retention = x.Deposited.Sub(bond).Sub(x.Gross), money.Amount{}
	if x.State.Running() {
		x.Retention = t.Reserve(x.Escrow, x.Covered, x.Duration)
		x.Escrow = x.Escrow.Sub(x.Retention)
	}
}

// At is the state that an SLA shows at a ledger time: Grace and Retention follow from what is paid for.
func (x *SLA) At(now uint64, c *cert.Config) SLAState {
	if x.State != Active || x.Covered >= x.Duration {
		return x.State
	}
	left := int64(x.Covered) - int64(epochOf(x, now, c)) // whole epochs after the running one
	switch {
	case left < int64(x.RetentionEpochs):
		return Retention
	case left < int64(x.RetentionEpochs)+int64(x.GraceEpochs):
		return Grace
	}
	return Active
}

func (s *State) ownSLA(id ids.ID, consumer ids.Account) (SLA, error) {
	x, ok := s.slas.get(id)
	switch {
	case !ok:
		return x, ErrNotFound
	case x.Consumer != consumer:
		return x, ErrNotAuthorized
	}
	return x, nil
}

func (s *State) cancel(op *Cancel) error {
	x, err := s.ownSLA(op.SLA, op.Consumer)
	if err != nil {
		return err
	}
	if !x.State.waits() {
		return ErrStateWrong
	}
	s.giveBack(x, Cancelled)
	r, _ := s.reservations.get(x.ID)
	s.end(r)
	return nil
}

func (s *State) expire(id ids.ID) error {
	x, ok := s.slas.get(id)
	switch {
	case !ok:
		return ErrNotFound
	case !x.State.waits():
		return ErrStateWrong
	case x.State == Requested && s.now <= x.AcceptBy, x.State != Requested && s.now <= x.FundBy:
		return ErrNotTimedOut
	}
	s.giveBack(x, Expired)
	r, _ := s.reservations.get(id)
	s.end(r)
	return nil
}

func (s *State) payout(id ids.ID) error {
	return s.pay(id, "paid", func(x *SLA) (*money.Amount, ids.Account) { return &x.ProviderClaim, x.Payout })
}

func (s *State) refund(id ids.ID) error {
	return s.pay(id, "refunded", func(x *SLA) (*money.Amount, ids.Account) { return &x.ConsumerClaim, x.Consumer })
}

// pay empties one bucket.
func (s *State) pay(id ids.ID, event string, bucket func(*SLA) (*money.Amount, ids.Account)) error {
	x, ok := s.slas.get(id)
	if !ok {
		return ErrNotFound
	}
	b, to := bucket(&x)
	due := *b
	if due.Sign() == 0 {
		return ErrNothingDue
	}
	*b = money.Amount{}
	x.Withdrawn = x.Withdrawn.Add(due)
	s.slas.set(id, x)
	s.emit(event, id, due)
	return s.transfer(x.Asset, s.genesis.Consumer, to, due)
}

func (s *State) collectFees(id ids.ID) error {
	x, ok := s.slas.get(id)
	if !ok {
		return ErrNotFound
	}
	if x.Fees.Sign() == 0 {
		return ErrNothingDue
	}
	t, _ := s.terms.get(id)
	before, after := sla.Split(x.FeeTotal.Sub(x.Fees), t.Protocol.FeeSplit), sla.Split(x.FeeTotal, t.Protocol.FeeSplit)
	x.Withdrawn = x.Withdrawn.Add(x.Fees)
	s.emit("collected", id, x.Fees)
	x.Fees = money.Amount{}
	s.slas.set(id, x)
	for i, to := range []ids.Account{s.params.PlatformAddress, s.params.ValidatorsAddress, s.params.FundAddress, s.params.InsuranceAddress} {
		if err := s.share(x.Asset, s.genesis.Consumer, to, s.params.FundAddress, after[i].Sub(before[i])); err != nil {
			return err
		}
	}
	return nil
}
