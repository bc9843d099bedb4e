package main

import (
	"encoding/hex"
	"fmt"
	"reflect"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
	"github.com/flashback-network/flashback/internal/orchestrator/governance/actions"
	"github.com/flashback-network/flashback/internal/orchestrator/governance/governed"
)

const voterRole = 4

var (
	governanceAt = account(ids.Contract, "governance")
	governedAt   = account(ids.Contract, "governed")
	guardian     = account(ids.Contract, "guardian")
)

func governanceGenesis() governance.Genesis {
	return governance.Genesis{Governance: governanceAt, Consumer: co, Guardian: guardian,
		Params: governance.Params{Version: 1, VotingSeconds: 7 * aDay, DelaySeconds: 2 * aDay, OpenSeconds: 5 * aDay, ThresholdBps: 100, QuorumBps: 2_000, MajorityBps: 5_000,
			PauseSeconds: 10 * aDay, RestSeconds: 20 * aDay},
		Targets: []governance.Target{{Contract: co, Functions: []string{"pause"}}, {Contract: governedAt, Functions: []string{"set_value", "refuse"}}}, Scale: 1}
}

// governanceScript plays one case.
type governanceScript struct {
	stakeCase
	s   *governance.State
	w   *governed.World
	now uint64
}

func newGovernanceScript(name string) *governanceScript {
	w := &governed.World{Ledger: stakeLedger(), Consumer: co, Contract: governedAt}
	s, err := governance.New(governanceGenesis(), w)
	if err != nil {
		panic(err)
	}
	return &governanceScript{stakeCase: stakeCase{Name: name}, s: s, w: w, now: stakesStart}
}

// take a call that has to end with an error of the table, or without one.
func (x *governanceScript) take(want string, op any) governance.Effects {
	var e governance.Effects
	err, is := takeStaking(x.w.Ledger, x.now, op)
	if !is {
		e, err = x.s.Step(x.now, op.(governance.Op))
	}
	if code(err) != want {
		panic(fmt.Sprintf("governance script %q, step %d, %T: %q (%v) instead of %q", x.Name, len(x.Steps), op, code(err), err, want))
	}
	if v := x.s.Check(); len(v) > 0 {
		panic(fmt.Sprintf("governance script %q: %v", x.Name, v))
	}
	t := stakeStep{At: x.now, Call: reflect.TypeOf(op).Name(), Error: code(err)}
	if x, ok := op.(governance.Execute); ok {
		t.Args = executeArgs(&x)
	} else {
		t.Args = valuesOf(op)
	}
	if err == nil {
		switch op.(type) {
		case governance.Propose:
			t.Answer = values{"number": e.Number}
		case governance.Vote:
			t.Answer = values{"votes": e.Votes.String()}
		case governance.GuardianPause:
			t.Answer = values{"until": fmt.Sprint(e.Until)}
		}
		t.After = x.after()
	}
	x.Steps = append(x.Steps, t)
	return e
}

// executeArgs has the actions as the chain's bytes, and in words.
func executeArgs(op *governance.Execute) values {
	b, err := actions.Encode(op.Actions)
	if err != nil {
		panic(err)
	}
	h := x32(actions.Hash(op.Actions))
	words := []any{}
	for _, a := range op.Actions {
		words = append(words, map[string]any{"target": a.Target.String(), "function": a.Function})
	}
	return values{"number": op.Number, "xdr": hex.EncodeToString(b), "hash": hex.EncodeToString(h[:]), "actions": words}
}

func x32(h [32]byte, err error) [32]byte {
	if err != nil {
		panic(err)
	}
	return h
}

// after is everything that is stored.
func (x *governanceScript) after() values {
	proposals, targets := []any{}, []any{}
	for n := uint32(1); n <= x.s.Count(); n++ {
		p, _ := x.s.Proposal(n)
		v := valuesOf(p)
		v["state"] = uint32(p.At(x.now))
		proposals = append(proposals, v)
	}
	for _, t := range x.s.Targets() {
		targets = append(targets, map[string]any{"contract": t.String(), "functions": x.s.Functions(t)})
	}
	wasm, from := x.s.Announced()
	_, positions := stakesOf(x.w.Ledger, voterRole)
	return values{"proposals": proposals, "targets": targets, "params": valuesOf(x.s.Params()), "guardian": x.s.Guardian().String(), "pause": valuesOf(x.s.Pause()),
		"announced": values{"wasm": hex.EncodeToString(wasm[:]), "from": fmt.Sprint(from)}, "governed": values{"paused": x.w.Paused, "value": x.w.Value}, "stakes": positions}
}

func (x *governanceScript) do(l ...any) {
	for _, op := range l {
		x.take("", op)
	}
}

func (x *governanceScript) pass(seconds uint64) { x.now += seconds }

// ready stakes: alice 60,000, bob 39,000, the subject 1,000 votes of 100,000.
func (x *governanceScript) ready() {
	for _, s := range []struct {
		who ids.Account
		n   int64
	}{{alice, 60_000}, {bob, 39_000}, {subject, 1_000}} {
		x.do(Stake{s.who, voterRole, money.Of(s.n)})
	}
	x.pass(5)
}

// propose puts actions to the vote.
func (x *governanceScript) propose(who ids.Account, l ...governance.Action) uint32 {
	return x.take("", governance.Propose{Proposer: who, Actions: x.w.Hash(l), About: nonce("about")}).Number
}

// passed brings a proposal to the end of its time-lock.
func (x *governanceScript) passed(l ...governance.Action) uint32 {
	if len(x.Steps) == 0 {
		x.ready()
	}
	n := x.propose(alice, l...)
	x.do(governance.Vote{Voter: alice, Number: n, Choice: governance.For})
	x.pass(9 * aDay)
	return n
}

// done executes actions by a vote.
func (x *governanceScript) done(l ...governance.Action) {
	n := x.passed(l...)
	x.do(governance.Execute{Number: n, Actions: l})
}

// fails executes actions that fail.
func (x *governanceScript) fails(want string, l ...governance.Action) {
	n := x.passed(l...)
	x.take(want, governance.Execute{Number: n, Actions: l})
}

func setValue(n uint32) governance.Action {
	return governance.Action{Target: governedAt, Function: "set_value", Arguments: actions.Arguments(actions.U32(n))}
}

func refuses() governance.Action {
	return governance.Action{Target: governedAt, Function: "refuse", Arguments: actions.Arguments()}
}

func pauses(paused bool) governance.Action {
	return governance.Action{Target: co, Function: "pause", Arguments: actions.Arguments(actions.Bool(paused))}
}

func newGuardian(a ids.Account) governance.Action {
	return governance.Action{Target: governanceAt, Function: "set_guardian", SetGuardian: &a}
}

func newTarget(a ids.Account, functions ...string) governance.Action {
	return governance.Action{Target: governanceAt, Function: "add_target", AddTarget: &governance.Target{Contract: a, Functions: functions}}
}

func announces(wasm [32]byte) governance.Action {
	return governance.Action{Target: governanceAt, Function: "upgrade_announce", UpgradeAnnounce: &wasm}
}

func newParams(change func(*governance.Params)) governance.Action {
	p := governanceGenesis().Params
	p.Version++
	change(&p)
	return governance.Action{Target: governanceAt, Function: "set_params", SetParams: &p}
}

func governanceFile() stakeFile {
	f := stakeFile{Genesis: valuesOf(governanceGenesis()), Staking: stakingAt, Token: flashToken, StakingFund: stakingFund, Balances: stakeBalances()}
	for _, c := range governanceCases() {
		x := newGovernanceScript(c.name)
		c.play(x)
		f.Cases = append(f.Cases, x.stakeCase)
	}
	return f
}
