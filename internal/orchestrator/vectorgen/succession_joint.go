package main

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

var jointScenes = []scene{
	{"joint: two copies, begun by the request", func(x *script) { jointLife(x, 2, 10_000, 10_000) }},
	{"joint: no redundancy, shares that sum up to the whole", func(x *script) { jointLife(x, 1, 3_333, 6_667) }},
	{"joint: two of three", func(x *script) { jointLife(x, 2, 5_000, 5_000, 5_000) }},
	{"joint: six units, odd shares", func(x *script) { jointLife(x, 3, 2_501, 2_499, 2_500, 2_502, 10_000, 9_999) }},
	{"joint: in escrow", jointInEscrow},
	{"joint: begun by fund", jointByFund},
	{"joint: begun by begin", jointByBegin},
	{"joint: begin refused", beginRefused},
	{"joint: one part refused, the others cancelled and expired", partRefused},
	{"joint: a Funded part refused by its provider", fundedRefused},
	{"joint: expired", jointExpired},
	{"joint: one ends alone", endsAlone},
	{"joint: a breach in one part, terminated", jointTerminated},
	{"joint: refused: what is no joint SLA", jointArguments},
	{"joint: refused: as a request, part by part", jointRefused},
	{"joint: with a price for one part", jointPriced},
	{"joint: a part is another's before it begins", jointTransferred},
	{"joint: one part split", jointSplit},
}

func partID(i int) ids.ID { return slaNamed(name("part", i)) }

func partIDs(n int) (l []ids.ID) {
	for i := range n {
		l = append(l, partID(i))
	}
	return l
}

// together asks for nine epochs of a little more than 100 GiB, wholly paid.
func together(redundancy uint8, shares ...uint16) orchestrator.RequestJoint {
	op := orchestrator.RequestJoint{Consumer: consumer, Volume: 100*gib + 1, Duration: 9, Redundancy: redundancy, Refund: refund}
	for i, bps := range shares {
		r := orchestrator.Request{Volume: sla.Share{Bps: bps}.Of(op.Volume), Egress: uint64(i+1) * gib, Duration: op.Duration}
		op.Parts = append(op.Parts, orchestrator.Part{Unit: unitAt(i), ShareBps: bps, Egress: r.Egress, MaxTotal: price(r), PriceVersion: 1, Nonce: nonce(name("part", i)), Deposit: full(r)})
	}
	return op
}

func copies() orchestrator.RequestJoint { return together(2, 10_000, 10_000) }

func jointLife(x *script, redundancy uint8, shares ...uint16) {
	x.places(len(shares))
	x.do(together(redundancy, shares...))
	l := x.follow(partIDs(len(shares))...)
	x.epochs(4, 0, 0, l)
	x.certify(l)
	x.through(5, l)
	for _, t := range l {
		x.state(t.id, orchestrator.Completed)
	}
}

func jointInEscrow(x *script) {
	x.places(2)
	op := copies()
	op.Mode = sla.Escrow
	x.do(op)
	l := x.follow(partIDs(2)...)
	x.epochs(3, 1, 0, l)
	x.certify(l)
	x.through(6, l)
}

func jointByFund(x *script) {
	x.places(2)
	op := copies()
	missing := op.Parts[1].Deposit
	op.Parts[1].Deposit = money.Of(0)
	x.do(op)
	x.state(partID(0), orchestrator.Funded)
	x.take("StateWrong", orchestrator.Fund{From: consumer, SLA: partID(0), Amount: money.Of(1)})
	x.take("StateWrong", orchestrator.Begin{SLA: partID(0)})
	x.pass(25)
	x.do(orchestrator.Fund{From: stranger, SLA: partID(1), Amount: money.Of(1_000)})
	x.state(partID(1), orchestrator.Accepted)
	x.do(orchestrator.Fund{From: stranger, SLA: partID(1), Amount: missing.Sub(money.Of(1_000))})
	x.state(partID(0), orchestrator.Active)
	x.epoch = 2
	x.through(9, x.follow(partIDs(2)...))
}

func jointByBegin(x *script) {
	x.places(3, manual)
	op := together(2, 5_000, 5_000, 5_000)
	op.Parts[2].Deposit = coverOf(op, 2, 6)
	x.do(op)
	for i := range 3 {
		x.take("StateWrong", orchestrator.Begin{SLA: partID(i)})
		x.pass(11)
		x.do(orchestrator.Accept{Provider: ownerAt(i), SLA: partID(i)})
	}
	x.state(partID(2), orchestrator.Funded)
	x.do(orchestrator.Begin{SLA: partID(1)})
	x.take("StateWrong", orchestrator.Begin{SLA: partID(1)})
	x.epoch = 3
	l := x.follow(partIDs(3)...)
	x.epochs(2, 0, 0, l)
	a, _ := x.s.SLA(partID(2))
	x.do(orchestrator.Fund{From: consumer, SLA: partID(2), Amount: op.Parts[1].Deposit.Sub(a.Deposited)})
	x.through(7, l)
}

// coverOf is what the part of a joint request costs for so many epochs.
func coverOf(op orchestrator.RequestJoint, i int, epochs uint32) money.Amount {
	p := op.Parts[i]
	t := priced(orchestrator.Request{Volume: sla.Share{Bps: p.ShareBps}.Of(op.Volume), Egress: p.Egress, Duration: op.Duration})
	return money.Sum(t.Bond, t.EgressTotal(), t.Storage(epochs))
}

func beginRefused(x *script) {
	x.places(2, manual)
	x.take("NotFound", orchestrator.Begin{SLA: slaNamed("none")})
	x.do(request(unfunded))
	x.take("StateWrong", orchestrator.Begin{SLA: slaID}) // alone
	x.do(copies())
	x.do(orchestrator.Accept{Provider: provider, SLA: partID(0)})
	x.take("StateWrong", orchestrator.Begin{SLA: partID(0)})
	x.take("StateWrong", orchestrator.Begin{SLA: partID(1)})
	x.do(orchestrator.Cancel{Consumer: consumer, SLA: partID(0)}, orchestrator.Accept{Provider: second, SLA: partID(1)})
	x.take("StateWrong", orchestrator.Begin{SLA: partID(1)})
}

func partRefused(x *script) {
	x.places(3, manual)
	x.do(together(2, 5_000, 5_000, 5_000), orchestrator.Accept{Provider: provider, SLA: partID(0)}, orchestrator.Accept{Provider: provider, SLA: partID(2)},
		orchestrator.Refuse{Provider: second, SLA: partID(1)})
	x.take("StateWrong", orchestrator.Begin{SLA: partID(0)})
	x.take("NotAuthorized", orchestrator.Cancel{Consumer: stranger, SLA: partID(0)})
	x.do(orchestrator.Cancel{Consumer: consumer, SLA: partID(0)})
	x.pass(60)
	x.take("NotTimedOut", orchestrator.Expire{SLA: partID(2)})
	x.pass(1)
	x.do(orchestrator.Expire{SLA: partID(2)})
	for i := range 3 {
		x.drawOf(partID(i))
	}
}

func fundedRefused(x *script) {
	x.places(2, manual)
	x.do(copies(), orchestrator.Accept{Provider: provider, SLA: partID(0)}, orchestrator.Accept{Provider: second, SLA: partID(1)}, orchestrator.Refuse{Provider: provider, SLA: partID(0)})
	x.take("StateWrong", orchestrator.Begin{SLA: partID(1)})
	x.state(partID(1), orchestrator.Funded)
	x.drawOf(partID(0))
}

func jointExpired(x *script) {
	x.places(2, manual)
	x.do(copies(), orchestrator.Accept{Provider: provider, SLA: partID(0)})
	x.pass(61)
	x.do(orchestrator.Expire{SLA: partID(0)}, orchestrator.Expire{SLA: partID(1)})
	x.take("StateWrong", orchestrator.Accept{Provider: second, SLA: partID(1)})
	x.drawOf(partID(0))
	x.drawOf(partID(1))
}

func endsAlone(x *script) {
	x.places(2)
	x.do(copies())
	l := x.follow(partIDs(2)...)
	x.epochs(2, 0, 0, l)
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: partID(0)})
	x.epochs(1, 0, 0, l)
	x.certify(l)
	x.state(partID(0), orchestrator.Completed)
	x.state(partID(1), orchestrator.Active)
	x.through(6, l[1:])
}

func jointTerminated(x *script) {
	x.places(2)
	x.do(copies())
	l := x.follow(partIDs(2)...)
	x.epochs(6, 1, 0, l[:1])
	x.certify(l[:1])
	x.do(orchestrator.Terminate{Consumer: consumer, SLA: partID(0)})
	x.epoch = 0
	x.epochs(6, 0, 0, l[1:])
	x.through(3, l)
}

func jointArguments(x *script) {
	x.places(6)
	wrong := func(op orchestrator.RequestJoint) { x.take("ArgumentInvalid", op) }
	six := []uint16{10_000, 10_000, 10_000, 10_000, 10_000, 10_000}
	wrong(orchestrator.RequestJoint{Consumer: consumer, Volume: gib, Duration: 9, Redundancy: 1, Refund: refund})
	wrong(together(1, 10_000))
	wrong(together(6, append(six, 10_000)...))
	twice := copies()
	twice.Parts[1].Unit = unitID
	wrong(twice)
	wrong(together(2, 10_000, 0))
	wrong(together(2, 10_000, 10_001))
	wrong(together(0, 10_000, 10_000))
	wrong(together(3, 10_000, 10_000))
	wrong(together(1, 5_000, 4_999))
	wrong(together(2, 10_000, 9_999))
	wrong(together(2, 5_000, 4_999, 10_000))
	mode := copies()
	mode.Mode = 2
	wrong(mode)
	empty := copies()
	empty.Volume = 0
	wrong(empty)
	x.do(together(6, six...))
}

func jointRefused(x *script) {
	x.places(2)
	wrong := func(want string, change func(*orchestrator.Part)) {
		op := copies()
		change(&op.Parts[1])
		x.take(want, op)
	}
	wrong("AmountInvalid", func(p *orchestrator.Part) { p.Deposit = money.Of(-1) })
	wrong("Exists", func(p *orchestrator.Part) { p.Nonce = nonce("part 0") })
	wrong("NotFound", func(p *orchestrator.Part) { p.Unit = unitAt(3) })
	wrong("PriceChanged", func(p *orchestrator.Part) { p.PriceVersion = 2 })
	wrong("PriceAbove", func(p *orchestrator.Part) { p.MaxTotal = p.MaxTotal.Sub(money.Of(1)) })
	wrong("OverFunded", func(p *orchestrator.Part) { p.Deposit = p.Deposit.Add(money.Of(1)) })
	wrong("ArgumentInvalid", func(p *orchestrator.Part) { p.Egress = sla.MaxEgress + 1 })
	big := copies()
	big.Volume = 1<<40 + 1
	x.take("CapacityMissing", big)
	x.do(orchestrator.UnitList{Provider: provider, ID: unitID, Listed: false})
	x.take("UnitUnlisted", copies())
	x.do(orchestrator.UnitList{Provider: provider, ID: unitID, Listed: true})
	poor := copies()
	poor.Consumer = refund
	x.take("balance_missing", poor)
	x.do(orchestrator.Pause{Admin: admin, Paused: true})
	none := copies()
	none.Redundancy = 0
	x.take("Paused", none)
	x.do(orchestrator.Pause{Admin: admin}, copies())
}

func jointPriced(x *script) {
	x.places(2)
	x.do(orchestrator.PriceFor{Provider: second, Unit: unitAt(1), Consumer: consumer, StoragePrice: money.Of(1), EgressPrice: money.Of(2), Until: x.now + 60})
	x.take("PriceChanged", copies())
	op := copies()
	op.Parts[1].PriceVersion, op.Parts[1].Deposit = 0, money.Of(4)
	x.do(op)
	x.state(partID(1), orchestrator.Active)
	x.through(9, x.follow(partIDs(2)...))
}

func jointTransferred(x *script) {
	x.places(2, manual)
	x.do(copies(), orchestrator.Accept{Provider: provider, SLA: partID(0)}, orchestrator.TransferSLA{Consumer: consumer, SLA: partID(0), To: assignee, Refund: assignee},
		orchestrator.Accept{Provider: second, SLA: partID(1)}, orchestrator.Begin{SLA: partID(0)})
	x.through(9, x.follow(partIDs(2)...))
}

func jointSplit(x *script) {
	x.places(2)
	x.do(copies())
	l := x.follow(partIDs(2)...)
	x.epochs(1, 0, 0, l)
	x.do(orchestrator.Split{Consumer: consumer, SLA: partID(1), Epochs: 3, Pieces: []orchestrator.Piece{{To: consumer, Refund: refund, Volume: 100*gib + 1, Nonce: nonce("piece 0")}}})
	l = append(l, x.follow(slaNamed("piece 0"))...)
	x.through(8, l)
}
