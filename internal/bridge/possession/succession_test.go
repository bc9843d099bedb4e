package possession

import (
	"testing"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/statement"
)

// TestASuccessorHasASetOfItsOwn: an SLA that takes a space over proves the same objects under its own statements, and goes on to when the one before it is forgotten.
func TestASuccessorHasASetOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	next := ids.New(ids.Stellar, ids.SLA, [32]byte{8})
	w.put("small", 100, 0)
	w.put("large", 3<<20, 0)
	w.hashAll()
	opened := w.engine.opened
	a, b := w.state(1), w.stateOf(next, 2)
	if a.SetRoot != b.SetRoot || a.Leaves != b.Leaves || b.SLA != next || b.Leaves == 0 {
		t.Fatalf("before %+v, after %+v", a.Usage, b.Usage)
	}
	if w.engine.opened != opened {
		t.Errorf("%d objects were read for the successor", w.engine.opened-opened)
	}
	w.put("more", 70_000, 0)
	w.hashAll()
	c := w.stateOf(next, 3)
	if c.SetRoot == b.SetRoot || c.Leaves != b.Leaves+2 {
		t.Fatalf("after a write: %+v", c.Usage)
	}
	for _, s := range []*statement.Signed{a, b, c} {
		if _, gone, err := w.ask(s, s.Leaves-1); err != nil || gone {
			t.Fatalf("epoch %d: %v, gone %v", s.Epoch, err, gone)
		}
	}
	if err := w.store.Forget(w.sla); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.ask(a, 0); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the forgotten one: %v", err)
	}
	for _, s := range []*statement.Signed{b, c} {
		for chunk := range s.Leaves {
			if _, gone, err := w.ask(s, chunk); err != nil || gone {
				t.Fatalf("epoch %d, chunk %d after the first one was forgotten: %v, gone %v", s.Epoch, chunk, err, gone)
			}
		}
	}
}
