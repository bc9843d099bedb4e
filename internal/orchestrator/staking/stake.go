package staking

import (
	"math"
	"math/big"
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func check(role Role, amount money.Amount) error {
	if amount.Sign() <= 0 {
		return orchestrator.ErrAmountInvalid
	}
	return checkRole(role)
}

func checkRole(role Role) error {
	if role > Voter {
		return orchestrator.ErrArgumentInvalid
	}
	return nil
}

func (s *State) stake(now uint64, op *Stake) (Effects, error) {
	if err := check(op.Role, op.Amount); err != nil {
		return Effects{}, err
	}
	p := s.Position(op.Owner, op.Role)
	active, err := sum(p.Active, op.Amount)
	if err != nil {
		return Effects{}, err
	}
	p.Active = active
	s.positions[key{op.Owner, op.Role}] = p
	if err := s.vote(now, op.Owner, op.Amount); err != nil {
		return Effects{}, err
	}
	return Effects{Transfer: &Transfer{op.From, s.genesis.Self, op.Amount}, Event: event("staked", op.Owner, op.Amount)}, nil
}

func (s *State) unbond(now uint64, op *Unbond) (Effects, error) {
	if err := check(op.Role, op.Amount); err != nil {
		return Effects{}, err
	}
	p := s.Position(op.Owner, op.Role)
	switch {
	case p.Active.Less(op.Amount):
		return Effects{}, orchestrator.ErrStakeMissing
	case len(p.Unbondings) >= Unbondings:
		return Effects{}, orchestrator.ErrUnbondingFull
	case now > math.MaxUint64-UnbondingSeconds, p.Next == math.MaxUint32:
		return Effects{}, orchestrator.ErrOverflow
	}
	number := p.Next
	p.Next++
	p.Active, p.Unbonding = p.Active.Sub(op.Amount), p.Unbonding.Add(op.Amount)
	p.Unbondings = append(slices.Clone(p.Unbondings), Unbonding{number, op.Amount, now + UnbondingSeconds})
	s.positions[key{op.Owner, op.Role}] = p
	if err := s.vote(now, op.Owner, money.Amount{}.Sub(op.Amount)); err != nil {
		return Effects{}, err
	}
	return Effects{Number: number, Event: event("unbonding", op.Owner, op.Amount)}, nil
}

func (s *State) cancelUnbond(now uint64, op *CancelUnbond) (Effects, error) {
	if err := checkRole(op.Role); err != nil {
		return Effects{}, err
	}
	p := s.Position(op.Owner, op.Role)
	i := slices.IndexFunc(p.Unbondings, func(u Unbonding) bool { return u.Number == op.Number })
	if i < 0 {
		return Effects{}, orchestrator.ErrNotFound
	}
	amount := p.Unbondings[i].Amount
	p.Active, p.Unbonding = p.Active.Add(amount), p.Unbonding.Sub(amount)
	p.Unbondings = slices.Delete(slices.Clone(p.Unbondings), i, i+1)
	s.positions[key{op.Owner, op.Role}] = p
	if err := s.vote(now, op.Owner, amount); err != nil {
		return Effects{}, err
	}
	return Effects{Event: event("unbond_cancelled", op.Owner, amount)}, nil
}

func (s *State) withdraw(now uint64, op *Withdraw) (Effects, error) {
	if err := checkRole(op.Role); err != nil {
		return Effects{}, err
	}
	p := s.Position(op.Owner, op.Role)
	if now < p.HeldUntil {
		return Effects{}, orchestrator.ErrStakeHeld
	}
	var due money.Amount
	var waiting []Unbonding
	for _, u := range p.Unbondings {
		if u.Until <= now {
			due = due.Add(u.Amount)
		} else {
			waiting = append(waiting, u)
		}
	}
	if due.Sign() == 0 {
		return Effects{}, orchestrator.ErrNothingDue
	}
	p.Unbondings, p.Unbonding = waiting, p.Unbonding.Sub(due)
	s.positions[key{op.Owner, op.Role}] = p
	return Effects{Amount: due, Transfer: &Transfer{s.genesis.Self, op.Owner, due}, Event: event("withdrawn", op.Owner, due)}, nil
}

// vote changes the votes of the owner and of all. Changes at one time share a checkpoint.
func (s *State) vote(now uint64, owner ids.Account, change money.Amount) error {
	t, err := shift(now, s.trails[owner], change)
	if err != nil {
		return err
	}
	s.trails[owner] = t
	s.total, err = shift(now, s.total, change)
	return err
}

func shift(now uint64, t []Checkpoint, change money.Amount) ([]Checkpoint, error) {
	votes, err := sum(last(t), change)
	if err != nil {
		return nil, err
	}
	t = slices.Clone(t)
	if n := len(t); n > 0 && t[n-1].Time == now {
		t[n-1].Votes = votes
		return t, nil
	}
	return append(t, Checkpoint{now, votes}), nil
}

func last(t []Checkpoint) money.Amount {
	if len(t) == 0 {
		return money.Amount{}
	}
	return t[len(t)-1].Votes
}

// at is the last checkpoint's votes that is not later than a time that is over.
func at(now uint64, t []Checkpoint, time uint64) (money.Amount, error) {
	if time >= now {
		return money.Amount{}, orchestrator.ErrArgumentInvalid
	}
	i, ok := slices.BinarySearchFunc(t, time, func(c Checkpoint, time uint64) int {
		switch {
		case c.Time < time:
			return -1
		case c.Time > time:
			return 1
		}
		return 0
	})
	if ok {
		i++
	}
	return last(t[:i]), nil
}

func sum(a, b money.Amount) (money.Amount, error) {
	v, err := money.FromBig(new(big.Int).Add(a.Big(), b.Big()))
	if err != nil {
		return v, orchestrator.ErrOverflow
	}
	return v, nil
}
