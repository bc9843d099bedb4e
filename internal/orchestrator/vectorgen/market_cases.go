package main

import (
	"fmt"
	"strings"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
	"github.com/flashback-network/flashback/internal/sla"
)

func marketCases() (l []marketPlay) {
	add := func(name string, play func(*marketScript)) { l = append(l, marketPlay{name, play}) }
	add("asked openly, answered by two, the dearer one taken", func(x *marketScript) {
		id := x.take("", x.want())
		x.pass(10)
		x.do(offered(carol, id, unitOf(carol, "unit"), 12_345, 98_765), offered(dave, id, unitOf(dave, "unit"), 12_346, 98_765))
		x.do(x.taking(id, dave))
	})
	add("asked under seal, committed, revealed, taken", func(x *marketScript) {
		id := x.take("", x.want(hidden))
		one, two := shown(carol, id, unitOf(carol, "unit"), 12_345, 98_765), shown(dave, id, unitOf(dave, "unit"), 12_000, 98_765)
		x.do(committed(one), committed(two))
		x.pass(3_601)
		x.do(one, two)
		x.pass(1_800)
		x.do(x.taking(id, dave))
	})
	add("the last seconds count in", func(x *marketScript) {
		open := x.take("", x.want())
		id := x.take("", x.want(hidden, func(w *market.Want) { w.Nonce = nonce("other") }))
		r := shown(dave, id, unitOf(dave, "unit"), 1, 1)
		x.pass(3_600)
		x.do(offered(carol, open, unitOf(carol, "unit"), 5_000, 0), committed(r))
		x.take("PhaseWrong", r)
		x.pass(1)
		x.take("PhaseWrong", offered(carol, open, unitOf(carol, "unit"), 4_000, 0))
		x.take("PhaseWrong", committed(r))
		x.pass(1_799)
		x.do(r)
		x.take("PhaseWrong", x.taking(id, dave))
		x.pass(1)
		x.take("PhaseWrong", r)
		x.pass(1_799)
		x.do(x.taking(id, dave))
		x.take("NotTimedOut", market.Expire{ID: open})
		x.do(x.taking(open, carol, func(t *market.Take) { t.Deal.Nonce = nonce("other") }))
	})
	add("an answer is replaced by a better one, from another unit", func(x *marketScript) {
		id := x.take("", x.want())
		x.do(offered(carol, id, unitOf(carol, "unit"), 20_000, 0), offered(dave, id, unitOf(dave, "unit"), 19_000, 0), offered(carol, id, unitOf(carol, "second"), 18_000, 0))
		x.do(x.taking(id, carol))
	})
	add("a commitment is replaced while answers can be given", func(x *marketScript) {
		id := x.take("", x.want(hidden))
		one, two := shown(carol, id, unitOf(carol, "unit"), 20_000, 5), shown(carol, id, unitOf(carol, "unit"), 19_000, 5)
		x.do(committed(one), committed(two))
		x.pass(3_601)
		x.take("CommitMismatch", one)
		x.do(two, two) // shown twice: nothing changes
	})
	add("who does not reveal has no answer", func(x *marketScript) {
		id := x.take("", x.want(hidden))
		r := shown(carol, id, unitOf(carol, "unit"), 5, 5)
		x.do(committed(r))
		x.pass(5_401)
		x.take("PhaseWrong", r)
		x.take("NotFound", x.taking(id, carol))
		x.pass(1_800)
		x.do(market.Expire{ID: id})
	})
	add("a copied commitment opens for nobody", func(x *marketScript) {
		id := x.take("", x.want(hidden))
		r := shown(carol, id, unitOf(carol, "unit"), 5_000, 5)
		copied := committed(r)
		copied.Provider = dave
		x.do(committed(r), copied)
		x.pass(3_601)
		x.do(r)
		stolen := r
		stolen.Provider = dave
		x.take("CommitMismatch", stolen)
		stolen.Unit = unitOf(dave, "unit")
		x.take("CommitMismatch", stolen)
	})
	add("after reading others a commitment still opens to what it was", func(x *marketScript) {
		id := x.take("", x.want(hidden))
		a, b := shown(carol, id, unitOf(carol, "unit"), 5_000, 5), shown(dave, id, unitOf(dave, "unit"), 6_000, 5)
		x.do(committed(a), committed(b))
		x.pass(3_601)
		x.do(a)
		cheaper := b
		cheaper.StoragePrice = money.Of(4_999)
		x.take("CommitMismatch", cheaper)
		x.take("PhaseWrong", committed(cheaper))
		x.do(b)
	})
	add("an answer put in the place of the one that the consumer saw is refused", func(x *marketScript) {
		id := x.take("", x.want())
		x.do(offered(carol, id, unitOf(carol, "unit"), 5_000, 5))
		t := x.taking(id, carol)
		x.do(offered(carol, id, unitOf(carol, "unit"), 5_001, 5))
		x.take("PriceChanged", t)
		x.do(offered(carol, id, unitOf(carol, "second"), 5_000, 5))
		x.take("PriceChanged", t)
		x.do(offered(carol, id, unitOf(carol, "unit"), 4_999, 5), t)
	})
	add("a price taken back: the next answer is taken", func(x *marketScript) {
		id := x.take("", x.want())
		x.do(offered(carol, id, unitOf(carol, "unit"), 5_000, 5), offered(dave, id, unitOf(dave, "unit"), 6_000, 5))
		x.do(orchestrator.PriceFor{Provider: carol, Unit: unitOf(carol, "unit"), Consumer: asker})
		x.take("PriceChanged", x.taking(id, carol))
		x.do(x.taking(id, dave))
	})
	add("a price raised behind the answer", func(x *marketScript) {
		id := x.take("", x.want())
		x.do(offered(carol, id, unitOf(carol, "unit"), 5_000, 5))
		x.do(orchestrator.PriceFor{Provider: carol, Unit: unitOf(carol, "unit"), Consumer: asker, StoragePrice: money.Of(5_100), EgressPrice: money.Of(5), Until: x.now + 100})
		x.take("PriceAbove", x.taking(id, carol))
	})
	add("one price, one SLA: two asks answered from one unit", func(x *marketScript) {
		a := x.take("", x.want())
		b := x.take("", x.want(func(w *market.Want) { w.Nonce = nonce("other") }))
		x.do(offered(carol, a, unitOf(carol, "unit"), 5_000, 5), offered(carol, b, unitOf(carol, "unit"), 5_000, 5))
		x.do(x.taking(a, carol))
		x.take("PriceChanged", x.taking(b, carol, func(t *market.Take) { t.Deal.Nonce = nonce("other") }))
	})
	add("a hundred answers of others keep nobody out", func(x *marketScript) {
		id := x.take("", x.want(hidden))
		for i := range 100 {
			x.now++
			x.do(market.Commit{Provider: account(ids.Contract, fmt.Sprint("spammer ", i)), ID: id, Commitment: nonce(fmt.Sprint(i))})
			if i > 0 && i < 99 {
				x.Steps[len(x.Steps)-1].After = nil // a hundred lists of a hundred
			}
		}
		r := shown(carol, id, unitOf(carol, "unit"), 5_000, 5)
		x.do(committed(r))
		x.pass(3_600)
		x.do(r)
		x.pass(1_800)
		x.do(x.taking(id, carol))
	})
	add("withdrawn", func(x *marketScript) {
		id := x.take("", x.want())
		x.do(offered(carol, id, unitOf(carol, "unit"), 5_000, 5), market.Withdraw{Consumer: asker, ID: id})
		for _, op := range []any{offered(carol, id, unitOf(carol, "unit"), 4_000, 5), x.taking(id, carol), market.Withdraw{Consumer: asker, ID: id}, market.Expire{ID: id}, market.Commit{Provider: carol, ID: id}, shown(carol, id, unitOf(carol, "unit"), 1, 1)} {
			x.take("StateWrong", op)
		}
	})
	add("expired", func(x *marketScript) {
		id := x.take("", x.want())
		x.do(offered(carol, id, unitOf(carol, "unit"), 5_000, 5))
		x.pass(7_200)
		x.take("NotTimedOut", market.Expire{ID: id})
		x.pass(1)
		x.take("PhaseWrong", x.taking(id, carol))
		x.do(market.Expire{ID: id})
		x.take("StateWrong", market.Expire{ID: id})
	})
	add("withdrawn after its time", func(x *marketScript) {
		id := x.take("", x.want())
		x.pass(10_000)
		x.do(market.Withdraw{Consumer: asker, ID: id})
	})
	add("largest ask", func(x *marketScript) {
		x.do(x.want(func(w *market.Want) {
			most, err := money.Parse("170141183460469231731687303715884105727")
			if err != nil {
				panic(err)
			}
			w.Wanted = market.Wanted{Kind: 2, Class: 2, Region: strings.Repeat("r", 64), Volume: sla.MaxVolume, Egress: sla.MaxEgress, Duration: sla.MaxSeconds / askEpoch, Mode: sla.Escrow,
				QoS: sla.QoS{AvailabilityPpm: 1_000_000, TTFBMillis: 1<<32 - 1, ThroughputKiBps: 1<<32 - 1, ErrorPpm: 1_000_000}, Asset: token, MaxTotal: most, CollateralMinBps: 10_000,
				AnswerBy: x.now + 1, RevealBy: x.now + 1, ChooseBy: x.now + market.LifeSeconds - 1}
		}))
	})
	add("an ask of the longest life is answered in its first second", func(x *marketScript) {
		id := x.take("", x.want(func(w *market.Want) { w.Wanted.ChooseBy = x.now + market.LifeSeconds - 1 }))
		x.do(offered(carol, id, unitOf(carol, "unit"), 5_000, 5))
		x.pass(market.LifeSeconds - 1)
		x.do(x.taking(id, carol))
	})
	add("answered at the largest total, to the unit", func(x *marketScript) {
		w := x.want()
		w.Wanted.MaxTotal = w.Wanted.Total(money.Of(12_345), money.Of(98_765), askEpoch)
		id := x.take("", w)
		x.do(offered(carol, id, unitOf(carol, "unit"), 12_345, 98_765))
		x.take("PriceAbove", offered(dave, id, unitOf(dave, "unit"), 12_345, 98_786))
		x.do(x.taking(id, carol))
	})
	add("a refused answer leaves the price that was there", func(x *marketScript) {
		id := x.take("", x.want())
		x.do(orchestrator.PriceFor{Provider: carol, Unit: unitOf(carol, "unit"), Consumer: asker, StoragePrice: money.Of(7), EgressPrice: money.Of(8), Until: x.now + 500})
		x.take("PriceAbove", offered(carol, id, unitOf(carol, "unit"), 1<<40, 5))
		x.do(market.Withdraw{Consumer: asker, ID: id})
	})
	add("nothing wanted but bytes", func(x *marketScript) {
		id := x.take("", x.want(func(w *market.Want) { w.Wanted.QoS, w.Wanted.Region, w.Wanted.CollateralMinBps = sla.QoS{}, "", 0 }))
		x.do(offered(carol, id, unitOf(carol, "unpromising"), 0, 0))
		x.do(x.taking(id, carol))
	})
	add("the admin hands on", func(x *marketScript) { x.do(market.SetAdmin{Admin: asker}) })
	return l
}
