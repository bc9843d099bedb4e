package staking

import (
	"fmt"
	"maps"
	"math"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Token is what Staking asks of FLASH. A transfer that fails moves nothing.
type Token interface {
	Transfer(from, to ids.Account, amount money.Amount) error
	Balance(of ids.Account) money.Amount
}

// Genesis is what the constructor is given, and the contract's own address.
type Genesis struct{ Self, Admin, Fund ids.Account }

// Position is what one owner has at stake in one role.
type Position struct {
	Active     money.Amount
	Unbonding  money.Amount // the sum of Unbondings
	HeldUntil  uint64       // nothing is withdrawn before
	Next       uint32       // the number of the next unbonding
	Unbondings []Unbonding  // oldest first; replaced, never changed in place
}

// Unbonding is a part of a stake on its way out.
type Unbonding struct {
	Number uint32
	Amount money.Amount
	Until  uint64
}

// Checkpoint is the votes from a time on.
type Checkpoint struct {
	Time  uint64
	Votes money.Amount
}

type key struct {
	owner ids.Account
	role  Role
}

// State of the contract. Use it from one goroutine.
type State struct {
	genesis Genesis
	token   Token
	books
}

// books are what a step replaces as a whole.
type books struct {
	admin     ids.Account
	slashers  map[ids.Account]uint64 // from when on
	positions map[key]Position
	trails    map[ids.Account][]Checkpoint
	total     []Checkpoint
	code      *announcement
}

type announcement struct {
	wasm [32]byte
	from uint64
}

// New makes the state after the constructor.
func New(g Genesis, token Token) (*State, error) {
	if g.Fund == g.Self {
		return nil, orchestrator.ErrArgumentInvalid
	}
	return &State{genesis: g, token: token, books: books{admin: g.Admin, slashers: map[ids.Account]uint64{}, positions: map[key]Position{}, trails: map[ids.Account][]Checkpoint{}}}, nil
}

// Genesis is what New was given.
func (s *State) Genesis() Genesis { return s.genesis }

// Admin may name slashers, announce code and hand its office on.
func (s *State) Admin() ids.Account { return s.admin }

// SlasherFrom says from when on a contract may slash and hold, if it was named.
func (s *State) SlasherFrom(contract ids.Account) (from uint64, ok bool) {
	from, ok = s.slashers[contract]
	return from, ok
}

// StakeOf is the active stake.
func (s *State) StakeOf(owner ids.Account, role Role) money.Amount {
	return s.positions[key{owner, role}].Active
}

// Position of an owner, empty where there never was any.
func (s *State) Position(owner ids.Account, role Role) Position { return s.positions[key{owner, role}] }

// Votes are the active stake of all roles now.
func (s *State) Votes(owner ids.Account) money.Amount { return last(s.trails[owner]) }

// Total is everybody's votes now.
func (s *State) Total() money.Amount { return last(s.total) }

// PowerAt is the owner's votes at the end of a time that is over.
func (s *State) PowerAt(now uint64, owner ids.Account, time uint64) (money.Amount, error) {
	return at(now, s.trails[owner], time)
}

// TotalAt is everybody's votes at the end of a time that is over.
func (s *State) TotalAt(now, time uint64) (money.Amount, error) { return at(now, s.total, time) }

// Step takes one call at a ledger time. Times do not fall from step to step.
func (s *State) Step(now uint64, op Op) (Effects, error) {
	before := s.books
	s.slashers, s.positions, s.trails = maps.Clone(s.slashers), maps.Clone(s.positions), maps.Clone(s.trails)
	e, err := s.apply(now, op)
	if err == nil && e.Transfer != nil {
		if t := e.Transfer; s.token.Transfer(t.From, t.To, t.Amount) != nil {
			err = orchestrator.ErrTransferFailed
		}
	}
	if err != nil {
		s.books = before
		return Effects{}, err
	}
	return e, nil
}

func (s *State) apply(now uint64, op Op) (Effects, error) {
	switch op := op.(type) {
	case Stake:
		return s.stake(now, &op)
	case Unbond:
		return s.unbond(now, &op)
	case CancelUnbond:
		return s.cancelUnbond(now, &op)
	case Withdraw:
		return s.withdraw(now, &op)
	case Slash:
		return s.slash(now, &op)
	case Hold:
		return s.hold(now, &op)
	case NameSlasher:
		return s.nameSlasher(now, &op)
	case SetAdmin:
		s.admin = op.Admin
		return Effects{Event: &orchestrator.Event{Name: "admin", Subject: op.Admin.String()}}, nil
	case UpgradeAnnounce:
		if now > math.MaxUint64-NoticeSeconds {
			return Effects{}, orchestrator.ErrOverflow
		}
		s.code = &announcement{op.Wasm, now + NoticeSeconds}
		return Effects{Event: &orchestrator.Event{Name: "upgrade_announced", Subject: fmt.Sprintf("%x", op.Wasm)}}, nil
	case Upgrade:
		return s.upgrade(now)
	}
	panic(fmt.Sprintf("staking: the model has no %T", op))
}

func event(name string, owner ids.Account, amount money.Amount) *orchestrator.Event {
	return &orchestrator.Event{Name: name, Subject: owner.String(), Amount: amount}
}
