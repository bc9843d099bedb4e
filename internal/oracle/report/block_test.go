package report

import (
	"errors"
	"testing"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/sla"
)

// seat is a state with its world, driven one epoch at a time.
type seat struct {
	*world
	*State
	t *testing.T
}

func newSeat(t *testing.T, validators, slas int) *seat {
	w := newWorld(7, validators, 1, slas)
	return &seat{w, New(&w.config, Anchor{}), t}
}

// at runs a block some milliseconds after an epoch's end and wants all its messages to take effect.
func (s *seat) at(epoch, after uint64, raw ...[]byte) Outcome {
	s.t.Helper()
	out := s.run(s.State, s.State.config.Start(epoch+1)*1000+after, raw)
	for i, err := range out.Refused {
		if err != nil {
			s.t.Fatalf("epoch %d: message %d was refused: %v", epoch, i, err)
		}
	}
	if len(out.Refused) != len(raw) {
		s.t.Fatalf("epoch %d: %d of %d messages decode", epoch, len(out.Refused), len(raw))
	}
	return out
}

// close an epoch: observations of all validators, grace, certificate.
func (s *seat) close(epoch uint64, slot SlotFigures) *Report {
	s.t.Helper()
	var raw [][]byte
	for _, u := range s.units() {
		if !s.carries(u) {
			continue
		}
		for v := range s.keys {
			raw = append(raw, s.observation(v, epoch, u, func(int) SlotFigures { return slot }, func(t *sla.Terms) SLAFigures { return SLAFigures{SLA: t.SLA} }))
		}
	}
	s.at(epoch, 100, raw...)
	s.at(epoch, 900)
	out := s.at(epoch, Grace(s.config())+1)
	if out.Closed == nil || out.Closed.Epoch != epoch || s.Pending == nil {
		s.t.Fatalf("epoch %d was not closed: %+v", epoch, out)
	}
	r := out.Closed
	if out = s.at(epoch, Grace(s.config())+200, s.certify(s.Pending)); out.Certified == nil || s.Last.Root != r.Root {
		s.t.Fatalf("epoch %d was not certified", epoch)
	}
	return r
}

func (s *seat) config() *cert.Config { return s.State.Config() }

func (s *seat) sight(epoch uint64, t *sla.Terms, start uint64, end uint32) {
	s.t.Helper()
	for v := range s.keys {
		if s.run(s.State, s.Time(), [][]byte{s.sighting(v, t, start, end)}); v == len(s.keys)*2/3 {
			return // a quorum is enough
		}
	}
}

var fine = reached(2, 0, 5, 5000)

func TestSightingsNeedAQuorum(t *testing.T) {
	t.Parallel()
	s := newSeat(t, 4, 1)
	x := s.deals[0]
	s.at(0, 0, s.sighting(0, x, 1, 100), s.sighting(1, x, 1, 100))
	if s.Record(x.SLA) != nil {
		t.Fatal("two of four put a fact in force")
	}
	s.at(0, 1, s.sighting(2, x, 1, 99)) // saw something else
	if s.Record(x.SLA) != nil {
		t.Fatal("different facts were counted together")
	}
	s.at(0, 2, s.sighting(2, x, 1, 100)) // and looked again
	if r := s.Record(x.SLA); r == nil || r.End != 100 || r.Start != 1 {
		t.Fatalf("a quorum put nothing in force: %+v", r)
	}
	if out := s.run(s.State, s.Time(), [][]byte{s.sighting(3, x, 1, 100)}); !errors.Is(out.Refused[0], ErrRepeated) {
		t.Errorf("a fact in force was taken again: %v", out.Refused[0])
	}
	changed := *x
	changed.Volume++
	if out := s.run(s.State, s.Time(), [][]byte{s.sighting(3, &changed, 1, 100)}); !errors.Is(out.Refused[0], ErrFact) {
		t.Errorf("other terms for the same SLA: %v", out.Refused[0])
	}
}

func TestLateSLAHasExcludedSlots(t *testing.T) {
	t.Parallel()
	s := newSeat(t, 4, 2)
	s.sight(0, s.deals[0], 0, 100)
	for e := range uint64(5) {
		s.close(e, fine)
	}
	s.sight(5, s.deals[1], 2, 100)
	l := s.Record(s.deals[1].SLA).Leaf
	if l.Epochs != 3 || l.SlotsExcluded != 36 || l.Slots != 36 {
		t.Errorf("an SLA that began three epochs ago: %+v", l)
	}
	r := s.close(5, fine)
	if leaf, _, ok := r.Prove(s.deals[1].SLA); !ok || leaf.Epochs != 4 || leaf.SlotsExcluded != 36 || leaf.Slots != 48 {
		t.Errorf("and one epoch on: %+v", leaf)
	}
	if leaf, proof, ok := r.Prove(s.deals[0].SLA); !ok || leaf.Epochs != 6 || leaf.SlotsExcluded != 0 || !proof.Verify(leaf.Hash(), r.Root) {
		t.Errorf("the other one: %+v", leaf)
	}
}

func TestGapIsClosedWithoutRoots(t *testing.T) {
	t.Parallel()
	s := newSeat(t, 4, 1)
	x := s.deals[0]
	s.sight(0, x, 0, 100)
	first := s.close(0, fine)
	// nobody is there for ten epochs; then blocks go on
	const back = 10
	if out := s.at(back, 600); out.Closed != nil || out.Epochs != 0 {
		t.Fatalf("closed before anybody could say what happened meanwhile: %+v", out)
	}
	before := s.Hash()
	if s.at(back, 700); s.Hash() == before {
		t.Fatal("the hash stands still, so no block would follow")
	}
	missed := s.at(back, 600+Grace(s.config()))
	out := s.at(back, 3*Grace(s.config())) // nobody has observed the last one
	if missed.Epochs != back-1 || missed.Closed != nil || out.Epochs != 1 || out.Closed == nil || out.Closed.Epoch != back || out.Closed.Previous != first.Root {
		t.Fatalf("%d and %d epochs closed, %+v", missed.Epochs, out.Epochs, out.Closed)
	}
	if l := out.Closed.Leaves[0]; l.Epochs != back+1 || l.SlotsExcluded != back*12 || l.SlotsBad != 0 || l.SlashBps != 0 {
		t.Errorf("one leaf covers the gap: %+v", l)
	}
	// no epoch closes while a root waits for its certificate
	if out := s.at(back+1, 5000); out.Closed != nil {
		t.Error("a second root while the first waits")
	}
	if out := s.at(back+1, 5300, s.certify(s.Pending)); out.Certified == nil || out.Closed == nil || out.Closed.Epoch != back+1 {
		t.Errorf("the next epoch closes in the block of the certificate: %+v", out)
	}
}

func TestEpochWaitsForObservations(t *testing.T) {
	t.Parallel()
	s := newSeat(t, 4, 1)
	x := s.deals[0]
	s.sight(0, x, 0, 100)
	s.at(0, 0)
	grace := Grace(s.config())
	see := func(v int) []byte {
		return s.observation(v, 0, x.Units[0].Unit, func(int) SlotFigures { return fine }, func(t *sla.Terms) SLAFigures { return SLAFigures{SLA: t.SLA} })
	}
	if out := s.at(0, grace+1, see(0), see(1)); out.Closed != nil {
		t.Error("closed when two of four had observed")
	}
	h := s.Hash()
	if s.at(0, grace+2); s.Hash() == h {
		t.Error("the hash stands still while an epoch is due")
	}
	late := s.State.Clone()
	if out := late.Block(s.State.config.Start(1)*1000+3*grace, nil); out.Closed == nil || out.Closed.Leaves[0].SlotsExcluded != 12 {
		t.Errorf("not closed with two of four after all patience: %+v", out.Closed)
	}
	if out := s.at(0, grace+3, see(2)); out.Closed == nil || out.Closed.Leaves[0].SlotsExcluded != 0 {
		t.Errorf("not closed when a quorum had observed: %+v", out.Closed)
	}
}

func TestEndsStayUntilTheChainIsDone(t *testing.T) {
	t.Parallel()
	s := newSeat(t, 4, 2)
	x, y := s.deals[0], s.deals[1]
	s.sight(0, x, 0, 4)
	s.sight(0, y, 0, 100)
	for e := range uint64(3) {
		s.close(e, fine)
	}
	s.sight(3, y, 0, 4) // closed early, in time
	for e := uint64(3); e < 6; e++ {
		r := s.close(e, fine)
		for _, l := range r.Leaves {
			if l.Epochs != 4 || l.Status != sla.Complete || l.Windows != 1 {
				t.Errorf("epoch %d: %+v", e, l)
			}
		}
		if len(r.Leaves) != 2 {
			t.Fatalf("epoch %d: %d leaves", e, len(r.Leaves))
		}
	}
	s.sight(6, x, 0, 0)
	if r := s.Record(x.SLA); r != nil {
		t.Error("an SLA that is over on chain stays")
	}
	r := s.close(6, fine)
	if len(r.Leaves) != 1 || r.Leaves[0].SLA != y.SLA {
		t.Errorf("%d leaves", len(r.Leaves))
	}
}

// An SLA that is paid by and by ends where its money ends, unless a top-up is seen while an epoch that is paid for still runs; then it goes on as if that had always been its end.
func TestEndGrowsWithATopUp(t *testing.T) {
	t.Parallel()
	topped, always := newSeat(t, 4, 1), newSeat(t, 4, 1)
	x := topped.deals[0]
	topped.sight(0, x, 0, 6)
	always.sight(0, always.deals[0], 0, 9)
	for e := range uint64(10) {
		if e == 5 { // the sixth epoch, the last that is paid for; the top-up was on the chain before it began
			topped.sight(e, x, 0, 9)
		}
		a, b := topped.close(e, fine), always.close(e, fine)
		if a.Leaves[0] != b.Leaves[0] {
			t.Fatalf("epoch %d: %+v, not %+v", e, a.Leaves[0], b.Leaves[0])
		}
		if done := a.Leaves[0].Status == sla.Complete; done != (e >= 8) {
			t.Errorf("epoch %d: complete %v", e, done)
		}
	}
	ran := newSeat(t, 4, 1)
	ran.sight(0, ran.deals[0], 0, 6)
	for e := range uint64(6) {
		ran.close(e, fine)
	}
	ran.sight(6, ran.deals[0], 0, 9) // too late: the contract does not take such a top-up
	if l := ran.close(6, fine).Leaves[0]; l.Epochs != 6 || l.Status != sla.Complete || l.JudgedEpochs != 6 {
		t.Errorf("%+v", l)
	}
}

func TestEndThatCameLateGoesBackToTheBoundary(t *testing.T) {
	t.Parallel()
	s := newSeat(t, 4, 1)
	x := s.deals[0]
	s.sight(0, x, 0, 100)
	for e := range uint64(6) { // a window has 4
		s.close(e, fine)
	}
	s.sight(6, x, 0, 4)
	r := s.close(6, gone)
	if l := r.Leaves[0]; l.Epochs != 4 || l.Status != sla.Complete || l.JudgedEpochs != 4 || l.SlotsBad != 0 {
		t.Errorf("%+v", l)
	}
}

func TestContradictionIsEvidence(t *testing.T) {
	t.Parallel()
	s := newSeat(t, 4, 1)
	x := s.deals[0]
	u := x.Units[0].Unit
	s.sight(0, x, 0, 100)
	say := func(slot SlotFigures) []byte {
		return s.observation(3, 0, u, func(int) SlotFigures { return slot }, func(t *sla.Terms) SLAFigures { return SLAFigures{SLA: t.SLA} })
	}
	for v := range 3 {
		s.at(0, 50, s.observation(v, 0, u, func(int) SlotFigures { return [...]SlotFigures{reached(2, 0, 40, 1), gone, gone}[v] }, func(t *sla.Terms) SLAFigures { return SLAFigures{SLA: t.SLA} }))
	}
	s.at(0, 100, say(fine))
	s.at(0, 101, say(gone)) // would make a quorum of unreachable
	if out := s.run(s.State, s.Time(), [][]byte{say(gone), say(fine)}); !errors.Is(out.Refused[0], ErrRepeated) || !errors.Is(out.Refused[1], ErrRepeated) {
		t.Errorf("evidence is recorded once: %v", out.Refused)
	}
	out := s.at(0, Grace(s.config())+5)
	if out.Closed == nil || out.Closed.Leaves[0].SlotsBad != 0 {
		t.Errorf("the first one in the log counts: %+v", out.Closed)
	}
	if e := s.State.Evidence(); len(e) != 1 || e[0].Validator != 3 || e[0].Epoch != 0 {
		t.Fatalf("%+v", e)
	}
	r, err := Restore(s.config(), s.Snapshot())
	if err != nil || r.Hash() != s.Hash() || len(r.Evidence()) != 1 {
		t.Errorf("restored: %v", err)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	s := newSeat(t, 4, 1)
	x := s.deals[0]
	u := x.Units[0].Unit
	see := func(v int, epoch uint64) error {
		m := s.observation(v, epoch, u, func(int) SlotFigures { return fine }, func(t *sla.Terms) SLAFigures { return SLAFigures{SLA: t.SLA} })
		return s.run(s.State, s.Time(), [][]byte{m}).Refused[0]
	}
	if err := see(0, 0); !errors.Is(err, ErrUnknown) {
		t.Errorf("a unit that no SLA stands on: %v", err)
	}
	s.sight(0, x, 0, 100)
	for e := range uint64(maxOpen) {
		if err := see(0, e); err != nil {
			t.Errorf("epoch %d: %v", e, err)
		}
	}
	if err := see(0, 1_000_000); !errors.Is(err, ErrFull) {
		t.Errorf("too many open epochs: %v", err)
	}
	if err := see(1, 1_000_000); err != nil {
		t.Errorf("another validator is not concerned: %v", err)
	}
	for i := range maxVotes + 1 {
		y := *x
		y.SLA[20], y.SLA[21] = byte(i), byte(i>>8)
		y.SLA[22] = 1
		err := s.run(s.State, s.Time(), [][]byte{s.sighting(3, &y, 0, 10)}).Refused[0]
		if want := i < maxVotes; (err == nil) != want {
			t.Fatalf("invented SLA %d: %v", i, err)
		}
	}
	tick := func(v uint32, e uint64) error {
		k := Tick{s.config().Network, v, e}
		return s.run(s.State, s.Time(), [][]byte{Seal(k.Bytes(), s.keys[v], v)}).Refused[0]
	}
	if err := tick(3, 1<<50); err != nil {
		t.Error(err)
	}
	h := s.Hash()
	if s.run(s.State, s.Time(), nil); s.Hash() != h {
		t.Error("one validator alone keeps the blocks coming")
	}
	if err := tick(2, 5); err != nil {
		t.Error(err)
	}
	h = s.Hash()
	if s.run(s.State, s.Time(), nil); s.Hash() == h {
		t.Error("more than a third say that an epoch is over, and no block follows")
	}
}

// BenchmarkThousandSLAs is what a block and an epoch's end cost with 1,000 agreements.
func BenchmarkThousandSLAs(b *testing.B) {
	w := newWorld(1, 4, 50, 1000)
	s := New(&w.config, Anchor{})
	for _, t := range w.deals {
		var raw [][]byte
		for v := range 3 {
			raw = append(raw, w.sighting(v, t, 0, 1000))
		}
		w.run(s, s.Time(), raw)
	}
	if len(s.Records()) != 1000 {
		b.Fatal(len(s.Records()))
	}
	b.Run("block", func(b *testing.B) {
		for b.Loop() {
			c := s.Clone()
			c.Block(s.Time(), nil)
			c.Hash()
		}
	})
	b.Run("close", func(b *testing.B) {
		for b.Loop() {
			c := s.Clone()
			c.advance(0)
			c.report(0)
			c.Hash()
		}
	})
	b.Run("snapshot", func(b *testing.B) {
		for b.Loop() {
			s.Snapshot()
		}
	})
}

func FuzzDecode(f *testing.F) {
	w := newWorld(1, 4, 1, 1)
	x := w.deals[0]
	f.Add(w.sighting(0, x, 1, 10))
	f.Add(w.observation(0, 1, x.Units[0].Unit, func(int) SlotFigures { return fine }, func(t *sla.Terms) SLAFigures { return SLAFigures{t.SLA, 1, 1, w.usage(t, 1, 1, 1)} }))
	k := Tick{w.config.Network, 0, 1}
	f.Add(Seal(k.Bytes(), w.keys[0], 0))
	f.Add(w.certify(&Pending{Epoch: 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b, &w.config, w.digest)
		if err != nil {
			return
		}
		s := New(&w.config, Anchor{})
		s.Block(w.config.Genesis*1000, []*Message{m})
		if r, err := Restore(&w.config, s.Snapshot()); err != nil || r.Hash() != s.Hash() {
			t.Fatal(err)
		}
	})
}
