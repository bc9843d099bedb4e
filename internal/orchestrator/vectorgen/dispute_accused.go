package main

import (
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
)

func (x *disputeScript) accusation(change ...func(*dispute.Accuse)) dispute.Accuse {
	op := dispute.Accuse{Provider: seller, SLA: x.terms.SLA, Amount: money.Of(3_000), Evidence: hash("abuse"), Nonce: nonce(x.Name)}
	for _, f := range change {
		f(&op)
	}
	return op
}

// accused is the consumer, who answers, and the panel votes.
func (x *disputeScript) accused(choices ...uint32) {
	x.do(x.accusation())
	x.do(dispute.AnswerDispute{Party: buyer, ID: x.id, Evidence: hash("denial")})
	x.root()
	x.vote(choices...)
}

var accusationScripts = map[string]func(*disputeScript){
	"accused: nobody answers": func(x *disputeScript) {
		x.do(x.accusation())
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.take("NotAuthorized", dispute.Appeal{Party: seller, ID: x.id})
		x.execute()
	},
	"accused: for the provider":      func(x *disputeScript) { x.accused(0, 0, 1); x.execute() },
	"accused: for the consumer":      func(x *disputeScript) { x.accused(1, 0, 1); x.execute() },
	"accused: one arbiter is silent": func(x *disputeScript) { x.accused(0, silent, 0); x.execute() },
	"accused: undecided": func(x *disputeScript) {
		x.accused(0, 1, 2)
		x.take("PhaseWrong", dispute.Execute{ID: x.id})
		x.pay()
		x.take("Exists", x.accusation(func(op *dispute.Accuse) { op.Nonce = nonce("once more") }))
	},
	"accused: less is there": func(x *disputeScript) {
		x.do(x.accusation(func(op *dispute.Accuse) { op.Amount = money.Of(5_000) }))
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.execute()
	},
	"accused: nothing is there": func(x *disputeScript) {
		a := x.staged()
		a.Bond = money.Of(0)
		x.do(a)
		x.accused(0, 0, 0)
		x.execute()
	},
	"accused: the consumer appeals, and is right": func(x *disputeScript) {
		x.more(12)
		x.pass(1)
		x.accused(0, 0, 1)
		x.appeal(buyer, 1, 1, 1, 1, 0, 0, 0)
		x.execute()
	},
	"accused: the provider appeals, and is wrong": func(x *disputeScript) {
		x.more(12)
		x.pass(1)
		x.accused(1, 1, 0)
		x.appeal(seller, 1, 1, 1, 1, 0, 0, silent)
		x.execute()
	},
	"accused: the consumer appeals, undecided": func(x *disputeScript) {
		x.more(12)
		x.pass(1)
		x.accused(0, 0, 1)
		x.appeal(buyer, 0, silent, silent, silent, 1, silent, 1)
		x.execute()
	},
	"accused: nobody answers, but the consumer appeals": func(x *disputeScript) {
		x.do(x.accusation())
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.appeal(buyer, 1, 1, 1, 1, 1, 1, 1)
		x.execute()
	},
	"accused: the consumer's own dispute about the window comes after": func(x *disputeScript) {
		x.do(x.accusation())
		x.take("Disputed", x.opening())
		x.now = genesis + 30 + 999 // the window grows too old meanwhile
		x.do(dispute.Advance{ID: x.id})
		x.pass(60)
		x.do(dispute.Execute{ID: x.id})
		x.take("WindowWrong", x.accusation(func(op *dispute.Accuse) { op.Nonce = nonce("too old") }))
		x.pass(1_000)
		x.open()
		x.reply()
		x.root()
		x.vote(1, 1, 1)
		x.execute()
	},
	"accused: nobody else's end keeps a window young": func(x *disputeScript) {
		x.settled(6, false, 9_000)
		x.pass(30)
		x.do(x.accusation(func(op *dispute.Accuse) { op.Window = 1 }))
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.pass(60)
		x.do(dispute.Execute{ID: x.id})
		freed := x.now
		x.now = freed + 1_000
		x.take("WindowWrong", x.accusation(func(op *dispute.Accuse) { op.Nonce = nonce("second") }))
		x.pass(1)
		x.take("WindowWrong", x.opening(func(op *dispute.OpenDispute) { op.Nonce = nonce("third") }))
		x.now--
		x.do(x.opening(func(op *dispute.OpenDispute) { op.Nonce = nonce("third") }))
	},
	"accused: after the consumer's dispute about the same window": func(x *disputeScript) {
		x.ruled(1, 1, 1)
		x.take("Disputed", x.accusation(func(op *dispute.Accuse) { op.Nonce = nonce("second") }))
		x.execute()
		x.do(x.accusation(func(op *dispute.Accuse) { op.Nonce = nonce("second") }))
		x.take("Exists", x.opening(func(op *dispute.OpenDispute) { op.Nonce = nonce("third") }))
	},
	"accused: what is owed waits": func(x *disputeScript) {
		x.settled(3, false, 2_500)
		x.ruled(1, 1, 1)
		x.execute()
		x.settled(6, false, 1_000)
		x.do(x.accusation(func(op *dispute.Accuse) { op.Window, op.Nonce = 1, nonce("second") }))
		x.take("Disputed", dispute.Recover{SLA: x.terms.SLA})
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.execute()
		x.do(dispute.Recover{SLA: x.terms.SLA})
	},
	"the consumer of now disputes, and is accused": func(x *disputeScript) {
		x.do(putBalance{bystander, money.Of(2_000)})
		x.sold(bystander)
		x.take("NotAuthorized", x.opening())
		x.do(x.opening(func(op *dispute.OpenDispute) { op.Consumer = bystander }))
		x.sold(buyer) // whoever opened goes on, and has its bond back
		x.pass(100)
		x.do(dispute.Advance{ID: x.id})
		x.pass(60)
		x.do(dispute.Execute{ID: x.id}, dispute.Claim{Account: bystander})
		x.sold(bystander)
		x.do(x.accusation())
		x.take("NotAuthorized", dispute.AnswerDispute{Party: buyer, ID: x.id})
		x.do(dispute.AnswerDispute{Party: bystander, ID: x.id})
	},
	"refused: accuse": func(x *disputeScript) {
		accuse := func(want string, change func(*dispute.Accuse)) { x.take(want, x.accusation(change)) }
		accuse("AmountInvalid", func(op *dispute.Accuse) { op.Amount, op.SLA = money.Of(0), unknown })
		accuse("NotFound", func(op *dispute.Accuse) { op.SLA, op.Provider = unknown, bystander })
		accuse("NotAuthorized", func(op *dispute.Accuse) { op.Provider, op.Window = buyer, 1 })
		accuse("WindowWrong", func(op *dispute.Accuse) { op.Window = 1 })
		accuse("WindowWrong", func(op *dispute.Accuse) { op.Window, op.Amount = 3, money.Of(6_000) })
		accuse("AmountInvalid", func(op *dispute.Accuse) { op.Amount = money.Of(5_001) })
		x.do(putBalance{seller, money.Of(999)})
		accuse("TransferFailed", func(*dispute.Accuse) {})
		x.do(putBalance{seller, money.Of(5_000)}, x.accusation())
		accuse("Exists", func(*dispute.Accuse) {})
		accuse("Exists", func(op *dispute.Accuse) { op.Nonce = nonce("other") })
		x.settled(6, false, 9_000)
		accuse("Exists", func(op *dispute.Accuse) { op.Window = 1 })
		accuse("Disputed", func(op *dispute.Accuse) { op.Window, op.Nonce = 1, nonce("other") })
		x.take("NotAuthorized", dispute.AnswerDispute{Party: seller, ID: x.id})
		x.take("NotAuthorized", dispute.Appeal{Party: buyer, ID: x.id})
		x.take("PhaseWrong", dispute.Appeal{Party: seller, ID: x.id})
		x.do(putBalance{buyer, money.Of(999)})
		x.take("TransferFailed", dispute.AnswerDispute{Party: buyer, ID: x.id})
	},
	"refused: accuse after the largest age": func(x *disputeScript) {
		x.now = genesis + 30 + 1_001
		x.take("WindowWrong", x.accusation())
		x.now--
		x.do(x.accusation())
	},
}
