package access

import (
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// This file is about SLAs that follow each other (docs/decisions/0019). The one that takes the data over has the space of the one before it: nothing is moved at the border, only whose
// rules hold there.

// heir is the SLA that takes over what s holds at its first epoch: once that was decided the one that did, before that the one that would by the records of now. mu is held.
func (v *View) heir(s *SLA) (n SLA, ok bool) {
	if !s.Heir.Zero() {
		n, ok = v.s.SLAs[s.Heir]
		return n, ok
	}
	if s.Next.Zero() {
		return n, false
	}
	n, ok = v.s.SLAs[s.Next]
	return n, ok && n.Root.Zero() && n.Previous == s.ID && n.Consumer == s.Consumer && n.Unit == s.Unit && n.served()
}

// served reports whether the SLA began, and has an epoch.
func (s *SLA) served() bool {
	switch s.State {
	case orchestrator.Completed, orchestrator.Terminated, orchestrator.Defaulted:
		return s.EndEpochs > 0
	}
	return s.State.Running()
}

// starts is its first epoch's beginning.
func (s *SLA) starts(g grid) time.Time { return g.start(s.StartEpoch) }

// inCharge is the SLA whose rules hold for s's data: s, until the first epoch of one that takes over. mu is held.
func (v *View) inCharge(s SLA, at time.Time) SLA {
	for range len(v.s.SLAs) {
		n, ok := v.heir(&s)
		if !ok || at.Before(n.starts(v.s.Grid)) {
			break
		}
		s = n
	}
	return s
}

// decide settles for every SLA that follows another one and has begun whose data it has, once and for good: what becomes of either afterwards, the data stays where it is. It reports
// whether there was anything to settle, which has to be saved before it is acted upon. mu is held.
func (v *View) decide(at time.Time) (any bool) {
	for id := range v.s.SLAs {
		any = v.decideOne(id, at) || any
	}
	return any
}

func (v *View) decideOne(id ids.ID, at time.Time) bool {
	s := v.s.SLAs[id]
	if s.Previous.Zero() || !s.Root.Zero() || !s.served() || at.Before(s.starts(v.s.Grid)) {
		return false
	}
	root := s.ID
	if _, ok := v.s.SLAs[s.Previous]; ok {
		v.decideOne(s.Previous, at) // its space first
		p := v.s.SLAs[s.Previous]
		if n, ok := v.heir(&p); ok && n.ID == id {
			root, p.Heir = p.root(), id
			v.s.SLAs[p.ID] = p
		}
	}
	s.Root, v.dirty = root, true
	v.s.SLAs[id] = s
	return true
}

// root names the SLA's space.
func (s *SLA) root() ids.ID {
	if s.Root.Zero() {
		return s.ID
	}
	return s.Root
}

// spaceOf an SLA at a time: also of one whose turn has come or will come, before that is settled. mu is held.
func (v *View) spaceOf(s *SLA) ids.ID {
	if s.Root.Zero() && !s.Previous.Zero() {
		if p, ok := v.s.SLAs[s.Previous]; ok {
			if n, ok := v.heir(&p); ok && n.ID == s.ID {
				return v.spaceOf(&p)
			}
		}
	}
	return s.root()
}

// Space of an SLA that the node knows.
func (v *View) Space(sla ids.ID) (ids.ID, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	s, ok := v.s.SLAs[sla]
	if !ok {
		return ids.ID{}, false
	}
	return v.spaceOf(&s), true
}

// leads reports whether the consumer's keys of one SLA work under another one now, which took the data over from it.
func (v *View) leads(from, to ids.ID) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	s, ok := v.s.SLAs[from]
	return ok && v.inCharge(s, v.chainNow()).ID == to
}

// phase of an SLA. What another one is going to take over is kept until then, also when the SLA ended early. mu is held.
func (v *View) phase(s *SLA, at time.Time) Phase {
	p := s.phase(v.s.Grid, at, v.o.Retention)
	if p == Over {
		if n, ok := v.heir(s); ok && at.Before(n.starts(v.s.Grid)) {
			return ReadOnly
		}
	}
	return p
}

// Listed is an SLA with what it means for the node now.
type Listed struct {
	SLA
	Phase        Phase
	Space        object.Space // of its objects
	Starts, Ends time.Time
	Succeeded    bool // another SLA took its data over
}

func (v *View) listed(s SLA, at time.Time) Listed {
	return Listed{s, v.phase(&s, at), object.Space(v.spaceOf(&s).String()), s.starts(v.s.Grid), s.end(v.s.Grid), v.inCharge(s, at).ID != s.ID}
}
