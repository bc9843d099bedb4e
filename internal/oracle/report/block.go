package report

import (
	"slices"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/sla"
)

// Why a well-formed message changes nothing in this state.
var (
	ErrEpochClosed = fault.New(fault.Conflict, "EpochClosed", "the epoch was closed already")
	ErrRepeated    = fault.New(fault.Exists, "Repeated", "the same message is in the log already")
	ErrUnknown     = fault.New(fault.NotFound, "UnitUnknown", "no SLA of this unit is in force")
	ErrFull        = fault.New(fault.Exhausted, "Full", "this validator has too much that waits")
	ErrFact        = fault.New(fault.Invalid, "FactInvalid", "this cannot be so on the chain")
	ErrPending     = fault.New(fault.Conflict, "NotPending", "no such root waits for a certificate")
)

// Report is a closed epoch's: what the root stands for.
type Report struct {
	Epoch    uint64
	Root     [32]byte
	Previous [32]byte
	Leaves   []sla.Leaf // ascending by SLA
}

// Outcome of a block.
type Outcome struct {
	Refused   []error // one per message, nil for those that took effect
	Closed    *Report // when an epoch was closed with a root
	Certified *cert.Certificate
	Epochs    int // closed in this block, with and without a root
}

// Block applies a block's messages in order, then closes what is due. now is BFT time in milliseconds; it never falls.
func (s *State) Block(now uint64, messages []*Message) Outcome {
	var out Outcome
	now = max(now, s.time)
	if s.config.Epoch(now/1000) > s.config.Epoch(s.time/1000)+1 {
		s.hold = now + Grace(s.config) // after a halt: first hear what happened on the chain meanwhile
	}
	s.time = now
	for _, m := range messages {
		err := s.apply(m, &out)
		if err == nil {
			h := canon.Hash(m.raw)
			s.log = canon.Hash(s.log[:], h[:])
		}
		out.Refused = append(out.Refused, err)
	}
	s.close(&out)
	if s.wanted() {
		s.age++
	}
	return out
}

// Check says whether a message would take effect now. It changes nothing.
func (s *State) Check(m *Message) error {
	switch {
	case m.Observation != nil:
		_, err := s.checkObservation(m.Observation, m.raw)
		return err
	case m.Tick != nil:
		return s.checkTick(m.Tick)
	case m.Certificate != nil:
		return s.checkCertificate(m.Certificate)
	default:
		return s.checkFact(m)
	}
}

func (s *State) apply(m *Message, out *Outcome) error {
	if err := s.Check(m); err != nil {
		return err
	}
	switch {
	case m.Observation != nil:
		s.observe(m)
	case m.Tick != nil:
		s.ticks[m.Tick.Validator] = m.Tick.Epoch
	case m.Certificate != nil:
		s.Last, s.Pending, out.Certified = Anchor{true, m.Certificate.Epoch, m.Certificate.Root}, nil, m.Certificate
	default:
		s.vote(m)
	}
	return nil
}

// wanted reports whether blocks should go on without messages: a root waits for its certificate, an epoch is due, or more than a third of the weight says that one is over.
func (s *State) wanted() bool {
	if s.Pending != nil || s.time >= Due(s.config, s.Next) {
		return true
	}
	var w, all uint64
	for i, v := range s.config.Validators {
		all += uint64(v.Weight)
		if e, ok := s.ticks[uint32(i)]; ok && e >= s.Next {
			w += uint64(v.Weight)
		}
	}
	return 3*w > all
}

func (s *State) checkTick(t *Tick) error {
	if e, ok := s.ticks[t.Validator]; t.Epoch < s.Next || ok && e >= t.Epoch {
		return ErrEpochClosed
	}
	return nil
}

func (s *State) checkCertificate(c *cert.Certificate) error {
	if p := s.Pending; p == nil || c.Epoch != p.Epoch || c.Root != p.Root || c.Previous != p.Previous {
		return ErrPending
	}
	return nil
}

// checkObservation finds out whether it counts; second is true when it contradicts one that is in.
func (s *State) checkObservation(o *Observation, raw []byte) (second bool, err error) {
	k := observationKey{o.Epoch, o.Unit, o.Validator}
	if first := s.observations[k]; first != nil {
		n := len(raw) - signatureSize // the document: two signatures of one document are no contradiction
		if slices.Equal(first.raw[:len(first.raw)-signatureSize], raw[:n]) || s.proved(k) || len(s.evidence) >= keepEvidence {
			return false, ErrRepeated
		}
		return true, nil
	}
	if o.Epoch < s.Next {
		return false, ErrEpochClosed
	}
	if !s.carries(o.Unit) {
		return false, ErrUnknown
	}
	if l := s.open[o.Validator]; len(l) >= maxOpen && !slices.Contains(l, o.Epoch) {
		return false, ErrFull
	}
	return false, nil
}

func (s *State) proved(k observationKey) bool {
	return slices.ContainsFunc(s.evidence, func(e *Evidence) bool {
		if e.Node != (ids.ID{}) || e.Validator != k.validator || e.Epoch != k.epoch {
			return false
		}
		o, err := decodeObservation(e.First[:len(e.First)-signatureSize])
		return err == nil && o.Unit == k.unit
	})
}

// carries reports whether a running SLA stands on the unit.
func (s *State) carries(unit ids.ID) bool {
	for _, r := range s.slas {
		if r.Unit == unit && r.Running() {
			return true
		}
	}
	return false
}

func (s *State) observe(m *Message) {
	o := m.Observation
	k := observationKey{o.Epoch, o.Unit, o.Validator}
	if second, _ := s.checkObservation(o, m.raw); second {
		s.accuse(&Evidence{Validator: o.Validator, Epoch: o.Epoch, First: s.observations[k].raw, Second: m.raw})
		return
	}
	s.put(&observed{o, m.raw, canon.Hash(m.raw)})
}

// put keeps an observation.
func (s *State) put(o *observed) {
	s.observations[observationKey{o.Epoch, o.Unit, o.Validator}] = o
	if l := s.open[o.Validator]; o.Epoch >= s.Next && !slices.Contains(l, o.Epoch) {
		s.open[o.Validator] = append(slices.Clone(l), o.Epoch) // clones share the old one
	}
}

func (s *State) accuse(e *Evidence) {
	same := func(o *Evidence) bool { return slices.Equal(o.First, e.First) && slices.Equal(o.Second, e.Second) }
	if len(s.evidence) < keepEvidence && !slices.ContainsFunc(s.evidence, same) {
		s.evidence = append(s.evidence, e)
	}
}

// close closes every epoch that is ripe; only the last of them gets a root, and none while a root waits.
func (s *State) close(out *Outcome) {
	for s.Pending == nil && s.time >= s.hold && s.ripe() {
		if out.Epochs == closePerCall {
			return
		}
		if last := s.lastDue(); len(s.slas) == 0 && s.Next < last {
			s.Next = last // nothing to advance in between
		}
		epoch := s.Next
		out.Epochs++
		s.advance(epoch)
		s.Next++
		if s.time < Due(s.config, s.Next) {
			out.Closed = s.report(epoch)
			s.Pending = &Pending{epoch, out.Closed.Root, out.Closed.Previous}
		}
		for k := range s.observations {
			if k.epoch+1 < s.Next { // those of the epoch just closed stay one more, as evidence
				delete(s.observations, k)
			}
		}
		for v, l := range s.open {
			s.open[v] = slices.DeleteFunc(slices.Clone(l), func(e uint64) bool { return e < s.Next })
		}
		s.Seed = canon.Tagged("FLASHBACK-SEED-v1").Raw(s.log[:]).U64(epoch).Sum()
	}
}

// ripe reports whether the next epoch may close: its grace is over, and a quorum of weight has observed every unit, or had twice the grace more to do so.
func (s *State) ripe() bool {
	due := Due(s.config, s.Next)
	if s.time < due || s.time >= due+2*Grace(s.config) {
		return s.time >= due
	}
	units := map[ids.ID]bool{}
	for _, r := range s.slas {
		if !r.Running() || r.Start > s.Next || units[r.Unit] {
			continue
		}
		units[r.Unit] = true
		var weight uint64
		for i, v := range s.config.Validators {
			if s.observations[observationKey{s.Next, r.Unit, uint32(i)}] != nil {
				weight += uint64(v.Weight)
			}
		}
		if !s.config.Quorum(weight) {
			return false
		}
	}
	return true
}

// lastDue is the last epoch whose grace is over.
func (s *State) lastDue() uint64 {
	e := s.config.Epoch((s.time - Grace(s.config)) / 1000)
	return max(e, 1) - 1
}

func (s *State) report(epoch uint64) *Report {
	r := &Report{Epoch: epoch, Previous: s.Last.Root}
	var hashes []merkle.Hash
	for _, x := range s.Records() {
		if x.Leaf.Epochs > 0 {
			r.Leaves = append(r.Leaves, x.Leaf)
			hashes = append(hashes, x.Leaf.Hash())
		}
	}
	r.Root = merkle.Root(hashes)
	return r
}

// advance puts one epoch's observations into the leaves.
func (s *State) advance(epoch uint64) {
	byUnit := map[ids.ID][]*Observation{}
	for _, k := range s.observationKeys() {
		if k.epoch == epoch {
			byUnit[k.unit] = append(byUnit[k.unit], s.observations[k].Observation)
		}
	}
	units := map[ids.ID]agreed{}
	for u, obs := range byUnit {
		units[u] = agreeSlots(s.config, epoch, obs, s.maintenance[u])
	}
	for _, r := range s.Records() {
		if !r.Running() {
			if epoch > r.Finished+keepFinished {
				delete(s.slas, r.SLA)
			}
			continue
		}
		if epoch < r.Start {
			continue
		}
		m := s.measure(epoch, r, units, byUnit[r.Unit])
		s.slas[r.SLA] = r.with(func(r *Record) { r.step(epoch, m) })
	}
}

func (s *State) measure(epoch uint64, r *Record, units map[ids.ID]agreed, obs []*Observation) *sla.Measure {
	a, ok := units[r.Unit]
	if !ok {
		return nil
	}
	m := &sla.Measure{Slots: a.slots, Operations: a.operations, Errors: a.errors}
	var claims []claim
	for _, o := range obs {
		i, found := slices.BinarySearchFunc(o.SLAs, r.SLA, func(f SLAFigures, id ids.ID) int { return compareID(f.SLA, id) })
		if found {
			claims = append(claims, claim{o.Validator, &o.SLAs[i]})
		}
	}
	if _, two := agreeSLA(s.config, epoch, r, claims, m); two[0] != nil {
		s.accuse(&Evidence{Node: r.Node, Epoch: two[0].Epoch, First: two[0].Bytes(), Second: two[1].Bytes()})
	}
	return m
}

// step advances a record that with made.
func (r *Record) step(epoch uint64, m *sla.Measure) {
	leaf, v := r.Terms.Advance(r.Leaf, &r.Base, m, r.End)
	r.Leaf = leaf
	if v != nil {
		r.Base = leaf
		r.Verdicts = append(r.Verdicts, Verdict{*v, epoch})
		if n := len(r.Verdicts) - keepVerdicts; n > 0 {
			r.Verdicts = slices.Clone(r.Verdicts[n:])
		}
	}
	if !r.Running() {
		r.Finished = epoch
	}
}
