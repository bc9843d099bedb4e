package walk

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func (w *World) grant() orchestrator.Op {
	over := w.chance(10)
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool { return over || !x.State.Terminal() })
	if !ok {
		return nil
	}
	op := orchestrator.GrantAccess{Consumer: w.by(x.Consumer, w.Cast.Consumers), SLA: x.ID, Grantee: pick(w, w.Cast.Nodes), Prefix: []byte("bucket/prefix"), Ops: w.ops(orchestrator.OpMask),
		Expires: w.Now + 1 + uint64(w.dice.IntN(1000)), Nonce: w.nonce()}
	switch w.dice.IntN(20) {
	case 0:
		op.Ops = orchestrator.OpMask + 1
	case 1:
		op.Ops = 0
	case 2:
		op.Expires = w.Now
	case 3:
		op.Prefix = make([]byte, orchestrator.MaxPrefix+w.dice.IntN(2))
	}
	return op
}

// delegate passes on part of a grant, now and then more than there is of it.
func (w *World) delegate() orchestrator.Op {
	over, deep := w.chance(6), w.chance(2)
	id, ok := w.id(ids.Grant, func(id ids.ID) bool {
		g, _ := w.State.Grant(id)
		x, _ := w.State.SLA(g.SLA)
		return g.Ops&orchestrator.OpDelegate != 0 && (over || !g.Revoked && g.Expires > w.Now && !x.State.Terminal()) && (!deep || g.Depth > 0)
	})
	if !ok {
		return nil
	}
	p, found := w.State.Grant(id)
	if !found {
		p.Grantee = w.Cast.Nodes[0]
	}
	op := orchestrator.DelegateAccess{Grantee: w.by(p.Grantee, w.Cast.Nodes), Parent: id, To: pick(w, w.Cast.Nodes), Prefix: append([]byte{}, p.Prefix...), Ops: w.ops(p.Ops), Expires: p.Expires, Nonce: w.nonce()}
	if w.chance(3) {
		op.Prefix = append(op.Prefix, '/', byte('a'+w.dice.IntN(26)))
	}
	if left := int(p.Expires) - int(w.Now); left > 1 && w.chance(4) {
		op.Expires -= uint64(w.dice.IntN(left))
	}
	switch w.dice.IntN(24) {
	case 0:
		op.Ops = ^p.Ops & orchestrator.OpMask
	case 1:
		op.Ops = 0
	case 2:
		op.Expires++
	case 3:
		op.Expires = w.Now
	case 4:
		op.Prefix = op.Prefix[:max(len(op.Prefix)-1, 0)]
	case 5:
		op.Prefix = append(op.Prefix, make([]byte, max(0, orchestrator.MaxPrefix-len(op.Prefix)+w.dice.IntN(2)))...)
	case 6:
		op.Prefix = append(op.Prefix[:0], "bucket/other..."...)
	}
	return op
}

// ops are some of a grant's, mostly with the right to pass them on, so that chains grow.
func (w *World) ops(of uint32) uint32 {
	ops := of & uint32(w.dice.IntN(int(orchestrator.OpMask)+1))
	if !w.chance(4) {
		ops |= of & orchestrator.OpDelegate
	}
	if ops == 0 {
		ops = of
	}
	return ops
}

func (w *World) revoke() orchestrator.Op {
	id, ok := w.id(ids.Grant, func(id ids.ID) bool { g, _ := w.State.Grant(id); return !g.Revoked })
	if !ok {
		return nil
	}
	g, _ := w.State.Grant(id)
	x, found := w.State.SLA(g.SLA)
	if !found {
		x.Consumer = w.Cast.Consumers[0]
		g.Grantor, g.Grantee = x.Consumer, x.Consumer
	}
	by := pick(w, []ids.Account{g.Grantor, g.Grantee, x.Consumer})
	if w.chance(10) {
		by = pick(w, w.Cast.Nodes)
	}
	return orchestrator.RevokeAccess{By: by, ID: id}
}
