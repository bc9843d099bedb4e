package main

import (
	"strings"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
	"github.com/flashback-network/flashback/internal/sla"
)

// marketRefusals has a case for each reason to refuse. Each begins with a call that has more than one: the first in the order of the page counts.
func marketRefusals() (l []marketPlay) {
	add := func(name string, play func(*marketScript)) { l = append(l, marketPlay{"refused: " + name, play}) }
	for _, c := range []struct {
		name, want string
		change     func(*market.Wanted, uint64)
	}{
		{"kind 0", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Kind = 0; w.MaxTotal = money.Amount{} }},
		{"kind 3", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Kind = 3 }},
		{"class 3", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Class = 3 }},
		{"mode 2", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Mode = 2 }},
		{"region of 65 bytes", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Region = strings.Repeat("r", 65) }},
		{"no volume", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Volume = 0 }},
		{"volume over 2^50", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Volume = sla.MaxVolume + 1 }},
		{"egress over 2^54", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Egress = sla.MaxEgress + 1 }},
		{"no duration", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Duration = 0 }},
		{"longer than an SLA may last", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Duration = sla.MaxSeconds/askEpoch + 1 }},
		{"availability over 10^6", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.QoS.AvailabilityPpm = 1_000_001 }},
		{"errors over 10^6", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.QoS.ErrorPpm = 1_000_001 }},
		{"collateral over 10^4", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.CollateralMinBps = 10_001 }},
		{"nothing to be paid", "AmountInvalid", func(w *market.Wanted, _ uint64) { w.MaxTotal, w.AnswerBy = money.Amount{}, 0 }},
		{"a negative price", "AmountInvalid", func(w *market.Wanted, _ uint64) { w.MaxTotal = money.Of(-1) }},
		{"answers by now", "ArgumentInvalid", func(w *market.Wanted, now uint64) { w.AnswerBy, w.RevealBy = now, now }},
		{"open, and a time to reveal", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.RevealBy++ }},
		{"open, chosen before answers are over", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.ChooseBy = w.AnswerBy - 1 }},
		{"sealed, no time to reveal", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Sealed = true }},
		{"sealed, no time to choose", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.Sealed, w.RevealBy = true, w.ChooseBy }},
		{"open for 90 days", "ArgumentInvalid", func(w *market.Wanted, now uint64) { w.ChooseBy = now + market.LifeSeconds }},
		{"open for ever", "ArgumentInvalid", func(w *market.Wanted, _ uint64) { w.ChooseBy = 1<<64 - 1 }},
	} {
		add("ask: "+c.name, func(x *marketScript) { x.take(c.want, x.want(func(op *market.Want) { c.change(&op.Wanted, x.now) })) })
	}
	add("ask: the nonce was used", func(x *marketScript) {
		x.do(x.want())
		x.take("Exists", x.want(func(op *market.Want) { op.Wanted.Volume++ }))
		x.do(x.want(func(op *market.Want) { op.Consumer = pauper }))
	})
	unknown := ids.New(ids.Stellar, market.Kind, nonce("nothing"))
	add("no such ask", func(x *marketScript) {
		for _, op := range []any{offered(carol, unknown, unitOf(carol, "unit"), -1, 5), market.Commit{Provider: carol, ID: unknown}, shown(carol, unknown, unitOf(carol, "unit"), -1, 1), x.taking(unknown, carol),
			market.Withdraw{Consumer: asker, ID: unknown}, market.Expire{ID: unknown}} {
			x.take("NotFound", op)
		}
	})
	add("open and sealed are answered differently", func(x *marketScript) {
		open := x.take("", x.want())
		closed := x.take("", x.want(hidden, func(op *market.Want) { op.Nonce = nonce("sealed") }))
		x.pass(5_000)
		x.take("StateWrong", market.Commit{Provider: carol, ID: open})
		x.take("StateWrong", shown(carol, open, unitOf(carol, "unit"), 1, 1))
		x.take("StateWrong", offered(carol, closed, unitOf(carol, "unit"), 1, 1))
		x.take("NotFound", shown(carol, closed, unitOf(carol, "unit"), 1, 1)) // nothing was committed
	})
	for _, c := range []struct {
		name, want   string
		op           func(ids.ID) market.Offer
		alsoRevealed bool
	}{
		{"no such unit", "NotFound", func(id ids.ID) market.Offer {
			return offered(carol, id, ids.New(ids.Stellar, ids.Unit, nonce("none")), -1, 5)
		}, false},
		{"under another's unit", "NotAuthorized", func(id ids.ID) market.Offer { return offered(dave, id, unitOf(carol, "unpromising"), 1, 5) }, true},
		{"a unit that promises nothing", "ArgumentInvalid", func(id ids.ID) market.Offer { return offered(carol, id, unitOf(carol, "unpromising"), -1, 5) }, false},
		{"a price below zero", "AmountInvalid", func(id ids.ID) market.Offer { return offered(carol, id, unitOf(carol, "retired"), -1, 5) }, false},
		{"a price over 2^63", "AmountInvalid", func(id ids.ID) market.Offer {
			o := offered(carol, id, unitOf(carol, "retired"), 0, 5)
			o.EgressPrice = sla.MaxPrice.Add(money.Of(1))
			return o
		}, true},
		{"a retired unit", "StateWrong", func(id ids.ID) market.Offer { return offered(carol, id, unitOf(carol, "retired"), 1<<50, 5) }, true},
		{"a unit that is given up", "UnitDecommissioning", func(id ids.ID) market.Offer { return offered(carol, id, unitOf(carol, "ending"), 1<<50, 5) }, true},
		{"listing is not paid", "ListingUnpaid", func(id ids.ID) market.Offer { return offered(erin, id, unitOf(erin, "unit"), 1<<50, 5) }, true},
		{"above the largest total", "PriceAbove", func(id ids.ID) market.Offer { return offered(carol, id, unitOf(carol, "unit"), 1<<50, 5) }, true},
		{"above it by the egress", "PriceAbove", func(id ids.ID) market.Offer { return offered(carol, id, unitOf(carol, "unit"), 1, 200_000) }, true},
	} {
		add("answer: "+c.name, func(x *marketScript) { x.take(c.want, c.op(x.take("", x.want()))) })
		if c.alsoRevealed {
			add("reveal: "+c.name, func(x *marketScript) {
				id := x.take("", x.want(hidden))
				o := c.op(id)
				r := market.Reveal{Provider: o.Provider, ID: id, Unit: o.Unit, StoragePrice: o.StoragePrice, EgressPrice: o.EgressPrice, Salt: nonce("salt")}
				x.do(committed(r))
				x.pass(3_601)
				x.take(c.want, r)
			})
		}
	}
	for _, c := range []struct {
		name   string
		change func(*market.Wanted)
	}{
		{"kind", func(w *market.Wanted) { w.Kind = 2 }},
		{"class", func(w *market.Wanted) { w.Class = 0 }},
		{"region", func(w *market.Wanted) { w.Region = "eu-west-12" }},
		{"asset", func(w *market.Wanted) { w.Asset = account(ids.Contract, "other token") }},
		{"availability", func(w *market.Wanted) { w.QoS.AvailabilityPpm = 999_001 }},
		{"first byte", func(w *market.Wanted) { w.QoS.TTFBMillis = 199 }},
		{"throughput", func(w *market.Wanted) { w.QoS.ThroughputKiBps = 1025 }},
		{"errors", func(w *market.Wanted) { w.QoS.ErrorPpm = 999 }},
		{"collateral", func(w *market.Wanted) { w.CollateralMinBps = 1_001 }},
		{"too short", func(w *market.Wanted) { w.Duration = 23 }},
		{"too long", func(w *market.Wanted) { w.Duration = 1_001 }},
	} {
		add("answer: the unit does not fit: "+c.name, func(x *marketScript) {
			id := x.take("", x.want(func(op *market.Want) { c.change(&op.Wanted) }))
			x.take("ArgumentInvalid", offered(carol, id, unitOf(carol, "unit"), -1, 5))
		})
	}
	add("reveal: another price, unit, salt", func(x *marketScript) {
		id := x.take("", x.want(hidden))
		r := shown(carol, id, unitOf(carol, "unit"), 5, 5)
		x.do(committed(r))
		x.pass(3_601)
		for _, f := range []func(*market.Reveal){
			func(r *market.Reveal) { r.StoragePrice = money.Of(6) }, func(r *market.Reveal) { r.EgressPrice = money.Of(-5) }, func(r *market.Reveal) { r.Unit = unitOf(carol, "second") }, func(r *market.Reveal) { r.Salt[0]++ },
		} {
			other := r
			f(&other)
			x.take("CommitMismatch", other)
		}
	})
	add("take: another's ask", func(x *marketScript) {
		id := x.take("", x.want())
		x.do(offered(carol, id, unitOf(carol, "unit"), 5, 5))
		x.take("NotAuthorized", x.taking(id, carol, func(t *market.Take) { t.Consumer = pauper }))
		x.take("NotAuthorized", market.Withdraw{Consumer: pauper, ID: id})
	})
	add("take: who did not answer", func(x *marketScript) {
		id := x.take("", x.want())
		x.take("NotFound", x.taking(id, carol))
	})
	add("take: what request refuses", func(x *marketScript) {
		id := x.take("", x.want(func(op *market.Want) { op.Consumer = pauper }))
		x.do(offered(carol, id, unitOf(carol, "unit"), 5_000, 5))
		x.take("AmountInvalid", x.taking(id, carol, func(t *market.Take) { t.Deal.Deposit = money.Of(-1) }))
		x.take("TransferFailed", x.taking(id, carol))
		x.do(x.taking(id, carol, func(t *market.Take) { t.Deal.Deposit = money.Of(10) }))
		again := x.take("", x.want(func(op *market.Want) { op.Consumer, op.Nonce = pauper, nonce("again") }))
		x.do(offered(carol, again, unitOf(carol, "unit"), 5_000, 5))
		x.take("Exists", x.taking(again, carol, func(t *market.Take) { t.Deal.Deposit = money.Of(0) }))
	})
	add("take: chosen already", func(x *marketScript) {
		id := x.take("", x.want())
		x.do(offered(carol, id, unitOf(carol, "unit"), 5, 5), offered(dave, id, unitOf(dave, "unit"), 5, 5))
		x.do(x.taking(id, carol))
		x.take("StateWrong", x.taking(id, dave))
		x.take("StateWrong", market.Withdraw{Consumer: asker, ID: id})
	})
	return l
}
