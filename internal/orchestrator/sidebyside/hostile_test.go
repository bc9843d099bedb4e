package sidebyside

import (
	"testing"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/walk"
	"github.com/flashback-network/flashback/internal/sla"
)

// Every lie of a dishonest quorum is answered alike on both sides, in both halves, and breaks no invariant.
func TestLies(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	r, err := open(ctx, 77, shape{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	lives, err := r.lives(ctx, 40)
	if err != nil {
		t.Fatal(err)
	}
	x, _ := r.World.State.SLA(lives[0].id)
	var config cert.Config
	epoch := x.StartEpoch
	observe := func(epochs, bad int) {
		for range epochs {
			for _, l := range lives {
				m := &sla.Measure{Operations: 20, Challenges: 1, Passed: 1, BytesOut: l.leaf.BytesOut + 1<<20}
				for i := range 5 {
					s := sla.Slot{State: sla.Counted, TTFB: 40, Throughput: 20_000}
					if i < bad {
						s = sla.Slot{State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
					}
					m.Slots = append(m.Slots, s)
				}
				next, v := l.terms.Advance(l.leaf, &l.base, m, 40)
				if l.leaf = next; v != nil {
					l.base = next
				}
			}
			epoch++
		}
		config = r.World.State.Config()
		r.World.Now = config.Start(epoch)
	}
	observe(4, 1)
	for round := range 2 {
		var lies []walk.Lie
		var leaves []sla.Leaf
		for _, l := range []*life{lives[0], lives[2]} { // stream and escrow
			for _, lie := range walk.Lies(l.terms, l.leaf) {
				lies, leaves = append(lies, lie), append(leaves, lie.Leaf)
			}
		}
		hashes, err := r.certify(ctx, &config, epoch-1, lives, leaves...)
		if err != nil {
			t.Fatal(err)
		}
		refusals := map[string]int{}
		for i, lie := range lies {
			l := lives[i/(len(lies)/2)*2]
			from, _ := r.World.State.SettledLeaf(l.id)
			half, _ := r.World.State.SettledReservation(l.id)
			proof := merkle.Prove(hashes, len(lives)+i)
			for _, op := range []orchestrator.Op{
				orchestrator.SettleReservation{SLA: l.id, Terms: l.terms.Bytes(), From: half, To: lie.Leaf, Epoch: epoch - 1, Proof: proof},
				orchestrator.Settle{SLA: l.id, From: from, To: lie.Leaf, Epoch: epoch - 1, Proof: proof},
			} {
				_, refused, err := r.Step(ctx, op)
				if err != nil {
					t.Fatalf("round %d, %s: %v", round, lie.Name, err)
				}
				refusals[code(refused)]++
			}
		}
		t.Logf("round %d: %v", round, refusals)
		observe(3, 2)
	}
	if err := r.Equal(ctx); err != nil {
		t.Error(err)
	}
}
