package main

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

var splitScenes = []scene{
	{"split by time", func(x *script) { divided(x, 6, mine(100*gib, 10*gib)) }},
	{"split by time, no egress any more: what is over stays", func(x *script) { divided(x, 6, mine(100*gib, 0)) }},
	{"split by size", func(x *script) { divided(x, 6, mine(60*gib, 5*gib), assignees(40*gib, 5*gib)) }},
	{"split by size, odd", func(x *script) { divided(x, 3, mine(33*gib+1, 3*gib+5), assignees(67*gib-1, gib-1)) }},
	{"split into four, odd", func(x *script) {
		divided(x, 3, assignees(1, 1), assignees(17*gib+3, 0), mine(41*gib-2, 7), assignees(42*gib-2, sla.MaxEgress>>24))
	}},
	{"split, all of it another's", func(x *script) { divided(x, 6, assignees(100*gib, 10*gib)) }},
	{"split in escrow", splitInEscrow},
	{"split after credits and a slash", splitAfterBreach},
	{"split: what is kept does not cover what was slashed", splitTooSlashed},
	{"split: slashed after it", slashedAfterSplit},
	{"split: not closed any more, its piece is", closedAfterSplit},
	{"split: terminated after it", terminatedAfterSplit},
	{"split: timed out", splitTimedOut},
	{"split, and split again", splitAgain},
	{"split: a piece renewed, transferred, closed before it starts", pieceLives},
	{"split: a piece reclaimed", pieceReclaimed},
	{"split free of charge", splitFree},
	{"split without bond", splitNoBond},
	{"split with provider's half ahead", splitHalfOver},
	{"split refused", splitRefused},
	{"split refused: the money", splitUnpaid},
}

func mine(volume, egress uint64) orchestrator.Piece {
	return orchestrator.Piece{To: consumer, Refund: refund, Volume: volume, Egress: egress}
}

func assignees(volume, egress uint64) orchestrator.Piece {
	return orchestrator.Piece{To: assignee, Refund: assignee, Volume: volume, Egress: egress}
}

// pieces of the usual SLA, with their nonces.
func pieces(epochs uint32, l ...orchestrator.Piece) orchestrator.Split {
	for i := range l {
		l[i].Nonce = nonce(name("piece", i))
	}
	return orchestrator.Split{Consumer: consumer, SLA: slaID, Epochs: epochs, Pieces: l}
}

// divided: one epoch, then the split, and all of it to the end.
func divided(x *script, epochs uint32, l ...orchestrator.Piece) {
	x.offer(full100)
	x.do(request())
	tracks := x.follow(slaID)
	x.epochs(1, 0, 0, tracks)
	x.do(pieces(epochs, l...))
	x.take("OverFunded", orchestrator.Fund{From: consumer, SLA: slaID, Amount: money.Of(1)})
	x.take("OverFunded", orchestrator.Fund{From: consumer, SLA: x.pieces[0], Amount: money.Of(1)})
	tracks = append(tracks, x.follow(x.pieces...)...)
	x.epochs(int(epochs)-1, 0, 0, tracks)
	x.certify(tracks[:1])
	x.state(slaID, orchestrator.Completed)
	x.drawOf(slaID)
	x.through(9-int(epochs), tracks[1:])
	x.state(x.pieces[0], orchestrator.Completed)
}

func splitInEscrow(x *script) {
	x.offer()
	x.do(request(inEscrow))
	l := x.follow(slaID)
	x.epochs(4, 0, 0, l)
	x.certify(l)
	op := pieces(6, mine(1, gib), assignees(100*gib-1, gib))
	op.Pieces[1].Nonce = op.Pieces[0].Nonce // another's id is another one
	x.do(op)
	l = append(l, x.follow(x.pieces...)...)
	x.through(5, l)
}

func splitAfterBreach(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	l := x.follow(slaID)
	x.epochs(6, 1, 0, l)
	x.certify(l)
	x.do(pieces(24, mine(100*gib, 2*gib)))
	l = append(l, x.follow(x.pieces[0])...)
	x.epochs(18, 0, 0, l)
	x.certify(l[:1])
	x.drawOf(slaID)
	x.through(6, l[1:])
}

func splitTooSlashed(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	l := x.follow(slaID)
	x.epochs(6, 1, 0, l)
	x.certify(l)
	x.take("CollateralMissing", pieces(9, mine(100*gib, 2*gib)))
	x.do(pieces(21, mine(100*gib, 2*gib)))
}

func slashedAfterSplit(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	l := x.follow(slaID)
	x.epochs(1, 0, 0, l)
	x.do(pieces(6, mine(50*gib, 0), assignees(50*gib, gib)))
	l = append(l, x.follow(x.pieces...)...)
	x.epochs(5, 1, 0, l) // what A keeps does not cover all of it
	x.certify(l[:1])
	x.drawOf(slaID)
	x.epochs(6, 1, 0, l[1:])
	x.certify(l[1:])
	x.through(18, l[1:])
}

func closedAfterSplit(x *script) {
	x.offer()
	x.do(request(lasting(12)))
	l := x.follow(slaID)
	x.epochs(1, 0, 0, l)
	x.do(pieces(3, mine(100*gib, 0)))
	x.take("StateWrong", orchestrator.CloseSLA{Consumer: consumer, SLA: slaID})
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: x.pieces[0]})
	l = append(l, x.follow(x.pieces[0])...)
	x.through(5, l)
}

func terminatedAfterSplit(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	l := x.follow(slaID)
	x.epochs(6, 1, 0, l)
	x.certify(l)
	x.do(pieces(24, mine(100*gib, 0)), orchestrator.Terminate{Consumer: consumer, SLA: slaID})
	x.take("NoBreach", orchestrator.Terminate{Consumer: consumer, SLA: x.pieces[0]})
	x.through(2, l)
	x.state(slaID, orchestrator.Terminated)
}

func splitTimedOut(x *script) {
	x.offer()
	x.do(request())
	l := x.follow(slaID)
	x.epochs(2, 0, 0, l)
	x.certify(l)
	x.do(pieces(6, mine(100*gib, 0)))
	c := x.s.Config()
	x.now = c.Start(7) + 60
	x.take("NotTimedOut", orchestrator.TimeOut{SLA: slaID})
	x.pass(1)
	x.do(orchestrator.TimeOut{SLA: slaID})
	x.take("NotTimedOut", orchestrator.TimeOut{SLA: x.pieces[0]})
	x.pass(30)
	x.do(orchestrator.TimeOut{SLA: x.pieces[0]})
	x.drawOf(slaID)
	x.drawOf(x.pieces[0])
}

func splitAgain(x *script) {
	x.offer(full100)
	x.do(request(lasting(12)))
	l := x.follow(slaID)
	x.epochs(1, 0, 0, l)
	x.do(pieces(3, mine(70*gib, gib), assignees(30*gib, gib)))
	again := orchestrator.Split{Consumer: consumer, SLA: x.pieces[0], Epochs: 3, Pieces: []orchestrator.Piece{mine(33*gib, gib), assignees(37*gib, 0)}}
	again.Pieces[0].Nonce, again.Pieces[1].Nonce = nonce("piece 2"), nonce("piece 3")
	x.do(again) // before it starts
	l = append(l, x.follow(x.pieces...)...)
	x.epochs(2, 0, 0, l)
	x.certify(l[:1])
	x.epochs(3, 0, 0, l)
	x.certify(l[1:2])
	x.through(6, l[2:])
	x.drawOf(slaID)
	x.drawOf(x.pieces[0])
}

func pieceLives(x *script) {
	x.offer(full100)
	x.do(request(lasting(12)))
	l := x.follow(slaID)
	x.epochs(1, 0, 0, l)
	x.do(pieces(6, mine(50*gib, 0), assignees(30*gib, 0), assignees(20*gib, gib)))
	x.do(nextRequest(ofVolume(50*gib), func(r *orchestrator.Request) { r.Previous = x.pieces[0] }),
		orchestrator.TransferSLA{Consumer: assignee, SLA: x.pieces[1], To: stranger, Refund: stranger},
		orchestrator.CloseSLA{Consumer: stranger, SLA: x.pieces[1]})
	x.take("NotAuthorized", orchestrator.CloseSLA{Consumer: consumer, SLA: x.pieces[2]})
	x.do(orchestrator.CloseSLA{Consumer: assignee, SLA: x.pieces[2]})
	l = append(append(l, x.follow(x.pieces...)...), x.follow(next)...)
	x.epochs(8, 0, 0, l)
	x.certify(l[:1])
	x.through(12, l[1:])
}

func pieceReclaimed(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	l := x.follow(slaID)
	x.epochs(1, 0, 0, l)
	x.do(pieces(3, mine(100*gib, 0)))
	x.take("ReclaimNotice", orchestrator.Reclaim{Provider: provider, SLA: slaID})
	x.do(orchestrator.Reclaim{Provider: provider, SLA: x.pieces[0]}) // before it starts: it has its first window
	l = append(l, x.follow(x.pieces[0])...)
	x.epochs(2, 0, 0, l)
	x.certify(l[:1])
	x.through(9, l[1:])
}

func splitFree(x *script) {
	x.offer(func(u *orchestrator.UnitSpec) { u.StoragePrice, u.EgressPrice = money.Amount{}, money.Amount{} })
	x.do(request(unfunded))
	l := x.follow(slaID)
	x.epochs(1, 0, 0, l)
	x.do(pieces(3, mine(99*gib, gib), assignees(gib, 10*gib)))
	l = append(l, x.follow(x.pieces...)...)
	x.through(8, l)
}

func splitNoBond(x *script) {
	x.offer()
	p := x.s.Params()
	p.Version, p.EarlyBps = 2, 0
	x.do(orchestrator.SetParams{Admin: admin, Params: p})
	x.do(request(func(r *orchestrator.Request) { r.Deposit = r.MaxTotal }))
	l := x.follow(slaID)
	x.epochs(1, 0, 0, l)
	x.do(pieces(3, mine(51*gib, gib), assignees(49*gib, 10*gib)))
	l = append(l, x.follow(x.pieces...)...)
	x.through(8, l)
}

// splitHalfOver: the provider's half is over, the consumer's does not know it yet.
func splitHalfOver(x *script) {
	x.offer()
	x.do(request(lasting(30)))
	x.begin()
	x.observe(9, 5, 0) // abandoned
	x.report()
	x.do(half(x.settlement(x.leaf), x.terms))
	x.take("StateWrong", pieces(12, mine(100*gib, 0)))
}

func splitRefused(x *script) {
	x.offer()
	x.do(request(covering(6)))
	all := mine(100*gib, gib)
	with := func(want string, change func(*orchestrator.Split)) {
		op := pieces(6, all)
		change(&op)
		x.take(want, op)
	}
	unknown := func(op *orchestrator.Split) { op.SLA = slaNamed("none") }
	with("ArgumentInvalid", func(op *orchestrator.Split) { unknown(op); op.Pieces = nil })
	with("ArgumentInvalid", func(op *orchestrator.Split) {
		unknown(op)
		op.Pieces = pieces(6, mine(gib, 0), mine(gib, 0), mine(gib, 0), mine(gib, 0), mine(96*gib, 0)).Pieces
	})
	with("ArgumentInvalid", func(op *orchestrator.Split) { unknown(op); op.Pieces[0].Volume = 0 })
	with("ArgumentInvalid", func(op *orchestrator.Split) { unknown(op); op.Pieces[0].Egress = sla.MaxEgress + 1 })
	with("NotFound", unknown)
	with("NotAuthorized", func(op *orchestrator.Split) { op.Consumer = stranger })
	with("DepositShort", func(op *orchestrator.Split) { op.Epochs = 0 })
	x.do(x.more(3))
	for _, epochs := range []uint32{0, 2, 4, 9, 12} {
		with("ArgumentInvalid", func(op *orchestrator.Split) { op.Epochs = epochs })
	}
	with("ArgumentInvalid", func(op *orchestrator.Split) { op.Pieces = pieces(6, mine(100*gib-1, 0)).Pieces })
	with("ArgumentInvalid", func(op *orchestrator.Split) { op.Pieces = pieces(6, mine(100*gib+1, 0)).Pieces })
	with("ArgumentInvalid", func(op *orchestrator.Split) { op.Pieces = pieces(6, mine(100*gib+1, 0), mine(1<<64-1, 0)).Pieces })
	with("Exists", func(op *orchestrator.Split) { op.Pieces[0].Nonce = nonce("sla") })
	with("Exists", func(op *orchestrator.Split) { // two of one consumer; of two consumers they may be the same
		op.Pieces = pieces(6, mine(gib, 0), mine(99*gib, 0)).Pieces
		op.Pieces[1].Nonce = op.Pieces[0].Nonce
	})
	l := x.follow(slaID)
	x.epochs(5, 0, 0, l)
	with("ArgumentInvalid", func(*orchestrator.Split) {}) // the sixth epoch runs
	x.do(nextRequest())
	with("StateWrong", func(op *orchestrator.Split) { op.Epochs = 0 }) // it has a successor
	x.do(orchestrator.CloseSLA{Consumer: consumer, SLA: next})
	with("StateWrong", func(op *orchestrator.Split) { op.SLA = next }) // it is closing
	x.through(4, l)
	with("StateWrong", func(*orchestrator.Split) {})
}

func splitUnpaid(x *script) {
	x.offer()
	r := request(unfunded)
	r.Consumer = refund // has nothing
	id := ids.SLAID(co, refund, r.Nonce)
	x.do(r, orchestrator.Fund{From: stranger, SLA: id, Amount: full(r)})
	op := pieces(6, mine(100*gib, 100*gib))
	op.Consumer, op.SLA = refund, id
	x.take("balance_missing", op)
	op = pieces(6, mine(100*gib, 0))
	op.Consumer, op.SLA = refund, id
	x.do(op)
}
