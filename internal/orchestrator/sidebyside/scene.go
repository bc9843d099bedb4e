package sidebyside

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Scene is a deployment in which there is a node, a Data Unit, a reservation and an SLA in every state that there is, taken there by calls that model and contracts took alike. Tables of what each entry point
// does are made in it: Reset comes back to it after each call.
type Scene struct {
	*Rig
	Host  *direct.Rig
	Roles map[string]direct.Party // by the names in roles

	Nodes, Units, SLAs map[string]ids.ID // by state
	Grant              ids.ID
	Asset              money.Asset
	FreeNode           direct.Party // a key that is not bound

	pending  map[ids.ID]settlement // what can be settled next
	before   map[ids.ID]settlement // the last but one, of what is settled
	epoch    uint64                // the last one that is certified
	config   cert.Config
	first    *life // of the SLA that is Active
	start    direct.Snapshot
	code     [32]byte               // of a contract on the ledger, to upgrade to
	others   map[string]ids.Account // contracts beside the three, and those that a door deployed for itself
	said     map[byte][2]ids.ID     // certifications by scope
	disputed ids.ID                 // the dispute that a door opened for itself
	ctx      context.Context        // of the scene's making, for what doors make ready
}

// settlement of an SLA: both halves.
type settlement struct {
	from, to sla.Leaf
	epoch    uint64
	proof    merkle.Proof
}

const (
	active  = "Active"
	mature  = "Mature" // Active, and its collateral was slashed
	waiting = "Requested"
)

// Reset comes back to the scene.
func (s *Scene) Reset() { s.Host.Restore(s.start) }

// NewScene deploys and makes one.
func NewScene(ctx context.Context) (s *Scene, err error) {
	r, err := open(ctx, 1, shape{disputes: true})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	s = &Scene{Rig: r, Host: r.net.(*local).Rig, Nodes: map[string]ids.ID{}, Units: map[string]ids.ID{}, SLAs: map[string]ids.ID{}, Asset: r.World.Cast.Assets[0],
		pending: map[ids.ID]settlement{}, before: map[ids.ID]settlement{}}
	c := r.World.Cast
	s.Roles = map[string]direct.Party{"admin": r.parties[c.Admins[0]], "dispute": r.parties[c.Admins[1]], "provider": r.parties[c.Providers[0]], "other provider": r.parties[c.Providers[1]],
		"consumer": r.parties[c.Consumers[0]], "other consumer": r.parties[c.Consumers[1]], "node": r.parties[c.Nodes[0]], "validator operator": r.parties[r.World.State.Params().ValidatorsAddress]}
	for _, name := range []string{"grantee", "stranger", "forger"} {
		if s.Roles[name], err = s.Host.Party(name); err != nil {
			return s, err
		}
	}
	s.ctx, s.others = context.WithoutCancel(ctx), map[string]ids.Account{}
	wasm, err := artifacts.Wasm("provider")
	if err != nil {
		return s, err
	}
	s.code = canon.Hash(wasm)
	s.FreeNode = r.parties[c.Nodes[5]]
	p := &play{Scene: s, ctx: ctx}
	p.make()
	if p.err != nil {
		return s, p.err
	}
	if err = s.enterCompanions(); err != nil {
		return s, err
	}
	s.start = s.Host.Snapshot()
	return s, r.Equal(ctx)
}

// play makes a scene. The first thing that goes wrong is kept.
type play struct {
	*Scene
	ctx   context.Context
	lives []*life
	nonce byte
	err   error
}

func (p *play) must(op orchestrator.Op) ids.ID {
	if p.err != nil {
		return ids.ID{}
	}
	receipt, refused, err := p.Step(p.ctx, op)
	if err != nil || refused != nil {
		p.err = fmt.Errorf("%T: %w (refused: %w)", op, err, refused)
	}
	return receipt.ID
}

func (p *play) fresh() [32]byte {
	p.nonce++
	return canon.Hash([]byte{p.nonce})
}

func (p *play) make() {
	c := p.World.Cast
	provider, consumer := c.Providers[0], c.Consumers[0]
	for i := range 2 {
		p.must(orchestrator.Register{Provider: c.Providers[i], Payout: c.Payouts[i]})
		p.must(orchestrator.DepositCollateral{Provider: c.Providers[i], Asset: p.Asset, Amount: money.Of(minted / 4)})
	}
	p.Nodes["Active"] = p.must(orchestrator.NodeBind{Provider: provider, Node: c.Nodes[0], Endpoint: "https://node.example"})
	p.Nodes["Idle"] = p.must(orchestrator.NodeBind{Provider: provider, Node: c.Nodes[1], Endpoint: "https://idle.example"})
	p.Nodes["Released"] = p.must(orchestrator.NodeBind{Provider: provider, Node: c.Nodes[2], Endpoint: "https://gone.example"})
	p.must(orchestrator.NodeRelease{Provider: provider, ID: p.Nodes["Released"]})

	p.Units["InUse"] = p.unit(true)
	p.live(active, 40, whole, healthyMeasure)
	p.live("Closing", 40, whole, healthyMeasure)
	p.live("Completed", 3, whole, healthyMeasure)
	p.live(mature, 40, whole, badMeasure)
	p.live("Terminated", 40, whole, badMeasure)
	p.live("Defaulted", 40, 6, healthyMeasure)
	p.live("Retention", 40, 21, healthyMeasure) // 20 epochs end before the scene does, and the 21st runs
	p.live("Grace", 40, 22, healthyMeasure)
	p.live("Reclaiming", 40, whole, healthyMeasure)
	p.live("Renewed", 40, whole, healthyMeasure)
	p.live("Split", 40, whole, healthyMeasure)
	p.Units["Draining"] = p.unit(true)
	p.liveOn("Draining", p.Units["Draining"], 40, whole, healthyMeasure)
	p.observe(9)
	for _, name := range []string{"Completed", mature, "Terminated", "Defaulted"} {
		p.settle(name)
	}
	p.must(orchestrator.CloseSLA{Consumer: consumer, SLA: p.SLAs["Closing"]})
	p.must(orchestrator.Terminate{Consumer: consumer, SLA: p.SLAs["Terminated"]})
	p.observe(3)
	p.settle("Terminated")
	p.Grant = p.must(orchestrator.GrantAccess{Consumer: consumer, SLA: p.SLAs[active], Grantee: p.Roles["grantee"].Account(), Prefix: []byte("photos/"), Ops: orchestrator.OpRead | orchestrator.OpDelegate, Expires: p.World.Now + 10_000,
		Nonce: p.fresh()})

	manual := p.unit(false)
	p.SLAs["Expired"] = p.request(manual, 12, 0)
	p.World.Now += 61
	p.must(orchestrator.Expire{SLA: p.SLAs["Expired"]})
	p.Units["Maintenance"] = p.unit(false)
	p.must(orchestrator.UnitMaintain{Provider: provider, ID: p.Units["Maintenance"], From: p.World.Now + 20, Until: p.World.Now + 48})
	p.World.Now += 21
	p.Units["Available"] = p.unit(false)
	p.Units["Offered"] = p.unit(false) // to the market, where an answer makes a price for the consumer
	p.Units["Reserved"] = manual
	for _, name := range []string{waiting, "Accepted", "Rejected", "Cancelled"} {
		p.SLAs[name] = p.request(manual, 12, map[bool]uint32{true: whole}[name == waiting])
	}
	p.must(orchestrator.Accept{Provider: provider, SLA: p.SLAs["Accepted"]})
	p.must(orchestrator.Refuse{Provider: provider, SLA: p.SLAs["Rejected"]})
	p.must(orchestrator.Cancel{Consumer: consumer, SLA: p.SLAs["Cancelled"]})
	p.Units["Decommissioning"], p.Units["Retired"] = p.unit(false), p.unit(false)
	for _, name := range []string{"Decommissioning", "Retired"} {
		p.must(orchestrator.UnitDecommission{Provider: provider, ID: p.Units[name]})
	}
	p.must(orchestrator.UnitRetire{ID: p.Units["Retired"]})
	p.succession(manual)
	p.config = p.World.State.Config()
	if p.err == nil {
		p.first = p.lives[0]
	}
}

// succession is what makes SLAs of SLAs: a joint one whose two parts are paid for and wait, one that its provider gave up, one with a renewal, one that was split, and one on a unit that is drained.
func (p *play) succession(manual ids.ID) {
	c := p.World.Cast
	provider, consumer := c.Providers[0], c.Consumers[0]
	joint := p.jointOf(p.fresh, p.Units["InUse"], manual)
	p.SLAs["Funded"] = p.must(joint)
	p.must(orchestrator.Accept{Provider: provider, SLA: ids.SLAID(p.Chain.Contracts().Consumer, consumer, joint.Parts[1].Nonce)})
	p.must(orchestrator.Reclaim{Provider: provider, SLA: p.SLAs["Reclaiming"]})
	renewal := p.requestOf(p.Units["InUse"], 12, whole, p.fresh())
	renewal.Previous = p.SLAs["Renewed"]
	p.SLAs["Renewal"] = p.must(renewal)
	p.must(p.splitOf(p.SLAs["Split"], p.fresh()))
	p.must(orchestrator.UnitDecommission{Provider: provider, ID: p.Units["Draining"]})
}

// jointOf two or more units, each of which has a copy of half of what an SLA of the scene is.
func (s *Scene) jointOf(nonce func() [32]byte, units ...ids.ID) orchestrator.RequestJoint {
	one := s.requestOf(units[0], 12, whole, [32]byte{})
	op := orchestrator.RequestJoint{Consumer: one.Consumer, Volume: one.Volume, Duration: one.Duration, Mode: one.Mode, Redundancy: uint8(len(units)), Refund: one.Refund}
	for _, unit := range units {
		op.Parts = append(op.Parts, orchestrator.Part{Unit: unit, ShareBps: 10_000, Egress: one.Egress, MaxTotal: one.MaxTotal, PriceVersion: one.PriceVersion, Nonce: nonce(), Deposit: one.Deposit})
	}
	return op
}

// splitOf an SLA of the scene, so late that every one of its length can still be split there.
func (s *Scene) splitOf(id ids.ID, nonce [32]byte) orchestrator.Split {
	c := s.World.Cast
	return orchestrator.Split{Consumer: c.Consumers[0], SLA: id, Epochs: 30, Pieces: []orchestrator.Piece{{To: c.Consumers[0], Refund: c.Consumers[2], Volume: 77<<30 + 7, Egress: 1 << 30, Nonce: nonce}}}
}

const storagePrice, egressPrice = 1_234_567, 7_654_321

func (p *play) unit(auto bool) ids.ID {
	return p.must(orchestrator.UnitCreate{Provider: p.World.Cast.Providers[0], Nonce: p.fresh(), Spec: unitSpec(p.Nodes["Active"], p.Asset, auto)})
}

func unitSpec(node ids.ID, asset money.Asset, auto bool) orchestrator.UnitSpec {
	return orchestrator.UnitSpec{Node: node, Kind: 1, Capacity: 1 << 42, Region: "CH", Asset: asset, QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 100, ErrorPpm: 1_000},
		StoragePrice: money.Of(storagePrice), EgressPrice: money.Of(egressPrice), CollateralBps: 5_000, AutoAccept: auto, Listed: true, MinEpochs: 1, MaxEpochs: 10_000}
}

// whole is as many epochs as there are.
const whole = math.MaxUint32

func (p *play) request(unit ids.ID, duration, paid uint32) ids.ID {
	return p.must(p.requestOf(unit, duration, paid, p.fresh()))
}

// requestOf the first consumer, with a deposit for so many epochs, or of one token.
func (s *Scene) requestOf(unit ids.ID, duration, paid uint32, nonce [32]byte) orchestrator.Request {
	c, config, params := s.World.Cast, s.World.State.Config(), s.World.State.Params()
	op := orchestrator.Request{Consumer: c.Consumers[0], Unit: unit, Volume: 77<<30 + 7, Egress: 13<<30 + 3, Duration: duration, Mode: sla.Stream, Refund: c.Consumers[2], PriceVersion: 1, Nonce: nonce}
	t := &sla.Terms{Volume: op.Volume, Egress: op.Egress, Duration: op.Duration, EpochSeconds: config.EpochSeconds, StoragePrice: money.Of(storagePrice), EgressPrice: money.Of(egressPrice)}
	op.MaxTotal, op.Deposit = t.TotalPrice(), money.Of(1)
	if paid > 0 {
		op.Deposit = params.FullDeposit(op.MaxTotal).Sub(t.Storage(duration).Sub(t.Storage(min(paid, duration))))
	}
	return op
}

// live begins an SLA that is active at once.
func (p *play) live(name string, epochs, paid uint32, measure func(*life) *sla.Measure) {
	p.liveOn(name, p.Units["InUse"], epochs, paid, measure)
}

func (p *play) liveOn(name string, unit ids.ID, epochs, paid uint32, measure func(*life) *sla.Measure) {
	id := p.request(unit, epochs, paid)
	if p.err != nil {
		return
	}
	p.SLAs[name] = id
	terms, _ := p.World.State.Terms(id)
	zero := sla.Zero(terms)
	p.lives = append(p.lives, &life{id: id, terms: terms, leaf: zero, base: zero, settled: zero, measure: measure})
}

func measureOf(l *life, slot sla.Slot) *sla.Measure {
	m := &sla.Measure{Operations: 20, Challenges: 1, Passed: 1, BytesOut: l.leaf.BytesOut + 1<<20, BytesIn: l.leaf.BytesIn + 4096}
	for range l.terms.SlotsPerEpoch {
		m.Slots = append(m.Slots, slot)
	}
	return m
}

func healthyMeasure(l *life) *sla.Measure {
	return measureOf(l, sla.Slot{State: sla.Counted, TTFB: 40, Throughput: 20_000})
}

// badMeasure is under the lowest tier, but not abandoned.
func badMeasure(l *life) *sla.Measure {
	m := healthyMeasure(l)
	for i := range 2 {
		m.Slots[i] = sla.Slot{State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
	}
	return m
}

// observe so many epochs, and certify the last.
func (p *play) observe(epochs int) {
	if p.err != nil {
		return
	}
	config := p.World.State.Config()
	if p.epoch == 0 {
		x, _ := p.World.State.SLA(p.lives[0].id)
		p.epoch = x.StartEpoch - 1
	}
	for range epochs {
		p.epoch++
		for _, l := range p.lives {
			x, _ := p.World.State.SLA(l.id)
			next, v := l.terms.Advance(l.leaf, &l.base, l.measure(l), max(x.EndEpochs, l.leaf.Epochs+1))
			if l.leaf = next; v != nil {
				l.base = next
			}
		}
	}
	p.World.Now = config.Start(p.epoch + 1)
	hashes, err := p.certify(p.ctx, &config, p.epoch, p.lives)
	if err != nil {
		p.err = err
		return
	}
	for i, l := range p.lives {
		p.pending[l.id] = settlement{l.settled, l.leaf, p.epoch, merkle.Prove(hashes, i)}
	}
}

func (p *play) settle(name string) {
	id := p.SLAs[name]
	x := p.pending[id]
	p.must(x.op(id))
	p.before[id] = x
	for _, l := range p.lives {
		if l.id == id {
			l.settled = x.to
		}
	}
	delete(p.pending, id)
}

func (x settlement) op(id ids.ID) orchestrator.Settle {
	return orchestrator.Settle{SLA: id, From: x.from, To: x.to, Epoch: x.epoch, Proof: x.proof}
}

// settlement of an SLA in the scene: the next one, or that of another, whose leaf is foreign.
func (s *Scene) settlement(id ids.ID) settlement {
	for _, m := range []map[ids.ID]settlement{s.pending, s.before} {
		if x, ok := m[id]; ok {
			return x
		}
	}
	return s.pending[s.SLAs[active]]
}

// certificate of an epoch after the last one that is certified.
func (s *Scene) certificate(epoch uint64, root merkle.Hash) cert.Certificate {
	latest, _ := s.World.State.Latest()
	previous, _ := s.World.State.Root(latest)
	x := cert.Certificate{Epoch: epoch, Root: root, Previous: previous, ConfigDigest: s.config.Digest()}
	d := cert.Digest(s.config.Network, x.ConfigDigest, epoch, x.Root, previous)
	for i, k := range s.World.Cast.Keys[:len(s.config.Validators)] {
		x.Signatures = append(x.Signatures, cert.Sign(k, uint32(i), d))
	}
	return x
}

// rotation to the same validators in another order.
func (s *Scene) rotation() orchestrator.Rotate {
	next := s.config
	next.Version++
	next.Validators = slices.Clone(next.Validators)
	slices.Reverse(next.Validators)
	op := orchestrator.Rotate{Config: next}
	d := cert.RotateDigest(s.config.Network, s.config.Digest(), next.Digest())
	for i, k := range s.World.Cast.Keys[:len(s.config.Validators)] {
		op.Signatures = append(op.Signatures, cert.Sign(k, uint32(i), d))
	}
	return op
}
