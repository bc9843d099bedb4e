package flash

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// What the token says of itself.
const (
	Name     = "Flashback"
	Symbol   = "FLASH"
	Decimals = 7
)

// Genesis is what the constructor is given, and what the network decides.
type Genesis struct {
	Holder  ids.Account
	Supply  money.Amount
	Longest uint32 // ledgers that an entry may live beyond the current one: a parameter of the network
}

// State of the token. Use it from one goroutine.
type State struct {
	genesis    Genesis
	supply     money.Amount
	balances   map[ids.Account]money.Amount
	allowances map[pair]allowance
}

type pair struct{ from, spender ids.Account }

type allowance struct {
	amount money.Amount
	until  uint32
}

// New makes the state after the constructor.
func New(g Genesis) (*State, error) {
	if g.Supply.Sign() <= 0 {
		return nil, orchestrator.ErrAmountInvalid
	}
	return &State{genesis: g, supply: g.Supply, balances: map[ids.Account]money.Amount{g.Holder: g.Supply}, allowances: map[pair]allowance{}}, nil
}

// Supply is what was made less what was burnt.
func (s *State) Supply() money.Amount { return s.supply }

// Balance of an account, zero where there is none.
func (s *State) Balance(of ids.Account) money.Amount { return s.balances[of] }

// Allowance that holds in a ledger.
func (s *State) Allowance(ledger uint32, from, spender ids.Account) money.Amount {
	a := s.allowances[pair{from, spender}]
	if a.until < ledger {
		return money.Amount{}
	}
	return a.amount
}

// Step takes one call in a ledger. A call that fails changes nothing.
func (s *State) Step(ledger uint32, op Op) (Effects, error) {
	switch op := op.(type) {
	case Approve:
		if err := s.approve(ledger, &op); err != nil {
			return Effects{}, err
		}
		return Effects{Event{"approve", op.From, op.Spender, op.Amount, op.LiveUntilLedger}}, nil
	case Transfer:
		if err := s.may(op.From, op.Amount); err != nil {
			return Effects{}, err
		}
		return s.move(op.From, op.To, op.Amount), nil
	case TransferFrom:
		if err := s.maySpend(ledger, op.From, op.Spender, op.Amount); err != nil {
			return Effects{}, err
		}
		s.spend(op.From, op.Spender, op.Amount)
		return s.move(op.From, op.To, op.Amount), nil
	case Burn:
		if err := s.may(op.From, op.Amount); err != nil {
			return Effects{}, err
		}
		return s.burn(op.From, op.Amount), nil
	case BurnFrom:
		if err := s.maySpend(ledger, op.From, op.Spender, op.Amount); err != nil {
			return Effects{}, err
		}
		s.spend(op.From, op.Spender, op.Amount)
		return s.burn(op.From, op.Amount), nil
	}
	panic(fmt.Sprintf("flash: the model has no %T", op))
}

func (s *State) approve(ledger uint32, op *Approve) error {
	if op.Amount.Sign() < 0 {
		return orchestrator.ErrAmountInvalid
	}
	if op.Amount.Sign() > 0 && (op.LiveUntilLedger < ledger || uint64(op.LiveUntilLedger) > uint64(ledger)+uint64(s.genesis.Longest)) {
		return orchestrator.ErrArgumentInvalid
	}
	s.allowances[pair{op.From, op.Spender}] = allowance{op.Amount, op.LiveUntilLedger}
	return nil
}

// may refuses what the balance does not cover.
func (s *State) may(from ids.Account, amount money.Amount) error {
	if amount.Sign() < 0 {
		return orchestrator.ErrAmountInvalid
	}
	if s.balances[from].Less(amount) {
		return orchestrator.ErrBalanceMissing
	}
	return nil
}

// maySpend asks for the allowance before the balance.
func (s *State) maySpend(ledger uint32, from, spender ids.Account, amount money.Amount) error {
	if amount.Sign() >= 0 && s.Allowance(ledger, from, spender).Less(amount) {
		return orchestrator.ErrAllowanceMissing
	}
	return s.may(from, amount)
}

func (s *State) spend(from, spender ids.Account, amount money.Amount) {
	if amount.Sign() > 0 {
		a := s.allowances[pair{from, spender}]
		a.amount = a.amount.Sub(amount)
		s.allowances[pair{from, spender}] = a
	}
}

func (s *State) move(from, to ids.Account, amount money.Amount) Effects {
	s.balances[from] = s.balances[from].Sub(amount)
	s.balances[to] = s.balances[to].Add(amount)
	return Effects{Event{Name: "transfer", From: from, Other: to, Amount: amount}}
}

func (s *State) burn(from ids.Account, amount money.Amount) Effects {
	s.balances[from] = s.balances[from].Sub(amount)
	s.supply = s.supply.Sub(amount)
	return Effects{Event{Name: "burn", From: from, Amount: amount}}
}

// Check asserts that balances are not negative and sum to the supply, and reports every violation.
func (s *State) Check() (out []orchestrator.Violation) {
	var sum money.Amount
	for of, b := range s.balances {
		if b.Sign() < 0 {
			out = append(out, orchestrator.Violation{Rule: "balance negative", Subject: of.String(), Detail: b.String()})
		}
		sum = sum.Add(b)
	}
	if !sum.Equal(s.supply) || s.genesis.Supply.Less(s.supply) {
		out = append(out, orchestrator.Violation{Rule: "balances = supply", Subject: Symbol, Detail: fmt.Sprintf("%s of %s, made %s", sum, s.supply, s.genesis.Supply)})
	}
	for p, a := range s.allowances {
		if a.amount.Sign() < 0 {
			out = append(out, orchestrator.Violation{Rule: "allowance negative", Subject: p.from.String(), Detail: a.amount.String()})
		}
	}
	return out
}
