package walk

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

func (w *World) request() orchestrator.Op {
	maintained := w.chance(12)
	u, ok := w.unitWhere(func(u orchestrator.Unit) bool {
		if maintained {
			return u.State == orchestrator.UnitMaintenance
		}
		return u.Listed && u.State < orchestrator.UnitMaintenance && u.ReservedBytes+u.InUseBytes < u.Capacity
	})
	if !ok {
		return nil
	}
	free := u.Capacity - u.ReservedBytes - u.InUseBytes
	consumer := pick(w, w.Cast.Consumers)
	for _, c := range w.Cast.Consumers {
		if _, ok := w.State.PriceOf(w.Now, u.ID, c); ok && w.chance(2) {
			consumer = c
		}
	}
	op := w.requestFor(consumer, u, 1+uint64(w.dice.IntN(int(free/4+1))))
	if w.chance(3) {
		op.Volume = 1 + uint64(w.dice.IntN(1<<20)) // dust
	}
	switch w.dice.IntN(40) {
	case 0:
		op.Volume = 0
	case 1:
		op.Volume = free + 1
	case 2:
		op.Duration = u.MaxEpochs + 1
	case 3:
		op.Egress = sla.MaxEgress + 1
	case 4:
		op.PriceVersion++
	case 5:
		op.Mode = 2
	case 6:
		if l := w.State.IDs(ids.SLA); len(l) > 0 {
			w.nonces-- // the last one again
			op.Nonce = w.nonce()
		}
	}
	w.payFor(&op, u)
	return op
}

// requestFor a consumer of so many bytes of a unit at the price that it has for this consumer, for as long as the unit takes. What it pays is to be said.
func (w *World) requestFor(consumer ids.Account, u orchestrator.Unit, volume uint64) orchestrator.Request {
	op := orchestrator.Request{Consumer: consumer, Unit: u.ID, Volume: volume, Egress: uint64(w.dice.IntN(1 << 36)), Mode: sla.Mode(w.dice.IntN(2)), Refund: pick(w, w.Cast.Consumers),
		PriceVersion: u.PriceVersion, Nonce: w.nonce()}
	if op.Duration = u.MaxEpochs; u.MaxEpochs > u.MinEpochs && w.chance(2) {
		op.Duration = u.MinEpochs + uint32(w.dice.IntN(int(u.MaxEpochs-u.MinEpochs)+1))
	}
	if _, ok := w.State.PriceOf(w.Now, u.ID, consumer); ok && !w.chance(20) {
		op.PriceVersion = 0
	}
	return op
}

// payFor says how much a request pays, and at most. It returns what would be all.
func (w *World) payFor(op *orchestrator.Request, u orchestrator.Unit) (full money.Amount) {
	t := &sla.Terms{Volume: op.Volume, Egress: op.Egress, Duration: op.Duration, EpochSeconds: w.State.Config().EpochSeconds, StoragePrice: u.StoragePrice, EgressPrice: u.EgressPrice}
	if p, ok := w.State.PriceOf(w.Now, u.ID, op.Consumer); ok && op.PriceVersion == 0 {
		t.StoragePrice, t.EgressPrice = p.StoragePrice, p.EgressPrice
	}
	total := t.TotalPrice()
	t.Bond = total.Bps(uint32(w.State.Params().EarlyBps))
	op.MaxTotal = total
	switch w.dice.IntN(9) {
	case 0:
		op.Deposit = w.amount(t.Full())
	case 1:
		op.Deposit = money.Of(0)
	case 2:
		op.Deposit = total
	case 3, 4, 5:
		op.Deposit = money.Sum(t.Bond, t.EgressTotal(), t.Storage(uint32(w.dice.IntN(int(op.Duration)+1))))
	default:
		op.Deposit = t.Full()
	}
	if w.chance(30) {
		op.MaxTotal = w.amount(total)
	}
	return t.Full()
}

func (w *World) fund() orchestrator.Op {
	running := w.chance(3)
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool { return short(x) && (waiting(x) || running) })
	if !ok {
		return nil
	}
	missing := x.Total.Sub(x.Deposited)
	if t, ok := w.State.Terms(x.ID); ok {
		missing = t.Full().Sub(x.Deposited)
		if w.chance(2) { // some epochs more
			next := t.Storage(min(x.Duration, x.Covered+1+uint32(w.dice.IntN(6)))).Sub(t.Storage(x.Covered))
			missing = money.Min(missing, next.Add(money.Of(1)))
		}
	}
	op := orchestrator.Fund{From: w.by(x.Consumer, w.Cast.Consumers), SLA: x.ID, Amount: missing}
	if w.chance(4) {
		op.Amount = w.amount(missing)
	}
	return op
}

func (w *World) cancel() orchestrator.Op {
	x, ok := w.slaWhere(waiting)
	if !ok {
		return nil
	}
	return orchestrator.Cancel{Consumer: w.by(x.Consumer, w.Cast.Consumers), SLA: x.ID}
}

func (w *World) expire() orchestrator.Op {
	x, ok := w.slaWhere(waiting)
	if !ok {
		return nil
	}
	return orchestrator.Expire{SLA: x.ID}
}

func (w *World) closeSLA() orchestrator.Op {
	x, ok := w.slaWhere(running)
	if !ok {
		return nil
	}
	return orchestrator.CloseSLA{Consumer: w.by(x.Consumer, w.Cast.Consumers), SLA: x.ID}
}

func (w *World) terminate() orchestrator.Op {
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool { return running(x) && (x.Breach || w.chance(6)) })
	if !ok {
		return nil
	}
	return orchestrator.Terminate{Consumer: w.by(x.Consumer, w.Cast.Consumers), SLA: x.ID}
}

func (w *World) timeOut() orchestrator.Op {
	c, p := w.State.Config(), w.State.Params()
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool {
		return running(x) && (w.Now > c.Start(x.StartEpoch+uint64(x.EndEpochs))+p.CloseSeconds || w.chance(8))
	})
	if !ok {
		return nil
	}
	return orchestrator.TimeOut{SLA: x.ID}
}

func (w *World) payout() orchestrator.Op {
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool { return x.ProviderClaim.Sign() > 0 })
	if !ok {
		return nil
	}
	return orchestrator.Payout{SLA: x.ID}
}

func (w *World) refund() orchestrator.Op {
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool { return x.ConsumerClaim.Sign() > 0 })
	if !ok {
		return nil
	}
	return orchestrator.Refund{SLA: x.ID}
}

func (w *World) collectFees() orchestrator.Op {
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool { return x.Fees.Sign() > 0 })
	if !ok {
		return nil
	}
	return orchestrator.CollectFees{SLA: x.ID}
}
