package main

import (
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

func transitionFile() transitions {
	f := transitions{Genesis: valuesOf(scriptGenesis()), Balances: balances()}
	for _, s := range []struct {
		name string
		play func(*script)
	}{
		{"stream: nine good epochs, settled each window", func(x *script) { lifeOf(x, nil, 3) }},
		{"stream: nine good epochs, settled once", func(x *script) { lifeOf(x, nil, 9) }},
		{"escrow: nine good epochs, settled each epoch", func(x *script) { lifeOf(x, inEscrow, 1) }},
		{"escrow: nine good epochs, settled once", func(x *script) { lifeOf(x, inEscrow, 9) }},
		{"held, accepted, funded in two parts", held},
		{"auto-accepting unit without collateral: held until there is some", poor},
		{"refused while held", func(x *script) { refused(x, false) }},
		{"refused after it was accepted", func(x *script) { refused(x, true) }},
		{"cancelled while requested", func(x *script) { cancelled(x, false) }},
		{"cancelled after it was accepted", func(x *script) { cancelled(x, true) }},
		{"expired: not accepted in time", func(x *script) { expired(x, false) }},
		{"expired: not funded in time", func(x *script) { expired(x, true) }},
		{"breach in two windows: credit, coverage, slash, terminated by the consumer", breached},
		{"abandoned", abandoned},
		{"lost data", lost},
		{"closed early", closed},
		{"timed out", timedOut},
		{"the provider's half settled further by a stranger", ahead},
		{"the provider's half ended first", endedFirst},
		{"the provider's half stands further than the end", endedBehind},
		{"settlements refused", settlementsRefused},
		{"requests refused", requestsRefused},
		{"a unit's life", unitLife},
		{"a node's life", nodeLife},
		{"collateral", collateralOnly},
		{"grants", grants},
		{"grants passed on", passedOn},
		{"grants passed on: refused", passedOnRefused},
		{"parameters and pause", parameters},
		{"parameters of the Provider Orchestrator", providerParameters},
		{"priced in FLASH", flashPriced},
		{"admins", newAdmins},
		{"emergencies", emergencies},
		{"lifetimes", lifetimes},
		{"paid by and by", paidByAndBy},
		{"paid by and by, in escrow, settled each epoch", func(x *script) { toppedUp(x, inEscrow) }},
		{"paid by and by, in a stream, settled each epoch", func(x *script) { toppedUp(x, func(*orchestrator.Request) {}) }},
		{"a deposit that is too short waits for more", shortDeposit},
		{"top-ups refused", topUpsRefused},
		{"the money ran out", func(x *script) { ranOut(x, 0) }},
		{"the money ran out in the first window's epochs too", func(x *script) { ranOut(x, 1) }},
		{"ended by the validators before the money ran out", endedBefore},
		{"a final leaf beyond what is paid for", beyondPaid},
		{"closed at once", func(x *script) { closedAfter(x, 0) }},
		{"closed in the second window", func(x *script) { closedAfter(x, 4) }},
		{"closed in the last window: nothing to pay", func(x *script) { closedAfter(x, 7) }},
		{"closed when money was short", closedShort},
		{"closed, then terminated for a breach: free", closedThenTerminated},
		{"closed, then abandoned: free", closedThenAbandoned},
		{"timed out when money was short: free", timedOutShort},
		{"no bond", noBond},
		{"free of charge", freeOfCharge},
		{"a dispute: half to the consumer", func(x *script) { disputed(x, 2) }},
		{"a dispute: all to the provider", func(x *script) { disputed(x, 0) }},
		{"a dispute: all to the consumer", func(x *script) { disputed(x, 1) }},
		{"disputes refused", disputesRefused},
		{"reports refused", reportsRefused},
	} {
		x := newScript(s.name)
		s.play(x)
		f.Cases = append(f.Cases, x.transitionCase)
	}
	return f
}

func lifeOf(x *script, mode func(*orchestrator.Request), every int) {
	x.offer()
	if mode == nil {
		mode = func(*orchestrator.Request) {}
	}
	x.do(request(mode))
	x.begin()
	for e := 0; e < 9; e += every {
		x.observe(every, 0, 0)
		x.settle()
	}
	x.take("StateWrong", orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.draw()
	x.do(x.settlement(x.leaf)) // nothing to do
	x.take("CollateralMissing", orchestrator.WithdrawCollateral{Provider: provider, Asset: token, Amount: money.Of(1_000_001)})
	x.do(orchestrator.WithdrawCollateral{Provider: provider, Asset: token, Amount: money.Of(1_000_000)})
}

func held(x *script) {
	x.offer(manual)
	x.do(request(unfunded))
	total := full(request())
	x.take("AmountInvalid", orchestrator.Fund{From: stranger, SLA: slaID, Amount: money.Of(0)})
	x.take("OverFunded", orchestrator.Fund{From: stranger, SLA: slaID, Amount: total.Add(money.Of(1))})
	x.do(orchestrator.Fund{From: stranger, SLA: slaID, Amount: money.Of(1_000)})
	x.take("NotAuthorized", orchestrator.Accept{Provider: stranger, SLA: slaID})
	x.do(orchestrator.Accept{Provider: provider, SLA: slaID})
	x.take("StateWrong", orchestrator.Accept{Provider: provider, SLA: slaID})
	x.do(orchestrator.Fund{From: consumer, SLA: slaID, Amount: total.Sub(money.Of(1_000))})
	x.take("OverFunded", orchestrator.Fund{From: consumer, SLA: slaID, Amount: money.Of(1)})
	x.take("StateWrong", orchestrator.Refuse{Provider: provider, SLA: slaID})
	x.take("StateWrong", orchestrator.Cancel{Consumer: consumer, SLA: slaID})
	x.take("StateWrong", orchestrator.Expire{SLA: slaID})
}

func poor(x *script) {
	x.offer()
	x.do(orchestrator.WithdrawCollateral{Provider: provider, Asset: token, Amount: money.Of(999_999)}, request())
	x.take("CollateralMissing", orchestrator.Accept{Provider: provider, SLA: slaID})
	x.do(orchestrator.DepositCollateral{Provider: provider, Asset: token, Amount: money.Of(999_999)}, orchestrator.Accept{Provider: provider, SLA: slaID})
}

func refused(x *script, accepted bool) {
	x.offer(manual)
	x.do(request(func(r *orchestrator.Request) { r.Deposit = money.Of(5_000) }))
	if accepted {
		x.do(orchestrator.Accept{Provider: provider, SLA: slaID})
	}
	x.take("NotAuthorized", orchestrator.Refuse{Provider: stranger, SLA: slaID})
	x.do(orchestrator.Refuse{Provider: provider, SLA: slaID})
	x.take("StateWrong", orchestrator.Refuse{Provider: provider, SLA: slaID})
	x.take("StateWrong", orchestrator.Accept{Provider: provider, SLA: slaID})
	x.draw()
}

func cancelled(x *script, accepted bool) {
	x.offer(manual)
	x.do(request(func(r *orchestrator.Request) { r.Deposit = money.Of(5_000) }))
	if accepted {
		x.do(orchestrator.Accept{Provider: provider, SLA: slaID})
	}
	x.take("NotAuthorized", orchestrator.Cancel{Consumer: stranger, SLA: slaID})
	x.do(orchestrator.Cancel{Consumer: consumer, SLA: slaID})
	x.draw()
	x.take("Exists", request())
}

func expired(x *script, accepted bool) {
	x.offer(manual)
	x.do(request(unfunded))
	if accepted {
		x.pass(61)
		x.do(orchestrator.Accept{Provider: provider, SLA: slaID}) // late, but nobody had called it expired
	}
	x.pass(60)
	x.take("NotTimedOut", orchestrator.Expire{SLA: slaID})
	x.pass(1)
	x.do(orchestrator.Expire{SLA: slaID})
	x.take("StateWrong", orchestrator.Expire{SLA: slaID})
	x.draw()
}

func breached(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	x.begin()
	x.observe(3, 1, 0)
	x.settle() // credit: the holdback, and the collateral for the rest
	x.take("NoBreach", orchestrator.Terminate{Consumer: consumer, SLA: slaID})
	x.observe(3, 1, 0)
	x.settle() // slashed
	x.draw()
	x.take("NotAuthorized", orchestrator.Terminate{Consumer: stranger, SLA: slaID})
	x.do(orchestrator.Terminate{Consumer: consumer, SLA: slaID})
	x.take("StateWrong", orchestrator.Terminate{Consumer: consumer, SLA: slaID})
	x.observe(2, 0, 0)
	x.settle()
	x.draw()
}

func abandoned(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	x.begin()
	x.observe(3, 0, 0)
	x.observe(9, 5, 0)
	x.settle()
	x.draw()
}

func lost(x *script) {
	x.offer()
	x.do(request(inEscrow))
	x.begin()
	x.observe(2, 0, 0)
	x.observe(1, 0, 2)
	x.observe(1, 0, 2)
	x.observe(2, 0, 1)
	x.settle()
	x.draw()
	x.observe(3, 0, 0)
	x.settle()
	x.draw()
}

func closed(x *script) {
	x.offer()
	x.do(request())
	x.begin()
	x.observe(1, 0, 0)
	x.take("NotAuthorized", orchestrator.CloseSLA{Consumer: stranger, SLA: slaID})
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.take("StateWrong", orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.observe(2, 0, 0)
	x.settle()
	x.draw()
}

func timedOut(x *script) {
	x.offer()
	x.do(request())
	x.begin()
	x.observe(5, 0, 0)
	x.settle()
	c := x.s.Config()
	a, _ := x.s.SLA(slaID)
	x.now = c.Start(a.StartEpoch+9) + 60
	x.take("NotTimedOut", orchestrator.TimeOut{SLA: slaID})
	x.pass(1)
	x.do(orchestrator.TimeOut{SLA: slaID})
	x.take("StateWrong", orchestrator.TimeOut{SLA: slaID})
	x.draw()
}

func ahead(x *script) {
	x.offer()
	x.do(request())
	x.begin()
	x.observe(4, 1, 0)
	x.report()
	x.do(half(x.settlement(x.leaf), x.terms))
	first := x.leaf
	x.do(x.settlement(x.leaf)) // the consumer's half alone
	x.settled = x.leaf
	x.observe(2, 1, 0)
	x.report()
	x.do(half(x.settlement(x.leaf), x.terms))
	x.observe(3, 1, 0)
	x.report()
	x.settled = first
	late := half(x.settlement(x.leaf), x.terms)
	x.do(x.settlement(x.leaf)) // the halves meet, though this begins before the provider's half stands
	x.settled = x.leaf
	x.do(late) // nothing to do
	x.draw()
}

// endedBehind: the validators saw a close late and went back to the boundary, which somebody had settled the provider's half beyond.
func endedBehind(x *script) {
	x.offer()
	x.do(request())
	x.begin()
	x.observe(3, 0, 0)
	boundary := x.leaf
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.observe(1, 0, 0)
	x.report()
	x.do(half(x.settlement(x.leaf), x.terms))
	boundary.Status = sla.Complete
	x.leaf, x.epoch, x.now = boundary, x.epoch+1, x.now+10
	x.settle()
	x.draw()
}

func endedFirst(x *script) {
	x.offer()
	x.do(request())
	x.begin()
	x.observe(3, 1, 0)
	x.settle()
	x.observe(6, 0, 0)
	x.report()
	x.do(half(x.settlement(x.leaf), x.terms))
	x.do(x.settlement(x.leaf))
	x.draw()
}
