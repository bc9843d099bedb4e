package orchestrator

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// links of an SLA to its terms and to those before and after it. What was split has less than its terms say, and all of that is paid.
func (c *checker) links(x *SLA) {
	t, _ := c.s.terms.get(x.ID)
	if _, split := c.s.divisions.get(x.ID); split {
		c.that(x.Duration < t.Duration && x.Covered == x.Duration, "a split SLA ends earlier", x.ID, "after %d of %d, covered %d", x.Duration, t.Duration, x.Covered)
		c.that(x.Total.Equal(x.Deposited.Sub(x.BondTotal)), "a split SLA is paid", x.ID, "%s + %s ≠ %s", x.Total, x.BondTotal, x.Deposited)
		early := t.Storage(x.Duration).Add(t.EgressTotal()).Bps(uint32(t.Protocol.EarlyBps))
		c.that(x.BondTotal.Equal(early), "bond of a split SLA", x.ID, "%s, not %s", x.BondTotal, early)
	} else {
		c.that(x.Duration == t.Duration && x.Total.Equal(t.TotalPrice()) && x.BondTotal.Equal(t.Bond), "terms", x.ID, "%d epochs, %s + %s", x.Duration, x.Total, x.BondTotal)
		c.that(x.Covered == t.Covered(x.Deposited), "covered follows from the deposit", x.ID, "%d, deposited %s", x.Covered, x.Deposited)
	}
	c.that(x.Previous == t.Previous, "previous", x.ID, "%s, terms %s", x.Previous, t.Previous)
	c.that(!x.BondTotal.Less(x.BondTaken), "bond taken ≤ bond", x.ID, "%s > %s", x.BondTaken, x.BondTotal)
	if !x.Next.Zero() {
		n, ok := c.s.slas.get(x.Next)
		c.that(ok && n.Previous == x.ID && n.Unit == x.Unit, "successor", x.ID, "%s follows %s", x.Next, n.Previous)
		c.that(n.StartEpoch >= x.StartEpoch+uint64(x.EndEpochs), "a successor begins after the end", x.ID, "%d < %d + %d", n.StartEpoch, x.StartEpoch, x.EndEpochs)
	}
	if r, ok := c.s.reservations.get(x.ID); ok {
		c.that(r.Takes <= r.Volume || r.State == ReservationActive || r.State == ReservationDone, "takes over", x.ID, "%d of %d", r.Takes, r.Volume)
		c.that(r.Previous == x.Previous && (r.Takes == 0 || !r.Previous.Zero()), "takes over", x.ID, "%d of %s, after %s", r.Takes, r.Previous, x.Previous)
		c.that(r.ReclaimEpochs == 0 || x.State == Reclaiming || x.State == Closing && x.Terminated || x.State.Terminal(), "reclaimed", x.ID, "%s, to end after %d", x.State, r.ReclaimEpochs)
		c.that(x.State != Reclaiming || r.ReclaimEpochs >= x.EndEpochs, "reclaimed", x.ID, "ends after %d, not %d", x.EndEpochs, r.ReclaimEpochs)
	}
}

// price is what a provider that left early paid; while the SLA runs it is only named.
func (c *checker) price(r *Reservation) money.Amount {
	c.that(r.ReclaimEpochs > 0 || r.Reclaim.Sign() == 0, "price of an early end", r.SLA, "%s of none", r.Reclaim)
	if r.State != ReservationDone {
		return money.Amount{}
	}
	c.that(!r.remaining().Less(r.Reclaim), "price of an early end ≤ collateral", r.SLA, "%s > %s", r.Reclaim, r.remaining())
	return r.Reclaim
}

// group: all parts of a joint SLA begin in the same epoch, or none does.
func (c *checker) group(group ids.ID, parts []ids.ID) {
	first, _ := c.s.slas.get(parts[0])
	_, began := c.s.settled.get(parts[0])
	c.that(parts[0] == group, "group", group, "begins with %s", parts[0])
	shares, _ := c.s.terms.get(group)
	for i, id := range parts {
		x, ok := c.s.slas.get(id)
		t, _ := c.s.terms.get(id)
		_, begins := c.s.settled.get(id)
		c.that(ok && x.Group == group && t.Units[0].Unit == x.Unit && t.Units[0] == shares.Units[i] && t.Redundancy == shares.Redundancy, "part of a group", id, "%s", x.Group)
		c.that(begins == began && (!began || x.StartEpoch == first.StartEpoch), "a group begins together", group, "%s in %d, the first in %d", id, x.StartEpoch, first.StartEpoch)
	}
}

// division: what an SLA and its pieces have together is what the SLA had.
func (c *checker) division(id ids.ID, d division) {
	a, _ := c.s.slas.get(id)
	t, _ := c.s.terms.get(id)
	r, _ := c.s.reservations.get(id)
	deposited, collateral, volume := a.Deposited, r.Collateral, uint64(0)
	for _, p := range d.pieces {
		x, _ := c.s.terms.get(p)
		deposited, collateral, volume = deposited.Add(x.Full()), collateral.Add(x.Collateral), volume+x.Volume
		c.that(x.Previous == id && a.Duration+x.Duration == t.Duration, "piece", p, "of %s, %d + %d epochs", x.Previous, a.Duration, x.Duration)
	}
	c.that(deposited.Equal(t.Full().Add(d.paid)), "a split conserves money", id, "%s ≠ %s + %s", deposited, t.Full(), d.paid)
	c.that(collateral.Equal(t.Collateral) && volume == t.Volume, "a split conserves collateral and volume", id, "%s of %s, %d of %d", collateral, t.Collateral, volume, t.Volume)
}
