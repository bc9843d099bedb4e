package walk

import (
	"bytes"
	"slices"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// mood of a unit: how it will measure for a while.
type mood int

const (
	healthy mood = iota
	slow
	flaky
	dead
	lossy
	unseen
	moods
)

// track is what the validators know of one SLA.
type track struct {
	terms      *sla.Terms
	next       uint64 // epoch that is measured next
	leaf, base sla.Leaf
}

// report of one epoch: the tree, in order, and what can be proved with it.
type report struct {
	leaves []sla.Leaf
	hashes []merkle.Hash
	root   merkle.Hash
}

// proof of a leaf in a report.
func (r *report) proof(i int) merkle.Proof { return merkle.Prove(r.hashes, i) }

// measure everything until the end of an epoch and make its report, once.
func (w *World) report(epoch uint64) *report {
	if r, ok := w.reports[epoch]; ok {
		return r
	}
	for _, id := range w.State.IDs(ids.SLA) {
		x, _ := w.State.SLA(id)
		if !x.State.Running() {
			continue
		}
		t, ok := w.tracks[id]
		if !ok {
			terms, _ := w.State.Terms(id)
			t = &track{terms: terms, next: x.StartEpoch, leaf: sla.Zero(terms), base: sla.Zero(terms)}
			w.tracks[id] = t
		}
		for ; t.next <= epoch && t.leaf.Status == sla.Running; t.next++ {
			if w.chance(12) {
				w.moods[x.Unit] = mood(w.dice.IntN(int(moods)))
			}
			l, verdict := t.terms.Advance(t.leaf, &t.base, w.measure(t, w.moods[x.Unit]), max(x.EndEpochs, t.leaf.Epochs+1))
			if t.leaf = l; verdict != nil {
				t.base = l
			}
		}
	}
	r := &report{}
	for id, t := range w.tracks {
		if x, _ := w.State.SLA(id); t.leaf.Epochs > 0 && !x.State.Terminal() {
			r.leaves = append(r.leaves, t.leaf)
		}
	}
	slices.SortFunc(r.leaves, func(a, b sla.Leaf) int { return bytes.Compare(a.SLA[:], b.SLA[:]) })
	if len(r.leaves) > 0 && w.chance(3) { // a quorum that lies
		l := pick(w, r.leaves)
		r.leaves = append(r.leaves, pick(w, Lies(w.tracks[l.SLA].terms, l)).Leaf)
	}
	for i := range r.leaves {
		r.hashes = append(r.hashes, r.leaves[i].Hash())
	}
	r.root = merkle.Root(r.hashes)
	w.reports[epoch] = r
	return r
}

// measure of one epoch of one SLA.
func (w *World) measure(t *track, m mood) *sla.Measure {
	x := &sla.Measure{Operations: 20, Challenges: 2, Passed: 2,
		ByteSeconds: t.leaf.ByteSeconds.AddProduct(t.terms.Volume/2, uint64(t.terms.EpochSeconds)), BytesIn: t.leaf.BytesIn + 4096, BytesOut: t.leaf.BytesOut}
	if t.terms.Egress > 0 {
		x.BytesOut += uint64(w.dice.IntN(8)) * (t.terms.Egress / 64)
	}
	slot := sla.Slot{State: sla.Counted, TTFB: 40, Throughput: 20_000}
	for i := range t.terms.SlotsPerEpoch {
		s := slot
		switch m {
		case slow:
			s.TTFB = uint32(100 + w.dice.IntN(300))
		case flaky:
			if w.chance(4) {
				s = sla.Slot{State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
			}
		case dead:
			s = sla.Slot{State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
			x.Operations, x.Challenges, x.Passed = 0, 0, 0
		case lossy:
			if i == 0 && w.chance(2) {
				x.Passed--
			}
		case unseen:
			if w.chance(2) {
				s = sla.Slot{State: sla.Excluded}
			}
		}
		x.Slots = append(x.Slots, s)
	}
	return x
}

// ended is the last epoch that has ended, if any has.
func (w *World) ended() (uint64, bool) {
	c := w.State.Config()
	e := c.Epoch(w.Now)
	return e - 1, w.Now >= c.Genesis && e > 0
}

// submit makes the certificate of the last epoch, or a wrong one.
func (w *World) submit() orchestrator.Op {
	epoch, ok := w.ended()
	if !ok {
		return nil
	}
	latest, reported := w.State.Latest()
	if reported && epoch <= latest && !w.chance(10) {
		return nil
	}
	r := w.report(epoch)
	var previous [32]byte
	if reported {
		previous, _ = w.State.Root(latest)
	}
	if w.chance(40) {
		epoch++
	}
	if w.chance(40) {
		previous = canon.Hash([]byte("another past"))
	}
	c := w.State.Config()
	digest := c.Digest()
	x := cert.Certificate{Epoch: epoch, Root: r.root, Previous: previous, ConfigDigest: digest}
	x.Signatures = w.sign(&c, cert.Digest(c.Network, digest, epoch, r.root, previous))
	return orchestrator.SubmitReport{Certificate: x}
}

// sign by a random quorum, or by less, or wrongly.
func (w *World) sign(c *cert.Config, digest [32]byte) (l []cert.Signature) {
	var weight uint64
	skip := w.dice.IntN(len(c.Validators) + 1)
	for i, v := range c.Validators {
		if c.Quorum(weight) && w.chance(2) || i == skip && w.chance(4) {
			continue
		}
		l = append(l, cert.Sign(w.keys[v.Key], uint32(i), digest))
		weight += uint64(v.Weight)
	}
	if n := len(l); n > 1 && w.chance(15) {
		switch w.dice.IntN(5) {
		case 0:
			l[0], l[1] = l[1], l[0]
		case 1:
			l[1] = l[0]
		case 2:
			l[n-1].Signer = uint32(len(c.Validators))
		case 3:
			l[0].RS[32] |= 0x80
		case 4:
			l[0].Recovery ^= 1
		}
	}
	return l
}

// rotate to another set out of all keys.
func (w *World) rotate() orchestrator.Op {
	old := w.State.Config()
	next := old
	next.Version++
	next.Validators = nil
	for _, k := range w.Cast.Keys {
		if !w.chance(3) {
			next.Validators = append(next.Validators, cert.Validator{Key: cert.PublicKey(k), Weight: uint32(1 + w.dice.IntN(3)), Operator: pick(w, w.Cast.Providers)})
		}
	}
	if w.chance(8) {
		next.WindowEpochs++
	}
	return orchestrator.Rotate{Config: next, Signatures: w.sign(&old, cert.RotateDigest(old.Network, old.Digest(), next.Digest()))}
}
