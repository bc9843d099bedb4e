package registry_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
	"github.com/flashback-network/flashback/internal/scval"
)

// beside is the Wasm of the Registry, Staking and FLASH on the real host, beside the model.
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
	for _, name := range []string{"registry", "staking", "flash"} {
		code[name] = artifact(t, name)
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
	c := cast{admin: party("admin"), resolver: party("resolver"), payee: party("payee"), fund: party("fund")}
	for i := range 5 {
		c.people = append(c.people, party(fmt.Sprint("person ", i)))
	}
	for name, at := range map[string]*ids.Account{"registry": &c.registry, "staking": &c.staking, "flash": &c.token} {
		if *at, err = rig.ContractAddress(name); err != nil {
			t.Fatal(err)
		}
	}
	of := scval.Address
	p := c.params()
	for _, d := range []struct {
		name string
		args []xdr.ScVal
	}{
		{"flash", []xdr.ScVal{of(c.people[0]), scval.I128(int64(len(c.people)) * fortune)}},
		{"staking", []xdr.ScVal{of(c.admin), of(c.token), of(c.fund)}},
		{"registry", []xdr.ScVal{of(c.admin), of(c.staking), of(c.token), paramsValue(&p)}},
	} {
		if _, err := rig.Deploy(t.Context(), d.name, code[d.name], d.args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range c.people[1:] {
		b.must(c.token, "transfer", c.people[0], of(c.people[0]), of(to), scval.I128(fortune))
	}
	b.must(c.staking, "slasher", c.admin, of(c.registry), scval.Bool(true))
	if b.walker, err = newWalker(c, seed); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *beside) must(contract ids.Account, function string, by ids.Account, args ...xdr.ScVal) {
	b.Helper()
	if _, err := b.rig.Call(b.Context(), contract, function, direct.By(b.parties[by]), args...); err != nil {
		b.Fatal(err)
	}
}

func paramsValue(p *registry.Params) xdr.ScVal {
	var bonds []xdr.ScVal
	for _, a := range p.Bonds {
		bonds = append(bonds, scval.Amount(a))
	}
	return scval.Struct(scval.Fields{"version": scval.U32(p.Version), "bonds": scval.Vec(bonds...), "list_stake": scval.Amount(p.ListStake), "list_price": scval.Amount(p.ListPrice),
		"list_period_seconds": scval.U64(p.ListPeriodSeconds), "payee": scval.Address(p.Payee), "fund": scval.Address(p.Fund), "resolver": scval.Address(p.Resolver),
		"max_life_seconds": scval.U64(p.MaxLifeSeconds), "challenge_seconds": scval.U64(p.ChallengeSeconds), "concede_seconds": scval.U64(p.ConcedeSeconds), "lapse_seconds": scval.U64(p.LapseSeconds),
		"concede_bps": scval.U32(p.ConcedeBps), "conflict_fund_bps": scval.U32(p.ConflictFundBps)})
}

// call of a contract that an op is, and who authorises it.
func (b *beside) call(op any) (contract ids.Account, function string, auth direct.Auth, args []xdr.ScVal) {
	by := func(a ids.Account) direct.Auth { return direct.By(b.parties[a]) }
	of, u, hash := scval.Address, scval.U32, func(h [32]byte) xdr.ScVal { return scval.ID(h) }
	list := func(l ...xdr.ScVal) []xdr.ScVal { return l }
	at := b.registry
	switch op := op.(type) {
	case stake:
		return b.staking, "stake", by(op.owner), list(of(op.owner), of(op.owner), u(op.role), scval.Amount(op.amount))
	case unbond:
		return b.staking, "unbond", by(op.owner), list(of(op.owner), u(op.role), scval.Amount(op.amount))
	case withdraw:
		return b.staking, "withdraw", direct.Nobody(), list(of(op.owner), u(op.role))
	case registry.Register:
		return at, "certifier", by(op.Certifier), list(of(op.Certifier), hash(op.Info))
	case registry.Certify:
		return at, "certify", by(op.Certifier), list(of(op.Certifier), of(op.Subject), u(op.Kind), u(op.Level), hash(op.Scope), hash(op.Evidence), scval.U64(op.Expires), hash(op.Nonce))
	case registry.Object:
		return at, "object", by(op.Certifier), list(of(op.Certifier), hash(op.Against), u(op.Level), hash(op.Evidence), scval.U64(op.Expires), hash(op.Nonce))
	case registry.Revoke:
		return at, "revoke", by(op.Certifier), list(of(op.Certifier), hash(op.ID), hash(op.Reason))
	case registry.Expire:
		return at, "expire", direct.Nobody(), list(hash(op.ID))
	case registry.Conflict:
		return at, "conflict", direct.Nobody(), list(hash(op.A), hash(op.B))
	case registry.Resolve:
		return at, "resolve", by(op.By), list(of(op.By), hash(op.A), hash(op.B), hash(op.Right))
	case registry.Lapse:
		return at, "lapse", direct.Nobody(), list(hash(op.A), hash(op.B))
	case registry.Hold:
		return at, "hold", direct.Nobody(), list(of(op.Certifier))
	case registry.Subscribe:
		return at, "subscribe", by(op.From), list(of(op.From), of(op.Provider), u(op.Periods), scval.Amount(op.MaxTotal))
	case registry.SetParams:
		return at, "set_params", by(b.admin), list(paramsValue(&op.Params))
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
	if err != nil && direct.Code(err) == 0 {
		return err
	}
	got := ""
	if n := direct.Code(err); n != 0 {
		got = orchestrator.Codes()[n].Code
	}
	want := ""
	if wanted != nil {
		want = fault.CodeOf(wanted)
	}
	if got != want {
		return fmt.Errorf("the contract says %q (%v), the model %q", got, err, want)
	}
	if wanted == nil && !e.ID.Zero() && scval.Plain(out.Value) != e.ID.String() {
		return fmt.Errorf("the contract made %v, the model %s", scval.Plain(out.Value), e.ID)
	}
	return b.compare()
}

// compare everything that is stored.
func (b *beside) compare() error {
	same := func(what string, got, want any) error {
		if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
			return fmt.Errorf("%s: the contract has\n%s, the model\n%s", what, g, w)
		}
		return nil
	}
	view := func(contract ids.Account, function string, args ...xdr.ScVal) any {
		v, err := b.rig.View(b.Context(), contract, function, args...)
		if err != nil {
			return err
		}
		return scval.Plain(v)
	}
	for _, id := range b.s.IDs() {
		c, _ := b.s.Certification(id)
		var other any
		if !c.Conflict.Zero() {
			other = c.Conflict
		}
		want := map[string]any{"certifier": c.Certifier, "subject": c.Subject, "kind": c.Kind, "level": c.Level, "scope": ids.ID(c.Scope), "evidence": ids.ID(c.Evidence), "issued": c.Issued, "expires": c.Expires,
			"bound_until": c.BoundUntil, "bond": c.Bond, "state": uint32(c.State), "conflict": other, "concede_until": c.ConcedeUntil, "lapse_from": c.LapseFrom}
		if err := same("certification "+id.String(), view(b.registry, "certification", scval.ID(id)), want); err != nil {
			return err
		}
		holds := view(b.registry, "is_certified", scval.ID(id), scval.Address(c.Subject), scval.U32(c.Kind), scval.U32(1), scval.ID(c.Scope))
		if err := same("is_certified "+id.String(), holds, b.s.IsCertified(b.now, id, c.Subject, c.Kind, 1, c.Scope)); err != nil {
			return err
		}
	}
	for _, a := range b.people {
		if c, ok := b.s.Certifier(a); ok {
			want := map[string]any{"info": ids.ID(c.Info), "registered": c.Registered, "bonded": c.Bonded, "duty_until": c.DutyUntil}
			if err := same("certifier", view(b.registry, "certifier_of", scval.Address(a)), want); err != nil {
				return err
			}
		}
		for _, x := range []struct {
			what      string
			got, want any
		}{
			{"may_list", view(b.registry, "may_list", scval.Address(a)), b.s.MayList(b.now, a)},
			{"subscription", view(b.registry, "subscription", scval.Address(a)), b.s.Subscription(a)},
			{"stake", view(b.staking, "stake_of", scval.Address(a), scval.U32(2)), b.l.StakeOf(a, 2)},
		} {
			if err := same(x.what, x.got, x.want); err != nil {
				return err
			}
		}
	}
	for _, a := range append([]ids.Account{b.payee, b.fund, b.staking, b.registry}, b.people...) {
		if err := same("balance", view(b.token, "balance", scval.Address(a)), b.l.Balance(a)); err != nil {
			return err
		}
	}
	return b.check()
}
