package main

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

var reclaimScenes = []scene{
	{"reclaim: to the end that it names", func(x *script) { reclaimed(x, 0) }},
	{"reclaim: in the middle of a window", func(x *script) { reclaimed(x, 4) }},
	{"reclaim: closed after it", reclaimedClosed},
	{"reclaim: terminated after it", reclaimedTerminated},
	{"reclaim: abandoned after it", reclaimedAbandoned},
	{"reclaim: the price is more than is locked", reclaimedPoor},
	{"reclaim: paid by and by, never Defaulted", reclaimedShort},
	{"reclaim: timed out", reclaimedTimedOut},
	{"reclaim: the provider's half first", reclaimedHalf},
	{"reclaim: refused", reclaimRefused},
	{"reclaim: what is refused after it", afterReclaim},
	{"reclaim: of an SLA that became another's", reclaimedTransferred},
	{"drain: a unit is taken out of service", drained},
	{"drain: refused", drainRefused},
}

// leaving offers a unit with an SLA of 30 epochs, of which so many pass well.
func (x *script) leaving(epochs int, change ...func(*orchestrator.UnitSpec)) []*track {
	x.offer(change...)
	x.do(request(lasting(30)))
	l := x.follow(slaID)
	x.epochs(epochs, 0, 0, l)
	return l
}

var giveUp = orchestrator.Reclaim{Provider: provider, SLA: slaID}

func reclaimed(x *script, after int) {
	l := x.leaving(after)
	x.do(giveUp)
	x.state(slaID, orchestrator.Reclaiming)
	a, _ := x.s.SLA(slaID)
	x.epochs(2, 0, 0, l)
	x.certify(l)
	x.through(int(a.EndEpochs)-after-2, l)
	x.state(slaID, orchestrator.Completed)
}

func reclaimedClosed(x *script) {
	l := x.leaving(1)
	x.do(giveUp)
	x.take("NotAuthorized", orchestrator.CloseSLA{Consumer: stranger, SLA: slaID})
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.state(slaID, orchestrator.Reclaiming)
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: slaID}) // again: the same
	x.through(2, l)
	x.state(slaID, orchestrator.Completed)
}

func reclaimedTerminated(x *script) {
	l := x.leaving(0)
	x.epochs(6, 1, 0, l)
	x.certify(l)
	x.do(giveUp, orchestrator.Terminate{Consumer: consumer, SLA: slaID})
	x.take("StateWrong", orchestrator.Terminate{Consumer: consumer, SLA: slaID})
	x.take("StateWrong", orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.through(2, l)
	x.state(slaID, orchestrator.Terminated)
}

func reclaimedAbandoned(x *script) {
	l := x.leaving(1)
	x.do(giveUp)
	x.epochs(2, 0, 0, l)
	x.epochs(9, 5, 0, l)
	x.certify(l)
	x.drawOf(slaID)
}

// reclaimedPoor: a collateral of one in a hundred, the price one in ten of what is not used.
func reclaimedPoor(x *script) {
	l := x.leaving(1, func(u *orchestrator.UnitSpec) { u.CollateralBps = 100 })
	x.do(giveUp)
	x.through(8, l)
}

func reclaimedShort(x *script) {
	x.offer()
	x.do(request(lasting(30), covering(13)))
	l := x.follow(slaID)
	x.epochs(1, 0, 0, l)
	x.do(giveUp)
	x.take("StateWrong", x.more(1))
	x.through(8, l)
	x.state(slaID, orchestrator.Completed)
}

func reclaimedTimedOut(x *script) {
	l := x.leaving(4)
	x.certify(l)
	x.do(giveUp)
	a, _ := x.s.SLA(slaID)
	c := x.s.Config()
	x.now = c.Start(a.StartEpoch+uint64(a.EndEpochs)) + 60
	x.take("NotTimedOut", orchestrator.TimeOut{SLA: slaID})
	x.pass(1)
	x.do(orchestrator.TimeOut{SLA: slaID})
	x.drawOf(slaID)
}

func reclaimedHalf(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	x.begin()
	x.do(giveUp)
	x.observe(9, 0, 0)
	x.report()
	x.do(half(x.settlement(x.leaf), x.terms))
	x.do(orchestrator.Claim{SLA: slaID})
	x.do(x.settlement(x.leaf))
	x.draw()
}

func reclaimRefused(x *script) {
	x.offer(manual)
	x.do(request())
	x.take("NotFound", orchestrator.Reclaim{Provider: provider, SLA: slaNamed("none")})
	x.take("NotAuthorized", orchestrator.Reclaim{Provider: stranger, SLA: slaID})
	x.take("StateWrong", giveUp) // Held
	x.do(orchestrator.Accept{Provider: provider, SLA: slaID})
	x.take("ReclaimNotice", giveUp) // nine epochs: it would not end earlier
	l := x.follow(slaID)
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.take("StateWrong", giveUp) // Closing
	x.through(3, l)
	x.take("StateWrong", giveUp) // Done
	long := slaNamed("next")
	x.do(nextRequest(lasting(30), func(r *orchestrator.Request) { r.Previous = ids.ID{} }), orchestrator.Accept{Provider: provider, SLA: long}, orchestrator.Reclaim{Provider: provider, SLA: long})
	x.take("ReclaimNotice", orchestrator.Reclaim{Provider: provider, SLA: long})
}

func afterReclaim(x *script) {
	l := x.leaving(1)
	x.do(giveUp)
	x.take("StateWrong", nextRequest())
	x.take("StateWrong", pieces(6, mine(100*gib, 0)))
	x.take("StateWrong", orchestrator.Fund{From: consumer, SLA: slaID, Amount: money.Of(1)})
	x.take("NoBreach", orchestrator.Terminate{Consumer: consumer, SLA: slaID})
	x.do(orchestrator.GrantAccess{Consumer: consumer, SLA: slaID, Grantee: stranger, Prefix: []byte("a/"), Ops: orchestrator.OpRead, Expires: x.now + 1, Nonce: nonce("grant")})
	x.through(8, l)
}

func reclaimedTransferred(x *script) {
	l := x.leaving(1)
	x.do(giveUp, orchestrator.TransferSLA{Consumer: consumer, SLA: slaID, To: assignee, Refund: stranger})
	x.through(8, l)
}

func drained(x *script) {
	l := x.leaving(1)
	x.do(elsewhere(gib), orchestrator.UnitDecommission{Provider: provider, ID: unitID}, orchestrator.Drain{SLA: slaID})
	x.take("LiveReservations", orchestrator.UnitRetire{ID: unitID})
	x.through(8, l)
	other := ids.SLAID(co, stranger, nonce("elsewhere"))
	x.take("ReclaimNotice", orchestrator.Drain{SLA: other}) // it ends by itself
	l = x.follow(other)
	for range 8 {
		l[0].leaf, _ = l[0].terms.Advance(l[0].leaf, &l[0].base, nil, 9)
	}
	x.through(2, l)
	x.do(orchestrator.UnitRetire{ID: unitID})
}

func drainRefused(x *script) {
	x.leaving(1)
	x.take("NotFound", orchestrator.Drain{SLA: slaNamed("none")})
	x.take("StateWrong", orchestrator.Drain{SLA: slaID})
	x.do(orchestrator.UnitDecommission{Provider: provider, ID: unitID}, giveUp)
	x.take("ReclaimNotice", orchestrator.Drain{SLA: slaID})
}
