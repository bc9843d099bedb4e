package orchestrator

import (
	"github.com/flashback-network/flashback/internal/cert"
	"math/big"
	"math/bits"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// position of one half of an SLA.
type position struct {
	sla       ids.ID
	termsHash [32]byte
	settled   [32]byte // leaf hash
	ahead     uint32   // a From of fewer epochs is taken too: this half was settled further than the other, and they have to meet again
	start     uint64
	end       uint32 // epochs, as far as this half knows
	most      uint32 // that a final leaf may have
}

// wellFormed reports whether a leaf's bytes decode.
func wellFormed(l *sla.Leaf) bool { return l.Lost <= 1 && l.Status <= sla.Abandoned }

// provable refuses a step between two leaves that the certified root, the settled leaf, time or terms do not allow.
func (s *State) provable(t *sla.Terms, p position, from, to sla.Leaf, epoch uint64, proof merkle.Proof) error {
	if !wellFormed(&from) || !wellFormed(&to) {
		return ErrMalformed
	}
	for _, l := range []*sla.Leaf{&from, &to} {
		if l.SLA != p.sla || l.Terms != p.termsHash {
			return ErrLeafForeign
		}
	}
	root, ok := s.roots.get(epoch)
	if !ok || !proof.Verify(to.Hash(), root) {
		return ErrLeafUnknown
	}
	if from.Epochs >= p.ahead && from.Hash() != p.settled {
		return ErrFromMismatch
	}
	if !from.Behind(&to) {
		return ErrLeafBehind
	}
	if !within(t, p, &to, epoch) {
		return ErrLeafBeyond
	}
	return nil
}

// within reports whether a leaf of an epoch claims no more than time, terms and its own judged windows allow. How long an SLA that was closed early really ran is the validators' word, up to
// what is paid for: one that they saw closing late still settles.
func within(t *sla.Terms, p position, l *sla.Leaf, epoch uint64) bool {
	if epoch < p.start {
		return false
	}
	n, carry := bits.Add64(epoch-p.start, 1, 0)
	if carry != 0 {
		return false
	}
	if l.Status == sla.Running {
		if uint64(l.Epochs) != min(n, uint64(p.end)) {
			return false
		}
	} else if uint64(l.Epochs) > n || l.Epochs > p.most || l.JudgedEpochs != l.Epochs {
		return false
	}
	protocol := &t.Protocol
	h := uint64(protocol.HoldbackBps)
	period := uint64(protocol.SlashPeriod)
	return l.JudgedEpochs <= l.Epochs && l.BytesOut <= t.Egress && l.JudgedOut <= l.BytesOut &&
		l.PriceCreditEpochs <= h*uint64(l.JudgedEpochs) && !sla.Wide{}.AddProduct(h, l.JudgedOut).Less(l.PriceCreditOut) &&
		creditsWithin(l) &&
		uint64(l.SlashBps) <= uint64(protocol.SlashCapBps)*((uint64(l.Epochs)+period-1)/period) && (l.SlashBps == 0 || l.Warnings >= 2)
}

// creditsWithin reports whether no more was credited than all of the judged windows.
func creditsWithin(l *sla.Leaf) bool {
	epochs := new(big.Int).SetUint64(l.PriceCreditEpochs)
	epochs.Add(epochs, new(big.Int).SetUint64(l.CollateralCreditEpochs))
	out := l.PriceCreditOut.Big()
	out.Add(out, l.CollateralCreditOut.Big())
	return epochs.Cmp(sla.Wide{}.AddProduct(10_000, uint64(l.JudgedEpochs)).Big()) <= 0 && out.Cmp(sla.Wide{}.AddProduct(10_000, l.JudgedOut).Big()) <= 0
}

func (s *State) settle(op *Settle) error {
	x, ok := s.slas.get(op.SLA)
	if !ok {
		return ErrNotFound
	}
	hash := op.To.Hash()
	if hash == x.SettledHash {
		return nil
	}
	if !x.State.Running() {
		return ErrStateWrong
	}
	t, _ := s.terms.get(op.SLA)
	p := position{sla: x.ID, termsHash: x.TermsHash, settled: x.SettledHash, start: x.StartEpoch, end: x.EndEpochs, most: x.Covered}
	if err := s.provable(t, p, op.From, op.To, op.Epoch, op.Proof); err != nil {
		return err
	}
	totals := t.Totals(&op.To)
	credited := x.Credited
	if err := book(&x, t, totals); err != nil {
		return err
	}
	// The provider's half tells the warnings, which come before any money. Somebody may have settled it further already.
	switch r, _ := s.reservations.get(x.ID); {
	case r.State == ReservationDone:
	case r.SettledEpochs >= op.To.Epochs && op.To.Status != sla.Running:
		s.end(r) // no later leaf will come to end it
	case r.SettledEpochs < op.To.Epochs:
		if err := s.settleReservation(&SettleReservation{SLA: op.SLA, Terms: t.Bytes(), From: op.From, To: op.To, Epoch: op.Epoch, Proof: op.Proof}); err != nil {
			return err
		}
	}
	if credit := x.Credited.Sub(credited); credit.Sign() > 0 {
		s.emit("credited", x.ID, credit)
	}
	x.SettledEpochs, x.SettledHash, x.Windows = op.To.Epochs, hash, op.To.Windows
	x.Breach = op.To.SlashBps > 0
	s.settled.set(x.ID, op.To)
	s.emit("settled", x.ID, totals.Gross)
	if op.To.Status != sla.Running {
		s.conclude(&x, t, &op.To)
	}
	s.slas.set(x.ID, x)
	return nil
}

// book moves money by the difference to what was moved before.
func book(x *SLA, terms *sla.Terms, t sla.Totals) error {
	gross, provider, fee, credit := t.Gross.Sub(x.Gross), t.Provider.Sub(x.Earned.Sub(x.FeeTotal)), t.Fee.Sub(x.FeeTotal), t.Credit.Sub(x.Credited)
	if gross.Sign() < 0 || provider.Sign() < 0 || fee.Sign() < 0 || credit.Sign() < 0 {
		return ErrLeafBehind
	}
	x.ProviderClaim = x.ProviderClaim.Add(provider)
	x.Fees = x.Fees.Add(fee)
	x.ConsumerClaim = x.ConsumerClaim.Add(credit)
	x.Holdback = t.Holdback
	x.Gross, x.Earned, x.FeeTotal, x.Credited = t.Gross, t.Earned, t.Fee, t.Credit
	x.divide(terms)
	return nil
}

// conclude ends an SLA by its final leaf. Whoever leaves early without a breach, or lets the money run out, pays for it out of the bond.
func (s *State) conclude(x *SLA, t *sla.Terms, l *sla.Leaf) {
	state, early := Completed, x.State == Closing
	switch {
	case l.Status == sla.Abandoned || x.Terminated:
		state, early = Terminated, false
	case x.State == Active && x.Covered < x.Duration && l.Epochs == x.Covered:
		state, early = Defaulted, true
	}
	if early {
		if price := money.Min(t.Early(l.Epochs, x.Duration), x.Bond); price.Sign() > 0 {
			x.ProviderClaim, x.Bond = x.ProviderClaim.Add(price), x.Bond.Sub(price)
			s.emit("ended_early", x.ID, price)
		}
	}
	s.terminal(x, state)
}

// terminal gives the consumer what is left.
func (s *State) terminal(x *SLA, state SLAState) {
	x.ConsumerClaim = money.Sum(x.ConsumerClaim, x.Escrow, x.Holdback, x.Retention, x.Bond)
	x.Escrow, x.Holdback, x.Retention, x.Bond = money.Amount{}, money.Amount{}, money.Amount{}, money.Amount{}
	x.State = state
	s.emit("sla_state", x.ID)
}

// running is the number of the epoch that runs, counted from the SLA's start, at least 1.
func (s *State) running(x *SLA) uint64 { return epochOf(x, s.now, &s.config) }

func epochOf(x *SLA, now uint64, c *cert.Config) uint64 {
	if now < c.Genesis {
		return 1
	}
	if e := c.Epoch(now); e > x.StartEpoch {
		return e - x.StartEpoch + 1
	}
	return 1
}

func (s *State) closeSLA(op *CloseSLA) error {
	x, err := s.ownSLA(op.SLA, op.Consumer)
	if err != nil {
		return err
	}
	if x.State != Active && x.State != Reclaiming || !x.Next.Zero() {
		return ErrStateWrong // between an earlier end and the successor's beginning the provider would keep the place, and nobody pay
	}
	r := s.running(&x)
	w := uint64(s.config.WindowEpochs)
	if x.State == Active {
		x.State = Closing
	}
	x.EndEpochs = uint32(min(uint64(x.EndEpochs), (r+w-1)/w*w))
	s.slas.set(x.ID, x)
	s.emit("closing", x.ID)
	s.emit("sla_state", x.ID)
	return nil
}

func (s *State) terminate(op *Terminate) error {
	x, err := s.ownSLA(op.SLA, op.Consumer)
	if err != nil {
		return err
	}
	if !x.State.Running() || x.Terminated {
		return ErrStateWrong
	}
	if !x.Breach {
		return ErrNoBreach
	}
	x.State, x.Terminated = Closing, true
	x.EndEpochs = uint32(min(uint64(x.EndEpochs), s.running(&x)+1))
	s.slas.set(x.ID, x)
	s.emit("closing", x.ID)
	s.emit("sla_state", x.ID)
	return nil
}

func (s *State) timeOut(id ids.ID) error {
	x, ok := s.slas.get(id)
	if !ok {
		return ErrNotFound
	}
	if !x.State.Running() {
		return ErrStateWrong
	}
	t, _ := s.terms.get(id)
	if s.now <= s.config.Start(x.StartEpoch+uint64(x.EndEpochs))+s.versions.m[t.Protocol.Version].CloseSeconds {
		return ErrNotTimedOut
	}
	earned := x.Earned.Add(x.Holdback)
	fee := earned.Bps(uint32(t.Protocol.FeeBps))
	if err := book(&x, t, sla.Totals{Gross: x.Gross, Credit: x.Credited, Earned: earned, Fee: fee, Provider: earned.Sub(fee)}); err != nil {
		return err
	}
	state := Completed
	if x.Terminated {
		state = Terminated
	}
	s.terminal(&x, state)
	s.slas.set(id, x)
	s.finish(id)
	return nil
}
