package orchestrator

import (
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
	start     uint64
	end       uint32 // epochs, as far as this half knows
}

// wellFormed reports whether a leaf's bytes decode.
func wellFormed(l *sla.Leaf) bool { return l.Lost <= 1 && l.Status <= sla.Abandoned }

// provable checks the two leaves against the terms, the certified root and the settled leaf.
func (s *State) provable(p position, from, to *sla.Leaf, epoch uint64, proof merkle.Proof) error {
	for _, l := range []*sla.Leaf{from, to} {
		if l.SLA != p.sla || l.Terms != p.termsHash {
			return ErrLeafForeign
		}
	}
	root, ok := s.roots.get(epoch)
	if !ok || !proof.Verify(to.Hash(), root) {
		return ErrLeafUnknown
	}
	if from.Hash() != p.settled {
		return ErrFromMismatch
	}
	if !from.Behind(to) {
		return ErrLeafBehind
	}
	return nil
}

// beyond reports whether a leaf of an epoch claims more than time, terms and its own judged windows allow.
func beyond(t *sla.Terms, p position, from, to *sla.Leaf, epoch uint64, consumer bool) bool {
	if epoch < p.start {
		return true
	}
	n, carry := bits.Add64(epoch-p.start, 1, 0)
	if carry != 0 {
		return true
	}
	epochs := uint64(to.Epochs)
	switch to.Status {
	case sla.Running:
		if epochs != n || to.Epochs >= p.end {
			return true
		}
	case sla.Complete:
		if epochs > n || to.Epochs > p.end || consumer && to.Epochs != p.end {
			return true
		}
	default:
		if epochs > n || to.Epochs > p.end {
			return true
		}
	}
	if to.Status != sla.Running && to.JudgedEpochs != to.Epochs || to.JudgedEpochs > to.Epochs || to.JudgedOut > to.BytesOut || to.BytesOut > t.Egress {
		return true
	}
	h := uint64(t.Protocol.HoldbackBps)
	if to.PriceCreditEpochs-from.PriceCreditEpochs > h*uint64(to.JudgedEpochs-from.JudgedEpochs) {
		return true
	}
	most := new(big.Int).Mul(new(big.Int).SetUint64(h), new(big.Int).SetUint64(to.JudgedOut-from.JudgedOut))
	if most.Cmp(new(big.Int).Sub(to.PriceCreditOut.Big(), from.PriceCreditOut.Big())) < 0 {
		return true
	}
	if consumer {
		return false
	}
	periods := (epochs + uint64(t.Protocol.SlashPeriod) - 1) / uint64(t.Protocol.SlashPeriod)
	return to.SlashBps > 0 && to.Warnings < 2 || uint64(to.SlashBps) > uint64(t.Protocol.SlashCapBps)*periods
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
	if x.State != Active && x.State != Closing {
		return ErrStateWrong
	}
	if !wellFormed(&op.From) || !wellFormed(&op.To) {
		return ErrMalformed
	}
	t, _ := s.terms.get(op.SLA)
	p := position{sla: x.ID, termsHash: x.TermsHash, settled: x.SettledHash, start: x.StartEpoch, end: x.EndEpochs}
	if err := s.provable(p, &op.From, &op.To, op.Epoch, op.Proof); err != nil {
		return err
	}
	if beyond(t, p, &op.From, &op.To, op.Epoch, true) {
		return ErrLeafBeyond
	}
	totals := t.Totals(&op.To)
	s.book(&x, totals)
	x.SettledEpochs, x.SettledHash, x.Windows = op.To.Epochs, hash, op.To.Windows
	x.Breach = x.Breach || op.To.SlashBps > 0
	s.settled.set(x.ID, op.To)
	s.emit("settled", x.ID, totals.Gross)
	if op.To.Status != sla.Running {
		s.terminal(&x, op.To.Status == sla.Abandoned)
	}
	s.slas.set(x.ID, x)
	return s.settleReservation(&SettleReservation{SLA: op.SLA, Terms: t.Bytes(), From: op.From, To: op.To, Epoch: op.Epoch, Proof: op.Proof})
}

// book moves money by the difference to what was moved before.
func (s *State) book(x *SLA, t sla.Totals) {
	x.Escrow = x.Escrow.Sub(t.Gross.Sub(x.Gross))
	x.ProviderClaim = x.ProviderClaim.Add(t.Provider.Sub(x.Earned.Sub(x.FeeTotal)))
	x.Fees = x.Fees.Add(t.Fee.Sub(x.FeeTotal))
	credit := t.Credit.Sub(x.Credited)
	x.ConsumerClaim = x.ConsumerClaim.Add(credit)
	x.Holdback = t.Holdback
	x.Gross, x.Earned, x.FeeTotal, x.Credited = t.Gross, t.Earned, t.Fee, t.Credit
	if credit.Sign() > 0 {
		s.emit("credited", x.ID, credit)
	}
}

// terminal gives the consumer what is left.
func (s *State) terminal(x *SLA, abandoned bool) {
	x.ConsumerClaim = money.Sum(x.ConsumerClaim, x.Escrow, x.Holdback)
	x.Escrow, x.Holdback = money.Amount{}, money.Amount{}
	x.State = Completed
	if abandoned || x.Terminated {
		x.State = Terminated
	}
	s.emit("sla_state", x.ID)
}

// running is the number of the epoch that runs, counted from the SLA's start, at least 1.
func (s *State) running(x *SLA) uint64 {
	if e := s.config.Epoch(s.now); e > x.StartEpoch {
		return e - x.StartEpoch + 1
	}
	return 1
}

func (s *State) closeSLA(op *CloseSLA) error {
	x, err := s.ownSLA(op.SLA, op.Consumer)
	if err != nil {
		return err
	}
	r := s.running(&x)
	if x.State != Active || r > uint64(x.EndEpochs) {
		return ErrStateWrong
	}
	w := uint64(s.config.WindowEpochs)
	x.State = Closing
	x.EndEpochs = uint32(min(uint64(x.EndEpochs), (r+w-1)/w*w))
	s.slas.set(x.ID, x)
	s.emit("closing", x.ID)
	return nil
}

func (s *State) terminate(op *Terminate) error {
	x, err := s.ownSLA(op.SLA, op.Consumer)
	if err != nil {
		return err
	}
	r := s.running(&x)
	if x.State != Active && x.State != Closing || x.Terminated || r > uint64(x.EndEpochs) {
		return ErrStateWrong
	}
	if !x.Breach {
		return ErrNoBreach
	}
	x.State, x.Terminated = Closing, true
	x.EndEpochs = uint32(min(uint64(x.EndEpochs), r+1))
	s.slas.set(x.ID, x)
	s.emit("closing", x.ID)
	return nil
}

func (s *State) timeOut(id ids.ID) error {
	x, ok := s.slas.get(id)
	if !ok {
		return ErrNotFound
	}
	if x.State != Active && x.State != Closing {
		return ErrStateWrong
	}
	if s.now < s.config.Start(x.StartEpoch+uint64(x.EndEpochs))+s.params.CloseSeconds {
		return ErrNotTimedOut
	}
	t, _ := s.terms.get(id)
	earned := x.Earned.Add(x.Holdback)
	fee := earned.Bps(uint32(t.Protocol.FeeBps))
	s.book(&x, sla.Totals{Gross: x.Gross, Credit: x.Credited, Earned: earned, Fee: fee, Provider: earned.Sub(fee)})
	s.terminal(&x, false)
	s.slas.set(id, x)
	s.finish(id)
	return nil
}
