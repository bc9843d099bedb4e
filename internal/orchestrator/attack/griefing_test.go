package attack

import (
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Attacks that cost a victim its time, its capacity or its collateral's freedom.
var griefing = []attack{
	{
		name: "reserve and never fund", does: "a consumer takes a provider's capacity and locks its collateral by ten requests without money",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			unit := w.unit("pia", offer{})
			for range 10 {
				w.open("mallory", unit, wish{volume: 864 << 30, duration: 30, nothing: true})
			}
			if c := w.collateral("pia"); c.Locked.Sign() == 0 {
				w.Error("nothing was locked")
			}
			w.refused("CollateralMissing", "pia", orchestrator.WithdrawCollateral{Provider: account("pia"), Asset: w.usd, Amount: money.Of(collateral)})
			w.refused("NotTimedOut", "pia", orchestrator.Expire{SLA: w.lives[0].id})
			w.do("pia", orchestrator.Refuse{Provider: account("pia"), SLA: w.lives[0].id}) // no need to wait
			w.advance(w.params.FundSeconds + 1)
			for _, l := range w.lives[1:] {
				w.do("anyone", orchestrator.Expire{SLA: l.id})
			}
			w.free("pia", unit)
			return 0, "locked until fund_by at the longest; `refuse` frees at once"
		},
	},
	{
		name: "request and never be accepted", does: "a consumer fills a unit that accepts by hand with requests, and takes them back at the last second",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			unit := w.unit("pia", offer{manual: true, capacity: 2 * 864 << 30})
			a, b := w.open("mallory", unit, plain), w.open("mallory", unit, plain)
			if _, err := w.chain.Quote(w.ctx, unit, account("mallory"), 1<<30, 0, 30, ids.ID{}); err == nil {
				w.Error("there is capacity left")
			}
			w.advance(w.params.AcceptSeconds - 1)
			w.do("mallory", orchestrator.Cancel{Consumer: account("mallory"), SLA: a.id})
			w.advance(2)
			w.do("anyone", orchestrator.Expire{SLA: b.id})
			w.refused("StateWrong", "pia", orchestrator.Accept{Provider: account("pia"), SLA: a.id})
			w.free("pia", unit)
			return 0, "reserved until accept_by at the longest"
		},
	},
	{
		name: "fund another's SLA", does: "a stranger pays in for a consumer's request, to bind it to an SLA",
		attackers: []string{"mallory"}, victims: []string{"carl"},
		run: func(w *world) (int64, string) {
			unit := w.unit("pia", offer{})
			l := w.open("carl", unit, wish{volume: 864 << 30, duration: 30, nothing: true})
			full := l.terms.Full()
			w.refused("OverFunded", "mallory", orchestrator.Fund{From: account("mallory"), SLA: l.id, Amount: full.Add(money.Of(1))})
			w.do("mallory", orchestrator.Fund{From: account("mallory"), SLA: l.id, Amount: full})
			w.refused("NotAuthorized", "mallory", orchestrator.CloseSLA{Consumer: account("mallory"), SLA: l.id})
			w.lives[0] = w.refollow(l)
			w.do("carl", orchestrator.CloseSLA{Consumer: account("carl"), SLA: l.id})
			w.finish(w.lives[0])
			return 0, "whoever funds gives; what is left is the consumer's"
		},
	},
	{
		name: "self-dealing", does: "a provider is its own consumer, through an SLA of full length",
		attackers: []string{"mallory", "rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			l := w.open("mallory", w.unit("rogue", offer{}), plain)
			w.run(10, 0, 100<<20, l)
			w.settle("mallory", l)
			w.finish(l)
			return 0, "it pays the fee"
		},
	},
	{
		name: "self-dealing to be slashed", does: "the same, breaching on purpose, to get the collateral back as coverage and slash",
		attackers: []string{"mallory", "rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			l := w.open("mallory", w.unit("rogue", offer{}), plain)
			w.run(15, 5, 0, l)
			w.settle("mallory", l)
			if w.reservation(l.id).Slash.Sign() == 0 {
				w.Error("nothing was slashed")
			}
			w.finish(l)
			return 0, "validators and fund have their shares of a slash"
		},
	},
	{
		name: "withdraw what is locked", does: "a provider takes its collateral out from under a live SLA, and sells the same collateral twice",
		attackers: []string{"rogue"}, victims: []string{"carl"},
		run: func(w *world) (int64, string) {
			manual := w.unit("rogue", offer{manual: true, bps: 10_000})
			l := w.open("carl", w.unit("rogue", offer{}), plain)
			w.do("rogue", orchestrator.WithdrawCollateral{Provider: account("rogue"), Asset: w.usd, Amount: w.collateral("rogue").Free})
			w.refused("CollateralMissing", "rogue", orchestrator.WithdrawCollateral{Provider: account("rogue"), Asset: w.usd, Amount: money.Of(1)})
			second := w.open("carl", manual, plain)
			w.refused("CollateralMissing", "rogue", orchestrator.Accept{Provider: account("rogue"), SLA: second.id})
			w.refused("StateWrong", "rogue", orchestrator.Refuse{Provider: account("rogue"), SLA: l.id})
			w.do("carl", orchestrator.Cancel{Consumer: account("carl"), SLA: second.id})
			w.finish(l)
			w.honest(l)
			return 0, "collateral is locked until the end"
		},
	},
}

func (w *world) collateral(provider string) orchestrator.Collateral {
	w.Helper()
	c, err := w.chain.Collateral(w.ctx, account(provider), w.usd)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// free checks that nothing of a provider's is held any more.
func (w *world) free(provider string, unit ids.ID) {
	w.Helper()
	if c := w.collateral(provider); c.Locked.Sign() != 0 || c.Free.Cmp(money.Of(collateral)) != 0 {
		w.Errorf("collateral of %s: %s free, %s locked", provider, c.Free, c.Locked)
	}
	w.empty(unit)
}

// empty checks that nothing is left on a unit.
func (w *world) empty(unit ids.ID) {
	w.Helper()
	u, err := w.chain.Unit(w.ctx, unit)
	if err != nil {
		w.Fatal(err)
	}
	if u.ReservedBytes != 0 || u.InUseBytes != 0 || u.Live != 0 {
		w.Errorf("the unit has %d reserved, %d in use, %d live", u.ReservedBytes, u.InUseBytes, u.Live)
	}
}

// refollow is follow for an SLA that has begun since.
func (w *world) refollow(l *life) *life {
	w.Helper()
	next := w.follow(l.id)
	w.lives = w.lives[:len(w.lives)-1]
	return next
}

// honest notes what the parties of an SLA have from its last leaf by the specification's arithmetic, computed here.
func (w *world) honest(l *life) {
	w.Helper()
	w.lawful(l, l.leaf)
}

// lawful is honest for any final leaf.
func (w *world) lawful(l *life, leaf sla.Leaf) {
	w.Helper()
	t, x, r := l.terms.Totals(&leaf), w.sla(l.id), w.reservation(l.id)
	n := func(a money.Amount) int64 { return a.Big().Int64() }
	locked := n(r.Collateral) // of a split SLA that of its part
	coverage := min(n(t.Coverage), locked)
	slash := min(n(t.Slash), locked-coverage)
	shares := sla.Split(money.Of(slash), l.terms.Protocol.SlashSplit)
	switch {
	case r.ReclaimEpochs > 0: // the provider left early, and pays what is left for that
		price := min(n(l.terms.Reclaim(r.ReclaimEpochs, x.Covered)), locked-coverage-slash)
		w.owe(name(x.Consumer), price)
		w.owe(name(x.Provider), -price)
	case leaf.Status == sla.Complete: // the consumer did; nothing at the agreed end
		early := n(l.terms.Early(leaf.Epochs, x.Duration))
		w.owe(name(x.Consumer), -early)
		w.owe(name(x.Provider), early)
	}
	w.owe(name(x.Consumer), -n(t.Earned)+coverage+n(shares[0]))
	w.owe(name(x.Provider), n(t.Earned)-n(t.Fee)-coverage-slash)
}

// name of a party.
func name(a ids.Account) string {
	for _, n := range slices.Concat(providers, consumers, []string{"heir"}) {
		if account(n) == a {
			return n
		}
	}
	return a.String()
}
