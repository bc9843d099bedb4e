package flash_test

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
	"github.com/flashback-network/flashback/internal/scval"
)

// longest is how many ledgers beyond the current one an entry may live on the embedded network, as on the public one.
const longest = 3_110_400 - 1

// beside is the contract's Wasm on the real host, beside its model.
type beside struct {
	*testing.T
	rig     *direct.Rig
	at      ids.Account
	parties map[ids.Account]direct.Party
	walker

	restored int // archived entries that calls brought back
}

// TestBesideTheContract takes the same calls on model and Wasm: error, balances, allowance, supply and event are compared after each.
func TestBesideTheContract(t *testing.T) {
	t.Parallel()
	wasm := artifact(t)
	for range 2 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			b := open(t, wasm, seed)
			for i := range 100 {
				if err := b.step(b.next()); err != nil {
					t.Fatalf("step %d: %v", i, err)
				}
			}
		})
	}
}

func artifact(t *testing.T) []byte {
	wasm, err := artifacts.Wasm("flash")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("contracts/artifacts/flash.wasm is missing: contracts/soroban/build.sh flash makes it")
	}
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

func open(t *testing.T, wasm []byte, seed uint64) *beside {
	rig, err := direct.Open(t.Context(), direct.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rig.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &beside{T: t, rig: rig, parties: map[ids.Account]direct.Party{}, walker: walker{Rand: rand.New(rand.NewPCG(seed, 2)), ledger: rig.Ledger(), longest: longest, counts: map[string]int{}}}
	for _, name := range []string{"alice", "bob", "carol"} {
		p, err := rig.Party(name)
		if err != nil {
			t.Fatal(err)
		}
		b.parties[p.Account()] = p
		b.walker.parties = append(b.walker.parties, p.Account())
	}
	g := flash.Genesis{Holder: b.walker.parties[0], Supply: money.Of(100_000), Longest: longest}
	if b.s, err = flash.New(g); err != nil {
		t.Fatal(err)
	}
	if b.at, err = rig.Deploy(t.Context(), "flash", wasm, scval.Address(g.Holder), scval.Amount(g.Supply)); err != nil {
		t.Fatal(err)
	}
	return b
}

// call of the contract that an op is, and who authorises it.
func (b *beside) call(op flash.Op) (function string, by ids.Account, args []xdr.ScVal) {
	switch op := op.(type) {
	case flash.Approve:
		return "approve", op.From, []xdr.ScVal{scval.Address(op.From), scval.Address(op.Spender), scval.Amount(op.Amount), scval.U32(op.LiveUntilLedger)}
	case flash.Transfer:
		return "transfer", op.From, []xdr.ScVal{scval.Address(op.From), scval.Address(op.To), scval.Amount(op.Amount)}
	case flash.TransferFrom:
		return "transfer_from", op.Spender, []xdr.ScVal{scval.Address(op.Spender), scval.Address(op.From), scval.Address(op.To), scval.Amount(op.Amount)}
	case flash.Burn:
		return "burn", op.From, []xdr.ScVal{scval.Address(op.From), scval.Amount(op.Amount)}
	case flash.BurnFrom:
		return "burn_from", op.Spender, []xdr.ScVal{scval.Address(op.Spender), scval.Address(op.From), scval.Amount(op.Amount)}
	}
	panic(fmt.Sprintf("no entry point for %T", op))
}

func (b *beside) step(op flash.Op) error {
	ctx := b.Context()
	if n := b.ledger - b.rig.Ledger(); n > 0 {
		if err := b.rig.Advance(uint64(n)*5, n); err != nil {
			return err
		}
	}
	function, by, args := b.call(op)
	out, said := b.rig.Call(ctx, b.at, function, direct.By(b.parties[by]), args...)
	b.restored += out.Cost.Restored
	e, want := b.s.Step(b.ledger, op)
	code := ""
	if want != nil {
		code = fault.CodeOf(want)
	}
	got := ""
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
		if len(out.Events) != 1 || out.Events[0].Name() != e.Event.Name || out.Events[0].Subject() != e.Event.From.String() {
			return fmt.Errorf("%s: events %v, the model's %v", function, out.Events, e.Event)
		}
	}
	from, spender := b.party(), b.party()
	views := []struct {
		name string
		args []xdr.ScVal
		want money.Amount
	}{{"supply", nil, b.s.Supply()}, {"allowance", []xdr.ScVal{scval.Address(from), scval.Address(spender)}, b.s.Allowance(b.ledger, from, spender)}}
	for _, p := range b.walker.parties {
		views = append(views, struct {
			name string
			args []xdr.ScVal
			want money.Amount
		}{"balance", []xdr.ScVal{scval.Address(p)}, b.s.Balance(p)})
	}
	for _, v := range views {
		got, err := b.rig.View(ctx, b.at, v.name, v.args...)
		if err != nil {
			return err
		}
		if scval.Plain(got) != v.want.String() {
			return fmt.Errorf("after %s %+v: %s is %v, the model's %s", function, op, v.name, scval.Plain(got), v.want)
		}
	}
	return nil
}

// TestYearsWithoutATouch ages the ledger until every balance is archived: a transfer brings back what it needs.
func TestYearsWithoutATouch(t *testing.T) {
	t.Parallel()
	wasm := artifact(t)
	b := open(t, wasm, 1)
	alice, bob := b.walker.parties[0], b.walker.parties[1]
	if err := b.step(flash.Transfer{From: alice, To: bob, Amount: money.Of(700)}); err != nil {
		t.Fatal(err)
	}
	b.ledger += 30_000_000 // about five years
	if err := b.step(flash.Transfer{From: bob, To: alice, Amount: money.Of(300)}); err != nil {
		t.Fatal(err)
	}
	if err := b.step(flash.TransferFrom{Spender: bob, From: alice, To: bob, Amount: money.Of(1)}); err != nil {
		t.Fatal(err)
	}
	if b.restored == 0 {
		t.Error("nothing was archived")
	}
}
