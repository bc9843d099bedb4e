package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/sla"
)

const snapshotTag = "FLASHBACK-SNAPSHOT-v1"

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// scalars writes all that is not a collection and moves with the log.
func (s *State) scalars(w *canon.Writer) {
	w.U64(s.Next).U8(bit(s.Last.Any)).U64(s.Last.Epoch).Raw(s.Last.Root[:])
	w.U8(bit(s.Pending != nil))
	if p := s.Pending; p != nil {
		w.U64(p.Epoch).Raw(p.Root[:]).Raw(p.Previous[:])
	}
	w.Raw(s.Seed[:]).U64(s.hold).U64(s.age).Raw(s.log[:])
	w.U32(uint32(len(s.ticks)))
	for _, v := range slices.Sorted(maps.Keys(s.ticks)) {
		w.U32(v).U64(s.ticks[v])
	}
}

// rest writes the collections but the records, each in its order.
func (s *State) rest(w *canon.Writer, observation func(*observed), evidence func(*Evidence)) {
	w.U32(uint32(len(s.maintenance)))
	for _, u := range slices.SortedFunc(maps.Keys(s.maintenance), compareID) {
		w.Raw(u[:]).U32(uint32(len(s.maintenance[u])))
		for _, x := range s.maintenance[u] {
			w.U64(x.from).U64(x.until)
		}
	}
	w.U32(uint32(len(s.observations)))
	for _, k := range s.observationKeys() {
		observation(s.observations[k])
	}
	w.U32(uint32(len(s.votes)))
	for _, k := range slices.SortedFunc(maps.Keys(s.votes), compareVote) {
		w.U8(uint8(k.kind)).Raw(k.subject[:]).U32(k.validator).Blob(s.votes[k])
	}
	w.U32(uint32(len(s.evidence)))
	for _, e := range s.evidence {
		evidence(e)
	}
}

func compareID(a, b ids.ID) int { return slices.Compare(a[:], b[:]) }

func compareVote(a, b voteKey) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), compareID(a.subject, b.subject), cmp.Compare(a.validator, b.validator))
}

// observationKeys in order: epoch, unit, validator.
func (s *State) observationKeys() []observationKey {
	return slices.SortedFunc(maps.Keys(s.observations), func(a, b observationKey) int {
		return cmp.Or(cmp.Compare(a.epoch, b.epoch), compareID(a.unit, b.unit), cmp.Compare(a.validator, b.validator))
	})
}

// Snapshot is the whole state in canonical bytes.
func (s *State) Snapshot() []byte {
	w := canon.Tagged(snapshotTag).Raw(s.digest[:]).U64(s.time)
	s.scalars(w)
	recs := s.Records()
	w.U32(uint32(len(recs)))
	for _, r := range recs {
		w.Blob(r.enc)
	}
	s.rest(w, func(o *observed) { w.Blob(o.raw) }, func(e *Evidence) {
		w.U32(e.Validator).Raw(e.Node[:]).U64(e.Epoch).Blob(e.First).Blob(e.Second)
	})
	return w.Bytes()
}

// Restore reads a snapshot that was made under this configuration.
func Restore(config *cert.Config, b []byte) (*State, error) {
	const many = 1 << 24
	s := New(config, Anchor{})
	r := canon.Read(snapshotTag, b)
	if r.B32() != s.digest {
		r.Fail("it is of another configuration")
	}
	s.time = r.U64()
	s.Next = r.U64()
	s.Last = Anchor{r.U8() == 1, r.U64(), r.B32()}
	if r.U8() == 1 {
		s.Pending = &Pending{r.U64(), r.B32(), r.B32()}
	}
	s.Seed, s.hold, s.age, s.log = r.B32(), r.U64(), r.U64(), r.B32()
	for range r.Count(many) {
		v := r.U32()
		s.ticks[v] = r.U64()
	}
	for range r.Count(many) {
		x, err := decodeRecord(r.Blob(many))
		if err != nil {
			return nil, err
		}
		s.slas[x.SLA] = x
	}
	for range r.Count(many) {
		u := ids.ID(r.B32())
		for range r.Count(maxSpans) {
			s.maintenance[u] = append(s.maintenance[u], span{r.U64(), r.U64()})
		}
	}
	for range r.Count(many) {
		raw := r.Blob(MaxMessage)
		o, err := decodeObservation(raw[:max(0, len(raw)-signatureSize)])
		if err != nil {
			return nil, err
		}
		s.put(&observed{o, raw, canon.Hash(raw)})
	}
	for range r.Count(many) {
		k := voteKey{factKind(r.U8()), r.B32(), r.U32()}
		s.votes[k] = r.Blob(MaxMessage)
	}
	for range r.Count(keepEvidence) {
		s.evidence = append(s.evidence, &Evidence{r.U32(), r.B32(), r.U64(), r.Blob(MaxMessage), r.Blob(MaxMessage)})
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return s, nil
}

func (r *Record) encode() []byte {
	w := new(canon.Writer).Blob(r.Terms.Bytes()).U64(r.Start).U32(r.End).Raw(r.Node[:]).Raw(r.NodeKey[:])
	w.Blob(r.Leaf.Bytes()).Blob(r.Base.Bytes()).U64(r.Finished).U32(uint32(len(r.Verdicts)))
	for _, v := range r.Verdicts {
		w.U32(v.Window).U32(v.Epochs).U8(bit(v.Inconclusive)).U32(v.Availability).U32(v.TTFB).U32(v.Throughput).U32(v.ErrorPpm)
		w.U64(v.Failed).U16(v.CreditBps).U16(v.SlashBps).U8(uint8(v.Cause)).U64(v.Epoch)
	}
	return w.Bytes()
}

func decodeRecord(b []byte) (*Record, error) {
	in := canon.Read("", b)
	t, err := sla.DecodeTerms(in.Blob(maxTerms))
	if err != nil {
		return nil, err
	}
	r := &Record{SLA: t.SLA, Unit: t.Units[0].Unit, Terms: t, TermsHash: t.Hash(), Start: in.U64(), End: in.U32(), Node: in.B32(), NodeKey: in.B32()}
	leaf, err := sla.DecodeLeaf(in.Blob(maxTerms))
	if err != nil {
		return nil, err
	}
	base, err := sla.DecodeLeaf(in.Blob(maxTerms))
	if err != nil {
		return nil, err
	}
	r.Leaf, r.Base, r.Finished = *leaf, *base, in.U64()
	for range in.Count(keepVerdicts) {
		v := sla.Verdict{Window: in.U32(), Epochs: in.U32(), Inconclusive: in.U8() == 1, Availability: in.U32(), TTFB: in.U32(), Throughput: in.U32(), ErrorPpm: in.U32(),
			Failed: in.U64(), CreditBps: in.U16(), SlashBps: in.U16(), Cause: sla.Cause(in.U8())}
		r.Verdicts = append(r.Verdicts, Verdict{v, in.U64()})
	}
	if err := in.Done(); err != nil {
		return nil, err
	}
	r.enc, r.hash = b, canon.Hash(b)
	return r, nil
}
