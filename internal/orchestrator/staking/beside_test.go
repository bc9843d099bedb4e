package staking_test

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
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/flash"
	"github.com/flashback-network/flashback/internal/orchestrator/staking"
	"github.com/flashback-network/flashback/internal/scval"
)

// beside is the Wasm of Staking and FLASH on the real host, beside their models.
type beside struct {
	*testing.T
	walker
	rig     *direct.Rig
	at      ids.Account
	flash   ids.Account
	parties map[ids.Account]direct.Party

	restored int // archived entries that calls brought back
}

// coins is the model of FLASH as Staking's model asks for it.
type coins struct {
	*flash.State
	rig *direct.Rig
}

func (c coins) Transfer(from, to ids.Account, amount money.Amount) error {
	_, err := c.Step(c.rig.Ledger(), flash.Transfer{From: from, To: to, Amount: amount})
	return err
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

// TestBesideTheContracts takes the same calls on models and Wasm: error, answer, position, votes, balances and the past are compared after each.
func TestBesideTheContracts(t *testing.T) {
	t.Parallel()
	for range 2 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			b := open(t, seed)
			for i := range 100 {
				if err := b.step(b.next()); err != nil {
					t.Fatalf("step %d: %v", i, err)
				}
			}
		})
	}
}

func open(t *testing.T, seed uint64) *beside {
	code := artifact(t, "staking")
	rig, err := direct.Open(t.Context(), direct.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rig.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &beside{T: t, rig: rig, parties: map[ids.Account]direct.Party{}, walker: walker{Rand: rand.New(rand.NewPCG(seed, 2)), now: rig.Now(), counts: map[string]int{}}}
	party := func(name string) ids.Account {
		p, err := rig.Party(name)
		if err != nil {
			t.Fatal(err)
		}
		b.parties[p.Account()] = p
		return p.Account()
	}
	b.owners = []ids.Account{party("alice"), party("bob"), party("carol")}
	b.courts = []ids.Account{party("court"), party("other court")}
	g := staking.Genesis{Admin: party("admin"), Fund: party("fund")}
	if b.code, err = rig.Upload(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	if b.flash, err = rig.Deploy(t.Context(), "flash", artifact(t, "flash"), scval.Address(b.owners[0]), scval.I128(3_000)); err != nil {
		t.Fatal(err)
	}
	if g.Self, err = rig.Deploy(t.Context(), "staking", code, scval.Address(g.Admin), scval.Address(b.flash), scval.Address(g.Fund)); err != nil {
		t.Fatal(err)
	}
	b.at = g.Self
	token, err := flash.New(flash.Genesis{Holder: b.owners[0], Supply: money.Of(3_000), Longest: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	b.token = coins{token, rig}
	if b.s, err = staking.New(g, coins{token, rig}); err != nil {
		t.Fatal(err)
	}
	for _, to := range b.owners[1:] {
		if _, err := rig.Call(t.Context(), b.flash, "transfer", direct.By(b.parties[b.owners[0]]), scval.Address(b.owners[0]), scval.Address(to), scval.I128(1_000)); err != nil {
			t.Fatal(err)
		}
		if err := b.token.Transfer(b.owners[0], to, money.Of(1_000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.step(staking.NameSlasher{Contract: b.courts[0], Allowed: true}); err != nil {
		t.Fatal(err)
	}
	return b
}

// call of the contract that an op is, and who authorises it.
func (b *beside) call(op staking.Op) (function string, auth direct.Auth, args []xdr.ScVal) {
	by := func(a ids.Account) direct.Auth { return direct.By(b.parties[a]) }
	role := func(r staking.Role) xdr.ScVal { return scval.U32(uint32(r)) }
	of, n := scval.Address, scval.Amount
	switch op := op.(type) {
	case staking.Stake:
		return "stake", by(op.From), []xdr.ScVal{of(op.From), of(op.Owner), role(op.Role), n(op.Amount)}
	case staking.Unbond:
		return "unbond", by(op.Owner), []xdr.ScVal{of(op.Owner), role(op.Role), n(op.Amount)}
	case staking.CancelUnbond:
		return "cancel_unbond", by(op.Owner), []xdr.ScVal{of(op.Owner), role(op.Role), scval.U32(op.Number)}
	case staking.Withdraw:
		return "withdraw", direct.Nobody(), []xdr.ScVal{of(op.Owner), role(op.Role)}
	case staking.Slash:
		return "slash", by(op.By), []xdr.ScVal{of(op.By), of(op.Owner), role(op.Role), n(op.Amount), of(op.To), scval.ID(op.Cause)}
	case staking.Hold:
		return "hold", by(op.By), []xdr.ScVal{of(op.By), of(op.Owner), role(op.Role), scval.U64(op.Until)}
	case staking.NameSlasher:
		return "slasher", by(b.s.Admin()), []xdr.ScVal{of(op.Contract), scval.Bool(op.Allowed)}
	case staking.SetAdmin:
		return "set_admin", by(b.s.Admin()), []xdr.ScVal{of(op.Admin)}
	case staking.UpgradeAnnounce:
		return "upgrade_announce", by(b.s.Admin()), []xdr.ScVal{scval.ID(op.Wasm)}
	case staking.Upgrade:
		return "upgrade", by(b.s.Admin()), nil
	}
	panic(fmt.Sprintf("no entry point for %T", op))
}

func (b *beside) step(op staking.Op) error {
	if n := b.now - b.rig.Now(); n > 0 {
		if err := b.rig.Advance(n, uint32(n/5)+1); err != nil {
			return err
		}
	}
	function, auth, args := b.call(op)
	out, said := b.rig.Call(b.Context(), b.at, function, auth, args...)
	b.restored += out.Cost.Restored
	e, want := b.s.Step(b.now, op)
	b.count(op, want)
	code, got := "", ""
	if want != nil {
		code = fault.CodeOf(want)
	}
	if said != nil {
		refusal, ok := orchestrator.Codes()[direct.Code(said)]
		if !ok {
			return fmt.Errorf("%s %+v: %w", function, op, said)
		}
		got = refusal.Code
	}
	if got != code {
		return fmt.Errorf("%s %+v: the contract says %q, the model %q", function, op, got, code)
	}
	if want == nil {
		if err := b.answered(op, out, e); err != nil {
			return fmt.Errorf("%s %+v: %w", function, op, err)
		}
	}
	if err := b.compare(op); err != nil {
		return fmt.Errorf("after %s %+v: %w", function, op, err)
	}
	return b.walker.check()
}

// answered compares what a call returned and told.
func (b *beside) answered(op staking.Op, out direct.Outcome, e staking.Effects) error {
	var want any
	switch op.(type) {
	case staking.Unbond:
		want = uint64(e.Number)
	case staking.Withdraw, staking.Slash:
		want = e.Amount.String()
	}
	if got := scval.Plain(out.Value); got != want {
		return fmt.Errorf("answers %v, the model %v", got, want)
	}
	var own []direct.Event
	for _, x := range out.Events {
		if x.Contract == b.at && x.Name() != "executable_update" { // the host's own word for new code
			own = append(own, x)
		}
	}
	switch {
	case e.Event == nil && len(own) == 0:
		return nil
	case e.Event == nil || len(own) != 1 || own[0].Name() != e.Event.Name || own[0].Subject() != e.Event.Subject:
		return fmt.Errorf("tells %v, the model %v", own, e.Event)
	}
	return nil
}

func (b *beside) view(want any, name string, args ...xdr.ScVal) error {
	got, err := b.rig.View(b.Context(), b.at, name, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if g, w := fmt.Sprint(scval.Plain(got)), fmt.Sprint(want); g != w {
		return fmt.Errorf("%s is %s, the model's %s", name, g, w)
	}
	return nil
}

func (b *beside) compare(op staking.Op) error {
	owner, role := b.owner(), staking.Role(2*b.IntN(2))
	switch op := op.(type) {
	case staking.Stake:
		owner, role = op.Owner, op.Role
	case staking.Unbond:
		owner, role = op.Owner, op.Role
	case staking.CancelUnbond:
		owner, role = op.Owner, op.Role
	case staking.Withdraw:
		owner, role = op.Owner, op.Role
	case staking.Slash:
		owner, role = op.Owner, op.Role
	case staking.Hold:
		owner, role = op.Owner, op.Role
	}
	p := b.s.Position(owner, role)
	unbondings := []any{}
	for _, u := range p.Unbondings {
		unbondings = append(unbondings, map[string]any{"number": uint64(u.Number), "amount": u.Amount.String(), "until": u.Until})
	}
	position := map[string]any{"active": p.Active.String(), "unbonding": p.Unbonding.String(), "held_until": p.HeldUntil, "next": uint64(p.Next), "unbondings": unbondings}
	time := b.now - 1 - uint64(b.IntN(40))*day/2
	power, err := b.s.PowerAt(b.now, owner, time)
	if err != nil {
		return err
	}
	total, err := b.s.TotalAt(b.now, time)
	if err != nil {
		return err
	}
	errs := []error{
		b.view(position, "position", scval.Address(owner), scval.U32(uint32(role))),
		b.view(b.s.Votes(owner), "votes", scval.Address(owner)),
		b.view(b.s.Total(), "total"),
		b.view(power, "power_at", scval.Address(owner), scval.U64(time)),
		b.view(total, "total_at", scval.U64(time)),
		b.view(b.s.Admin(), "admin"),
	}
	for _, a := range append([]ids.Account{b.at, b.s.Genesis().Fund}, b.owners...) {
		balance, err := b.rig.Balance(b.Context(), b.flash, a)
		if err == nil && !balance.Equal(b.token.Balance(a)) {
			err = fmt.Errorf("%s has %s, the model's %s", a, balance, b.token.Balance(a))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// TestYearsWithoutATouch ages the ledger until everything is archived: stakes, votes and the past come back by the calls that need them.
func TestYearsWithoutATouch(t *testing.T) {
	t.Parallel()
	b := open(t, 1)
	for i := range int64(12) {
		b.now += day
		if err := b.step(staking.Stake{From: b.owners[0], Owner: b.owners[0], Role: staking.Provider, Amount: money.Of(10 + i)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, op := range []staking.Op{
		staking.Unbond{Owner: b.owners[0], Role: staking.Provider, Amount: money.Of(100)},
		staking.Withdraw{Owner: b.owners[0], Role: staking.Provider},
		staking.Slash{By: b.courts[0], Owner: b.owners[0], Role: staking.Provider, Amount: money.Of(5), To: b.owners[1]},
	} {
		b.now += 2_000 * day
		if err := b.step(op); err != nil {
			t.Fatal(err)
		}
	}
	if b.restored == 0 {
		t.Error("nothing was archived")
	}
	for _, a := range b.history {
		if a.owner.Zero() {
			continue
		}
		if err := b.view(a.votes, "power_at", scval.Address(a.owner), scval.U64(a.time)); err != nil {
			t.Error(err)
		}
	}
}
