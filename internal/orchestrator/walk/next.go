package walk

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// choices of what happens next, by weight. One that has nothing to offer now gives nil, and another is drawn.
var choices = []struct {
	weight int
	make   func(*World) orchestrator.Op
}{
	{12, (*World).submit}, {1, (*World).rotate},
	{28, (*World).settle}, {4, (*World).settleReservation},
	{10, (*World).request}, {8, (*World).fund}, {7, (*World).accept}, {2, (*World).refuse}, {2, (*World).cancel}, {3, (*World).expire},
	{5, (*World).renew}, {6, (*World).requestJoint}, {8, (*World).begin}, {6, (*World).split}, {4, (*World).transfer}, {3, (*World).reclaim}, {6, (*World).drain}, {3, (*World).priceFor},
	{3, (*World).closeSLA}, {3, (*World).terminate}, {2, (*World).timeOut},
	{5, (*World).payout}, {5, (*World).refund}, {3, (*World).collectFees}, {4, (*World).claim}, {3, (*World).collectSlash},
	{3, (*World).grant}, {3, (*World).delegate}, {2, (*World).revoke},
	{1, (*World).register}, {1, (*World).update}, {2, (*World).nodeBind}, {1, (*World).nodeRotate}, {1, (*World).nodeRelease},
	{4, (*World).deposit}, {3, (*World).withdraw},
	{5, (*World).unitCreate}, {2, (*World).unitPrice}, {2, (*World).unitList}, {2, (*World).unitMaintain}, {1, (*World).unitEmergency}, {1, (*World).unitResume}, {3, (*World).unitDecommission}, {1, (*World).unitRetire},
	{2, (*World).pause}, {1, (*World).setParams}, {1, (*World).setProviderParams}, {1, (*World).setAdmin}, {3, (*World).freeze}, {4, (*World).rule},
	{2, (*World).extendProvider}, {2, (*World).extendConsumer},
}

var weights = func() (sum int) {
	for _, c := range choices {
		sum += c.weight
	}
	return sum
}()

// Next moves the time on and gives the next call. It does not take it.
func (w *World) Next() orchestrator.Op {
	switch w.dice.IntN(10) {
	case 0:
		w.Now += uint64(w.dice.IntN(40))
	case 1, 2, 3:
		w.Now += uint64(w.dice.IntN(11))
	}
	for {
		n := w.dice.IntN(weights)
		for _, c := range choices {
			if n -= c.weight; n < 0 {
				if op := c.make(w); op != nil {
					return op
				}
				break
			}
		}
	}
}

// an id of one of a kind, a good one mostly; nothing when there is none.
func (w *World) id(k ids.Kind, good func(ids.ID) bool) (ids.ID, bool) {
	all := w.State.IDs(k)
	if w.chance(40) {
		return ids.New(ids.Stellar, k, w.nonce()), true
	}
	if !w.chance(8) {
		var l []ids.ID
		for _, id := range all {
			if good(id) {
				l = append(l, id)
			}
		}
		all = l
	}
	if len(all) == 0 {
		return ids.ID{}, false
	}
	return pick(w, all), true
}

func (w *World) slaWhere(good func(orchestrator.SLA) bool) (orchestrator.SLA, bool) {
	id, ok := w.id(ids.SLA, func(id ids.ID) bool { x, _ := w.State.SLA(id); return good(x) })
	if !ok {
		return orchestrator.SLA{}, false
	}
	x, found := w.State.SLA(id)
	if !found {
		x = orchestrator.SLA{ID: id, Consumer: w.Cast.Consumers[0], Provider: w.Cast.Providers[0], Asset: w.Cast.Assets[0]}
	}
	return x, true
}

func (w *World) reservationWhere(good func(orchestrator.Reservation) bool) (orchestrator.Reservation, bool) {
	id, ok := w.id(ids.SLA, func(id ids.ID) bool { r, _ := w.State.Reservation(id); return good(r) })
	if !ok {
		return orchestrator.Reservation{}, false
	}
	r, found := w.State.Reservation(id)
	if !found {
		r = orchestrator.Reservation{SLA: id, Provider: w.Cast.Providers[0]}
	}
	return r, true
}

func (w *World) unitWhere(good func(orchestrator.Unit) bool) (orchestrator.Unit, bool) {
	id, ok := w.id(ids.Unit, func(id ids.ID) bool { u, _ := w.State.Unit(w.Now, id); return good(u) })
	if !ok {
		return orchestrator.Unit{}, false
	}
	u, found := w.State.Unit(w.Now, id)
	if !found {
		u = orchestrator.Unit{ID: id, Provider: w.Cast.Providers[0]}
	}
	return u, true
}

// by is the right account, but for one throw in 30.
func (w *World) by(right ids.Account, others []ids.Account) ids.Account {
	if w.chance(30) {
		return pick(w, others)
	}
	return right
}

func every[T any](T) bool { return true }

// waiting for its provider, its money, or the other parts of a joint SLA.
func waiting(x orchestrator.SLA) bool {
	return x.State <= orchestrator.Funded
}

// short of money: something may be paid in.
func short(x orchestrator.SLA) bool {
	return (waiting(x) || x.State == orchestrator.Active) && x.Covered < x.Duration
}

func running(x orchestrator.SLA) bool { return x.State.Running() }

// leaves for a settlement after a settled one: mostly a true proof.
func (w *World) leaves(id ids.ID, settled sla.Leaf, ok bool) (from, to sla.Leaf, epoch uint64, r *report, at int, found bool) {
	if !ok || len(w.epochs) == 0 {
		return from, to, 0, nil, 0, false
	}
	n := len(w.epochs)
	i := n - 1
	if w.chance(3) {
		i = w.dice.IntN(n)
	}
	epoch = w.epochs[i]
	r = w.reports[epoch]
	if r == nil {
		return from, to, 0, nil, 0, false
	}
	var l []int
	for i := range r.leaves {
		if r.leaves[i].SLA == id && (r.leaves[i].Epochs > settled.Epochs || w.chance(6)) || w.chance(60) {
			l = append(l, i)
		}
	}
	if len(l) == 0 {
		return from, to, 0, nil, 0, false
	}
	at = pick(w, l)
	from, to = settled, r.leaves[at]
	switch w.dice.IntN(60) {
	case 0:
		from = r.leaves[at]
	case 1:
		from.Epochs++
	case 2:
		to.BytesOut++
	case 3:
		epoch++
	}
	return from, to, epoch, r, at, true
}

func (w *World) settle() orchestrator.Op {
	x, ok := w.slaWhere(running)
	if !ok {
		return nil
	}
	settled, ok := w.State.SettledLeaf(x.ID)
	from, to, epoch, r, at, ok := w.leaves(x.ID, settled, ok)
	if !ok {
		return nil
	}
	return orchestrator.Settle{SLA: x.ID, From: from, To: to, Epoch: epoch, Proof: r.proof(at)}
}

func (w *World) settleReservation() orchestrator.Op {
	x, ok := w.reservationWhere(func(r orchestrator.Reservation) bool { return r.State == orchestrator.ReservationActive })
	if !ok {
		return nil
	}
	t, found := w.State.Terms(x.SLA)
	if !found {
		return nil
	}
	settled, ok := w.State.SettledReservation(x.SLA)
	from, to, epoch, r, at, ok := w.leaves(x.SLA, settled, ok)
	if !ok {
		return nil
	}
	terms := t.Bytes()
	if w.chance(30) {
		terms[len(terms)-1]++
	}
	return orchestrator.SettleReservation{SLA: x.SLA, Terms: terms, From: from, To: to, Epoch: epoch, Proof: r.proof(at)}
}

// amount up to a limit, now and then nothing, all of it, or more than it.
func (w *World) amount(limit money.Amount) money.Amount {
	n := int(min(limit.Big().Uint64(), 1<<50))
	switch w.dice.IntN(8) {
	case 0:
		return limit
	case 1:
		return money.Of(int64(w.dice.IntN(3)) - 1)
	case 2:
		return limit.Add(money.Of(1))
	}
	return money.Of(int64(w.dice.IntN(n + 1)))
}
