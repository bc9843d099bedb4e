package attack

import (
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// ugly is an SLA whose every product leaves a rest.
var ugly = wish{volume: 77<<30 + 7, egress: 13<<30 + 3, duration: 60, mode: sla.Stream}

// often settles one SLA after every epoch and draws all five shares each time, beside the same SLA of others that is settled once.
func often(w *world, mode sla.Mode, epochs uint32) (a, b *life) {
	o := offer{storage: 1_234_567, egress: 7_654_321}
	x := ugly
	x.mode, x.duration = mode, epochs
	a, b = w.open("mallory", w.unit("rogue", o), x), w.open("carl", w.unit("pia", o), x)
	for e := range epochs {
		bad := 0
		if e/3%5 == 2 || e/3%5 == 3 {
			bad = int(e % 3)
		}
		w.run(1, bad, uint64(e)*7919+1, a, b)
		w.settle("mallory", a)
		w.draw(a)
	}
	return a, b
}

// Attacks on the floors of the arithmetic.
var rounding = []attack{
	harvest("rounding harvest, stream", sla.Stream),
	harvest("rounding harvest, escrow", sla.Escrow),
	{
		name: "dust SLAs", does: "a provider and its consumer make twenty SLAs so small that the fee of each is rounded to nothing",
		attackers: []string{"mallory", "rogue"}, victims: []string{"platform", "validators", "fund", "insurance"}, dust: 20,
		run: func(w *world) (int64, string) {
			unit := w.unit("rogue", offer{storage: 1_000_000, egress: 1})
			x := wish{volume: 1 << 30, duration: 1} // ⌊10⁶·10/86,400⌋ = 115 units, of them 2 as a fee, not 2.3
			var lives []*life
			var total int64
			for range 20 {
				l := w.open("mallory", unit, x)
				lives = append(lives, l)
				total += l.terms.TotalPrice().Big().Int64()
			}
			w.run(1, 0, 0, lives...)
			for _, l := range lives {
				w.settle("mallory", l)
			}
			fee := money.Of(total).Bps(uint32(w.params.FeeBps)).Big().Int64() // of one SLA of that size
			w.owe("rogue", total-fee)
			w.owe("mallory", -total)
			w.owe("platform", fee)
			return 20, "less than a unit for each SLA"
		},
	},
	{
		name: "dust settlements of nothing", does: "a provider settles the same leaf fifty times, in both halves, and draws as often",
		attackers: []string{"rogue"}, victims: []string{"carl"},
		run: func(w *world) (int64, string) {
			l := w.open("carl", w.unit("rogue", offer{storage: 1_234_567, egress: 3}), ugly)
			w.run(4, 0, 1000, l)
			w.settle("rogue", l)
			w.draw(l)
			for range 25 {
				w.do("rogue", l.settling())
				w.do("rogue", l.settlingHalf())
				w.refused("NothingDue", "rogue", orchestrator.Payout{SLA: l.id})
				w.refused("NothingDue", "rogue", orchestrator.CollectSlash{SLA: l.id})
			}
			w.finish(l)
			w.honest(l)
			return 0, "a settled leaf moves nothing"
		},
	},
}

func harvest(name string, mode sla.Mode) attack {
	return attack{
		name: name, does: "both parties settle after every epoch and draw every share each time, so that each floor falls their way",
		attackers: []string{"mallory", "rogue"}, victims: []string{"platform", "validators", "fund", "insurance"},
		run: func(w *world) (int64, string) {
			before := map[string]int64{}
			for _, n := range payees {
				before[n] = w.wealth(n)
			}
			pia, carl := w.wealth("pia"), w.wealth("carl")
			a, b := often(w, mode, uint32(number("EPOCHS", 45)))
			w.draw(a)
			shares := map[string]int64{}
			for _, n := range payees {
				shares[n] = w.wealth(n) - before[n]
			}
			w.settle("anyone", b)
			w.draw(b)
			if r := w.reservation(b.id); r.Slash.Sign() == 0 || (r.Coverage.Sign() == 0) != (mode == sla.Escrow) {
				w.Errorf("not what was meant: slash %s, coverage %s", r.Slash, r.Coverage)
			}
			w.owe("rogue", w.wealth("pia")-pia)
			w.owe("mallory", w.wealth("carl")-carl)
			for _, n := range payees {
				if once := w.wealth(n) - before[n] - shares[n]; once != shares[n] {
					w.Errorf("%s has %d of many settlements and %d of one", n, shares[n], once)
				}
				w.owe(n, 2*shares[n])
			}
			w.honest(b)
			if w.wealth("carl")-carl != w.due["carl"] || w.wealth("pia")-pia != w.due["pia"] {
				w.Errorf("one settlement: carl %d, not %d; pia %d, not %d", w.wealth("carl")-carl, w.due["carl"], w.wealth("pia")-pia, w.due["pia"])
			}
			return 0, "any schedule of settlements comes to the same to the unit"
		},
	}
}
