package main

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

var renewalScenes = []scene{
	{"renewal: in time, on a full unit", func(x *script) { renewed(x, full100) }},
	{"renewal: of half of the volume", func(x *script) { renewed(x, full100, ofVolume(50*gib)) }},
	{"renewal: of more than there is before it", renewalTooBig},
	{"renewal: of a closing SLA", renewedClosing},
	{"renewal: held, accepted in time", heldRenewal},
	{"renewal: late, the unit is free", func(x *script) { lateRenewal(x, false) }},
	{"renewal: late, the unit is full", func(x *script) { lateRenewal(x, true) }},
	{"renewal: refused", renewalRefused},
	{"renewal: two of them, one begins", twoRenewals},
	{"renewal: of an SLA that became another's", renewalOfAnothers},
	{"renewal: what has a successor is not closed any more", closedAfterRenewal},
	{"renewal: behind an SLA that is reclaimed", renewalBehindReclaimed},
	{"renewal: cancelled", renewalCancelled},
	{"renewal: after the provider's half was settled to its end", renewalAfterHalf},
	{"renewal: of a renewal that has not started", chain},
	{"renewal: at a price for the consumer", pricedRenewal},
	{"renewal: ended before it starts", endedBeforeStart},
}

func roomFor(bytes uint64) func(*orchestrator.UnitSpec) {
	return func(u *orchestrator.UnitSpec) { u.Capacity = bytes }
}

func full100(u *orchestrator.UnitSpec) { u.Capacity = 100 * gib }

func ofVolume(bytes uint64) func(*orchestrator.Request) {
	return func(r *orchestrator.Request) { r.Volume = bytes; inFull(r) }
}

func renewed(x *script, unit func(*orchestrator.UnitSpec), change ...func(*orchestrator.Request)) {
	x.offer(unit)
	x.do(request())
	l := x.follow(slaID)
	x.epochs(4, 0, 0, l)
	x.do(nextRequest(change...))
	l = append(l, x.follow(next)...)
	x.epochs(5, 0, 0, l)
	x.certify(l)
	x.state(slaID, orchestrator.Completed)
	x.drawOf(slaID)
	x.through(9, l[1:])
	x.state(next, orchestrator.Completed)
}

func renewalTooBig(x *script) {
	x.offer(roomFor(199 * gib))
	x.do(request())
	x.take("ArgumentInvalid", nextRequest(ofVolume(100*gib+1)))
	x.take("CapacityMissing", nextRequest(func(r *orchestrator.Request) { r.Previous = ids.ID{} }))
	x.do(nextRequest())
}

func renewedClosing(x *script) {
	x.offer(full100)
	x.do(request(covering(6)))
	l := x.follow(slaID)
	x.epochs(1, 0, 0, l)
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: slaID}, nextRequest())
	l = append(l, x.follow(next)...)
	x.through(11, l)
}

func heldRenewal(x *script) {
	x.offer(full100, manual)
	x.do(request(), orchestrator.Accept{Provider: provider, SLA: slaID})
	x.do(nextRequest())
	l := x.follow(slaID)
	x.epochs(7, 0, 0, l)
	x.do(orchestrator.Accept{Provider: provider, SLA: next})
	l = append(l, x.follow(next)...)
	x.through(11, l)
}

// elsewhere is another consumer's SLA of so many bytes.
func elsewhere(bytes uint64) orchestrator.Request {
	return request(ofVolume(bytes), func(r *orchestrator.Request) { r.Consumer, r.Nonce = stranger, nonce("elsewhere") })
}

func lateRenewal(x *script, taken bool) {
	x.offer(full100, manual)
	x.do(request(), orchestrator.Accept{Provider: provider, SLA: slaID}, nextRequest())
	x.through(9, x.follow(slaID))
	if !taken {
		x.do(orchestrator.Accept{Provider: provider, SLA: next})
		x.through(9, x.follow(next))
		return
	}
	x.do(elsewhere(1), orchestrator.Accept{Provider: provider, SLA: ids.SLAID(co, stranger, nonce("elsewhere"))})
	x.take("CapacityMissing", orchestrator.Accept{Provider: provider, SLA: next})
	x.do(orchestrator.Refuse{Provider: provider, SLA: next})
	x.drawOf(next)
}

func renewalRefused(x *script) {
	x.places(2)
	x.do(request(covering(6)))
	after := func(change func(*orchestrator.Request)) orchestrator.Request { return nextRequest(change) }
	x.take("Exists", after(func(r *orchestrator.Request) { r.Nonce, r.Previous = nonce("sla"), slaNamed("none") }))
	x.take("NotFound", after(func(r *orchestrator.Request) { r.Previous = slaNamed("none") }))
	x.take("NotAuthorized", after(func(r *orchestrator.Request) { r.Consumer, r.Unit = stranger, unitAt(1) }))
	x.take("ArgumentInvalid", after(func(r *orchestrator.Request) { r.Unit = unitAt(1) }))
	x.take("DepositShort", after(func(r *orchestrator.Request) { r.Volume = 0 }))
	x.do(x.more(3))
	x.take("ArgumentInvalid", after(func(r *orchestrator.Request) { r.Volume = 0 })) // of the quote
	x.do(nextRequest())
	x.take("StateWrong", after(func(r *orchestrator.Request) { r.Nonce = nonce("again") }))
	x.do(request(unfunded, func(r *orchestrator.Request) { r.Nonce = nonce("idle") }))
	x.take("StateWrong", after(func(r *orchestrator.Request) { r.Nonce, r.Previous = nonce("again"), slaNamed("idle") })) // Accepted
	x.through(9, x.follow(slaID))
	x.take("StateWrong", after(func(r *orchestrator.Request) { r.Nonce = nonce("again") })) // Completed
}

func twoRenewals(x *script) {
	x.offer(roomFor(200*gib), manual)
	other := slaNamed("other")
	x.do(request(), orchestrator.Accept{Provider: provider, SLA: slaID}, nextRequest(), nextRequest(func(r *orchestrator.Request) { r.Nonce = nonce("other") }), orchestrator.Accept{Provider: provider, SLA: next})
	x.take("StateWrong", orchestrator.Accept{Provider: provider, SLA: other})
	l := x.follow(slaID, next)
	x.through(9, l[:1])
	x.do(orchestrator.Accept{Provider: provider, SLA: other}) // in the room that is free by now
	l = append(l, x.follow(other)...)
	x.through(9, l[1:])
}

func renewalOfAnothers(x *script) {
	x.offer(full100, manual)
	x.do(request(), orchestrator.Accept{Provider: provider, SLA: slaID}, nextRequest(), orchestrator.TransferSLA{Consumer: consumer, SLA: slaID, To: assignee, Refund: assignee})
	x.take("StateWrong", orchestrator.Accept{Provider: provider, SLA: next})
	x.through(9, x.follow(slaID))
	x.do(orchestrator.Accept{Provider: provider, SLA: next})
	x.through(9, x.follow(next))
}

func closedAfterRenewal(x *script) {
	x.offer(full100)
	x.do(request(), nextRequest())
	l := x.follow(slaID, next)
	x.epochs(1, 0, 0, l)
	x.take("StateWrong", orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: next})
	x.through(11, l)
}

func renewalBehindReclaimed(x *script) {
	x.offer(full100, manual)
	x.do(request(lasting(30)), orchestrator.Accept{Provider: provider, SLA: slaID}, nextRequest())
	l := x.follow(slaID)
	x.epochs(1, 0, 0, l)
	x.do(orchestrator.Reclaim{Provider: provider, SLA: slaID}, orchestrator.Accept{Provider: provider, SLA: next})
	l = append(l, x.follow(next)...)
	x.through(17, l)
}

func renewalCancelled(x *script) {
	x.offer(full100, manual)
	x.do(request(), orchestrator.Accept{Provider: provider, SLA: slaID}, nextRequest(), orchestrator.Cancel{Consumer: consumer, SLA: next}, nextRequest(func(r *orchestrator.Request) { r.Nonce = nonce("again") }),
		orchestrator.Refuse{Provider: provider, SLA: slaNamed("again")})
	x.drawOf(next)
	x.through(9, x.follow(slaID))
}

func renewalAfterHalf(x *script) {
	x.offer(full100)
	x.do(request())
	x.begin()
	x.observe(9, 0, 0)
	x.report()
	x.do(half(x.settlement(x.leaf), x.terms))
	x.do(nextRequest()) // takes nothing over, and follows
	x.do(x.settlement(x.leaf))
	x.through(9, x.follow(next))
}

func chain(x *script) {
	x.offer(full100)
	third := slaNamed("third")
	x.do(request(), nextRequest(), nextRequest(func(r *orchestrator.Request) { r.Nonce, r.Previous = nonce("third"), next }))
	l := x.follow(slaID, next, third)
	x.through(27, l)
	x.state(third, orchestrator.Completed)
}

func pricedRenewal(x *script) {
	x.offer(full100, manual)
	x.do(request(), orchestrator.Accept{Provider: provider, SLA: slaID}, orchestrator.UnitList{Provider: provider, ID: unitID, Listed: false})
	x.take("UnitUnlisted", nextRequest())
	x.do(orchestrator.PriceFor{Provider: provider, Unit: unitID, Consumer: consumer, StoragePrice: money.Of(3), EgressPrice: money.Of(0), Until: x.now + 1})
	x.take("OverFunded", nextRequest(func(r *orchestrator.Request) { r.PriceVersion = 0 }))
	x.do(nextRequest(func(r *orchestrator.Request) { r.PriceVersion, r.Deposit = 0, money.Of(0) }))
	x.through(18, x.follow(slaID, next))
}

func endedBeforeStart(x *script) {
	x.offer(full100)
	x.do(request(), nextRequest())
	l := x.follow(slaID, next)
	x.epochs(2, 0, 0, l)
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: next}) // after its first window
	x.through(10, l)
}
