package main

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

var transferScenes = []scene{
	{"transfer: rights and payments of both", transferred},
	{"transfer: before it begins", transferredWaiting},
	{"transfer: refused", transferRefused},
	{"transfer: grants", transferredGrants},
	{"transfer: of a closing SLA", transferredClosing},
}

var specialScenes = []scene{
	{"price for one consumer: one SLA", pricedOnce},
	{"price for one consumer: over, replaced, taken back", pricesOver},
	{"price for one consumer: refused", priceRefused},
	{"a price for one consumer: for an SLA of at most a size", pricedBySize},
}

var bondScenes = []scene{
	{"bond: frozen, all to the provider", func(x *script) { bondRuled(x, 0) }},
	{"bond: frozen, all to the consumer", func(x *script) { bondRuled(x, 1) }},
	{"bond: frozen, halved", func(x *script) { bondRuled(x, 2) }},
	{"bond: what is left pays for an early end", bondClosed},
	{"bond: frozen before it begins, then ends", bondWaiting},
	{"bond: held over the end", bondOverEnd},
	{"bond: refused", bondRefused},
}

func handOver(to ids.Account) orchestrator.TransferSLA {
	return orchestrator.TransferSLA{Consumer: consumer, SLA: slaID, To: to, Refund: to}
}

func transferred(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	l := x.follow(slaID)
	x.epochs(6, 1, 0, l)
	x.certify(l)
	x.do(orchestrator.Refund{SLA: slaID}, handOver(assignee)) // the collateral's part was not claimed
	x.take("NotAuthorized", orchestrator.Terminate{Consumer: consumer, SLA: slaID})
	x.take("NotAuthorized", orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.take("NotAuthorized", handOver(stranger))
	x.take("NotAuthorized", pieces(9, mine(100*gib, 0)))
	x.take("NotAuthorized", nextRequest())
	x.drawOf(slaID)
	x.do(orchestrator.Terminate{Consumer: assignee, SLA: slaID})
	x.through(2, l)
}

func transferredWaiting(x *script) {
	x.offer(manual)
	x.do(request(), handOver(assignee))
	x.take("NotAuthorized", orchestrator.Cancel{Consumer: consumer, SLA: slaID})
	x.do(orchestrator.Cancel{Consumer: assignee, SLA: slaID})
	x.drawOf(slaID)
}

func transferRefused(x *script) {
	x.offer()
	unknown := handOver(consumer)
	unknown.SLA = slaNamed("none")
	x.take("ArgumentInvalid", unknown)
	x.take("NotFound", handOver(assignee))
	x.do(request())
	others := handOver(assignee)
	others.Consumer = stranger
	x.take("NotAuthorized", others)
	x.through(9, x.follow(slaID))
	x.take("NotAuthorized", others)
	x.take("StateWrong", handOver(assignee))
}

func transferredGrants(x *script) {
	x.offer()
	x.do(request())
	grant := func(by ids.Account, n string) orchestrator.GrantAccess {
		return orchestrator.GrantAccess{Consumer: by, SLA: slaID, Grantee: stranger, Prefix: []byte("a/"), Ops: orchestrator.OpRead | orchestrator.OpDelegate, Expires: x.now + 1_000, Nonce: nonce(n)}
	}
	pass := func(by, to ids.Account, parent ids.ID, n string) orchestrator.DelegateAccess {
		return orchestrator.DelegateAccess{Grantee: by, Parent: parent, To: to, Prefix: []byte("a/b"), Ops: orchestrator.OpRead | orchestrator.OpDelegate, Expires: x.now + 500, Nonce: nonce(n)}
	}
	old, current := ids.GrantID(co, slaID, nonce("old")), ids.GrantID(co, slaID, nonce("new"))
	child := ids.GrantID(co, old, nonce("child"))
	x.do(grant(consumer, "old"), pass(stranger, assignee, old, "child"), handOver(assignee))
	x.take("NotAuthorized", grant(consumer, "new"))
	x.do(grant(assignee, "new"))
	x.take("StateWrong", pass(stranger, refund, old, "second"))
	x.take("StateWrong", pass(assignee, refund, child, "second")) // its root is the former consumer's, though its grantee is the new one
	x.take("NotAuthorized", pass(assignee, refund, old, "second"))
	x.do(pass(stranger, refund, current, "second"))
	x.do(orchestrator.RevokeAccess{By: assignee, ID: child}) // the SLA's consumer may end what does not hold
	back := handOver(consumer)
	back.Consumer = assignee
	x.do(back, pass(stranger, refund, old, "third"))
	x.take("StateWrong", pass(stranger, refund, current, "third"))
}

func transferredClosing(x *script) {
	x.offer()
	x.do(request(), orchestrator.CloseSLA{Consumer: consumer, SLA: slaID}, handOver(assignee))
	x.through(3, x.follow(slaID))
}

var cheap = orchestrator.PriceFor{Provider: provider, Unit: unitID, Consumer: consumer, StoragePrice: money.Of(74_649), EgressPrice: money.Of(776), Until: genesis + 60}

// special is the usual request at the price for its consumer.
func special(change ...func(*orchestrator.Request)) orchestrator.Request {
	return request(append([]func(*orchestrator.Request){func(r *orchestrator.Request) {
		t := priced(*r)
		t.StoragePrice, t.EgressPrice = cheap.StoragePrice, cheap.EgressPrice
		t.Bond = t.TotalPrice().Bps(1_000)
		r.PriceVersion, r.MaxTotal, r.Deposit = 0, t.TotalPrice(), t.Full()
	}}, change...)...)
}

func pricedOnce(x *script) {
	x.offer(manual, func(u *orchestrator.UnitSpec) { u.Listed = false })
	x.take("UnitUnlisted", request())
	x.do(cheap)
	x.take("UnitUnlisted", special(func(r *orchestrator.Request) { r.Consumer = assignee }))
	x.take("PriceChanged", request())
	x.do(special()) // accepted at once
	x.state(slaID, orchestrator.Active)
	x.take("UnitUnlisted", special(func(r *orchestrator.Request) { r.Nonce = nonce("again") }))
	x.through(9, x.follow(slaID))
}

func pricedBySize(x *script) {
	x.offer(manual)
	usual, sized := special(), cheap
	sized.Volume, sized.Egress, sized.Duration = usual.Volume, usual.Egress, usual.Duration
	x.do(sized)
	x.take("ArgumentInvalid", special(func(r *orchestrator.Request) { r.Volume++ }))
	x.take("ArgumentInvalid", special(func(r *orchestrator.Request) { r.Egress++ }))
	x.take("ArgumentInvalid", special(func(r *orchestrator.Request) { r.Duration++ }))
	x.take("CapacityMissing", special(func(r *orchestrator.Request) { r.Volume = 1<<40 + 1 }))
	x.take("ArgumentInvalid", special(func(r *orchestrator.Request) { r.Duration = 101 }))
	x.do(usual)
	x.state(slaID, orchestrator.Active)
}

func pricesOver(x *script) {
	x.offer(manual)
	x.do(cheap)
	x.pass(59)
	x.do(special(func(r *orchestrator.Request) { r.Nonce = nonce("in time") }))
	x.now = genesis
	x.do(cheap)
	x.pass(60)
	x.take("PriceChanged", special())
	dear := cheap
	dear.StoragePrice, dear.Until = money.Of(80_000), x.now+10
	x.do(cheap, dear) // the first takes back what is over anyway
	x.take("PriceAbove", special())
	back := dear
	back.Until = x.now
	x.do(back)
	x.take("PriceChanged", special())
	x.do(request())
	x.state(slaID, orchestrator.Requested)
}

func priceRefused(x *script) {
	x.offer()
	with := func(want string, change func(*orchestrator.PriceFor)) {
		op := cheap
		change(&op)
		x.take(want, op)
	}
	none := unitAt(1)
	with("AmountInvalid", func(op *orchestrator.PriceFor) { op.Unit, op.StoragePrice = none, money.Of(-1) })
	with("AmountInvalid", func(op *orchestrator.PriceFor) { op.Unit, op.EgressPrice = none, sla.MaxPrice.Add(money.Of(1)) })
	with("NotFound", func(op *orchestrator.PriceFor) { op.Unit = none })
	with("NotAuthorized", func(op *orchestrator.PriceFor) { op.Provider = stranger })
	with("ArgumentInvalid", func(op *orchestrator.PriceFor) { op.Until = x.now + 90*86_400 + 1 })
	x.do(cheap)
	x.do(orchestrator.UnitMaintain{Provider: provider, ID: unitID, From: x.now + 20, Until: x.now + 30})
	x.pass(25)
	x.take("UnitMaintenance", special())
	x.pass(5)
	x.take("CapacityMissing", special(func(r *orchestrator.Request) { r.Volume = 1<<40 + 1 }))
	x.take("DurationOutside", special(func(r *orchestrator.Request) { r.Duration = 101 }))
	x.do(orchestrator.UnitDecommission{Provider: provider, ID: unitID})
	x.take("UnitDecommissioning", special())
	with("UnitDecommissioning", func(op *orchestrator.PriceFor) { op.Until = 1 << 63 })
	x.do(orchestrator.UnitRetire{ID: unitID})
	with("StateWrong", func(op *orchestrator.PriceFor) { op.Until = 1 << 63 })
}

func freeze(amount int64) orchestrator.Freeze {
	return orchestrator.Freeze{Dispute: disputing, SLA: slaID, Amount: money.Of(amount), Bond: true}
}

func rule(amount int64) orchestrator.Rule {
	return orchestrator.Rule{Dispute: disputing, SLA: slaID, ToConsumer: money.Of(amount)}
}

// bondRuled: 1,001 of the bond are held, and nothing, all, or half of it goes to the consumer.
func bondRuled(x *script, part int64) {
	x.offer()
	x.do(request(covering(6)))
	l := x.follow(slaID)
	x.epochs(3, 0, 0, l)
	x.certify(l)
	x.do(freeze(1_001))
	x.take("Disputed", freeze(1))
	x.do(x.more(3)) // the bond is not paid again
	if part > 0 {
		part = 1_001 / part
	}
	x.do(rule(part))
	x.take("Disputed", pieces(6, mine(100*gib, 0))) // the bond is not whole
	x.through(6, l)
	x.state(slaID, orchestrator.Completed)
}

func bondClosed(x *script) {
	x.offer()
	x.do(request())
	a, _ := x.s.SLA(slaID)
	most, _ := x.s.Terms(slaID)
	l := x.follow(slaID)
	x.do(orchestrator.Freeze{Dispute: disputing, SLA: slaID, Amount: a.Bond.Sub(money.Of(3)), Bond: true}, rule(0), orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	if !money.Of(3).Less(most.Early(3, most.Duration)) {
		panic("the price of the early end is not above what is left of the bond")
	}
	x.through(3, l)
}

func bondWaiting(x *script) {
	x.offer(manual)
	x.do(request(func(r *orchestrator.Request) { r.Deposit = money.Of(500) }), freeze(2_000))
	x.do(x.more(6), orchestrator.Cancel{Consumer: consumer, SLA: slaID})
	x.drawOf(slaID)
	x.do(rule(200))
	x.drawOf(slaID)
}

func bondOverEnd(x *script) {
	x.offer()
	x.do(request())
	l := x.follow(slaID)
	x.do(freeze(777))
	x.through(9, l)
	x.take("Disputed", freeze(1))
	x.do(rule(77))
	x.drawOf(slaID)
	x.do(freeze(5)) // the SLA is over: nothing is held
	x.do(rule(0))
}

func bondRefused(x *script) {
	x.offer()
	x.do(request())
	x.take("AmountInvalid", freeze(0))
	none := freeze(1)
	none.SLA = slaNamed("none")
	x.take("NotFound", none)
	x.do(freeze(100))
	x.take("Disputed", orchestrator.Freeze{Dispute: disputing, SLA: slaID, Amount: money.Of(1)})
	x.take("AmountInvalid", rule(101))
	x.take("AmountInvalid", rule(-1))
	x.do(rule(100))
	x.take("Disputed", pieces(6, mine(100*gib, 0)))
	other, split := freeze(1), pieces(6, mine(100*gib, 0))
	other.SLA, split.SLA = next, next
	x.do(request(covering(6), func(r *orchestrator.Request) { r.Nonce = nonce("next") }), other)
	x.take("DepositShort", split) // looked at before disputes
}
