package main

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
)

var unknown = ids.New(ids.Stellar, dispute.Kind, hash("unknown"))

// refusalScripts meet every refusal of the panel's entry points, in the order of the checks.
var refusalScripts = map[string]func(*disputeScript){
	"refused: open": func(x *disputeScript) {
		open := func(want string, change func(*dispute.OpenDispute)) { x.take(want, x.opening(change)) }
		open("AmountInvalid", func(op *dispute.OpenDispute) { op.Amount, op.SLA = money.Of(0), unknown })
		open("NotFound", func(op *dispute.OpenDispute) { op.SLA, op.Consumer = unknown, bystander })
		open("NotAuthorized", func(op *dispute.OpenDispute) { op.Consumer, op.Window = seller, 1 })
		open("WindowWrong", func(op *dispute.OpenDispute) { op.Window = 1 })
		open("WindowWrong", func(op *dispute.OpenDispute) { op.Window = 3 })
		open("WindowWrong", func(op *dispute.OpenDispute) { op.Window = 1<<32 - 1 })
		open("AmountInvalid", func(op *dispute.OpenDispute) { op.Amount = money.Of(1 << 60) })
		x.do(putBalance{buyer, money.Of(999)})
		open("TransferFailed", func(*dispute.OpenDispute) {})
		x.do(putBalance{buyer, money.Of(5_000)})
		x.open()
		open("Exists", func(*dispute.OpenDispute) {})
		open("Exists", func(op *dispute.OpenDispute) { op.Nonce = nonce("other") })
		x.settled(6, false, 9_000)
		open("Exists", func(op *dispute.OpenDispute) { op.Window = 1 })
		open("Disputed", func(op *dispute.OpenDispute) { op.Window, op.Nonce = 1, nonce("other") })
	},
	"refused: open after the largest age": func(x *disputeScript) {
		x.now = genesis + 30 + 1_001
		x.take("WindowWrong", x.opening())
		x.now--
		x.open()
	},
	"fewer places than a panel": func(x *disputeScript) {
		x.take("PanelShort", x.opening())
		x.take("PanelShort", x.accusation())
	},
	"refused: answer": func(x *disputeScript) {
		x.open()
		op := dispute.AnswerDispute{Party: seller, ID: x.id, Evidence: hash("answer")}
		x.take("NotFound", dispute.AnswerDispute{Party: bystander, ID: unknown})
		x.take("NotAuthorized", dispute.AnswerDispute{Party: buyer, ID: x.id})
		x.do(putBalance{seller, money.Of(999)})
		x.take("TransferFailed", op)
		x.do(putBalance{seller, money.Of(1_000)}, op)
		x.take("PhaseWrong", op)
	},
	"refused: answer too late": func(x *disputeScript) {
		x.open()
		x.pass(100)
		x.take("PhaseWrong", dispute.AnswerDispute{Party: seller, ID: x.id})
	},
	"refused: commit and reveal": func(x *disputeScript) {
		x.open()
		x.reply()
		commit := dispute.CommitVote{Arbiter: bystander, ID: x.id, Hash: hash("vote")}
		reveal := dispute.RevealVote{Arbiter: bystander, ID: x.id, Choice: 1, Salt: hash("salt")}
		x.take("PhaseWrong", commit)
		x.take("PhaseWrong", reveal)
		x.root()
		x.take("NotFound", dispute.CommitVote{Arbiter: bystander, ID: unknown})
		x.take("NotDrawn", commit)
		seats := x.panel()
		a, b := seats[0].Arbiter, seats[1].Arbiter
		mine := dispute.VoteHash(x.id, 0, a, 1, hash("salt"))
		commit.Arbiter, commit.Hash, reveal.Arbiter = a, mine, a
		x.do(commit)
		x.take("Exists", commit)
		x.do(dispute.CommitVote{Arbiter: b, ID: x.id, Hash: mine}) // a copy
		x.take("PhaseWrong", reveal)
		x.pass(50)
		x.take("PhaseWrong", dispute.CommitVote{Arbiter: seats[2].Arbiter, ID: x.id, Hash: mine})
		x.take("ArgumentInvalid", dispute.RevealVote{Arbiter: a, ID: unknown, Choice: 3})
		x.take("NotFound", dispute.RevealVote{Arbiter: a, ID: unknown, Choice: 2})
		x.take("NotDrawn", dispute.RevealVote{Arbiter: bystander, ID: x.id, Choice: 1, Salt: hash("salt")})
		x.take("CommitMismatch", dispute.RevealVote{Arbiter: a, ID: x.id, Choice: 0, Salt: hash("salt")})
		x.take("CommitMismatch", dispute.RevealVote{Arbiter: a, ID: x.id, Choice: 1, Salt: hash("pepper")})
		x.do(reveal)
		x.take("Exists", reveal)
		x.take("CommitMismatch", dispute.RevealVote{Arbiter: b, ID: x.id, Choice: 1, Salt: hash("salt")}) // the copy is worth nothing
		x.take("CommitMismatch", dispute.RevealVote{Arbiter: seats[2].Arbiter, ID: x.id, Choice: 1, Salt: hash("salt")})
		x.pass(40)
		x.take("PhaseWrong", dispute.RevealVote{Arbiter: b, ID: x.id, Choice: 1, Salt: hash("salt")})
	},
	"refused: advance and execute": func(x *disputeScript) {
		x.take("NotFound", dispute.Advance{ID: unknown})
		x.take("NotFound", dispute.Execute{ID: unknown})
		x.open()
		x.pass(99)
		x.take("NotTimedOut", dispute.Advance{ID: x.id})
		x.take("PhaseWrong", dispute.Execute{ID: x.id})
		x.reply()
		x.root()
		x.take("NotTimedOut", dispute.Advance{ID: x.id})
		x.pass(89)
		x.take("NotTimedOut", dispute.Advance{ID: x.id})
		x.pass(1)
		x.do(dispute.Advance{ID: x.id}) // nobody voted
		x.take("PhaseWrong", dispute.Advance{ID: x.id})
	},
	"refused: execute early and twice": func(x *disputeScript) {
		x.ruled(1, 1, 1)
		x.take("PhaseWrong", dispute.Advance{ID: x.id})
		x.pass(59)
		x.take("NotTimedOut", dispute.Execute{ID: x.id})
		x.pass(1)
		x.do(dispute.Execute{ID: x.id})
		x.take("PhaseWrong", dispute.Execute{ID: x.id})
	},
	"refused: appeal": func(x *disputeScript) {
		x.take("NotFound", dispute.Appeal{Party: seller, ID: unknown})
		x.open()
		x.take("NotAuthorized", dispute.Appeal{Party: seller, ID: x.id})
		x.take("PhaseWrong", dispute.Appeal{Party: buyer, ID: x.id})
		x.reply()
		x.root()
		x.vote(1, 1, 1)
		x.take("NotAuthorized", dispute.Appeal{Party: buyer, ID: x.id})
		x.do(putBalance{seller, money.Of(1_999)})
		x.take("TransferFailed", dispute.Appeal{Party: seller, ID: x.id})
		x.pass(60)
		x.take("PhaseWrong", dispute.Appeal{Party: seller, ID: x.id})
	},
	"refused: appeal with fewer places than its panel": func(x *disputeScript) {
		p := disputeParams()
		p.Version, p.Panel, p.JurorFee = 2, 5, money.Of(60)
		x.do(dispute.SetParams{Params: p})
		x.ruled(1, 1, 1, 1, 1)
		x.take("PanelShort", dispute.Appeal{Party: seller, ID: x.id})
	},
	"refused: arbiter": func(x *disputeScript) {
		register := dispute.RegisterArbiter{Arbiter: bystander, Active: true}
		x.take("StakeMissing", register)
		x.do(putStake{bystander, dispute.RoleArbiter, money.Of(4_999), money.Of(9_000)})
		x.take("StakeMissing", register)
		x.do(putStake{bystander, dispute.RoleArbiter, money.Of(5_000), money.Of(0)}, putMute{true})
		x.take("NotAuthorized", register)
		x.take("NotFound", dispute.RegisterArbiter{Arbiter: bystander})
		x.do(putMute{false}, register)
	},
	"refused: parameters": func(x *disputeScript) {
		for _, change := range []func(*dispute.Params){
			func(p *dispute.Params) { p.Version = 1 },
			func(p *dispute.Params) { p.Version = 3 },
			func(p *dispute.Params) { p.Panel = 1 },
			func(p *dispute.Params) { p.Panel = 4 },
			func(p *dispute.Params) { p.Panel = 9 },
			func(p *dispute.Params) { p.JurorFee = money.Of(0) },
			func(p *dispute.Params) { p.JurorFee = money.Of(101) },
			func(p *dispute.Params) { p.Bond = money.Of(699) },
			func(p *dispute.Params) { p.ArbiterStake = money.Of(69) },
			func(p *dispute.Params) { p.EvidenceSeconds = 0 },
			func(p *dispute.Params) { p.CommitSeconds = 14*86_400 + 1 },
			func(p *dispute.Params) { p.RevealSeconds = 0 },
			func(p *dispute.Params) { p.AppealSeconds = 1 << 63 },
			func(p *dispute.Params) { p.MaxAgeSeconds = 0 },
			func(p *dispute.Params) { p.MaxAgeSeconds = 60*86_400 + 1 },
			func(p *dispute.Params) { p.QuorumBps = 4_999 },
			func(p *dispute.Params) { p.QuorumBps = 10_001 },
			func(p *dispute.Params) { p.SlashEquivocationBps = 0 },
			func(p *dispute.Params) { p.SlashEquivocationBps = 10_001 },
		} {
			p := disputeParams()
			p.Version = 2
			change(&p)
			x.take("ArgumentInvalid", dispute.SetParams{Params: p})
		}
	},
}
