package main

import (
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/walk"
	"github.com/flashback-network/flashback/internal/sla"
)

func settlementsRefused(x *script) {
	x.offer(manual)
	x.take("NotFound", orchestrator.Settle{SLA: slaID})
	x.do(request(unfunded))
	x.terms, _ = x.s.Terms(slaID)
	zero := sla.Zero(x.terms)
	x.take("StateWrong", orchestrator.Settle{SLA: slaID, From: zero, To: zero})
	x.take("StateWrong", orchestrator.SettleReservation{SLA: slaID, Terms: x.terms.Bytes(), From: zero, To: zero})
	x.do(orchestrator.Accept{Provider: provider, SLA: slaID}, orchestrator.Fund{From: consumer, SLA: slaID, Amount: full(request())})
	x.begin()
	x.observe(4, 1, 0)
	good := x.leaf
	var extra []sla.Leaf
	lies := walk.Lies(x.terms, good)
	for _, l := range lies {
		extra = append(extra, l.Leaf)
	}
	x.report(extra...)
	for _, l := range lies {
		want, ok := map[string]string{"another SLA": "LeafForeign", "other terms": "LeafForeign", "status 3": "Malformed", "lost 2": "Malformed"}[l.Name]
		if !ok {
			want = "LeafBeyond"
		}
		switch l.Name {
		case "all of the holdback credited", "slash up to the cap", "complete before the end", "abandoned", "fewer slots", "less read", "nothing judged":
			continue // nothing that a contract could know
		}
		x.take(want, x.settlement(l.Leaf))
		x.take(want, half(x.settlement(l.Leaf), x.terms))
	}
	op := x.settlement(good)
	unproved := good
	unproved.BytesIn++
	x.take("LeafUnknown", x.settlement(unproved))
	bad := op
	bad.Epoch++
	x.take("LeafUnknown", bad)
	bad = op
	bad.Proof = merkle.Proof{Bits: op.Proof.Bits | 1<<40, Path: op.Proof.Path}
	x.take("LeafUnknown", bad)
	bad = op
	bad.From = good
	x.take("FromMismatch", bad)
	bad = op
	bad.From.SLA[31]++
	x.take("LeafForeign", bad)
	other := half(op, x.terms)
	other.Terms = append([]byte(nil), other.Terms...)
	other.Terms[len(other.Terms)-1]++
	x.take("LeafForeign", other)
	x.do(op)
	x.settled = good
	x.observe(1, 0, 0)
	behind := x.leaf
	behind.Slots = 1
	x.report(behind)
	x.take("LeafBehind", x.settlement(behind))
	x.do(x.settlement(x.leaf))
}

func requestsRefused(x *script) {
	x.take("NotFound", request())
	x.offer(func(u *orchestrator.UnitSpec) { u.MaxEpochs, u.MinEpochs = 50, 2 })
	big := func(f func(*orchestrator.Request)) orchestrator.Request {
		return request(f, func(r *orchestrator.Request) { r.MaxTotal = money.Of(1 << 60) })
	}
	x.take("ArgumentInvalid", request(func(r *orchestrator.Request) { r.Mode = 2 }))
	x.take("AmountInvalid", request(func(r *orchestrator.Request) { r.Deposit = money.Of(-1) }))
	x.take("AmountInvalid", request(func(r *orchestrator.Request) { r.MaxTotal = money.Of(-1) }))
	x.take("ArgumentInvalid", big(func(r *orchestrator.Request) { r.Volume = 0 }))
	x.take("ArgumentInvalid", big(func(r *orchestrator.Request) { r.Volume = 1<<50 + 1 }))
	x.take("ArgumentInvalid", big(func(r *orchestrator.Request) { r.Egress = 1<<54 + 1 }))
	x.take("CapacityMissing", big(func(r *orchestrator.Request) { r.Volume = 1<<40 + 1 }))
	x.take("DurationOutside", big(func(r *orchestrator.Request) { r.Duration = 1 }))
	x.take("DurationOutside", big(func(r *orchestrator.Request) { r.Duration = 51 }))
	x.take("PriceChanged", request(func(r *orchestrator.Request) { r.PriceVersion = 2 }))
	x.take("PriceAbove", request(func(r *orchestrator.Request) { r.MaxTotal = r.MaxTotal.Sub(money.Of(1)) }))
	x.take("OverFunded", request(func(r *orchestrator.Request) { r.Deposit = r.Deposit.Add(money.Of(1)) }))
	x.take("balance_missing", request(func(r *orchestrator.Request) { r.Consumer = admin }))
	x.do(orchestrator.UnitList{Provider: provider, ID: unitID, Listed: false})
	x.take("UnitUnlisted", request())
	x.do(orchestrator.UnitList{Provider: provider, ID: unitID, Listed: true}, orchestrator.UnitMaintain{Provider: provider, ID: unitID, From: x.now + 20, Until: x.now + 30})
	x.pass(20)
	x.take("UnitMaintenance", request())
	x.pass(10)
	x.do(request())
	x.do(orchestrator.UnitDecommission{Provider: provider, ID: unitID})
	x.take("UnitDecommissioning", request(func(r *orchestrator.Request) { r.Nonce = nonce("another") }))
}

func unitLife(x *script) {
	x.offer(manual)
	create := func(f func(*orchestrator.UnitSpec)) orchestrator.Op {
		return orchestrator.UnitCreate{Provider: provider, Spec: spec(f), Nonce: nonce("second")}
	}
	x.take("Exists", orchestrator.UnitCreate{Provider: provider, Spec: spec(), Nonce: nonce("unit")})
	x.take("AmountInvalid", create(func(u *orchestrator.UnitSpec) { u.StoragePrice = money.Of(-1) }))
	x.take("AmountInvalid", create(func(u *orchestrator.UnitSpec) { u.EgressPrice = sla.MaxPrice.Add(money.Of(1)) }))
	for _, f := range []func(*orchestrator.UnitSpec){
		func(u *orchestrator.UnitSpec) { u.Kind = 0 }, func(u *orchestrator.UnitSpec) { u.Capacity = 0 }, func(u *orchestrator.UnitSpec) { u.Capacity = 1<<60 + 1 },
		func(u *orchestrator.UnitSpec) { u.Class = 3 }, func(u *orchestrator.UnitSpec) { u.QoS.AvailabilityPpm = 1_000_001 }, func(u *orchestrator.UnitSpec) { u.CollateralBps = 99 },
		func(u *orchestrator.UnitSpec) { u.MinEpochs = 0 }, func(u *orchestrator.UnitSpec) { u.MaxEpochs = 0 }, func(u *orchestrator.UnitSpec) { u.Region = string(make([]byte, 65)) },
	} {
		x.take("ArgumentInvalid", create(f))
	}
	x.take("NotFound", create(func(u *orchestrator.UnitSpec) { u.Node[31]++ }))
	x.take("NotAuthorized", orchestrator.UnitCreate{Provider: stranger, Spec: spec(), Nonce: nonce("second")})
	x.take("NotAuthorized", orchestrator.UnitPrice{Provider: stranger, ID: unitID})
	x.take("AmountInvalid", orchestrator.UnitPrice{Provider: provider, ID: unitID, StoragePrice: money.Of(-1)})
	x.do(orchestrator.UnitPrice{Provider: provider, ID: unitID, StoragePrice: money.Of(1), EgressPrice: sla.MaxPrice})
	maintain := func(from, until uint64) orchestrator.Op {
		return orchestrator.UnitMaintain{Provider: provider, ID: unitID, From: x.now + from, Until: x.now + until}
	}
	x.take("ArgumentInvalid", maintain(20, 20))
	x.take("NoticeShort", maintain(19, 25))
	x.take("QuotaExceeded", maintain(20, 36))
	x.do(maintain(20, 29))
	x.take("StateWrong", maintain(20, 25))
	x.pass(22)
	x.do(orchestrator.UnitResume{Provider: provider, ID: unitID}) // two seconds were used
	x.take("StateWrong", orchestrator.UnitResume{Provider: provider, ID: unitID})
	x.do(maintain(40, 50))
	x.do(orchestrator.UnitResume{Provider: provider, ID: unitID}) // cancelled: the quota is used all the same
	x.take("QuotaExceeded", maintain(41, 47))
	x.do(maintain(41, 46))
	x.pass(50)
	x.take("NoticeShort", maintain(0, 1))
	x.do(request(unfunded, func(r *orchestrator.Request) { r.PriceVersion, r.MaxTotal = 2, money.Must(pow2less1(100)) }))
	x.take("StateWrong", orchestrator.UnitRetire{ID: unitID})
	x.do(orchestrator.UnitDecommission{Provider: provider, ID: unitID})
	x.take("StateWrong", orchestrator.UnitDecommission{Provider: provider, ID: unitID})
	x.take("UnitDecommissioning", orchestrator.UnitList{Provider: provider, ID: unitID, Listed: true})
	x.take("UnitDecommissioning", orchestrator.Accept{Provider: provider, SLA: slaID})
	x.take("LiveReservations", orchestrator.UnitRetire{ID: unitID})
	x.take("LiveReservations", orchestrator.NodeRelease{Provider: provider, ID: nodeID})
	x.do(orchestrator.Refuse{Provider: provider, SLA: slaID}, orchestrator.UnitRetire{ID: unitID})
	x.take("StateWrong", orchestrator.UnitPrice{Provider: provider, ID: unitID})
	x.take("Exists", orchestrator.UnitCreate{Provider: provider, Spec: spec(), Nonce: nonce("unit")})
	x.do(orchestrator.NodeRelease{Provider: provider, ID: nodeID})
	x.take("NodeReleased", create(func(*orchestrator.UnitSpec) {}))
}

func nodeLife(x *script) {
	bind := orchestrator.NodeBind{Provider: provider, Node: nodeKey, Endpoint: "https://node.example"}
	x.take("ProviderUnknown", bind)
	x.take("ProviderUnknown", orchestrator.UpdateProvider{Provider: provider})
	x.do(orchestrator.Register{Provider: provider, Payout: payout, Info: hash("info")}, orchestrator.Register{Provider: stranger, Payout: stranger})
	x.take("Exists", orchestrator.Register{Provider: provider, Payout: payout})
	x.do(orchestrator.UpdateProvider{Provider: provider, Payout: provider, Info: hash("new info")})
	x.take("ArgumentInvalid", orchestrator.NodeBind{Provider: provider, Node: provider, Endpoint: "https://node.example"})
	x.take("ArgumentInvalid", orchestrator.NodeBind{Provider: provider, Node: token, Endpoint: "https://node.example"})
	x.take("ArgumentInvalid", orchestrator.NodeBind{Provider: provider, Node: nodeKey})
	x.take("ArgumentInvalid", orchestrator.NodeBind{Provider: provider, Node: nodeKey, Endpoint: string(make([]byte, 257))})
	x.do(bind)
	x.take("NodeBound", bind)
	x.take("NodeBound", orchestrator.NodeBind{Provider: stranger, Node: nodeKey, Endpoint: "https://stolen.example"})
	next := account(ids.KeyAccount, "node's second key")
	x.take("NotAuthorized", orchestrator.NodeRotate{Provider: stranger, ID: nodeID, Key: next, Endpoint: "https://node.example"})
	x.do(orchestrator.NodeRotate{Provider: provider, ID: nodeID, Key: nodeKey, Endpoint: "https://moved.example"},
		orchestrator.NodeRotate{Provider: provider, ID: nodeID, Key: next, Endpoint: "https://moved.example"})
	x.take("NodeBound", bind) // the first key's id is this node
	x.take("NodeBound", orchestrator.NodeBind{Provider: stranger, Node: next, Endpoint: "https://node.example"})
	x.take("NotFound", orchestrator.NodeRelease{Provider: provider, ID: ids.NodeID(po, next)})
	x.do(orchestrator.NodeRelease{Provider: provider, ID: nodeID})
	x.take("NodeReleased", orchestrator.NodeRelease{Provider: provider, ID: nodeID})
	x.do(orchestrator.NodeBind{Provider: stranger, Node: nodeKey, Endpoint: "https://new.example"}, orchestrator.NodeBind{Provider: provider, Node: next, Endpoint: "https://node.example"})
}

func collateralOnly(x *script) {
	deposit := orchestrator.DepositCollateral{Provider: provider, Asset: token, Amount: money.Of(500)}
	x.take("ProviderUnknown", deposit)
	x.do(orchestrator.Register{Provider: provider, Payout: payout})
	x.take("AmountInvalid", orchestrator.DepositCollateral{Provider: provider, Asset: token, Amount: money.Of(0)})
	x.take("balance_missing", orchestrator.DepositCollateral{Provider: provider, Asset: token, Amount: money.Of(tokens + 1)})
	x.do(deposit)
	x.take("Overflow", orchestrator.DepositCollateral{Provider: provider, Asset: token, Amount: money.Must(pow2less1(127))})
	x.take("AmountInvalid", orchestrator.WithdrawCollateral{Provider: provider, Asset: token, Amount: money.Of(-1)})
	x.take("CollateralMissing", orchestrator.WithdrawCollateral{Provider: provider, Asset: token, Amount: money.Of(501)})
	x.take("CollateralMissing", orchestrator.WithdrawCollateral{Provider: stranger, Asset: token, Amount: money.Of(1)})
	x.do(orchestrator.WithdrawCollateral{Provider: provider, Asset: token, Amount: money.Of(500)})
}

func grants(x *script) {
	x.offer()
	grant := func(f func(*orchestrator.GrantAccess)) orchestrator.GrantAccess {
		g := orchestrator.GrantAccess{Consumer: consumer, SLA: slaID, Grantee: stranger, Prefix: []byte("demo/photos/"), Ops: orchestrator.OpList | orchestrator.OpRead, Expires: x.now + 1, Nonce: nonce("grant")}
		f(&g)
		return g
	}
	as := func(*orchestrator.GrantAccess) {}
	x.take("NotFound", grant(as))
	x.do(request())
	x.take("NotAuthorized", grant(func(g *orchestrator.GrantAccess) { g.Consumer = stranger }))
	for _, f := range []func(*orchestrator.GrantAccess){func(g *orchestrator.GrantAccess) { g.Ops = 0 }, func(g *orchestrator.GrantAccess) { g.Ops = 64 },
		func(g *orchestrator.GrantAccess) { g.Expires = x.now }, func(g *orchestrator.GrantAccess) { g.Prefix = make([]byte, 1025) }} {
		x.take("GrantInvalid", grant(f))
	}
	x.do(grant(as))
	x.take("Exists", grant(as))
	id := ids.GrantID(co, slaID, nonce("grant"))
	x.take("NotAuthorized", orchestrator.RevokeAccess{By: provider, ID: id})
	x.do(orchestrator.RevokeAccess{By: consumer, ID: id})
	x.take("StateWrong", orchestrator.RevokeAccess{By: consumer, ID: id})
	x.begin()
	x.observe(9, 0, 0)
	x.settle()
	x.take("StateWrong", grant(func(g *orchestrator.GrantAccess) { g.Expires, g.Nonce = x.now+100, nonce("late") }))
}

func parameters(x *script) {
	x.offer()
	p := x.s.Params()
	p.Version, p.FeeBps, p.AcceptSeconds = 2, 1_000, 5
	x.take("NotAuthorized", orchestrator.Pause{Admin: stranger, Paused: true})
	x.take("NotAuthorized", orchestrator.SetParams{Admin: stranger, Params: p})
	for _, f := range []func(*orchestrator.Params){
		func(p *orchestrator.Params) { p.Version = 3 }, func(p *orchestrator.Params) { p.FeeBps = 1_001 }, func(p *orchestrator.Params) { p.SlashSplit[0]++ }, func(p *orchestrator.Params) { p.FeeSplit[0]-- },
		func(p *orchestrator.Params) { p.BreachBps = 0 }, func(p *orchestrator.Params) { p.MinSamples = 0 }, func(p *orchestrator.Params) { p.AcceptSeconds = 0 }, func(p *orchestrator.Params) { p.BreachCount = 4 },
		func(p *orchestrator.Params) { p.HoldbackBps = 10_001 }, func(p *orchestrator.Params) { p.ExcessTiers = []sla.ExcessTier{{Ratio: 99, Bps: 1}} },
	} {
		bad := p
		f(&bad)
		x.take("ArgumentInvalid", orchestrator.SetParams{Admin: admin, Params: bad})
	}
	x.do(request(unfunded)) // under version 1
	x.do(orchestrator.SetParams{Admin: admin, Params: p})
	x.do(orchestrator.Fund{From: consumer, SLA: slaID, Amount: full(request())})
	x.begin()
	x.observe(9, 0, 0)
	x.settle() // the fee is version 1's
	x.draw()
	x.do(orchestrator.Pause{Admin: admin, Paused: true})
	x.take("Paused", request(func(r *orchestrator.Request) { r.Nonce = nonce("later") }))
	x.do(orchestrator.Pause{Admin: admin})
	x.do(request(func(r *orchestrator.Request) { r.Nonce = nonce("later") }))
}

func reportsRefused(x *script) {
	x.offer()
	x.do(request())
	x.begin()
	x.observe(1, 0, 0)
	c := x.s.Config()
	report := func(epoch uint64, previous [32]byte, by ...int) orchestrator.Op {
		r := cert.Certificate{Epoch: epoch, Root: hash("root"), Previous: previous, ConfigDigest: c.Digest()}
		r.Signatures = sign(cert.Digest(c.Network, r.ConfigDigest, epoch, r.Root, previous), by)
		return orchestrator.SubmitReport{Certificate: r}
	}
	x.take("EpochFuture", report(x.epoch+1, [32]byte{}, 1, 2, 3))
	x.take("PreviousMismatch", report(x.epoch, hash("root"), 1, 2, 3))
	x.take("QuorumMissing", report(x.epoch, [32]byte{}, 0, 1, 2))
	x.take("SignerOrder", report(x.epoch, [32]byte{}, 2, 1, 3))
	x.take("SignerOrder", report(x.epoch, [32]byte{}, 2, 2, 3))
	x.take("SignerUnknown", report(x.epoch, [32]byte{}, 1, 2, 3, 4))
	x.do(report(x.epoch, [32]byte{}, 1, 2, 3))
	x.take("EpochOld", report(x.epoch, hash("root"), 1, 2, 3))
	next := c
	next.Version, next.Validators = 2, c.Validators[:3]
	x.take("QuorumMissing", orchestrator.Rotate{Config: next, Signatures: sign(cert.RotateDigest(c.Network, c.Digest(), next.Digest()), []int{0, 1, 2})})
	x.do(orchestrator.Rotate{Config: next, Signatures: sign(cert.RotateDigest(c.Network, c.Digest(), next.Digest()), []int{2, 3})})
	x.pass(10)
	x.take("SignatureBad", report(x.epoch+1, hash("root"), 0, 1, 2)) // signed under the old configuration
}
