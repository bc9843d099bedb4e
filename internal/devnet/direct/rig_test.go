package direct_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/scval"
)

// world is a rig with the devnet's test contract and an asset.
type world struct {
	*testing.T
	*direct.Rig
	ctx              context.Context
	contract         ids.Account
	usd              money.Asset
	alice, bob, eve  direct.Party
	relayer, issuing direct.Party
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, ctx: t.Context()}
	var err error
	if w.Rig, err = direct.Open(w.ctx, direct.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	for name, p := range map[string]*direct.Party{"alice": &w.alice, "bob": &w.bob, "eve": &w.eve, "relayer": &w.relayer, "issuer": &w.issuing} {
		if *p, err = w.Party(name); err != nil {
			t.Fatal(err)
		}
	}
	wasm, err := os.ReadFile("../testdata/contract.wasm")
	if err != nil {
		t.Fatal(err)
	}
	if w.contract, err = w.Deploy(w.ctx, "test", wasm, scval.U32(5)); err != nil {
		t.Fatal(err)
	}
	if w.usd, err = w.Issue(w.ctx, "USD", w.issuing.Account()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Give(w.usd, w.alice.Account(), 1_000), w.Trust(w.usd, w.bob.Account())); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) call(auth direct.Auth, function string, args ...xdr.ScVal) (direct.Outcome, error) {
	return w.Call(w.ctx, w.contract, function, auth, args...)
}

func (w *world) must(auth direct.Auth, function string, args ...xdr.ScVal) direct.Outcome {
	w.Helper()
	out, err := w.call(auth, function, args...)
	if err != nil {
		w.Fatalf("%s: %v", function, err)
	}
	return out
}

func (w *world) balance(of direct.Party) string {
	w.Helper()
	b, err := w.Balance(w.ctx, w.usd, of.Account())
	if err != nil {
		w.Fatal(err)
	}
	return b.String()
}

func TestCall(t *testing.T) {
	t.Parallel()
	w := start(t)
	out := w.must(direct.Nobody(), "bump", scval.U32(2))
	if n := scval.Integer(out.Value).Int64(); n != 7 {
		t.Errorf("the count is %d", n)
	}
	if len(out.Events) != 1 || out.Events[0].Name() != "bumped" || out.Events[0].Subject() != "2" || out.Events[0].Contract != w.contract {
		t.Errorf("events %+v", out.Events)
	}
	c := out.Cost
	if c.Instructions == 0 || c.WrittenEntries != 1 || c.WrittenBytes == 0 || c.ReadEntries != 2 || c.Fee() <= 0 {
		t.Errorf("cost %+v", c)
	}
	_, err := w.call(direct.Nobody(), "refuse", scval.U32(1))
	var r *direct.Refusal
	if direct.Code(err) != 7 || !errors.As(err, &r) || r.By != w.contract {
		t.Errorf("a refusal: %v", err)
	}
	if n := scval.Integer(w.must(direct.Nobody(), "bump", scval.U32(0)).Value).Int64(); n != 7 {
		t.Errorf("after a refusal the count is %d", n)
	}
}

// Whoever has to authorise does, and nobody else can.
func TestAuthorisation(t *testing.T) {
	t.Parallel()
	w := start(t)
	args := []xdr.ScVal{w.alice.Arg(), w.bob.Arg(), scval.Address(w.usd), scval.I128(10)}
	for name, auth := range map[string]direct.Auth{
		"nobody": direct.Nobody(), "another": direct.By(w.eve), "the receiver": direct.By(w.bob), "another as source": direct.AsSource(w.eve),
		"another's key": direct.Instead(w.alice.Account(), w.eve),
	} {
		if _, err := w.call(auth, "pay", args...); !direct.Unauthorised(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b := w.balance(w.alice); b != "1000" {
		t.Errorf("after refusals %s", b)
	}
	for name, auth := range map[string]direct.Auth{"herself": direct.By(w.alice), "with another": direct.By(w.eve, w.alice), "as source": direct.AsSource(w.alice), "with another source": direct.AsSource(w.bob, w.alice)} {
		if _, err := w.call(auth, "pay", args...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if a, b := w.balance(w.alice), w.balance(w.bob); a != "960" || b != "40" {
		t.Errorf("balances %s and %s", a, b)
	}
	// Too much: the token refuses, whoever signs; unless it is not even authorised.
	args[3] = scval.I128(1_000_000)
	for name, auth := range map[string]direct.Auth{"signed": direct.By(w.alice), "as source": direct.AsSource(w.alice)} {
		_, err := w.call(auth, "pay", args...)
		var r *direct.Refusal
		if direct.Code(err) != 10 || !errors.As(err, &r) || r.By != w.usd {
			t.Errorf("too much, %s: %v", name, err)
		}
	}
	if _, err := w.call(direct.By(w.eve), "pay", args...); !direct.Unauthorised(err) {
		t.Errorf("too much, by another: %v", err)
	}
}

func TestSnapshots(t *testing.T) {
	t.Parallel()
	w := start(t)
	s := w.Snapshot()
	f, err := w.Fork(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w.must(direct.Nobody(), "bump", scval.U32(2))
	if err := w.Advance(100, 10); err != nil {
		t.Fatal(err)
	}
	out, err := f.Call(w.ctx, w.contract, "bump", direct.Nobody(), scval.U32(100))
	if err != nil || scval.Integer(out.Value).Int64() != 105 {
		t.Errorf("the fork: %v %v", scval.Plain(out.Value), err)
	}
	w.Restore(s)
	for range 2 {
		if n := scval.Integer(w.must(direct.Nobody(), "bump", scval.U32(1)).Value).Int64(); n != 6 || w.Now() != 1_800_000_000 {
			t.Errorf("after restoring the count is %d at %d", n, w.Now())
		}
		w.Restore(s)
	}
}

// Entries age by ledgers: a temporary one is gone, a persistent one is archived and comes back when it is needed.
func TestAging(t *testing.T) {
	t.Parallel()
	w := start(t)
	key := scval.Symbol("k")
	w.must(direct.Nobody(), "put", key, scval.U32(1))
	w.must(direct.Nobody(), "put_temp", key, scval.U32(2))
	if err := w.Advance(0, 17_280); err != nil {
		t.Fatal(err)
	}
	if v := w.must(direct.Nobody(), "get_temp", key).Value; v.Type != xdr.ScValTypeScvVoid {
		t.Errorf("a temporary entry after its life: %v", scval.Plain(v))
	}
	if err := w.Advance(0, 2_100_000); err != nil {
		t.Fatal(err)
	}
	found, ok, err := w.Entry(direct.DataKey(w.contract, scval.Variant("Value", key)))
	if err != nil || !ok || !found.Archived {
		t.Errorf("after its life: %+v %v", found, err)
	}
	out := w.must(direct.Nobody(), "get", key)
	if n := scval.Integer(out.Value); n == nil || n.Int64() != 1 || out.Cost.Restored < 2 {
		t.Errorf("restored %d entries: %v", out.Cost.Restored, scval.Plain(out.Value))
	}
	if err := w.Archive(w.contract, scval.Variant("Value", key)); err != nil {
		t.Fatal(err)
	}
	if out := w.must(direct.Nobody(), "get", key); out.Cost.Restored != 1 {
		t.Errorf("restored %d entries", out.Cost.Restored)
	}
}

func BenchmarkCall(b *testing.B) {
	r, err := direct.Open(b.Context(), direct.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	wasm, err := os.ReadFile("../testdata/contract.wasm")
	if err != nil {
		b.Fatal(err)
	}
	id, err := r.Deploy(b.Context(), "test", wasm, scval.U32(5))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.Call(b.Context(), id, "bump", direct.Nobody(), scval.U32(1)); err != nil {
			b.Fatal(err)
		}
	}
}
