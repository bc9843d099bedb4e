package dispute

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Effects of a step that was taken.
type Effects struct {
	ID     ids.ID       // of the dispute that was opened
	Amount money.Amount // what a proof, a recovery or a claim came to
}

// Step takes one call at a ledger time. A call that fails changes nothing, here and in the world, and returns a fault with the code of the contracts' error table.
func (s *State) Step(now uint64, op Op) (Effects, error) {
	before, restore := s.books.clone(), s.world.Snapshot()
	s.now, s.out = now, Effects{}
	if err := s.apply(op); err != nil {
		s.books = before
		restore()
		return Effects{}, err
	}
	return s.out, nil
}

func (s *State) apply(op Op) error {
	switch op := op.(type) {
	case OpenDispute:
		return s.openCase(&opening{false, op.Consumer, op.SLA, op.Window, op.Amount, op.Evidence, op.Nonce})
	case Accuse:
		return s.openCase(&opening{true, op.Provider, op.SLA, op.Window, op.Amount, op.Evidence, op.Nonce})
	case AnswerDispute:
		return s.answer(&op)
	case CommitVote:
		return s.commit(&op)
	case RevealVote:
		return s.reveal(&op)
	case Appeal:
		return s.appeal(&op)
	case Advance:
		return s.advance(op.ID)
	case Execute:
		return s.execute(op.ID)
	case ProveVerdict:
		return s.proveVerdict(&op)
	case ProveEquivocation:
		return s.proveEquivocation(&op)
	case ProvePossession:
		return s.provePossession(&op)
	case Recover:
		return s.recoverOwed(&op)
	case Note:
		s.noted()
		return nil
	case RegisterArbiter:
		if op.Active {
			return s.register(op.Arbiter)
		}
		return s.leave(op.Arbiter)
	case Claim:
		return s.claim(op.Account)
	case SetParams:
		if err := op.Params.Check(); err != nil {
			return err
		}
		if op.Params.Version != s.version+1 {
			return orchestrator.ErrArgumentInvalid
		}
		s.version = op.Params.Version
		s.params[s.version] = op.Params
		return nil
	case SetAdmin:
		s.admin = op.Admin
		return nil
	}
	panic(fmt.Sprintf("dispute: the model has no %T", op))
}

// owe an account FLASH that the contract holds.
func (s *State) owe(to ids.Account, amount money.Amount) {
	if amount.Sign() > 0 {
		s.due[to] = s.due[to].Add(amount)
	}
}

func (s *State) claim(to ids.Account) error {
	amount := s.due[to]
	if amount.Sign() == 0 {
		return orchestrator.ErrNothingDue
	}
	delete(s.due, to)
	s.out.Amount = amount
	return s.world.Transfer(s.self, to, amount)
}

// now of a schedule: the running epoch, and the first that has not begun.
func (s *State) epoch() uint64 { c := s.world.Config(); return c.Epoch(s.now) }

func (s *State) nextEpoch() uint64 {
	c := s.world.Config()
	if s.now < c.Genesis {
		return 0
	}
	return c.Epoch(s.now) + 1
}
