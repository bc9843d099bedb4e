package governance

import (
	"fmt"
	"maps"
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Genesis is the contract before its first call.
type Genesis struct {
	Governance, Consumer, Guardian ids.Account // Consumer: the Consumer Orchestrator
	Params                         Params
	Targets                        []Target
	Scale                          uint64 // divides all times
}

type ballot struct {
	number uint32
	voter  ids.Account
}

// State of the contract. Use it from one goroutine.
type State struct {
	genesis   Genesis
	others    Others
	params    Params
	guardian  ids.Account
	pause     Pause
	targets   []ids.Account // in the order in which they came
	functions map[ids.Account][]string
	proposals []Proposal // number n stands at n − 1
	votes     map[ballot]uint32
	announced [32]byte // code
	from      uint64   // of which it may be taken

	now uint64
	out Effects
}

// New makes the state after the constructor.
func New(g Genesis, others Others) (*State, error) {
	s := &State{genesis: g, others: others, params: g.Params, guardian: g.Guardian, functions: map[ids.Account][]string{}, votes: map[ballot]uint32{}}
	if g.Params.Validate() != nil || g.Scale < 1 || g.Scale > scaleMost {
		return nil, orchestrator.ErrArgumentInvalid
	}
	for _, t := range g.Targets {
		if err := s.addTarget(&t); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Step takes one call at a ledger time. A call that fails changes nothing, neither here nor at Others.
func (s *State) Step(now uint64, op Op) (Effects, error) {
	undo := s.others.Mark()
	draft := *s
	draft.now, draft.out = now, Effects{}
	draft.targets, draft.functions, draft.proposals, draft.votes = slices.Clone(s.targets), maps.Clone(s.functions), slices.Clone(s.proposals), maps.Clone(s.votes)
	if err := draft.apply(op); err != nil {
		undo()
		return Effects{}, err
	}
	*s = draft
	return s.out, nil
}

func (s *State) apply(op Op) error {
	switch op := op.(type) {
	case Propose:
		return s.propose(&op)
	case Vote:
		return s.vote(&op)
	case Execute:
		return s.execute(&op)
	case Cancel:
		return s.cancel(&op)
	case GuardianPause:
		return s.guardianPause()
	case Unpause:
		return s.unpause(&op)
	}
	panic(fmt.Sprintf("governance: the model has no %T", op))
}

func (s *State) emit(name string, subject any) {
	s.out.Events = append(s.out.Events, orchestrator.Event{Name: name, Subject: fmt.Sprint(subject)})
}

// seconds is a time of the parameters on this network.
func (s *State) seconds(unscaled uint64) uint64 { return max(unscaled/s.genesis.Scale, 1) }

// The views.

func (s *State) Genesis() Genesis       { return s.genesis }
func (s *State) Params() Params         { return s.params }
func (s *State) Guardian() ids.Account  { return s.guardian }
func (s *State) Pause() Pause           { return s.pause }
func (s *State) Count() uint32          { return uint32(len(s.proposals)) }
func (s *State) Targets() []ids.Account { return slices.Clone(s.targets) }

// Functions that may be called at a contract.
func (s *State) Functions(target ids.Account) []string { return slices.Clone(s.functions[target]) }

// Announced is the code that may replace the contract's from a time on.
func (s *State) Announced() (wasm [32]byte, from uint64) { return s.announced, s.from }

// Proposal by its number, from 1.
func (s *State) Proposal(number uint32) (Proposal, bool) {
	if number < 1 || int(number) > len(s.proposals) {
		return Proposal{}, false
	}
	return s.proposals[number-1], true
}

// VoteOf is what a voter chose.
func (s *State) VoteOf(number uint32, voter ids.Account) (choice uint32, ok bool) {
	choice, ok = s.votes[ballot{number, voter}]
	return choice, ok
}
