package sidebyside

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/google/go-cmp/cmp"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Schedule is what came of one SLA under one schedule of settlements.
type Schedule struct {
	Mode        sla.Mode
	Often       bool // settled after every epoch, or once after many and once at the end
	Settlements int
	Costs       []Cost           // of each settlement; the last one ends the SLA
	Middle      orchestrator.SLA // after the many epochs
	SLA         orchestrator.SLA // at the end
	Reservation orchestrator.Reservation
	Leaf        sla.Leaf
	Paid        map[string]money.Amount // what each party has in the end
}

// life of one SLA in the proof.
type life struct {
	Schedule
	id         ids.ID
	terms      *sla.Terms
	leaf, base sla.Leaf
	settled    sla.Leaf
	measure    func(*life) *sla.Measure // of one epoch, in a scene
}

// rest is how many epochs the SLAs run on after the many.
const rest = 12

// Schedules proves on the contracts that it does not matter how often anyone settles: four SLAs with the same measures, stream and escrow mode, settled after every epoch or once after so many epochs, and
// then to the end. Model and contracts are compared after every call.
func Schedules(ctx context.Context, epochs uint32) (out []Schedule, err error) {
	r, err := open(ctx, 500, shape{params: func(p *orchestrator.Params) { p.SlashPeriod = 12 }, config: func(c *cert.Config) { c.WindowEpochs = 12 }})
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := r.Close(); err == nil {
			err = e
		}
	}()
	lives, err := r.lives(ctx, epochs+rest)
	if err != nil {
		return nil, err
	}
	dice := rand.New(rand.NewPCG(500, 1))
	start, _ := r.World.State.SLA(lives[0].id)
	for e := range uint64(epochs + rest) {
		m := schedule(dice, uint32(e), lives[0])
		for _, l := range lives {
			next, v := l.terms.Advance(l.leaf, &l.base, m, epochs+rest)
			if v != nil {
				l.base = next
			}
			l.leaf = next
		}
		epoch := start.StartEpoch + e
		c := r.World.State.Config()
		r.World.Now = c.Start(epoch + 1)
		hashes, err := r.certify(ctx, &c, epoch, lives)
		if err != nil {
			return nil, err
		}
		for i, l := range lives {
			middle := e == uint64(epochs)-1
			if !l.Often && l.leaf.Status == sla.Running && !middle {
				continue
			}
			if l.leaf == l.settled {
				continue
			}
			op := orchestrator.Settle{SLA: l.id, From: l.settled, To: l.leaf, Epoch: epoch, Proof: merkle.Prove(hashes, i)}
			receipt, refused, err := r.Step(ctx, op)
			if err != nil || refused != nil {
				return nil, fmt.Errorf("settling epoch %d: %w (refused: %w)", e, err, refused)
			}
			l.settled = l.leaf
			l.Settlements++
			l.Costs = append(l.Costs, Cost{receipt.Instructions, receipt.WrittenBytes, receipt.Fee})
			if middle {
				l.Middle, _ = r.World.State.SLA(l.id)
			}
		}
	}
	for _, l := range lives {
		if err := r.finish(ctx, l); err != nil {
			return nil, err
		}
		out = append(out, l.Schedule)
	}
	return out, r.Equal(ctx)
}

// lives begins four SLAs on one unit.
func (r *Rig) lives(ctx context.Context, epochs uint32) (lives []*life, err error) {
	c := r.World.Cast
	provider, node := c.Providers[0], c.Nodes[0]
	must := func(op orchestrator.Op) ids.ID {
		if err != nil {
			return ids.ID{}
		}
		receipt, refused, e := r.Step(ctx, op)
		if e != nil || refused != nil {
			err = fmt.Errorf("%T: %w (refused: %w)", op, e, refused)
		}
		return receipt.ID
	}
	must(orchestrator.Register{Provider: provider, Payout: c.Payouts[0]})
	nodeID := must(orchestrator.NodeBind{Provider: provider, Node: node, Endpoint: "https://node.example"})
	must(orchestrator.DepositCollateral{Provider: provider, Asset: c.Assets[0], Amount: money.Of(minted / 2)})
	unit := must(orchestrator.UnitCreate{Provider: provider, Nonce: [32]byte{1}, Spec: orchestrator.UnitSpec{Node: nodeID, Kind: 1, Capacity: 1 << 40, Region: "CH", Asset: c.Assets[0],
		QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 100, ErrorPpm: 1_000}, StoragePrice: money.Of(1_234_567), EgressPrice: money.Of(7_654_321), CollateralBps: 5_000, AutoAccept: true, Listed: true,
		MinEpochs: 1, MaxEpochs: 10_000}})
	for i, mode := range []sla.Mode{sla.Stream, sla.Stream, sla.Escrow, sla.Escrow} {
		op := orchestrator.Request{Consumer: c.Consumers[i/2], Unit: unit, Volume: 77<<30 + 7, Egress: 13<<30 + 3, Duration: epochs, Mode: mode, Refund: c.Consumers[2], PriceVersion: 1,
			Nonce: canon.Hash([]byte{byte(i)})}
		t := &sla.Terms{Volume: op.Volume, Egress: op.Egress, Duration: op.Duration, EpochSeconds: r.World.State.Config().EpochSeconds, StoragePrice: money.Of(1_234_567), EgressPrice: money.Of(7_654_321)}
		params := r.World.State.Params()
		op.MaxTotal, op.Deposit = t.TotalPrice(), params.FullDeposit(t.TotalPrice())
		id := must(op)
		if err != nil {
			return nil, err
		}
		terms, _ := r.World.State.Terms(id)
		zero := sla.Zero(terms)
		lives = append(lives, &life{Schedule: Schedule{Mode: mode, Often: i%2 == 0}, id: id, terms: terms, leaf: zero, base: zero, settled: zero})
	}
	return lives, err
}

// schedule is one epoch's measure, the same for all four: months of health, bad hours, a bad month.
func schedule(dice *rand.Rand, epoch uint32, l *life) *sla.Measure {
	m := &sla.Measure{Operations: 20, Challenges: 1, Passed: 1, BytesOut: l.leaf.BytesOut + uint64(dice.IntN(60<<20)), BytesIn: l.leaf.BytesIn + 4096,
		ByteSeconds: l.leaf.ByteSeconds.AddProduct(l.terms.Volume, uint64(l.terms.EpochSeconds))}
	for range l.terms.SlotsPerEpoch {
		s := sla.Slot{State: sla.Counted, TTFB: 40, Throughput: 20_000}
		if bad := epoch/12%7 == 2 || epoch/12%7 == 3; bad && dice.IntN(3) == 0 || dice.IntN(90) == 0 {
			s = sla.Slot{State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
		}
		m.Slots = append(m.Slots, s)
	}
	return m
}

// certify an epoch's leaves, and more, by a quorum.
func (r *Rig) certify(ctx context.Context, c *cert.Config, epoch uint64, lives []*life, more ...sla.Leaf) (hashes []merkle.Hash, err error) {
	for _, l := range lives {
		hashes = append(hashes, l.leaf.Hash())
	}
	for i := range more {
		hashes = append(hashes, more[i].Hash())
	}
	latest, _ := r.World.State.Latest()
	previous, _ := r.World.State.Root(latest)
	x := cert.Certificate{Epoch: epoch, Root: merkle.Root(hashes), Previous: previous, ConfigDigest: c.Digest()}
	d := cert.Digest(c.Network, x.ConfigDigest, epoch, x.Root, previous)
	for i, k := range r.World.Cast.Keys[:len(c.Validators)] {
		x.Signatures = append(x.Signatures, cert.Sign(k, uint32(i), d))
	}
	if _, refused, err := r.Step(ctx, orchestrator.SubmitReport{Certificate: x}); err != nil || refused != nil {
		return nil, fmt.Errorf("reporting epoch %d: %w (refused: %w)", epoch, err, refused)
	}
	return hashes, nil
}

// finish draws everything and notes what everyone has.
func (r *Rig) finish(ctx context.Context, l *life) error {
	l.Paid = map[string]money.Amount{}
	l.SLA, _ = r.World.State.SLA(l.id)
	l.Reservation, _ = r.World.State.Reservation(l.id)
	l.Leaf = l.leaf
	p := r.World.State.Params()
	parties := map[string]ids.Account{"payout": l.SLA.Payout, "consumer": l.SLA.Consumer, "refund": l.Reservation.Refund, "platform": p.PlatformAddress, "validators": p.ValidatorsAddress, "fund": p.FundAddress,
		"insurance": p.InsuranceAddress}
	before := map[string]money.Amount{}
	for name, a := range parties {
		before[name] = r.World.State.Balance(l.SLA.Asset, a)
	}
	for _, op := range []orchestrator.Op{orchestrator.Payout{SLA: l.id}, orchestrator.Refund{SLA: l.id}, orchestrator.CollectFees{SLA: l.id}, orchestrator.Claim{SLA: l.id}, orchestrator.CollectSlash{SLA: l.id}} {
		if _, _, err := r.Step(ctx, op); err != nil { // NothingDue is fine: both sides say so
			return err
		}
	}
	for name, a := range parties {
		l.Paid[name] = r.World.State.Balance(l.SLA.Asset, a).Sub(before[name])
	}
	return nil
}

// Same compares two schedules of the same SLA to the unit, and the cost of a settlement within 5 %.
func Same(a, b Schedule) error {
	if d := cmp.Diff(a.Paid, b.Paid); d != "" {
		return fmt.Errorf("%s: the parties have other amounts: %s", a.Mode, d)
	}
	// ids and hashes differ, nothing else
	for _, x := range []struct{ a, b *orchestrator.SLA }{{&a.Middle, &b.Middle}, {&a.SLA, &b.SLA}} {
		x.a.ID, x.a.TermsHash, x.a.SettledHash = x.b.ID, x.b.TermsHash, x.b.SettledHash
	}
	a.Reservation.SLA, a.Reservation.TermsHash, a.Reservation.SettledHash = b.Reservation.SLA, b.Reservation.TermsHash, b.Reservation.SettledHash
	if d := cmp.Diff(a.Middle, b.Middle) + cmp.Diff(a.SLA, b.SLA) + cmp.Diff(a.Reservation, b.Reservation); d != "" {
		return fmt.Errorf("%s: %s", a.Mode, d)
	}
	for _, x := range [][2]uint64{{a.Mean(), b.Mean()}, {a.Last(), b.Last()}} {
		if x[0]*100 > x[1]*105 || x[1]*100 > x[0]*105 {
			return fmt.Errorf("%s: %d instructions of one settlement, %d of the other", a.Mode, x[0], x[1])
		}
	}
	return nil
}

// Mean instructions of a settlement that does not end the SLA.
func (s *Schedule) Mean() (n uint64) {
	l := s.Costs[:len(s.Costs)-1]
	for _, c := range l {
		n += c.Instructions
	}
	return n / max(uint64(len(l)), 1)
}

// Last is the instructions of the settlement that ends the SLA.
func (s *Schedule) Last() uint64 { return s.Costs[len(s.Costs)-1].Instructions }
