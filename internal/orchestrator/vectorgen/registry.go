package main

import (
	"fmt"
	"reflect"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
	stakeledger "github.com/flashback-network/flashback/internal/orchestrator/registry/stakes"
)

// stakeFile is a contract beside Staking and FLASH, and scripts that each begin with it.
type stakeFile struct {
	Genesis     values          `json:"genesis"` // the contract's constructor
	Staking     ids.Account     `json:"staking"`
	Token       ids.Account     `json:"token"`       // FLASH
	StakingFund ids.Account     `json:"stakingFund"` // of Staking's constructor
	Balances    []balanceVector `json:"balances"`    // of FLASH, before the first call
	Cases       []stakeCase     `json:"cases"`
}

type stakeCase struct {
	Name  string      `json:"name"`
	Steps []stakeStep `json:"steps"`
}

// stakeStep is one call, of the contract or of Staking (Stake, Unbond, Withdraw), and everything that is stored after it.
type stakeStep struct {
	At     uint64 `json:"at"`
	Call   string `json:"call"`
	Args   values `json:"args"`
	Error  string `json:"error"`
	Answer values `json:"answer,omitempty"` // what the call answers, and what it slashed
	After  values `json:"after,omitempty"`
}

// Calls of Staking in scripts.
type (
	Stake struct {
		Owner  ids.Account
		Role   uint32
		Amount money.Amount
	}
	Unbond   Stake
	Withdraw struct {
		Owner ids.Account
		Role  uint32
	}
)

const (
	stakesStart = 1_800_000_000
	aDay        = 86_400
)

// Who authorises is a contract account, so that any implementation can stand in for it.
var (
	stakingAt   = account(ids.Contract, "staking")
	flashToken  = account(ids.Contract, "flash")
	stakingFund = account(ids.KeyAccount, "staking fund")
	registryAt  = account(ids.Contract, "registry")
	resolver    = account(ids.Contract, "resolver")
	payee       = account(ids.KeyAccount, "payee")
	fund        = account(ids.KeyAccount, "conflict fund")
	alice       = account(ids.Contract, "certifier alice")
	bob         = account(ids.Contract, "certifier bob")
	subject     = account(ids.Contract, "subject")
	outsider    = account(ids.Contract, "outsider")
	governor    = account(ids.Contract, "governor")
	stakeCast   = []ids.Account{alice, bob, subject, outsider, stakingAt, stakingFund, resolver, payee, fund}
)

func registryGenesis() registry.Genesis {
	of := money.Of
	return registry.Genesis{Registry: registryAt, Admin: governor, Params: registry.Params{Version: 1, Bonds: [4]money.Amount{of(5_003), of(1_000), of(2_000), of(5_001)}, ListStake: of(20_000), ListPrice: of(101),
		ListPeriodSeconds: 30 * aDay, Payee: payee, Fund: fund, Resolver: resolver, MaxLifeSeconds: 400 * aDay, ChallengeSeconds: 30 * aDay, ConcedeSeconds: 7 * aDay, LapseSeconds: 90 * aDay,
		ConcedeBps: 1_000, ConflictFundBps: 2_501}}
}

func stakeBalances() (l []balanceVector) {
	for _, a := range []ids.Account{alice, bob, subject} {
		l = append(l, balanceVector{flashToken, a, money.Of(100_000)})
	}
	return l
}

func stakeLedger() *stakeledger.Ledger {
	l := stakeledger.New(stakingAt, stakingFund)
	for _, b := range stakeBalances() {
		l.Mint(b.Account, b.Amount)
	}
	return l
}

// stakesOf is what FLASH and Staking store.
func stakesOf(l *stakeledger.Ledger, roles ...uint32) (balances, positions []any) {
	for _, a := range stakeCast {
		balances = append(balances, map[string]any{"account": a.String(), "amount": l.Balance(a).String()})
		for _, role := range roles {
			if s := l.StakeOf(a, role); s.Sign() > 0 || l.HeldUntil(a, role) > 0 {
				positions = append(positions, map[string]any{"owner": a.String(), "role": role, "active": s.String(), "heldUntil": fmt.Sprint(l.HeldUntil(a, role))})
			}
		}
	}
	return balances, positions
}

// takeStaking takes a call of Staking, if op is one.
func takeStaking(l *stakeledger.Ledger, now uint64, op any) (err error, is bool) {
	switch op := op.(type) {
	case Stake:
		return l.Stake(now, op.Owner, op.Role, op.Amount), true
	case Unbond:
		return l.Unbond(now, op.Owner, op.Role, op.Amount), true
	case Withdraw:
		return l.Withdraw(now, op.Owner, op.Role), true
	}
	return nil, false
}

// registryScript plays one case.
type registryScript struct {
	stakeCase
	s   *registry.State
	l   *stakeledger.Ledger
	now uint64
}

func newRegistryScript(name string) *registryScript {
	l := stakeLedger()
	s, err := registry.New(registryGenesis(), l)
	if err != nil {
		panic(err)
	}
	return &registryScript{stakeCase: stakeCase{Name: name}, s: s, l: l, now: stakesStart}
}

// take a call that has to end with an error of the table, or without one.
func (x *registryScript) take(want string, op any) ids.ID {
	var e registry.Effects
	err, is := takeStaking(x.l, x.now, op)
	if !is {
		e, err = x.s.Step(x.now, op.(registry.Op))
	}
	if code(err) != want {
		panic(fmt.Sprintf("registry script %q, step %d, %T: %q (%v) instead of %q", x.Name, len(x.Steps), op, code(err), err, want))
	}
	if v := x.s.Check(); len(v) > 0 {
		panic(fmt.Sprintf("registry script %q: %v", x.Name, v))
	}
	t := stakeStep{At: x.now, Call: reflect.TypeOf(op).Name(), Args: valuesOf(op), Error: code(err)}
	if err == nil {
		t.Answer, t.After = registryAnswer(op, e), x.after()
	}
	x.Steps = append(x.Steps, t)
	return e.ID
}

func registryAnswer(op any, e registry.Effects) values {
	switch op.(type) {
	case registry.Certify, registry.Object:
		return values{"id": e.ID.String()}
	case registry.Subscribe:
		return values{"until": fmt.Sprint(e.Until)}
	case registry.Resolve, registry.Revoke:
		return values{"toSubject": e.ToSubject.String(), "toFund": e.ToFund.String()}
	}
	return nil
}

// after is everything that is stored.
func (x *registryScript) after() values {
	list, who, listed := []any{}, []any{}, []any{}
	for _, id := range x.s.IDs() {
		c, _ := x.s.Certification(id)
		v := valuesOf(c)
		v["holds"] = x.s.IsCertified(x.now, id, c.Subject, c.Kind, c.Level, c.Scope)
		list = append(list, v)
	}
	for _, a := range stakeCast {
		if c, ok := x.s.Certifier(a); ok {
			v := valuesOf(c)
			v["account"] = a.String()
			who = append(who, v)
		}
		if x.s.Subscription(a) > 0 || x.s.MayList(x.now, a) {
			listed = append(listed, map[string]any{"account": a.String(), "until": fmt.Sprint(x.s.Subscription(a)), "mayList": x.s.MayList(x.now, a)})
		}
	}
	balances, positions := stakesOf(x.l, registry.ProviderRole, registry.CertifierRole)
	return values{"certifications": list, "certifiers": who, "listings": listed, "balances": balances, "stakes": positions}
}

func (x *registryScript) do(l ...any) {
	for _, op := range l {
		x.take("", op)
	}
}

func (x *registryScript) pass(seconds uint64) { x.now += seconds }

// ready registers two certifiers with stakes.
func (x *registryScript) ready() {
	for _, a := range []ids.Account{alice, bob} {
		x.do(registry.Register{Certifier: a, Info: nonce(a.String())}, Stake{a, registry.CertifierRole, money.Of(20_000)})
	}
}

// says makes a statement of a level about the subject; change alters it.
func (x *registryScript) says(who ids.Account, level uint32, change ...func(*registry.Certify)) registry.Certify {
	op := registry.Certify{Certifier: who, Subject: subject, Kind: 0, Level: level, Scope: nonce("scope"), Evidence: nonce("evidence"), Expires: x.now + 100*aDay, Nonce: nonce("certification")}
	for _, f := range change {
		f(&op)
	}
	return op
}

// conflict of a certification of alice with a denial of bob.
func (x *registryScript) conflict() (a, b ids.ID) {
	x.ready()
	a = x.take("", x.says(alice, 2))
	x.pass(aDay)
	b = x.take("", x.says(bob, 0))
	x.do(registry.Conflict{A: a, B: b})
	return a, b
}

var unknownCertification = ids.New(ids.Stellar, registry.Kind, nonce("nothing"))

func registryFile() stakeFile {
	f := stakeFile{Genesis: valuesOf(registryGenesis()), Staking: stakingAt, Token: flashToken, StakingFund: stakingFund, Balances: stakeBalances()}
	for _, c := range append(registryCases(), registryRefusals()...) {
		x := newRegistryScript(c.name)
		c.play(x)
		f.Cases = append(f.Cases, x.stakeCase)
	}
	return f
}

type registryCase struct {
	name string
	play func(*registryScript)
}

// nextParams are the genesis' with the next version; change alters them.
func nextParams(change func(*registry.Params)) registry.SetParams {
	p := registryGenesis().Params
	p.Version++
	change(&p)
	return registry.SetParams{Params: p}
}
