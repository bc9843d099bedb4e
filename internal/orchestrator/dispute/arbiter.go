package dispute

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func (s *State) register(arbiter ids.Account) error {
	if s.world.StakeOf(arbiter, RoleArbiter).Less(s.Params().ArbiterStake) {
		return orchestrator.ErrStakeMissing
	}
	if err := s.world.Hold(arbiter, RoleArbiter, s.now+Hold); err != nil {
		return err
	}
	since := s.now
	at, there := s.slotOf[arbiter]
	if !there {
		at = s.place()
		s.slotOf[arbiter] = at
	} else if x := s.slots[at]; x.Expires > s.now {
		since = x.Since
	}
	s.slots[at] = Slot{arbiter, since, s.now + Term}
	return nil
}

func (s *State) leave(arbiter ids.Account) error {
	at, there := s.slotOf[arbiter]
	if !there || s.slots[at].Expires <= s.now {
		return orchestrator.ErrNotFound
	}
	s.slots[at].Expires = s.now
	return nil
}

// place for a newcomer: the one at the cursor when it has expired, else a new one.
func (s *State) place() uint32 {
	at, n := s.cursor, uint32(len(s.slots))
	if at < n && s.slots[at].Expires <= s.now {
		delete(s.slotOf, s.slots[at].Arbiter)
	} else {
		at = n
		s.slots = append(s.slots, Slot{})
		n++
	}
	if s.cursor++; s.cursor >= n {
		s.cursor = 0
	}
	return at
}
