package report

import (
	"slices"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/sla"
)

func (m *Message) vote() (k voteKey, fact []byte) {
	switch {
	case m.Sighting != nil:
		return voteKey{factSLA, m.Sighting.SLA, m.Sighting.Validator}, m.Sighting.fact()
	case m.Maintenance != nil:
		return voteKey{factMaintenance, m.Maintenance.Unit, m.Maintenance.Validator}, m.Maintenance.fact()
	}
	return k, nil
}

func (s *State) checkFact(m *Message) error {
	k, fact := m.vote()
	if fact == nil {
		return ErrFact
	}
	if s.Known(m) || string(s.votes[k]) == string(fact) {
		return ErrRepeated
	}
	if x := m.Sighting; x != nil && x.EndEpochs > 0 {
		if _, err := s.terms(x); err != nil {
			return err
		}
		if s.slas[x.SLA] == nil && len(s.slas) >= maxRecords {
			return ErrFull
		}
	}
	if x := m.Maintenance; x != nil && (x.Unit.Zero() || x.Until < x.From) {
		return ErrFact
	}
	waiting := 0
	for v := range s.votes {
		if v.validator == k.validator {
			waiting++
		}
	}
	if waiting >= maxVotes && s.votes[k] == nil {
		return ErrFull
	}
	return nil
}

// terms of a sighting, if they fit the log and what is known of the SLA.
func (s *State) terms(x *Sighting) (*sla.Terms, error) {
	t, err := sla.DecodeTerms(x.Terms)
	c := s.config
	if err != nil || t.SLA != x.SLA || t.Network != c.Network || t.EpochSeconds != c.EpochSeconds || t.SlotsPerEpoch != c.SlotsPerEpoch || t.Window != c.WindowEpochs ||
		x.EndEpochs > t.Duration || x.SLA.Kind() != ids.SLA {
		return nil, ErrFact
	}
	r := s.slas[x.SLA]
	if r == nil && x.Start+uint64(x.EndEpochs)+keepFinished < s.Next {
		return nil, ErrFact // it was in the report and left it: it must not begin anew
	}
	if r != nil && (r.TermsHash != canon.Hash(x.Terms) || r.Start != x.Start) {
		return nil, ErrFact
	}
	return t, nil
}

// vote counts a validator's fact and puts it in force once a quorum saw the same bytes.
func (s *State) vote(m *Message) {
	k, fact := m.vote()
	s.votes[k] = fact
	var weight uint64
	for i, v := range s.config.Validators {
		k.validator = uint32(i)
		if string(s.votes[k]) == string(fact) {
			weight += uint64(v.Weight)
		}
	}
	if !s.config.Quorum(weight) {
		return
	}
	for i := range s.config.Validators {
		k.validator = uint32(i)
		delete(s.votes, k)
	}
	if m.Maintenance != nil {
		s.announce(m.Maintenance)
	} else {
		s.sight(m.Sighting)
	}
}

// announce puts a maintenance in force. A unit has one at a time, so what was to begin later was cancelled, and one with the same begin was ended early.
func (s *State) announce(x *Maintenance) {
	l := slices.DeleteFunc(slices.Clone(s.maintenance[x.Unit]), func(o span) bool { return o.from >= x.From })
	l = append(l, span{x.From, x.Until})
	s.maintenance[x.Unit] = l[max(0, len(l)-maxSpans):]
}

// sight puts a fact about an SLA in force. An SLA that became known late has excluded slots for the epochs before.
func (s *State) sight(x *Sighting) {
	if x.EndEpochs == 0 {
		delete(s.slas, x.SLA)
		return
	}
	t, err := s.terms(x)
	if err != nil {
		return
	}
	if r := s.slas[x.SLA]; r != nil {
		if r.Running() {
			s.slas[x.SLA] = r.with(func(r *Record) {
				r.Node, r.NodeKey = x.Node, x.NodeKey
				s.shorten(r, x.EndEpochs)
			})
		}
		return
	}
	r := &Record{SLA: x.SLA, Unit: t.Units[0].Unit, Terms: t, TermsHash: t.Hash(), Start: x.Start, End: x.EndEpochs, Node: x.Node, NodeKey: x.NodeKey, Leaf: sla.Zero(t), Base: sla.Zero(t)}
	s.slas[x.SLA] = r.with(func(r *Record) {
		for e := r.Start; e < s.Next && r.Running(); e++ {
			r.step(e, nil)
		}
	})
}

// shorten moves an SLA's end. When the fact came late and the end is the last window's, the leaf goes back to that boundary, which it had already reached.
func (s *State) shorten(r *Record, end uint32) {
	r.End = end
	if end <= r.Leaf.Epochs && end == r.Base.Epochs {
		r.Leaf = r.Base
		r.Leaf.Status = sla.Complete
		r.Base = r.Leaf
		r.Finished = max(s.Next, 1) - 1
	}
}
