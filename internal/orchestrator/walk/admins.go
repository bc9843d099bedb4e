package walk

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func (w *World) pause() orchestrator.Op {
	if !w.State.Paused() && !w.chance(10) {
		return nil
	}
	return orchestrator.Pause{Admin: w.consumerAdmin(), Paused: !w.State.Paused()}
}

func (w *World) setParams() orchestrator.Op {
	p := w.State.Params()
	p.Version++
	p.FeeBps, p.FeeFlashBps, p.Flash = uint16(w.dice.IntN(1_050)), uint16(w.dice.IntN(60)), ids.Account{}
	if w.chance(2) {
		p.Flash = pick(w, w.Cast.Assets)
	}
	p.HoldbackBps = uint16(w.dice.IntN(10_001))
	p.EarlyBps, p.GraceEpochs, p.RetentionEpochs = uint16(w.dice.IntN(3_000)), uint32(w.dice.IntN(4)), uint32(w.dice.IntN(4))
	p.FundSeconds, p.CloseSeconds = 30+uint64(w.dice.IntN(60)), 30+uint64(w.dice.IntN(60))
	a, b, c := uint16(w.dice.IntN(3_000)), uint16(w.dice.IntN(3_000)), uint16(w.dice.IntN(3_000))
	p.SlashSplit, p.FeeSplit = [4]uint16{10_000 - a - b - c, a, b, c}, [4]uint16{10_000 - a - b - c, c, a, b}
	if w.chance(6) {
		p.Version++
	}
	return orchestrator.SetParams{Admin: w.consumerAdmin(), Params: p}
}

func (w *World) consumerAdmin() ids.Account {
	_, a := w.State.Admins()
	return a
}

// setProviderParams changes what the Provider Orchestrator decides by: notice, quota, the least collateral, payees.
func (w *World) setProviderParams() orchestrator.Op {
	p := w.State.ProviderParams()
	admin, _ := w.State.Admins()
	p.Version++
	p.NoticeSeconds, p.QuotaSeconds, p.CollateralMinBps = uint64(w.dice.IntN(30)), uint64(w.dice.IntN(60)), uint16(w.dice.IntN(300))
	p.ValidatorsAddress, p.FundAddress = p.FundAddress, p.ValidatorsAddress
	if w.chance(6) {
		p.Version++
	}
	return orchestrator.SetProviderParams{Admin: admin, Params: p}
}

func (w *World) setAdmin() orchestrator.Op {
	op := orchestrator.SetAdmin{Next: pick(w, w.Cast.Admins), Provider: w.chance(2)}
	provider, consumer := w.State.Admins()
	if op.Admin = consumer; op.Provider {
		op.Admin = provider
	}
	return op
}

func (w *World) freeze() orchestrator.Op {
	bond := w.chance(3)
	holds := func(x orchestrator.SLA) money.Amount {
		if bond {
			return x.Bond
		}
		return x.ProviderClaim
	}
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool { return holds(x).Sign() > 0 })
	if !ok {
		return nil
	}
	return orchestrator.Freeze{Dispute: w.State.Genesis().Dispute, SLA: x.ID, Amount: w.amount(holds(x)), Bond: bond}
}

func (w *World) rule() orchestrator.Op {
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool { return x.Disputed.Sign() > 0 })
	if !ok {
		return nil
	}
	return orchestrator.Rule{Dispute: w.State.Genesis().Dispute, SLA: x.ID, ToConsumer: w.amount(x.Disputed)}
}

func (w *World) extendProvider() orchestrator.Op {
	k := ids.Kind(1 + w.dice.IntN(4))
	id, ok := w.id(k, func(ids.ID) bool { return true })
	if !ok {
		return nil
	}
	return orchestrator.ExtendProvider{Kind: uint32(k), ID: id}
}

func (w *World) extendConsumer() orchestrator.Op {
	k := ids.Kind(2 + w.dice.IntN(3))
	id, ok := w.id(k, func(ids.ID) bool { return true })
	if !ok {
		return nil
	}
	return orchestrator.ExtendConsumer{Kind: uint32(k), ID: id}
}
