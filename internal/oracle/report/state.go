package report

import (
	"maps"
	"slices"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/sla"
)

// Record is what the report holds of one SLA. It is immutable.
type Record struct {
	SLA       ids.ID
	Unit      ids.ID
	Terms     *sla.Terms
	TermsHash [32]byte
	Start     uint64 // its first epoch
	End       uint32 // the number of epochs after which it ends
	Node      ids.ID
	NodeKey   [32]byte
	Leaf      sla.Leaf
	Base      sla.Leaf // at the last judged boundary
	Finished  uint64   // the epoch that ended it, when Leaf.Status is not Running
	Verdicts  []Verdict

	enc  []byte
	hash [32]byte
}

// Verdict with the epoch that closed its window.
type Verdict struct {
	sla.Verdict
	Epoch uint64 `json:"epoch"`
}

// How long things are kept.
const (
	keepVerdicts = 24
	keepFinished = 4096 // epochs after an SLA's end that its leaf stays in the report, unless the chain says earlier that it is over
	keepEvidence = 128
	maxSpans     = 4    // announced maintenances of a unit
	maxVotes     = 1024 // facts of one validator that no quorum shares yet
	maxOpen      = 4    // epochs of one validator's observations that wait
	maxRecords   = 100_000
	closePerCall = 1000 // epochs closed in one block after a long gap
)

// Anchor is a certified root; Any is false before the first.
type Anchor struct {
	Any   bool
	Epoch uint64
	Root  [32]byte
}

// Pending is a root that waits for its certificate.
type Pending struct {
	Epoch    uint64
	Root     [32]byte
	Previous [32]byte
}

// Evidence of a provable fault: two signed documents that exclude each other.
type Evidence struct {
	Validator uint32 // that signed both; unset when the node did
	Node      ids.ID // that signed both; zero when a validator did
	Epoch     uint64
	First     []byte // message of a validator, or statement.Signed of a node
	Second    []byte
}

type observationKey struct {
	epoch     uint64
	unit      ids.ID
	validator uint32
}

type observed struct {
	*Observation
	raw  []byte
	hash [32]byte
}

type factKind uint8

const (
	factSLA factKind = iota
	factMaintenance
)

type voteKey struct {
	kind      factKind
	subject   ids.ID
	validator uint32
}

// State of the report. Read it freely; change it with Block on a Clone.
type State struct {
	config *cert.Config
	digest [32]byte

	Next    uint64   // the epoch that closes next
	Last    Anchor   // certified last
	Pending *Pending // waits for its certificate
	Seed    [32]byte // of the draws of epoch Next: nobody knew it before Next−1 closed

	time  uint64 // the last block's, milliseconds
	hold  uint64 // after a gap: no epoch closes before this time
	age   uint64 // moves the hash while blocks are wanted
	log   [32]byte
	ticks map[uint32]uint64

	slas         map[ids.ID]*Record
	maintenance  map[ids.ID][]span
	observations map[observationKey]*observed
	open         map[uint32][]uint64 // epochs of a validator's observations from Next on; follows from them
	votes        map[voteKey][]byte
	evidence     []*Evidence
}

// New is the state before the first block. last is the root that the contract already has, when the log starts later than it; Next is then the epoch after it.
func New(config *cert.Config, last Anchor) *State {
	s := &State{config: config, digest: config.Digest(), Last: last,
		ticks: map[uint32]uint64{}, slas: map[ids.ID]*Record{}, maintenance: map[ids.ID][]span{},
		observations: map[observationKey]*observed{}, open: map[uint32][]uint64{}, votes: map[voteKey][]byte{}}
	if last.Any {
		s.Next = last.Epoch + 1
	}
	s.log = canon.Tagged("FLASHBACK-LOG-v1").Raw(s.digest[:]).Sum()
	s.Seed = s.log
	return s
}

// Clone is independent of s.
func (s *State) Clone() *State {
	c := *s
	c.ticks, c.slas, c.maintenance = maps.Clone(s.ticks), maps.Clone(s.slas), maps.Clone(s.maintenance)
	c.observations, c.open, c.votes, c.evidence = maps.Clone(s.observations), maps.Clone(s.open), maps.Clone(s.votes), slices.Clone(s.evidence)
	return &c
}

// Config that the log runs under.
func (s *State) Config() *cert.Config { return s.config }

// Digest of the configuration.
func (s *State) Digest() [32]byte { return s.digest }

// Records in the order of the report.
func (s *State) Records() []*Record {
	l := slices.Collect(maps.Values(s.slas))
	slices.SortFunc(l, func(a, b *Record) int { return slices.Compare(a.SLA[:], b.SLA[:]) })
	return l
}

// Record of one SLA, or nil.
func (s *State) Record(id ids.ID) *Record { return s.slas[id] }

// Known reports whether a sighting or maintenance with the same fact is in force.
func (s *State) Known(m *Message) bool {
	switch {
	case m.Sighting != nil:
		r := s.slas[m.Sighting.SLA]
		return m.Sighting.EndEpochs == 0 && r == nil || r != nil && r.same(m.Sighting)
	case m.Maintenance != nil:
		return slices.Contains(s.maintenance[m.Maintenance.Unit], span{m.Maintenance.From, m.Maintenance.Until})
	}
	return false
}

// Voted reports whether this validator's sighting or maintenance waits for others.
func (s *State) Voted(m *Message) bool {
	k, fact := m.vote()
	return fact != nil && string(s.votes[k]) == string(fact)
}

// Evidence recorded so far, oldest first.
func (s *State) Evidence() []*Evidence { return s.evidence }

// Time of the last block, milliseconds.
func (s *State) Time() uint64 { return s.time }

// Grace is how long after an epoch's end it closes, milliseconds: a slot, at most a quarter of the epoch and half a minute.
func Grace(c *cert.Config) uint64 {
	epoch := uint64(c.EpochSeconds) * 1000
	return min(epoch/uint64(c.SlotsPerEpoch), epoch/4, 30_000)
}

// Due is the time from which an epoch may close, milliseconds.
func Due(c *cert.Config, epoch uint64) uint64 { return c.Start(epoch+1)*1000 + Grace(c) }

// with makes the changed record and its encoding.
func (r *Record) with(change func(*Record)) *Record {
	n := *r
	n.Verdicts = slices.Clone(r.Verdicts)
	change(&n)
	n.enc = n.encode()
	n.hash = canon.Hash(n.enc)
	return &n
}

func (r *Record) same(x *Sighting) bool {
	return r.Start == x.Start && r.End == x.EndEpochs && r.Node == x.Node && r.NodeKey == x.NodeKey && r.TermsHash == canon.Hash(x.Terms)
}

// Running reports whether the SLA's epochs still count.
func (r *Record) Running() bool { return r.Leaf.Status == sla.Running }

// Hash is the state's, canonical: equal states, equal hashes. The last block's time is not in it, so that an empty block changes nothing and no proof block follows.
func (s *State) Hash() [32]byte {
	w := canon.Tagged("FLASHBACK-STATE-v1").Raw(s.digest[:])
	s.scalars(w)
	recs := s.Records()
	leaves := make([]merkle.Hash, len(recs))
	for i, r := range recs {
		leaves[i] = r.hash
	}
	root := merkle.Root(leaves)
	w.Raw(root[:])
	s.rest(w, func(o *observed) { w.Raw(o.hash[:]) }, func(e *Evidence) {
		h := canon.Hash(e.First, e.Second)
		w.Raw(h[:])
	})
	return w.Sum()
}
