package report

import (
	"crypto/ed25519"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/statement"
)

var seedFlag = flag.Uint64("seed", 0, "of the simulation; 0: another one each time")

// world makes keys, nodes and agreements from one seed.
type world struct {
	rng    *rand.Rand
	config cert.Config
	digest [32]byte
	keys   []*secp256k1.PrivateKey
	nodes  []simNode
	deals  []*sla.Terms
	nodeOf map[ids.ID]int
}

type simNode struct {
	id  ids.ID
	key ed25519.PrivateKey
}

func (n simNode) public() [32]byte { return [32]byte(n.key.Public().(ed25519.PublicKey)) }

func newWorld(seed uint64, validators, nodes, slas int) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 1)), nodeOf: map[ids.ID]int{}}
	w.config = cert.Config{Network: [32]byte{1}, Version: 1, Genesis: 1_000_000, EpochSeconds: 12, SlotsPerEpoch: 12, WindowEpochs: 4}
	for i := range validators {
		k := secp256k1.PrivKeyFromBytes(binary.BigEndian.AppendUint64(make([]byte, 24), seed<<8+uint64(i)+1))
		w.keys = append(w.keys, k)
		w.config.Validators = append(w.config.Validators, cert.Validator{Key: cert.PublicKey(k), Weight: 1})
	}
	w.digest = w.config.Digest()
	contract := ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: [32]byte{3}}
	for i := range nodes {
		k := ed25519.NewKeyFromSeed(binary.BigEndian.AppendUint64(make([]byte, 24), uint64(i)))
		w.nodes = append(w.nodes, simNode{ids.New(ids.Stellar, ids.Node, [32]byte{byte(i)}), k})
	}
	for i := range slas {
		who := ids.Account{Chain: ids.Stellar, Address: [32]byte{4}}
		nonce := [32]byte{byte(i), byte(i >> 8)}
		n := i % nodes
		t := &sla.Terms{Network: w.config.Network, SLA: ids.SLAID(contract, who, nonce), Consumer: who, Provider: who, Payout: who, Refund: who, Asset: contract,
			Units: []sla.Share{{Unit: ids.UnitID(contract, who, [32]byte{byte(n)}), Bps: 10_000}}, Kind: 1, Volume: 1 << 30, Egress: 1 << 40, Duration: 1000,
			EpochSeconds: 12, SlotsPerEpoch: 12, Window: 4, Redundancy: 1, StoragePrice: money.Of(5), EgressPrice: money.Of(5), Collateral: money.Of(1000),
			Protocol: sla.DefaultProtocol(100), QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 50}}
		w.deals = append(w.deals, t)
		w.nodeOf[t.Units[0].Unit] = n
	}
	return w
}

func (w *world) sighting(v int, t *sla.Terms, start uint64, end uint32) []byte {
	n := w.nodes[w.nodeOf[t.Units[0].Unit]]
	s := Sighting{w.config.Network, uint32(v), t.SLA, start, end, n.id, n.public(), t.Bytes()}
	if end == 0 {
		s.Start, s.Node, s.NodeKey, s.Terms = 0, ids.ID{}, [32]byte{}, nil
	}
	return Seal(s.Bytes(), w.keys[v], uint32(v))
}

func (w *world) usage(t *sla.Terms, epoch uint64, in, out uint64) []byte {
	n := w.nodes[w.nodeOf[t.Units[0].Unit]]
	s, _ := statement.SignUsage(statement.Usage{Node: n.id, SLA: t.SLA, Epoch: epoch, ByteSeconds: sla.Wide{Lo: in * epoch}, BytesIn: in, BytesOut: out}, func(h [32]byte) ([]byte, error) { return ed25519.Sign(n.key, h[:]), nil })
	return s.Bytes()
}

// observation of a unit with one figure in all slots.
func (w *world) observation(v int, epoch uint64, unit ids.ID, slot func(i int) SlotFigures, slas func(t *sla.Terms) SLAFigures) []byte {
	o := Observation{Network: w.config.Network, Config: w.digest, Epoch: epoch, Validator: uint32(v), Unit: unit}
	for i := range int(w.config.SlotsPerEpoch) {
		o.Slots = append(o.Slots, slot(i))
	}
	for _, t := range w.deals {
		if t.Units[0].Unit == unit {
			o.SLAs = append(o.SLAs, slas(t))
		}
	}
	slices.SortFunc(o.SLAs, func(a, b SLAFigures) int { return compareID(a.SLA, b.SLA) })
	return Seal(o.Bytes(), w.keys[v], uint32(v))
}

func (w *world) units() (l []ids.ID) {
	for _, t := range w.deals {
		if u := t.Units[0].Unit; !slices.Contains(l, u) {
			l = append(l, u)
		}
	}
	return l
}

// decode drops what does not decode, as proposers do.
func (w *world) decode(raw [][]byte) (l []*Message) {
	for _, b := range raw {
		if m, err := Decode(b, &w.config, w.digest); err == nil {
			l = append(l, m)
		}
	}
	return l
}

// run gives a block of raw messages to a replica.
func (w *world) run(s *State, millis uint64, raw [][]byte) Outcome {
	return s.Block(millis, w.decode(raw))
}

// certify makes the certificate of the root that waits, by the first validators that make a quorum.
func (w *world) certify(p *Pending) []byte {
	c := cert.Certificate{Epoch: p.Epoch, Root: p.Root, Previous: p.Previous, ConfigDigest: w.digest}
	d := cert.Digest(w.config.Network, w.digest, p.Epoch, p.Root, p.Previous)
	for i, k := range w.keys {
		if !w.config.Quorum(uint64(len(c.Signatures))) {
			c.Signatures = append(c.Signatures, cert.Sign(k, uint32(i), d))
		}
	}
	return c.Bytes()
}

// TestReplicasAgree plays a log under one seed: messages are lost, late, doubled, reordered, forged and contradicted; one validator of four lies about everything. Replicas that were restored from
// snapshots and replicas that ran all the time have the same hashes, and no agreed figure leaves the honest range.
func TestReplicasAgree(t *testing.T) {
	t.Parallel()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64() >> 16
	}
	t.Logf("seed %d (go test -run %s -seed %d)", seed, t.Name(), seed)
	w := newWorld(seed, 4, 3, 6)
	rng := w.rng
	one, two := New(&w.config, Anchor{}), New(&w.config, Anchor{})
	const liar = 3
	var late [][]byte
	var reports []*Report
	var lastCert *cert.Certificate
	evidence := map[string]bool{} // contradictions that were sent while the first one counted
	block := func(millis uint64, raw [][]byte) {
		if p := one.Pending; p != nil && rng.IntN(3) > 0 {
			raw = append([][]byte{w.certify(p)}, raw...)
		}
		next := one.Clone()
		before := one.Hash()
		messages := w.decode(raw)
		a := next.Block(millis, messages)
		if one.Hash() != before {
			t.Fatal("a block on a clone changed the state that it was cloned from")
		}
		one = next
		b := two.Block(millis, messages)
		if rng.IntN(4) == 0 {
			s, err := Restore(&w.config, two.Snapshot())
			if err != nil {
				t.Fatal(err)
			}
			two = s
		}
		if one.Hash() != two.Hash() || len(a.Refused) != len(b.Refused) {
			t.Fatalf("the replicas differ after a block at %d", millis)
		}
		if a.Closed != nil {
			if b.Closed == nil || a.Closed.Root != b.Closed.Root {
				t.Fatal("the roots differ")
			}
			reports = append(reports, a.Closed)
		}
		if a.Certified != nil {
			if lastCert != nil && a.Certified.Previous != lastCert.Root {
				t.Fatal("a certificate does not continue the last one")
			}
			lastCert = a.Certified
		}
	}
	for epoch := range uint64(40) {
		var raw [][]byte
		for i, x := range w.deals {
			if int(epoch) >= i/2 && one.Record(x.SLA) == nil {
				for v := range 4 {
					raw = append(raw, w.sighting(v, x, epoch+uint64(i%3)-min(epoch, 1), 1000))
				}
			}
		}
		// honest figures lie in narrow ranges that move with epoch and unit; the liar's are far out
		low, high := map[ids.ID]uint32{}, map[ids.ID]uint32{}
		for u, unit := range w.units() {
			low[unit], high[unit] = uint32(10+10*u+int(epoch)), uint32(15+10*u+int(epoch))
			for v := range 4 {
				slot := func(int) SlotFigures {
					return SlotFigures{Reached, 4, 0, low[unit] + rng.Uint32N(high[unit]-low[unit]+1), 5000}
				}
				figures := func(x *sla.Terms) SLAFigures {
					return SLAFigures{x.SLA, 2, 2, w.usage(x, epoch, 1000+epoch, 500+epoch)}
				}
				if v == liar {
					slot = func(int) SlotFigures {
						return [...]SlotFigures{{Unreachable, 0, 0, sla.NoFigure, sla.NoFigure}, {Reached, 1 << 30, 1 << 30, 60_000, 0}, {Reached, 1 << 31, 0, 0, 1 << 31}, {}}[rng.IntN(4)]
					}
					forged := w.usage(x0(w, unit), epoch+5, 1<<60, 1<<60)
					forged[len(forged)-1] ^= 1
					figures = func(x *sla.Terms) SLAFigures { return SLAFigures{x.SLA, 1 << 31, 0, forged} }
				}
				m := w.observation(v, epoch, unit, slot, figures)
				switch rng.IntN(10) {
				case 0: // late: in a later epoch's blocks
					late = append(late, m)
					continue
				case 1: // doubled
					raw = append(raw, m)
				case 2: // forged
					f := slices.Clone(m)
					f[rng.IntN(len(f))] ^= 1 << rng.IntN(8)
					raw = append(raw, f)
				}
				raw = append(raw, m)
				if v == liar && rng.IntN(3) == 0 {
					raw = append(raw, w.observation(v, epoch, unit, slot, figures))
					evidence[fmt.Sprint(epoch, unit)] = true
				}
			}
		}
		rng.Shuffle(len(raw), func(i, j int) { raw[i], raw[j] = raw[j], raw[i] })
		if rng.IntN(2) == 0 {
			raw, late = append(raw, late...), nil
		}
		at := (w.config.Start(epoch+1))*1000 + 100
		if epoch%17 == 16 {
			continue // nobody is there for a while
		}
		leaves := map[ids.ID]*Record{}
		for _, r := range one.Records() {
			leaves[r.SLA] = r
		}
		half := rng.IntN(len(raw) + 1)
		block(at, raw[:half])
		block(at+300, raw[half:])
		for range 8 {
			at += 500
			block(at, nil)
		}
		if one.Next != epoch+1 && epoch%17 != 0 {
			t.Fatalf("epoch %d: next is %d", epoch, one.Next)
		}
		for _, r := range one.Records() {
			if r.Leaf.SlotsBad != 0 || r.Leaf.Passed != r.Leaf.Challenges || r.Leaf.Errors != 0 || r.Leaf.SlotErrorPpm != 0 || r.Leaf.BytesOut > 500+epoch {
				t.Fatalf("epoch %d: a liar moved %+v", epoch, r.Leaf)
			}
			old := leaves[r.SLA]
			if old == nil || old.Leaf.Epochs+1 != r.Leaf.Epochs {
				continue
			}
			for i, n := range r.Leaf.TTFB {
				if n == old.Leaf.TTFB[i] {
					continue
				}
				lowest := uint32(0)
				if i > 0 {
					lowest = sla.TTFBEdges[i-1] + 1
				}
				if sla.TTFBEdges[i] < low[r.Unit] || lowest > high[r.Unit] {
					t.Fatalf("epoch %d: a slot counted in the bucket up to %d ms, honest figures are %d to %d", epoch, sla.TTFBEdges[i], low[r.Unit], high[r.Unit])
				}
			}
			if d := r.Leaf.Operations - old.Leaf.Operations; d > 4*12 {
				t.Fatalf("epoch %d: %d operations", epoch, d)
			}
		}
	}
	if len(reports) < 30 || lastCert == nil {
		t.Fatalf("%d reports", len(reports))
	}
	for _, e := range one.Evidence() {
		if e.Node.Zero() && e.Validator != liar {
			t.Fatalf("evidence against an honest validator: %+v", e)
		}
		a, err := Decode(e.First, &w.config, w.digest)
		b, berr := Decode(e.Second, &w.config, w.digest)
		if err != nil || berr != nil || a.Observation.Epoch != b.Observation.Epoch || a.Observation.Unit != b.Observation.Unit || slices.Equal(a.doc, b.doc) {
			t.Fatalf("evidence that proves nothing: %v %v", err, berr)
		}
	}
	if len(evidence) > 0 && len(one.Evidence()) == 0 {
		t.Error("no contradiction was recorded")
	}
	counted := uint64(0)
	for _, r := range one.Records() {
		counted += r.Leaf.Slots - r.Leaf.SlotsExcluded
	}
	if counted == 0 {
		t.Error("nothing was counted")
	}
	t.Logf("%d reports, %d slots counted, %d contradictions sent, %d recorded", len(reports), counted, len(evidence), len(one.Evidence()))
}

func x0(w *world, unit ids.ID) *sla.Terms {
	for _, t := range w.deals {
		if t.Units[0].Unit == unit {
			return t
		}
	}
	return nil
}
