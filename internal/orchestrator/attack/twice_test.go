package attack

import (
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Attacks by doing again, and by giving.
var twice = []attack{
	{
		name: "draw twice", does: "everybody draws every share twice, before and after the end, and again after the end of all",
		attackers: []string{"mallory", "rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			l := w.open("mallory", w.unit("rogue", offer{}), plain)
			w.open("carl", w.unit("pia", offer{}), plain) // money to be stolen
			again := func() {
				for _, op := range []orchestrator.Op{orchestrator.Payout{SLA: l.id}, orchestrator.Refund{SLA: l.id}, orchestrator.CollectFees{SLA: l.id}, orchestrator.Claim{SLA: l.id}, orchestrator.CollectSlash{SLA: l.id}} {
					w.refused("NothingDue", "mallory", op)
				}
			}
			w.run(9, 2, 0, l)
			w.settle("mallory", l)
			w.draw(l)
			again()
			w.run(9, 5, 1<<28, l)
			w.settle("mallory", l)
			w.draw(l)
			again()
			w.finish(l)
			again()
			w.refused("StateWrong", "mallory", orchestrator.CloseSLA{Consumer: account("mallory"), SLA: l.id})
			w.refused("StateWrong", "mallory", orchestrator.TimeOut{SLA: l.id})
			w.finish(w.lives[1])
			w.honest(l)
			w.honest(w.lives[1])
			return 0, "what is drawn is drawn"
		},
	},
	{
		name: "donation", does: "a party sends tokens to the contracts, to shift their books or a share of anything",
		attackers: []string{"mallory"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			l := w.open("carl", w.unit("pia", offer{}), plain)
			w.run(9, 3, 0, l)
			for _, to := range []string{"consumer", "provider"} {
				contract := w.at().Consumer
				if to == "provider" {
					contract = w.at().Provider
				}
				if _, err := w.chain.Transfer(w.ctx, key("mallory"), w.usd, contract, money.Of(1_000_003)); err != nil {
					w.Fatal(err)
				}
				w.calls["mallory"]++
				w.gifts[contract] = 1_000_003
			}
			w.finish(l)
			w.honest(l)
			return 0, "no amount is read off a balance"
		},
	},
}
