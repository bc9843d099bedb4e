package main

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/staking"
)

// stakingFile is cases of the Staking contract: each begins with the genesis and the balances.
type stakingFile struct {
	Genesis  values         `json:"genesis"`
	Balances []flashBalance `json:"balances"`
	Cases    []stakingCase  `json:"cases"`
}

type stakingCase struct {
	Name  string        `json:"name"`
	Steps []stakingStep `json:"steps"`
}

// stakingStep is one call. After it: what is stored of the owner that it names, and what FLASH there is.
type stakingStep struct {
	At       uint64       `json:"at"`
	Call     string       `json:"call"`
	Args     values       `json:"args"`
	Error    string       `json:"error"`
	Number   *uint32      `json:"number,omitempty"` // of the unbonding that was made
	Amount   money.Amount `json:"amount"`           // what was paid, taken or asked for
	Position values       `json:"position,omitempty"`
	Votes    money.Amount `json:"votes"`
	Total    money.Amount `json:"total"`
	Held     money.Amount `json:"held"`   // by the contract
	Wealth   money.Amount `json:"wealth"` // the owner's own
	Fund     money.Amount `json:"fund"`   // the fund's own
}

// The views that take a time are calls in the file too.
type (
	PowerAt struct {
		Owner ids.Account
		Time  uint64
	}
	TotalAt struct{ Time uint64 }
)

const stakingStart = 1_000_000

// stakingParties are contracts, so that no account has to be funded and trusted to hold a token.
var (
	stakingParties = [3]ids.Account{account(ids.Contract, "alice"), account(ids.Contract, "bob"), account(ids.Contract, "carol")}
	stakingGenesis = staking.Genesis{Self: account(ids.Contract, "staking"), Admin: account(ids.Contract, "governance"), Fund: account(ids.Contract, "fund")}
	stakingCourts  = [2]ids.Account{account(ids.Contract, "registry"), account(ids.Contract, "dispute")}
)

// ledgerOfFlash is the least that Staking needs of a token.
type ledgerOfFlash map[ids.Account]money.Amount

func (l ledgerOfFlash) Balance(of ids.Account) money.Amount { return l[of] }

func (l ledgerOfFlash) Transfer(from, to ids.Account, amount money.Amount) error {
	if l[from].Less(amount) {
		return errors.New("the balance does not cover it")
	}
	l[from] = l[from].Sub(amount)
	l[to] = l[to].Add(amount)
	return nil
}

// stakingScript plays one case.
type stakingScript struct {
	stakingCase
	s   *staking.State
	l   ledgerOfFlash
	now uint64
}

func newStakingScript(name string) *stakingScript {
	l := ledgerOfFlash{}
	for _, b := range stakingBalances() {
		l[b.Account] = b.Amount
	}
	s, err := staking.New(stakingGenesis, l)
	if err != nil {
		panic(err)
	}
	return &stakingScript{stakingCase: stakingCase{Name: name}, s: s, l: l, now: stakingStart}
}

func stakingBalances() (l []flashBalance) {
	for _, p := range stakingParties {
		l = append(l, flashBalance{p, money.Of(1_000)})
	}
	return l
}

func (x *stakingScript) take(want string, op any) {
	step := stakingStep{At: x.now, Call: reflect.TypeOf(op).Name(), Args: valuesOf(op), Error: want}
	var err error
	switch op := op.(type) {
	case PowerAt:
		step.Amount, err = x.s.PowerAt(x.now, op.Owner, op.Time)
	case TotalAt:
		step.Amount, err = x.s.TotalAt(x.now, op.Time)
	case staking.Op:
		var e staking.Effects
		if e, err = x.s.Step(x.now, op); err == nil {
			step.Amount = e.Amount
			if _, ok := op.(staking.Unbond); ok {
				step.Number = &e.Number
			}
		}
	}
	if code(err) != want {
		panic(fmt.Sprintf("script %q, step %d, %T: %q instead of %q", x.Name, len(x.Steps), op, code(err), want))
	}
	if v := x.s.Check(); len(v) > 0 {
		panic(fmt.Sprintf("script %q: %v", x.Name, v))
	}
	if of := reflect.ValueOf(op).FieldByName("Owner"); of.IsValid() {
		owner := of.Interface().(ids.Account)
		step.Votes, step.Wealth = x.s.Votes(owner), x.l[owner]
		if role := reflect.ValueOf(op).FieldByName("Role"); role.IsValid() && role.Uint() <= uint64(staking.Voter) {
			step.Position = valuesOf(x.s.Position(owner, staking.Role(role.Uint())))
		}
	}
	step.Total, step.Held, step.Fund = x.s.Total(), x.l[stakingGenesis.Self], x.l[stakingGenesis.Fund]
	x.Steps = append(x.Steps, step)
}

func (x *stakingScript) do(ops ...any) {
	for _, op := range ops {
		x.take("", op)
	}
}

// later does the calls after so many seconds.
func (x *stakingScript) later(seconds uint64, ops ...any) {
	x.now += seconds
	x.do(ops...)
}

func stakingVectors() stakingFile {
	f := stakingFile{Genesis: valuesOf(stakingGenesis), Balances: stakingBalances()}
	for _, s := range append(stakingLives(), stakingCourtCases()...) {
		x := newStakingScript(s.name)
		s.play(x)
		f.Cases = append(f.Cases, x.stakingCase)
	}
	return f
}
