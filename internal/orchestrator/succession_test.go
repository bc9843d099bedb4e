package orchestrator_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

func (c *chain) refused(now uint64, code string, op orchestrator.Op) {
	if _, err := c.s.Step(now, op); fault.CodeOf(err) != code {
		c.t.Fatalf("%T: %q instead of %q", op, fault.CodeOf(err), code)
	}
}

// plainSpec of a unit, and plainRequest of half a GiB in it for nine epochs.
func plainSpec() orchestrator.UnitSpec {
	return orchestrator.UnitSpec{Kind: 1, Capacity: 1 << 40, Asset: token, QoS: sla.QoS{AvailabilityPpm: 999_000}, StoragePrice: money.Of(1_000_000_007), EgressPrice: money.Of(999_983), CollateralBps: 5_000,
		AutoAccept: true, Listed: true, MinEpochs: 1, MaxEpochs: 100}
}

func plainRequest() orchestrator.Request {
	return orchestrator.Request{Consumer: consumer, Volume: 1<<29 + 1, Egress: 1<<31 + 3, Duration: 30, Refund: refund, PriceVersion: 1}
}

// conclude settles an SLA to its end with one good leaf, and draws all of it.
func (c *chain) conclude(id ids.ID) {
	x, _ := c.s.SLA(id)
	t, _ := c.s.Terms(id)
	zero := sla.Zero(t)
	l := zero
	l.Epochs, l.JudgedEpochs, l.Windows, l.Status, l.BytesOut = x.EndEpochs, x.EndEpochs, 1, sla.Complete, t.Egress/2
	l.JudgedOut = l.BytesOut
	epoch := x.StartEpoch + uint64(x.EndEpochs) - 1
	if latest, ok := c.s.Latest(); ok && latest >= epoch {
		epoch = latest + 1
	}
	c.report(epoch, l)
	config := c.s.Config()
	c.must(config.Start(epoch+1), orchestrator.Settle{SLA: id, From: zero, To: l, Epoch: epoch, Proof: merkle.Proof{}})
	for _, op := range []orchestrator.Op{orchestrator.Payout{SLA: id}, orchestrator.Refund{SLA: id}, orchestrator.CollectFees{SLA: id}, orchestrator.Claim{SLA: id}} {
		if _, err := c.s.Step(config.Start(epoch+1), op); err != nil && fault.CodeOf(err) != "NothingDue" {
			c.t.Fatalf("%T: %v", op, err)
		}
	}
}

// The largest volume, egress, prices and collateral that there are: an SLA of them is split, its pieces end, and nothing is left in either contract, nor was any number too large.
func TestSplitLargest(t *testing.T) {
	t.Parallel()
	spec := plainSpec()
	spec.StoragePrice, spec.EgressPrice, spec.Capacity, spec.CollateralBps, spec.MaxEpochs = sla.MaxPrice, sla.MaxPrice, sla.MaxVolume, 60_000, 1<<32-1
	r := plainRequest()
	r.Volume, r.Egress, r.Duration = sla.MaxVolume, sla.MaxEgress, sla.MaxSeconds/10
	c := beginWith(t, r, spec, money.Must(new(big.Int).Lsh(big.NewInt(1), 105)))
	x, _ := c.s.SLA(c.terms.SLA)
	c.must(start, orchestrator.Split{Consumer: consumer, SLA: x.ID, Epochs: 3, Pieces: []orchestrator.Piece{
		{To: consumer, Refund: refund, Volume: 1, Egress: sla.MaxEgress, Nonce: [32]byte{1}}, {To: refund, Refund: refund, Volume: sla.MaxVolume - 1, Egress: sla.MaxEgress, Nonce: [32]byte{2}}}})
	c.conclude(x.ID)
	for _, id := range []ids.ID{ids.SLAID(c.s.Genesis().Consumer, consumer, [32]byte{1}), ids.SLAID(c.s.Genesis().Consumer, refund, [32]byte{2})} {
		c.conclude(id)
	}
	if b := c.s.Balance(token, c.s.Genesis().Consumer); b.Sign() != 0 {
		t.Errorf("%s left in the consumer contract", b)
	}
	if v := c.s.Collateral(provider, token); v.Locked.Sign() != 0 {
		t.Errorf("%s still locked", v.Locked)
	}
}

// Splits of pieces of splits, transfers, early ends of both: Check holds at each step and the contracts are empty in the end.
func TestSplitTree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec, r := plainSpec(), plainRequest()
		spec.StoragePrice, spec.EgressPrice = money.Of(rapid.Int64Range(0, 1<<50).Draw(t, "storage price")), money.Of(rapid.Int64Range(0, 1<<40).Draw(t, "egress price"))
		r.Volume, r.Mode = rapid.Uint64Range(4, 1<<40).Draw(t, "volume"), sla.Mode(rapid.IntRange(0, 1).Draw(t, "mode"))
		c := begin(t, r, spec)
		live := []ids.ID{c.terms.SLA}
		nonces := byte(0)
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			x, _ := c.s.SLA(rapid.SampledFrom(live).Draw(t, "sla"))
			terms, _ := c.s.Terms(x.ID)
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				if x.State == orchestrator.Active && x.Next.Zero() {
					c.must(start, orchestrator.CloseSLA{Consumer: x.Consumer, SLA: x.ID})
				}
			case 1:
				if x.State == orchestrator.Active && x.EndEpochs > 9 {
					c.must(start, orchestrator.Reclaim{Provider: provider, SLA: x.ID})
				}
			case 2:
				to := map[ids.Account]ids.Account{consumer: refund, refund: consumer}[x.Consumer]
				c.must(start, orchestrator.TransferSLA{Consumer: x.Consumer, SLA: x.ID, To: to, Refund: to})
			default:
				if x.State != orchestrator.Active || !x.Next.Zero() || x.Duration <= 3 || x.Consumer != consumer {
					continue // whoever has no tokens could not pay
				}
				op := orchestrator.Split{Consumer: x.Consumer, SLA: x.ID, Epochs: 3 * rapid.Uint32Range(1, (x.Duration-1)/3).Draw(t, "epochs")}
				first := rapid.Uint64Range(1, terms.Volume).Draw(t, "first")
				for _, volume := range []uint64{first, terms.Volume - first} {
					if volume > 0 {
						nonces++
						to := rapid.SampledFrom([]ids.Account{consumer, refund}).Draw(t, "to")
						op.Pieces = append(op.Pieces, orchestrator.Piece{To: to, Refund: refund, Volume: volume,
							Egress: rapid.Uint64Range(0, 1<<33).Draw(t, "egress"), Nonce: [32]byte{nonces}})
						live = append(live, ids.SLAID(c.s.Genesis().Consumer, to, [32]byte{nonces}))
					}
				}
				c.must(start, op)
			}
		}
		for _, id := range live {
			c.conclude(id)
		}
		if b := c.s.Balance(token, c.s.Genesis().Consumer); b.Sign() != 0 {
			t.Fatalf("%s left in the consumer contract", b)
		}
		free := c.s.Collateral(provider, token)
		if b := c.s.Balance(token, c.s.Genesis().Provider); free.Locked.Sign() != 0 || !b.Equal(free.Free) {
			t.Fatalf("%s in the provider contract, collateral %s and %s", b, free.Free, free.Locked)
		}
	})
}

// The share of a payee that cannot be paid is the fund's. When the fund cannot be paid either, nothing is.
func TestFeesUnpaid(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, blocked ...ids.Account) *chain {
		c := begin(t, plainRequest(), plainSpec())
		c.s.SetReceivers(func(_ money.Asset, a ids.Account) bool {
			for _, b := range blocked {
				if a == b {
					return false
				}
			}
			return true
		})
		l := c.at
		l.Epochs, l.JudgedEpochs, l.Windows, l.Warnings, l.SlashBps = 3, 3, 1, 2, 2_500
		c.report(3, l)
		c.settle(3, l)
		return c
	}
	const now = start + 100
	whole := run(t)
	whole.must(now, orchestrator.CollectFees{SLA: whole.terms.SLA})
	whole.must(now, orchestrator.CollectSlash{SLA: whole.terms.SLA})
	sum := whole.s.Balance(token, payees[1]).Add(whole.s.Balance(token, payees[2]))
	if whole.s.Balance(token, payees[1]).Sign() == 0 {
		t.Fatal("the validators have no share")
	}

	one := run(t, payees[1])
	one.must(now, orchestrator.CollectFees{SLA: one.terms.SLA})
	one.must(now, orchestrator.CollectSlash{SLA: one.terms.SLA})
	for i, want := range []money.Amount{whole.s.Balance(token, payees[0]), {}, sum, whole.s.Balance(token, payees[3])} {
		if got := one.s.Balance(token, payees[i]); !got.Equal(want) {
			t.Errorf("payee %d has %s, not %s", i, got, want)
		}
	}

	none := run(t, payees[0], payees[2])
	none.refused(now, "TransferFailed", orchestrator.CollectFees{SLA: none.terms.SLA})
	none.refused(now, "TransferFailed", orchestrator.CollectSlash{SLA: none.terms.SLA})
	if b := none.s.Balance(token, payees[3]); b.Sign() != 0 {
		t.Errorf("the insurance has %s of a call that failed", b)
	}
}

// Check finds each thing that could be wrong with SLAs after SLAs.
func TestCheckSuccession(t *testing.T) {
	t.Parallel()
	r := plainRequest()
	next, part := ids.SLAID(account(1, "co"), consumer, [32]byte{1}), ids.SLAID(account(1, "co"), consumer, [32]byte{2})
	build := func(t *testing.T) (*chain, ids.ID) {
		c := begin(t, r, plainSpec())
		u, _ := c.s.SLA(c.terms.SLA)
		c.must(start, orchestrator.Split{Consumer: consumer, SLA: u.ID, Epochs: 9, Pieces: []orchestrator.Piece{{To: consumer, Refund: refund, Volume: r.Volume, Nonce: [32]byte{1}}}})
		spec := plainSpec()
		n, _ := c.s.Unit(start, u.Unit)
		spec.Node = n.Node
		units := []ids.ID{u.Unit, c.must(start, orchestrator.UnitCreate{Provider: provider, Spec: spec, Nonce: [32]byte{7}})}
		op := orchestrator.RequestJoint{Consumer: consumer, Volume: 1 << 20, Duration: 9, Redundancy: 2, Refund: refund}
		for i, unit := range units {
			x := &sla.Terms{Volume: 1 << 20, Duration: 9, EpochSeconds: 10, StoragePrice: spec.StoragePrice, EgressPrice: spec.EgressPrice}
			x.Bond = x.TotalPrice().Bps(1_000)
			op.Parts = append(op.Parts, orchestrator.Part{Unit: unit, ShareBps: 10_000, MaxTotal: x.TotalPrice(), Deposit: x.Full(), PriceVersion: 1, Nonce: [32]byte{byte(2 + i)}})
		}
		c.must(start, op)
		c.must(start, orchestrator.Reclaim{Provider: provider, SLA: next})
		return c, u.ID
	}
	one := money.Of(1)
	more := func(a *money.Amount) { *a = a.Add(one) }
	for _, x := range []struct {
		name, rule string
		of         ids.ID // zero: the SLA that was split
		c          orchestrator.Corrupt
	}{
		{"a unit of money too much", "deposited = buckets + withdrawn", ids.ID{}, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { more(&x.Deposited) }}},
		{"money of a split made out of nothing", "a split conserves money", ids.ID{}, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { more(&x.Deposited); more(&x.Total); more(&x.Escrow) }}},
		{"bond moved into the total", "bond of a split SLA", ids.ID{}, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { x.BondTotal = x.BondTotal.Sub(one); more(&x.Total); more(&x.Escrow) }}},
		{"more bond taken than there is", "bond taken ≤ bond", next, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { x.BondTaken = x.BondTotal.Add(one) }}},
		{"bond taken that nobody has", "the bond is paid first", next, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { more(&x.BondTaken) }}},
		{"as long as before the split", "a split SLA ends earlier", ids.ID{}, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { x.Duration = 30 }}},
		{"a piece that is shorter", "terms", next, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { x.Duration-- }}},
		{"a successor that follows something else", "successor", next, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { x.Previous = part }}},
		{"a successor that begins too early", "a successor begins after the end", next, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { x.StartEpoch-- }}},
		{"collateral that went", "a split conserves collateral and volume", ids.ID{}, orchestrator.Corrupt{Reservation: func(r *orchestrator.Reservation) { r.Collateral = r.Collateral.Sub(one) }}},
		{"collateral that is locked twice", "locked = Σ reservations", ids.ID{}, orchestrator.Corrupt{Reservation: func(r *orchestrator.Reservation) { more(&r.Collateral) }}},
		{"volume that counts twice", "unit counters = Σ SLAs", ids.ID{}, orchestrator.Corrupt{Reservation: func(r *orchestrator.Reservation) { r.Volume = 1 }}},
		{"a part of a group that begins later", "a group begins together", part, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { x.StartEpoch++ }}},
		{"a part that left its group", "part of a group", part, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { x.Group = ids.ID{} }}},
		{"an end after that of the notice", "reclaimed", next, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { x.EndEpochs++ }}},
		{"a notice that the SLA does not know of", "reclaimed", next, orchestrator.Corrupt{SLA: func(x *orchestrator.SLA) { x.State = orchestrator.Active; x.EndEpochs = x.Covered }}},
		{"a price without a notice", "price of an early end", part, orchestrator.Corrupt{Reservation: func(r *orchestrator.Reservation) { r.Reclaim = one }}},
		{"volume taken over from nobody", "takes over", part, orchestrator.Corrupt{Reservation: func(r *orchestrator.Reservation) { r.Takes = 1 }}},
		{"another predecessor in the other half", "takes over", next, orchestrator.Corrupt{Reservation: func(r *orchestrator.Reservation) { r.Previous = part }}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			c, id := build(t)
			if !x.of.Zero() {
				id = x.of
			}
			x.c.Apply(c.s, id)
			rules := map[string]bool{}
			for _, v := range c.s.Check() {
				rules[v.Rule] = true
			}
			if !rules[x.rule] {
				t.Errorf("Check says %v, not %q", rules, x.rule)
			}
		})
	}
}
