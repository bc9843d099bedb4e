package governance_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
	"github.com/flashback-network/flashback/internal/orchestrator/governance/actions"
	"github.com/flashback-network/flashback/internal/orchestrator/governance/governed"
	"github.com/flashback-network/flashback/internal/orchestrator/registry/stakes"
	"github.com/flashback-network/flashback/internal/scval"
)

// counter is the governed contract of this test: the devnet's own, which counts. It has no pause: that call fails without a number, and has to leave nothing behind.
type counter struct{ *governed.World }

var errHost = errors.New("the host refuses")

func (c counter) Pause(uint64, bool) error { return errHost }

func (c counter) Call(_ uint64, _ ids.Account, function string, arguments []byte) error {
	var v xdr.ScVal
	if _, err := xdr.Unmarshal(bytes.NewReader(arguments), &v); err != nil {
		return err
	}
	switch function {
	case "bump":
		c.Value += uint32(*(**v.Vec)[0].U32)
		return nil
	case "refuse":
		return orchestrator.ErrNotFound
	}
	return errHost
}

// beside is the Wasm of governance, Staking and FLASH on the real host, beside the model.
type beside struct {
	*testing.T
	*walker
	rig     *direct.Rig
	parties map[ids.Account]direct.Party
}

func artifact(t *testing.T, name string) []byte {
	wasm, err := artifacts.Wasm(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("contracts/artifacts/%s.wasm is missing: contracts/soroban/build.sh %s makes it", name, name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

// The same calls on model and Wasm: error, answer and everything that is stored are compared after each.
func TestBesideTheContract(t *testing.T) {
	t.Parallel()
	for range 1 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			b := open(t, seed)
			for i := range 100 {
				op := b.next()
				if err := b.step(op); err != nil {
					t.Fatalf("step %d, %+v: %v", i, op, err)
				}
			}
		})
	}
}

func open(t *testing.T, seed uint64) *beside {
	code := map[string][]byte{}
	for _, name := range []string{"governance", "staking", "flash"} {
		code[name] = artifact(t, name)
	}
	var err error
	if code["counter"], err = os.ReadFile("../../devnet/testdata/contract.wasm"); err != nil {
		t.Fatal(err)
	}
	rig, err := direct.Open(t.Context(), direct.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rig.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &beside{T: t, rig: rig, parties: map[ids.Account]direct.Party{}}
	party := func(name string) ids.Account {
		p, err := rig.Party(name)
		if err != nil {
			t.Fatal(err)
		}
		b.parties[p.Account()] = p
		return p.Account()
	}
	c := cast{guardian: party("guardian"), fund: party("fund")}
	for i := range 6 {
		c.people = append(c.people, party(fmt.Sprint("person ", i)))
	}
	for name, at := range map[string]*ids.Account{"governance": &c.governance, "staking": &c.staking, "flash": &c.token, "counter": &c.contract, "consumer": &c.consumer} {
		if *at, err = rig.ContractAddress(name); err != nil {
			t.Fatal(err)
		}
	}
	of := scval.Address
	g := genesis(c, "bump")
	var targets []xdr.ScVal
	for _, x := range g.Targets {
		targets = append(targets, scval.Struct(scval.Fields{"contract": of(x.Contract), "functions": actions.Symbols(x.Functions)}))
	}
	for _, d := range []struct {
		name, code string
		args       []xdr.ScVal
	}{
		{"flash", "flash", []xdr.ScVal{of(c.people[0]), scval.I128(int64(len(c.people)) * fortune)}},
		{"staking", "staking", []xdr.ScVal{of(c.governance), of(c.token), of(c.fund)}},
		{"counter", "counter", []xdr.ScVal{scval.U32(0)}},
		{"consumer", "counter", []xdr.ScVal{scval.U32(0)}},
		{"governance", "governance", []xdr.ScVal{of(c.staking), of(c.consumer), of(c.guardian), paramsValue(&g.Params), scval.Vec(targets...), scval.U64(g.Scale)}},
	} {
		if _, err := rig.Deploy(t.Context(), d.name, code[d.code], d.args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range c.people[1:] {
		if _, err := rig.Call(t.Context(), c.token, "transfer", direct.By(b.parties[c.people[0]]), of(c.people[0]), of(to), scval.I128(fortune)); err != nil {
			t.Fatal(err)
		}
	}
	world := &governed.World{Ledger: stakes.New(c.staking, c.fund), Consumer: c.consumer, Contract: c.contract}
	if b.walker, err = newWalker(c, seed, "bump", world, counter{world}); err != nil {
		t.Fatal(err)
	}
	return b
}

func paramsValue(p *governance.Params) xdr.ScVal {
	return scval.Struct(scval.Fields{"version": scval.U32(p.Version), "voting_seconds": scval.U64(p.VotingSeconds), "delay_seconds": scval.U64(p.DelaySeconds), "open_seconds": scval.U64(p.OpenSeconds),
		"threshold_bps": scval.U32(p.ThresholdBps), "quorum_bps": scval.U32(p.QuorumBps), "majority_bps": scval.U32(p.MajorityBps), "pause_seconds": scval.U64(p.PauseSeconds), "rest_seconds": scval.U64(p.RestSeconds)})
}

// call of a contract that an op is, and who authorises it.
func (b *beside) call(op any) (contract ids.Account, function string, auth direct.Auth, args []xdr.ScVal) {
	by := func(a ids.Account) direct.Auth { return direct.By(b.parties[a]) }
	of, u := scval.Address, scval.U32
	list := func(l ...xdr.ScVal) []xdr.ScVal { return l }
	at := b.governance
	switch op := op.(type) {
	case stake:
		return b.staking, "stake", by(op.owner), list(of(op.owner), of(op.owner), u(voter), scval.Amount(op.amount))
	case unbond:
		return b.staking, "unbond", by(op.owner), list(of(op.owner), u(voter), scval.Amount(op.amount))
	case governance.Propose:
		return at, "propose", by(op.Proposer), list(of(op.Proposer), scval.ID(op.Actions), scval.ID(op.About))
	case governance.Vote:
		return at, "vote", by(op.Voter), list(of(op.Voter), u(op.Number), u(op.Choice))
	case governance.Execute:
		v, err := actions.Value(op.Actions)
		if err != nil {
			b.Fatal(err)
		}
		return at, "execute", direct.Nobody(), list(u(op.Number), v)
	case governance.Cancel:
		return at, "cancel", by(op.Proposer), list(of(op.Proposer), u(op.Number))
	case governance.GuardianPause:
		return at, "guardian_pause", by(b.guardian), nil
	case governance.Unpause:
		if op.ByGuardian {
			return at, "unpause", by(b.guardian), nil
		}
		return at, "unpause", direct.Nobody(), nil
	}
	panic(fmt.Sprintf("no call for %T", op))
}

func (b *beside) step(op any) error {
	if d := b.now - b.rig.Now(); d > 0 {
		if err := b.rig.Advance(d, uint32(d/5+1)); err != nil {
			return err
		}
	}
	e, wanted := b.take(op)
	contract, function, auth, args := b.call(op)
	out, err := b.rig.Call(b.Context(), contract, function, auth, args...)
	var refusal *direct.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	got, want := "", ""
	if n := direct.Code(err); n != 0 {
		got = orchestrator.Codes()[n].Code
	} else if err != nil {
		got = "host"
	}
	switch {
	case errors.Is(wanted, errHost):
		want = "host"
	case wanted != nil:
		want = fault.CodeOf(wanted)
	}
	if got != want {
		return fmt.Errorf("the contract says %q (%v), the model %q", got, err, want)
	}
	if wanted == nil {
		switch op.(type) {
		case governance.Propose:
			err = same("number", scval.Plain(out.Value), e.Number)
		case governance.Vote:
			err = same("votes", scval.Plain(out.Value), e.Votes)
		}
		if err != nil {
			return err
		}
	}
	return b.compare()
}

func same(what string, got, want any) error {
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		return fmt.Errorf("%s: the contract has\n%s, the model\n%s", what, g, w)
	}
	return nil
}

// compare everything that is stored.
func (b *beside) compare() error {
	view := func(contract ids.Account, function string, args ...xdr.ScVal) any {
		v, err := b.rig.View(b.Context(), contract, function, args...)
		if err != nil {
			return err
		}
		return scval.Plain(v)
	}
	at := b.governance
	var errs []error
	equal := func(what string, got, want any) { errs = append(errs, same(what, got, want)) }
	for n := uint32(1); n <= b.s.Count(); n++ {
		p, _ := b.s.Proposal(n)
		equal("proposal", view(at, "proposal", scval.U32(n)), map[string]any{"proposer": p.Proposer, "actions": ids.ID(p.Actions), "about": ids.ID(p.About), "snapshot": p.Snapshot, "total": p.Total, "ends": p.Ends,
			"opens": p.Opens, "closes": p.Closes, "quorum_bps": p.QuorumBps, "majority_bps": p.MajorityBps, "against": p.Against, "in_favour": p.InFavour, "abstain": p.Abstain, "executed": p.Executed,
			"cancelled": p.Cancelled})
		equal("state", view(at, "state", scval.U32(n)), uint32(p.At(b.now)))
		for _, a := range b.people {
			var want any
			if choice, ok := b.s.VoteOf(n, a); ok {
				want = choice
			}
			equal("vote", view(at, "vote_of", scval.U32(n), scval.Address(a)), want)
		}
	}
	p, pause := b.s.Params(), b.s.Pause()
	equal("count", view(at, "count"), b.s.Count())
	equal("params", view(at, "params"), scval.Plain(paramsValue(&p)))
	equal("guardian", view(at, "guardian"), b.s.Guardian())
	equal("pause", view(at, "pause"), map[string]any{"until": pause.Until, "rest_until": pause.RestUntil})
	equal("targets", view(at, "targets"), b.s.Targets())
	for _, t := range []ids.Account{b.consumer, b.contract, b.token} {
		equal("functions", view(at, "functions", scval.Address(t)), b.s.Functions(t))
	}
	var announced any
	if wasm, from := b.s.Announced(); from > 0 {
		announced = map[string]any{"wasm": ids.ID(wasm), "from": from}
	}
	equal("announced", view(at, "upgrade_announced"), announced)
	equal("count of the governed", view(b.contract, "bump", scval.U32(0)), b.w.Value)
	for _, a := range b.people {
		equal("votes", view(b.staking, "stake_of", scval.Address(a), scval.U32(voter)), b.w.StakeOf(a, voter))
	}
	if v := b.s.Check(); len(v) > 0 {
		errs = append(errs, fmt.Errorf("%v", v))
	}
	return errors.Join(errs...)
}
