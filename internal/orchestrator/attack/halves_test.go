package attack

import (
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Attacks on what settles: one half alone, none, too late, after the end.
var halves = []attack{
	{
		name: "settle the provider's half alone", does: "a consumer draws coverage and slash by the provider's half, further and further, and lets the price's half lie",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			l := w.open("mallory", w.unit("pia", offer{}), plain)
			for range 4 {
				w.run(3, 4, 1<<26, l)
				w.do("mallory", l.settlingHalf())
				l.half = l.leaf
				if _, refused := w.try("mallory", orchestrator.Claim{SLA: l.id}); refused != "" && refused != "NothingDue" {
					w.Error(refused)
				}
			}
			w.settle("pia", l) // the halves meet by one leaf
			w.finish(l)
			w.honest(l)
			return 0, "each half is a function of the leaf alone"
		},
	},
	{
		name: "refuse to settle", does: "a consumer waits for the end and times out while the provider has settled only half, to have the rest back",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			l := w.open("mallory", w.unit("pia", offer{}), plain)
			w.run(20, 0, 1<<26, l)
			w.settle("pia", l)
			x := w.sla(l.id)
			end := w.config.Start(x.StartEpoch + uint64(x.EndEpochs))
			w.advance(end + w.params.CloseSeconds - w.Now())
			w.refused("NotTimedOut", "mallory", orchestrator.TimeOut{SLA: l.id})
			w.advance(1)
			w.do("mallory", orchestrator.TimeOut{SLA: l.id})
			// What was settled is earned in full, without a verdict on the windows that were open.
			gross := l.terms.Totals(&l.leaf).Gross.Big().Int64()
			fee := l.terms.Totals(&l.leaf).Gross.Bps(uint32(w.params.FeeBps)).Big().Int64()
			w.owe("mallory", -gross)
			w.owe("pia", gross-fee)
			w.run(1, 0, 0, l)
			w.refused("StateWrong", "pia", l.settlingHalf())
			w.refused("StateWrong", "pia", l.settling())
			return 0, "anyone may settle; only what nobody settled for close seconds goes back"
		},
	},
	{
		name: "settle nothing of a bad provider", does: "a provider whose node was dead hopes that nobody settles, and times out to have its collateral",
		attackers: []string{"rogue"}, victims: []string{"carl"},
		run: func(w *world) (int64, string) {
			l := w.open("carl", w.unit("rogue", offer{}), plain)
			x := w.sla(l.id)
			w.run(9, 5, 0, l)
			w.advance(w.config.Start(x.StartEpoch+uint64(x.EndEpochs)) + w.params.CloseSeconds + 1 - w.Now())
			w.do("rogue", orchestrator.TimeOut{SLA: l.id})
			// Nobody settled anything, the consumer neither: it has all of its money back, and nobody is slashed.
			return 0, "anyone may settle; by time_out the consumer has its money back and nobody is punished"
		},
	},
	{
		name: "settle beyond the end", does: "a provider settles past a close, and after the end of all; a consumer terminates without a breach",
		attackers: []string{"rogue"}, victims: []string{"carl"},
		run: func(w *world) (int64, string) {
			l := w.open("carl", w.unit("rogue", offer{}), plain)
			w.refused("NoBreach", "carl", orchestrator.Terminate{Consumer: account("carl"), SLA: l.id})
			w.run(4, 0, 1<<20, l)
			w.do("carl", orchestrator.CloseSLA{Consumer: account("carl"), SLA: l.id})
			end := w.sla(l.id).EndEpochs
			beyond := l.leaf
			beyond.Epochs = end + 1
			final := l.leaf
			final.Epochs, final.JudgedEpochs, final.JudgedOut, final.Status = end+1, end+1, final.BytesOut, sla.Complete
			proofs := w.certifyBeside(l.start+uint64(end), []sla.Leaf{beyond}, l)
			w.refused("LeafBeyond", "rogue", orchestrator.Settle{SLA: l.id, From: l.settled, To: beyond, Epoch: w.latest, Proof: proofs[0]})
			for l.leaf.Epochs < end {
				l.observe(0, l.leaf.BytesOut, end)
			}
			w.certify(w.latest+1, l)
			w.settle("rogue", l)
			w.draw(l)
			w.refused("StateWrong", "rogue", orchestrator.Settle{SLA: l.id, From: l.settled, To: final, Epoch: l.epoch, Proof: l.proof})
			w.honest(l)
			return 0, "the end is the end"
		},
	},
}
