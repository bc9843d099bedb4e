package dispute

import (
	"errors"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// judged is a judged, settled and recent window, proved by its boundaries.
type judged struct {
	terms         *sla.Terms
	reservation   Reservation
	number        uint32
	before, after sla.Leaf
}

func (s *State) proveVerdict(op *ProveVerdict) error {
	j, err := s.window(op.SLA, &op.Before, &op.After)
	if err != nil {
		return err
	}
	right := j.again(0)
	if right == j.after {
		return orchestrator.ErrVerdictStands
	}
	amount := j.denied(&right)
	w := s.windows[WindowKey{op.SLA, j.number}]
	if w.Wrong && !w.Proved.Less(amount) {
		return orchestrator.ErrExists
	}
	w.Wrong = true
	return s.book(op.SLA, j.number, w, amount)
}

// book what was proved, and move of it what the provider's claim has now. A dispute that has the claim frozen delays that only.
func (s *State) book(id ids.ID, number uint32, w Window, amount money.Amount) error {
	if w.Proved.Less(amount) {
		w.Proved = amount
	}
	if _, err := s.move(id, &w); err != nil && !errors.Is(err, orchestrator.ErrDisputed) {
		return err
	}
	s.windows[WindowKey{id, number}] = w
	s.out.Amount = amount
	return nil
}

// window that two certified leaves prove.
func (s *State) window(id ids.ID, before, after *ProvenLeaf) (*judged, error) {
	t, err := s.world.Terms(id)
	if err != nil {
		return nil, err
	}
	r, err := s.world.Reservation(id)
	if err != nil {
		return nil, err
	}
	first, err := sla.DecodeLeaf(before.Leaf)
	if err != nil {
		return nil, orchestrator.ErrMalformed
	}
	last, err := sla.DecodeLeaf(after.Leaf)
	if err != nil {
		return nil, orchestrator.ErrMalformed
	}
	for _, l := range []*sla.Leaf{first, last} {
		if l.SLA != id || l.Terms != t.Hash() {
			return nil, orchestrator.ErrLeafForeign
		}
	}
	if *first != sla.Zero(t) && !s.certified(first, before) || !s.certified(last, after) {
		return nil, orchestrator.ErrLeafUnknown
	}
	ok := first.Status == sla.Running && first.Epochs%t.Window == 0 && first.JudgedEpochs == first.Epochs && first.WindowFlags == 0 && first.Behind(last) &&
		last.Epochs-first.Epochs <= t.Window && (last.Epochs%t.Window == 0 || last.Status != sla.Running) && last.JudgedEpochs == last.Epochs && last.Windows == first.Windows+1
	if !ok {
		return nil, orchestrator.ErrWindowWrong
	}
	if err := s.checkTime(&r, last.Epochs, 0, s.Params().MaxAgeSeconds); err != nil {
		return nil, err
	}
	return &judged{t, r, first.Epochs / t.Window, *first, *last}, nil
}

func (s *State) certified(l *sla.Leaf, p *ProvenLeaf) bool {
	root, ok := s.world.Root(p.Epoch)
	return ok && p.Proof.Verify(l.Hash(), root)
}

// again is the leaf that the window's end should have, with at least so many failed challenges. A certified leaf at a boundary is judged; what it was before is its own measured values with the judged
// sums of the boundary before, and the warnings of a window follow from what was measured in it.
func (j *judged) again(failed uint64) sla.Leaf {
	now := j.before
	now.Epochs, now.Measured = j.after.Epochs, j.after.Measured
	challenges := j.after.Challenges - j.before.Challenges
	certified := challenges - (j.after.Passed - j.before.Passed)
	if failed > certified {
		asked := max(challenges, failed)
		now.Challenges, now.Passed = j.before.Challenges+asked, j.before.Passed+asked-failed
	}
	failed = max(failed, certified)
	for _, warned := range []bool{j.after.SlotsBad > j.before.SlotsBad, failed >= 1, failed >= 2} {
		if warned {
			now.Warnings++
			now.Armed += min(1, 255-now.Armed)
		}
	}
	right, _ := j.terms.Judge(now, &j.before, j.after.Status == sla.Complete)
	return right
}

// denied credits, of price and collateral, that the right leaf has above the settled one.
func (j *judged) denied(right *sla.Leaf) money.Amount {
	a, b := j.terms.Totals(right), j.terms.Totals(&j.after)
	d := a.Credit.Add(a.Coverage).Sub(b.Credit.Add(b.Coverage))
	if d.Sign() < 0 {
		return money.Amount{}
	}
	return d
}
