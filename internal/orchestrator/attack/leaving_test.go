package attack

import (
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Attacks by paying little, and by leaving.
var leaving = []attack{
	{
		name: "fund too little", does: "a consumer pays one unit less than an SLA needs to begin, to hold capacity and collateral for a deposit that it has back",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			unit := w.unit("pia", offer{})
			x := plain
			x.deposit = 1
			l := w.open("mallory", unit, x)
			least := w.least(l)
			w.do("mallory", orchestrator.Fund{From: account("mallory"), SLA: l.id, Amount: least.Sub(money.Of(2))})
			if s := w.sla(l.id).State; s != orchestrator.Accepted {
				w.Errorf("a short deposit leaves it %s", s)
			}
			w.advance(w.params.FundSeconds + 1)
			w.do("anyone", orchestrator.Expire{SLA: l.id})
			w.refused("StateWrong", "mallory", orchestrator.Fund{From: account("mallory"), SLA: l.id, Amount: money.Of(1)})
			w.free("pia", unit)
			return 0, "locked until fund_by at the longest; `refuse` frees at once"
		},
	},
	{
		name: "default for profit", does: "a consumer pays the least that an SLA begins with, uses it to the last covered epoch, and lets it default",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			l := w.short("mallory")
			covered := w.sla(l.id).EndEpochs
			w.run(int(covered)-1, 0, 1<<28, l)
			w.settle("mallory", l) // nothing is lost on the way
			w.run(1, 0, l.terms.Egress, l)
			w.refused("StateWrong", "mallory", orchestrator.Fund{From: account("mallory"), SLA: l.id, Amount: money.Of(1)})
			w.settle("pia", l)
			if s := w.sla(l.id).State; s != orchestrator.Defaulted {
				w.Errorf("it ends %s", s)
			}
			w.draw(l)
			w.refused("NothingDue", "mallory", orchestrator.Refund{SLA: l.id})
			w.honest(l)
			if early := l.terms.Early(l.leaf.Epochs, l.terms.Duration); early.Sign() <= 0 {
				w.Error("it costs nothing")
			}
			return 0, "every epoch is paid for before it begins, and a default costs what `close` costs, out of the bond"
		},
	},
	{
		name: "dodge the price of leaving", does: "a consumer closes and tries to cancel, terminate, close again, pay in and time out, so that its bond comes back",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			l := w.open("mallory", w.unit("pia", offer{}), plain)
			w.run(4, 0, 1<<26, l)
			mallory := account("mallory")
			w.do("mallory", orchestrator.CloseSLA{Consumer: mallory, SLA: l.id})
			end := w.sla(l.id).EndEpochs
			w.refused("StateWrong", "mallory", orchestrator.CloseSLA{Consumer: mallory, SLA: l.id})
			w.refused("StateWrong", "mallory", orchestrator.Cancel{Consumer: mallory, SLA: l.id})
			w.refused("StateWrong", "mallory", orchestrator.Fund{From: mallory, SLA: l.id, Amount: money.Of(1)})
			w.refused("NoBreach", "mallory", orchestrator.Terminate{Consumer: mallory, SLA: l.id})
			w.refused("NotTimedOut", "mallory", orchestrator.TimeOut{SLA: l.id})
			w.run(int(end)-4, 0, 1<<26, l)
			x := w.sla(l.id)
			w.advance(w.config.Start(x.StartEpoch+uint64(end)) + w.params.CloseSeconds - w.Now())
			w.refused("NotTimedOut", "mallory", orchestrator.TimeOut{SLA: l.id})
			w.settle("pia", l) // in the last second
			w.advance(1)
			w.refused("StateWrong", "mallory", orchestrator.TimeOut{SLA: l.id})
			w.draw(l)
			w.honest(l)
			return 0, "the last leaf takes it, and anyone may settle that until time_out"
		},
	},
	{
		name: "top up in bits", does: "a consumer pays epoch by epoch, a unit short each time, so that epochs are covered that are not paid for",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			l := w.short("mallory")
			step := l.terms.Storage(1).Sub(money.Of(1))
			for range 6 {
				w.run(1, 0, 1<<20, l)
				w.settle("mallory", l)
				w.do("mallory", orchestrator.Fund{From: account("mallory"), SLA: l.id, Amount: step})
				x := w.sla(l.id)
				if price := l.terms.Storage(x.EndEpochs).Add(l.terms.EgressTotal()).Add(l.terms.Bond); x.Deposited.Less(price) {
					w.Errorf("%d epochs are covered by %s, their price is %s", x.EndEpochs, x.Deposited, price)
				}
			}
			w.finish(l)
			w.honest(l)
			return 0, "what is covered is paid for to the unit"
		},
	},
}

// least is the smallest deposit that an SLA begins with.
func (w *world) least(l *life) money.Amount {
	return l.terms.Bond.Add(l.terms.EgressTotal()).Add(l.terms.Storage(l.terms.Least()))
}

// short is an SLA with the smallest deposit that it begins with.
func (w *world) short(consumer string) *life {
	w.Helper()
	unit := w.unit("pia", offer{})
	x := plain
	x.nothing = true
	l := w.open(consumer, unit, x)
	w.do(consumer, orchestrator.Fund{From: account(consumer), SLA: l.id, Amount: w.least(l)})
	l = w.refollow(l)
	w.lives[len(w.lives)-1] = l
	if s := w.sla(l.id); s.State != orchestrator.Active || s.EndEpochs >= l.terms.Duration {
		w.Errorf("it is %s to epoch %d", s.State, s.EndEpochs)
	}
	return l
}
