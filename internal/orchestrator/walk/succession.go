package walk

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// whole SLAs are Active and paid to the end, and nothing follows them.
func whole(x orchestrator.SLA) bool {
	return x.State == orchestrator.Active && x.Covered == x.Duration && x.Next.Zero()
}

// renew is a request for what comes after an SLA, of its size mostly.
func (w *World) renew() orchestrator.Op {
	early := w.chance(8)
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool {
		return whole(x) || early && x.State == orchestrator.Active
	})
	if !ok {
		return nil
	}
	u, ok := w.State.Unit(w.Now, x.Unit)
	if !ok || u.MaxEpochs == 0 {
		return nil
	}
	if w.chance(30) {
		u, _ = w.unitWhere(every[orchestrator.Unit])
	}
	t, ok := w.State.Terms(x.ID)
	if !ok {
		return nil
	}
	op := w.requestFor(w.by(x.Consumer, w.Cast.Consumers), u, t.Volume)
	op.Previous = x.ID
	switch w.dice.IntN(12) {
	case 0, 1:
		op.Volume = 1 + uint64(w.dice.IntN(int(op.Volume)))
	case 2: // more than there is before it
		op.Volume += uint64(w.dice.IntN(int(u.Capacity/16 + 1)))
	}
	w.payFor(&op, u)
	return op
}

// priceFor is a price for one consumer, now and then taken back.
func (w *World) priceFor() orchestrator.Op {
	u, ok := w.unitWhere(func(u orchestrator.Unit) bool { return u.State < orchestrator.UnitDecommissioning })
	if !ok {
		return nil
	}
	s := w.spec(u.Node)
	op := orchestrator.PriceFor{Provider: w.by(u.Provider, w.Cast.Providers), Unit: u.ID, Consumer: pick(w, w.Cast.Consumers), StoragePrice: s.StoragePrice, EgressPrice: s.EgressPrice,
		Until: w.Now + 20 + uint64(w.dice.IntN(200))}
	if w.chance(2) {
		op.Volume, op.Egress, op.Duration = u.Capacity/4, 1<<40, u.MaxEpochs
	}
	switch w.dice.IntN(16) {
	case 0:
		op.Until = w.Now - uint64(w.dice.IntN(2))
	case 1:
		op.Until = w.Now + 90*86_400 + uint64(w.dice.IntN(2))
	case 2:
		op.StoragePrice = money.Of(-1)
	case 3:
		op.EgressPrice = sla.MaxPrice.Add(money.Of(1))
	}
	return op
}

// requestJoint is of 2 to 4 units whose shares mostly suffice.
func (w *World) requestJoint() orchestrator.Op {
	free := func(u orchestrator.Unit) bool {
		return u.Listed && u.State < orchestrator.UnitMaintenance && u.Capacity-u.ReservedBytes-u.InUseBytes > 1<<20
	}
	var units []orchestrator.Unit
	for _, id := range w.State.IDs(ids.Unit) {
		if u, _ := w.State.Unit(w.Now, id); free(u) {
			units = append(units, u)
		}
	}
	for i := range units { // shuffled
		j := i + w.dice.IntN(len(units)-i)
		units[i], units[j] = units[j], units[i]
	}
	n := 2 + w.dice.IntN(3)
	if n = min(n, len(units)); n < 2 && !w.chance(10) || n == 0 {
		return nil
	}
	units = units[:n]
	least, most, room := uint32(1), uint32(1_000), uint64(1)<<40
	for _, u := range units {
		least, most, room = max(least, u.MinEpochs), min(most, u.MaxEpochs), min(room, u.Capacity-u.ReservedBytes-u.InUseBytes)
	}
	if least > most {
		return nil
	}
	op := orchestrator.RequestJoint{Consumer: pick(w, w.Cast.Consumers), Volume: 1 + uint64(w.dice.IntN(int(room/8+1))), Duration: least + uint32(w.dice.IntN(int(most-least)+1)), Mode: sla.Mode(w.dice.IntN(2)),
		Redundancy: uint8(1 + w.dice.IntN(n)), Refund: pick(w, w.Cast.Consumers)}
	if most > least && w.chance(2) {
		op.Duration = most
	}
	enough := (10_000 + n - int(op.Redundancy)) / (n - int(op.Redundancy) + 1) // each, so that the smallest together are the whole
	for _, u := range units {
		share := min(10_000, enough+w.dice.IntN(3)*w.dice.IntN(2_000))
		one := w.requestFor(op.Consumer, u, (op.Volume*uint64(share)+9_999)/10_000)
		one.Duration = op.Duration
		if full := w.payFor(&one, u); !w.chance(3) {
			one.Deposit = full
		}
		op.Parts = append(op.Parts, orchestrator.Part{Unit: u.ID, ShareBps: uint16(share), Egress: one.Egress, MaxTotal: one.MaxTotal, PriceVersion: one.PriceVersion, Nonce: one.Nonce, Deposit: one.Deposit})
	}
	switch w.dice.IntN(40) {
	case 0:
		op.Redundancy = uint8(w.dice.IntN(2) * (n + 1))
	case 1:
		op.Parts[n-1].ShareBps = uint16(w.dice.IntN(2) * 10_001)
	case 2:
		op.Parts[n-1].ShareBps = 1
	case 3:
		op.Parts[n-1].Unit = op.Parts[0].Unit
	case 4:
		op.Parts[n-1].Nonce = op.Parts[0].Nonce
	case 5:
		op.Parts = op.Parts[:1]
	case 6:
		for len(op.Parts) < 7 {
			op.Parts = append(op.Parts, op.Parts[0])
		}
	case 7:
		op.Mode = 2
	case 8:
		op.Volume = []uint64{0, 1 << 63}[w.dice.IntN(2)]
	}
	return op
}

func (w *World) begin() orchestrator.Op {
	any := w.chance(10)
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool { return x.State == orchestrator.Funded && (any || w.together(x.Group)) })
	if !ok {
		return nil
	}
	return orchestrator.Begin{SLA: x.ID}
}

// together waits a joint SLA whose every part is Funded.
func (w *World) together(group ids.ID) bool {
	parts, _ := w.State.Group(group)
	for _, id := range parts {
		if x, _ := w.State.SLA(id); x.State != orchestrator.Funded {
			return false
		}
	}
	return true
}

// split an SLA at a window's boundary ahead of it into 1 to 4.
func (w *World) split() orchestrator.Op {
	any := w.chance(8)
	c := w.State.Config()
	window := uint64(c.WindowEpochs)
	boundary := func(x orchestrator.SLA) uint64 { return w.running(x)/window*window + window } // the first one after the running epoch
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool {
		return any && x.State == orchestrator.Active || whole(x) && boundary(x) < uint64(x.Duration)
	})
	if !ok {
		return nil
	}
	t, ok := w.State.Terms(x.ID)
	if !ok {
		t = &sla.Terms{Volume: 1 << 30}
	}
	op := orchestrator.Split{Consumer: w.by(x.Consumer, w.Cast.Consumers), SLA: x.ID, Epochs: uint32(boundary(x))}
	if more := (int(x.Duration) - int(op.Epochs) - 1) / int(window); more > 0 {
		op.Epochs += uint32(w.dice.IntN(more+1)) * uint32(window)
	}
	left, n := t.Volume, 1+w.dice.IntN(4)
	for i := range n {
		p := orchestrator.Piece{To: x.Consumer, Refund: pick(w, w.Cast.Consumers), Volume: left, Egress: uint64(w.dice.IntN(1 << 34)), Nonce: w.nonce()}
		if i < n-1 && left > 1 {
			p.Volume = 1 + uint64(w.dice.IntN(int(left-1)))
		}
		if w.chance(3) {
			p.To = pick(w, w.Cast.Consumers)
		}
		if w.chance(3) {
			p.Egress = 0
		}
		left -= p.Volume
		if op.Pieces = append(op.Pieces, p); left == 0 {
			break
		}
	}
	last := &op.Pieces[len(op.Pieces)-1]
	switch w.dice.IntN(40) {
	case 0:
		last.Volume += uint64(w.dice.IntN(2))*2 - 1
	case 1:
		last.Egress = sla.MaxEgress + 1
	case 2:
		op.Epochs++
	case 3:
		op.Epochs -= min(op.Epochs, uint32(window))
	case 4:
		op.Epochs = x.Duration
	case 5:
		last.Nonce = op.Pieces[0].Nonce
	case 6:
		for len(op.Pieces) < 5 {
			op.Pieces = append(op.Pieces, *last)
		}
	case 7:
		op.Pieces = nil
	}
	return op
}

// running is the number of the epoch that runs, from the SLA's start, at least 1.
func (w *World) running(x orchestrator.SLA) uint64 {
	c := w.State.Config()
	if e := c.Epoch(w.Now); w.Now >= c.Genesis && e > x.StartEpoch {
		return e - x.StartEpoch + 1
	}
	return 1
}

func (w *World) transfer() orchestrator.Op {
	over := w.chance(10)
	x, ok := w.slaWhere(func(x orchestrator.SLA) bool { return over || !x.State.Terminal() })
	if !ok {
		return nil
	}
	return orchestrator.TransferSLA{Consumer: w.by(x.Consumer, w.Cast.Consumers), SLA: x.ID, To: pick(w, w.Cast.Consumers), Refund: pick(w, w.Cast.Consumers)}
}

// reclaimable is what would end after the notice.
func (w *World) reclaimable(r orchestrator.Reservation) bool {
	x, _ := w.State.SLA(r.SLA)
	t, ok := w.State.Terms(r.SLA)
	return ok && x.State == orchestrator.Active && uint64(x.EndEpochs) > w.running(x)+uint64(t.Protocol.ReclaimWindows+1)*uint64(t.Window)
}

func (w *World) reclaim() orchestrator.Op {
	again := w.chance(6)
	r, ok := w.reservationWhere(func(r orchestrator.Reservation) bool {
		return r.State == orchestrator.ReservationActive && (again || w.reclaimable(r))
	})
	if !ok {
		return nil
	}
	return orchestrator.Reclaim{Provider: w.by(r.Provider, w.Cast.Providers), SLA: r.SLA}
}

func (w *World) drain() orchestrator.Op {
	any := w.chance(40)
	r, ok := w.reservationWhere(func(r orchestrator.Reservation) bool {
		u, _ := w.State.Unit(w.Now, r.Unit)
		return r.State == orchestrator.ReservationActive && (any || u.State == orchestrator.UnitDecommissioning && w.reclaimable(r))
	})
	if !ok {
		return nil
	}
	return orchestrator.Drain{SLA: r.SLA}
}
