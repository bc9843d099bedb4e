package oracle

import (
	"testing"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// TestReclaimedAndFollowed: a validator follows an end that a notice moved, and leaves an SLA that begins later, and its node, alone until then.
func TestReclaimedAndFollowed(t *testing.T) {
	t.Parallel()
	w := newNetwork(t, 1)
	here, there := newFakeNode(t, &w.config, w.epoch), newFakeNode(t, &w.config, w.epoch)
	w.start(0)
	defer w.stop(0)
	start := w.epoch() + 2
	a, b := w.chain.agree(t, here, 1, start, 1000), w.chain.agree(t, there, 2, start+6, 1000)
	var l *sla.Leaf
	w.chain.await(t, "a measured leaf", func(c *cert.Certificate) bool { l = w.leaf(0, c, a.SLA); return l != nil && l.Operations > 0 })
	w.chain.set(a.SLA, func(x *orchestrator.SLA) { x.State, x.EndEpochs = orchestrator.Reclaiming, 4 }) // one window
	touched := false
	c := w.chain.await(t, "the end of the notice", func(c *cert.Certificate) bool {
		there.set(func(n *fakeNode) { touched = touched || len(n.keys) > 0 && w.epoch()+1 < start+6 })
		l = w.leaf(0, c, a.SLA)
		return l != nil && l.Status == sla.Complete
	})
	if l.Epochs != 4 || l.JudgedEpochs != 4 || l.SlotsBad != 0 {
		t.Errorf("epoch %d: %+v", c.Epoch, l)
	}
	if touched {
		t.Error("the node of an SLA that begins later was measured")
	}
	if c.Epoch < start+6 && w.leaf(0, c, b.SLA) != nil {
		t.Error("a leaf before the SLA began")
	}
	c = w.chain.await(t, "the first leaf of what begins later", func(c *cert.Certificate) bool { l = w.leaf(0, c, b.SLA); return l != nil })
	if l.Epochs != uint32(c.Epoch-(start+6)+1) || l.SlotsBad != 0 {
		t.Errorf("epoch %d of %d: %+v", c.Epoch, start+6, l)
	}
}
