package market

import (
	"fmt"
	"maps"
	"slices"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Genesis is the contract before its first call.
type Genesis struct {
	Market, Admin ids.Account
	EpochSeconds  uint32 // of the Oracle
}

// State of the contract. Use it from one goroutine.
type State struct {
	genesis Genesis
	others  Others
	admin   ids.Account
	asks    map[ids.ID]Ask
	answers map[ids.ID][]Answer // by number

	now    uint64
	priced bool // the running step has made a price
	out    Effects
}

// New makes the state after the constructor.
func New(g Genesis, others Others) *State {
	return &State{genesis: g, others: others, admin: g.Admin, asks: map[ids.ID]Ask{}, answers: map[ids.ID][]Answer{}}
}

// Step takes one call at a ledger time. A call that fails changes nothing, neither here nor at Others.
func (s *State) Step(now uint64, op Op) (Effects, error) {
	draft := *s
	draft.now, draft.out, draft.priced = now, Effects{}, false
	draft.asks, draft.answers = maps.Clone(s.asks), maps.Clone(s.answers)
	if err := draft.apply(op); err != nil {
		if draft.priced {
			s.others.Undo()
		}
		return Effects{}, err
	}
	*s = draft
	return s.out, nil
}

func (s *State) apply(op Op) error {
	switch op := op.(type) {
	case Want:
		return s.want(&op)
	case Offer:
		return s.offer(&op)
	case Commit:
		return s.commit(&op)
	case Reveal:
		return s.reveal(&op)
	case Take:
		return s.take(&op)
	case Withdraw:
		a, err := s.owned(op.ID, op.Consumer)
		if err != nil {
			return err
		}
		s.end(a, Withdrawn)
		return nil
	case Expire:
		a, err := s.open(op.ID)
		if err != nil {
			return err
		}
		if now := s.now; now <= a.ChooseBy {
			return orchestrator.ErrNotTimedOut
		}
		s.end(a, Expired)
		return nil
	case SetAdmin:
		s.admin = op.Admin
		s.emit("admin_set", op.Admin)
		return nil
	}
	panic(fmt.Sprintf("market: the model has no %T", op))
}

func (s *State) end(a Ask, state StateOf) {
	a.State = state
	s.asks[a.ID] = a
	s.emit("ask_state", a.ID)
}

func (s *State) emit(name string, subject fmt.Stringer) {
	s.out.Events = append(s.out.Events, orchestrator.Event{Name: name, Subject: subject.String()})
}

// ID of the ask that a consumer makes with a nonce.
func ID(market, consumer ids.Account, nonce [32]byte) ids.ID {
	return ids.New(market.Chain, Kind, canon.Hash([]byte("FLASHBACK-ASK-v1"), market.Bytes(), consumer.Bytes(), nonce[:]))
}

// The views.

func (s *State) Genesis() Genesis   { return s.genesis }
func (s *State) Admin() ids.Account { return s.admin }
func (s *State) Ask(id ids.ID) (Ask, bool) {
	a, ok := s.asks[id]
	return a, ok
}

// Answers to an ask by their numbers.
func (s *State) Answers(id ids.ID) []Answer { return slices.Clone(s.answers[id]) }

// Answer of a provider.
func (s *State) Answer(id ids.ID, provider ids.Account) (Answer, bool) {
	for _, a := range s.answers[id] {
		if a.Provider == provider {
			return a, true
		}
	}
	return Answer{}, false
}

// IDs of all asks, ascending.
func (s *State) IDs() []ids.ID {
	return slices.SortedFunc(maps.Keys(s.asks), func(a, b ids.ID) int { return slices.Compare(a[:], b[:]) })
}
