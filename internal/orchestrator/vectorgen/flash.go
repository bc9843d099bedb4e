package main

import (
	"fmt"
	"math/big"
	"reflect"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/flash"
)

// flashFile is cases of the FLASH token: each begins with the genesis.
type flashFile struct {
	Genesis values      `json:"genesis"`
	Cases   []flashCase `json:"cases"`
}

type flashCase struct {
	Name  string      `json:"name"`
	Steps []flashStep `json:"steps"`
}

type flashStep struct {
	Ledger    uint32          `json:"ledger"`
	Call      string          `json:"call"`
	Args      values          `json:"args"`
	Error     string          `json:"error"`
	Supply    money.Amount    `json:"supply"`
	Balances  []flashBalance  `json:"balances"`            // of the three accounts
	Allowance *flashAllowance `json:"allowance,omitempty"` // that the call set or used
}

type flashBalance struct {
	Account ids.Account  `json:"account"`
	Amount  money.Amount `json:"amount"`
}

type flashAllowance struct {
	From    ids.Account  `json:"from"`
	Spender ids.Account  `json:"spender"`
	Amount  money.Amount `json:"amount"`
}

// flashParties are contracts, so that no account has to be funded and trusted to hold a token; the first one holds the supply.
var (
	flashParties = [3]ids.Account{account(ids.Contract, "alice"), account(ids.Contract, "bob"), account(ids.Contract, "carol")}
	flashGenesis = flash.Genesis{Holder: flashParties[0], Supply: money.Of(1_000_000), Longest: 1_000}
)

// flashScript plays one case from ledger 100 on.
type flashScript struct {
	flashCase
	s      *flash.State
	ledger uint32
}

func newFlashScript(name string) *flashScript {
	s, err := flash.New(flashGenesis)
	if err != nil {
		panic(err)
	}
	return &flashScript{flashCase: flashCase{Name: name}, s: s, ledger: 100}
}

func (x *flashScript) take(want string, op flash.Op) {
	_, err := x.s.Step(x.ledger, op)
	if code(err) != want {
		panic(fmt.Sprintf("script %q, step %d, %T: %q instead of %q", x.Name, len(x.Steps), op, code(err), want))
	}
	if v := x.s.Check(); len(v) > 0 {
		panic(fmt.Sprintf("script %q: %v", x.Name, v))
	}
	step := flashStep{Ledger: x.ledger, Call: reflect.TypeOf(op).Name(), Args: valuesOf(op), Error: want, Supply: x.s.Supply()}
	for _, a := range flashParties {
		step.Balances = append(step.Balances, flashBalance{a, x.s.Balance(a)})
	}
	allow := func(from, spender ids.Account) {
		step.Allowance = &flashAllowance{from, spender, x.s.Allowance(x.ledger, from, spender)}
	}
	switch op := op.(type) {
	case flash.Approve:
		allow(op.From, op.Spender)
	case flash.TransferFrom:
		allow(op.From, op.Spender)
	case flash.BurnFrom:
		allow(op.From, op.Spender)
	}
	x.Steps = append(x.Steps, step)
}

func (x *flashScript) do(ops ...flash.Op) {
	for _, op := range ops {
		x.take("", op)
	}
}

func flashVectors() flashFile {
	f := flashFile{Genesis: valuesOf(flashGenesis)}
	alice, bob, carol := flashParties[0], flashParties[1], flashParties[2]
	n := money.Of
	most := money.Must(new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 127), big.NewInt(1)))
	least := money.Must(new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 127)))
	approve := func(amount int64, until uint32) flash.Op {
		return flash.Approve{From: alice, Spender: bob, Amount: n(amount), LiveUntilLedger: until}
	}
	spend := func(amount int64) flash.Op {
		return flash.TransferFrom{Spender: bob, From: alice, To: carol, Amount: n(amount)}
	}
	for _, s := range []struct {
		name string
		play func(*flashScript)
	}{
		{"a transfer", func(x *flashScript) { x.do(flash.Transfer{From: alice, To: bob, Amount: n(10)}) }},
		{"all of a balance, and back", func(x *flashScript) {
			x.do(flash.Transfer{From: alice, To: bob, Amount: n(1_000_000)}, flash.Transfer{From: bob, To: alice, Amount: n(1_000_000)})
		}},
		{"nothing, by somebody who has nothing", func(x *flashScript) { x.do(flash.Transfer{From: bob, To: carol, Amount: n(0)}) }},
		{"to oneself", func(x *flashScript) {
			x.do(flash.Transfer{From: alice, To: alice, Amount: n(7)}, flash.Transfer{From: alice, To: alice, Amount: n(1_000_000)})
			x.take("BalanceMissing", flash.Transfer{From: alice, To: alice, Amount: n(1_000_001)})
		}},
		{"one more than the balance", func(x *flashScript) {
			x.take("BalanceMissing", flash.Transfer{From: alice, To: bob, Amount: n(1_000_001)})
			x.take("BalanceMissing", flash.Transfer{From: bob, To: alice, Amount: n(1)})
		}},
		{"approved in this ledger for this ledger", func(x *flashScript) {
			x.do(approve(5, 100), spend(5))
			x.take("AllowanceMissing", spend(1))
		}},
		{"approved until a ledger that is over", func(x *flashScript) { x.take("ArgumentInvalid", approve(5, 99)) }},
		{"approved for as long as an entry may live", func(x *flashScript) { x.do(approve(5, 1_100)) }},
		{"approved for longer than an entry may live", func(x *flashScript) { x.take("ArgumentInvalid", approve(5, 1_101)) }},
		{"approved for ever", func(x *flashScript) { x.take("ArgumentInvalid", approve(5, 1<<32-1)) }},
		{"nothing approved until a ledger that is over", func(x *flashScript) { x.do(approve(0, 0)) }},
		{"an allowance in its last ledger", func(x *flashScript) {
			x.do(approve(5, 110))
			x.ledger = 110
			x.do(spend(3))
		}},
		{"an allowance after its last ledger", func(x *flashScript) {
			x.do(approve(5, 110))
			x.ledger = 111
			x.take("AllowanceMissing", spend(1))
			x.do(spend(0))
		}},
		{"spent in parts", func(x *flashScript) {
			x.do(approve(5, 110), spend(2), spend(2))
			x.take("AllowanceMissing", spend(2))
			x.do(spend(1))
		}},
		{"an allowance replaced, not added to", func(x *flashScript) {
			x.do(approve(5, 110), approve(3, 120))
			x.take("AllowanceMissing", spend(4))
			x.ledger = 115
			x.do(spend(3))
		}},
		{"an allowance taken back", func(x *flashScript) {
			x.do(approve(5, 110), approve(0, 110))
			x.take("AllowanceMissing", spend(1))
		}},
		{"an allowance above the balance", func(x *flashScript) {
			x.do(approve(2_000_000, 110))
			x.take("BalanceMissing", spend(1_000_001))
			x.do(spend(1_000_000))
		}},
		{"allowance before balance", func(x *flashScript) { x.take("AllowanceMissing", spend(1_000_001)) }},
		{"one's own spender", func(x *flashScript) {
			x.take("AllowanceMissing", flash.TransferFrom{Spender: alice, From: alice, To: bob, Amount: n(1)})
			x.do(flash.Approve{From: alice, Spender: alice, Amount: n(1), LiveUntilLedger: 100}, flash.TransferFrom{Spender: alice, From: alice, To: bob, Amount: n(1)})
		}},
		{"another spender's allowance", func(x *flashScript) {
			x.do(approve(5, 110))
			x.take("AllowanceMissing", flash.TransferFrom{Spender: carol, From: alice, To: carol, Amount: n(1)})
			x.take("AllowanceMissing", flash.TransferFrom{Spender: alice, From: bob, To: carol, Amount: n(1)})
		}},
		{"burnt", func(x *flashScript) {
			x.do(flash.Burn{From: alice, Amount: n(1)}, flash.Burn{From: alice, Amount: n(0)}, flash.Burn{From: alice, Amount: n(999_999)})
			x.take("BalanceMissing", flash.Burn{From: alice, Amount: n(1)})
		}},
		{"burnt by a spender", func(x *flashScript) {
			x.take("AllowanceMissing", flash.BurnFrom{Spender: bob, From: alice, Amount: n(1)})
			x.do(approve(2_000_000, 110), flash.BurnFrom{Spender: bob, From: alice, Amount: n(400_000)})
			x.take("BalanceMissing", flash.BurnFrom{Spender: bob, From: alice, Amount: n(600_001)})
			x.do(flash.BurnFrom{Spender: bob, From: alice, Amount: n(0)})
		}},
	} {
		x := newFlashScript(s.name)
		s.play(x)
		f.Cases = append(f.Cases, x.flashCase)
	}
	// Each way to move at each edge: below nothing, and above what was approved or is there.
	for _, way := range []struct {
		name string
		op   func(money.Amount) flash.Op
		more string // the refusal of the largest amount, with and without the largest allowance
		bare string
	}{
		{"transfer", func(a money.Amount) flash.Op { return flash.Transfer{From: alice, To: bob, Amount: a} }, "BalanceMissing", "BalanceMissing"},
		{"transfer by a spender", func(a money.Amount) flash.Op {
			return flash.TransferFrom{Spender: bob, From: alice, To: bob, Amount: a}
		}, "BalanceMissing", "AllowanceMissing"},
		{"burn", func(a money.Amount) flash.Op { return flash.Burn{From: alice, Amount: a} }, "BalanceMissing", "BalanceMissing"},
		{"burn by a spender", func(a money.Amount) flash.Op { return flash.BurnFrom{Spender: bob, From: alice, Amount: a} }, "BalanceMissing", "AllowanceMissing"},
		{"approval", func(a money.Amount) flash.Op {
			return flash.Approve{From: alice, Spender: bob, Amount: a, LiveUntilLedger: 100}
		}, "", ""},
	} {
		for _, edge := range []struct {
			name   string
			amount money.Amount
			want   string
			before []flash.Op
		}{
			{"one less than nothing", n(-1), "AmountInvalid", nil},
			{"the smallest number", least, "AmountInvalid", nil},
			{"the largest number", most, way.bare, nil},
			{"the largest number, with the largest allowance", most, way.more, []flash.Op{flash.Approve{From: alice, Spender: bob, Amount: most, LiveUntilLedger: 100}}},
		} {
			x := newFlashScript(way.name + ": " + edge.name)
			x.do(edge.before...)
			x.take(edge.want, way.op(edge.amount))
			f.Cases = append(f.Cases, x.flashCase)
		}
	}
	return f
}
