package walk

import "github.com/flashback-network/flashback/internal/sla"

// Lie is a leaf that no honest quorum signs.
type Lie struct {
	Name string
	Leaf sla.Leaf
}

// Lies about an SLA, each made of a true leaf. A contract refuses most of them even when they are certified; none may break an invariant.
func Lies(t *sla.Terms, l sla.Leaf) (lies []Lie) {
	h := uint64(t.Protocol.HoldbackBps)
	judged, out := uint64(l.JudgedEpochs), l.JudgedOut
	wide := func(a, b uint64) sla.Wide { return sla.Wide{}.AddProduct(a, b) }
	for _, x := range []struct {
		name   string
		change func(*sla.Leaf)
	}{
		{"another SLA", func(l *sla.Leaf) { l.SLA[31]++ }},
		{"other terms", func(l *sla.Leaf) { l.Terms[31]++ }},
		{"status 3", func(l *sla.Leaf) { l.Status = 3 }},
		{"lost 2", func(l *sla.Leaf) { l.Lost = 2 }},
		{"an epoch more", func(l *sla.Leaf) { l.Epochs++ }},
		{"an epoch less", func(l *sla.Leaf) { l.Epochs-- }},
		{"all epochs at once", func(l *sla.Leaf) { l.Epochs, l.JudgedEpochs, l.Status = t.Duration, t.Duration, sla.Complete }},
		{"judged beyond", func(l *sla.Leaf) { l.JudgedEpochs = l.Epochs + 1 }},
		{"out beyond", func(l *sla.Leaf) { l.BytesOut = t.Egress + 1 }},
		{"judged out beyond", func(l *sla.Leaf) { l.JudgedOut = l.BytesOut + 1 }},
		{"price credit", func(l *sla.Leaf) { l.PriceCreditEpochs = h*judged + 1 }},
		{"price credit out", func(l *sla.Leaf) { l.PriceCreditOut = wide(h, out).AddProduct(1, 1) }},
		{"credit", func(l *sla.Leaf) { l.CollateralCreditEpochs = 10_000*judged - l.PriceCreditEpochs + 1 }},
		{"credit out", func(l *sla.Leaf) { l.CollateralCreditOut = wide(10_000, out).AddProduct(1, 1) }},
		{"credit without end", func(l *sla.Leaf) { l.CollateralCreditEpochs = 1 << 63 }},
		{"slash over the cap", func(l *sla.Leaf) {
			p := &t.Protocol
			l.Warnings, l.SlashBps = max(l.Warnings, 2), uint32(p.SlashCapBps)*((l.Epochs+p.SlashPeriod-1)/p.SlashPeriod)+1
		}},
		{"slash without warning", func(l *sla.Leaf) { l.SlashBps, l.Warnings = max(l.SlashBps, 1), 1 }},
		{"complete, not judged", func(l *sla.Leaf) { l.Status, l.JudgedEpochs = sla.Complete, l.Epochs-1 }},
		{"abandoned, not judged", func(l *sla.Leaf) { l.Status, l.JudgedEpochs = sla.Abandoned, l.Epochs-1 }},
		// from here on, what a contract cannot know to be a lie, or only beside an earlier leaf
		{"all of the holdback credited", func(l *sla.Leaf) { l.PriceCreditEpochs, l.PriceCreditOut = h*judged, wide(h, out) }},
		{"slash up to the cap", func(l *sla.Leaf) {
			l.Warnings, l.SlashBps = max(l.Warnings, 2), max(l.SlashBps, uint32(t.Protocol.SlashCapBps))
		}},
		{"complete before the end", func(l *sla.Leaf) { l.Status, l.JudgedEpochs, l.JudgedOut = sla.Complete, l.Epochs, l.BytesOut }},
		{"abandoned", func(l *sla.Leaf) { l.Status, l.JudgedEpochs, l.JudgedOut = sla.Abandoned, l.Epochs, l.BytesOut }},
		{"fewer slots", func(l *sla.Leaf) { l.Slots = 0 }},
		{"less read", func(l *sla.Leaf) { l.BytesOut, l.JudgedOut = 0, 0 }},
		{"nothing judged", func(l *sla.Leaf) {
			l.JudgedEpochs, l.JudgedOut, l.PriceCreditEpochs, l.PriceCreditOut = 0, 0, 0, sla.Wide{}
		}},
	} {
		y := l
		x.change(&y)
		lies = append(lies, Lie{x.name, y})
	}
	return lies
}
