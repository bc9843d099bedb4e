package main

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// The scripts' SLAs last nine epochs in windows of three; two epochs of grace and one of retention stand in their terms. So six epochs are the least to begin with.

// epochs of storage of the script's SLA that so many more cost.
func (x *script) more(epochs uint32) orchestrator.Fund {
	a, _ := x.s.SLA(slaID)
	t, _ := x.s.Terms(slaID)
	return orchestrator.Fund{From: stranger, SLA: slaID, Amount: money.Sum(t.Bond, t.EgressTotal(), t.Storage(a.Covered+epochs)).Sub(a.Deposited)}
}

func paidByAndBy(x *script) {
	x.offer()
	x.do(request(covering(6)))
	x.begin()
	x.observe(3, 0, 0) // Grace begins with the fourth epoch
	x.settle()
	x.observe(1, 0, 0)
	x.do(x.more(1)) // seven, in the fifth: still Grace
	x.observe(1, 0, 0)
	x.do(x.more(2)) // all of it, in the sixth, a whole epoch before the seventh ends
	x.take("OverFunded", orchestrator.Fund{From: consumer, SLA: slaID, Amount: money.Of(1)})
	x.observe(4, 0, 0)
	x.settle()
	x.draw()
}

func toppedUp(x *script, mode func(*orchestrator.Request)) {
	x.offer()
	x.do(request(mode, covering(6)))
	x.begin()
	for e := range 9 {
		x.observe(1, e%4/3, 0)
		x.settle()
		if e < 3 {
			x.do(x.more(1))
		}
	}
	x.draw()
}

func shortDeposit(x *script) {
	x.offer()
	x.do(request(covering(5)))
	x.do(x.more(1))
	x.do(x.more(3))
	x.begin()
	x.observe(9, 0, 0)
	x.settle()
	x.draw()
}

func topUpsRefused(x *script) {
	x.offer()
	x.do(request(covering(6)))
	x.begin()
	x.take("AmountInvalid", orchestrator.Fund{From: consumer, SLA: slaID, Amount: money.Of(0)})
	x.take("NotFound", orchestrator.Fund{From: consumer, SLA: ids.SLAID(co, consumer, nonce("none")), Amount: money.Of(1)})
	x.take("OverFunded", orchestrator.Fund{From: consumer, SLA: slaID, Amount: x.more(3).Amount.Add(money.Of(1))})
	x.observe(5, 0, 0)
	x.take("StateWrong", x.more(1)) // the sixth epoch runs, the last that is paid for
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.take("StateWrong", x.more(1))
	x.observe(1, 0, 0)
	x.settle()
	x.take("StateWrong", x.more(1))
	x.draw()
}

func ranOut(x *script, bad int) {
	x.offer()
	x.do(request(covering(6)))
	x.begin()
	x.observe(3, bad, 0)
	x.settle()
	x.observe(3, 0, 0)
	x.settle() // Defaulted: the price of the three last epochs' bond is the provider's
	x.take("StateWrong", orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.take("StateWrong", x.more(1))
	x.draw()
}

func endedBefore(x *script) {
	x.offer()
	x.do(request(covering(6)))
	x.begin()
	x.observe(2, 0, 0)
	l := x.leaf
	l.Status, l.JudgedEpochs, l.JudgedOut = sla.Complete, l.Epochs, l.BytesOut
	x.leaf = l
	x.settle()
	x.draw()
}

func beyondPaid(x *script) {
	x.offer()
	x.do(request(covering(6)))
	x.begin()
	x.observe(5, 0, 0)
	x.terms.Window, x.now = 3, x.now+100
	l := x.leaf
	l.Epochs, l.JudgedEpochs, l.JudgedOut, l.Status = 7, 7, l.BytesOut, sla.Complete
	x.epoch += 3
	x.leaf = l
	x.report()
	x.take("LeafBeyond", x.settlement(l))
}

func closedAfter(x *script, epochs int) {
	x.offer()
	x.do(request())
	x.begin()
	x.observe(epochs, 0, 0)
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	a, _ := x.s.SLA(slaID)
	x.observe(int(a.EndEpochs)-epochs, 0, 0)
	x.settle()
	x.draw()
}

func closedShort(x *script) {
	x.offer()
	x.do(request(covering(6)))
	x.begin()
	x.observe(4, 0, 0)
	x.settle()
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.observe(2, 0, 0)
	x.settle()
	x.draw()
}

func closedThenTerminated(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	x.begin()
	x.observe(6, 1, 0)
	x.settle() // slashed
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: slaID}, orchestrator.Terminate{Consumer: consumer, SLA: slaID})
	x.observe(2, 0, 0)
	x.settle()
	x.draw()
}

func closedThenAbandoned(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	x.begin()
	x.observe(6, 5, 0)
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.observe(3, 5, 0)
	x.settle()
	x.draw()
}

func timedOutShort(x *script) {
	x.offer()
	x.do(request(covering(7)))
	x.begin()
	x.observe(4, 0, 0)
	x.settle()
	c := x.s.Config()
	a, _ := x.s.SLA(slaID)
	x.now = c.Start(a.StartEpoch+7) + 60
	x.take("NotTimedOut", orchestrator.TimeOut{SLA: slaID})
	x.pass(1)
	x.do(orchestrator.TimeOut{SLA: slaID})
	x.draw()
}

func noBond(x *script) {
	x.offer()
	p := x.s.Params()
	p.Version, p.EarlyBps, p.GraceEpochs, p.RetentionEpochs = 2, 0, 0, 0
	x.do(orchestrator.SetParams{Admin: admin, Params: p})
	x.take("OverFunded", request())
	t := priced(request())
	x.do(request(func(r *orchestrator.Request) { r.Deposit = t.EgressTotal().Add(t.Storage(3)) })) // a window is the least
	x.begin()
	x.observe(3, 0, 0)
	x.settle()
	x.draw()
}

func freeOfCharge(x *script) {
	x.offer(func(u *orchestrator.UnitSpec) { u.StoragePrice, u.EgressPrice = money.Amount{}, money.Amount{} })
	x.take("OverFunded", request())
	x.do(request(func(r *orchestrator.Request) { r.Deposit = money.Amount{} }))
	x.begin()
	x.observe(9, 0, 0)
	x.settle()
	x.draw()
}
