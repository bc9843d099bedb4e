package access

import (
	"time"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// SLA is what the node has to know of one.
type SLA struct {
	ID         ids.ID                `json:"id"`
	Unit       ids.ID                `json:"unit"`
	Consumer   ids.Account           `json:"consumer"` // of now
	Provider   ids.Account           `json:"provider"`
	State      orchestrator.SLAState `json:"state"`
	Volume     uint64                `json:"volume"` // bytes
	Egress     uint64                `json:"egress"` // bytes in the SLA's whole life
	RateLimit  uint32                `json:"rateLimit"`
	StartEpoch uint64                `json:"startEpoch"`
	EndEpochs  uint32                `json:"endEpochs"`          // it ends so many epochs after the start
	Thin       uint32                `json:"thin,omitzero"`      // money runs out: so many epochs after the start nothing is written any more; 0: never
	OverSince  int64                 `json:"overSince,omitzero"` // chain time at which a terminal state was first seen
	Previous   ids.ID                `json:"previous,omitzero"`  // the SLA that it follows
	Next       ids.ID                `json:"next,omitzero"`      // the SLA that follows it
	Root       ids.ID                `json:"root,omitzero"`      // names the space of its objects, once it has begun; zero: itself
	Heir       ids.ID                `json:"heir,omitzero"`      // that took its space over
}

// Phase is what an SLA's state means for the node.
type Phase uint8

const (
	Waiting   Phase = iota // not active yet
	Live                   // everything that the reserve allows
	Retention              // the money runs out: everything but writes
	ReadOnly               // over; the consumer may still fetch what is there
	Over                   // retention has passed, or it never became active: nothing is kept
)

// String is the phase's name.
func (p Phase) String() string {
	return [...]string{"waiting", "live", "retention", "read_only", "over"}[min(p, Over)]
}

// grid is the epochs' place in time, from the Oracle's configuration.
type grid struct {
	Genesis      uint64 `json:"genesis"`
	EpochSeconds uint32 `json:"epochSeconds"`
}

func (g grid) start(epoch uint64) time.Time {
	return time.Unix(int64(g.Genesis+epoch*uint64(g.EpochSeconds)), 0)
}

// end is when an active SLA ends by its terms.
func (s *SLA) end(g grid) time.Time { return g.start(s.StartEpoch + uint64(s.EndEpochs)) }

// ended tells since when an SLA that was active is over.
func (s *SLA) ended(g grid, at time.Time) (since time.Time, over bool) {
	since = s.end(g)
	if s.State.Terminal() && s.OverSince > 0 {
		if seen := time.Unix(s.OverSince, 0); seen.Before(since) {
			since = seen
		}
	}
	return since, !at.Before(since)
}

// phase at a time of the chain.
func (s *SLA) phase(g grid, at time.Time, retention time.Duration) Phase {
	switch s.State {
	case orchestrator.Requested, orchestrator.Accepted, orchestrator.Funded:
		return Waiting
	case orchestrator.Rejected, orchestrator.Expired, orchestrator.Cancelled:
		return Over
	}
	since, over := s.ended(g, at)
	switch {
	case !s.Previous.Zero() && s.State.Running() && at.Before(s.starts(g)):
		return Waiting // what does not follow another one is served from the moment that it is active
	case !over && s.Thin > 0 && !at.Before(g.start(s.StartEpoch+uint64(s.Thin))):
		return Retention
	case !over:
		return Live
	case at.Before(since.Add(retention)):
		return ReadOnly
	}
	return Over
}
