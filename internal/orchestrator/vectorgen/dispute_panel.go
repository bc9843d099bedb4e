package main

import (
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
)

func (x *disputeScript) opening(change ...func(*dispute.OpenDispute)) dispute.OpenDispute {
	op := dispute.OpenDispute{Consumer: buyer, SLA: x.terms.SLA, Amount: money.Of(6_000), Evidence: hash("claim"), Nonce: nonce(x.Name)}
	for _, f := range change {
		f(&op)
	}
	return op
}

func (x *disputeScript) open() { x.do(x.opening()) }
func (x *disputeScript) reply() {
	x.do(dispute.AnswerDispute{Party: seller, ID: x.id, Evidence: hash("answer")})
}

// root certifies the epoch that the panel waits for.
func (x *disputeScript) root() {
	c, _ := x.s.Dispute(x.now, x.id)
	x.now = max(x.now, genesis+10*(c.SeedEpoch+1))
	x.do(putRoot{c.SeedEpoch, hash("root of " + x.Name)}, dispute.Advance{ID: x.id})
}

func (x *disputeScript) panel() []dispute.Seat {
	c, _ := x.s.Dispute(x.now, x.id)
	return x.s.Panel(x.id, c.Round)
}

const silent = 9

// vote of the panel, in the order of its seats; silent ones do not commit.
func (x *disputeScript) vote(choices ...uint32) {
	c, _ := x.s.Dispute(x.now, x.id)
	seats := x.panel()
	for i, choice := range choices {
		if a := seats[i].Arbiter; choice != silent {
			x.do(dispute.CommitVote{Arbiter: a, ID: x.id, Hash: dispute.VoteHash(x.id, c.Round, a, choice, hash("salt"))})
		}
	}
	x.now = c.Until
	for i, choice := range choices {
		if choice != silent {
			x.do(dispute.RevealVote{Arbiter: seats[i].Arbiter, ID: x.id, Choice: choice, Salt: hash("salt")})
		}
	}
	x.now = c.RevealUntil
	x.do(dispute.Advance{ID: x.id})
}

func (x *disputeScript) ruled(choices ...uint32) {
	x.open()
	x.reply()
	x.root()
	x.vote(choices...)
}

// execute once nothing can be appealed any more, and pay everybody.
func (x *disputeScript) execute() {
	c, _ := x.s.Dispute(x.now, x.id)
	x.now = max(x.now, c.Until)
	x.do(dispute.Execute{ID: x.id})
	x.pay()
}

func (x *disputeScript) pay() {
	who := []ids.Account{buyer, seller, disputeParams().Fund}
	for i := range 8 {
		who = append(who, arbiterAccount(i))
	}
	for _, a := range who {
		if x.s.Due(a).Sign() > 0 {
			x.do(dispute.Claim{Account: a})
		}
	}
	x.take("NothingDue", dispute.Claim{Account: buyer})
}

func (x *disputeScript) appeal(by ids.Account, choices ...uint32) {
	x.do(dispute.Appeal{Party: by, ID: x.id})
	x.root()
	if len(choices) > 0 {
		x.vote(choices...)
	}
}

// small panels of three, whose appeal of seven needs more arbiters than stand beside them.
var panelScripts = map[string]func(*disputeScript){
	"nobody answers": func(x *disputeScript) {
		x.open()
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.execute()
	},
	"for the provider":      func(x *disputeScript) { x.ruled(0, 1, 0); x.execute() },
	"for the consumer":      func(x *disputeScript) { x.ruled(1, 1, 1); x.execute() },
	"one arbiter is silent": func(x *disputeScript) { x.ruled(1, silent, 1); x.execute() },
	"silence that does not divide": func(x *disputeScript) {
		x.more(12)
		x.ruled(1, silent, 0)
		x.take("PhaseWrong", dispute.Execute{ID: x.id})
	},
	"split": func(x *disputeScript) {
		x.ruled(0, 1, 2)
		x.take("PhaseWrong", dispute.Execute{ID: x.id})
		x.take("Exists", x.opening(func(op *dispute.OpenDispute) { op.Nonce = nonce("once more") }))
		x.pay()
	},
	"too few reveal": func(x *disputeScript) { x.ruled(1, silent, silent); x.pay() },
	"nobody votes":   func(x *disputeScript) { x.ruled(silent, silent, silent); x.pay() },
	"silence costs nothing where the contract may not slash": func(x *disputeScript) {
		x.open()
		x.reply()
		x.root()
		x.do(putMute{true})
		x.vote(1, 1, silent)
		x.execute()
	},
	"half of those who revealed is not enough": func(x *disputeScript) { x.ruled(0, silent, 2); x.pay() },
	"no root comes": func(x *disputeScript) {
		x.open()
		x.reply()
		x.take("NotTimedOut", dispute.Advance{ID: x.id})
		x.pass(999)
		x.take("NotTimedOut", dispute.Advance{ID: x.id})
		x.pass(1)
		x.do(dispute.Advance{ID: x.id})
		x.pay()
	},
	"epochs without a root are passed over": func(x *disputeScript) {
		x.open()
		x.reply()
		x.do(putRoot{5, hash("before")})
		x.take("NotTimedOut", dispute.Advance{ID: x.id})
		x.pass(900)
		x.do(putRoot{55, hash("late")}, dispute.Advance{ID: x.id}, dispute.Advance{ID: x.id})
		x.vote(1, 0, 1)
		x.execute()
	},
	"the first of two roots counts": func(x *disputeScript) {
		x.open()
		x.reply()
		x.pass(100)
		x.do(putRoot{7, hash("first")}, putRoot{8, hash("second")}, dispute.Advance{ID: x.id})
	},
	"arbiters who left are not drawn": func(x *disputeScript) {
		x.open()
		x.reply()
		for i := range 5 {
			x.do(dispute.RegisterArbiter{Arbiter: arbiterAccount(i)})
		}
		x.root()
		x.vote(0, 0, 0)
		x.execute()
	},
	"too few arbiters are left": func(x *disputeScript) {
		x.open()
		x.reply()
		for i := range 6 {
			x.do(dispute.RegisterArbiter{Arbiter: arbiterAccount(i)})
		}
		x.root()
		x.pay()
	},
	"arbiters who came later are not drawn": func(x *disputeScript) {
		x.open()
		for i := range 6 {
			x.do(dispute.RegisterArbiter{Arbiter: arbiterAccount(i)})
		}
		x.more(30)
		x.reply()
		x.root()
		x.pay()
	},
	"a party is not drawn": func(x *disputeScript) {
		for _, a := range []ids.Account{buyer, seller} {
			x.do(putStake{a, dispute.RoleArbiter, money.Of(5_000), money.Of(0)}, dispute.RegisterArbiter{Arbiter: a, Active: true})
		}
		for i := range 5 {
			x.do(dispute.RegisterArbiter{Arbiter: arbiterAccount(i)})
		}
		x.pass(1)
		x.open()
		x.reply()
		x.root()
		x.vote(0, 1, 1)
		x.execute()
	},
	"more places than one draw looks at": func(x *disputeScript) {
		x.more(80)
		x.pass(1)
		x.ruled(0, 1, 1)
		x.execute()
	},
	"appeal that turns the ruling": func(x *disputeScript) {
		x.more(12)
		x.pass(1)
		x.ruled(1, 1, 0)
		x.appeal(seller, 0, 0, 0, 0, 1, 1, 1)
		x.execute()
	},
	"appeal that does not": func(x *disputeScript) {
		x.more(12)
		x.pass(1)
		x.ruled(0, 0, 1)
		x.appeal(buyer, 0, 0, 0, 0, 2, silent, 1)
		x.take("PhaseWrong", dispute.Appeal{Party: buyer, ID: x.id})
		x.execute()
	},
	"undecided appeal": func(x *disputeScript) {
		x.more(12)
		x.pass(1)
		x.ruled(0, 0, 1)
		x.appeal(buyer, 0, silent, silent, silent, 1, silent, 1)
		x.execute()
	},
	"appeal without enough arbiters": func(x *disputeScript) {
		x.ruled(0, 0, 1)
		for i := range 8 {
			if !slices.ContainsFunc(x.panel(), func(s dispute.Seat) bool { return s.Arbiter == arbiterAccount(i) }) {
				x.do(dispute.RegisterArbiter{Arbiter: arbiterAccount(i)})
			}
		}
		x.appeal(buyer)
		x.execute()
	},
	"nobody answers, but the provider appeals": func(x *disputeScript) {
		x.open()
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.appeal(seller, 0, 0, 0, 0, 0, 0, 1)
		x.execute()
	},
	"what was not there is recovered": func(x *disputeScript) {
		x.settled(3, false, 2_500)
		x.ruled(1, 1, 1)
		x.execute()
		x.settled(6, false, 1_000)
		x.do(dispute.Recover{SLA: x.terms.SLA})
		x.take("NothingDue", dispute.Recover{SLA: x.terms.SLA})
		x.settled(9, true, 5_000)
		x.do(dispute.Recover{SLA: x.terms.SLA})
		x.take("NothingDue", dispute.Recover{SLA: x.terms.SLA})
	},
	"nothing was there": func(x *disputeScript) {
		x.settled(3, false, 0)
		x.ruled(0, 0, 0)
		x.execute()
	},
	"the SLA ends meanwhile": func(x *disputeScript) {
		x.open()
		x.settled(4, true, 0)
		x.reply()
		x.root()
		x.vote(1, 1, 1)
		x.execute()
	},
	"a window that ended early": func(x *disputeScript) {
		x.settled(4, true, 9_000)
		x.do(x.opening(func(op *dispute.OpenDispute) { op.Window = 1 }))
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.execute()
	},
	"two windows, one after the other": func(x *disputeScript) {
		x.settled(6, false, 9_000)
		x.pass(30)
		x.open()
		x.take("Disputed", x.opening(func(op *dispute.OpenDispute) { op.Window, op.Nonce = 1, nonce("second") }))
		x.take("NothingDue", dispute.Recover{SLA: x.terms.SLA, Window: 1})
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.execute()
		x.do(x.opening(func(op *dispute.OpenDispute) { op.Window, op.Nonce = 1, nonce("second") }))
	},
	"a dispute keeps its parameters": func(x *disputeScript) {
		x.open()
		p := disputeParams()
		p.Version, p.Bond, p.CommitSeconds, p.Panel, p.JurorFee = 2, money.Of(5_000), 7, 5, money.Of(300)
		x.do(dispute.SetParams{Params: p})
		x.reply()
		x.root()
		x.vote(1, 1, 1)
		x.execute()
	},
	"arbiters come, renew, go and come back": func(x *disputeScript) {
		x.pass(1_000)
		x.do(dispute.RegisterArbiter{Arbiter: arbiterAccount(1), Active: true}, dispute.RegisterArbiter{Arbiter: arbiterAccount(2)})
		x.take("NotFound", dispute.RegisterArbiter{Arbiter: arbiterAccount(2)})
		x.pass(5)
		x.do(dispute.RegisterArbiter{Arbiter: arbiterAccount(2), Active: true})
		x.pass(dispute.Term)
		x.take("NotFound", dispute.RegisterArbiter{Arbiter: arbiterAccount(2)})
		x.more(11) // take over the places of those who did not renew
		x.do(dispute.RegisterArbiter{Arbiter: arbiterAccount(0), Active: true})
	},
}

// more arbiters.
func (x *disputeScript) more(n int) {
	for i := range n {
		a := arbiterAccount(100 + i)
		x.do(putStake{a, dispute.RoleArbiter, money.Of(5_000), money.Of(0)}, dispute.RegisterArbiter{Arbiter: a, Active: true})
	}
}
