package main

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func providerParameters(x *script) {
	x.offer()
	p := x.s.ProviderParams()
	p.Version, p.CollateralMinBps, p.NoticeSeconds, p.QuotaSeconds = 2, 6_000, 0, 5
	x.take("NotAuthorized", orchestrator.SetProviderParams{Admin: stranger, Params: p})
	for _, f := range []func(*orchestrator.Params){
		func(p *orchestrator.Params) { p.Version = 1 }, func(p *orchestrator.Params) { p.Version = 3 }, func(p *orchestrator.Params) { p.FeeFlashBps = p.FeeBps + 1 },
		func(p *orchestrator.Params) { p.QuotaSeconds = 365*86_400 + 1 },
	} {
		bad := p
		f(&bad)
		x.take("ArgumentInvalid", orchestrator.SetProviderParams{Admin: admin, Params: bad})
	}
	x.do(orchestrator.SetProviderParams{Admin: admin, Params: p})
	x.take("ArgumentInvalid", orchestrator.UnitCreate{Provider: provider, Spec: spec(), Nonce: nonce("second unit")}) // 5,000 bps of collateral are too little now
	x.take("QuotaExceeded", orchestrator.UnitMaintain{Provider: provider, ID: unitID, From: x.now, Until: x.now + 6})
	x.do(orchestrator.UnitMaintain{Provider: provider, ID: unitID, From: x.now, Until: x.now + 5})
	x.pass(5)
	x.do(request()) // the unit's own promise stays
}

func flashPriced(x *script) {
	x.offer()
	p := x.s.Params()
	p.Version, p.Flash = 2, token
	x.do(orchestrator.SetParams{Admin: admin, Params: p}, request())
	x.begin()
	x.observe(9, 0, 0)
	x.settle()
	x.draw()
}

func newAdmins(x *script) {
	x.take("NotAuthorized", orchestrator.SetAdmin{Admin: stranger, Next: stranger})
	x.take("NotAuthorized", orchestrator.SetAdmin{Admin: stranger, Next: stranger, Provider: true})
	x.do(orchestrator.SetAdmin{Admin: admin, Next: consumer}, orchestrator.SetAdmin{Admin: admin, Next: provider, Provider: true})
	p := x.s.Params()
	p.Version++
	x.take("NotAuthorized", orchestrator.SetParams{Admin: admin, Params: p})
	x.take("NotAuthorized", orchestrator.Pause{Admin: admin, Paused: true})
	x.take("NotAuthorized", orchestrator.SetProviderParams{Admin: consumer, Params: p})
	x.do(orchestrator.SetParams{Admin: consumer, Params: p}, orchestrator.SetProviderParams{Admin: provider, Params: p}, orchestrator.Pause{Admin: consumer, Paused: true})
}

func emergencies(x *script) {
	x.offer()
	op := func(seconds uint64) orchestrator.Op {
		return orchestrator.UnitEmergency{Provider: provider, ID: unitID, Until: x.now + seconds}
	}
	x.take("NotFound", orchestrator.UnitEmergency{Provider: provider, ID: ids.UnitID(po, provider, nonce("none")), Until: x.now + 1})
	x.take("NotAuthorized", orchestrator.UnitEmergency{Provider: stranger, ID: unitID, Until: x.now + 1})
	x.take("ArgumentInvalid", op(0))
	x.take("QuotaExceeded", op(8)) // twice 8 of 15
	x.do(op(3))                    // no notice
	x.take("UnitMaintenance", request())
	x.take("StateWrong", op(3))
	x.pass(1)
	x.do(orchestrator.UnitResume{Provider: provider, ID: unitID}) // two seconds come back of the six that were charged
	x.do(request())
	x.take("QuotaExceeded", op(6))
	x.do(op(5))
	x.pass(30)
	x.do(op(7)) // another window
}

func lifetimes(x *script) {
	x.offer()
	x.do(request())
	g := orchestrator.GrantAccess{Consumer: consumer, SLA: slaID, Grantee: stranger, Ops: 2, Expires: x.now + 100, Nonce: nonce("grant")}
	x.do(g)
	grant := ids.GrantID(co, slaID, nonce("grant"))
	for _, k := range []struct {
		kind     uint32
		id       ids.ID
		po, co   bool
		sentinel ids.ID
	}{{1, nodeID, true, false, ids.NodeID(po, stranger)}, {2, unitID, true, false, ids.UnitID(po, provider, nonce("none"))}, {3, slaID, true, true, ids.SLAID(co, consumer, nonce("none"))},
		{4, grant, false, true, ids.GrantID(co, slaID, nonce("none"))}, {0, slaID, false, false, slaID}} {
		for _, c := range []struct {
			there bool
			op    func(ids.ID) orchestrator.Op
		}{{k.po, func(id ids.ID) orchestrator.Op { return orchestrator.ExtendProvider{Kind: k.kind, ID: id} }},
			{k.co, func(id ids.ID) orchestrator.Op { return orchestrator.ExtendConsumer{Kind: k.kind, ID: id} }}} {
			if !c.there {
				x.take("ArgumentInvalid", c.op(k.id))
				continue
			}
			x.take("NotFound", c.op(k.sentinel))
			x.do(c.op(k.id))
		}
	}
}

// disputed: an amount is held while everything else goes on, and one part in so many of it is ruled to the consumer; 0: nothing.
func disputed(x *script, part int64) {
	x.offer()
	x.do(request())
	x.begin()
	x.observe(3, 0, 0)
	x.settle()
	x.do(orchestrator.Freeze{Dispute: disputing, SLA: slaID, Amount: money.Of(1_001)})
	x.take("Disputed", orchestrator.Freeze{Dispute: disputing, SLA: slaID, Amount: money.Of(1)})
	x.do(orchestrator.Payout{SLA: slaID}) // what is not disputed
	x.observe(6, 0, 0)
	x.settle() // Completed
	to := money.Of(0)
	if part > 0 {
		to = money.Of(1_001 / part)
	}
	x.take("AmountInvalid", orchestrator.Rule{Dispute: disputing, SLA: slaID, ToConsumer: money.Of(1_002)})
	x.do(orchestrator.Rule{Dispute: disputing, SLA: slaID, ToConsumer: to})
	x.do(orchestrator.Freeze{Dispute: disputing, SLA: slaID, Amount: money.Of(tokens)}) // all that is there
	x.take("NothingDue", orchestrator.Payout{SLA: slaID})
	x.do(orchestrator.Rule{Dispute: disputing, SLA: slaID})
	x.draw()
	x.do(orchestrator.Freeze{Dispute: disputing, SLA: slaID, Amount: money.Of(5)}) // nothing is left to hold
	x.do(orchestrator.Rule{Dispute: disputing, SLA: slaID})
}

func disputesRefused(x *script) {
	x.offer()
	x.take("NotAuthorized", orchestrator.Freeze{Dispute: stranger, SLA: slaID, Amount: money.Of(1)})
	x.take("NotAuthorized", orchestrator.Rule{Dispute: admin, SLA: slaID})
	x.take("AmountInvalid", orchestrator.Freeze{Dispute: disputing, SLA: slaID, Amount: money.Of(0)})
	x.take("AmountInvalid", orchestrator.Freeze{Dispute: disputing, SLA: slaID, Amount: money.Of(-1)})
	x.take("NotFound", orchestrator.Freeze{Dispute: disputing, SLA: slaID, Amount: money.Of(1)})
	x.take("NotFound", orchestrator.Rule{Dispute: disputing, SLA: slaID})
	x.do(request())
	x.take("AmountInvalid", orchestrator.Rule{Dispute: disputing, SLA: slaID, ToConsumer: money.Of(-1)})
	x.take("AmountInvalid", orchestrator.Rule{Dispute: disputing, SLA: slaID, ToConsumer: money.Of(1)})
}
