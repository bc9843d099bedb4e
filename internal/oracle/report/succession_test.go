package report

import (
	"testing"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/sla"
)

// TestAnSLAThatFollowsAnother: it is sighted long before it begins, and nothing of that time is measured, judged or reported; the one before it ends where the chain says by then.
func TestAnSLAThatFollowsAnother(t *testing.T) {
	t.Parallel()
	s := newSeat(t, 4, 2)
	a, b := s.deals[0], s.deals[1]
	b.Previous = a.SLA
	other := ids.UnitID(ids.Account{Chain: ids.Stellar, Kind: ids.Contract}, ids.Account{Chain: ids.Stellar}, [32]byte{9})
	b.Units, b.Redundancy = []sla.Share{{Unit: a.Units[0].Unit, Bps: 10_000}, {Unit: other, Bps: 10_000}}, 2 // and it is part of a joint one
	if err := b.Validate(); err != nil {
		t.Fatal(err)
	}
	s.sight(0, a, 0, 1000)
	s.sight(0, b, 8, 1000)
	if r := s.Record(b.SLA); r == nil || r.Unit != a.Units[0].Unit {
		t.Fatalf("of several units the first one is its own: %+v", r)
	}
	for e := range uint64(3) {
		r := s.close(e, gone)
		if _, _, ok := r.Prove(b.SLA); ok {
			t.Fatalf("epoch %d: a leaf before the SLA began", e)
		}
	}
	s.sight(3, a, 0, 8) // it was divided: eight epochs, two windows
	for e := uint64(3); e < 8; e++ {
		s.close(e, fine)
	}
	before := s.Record(a.SLA)
	if l := before.Leaf; before.Running() || l.Status != sla.Complete || l.Epochs != 8 || l.JudgedEpochs != 8 || l.SlotsBad == 0 {
		t.Errorf("the one that was divided: %+v", l)
	}
	r := s.close(8, fine)
	l, _, ok := r.Prove(b.SLA)
	if !ok || l.Epochs != 1 || l.Slots != 12 || l.SlotsBad != 0 || l.SlotsExcluded != 0 || l.Warnings != 0 {
		t.Errorf("the one that follows, after its first epoch: %+v", l)
	}
	if last, _, ok := r.Prove(a.SLA); !ok || last != before.Leaf {
		t.Error("the finished one's leaf moved")
	}
}

// TestTheProvidersNoticeMovesTheEnd: an SLA that is reclaimed is measured and judged to the end that the notice named.
func TestTheProvidersNoticeMovesTheEnd(t *testing.T) {
	t.Parallel()
	s := newSeat(t, 4, 1)
	a := s.deals[0]
	s.sight(0, a, 0, 1000)
	s.close(0, fine)
	s.sight(1, a, 0, 8)
	for e := uint64(1); e < 8; e++ {
		s.close(e, fine)
	}
	if r := s.Record(a.SLA); r.Running() || r.Leaf.Epochs != 8 || r.Leaf.SlotsExcluded != 0 || r.Leaf.Slots != 96 {
		t.Errorf("%+v", r.Leaf)
	}
}
