package walk

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

func (w *World) register() orchestrator.Op {
	return orchestrator.Register{Provider: pick(w, append(w.Cast.Consumers[:1:1], w.Cast.Providers...)), Payout: pick(w, w.Cast.Payouts), Info: w.nonce()}
}

func (w *World) update() orchestrator.Op {
	return orchestrator.UpdateProvider{Provider: pick(w, append(w.Cast.Consumers[:2:2], w.Cast.Providers...)), Payout: pick(w, w.Cast.Payouts), Info: w.nonce()}
}

func (w *World) nodeBind() orchestrator.Op {
	op := orchestrator.NodeBind{Provider: pick(w, w.Cast.Providers), Node: pick(w, w.Cast.Nodes), Endpoint: fmt.Sprintf("https://n%d.example", w.dice.IntN(100))}
	if w.chance(15) {
		op.Endpoint = ""
	}
	return op
}

func (w *World) node() (orchestrator.Node, bool) {
	id, ok := w.id(ids.Node, every[ids.ID])
	if !ok {
		return orchestrator.Node{}, false
	}
	n, found := w.State.Node(id)
	if !found {
		n = orchestrator.Node{ID: id, Provider: w.Cast.Providers[0], Key: w.Cast.Nodes[0]}
	}
	return n, true
}

func (w *World) nodeRotate() orchestrator.Op {
	n, ok := w.node()
	if !ok {
		return nil
	}
	key := pick(w, w.Cast.Nodes)
	if w.chance(3) {
		key = n.Key
	}
	return orchestrator.NodeRotate{Provider: w.by(n.Provider, w.Cast.Providers), ID: n.ID, Key: key, Endpoint: "https://moved.example"}
}

func (w *World) nodeRelease() orchestrator.Op {
	n, ok := w.node()
	if !ok {
		return nil
	}
	return orchestrator.NodeRelease{Provider: w.by(n.Provider, w.Cast.Providers), ID: n.ID}
}

func (w *World) deposit() orchestrator.Op {
	return orchestrator.DepositCollateral{Provider: pick(w, w.Cast.Providers), Asset: pick(w, w.Cast.Assets), Amount: w.amount(money.Of(1_000_000_000))}
}

func (w *World) withdraw() orchestrator.Op {
	p, a := pick(w, w.Cast.Providers), pick(w, w.Cast.Assets)
	return orchestrator.WithdrawCollateral{Provider: p, Asset: a, Amount: w.amount(w.State.Collateral(p, a).Free)}
}

// spec of a unit: from dust to dear.
func (w *World) spec(node ids.ID) orchestrator.UnitSpec {
	prices := []int64{0, 1, 7, 12_345, 86_400_000, 5_000_000_007}
	return orchestrator.UnitSpec{
		Node: node, Kind: 1, Capacity: 1<<30 + uint64(w.dice.IntN(1<<37)), Region: "CH-ZH", Class: uint8(w.dice.IntN(3)),
		QoS:   sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 100, ThroughputKiBps: 1_024 * uint32(w.dice.IntN(2)), ErrorPpm: 1_000},
		Asset: pick(w, w.Cast.Assets), StoragePrice: money.Of(pick(w, prices)), EgressPrice: money.Of(pick(w, prices)), CollateralBps: uint16(100 + w.dice.IntN(20_000)),
		AutoAccept: w.chance(2), Listed: !w.chance(4), MinEpochs: 1, MaxEpochs: uint32(1 + w.dice.IntN(50)), RateLimit: uint32(w.dice.IntN(1_000)),
	}
}

func (w *World) unitCreate() orchestrator.Op {
	n, ok := w.node()
	if !ok {
		return nil
	}
	op := orchestrator.UnitCreate{Provider: w.by(n.Provider, w.Cast.Providers), Spec: w.spec(n.ID), Nonce: w.nonce()}
	switch w.dice.IntN(20) {
	case 0:
		op.Spec.Kind = 3
	case 1:
		op.Spec.CollateralBps = 99
	case 2:
		op.Spec.StoragePrice = money.Of(-1)
	case 3:
		op.Spec.MaxEpochs = 0
	}
	return op
}

func (w *World) unitPrice() orchestrator.Op {
	u, ok := w.unitWhere(every[orchestrator.Unit])
	if !ok {
		return nil
	}
	s := w.spec(u.Node)
	return orchestrator.UnitPrice{Provider: w.by(u.Provider, w.Cast.Providers), ID: u.ID, StoragePrice: s.StoragePrice, EgressPrice: s.EgressPrice}
}

func (w *World) unitList() orchestrator.Op {
	u, ok := w.unitWhere(every[orchestrator.Unit])
	if !ok {
		return nil
	}
	return orchestrator.UnitList{Provider: w.by(u.Provider, w.Cast.Providers), ID: u.ID, Listed: !w.chance(3)}
}

func (w *World) unitMaintain() orchestrator.Op {
	u, ok := w.unitWhere(func(u orchestrator.Unit) bool { return u.Maintenance.Until <= w.Now })
	if !ok {
		return nil
	}
	from := w.Now + 15 + uint64(w.dice.IntN(40))
	return orchestrator.UnitMaintain{Provider: w.by(u.Provider, w.Cast.Providers), ID: u.ID, From: from, Until: from + uint64(w.dice.IntN(36))}
}

func (w *World) unitEmergency() orchestrator.Op {
	u, ok := w.unitWhere(func(u orchestrator.Unit) bool { return u.Maintenance.Until <= w.Now })
	if !ok {
		return nil
	}
	return orchestrator.UnitEmergency{Provider: w.by(u.Provider, w.Cast.Providers), ID: u.ID, Until: w.Now + uint64(w.dice.IntN(20))}
}

func (w *World) unitResume() orchestrator.Op {
	u, ok := w.unitWhere(func(u orchestrator.Unit) bool { return u.Maintenance.Until > w.Now })
	if !ok {
		return nil
	}
	return orchestrator.UnitResume{Provider: w.by(u.Provider, w.Cast.Providers), ID: u.ID}
}

func (w *World) unitDecommission() orchestrator.Op {
	empty := w.chance(3)
	u, ok := w.unitWhere(func(u orchestrator.Unit) bool { return empty || u.InUseBytes > 0 })
	if !ok {
		return nil
	}
	return orchestrator.UnitDecommission{Provider: w.by(u.Provider, w.Cast.Providers), ID: u.ID}
}

func (w *World) unitRetire() orchestrator.Op {
	u, ok := w.unitWhere(func(u orchestrator.Unit) bool { return u.State == orchestrator.UnitDecommissioning })
	if !ok {
		return nil
	}
	return orchestrator.UnitRetire{ID: u.ID}
}

func (w *World) accept() orchestrator.Op {
	r, ok := w.reservationWhere(func(r orchestrator.Reservation) bool { return r.State == orchestrator.ReservationHeld })
	if !ok {
		return nil
	}
	return orchestrator.Accept{Provider: w.by(r.Provider, w.Cast.Providers), SLA: r.SLA}
}

func (w *World) refuse() orchestrator.Op {
	r, ok := w.reservationWhere(func(r orchestrator.Reservation) bool { return r.State <= orchestrator.ReservationLocked })
	if !ok {
		return nil
	}
	return orchestrator.Refuse{Provider: w.by(r.Provider, w.Cast.Providers), SLA: r.SLA}
}

func (w *World) claim() orchestrator.Op {
	r, ok := w.reservationWhere(func(r orchestrator.Reservation) bool { return r.Owed.Sign() > 0 })
	if !ok {
		return nil
	}
	return orchestrator.Claim{SLA: r.SLA}
}

func (w *World) collectSlash() orchestrator.Op {
	r, ok := w.reservationWhere(func(r orchestrator.Reservation) bool { return r.ValidatorsOwed.Sign() > 0 || r.FundOwed.Sign() > 0 })
	if !ok {
		return nil
	}
	return orchestrator.CollectSlash{SLA: r.SLA}
}
