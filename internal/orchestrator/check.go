package orchestrator

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// Violation of an invariant of the design (4.3): a defect, whatever was called.
type Violation struct {
	Rule    string // stable name
	Subject string // id, account or asset
	Detail  string
}

// String is for people.
func (v Violation) String() string { return v.Rule + " " + v.Subject + ": " + v.Detail }

// checker collects violations.
type checker struct {
	s   *State
	out []Violation
}

func (c *checker) that(ok bool, rule string, subject fmt.Stringer, format string, a ...any) {
	if !ok {
		c.out = append(c.out, Violation{rule, subject.String(), fmt.Sprintf(format, a...)})
	}
}

// Check asserts every invariant and reports every violation at once.
func (s *State) Check() []Violation {
	c := &checker{s: s}
	c.conservation()
	for _, x := range s.slas.m {
		c.sla(&x)
	}
	for _, r := range s.reservations.m {
		c.reservation(&r)
	}
	for _, g := range s.grants.m {
		c.grant(&g)
	}
	for group, parts := range s.groups.m {
		c.group(group, parts)
	}
	for id, d := range s.divisions.m {
		c.division(id, d)
	}
	c.counters()
	return c.out
}

// conservation: what the contracts' books say is at most what they hold (donations are inert), and no token appears or vanishes.
func (c *checker) conservation() {
	s := c.s
	supply := map[money.Asset]money.Amount{}
	for h, b := range s.balances.m {
		c.that(b.Sign() >= 0, "balance negative", h.Of, "%s", b)
		supply[h.Asset] = supply[h.Asset].Add(b)
	}
	for asset, made := range s.supply {
		c.that(supply[asset].Equal(made), "supply", asset, "%s of %s", supply[asset], made)
	}
	co, po := map[money.Asset]money.Amount{}, map[money.Asset]money.Amount{}
	for _, x := range s.slas.m {
		co[x.Asset] = money.Sum(co[x.Asset], x.buckets())
	}
	for _, r := range s.reservations.m {
		po[r.Asset] = money.Sum(po[r.Asset], r.Owed, r.ValidatorsOwed, r.FundOwed)
	}
	for h, v := range s.collateral.m {
		po[h.Asset] = money.Sum(po[h.Asset], v.Free, v.Locked)
	}
	for asset, v := range co {
		b := s.Balance(asset, s.genesis.Consumer)
		c.that(!b.Less(v), "consumer contract solvent", asset, "owes %s, has %s", v, b)
	}
	for asset, v := range po {
		b := s.Balance(asset, s.genesis.Provider)
		c.that(!b.Less(v), "provider contract solvent", asset, "owes %s, has %s", v, b)
	}
}

func (x *SLA) buckets() money.Amount {
	return money.Sum(x.Escrow, x.Holdback, x.ProviderClaim, x.ConsumerClaim, x.Fees, x.Retention, x.Bond, x.Disputed)
}

func (c *checker) sla(x *SLA) {
	t, ok := c.s.terms.get(x.ID)
	c.that(ok, "terms", x.ID, "missing")
	for _, b := range []struct {
		name string
		v    money.Amount
	}{{"escrow", x.Escrow}, {"holdback", x.Holdback}, {"provider claim", x.ProviderClaim}, {"consumer claim", x.ConsumerClaim}, {"fees", x.Fees}, {"retention", x.Retention}, {"bond", x.Bond}, {"disputed", x.Disputed}, {"bond taken", x.BondTaken}, {"withdrawn", x.Withdrawn},
		{"gross", x.Gross}, {"earned", x.Earned}, {"credited", x.Credited}} {
		c.that(b.v.Sign() >= 0, "bucket negative", x.ID, "%s %s", b.name, b.v)
	}
	c.that(x.Deposited.Equal(x.buckets().Add(x.Withdrawn)), "deposited = buckets + withdrawn", x.ID, "%s ≠ %s + %s", x.Deposited, x.buckets(), x.Withdrawn)
	c.that(!x.full().Less(x.Deposited), "deposited ≤ total + bond", x.ID, "%s > %s", x.Deposited, x.full())
	c.that(t.Bond.Equal(t.TotalPrice().Bps(uint32(t.Protocol.EarlyBps))), "bond", x.ID, "%s", t.Bond)
	c.links(x)
	c.that(x.Covered == 0 || !x.Deposited.Less(money.Sum(x.BondTotal, t.EgressTotal(), t.Storage(x.Covered))), "covered is paid for", x.ID, "%d by %s", x.Covered, x.Deposited)
	c.that(!x.Total.Less(x.Gross), "gross ≤ total", x.ID, "%s > %s", x.Gross, x.Total)
	c.that(x.EndEpochs <= x.Covered && x.Covered <= x.Duration && x.SettledEpochs <= x.Covered, "epochs", x.ID, "settled %d, end %d, covered %d, duration %d", x.SettledEpochs, x.EndEpochs, x.Covered, x.Duration)
	c.that(!x.State.Running() || x.EndEpochs >= 1 && x.Covered >= min(x.Duration, t.Least()), "began with enough", x.ID, "end %d, covered %d, least %d", x.EndEpochs, x.Covered, t.Least())
	c.that(x.State != Active || x.EndEpochs == x.Covered, "an open SLA ends with its money", x.ID, "end %d, covered %d", x.EndEpochs, x.Covered)
	c.that(x.FeeTotal.Equal(x.Earned.Bps(uint32(t.Protocol.FeeBps))), "fee", x.ID, "%s of %s", x.FeeTotal, x.Earned)
	c.that(!x.FeeTotal.Less(x.Fees), "fees ≤ fee total", x.ID, "%s > %s", x.Fees, x.FeeTotal)
	if x.State.Terminal() {
		c.that(x.Escrow.Sign() == 0 && x.Holdback.Sign() == 0 && x.Retention.Sign() == 0 && x.Bond.Sign() == 0, "terminal has no escrow", x.ID, "E %s, H %s", x.Escrow, x.Holdback)
		c.that(!x.Gross.Less(x.Earned.Add(x.Credited)), "paid ≤ gross", x.ID, "%s + %s > %s", x.Earned, x.Credited, x.Gross)
	} else {
		c.that(x.Gross.Equal(money.Sum(x.Earned, x.Credited, x.Holdback)), "gross = earned + credited + held", x.ID, "%s ≠ %s + %s + %s", x.Gross, x.Earned, x.Credited, x.Holdback)
		bond := money.Min(x.BondTotal, x.Deposited)
		unused := x.Deposited.Sub(bond).Sub(x.Gross)
		c.that(x.Bond.Add(x.BondTaken).Equal(bond), "the bond is paid first", x.ID, "%s and %s of %s", x.Bond, x.BondTaken, x.BondTotal)
		c.that(x.Escrow.Add(x.Retention).Equal(unused), "escrow + reserve = deposited − bond − gross", x.ID, "%s + %s ≠ %s", x.Escrow, x.Retention, unused)
		reserve := money.Amount{}
		if x.State.Running() {
			reserve = t.Reserve(unused, x.Covered, x.Duration)
		}
		c.that(x.Retention.Equal(reserve), "reserve", x.ID, "%s, not %s", x.Retention, reserve)
	}

	r, ok := c.s.reservations.get(x.ID)
	c.that(ok, "reservation", x.ID, "missing")
	agree := map[SLAState]ReservationState{Requested: ReservationHeld, Accepted: ReservationLocked, Funded: ReservationLocked, Active: ReservationActive, Closing: ReservationActive, Reclaiming: ReservationActive}
	if want, live := agree[x.State]; !live {
		c.that(r.State == ReservationDone, "halves agree", x.ID, "%s, reservation %d", x.State, r.State)
	} else {
		// the provider's half may have been settled to the end before the consumer's
		c.that(r.State == want || want == ReservationActive && r.State == ReservationDone, "halves agree", x.ID, "%s, reservation %d", x.State, r.State)
	}
	l, ok := c.s.settled.get(x.ID)
	if !ok {
		return
	}
	c.that(l.Epochs == x.SettledEpochs && l.Hash() == x.SettledHash, "settled leaf", x.ID, "%d epochs, stored %d", l.Epochs, x.SettledEpochs)
	integral := t.Totals(&sla.Leaf{Epochs: l.Epochs, Measured: sla.Measured{BytesOut: l.BytesOut}}).Gross
	c.that(!integral.Less(x.Earned.Add(x.Credited)), "paid ≤ rate integral", x.ID, "%s + %s > %s", x.Earned, x.Credited, integral)
	judged := t.Totals(&sla.Leaf{Epochs: l.JudgedEpochs, Measured: sla.Measured{BytesOut: l.JudgedOut}}).Gross
	c.that(!judged.Less(x.Credited), "credit ≤ gross of judged windows", x.ID, "%s > %s", x.Credited, judged)
	c.that(r.SettledEpochs != l.Epochs || !judged.Less(x.Credited.Add(r.Coverage)), "credit and coverage ≤ gross of judged windows", x.ID, "%s + %s > %s", x.Credited, r.Coverage, judged)
}

func (c *checker) reservation(r *Reservation) {
	for _, v := range []money.Amount{r.Collateral, r.Coverage, r.Slash, r.Owed, r.ValidatorsOwed, r.FundOwed, r.remaining()} {
		c.that(v.Sign() >= 0, "reservation negative", r.SLA, "%+v", *r)
	}
	price := c.price(r)
	c.that(!money.Sum(r.Coverage, r.Slash, price).Less(money.Sum(r.Owed, r.ValidatorsOwed, r.FundOwed)), "owed ≤ coverage + slash + price of an early end", r.SLA, "%s + %s + %s", r.Coverage, r.Slash, price)
	x, ok := c.s.slas.get(r.SLA)
	c.that(ok && x.TermsHash == r.TermsHash, "terms hash of both halves", r.SLA, "differ")
	l, ok := c.s.covered.get(r.SLA)
	if !ok {
		return
	}
	t, _ := c.s.terms.get(r.SLA)
	p := &t.Protocol
	periods := (uint64(l.Epochs) + uint64(p.SlashPeriod) - 1) / uint64(p.SlashPeriod)
	most := t.Collateral.Bps(uint32(min(uint64(p.SlashCapBps)*periods, 10_000)))
	c.that(!most.Less(r.Slash), "slash ≤ cap", r.SLA, "%s > %s", r.Slash, most)
	c.that(r.Slash.Sign() == 0 || l.Warnings >= 2, "no slash without two warnings", r.SLA, "%s after %d", r.Slash, l.Warnings)
	split := sla.Split(r.Slash, p.SlashSplit)
	c.that(money.Sum(split[:]...).Equal(r.Slash), "split sums", r.SLA, "%v", split)
	c.that(!money.Sum(r.Coverage, split[0], price).Less(r.Owed), "the consumer's part", r.SLA, "%s > %s + %s + %s", r.Owed, r.Coverage, split[0], price)
}

// counters of units, nodes and collateral are the sums over what they count.
func (c *checker) counters() {
	type tally struct {
		reserved, used uint64
		live           uint32
	}
	units := map[ids.ID]tally{}
	locked := map[holding]money.Amount{}
	for _, r := range c.s.reservations.m {
		if r.State == ReservationDone {
			continue
		}
		n := units[r.Unit]
		n.live++
		if r.State == ReservationActive {
			n.used += r.Volume
		} else {
			n.reserved += r.Volume - r.Takes
		}
		units[r.Unit] = n
		if r.State != ReservationHeld {
			h := holding{r.Asset, r.Provider}
			locked[h] = locked[h].Add(r.remaining())
		}
	}
	for h, v := range c.s.collateral.m {
		c.that(v.Free.Sign() >= 0 && v.Locked.Sign() >= 0, "collateral negative", h.Of, "free %s, locked %s", v.Free, v.Locked)
		c.that(v.Locked.Equal(locked[h]), "locked = Σ reservations", h.Of, "%s ≠ %s", v.Locked, locked[h])
		delete(locked, h)
	}
	for h, v := range locked {
		c.that(v.Sign() == 0, "locked = Σ reservations", h.Of, "0 ≠ %s", v)
	}
	nodes := map[ids.ID]uint32{}
	for id, u := range c.s.units.m {
		n := units[id]
		c.that(u.ReservedBytes == n.reserved && u.InUseBytes == n.used && u.Live == n.live, "unit counters = Σ SLAs", id, "%d/%d/%d ≠ %d/%d/%d",
			u.ReservedBytes, u.InUseBytes, u.Live, n.reserved, n.used, n.live)
		c.that(u.ReservedBytes+u.InUseBytes <= u.Capacity, "capacity", id, "%d + %d > %d", u.ReservedBytes, u.InUseBytes, u.Capacity)
		c.that(u.State != UnitRetired || u.Live == 0, "retired is empty", id, "%d live", u.Live)
		if u.State != UnitRetired {
			nodes[u.Node]++
		}
	}
	for id, n := range c.s.nodes.m {
		c.that(n.Units == nodes[id], "node counts its units", id, "%d ≠ %d", n.Units, nodes[id])
		bound, ok := c.s.nodeOf.get(n.Key)
		c.that(n.State == NodeReleased || ok && bound == id, "node key is bound", id, "to %s", bound)
	}
}
