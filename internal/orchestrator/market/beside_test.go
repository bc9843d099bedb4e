package market_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
	"github.com/flashback-network/flashback/internal/orchestrator/walk"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

// host is the real host without RPC.
type host struct{ *direct.Rig }

func (h host) Head() (uint32, time.Time) { return h.Ledger(), time.Unix(int64(h.Now()), 0) }

func (h host) Entry(k xdr.LedgerKey) (*xdr.LedgerEntryData, error) {
	f, ok, err := h.Rig.Entry(k)
	if !ok {
		return nil, err
	}
	return &f.Entry.Data, err
}

func (h host) Look(ctx context.Context, source ids.Account, fn xdr.HostFunction) (xdr.ScVal, []xdr.SorobanAuthorizationEntry, error) {
	v, auth, err := h.Rig.Look(ctx, source, fn)
	return v, auth, told(err)
}

func (h host) Apply(ctx context.Context, source ids.Account, fn xdr.HostFunction, signed []xdr.SorobanAuthorizationEntry) (stellar.Applied, error) {
	out, err := h.Run(ctx, fn, direct.Signed(source, signed...))
	return stellar.Applied{Value: out.Value}, told(err)
}

func told(err error) error {
	var r *direct.Refusal
	if errors.As(err, &r) {
		return &stellar.LocalRefusal{Text: r.Words, Diagnostics: r.Diagnostics}
	}
	return err
}

// beside is the Wasm of Market and Orchestrators on the real host, through the driver, beside the models of all of them.
type beside struct {
	*testing.T
	*walker
	rig   *direct.Rig
	chain *stellar.Chain
	keys  map[ids.Account]*stellar.Key
	core  *orchestrator.State
}

// The same calls on the models and on the Wasm: error, answer, asks, answers, prices and what is made of them are compared after each.
func TestBesideTheContracts(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	b := open(t, seed)
	applied := map[string]int{}
	for i := range 100 {
		op := b.next()
		name, err := b.step(op)
		if err != nil {
			t.Fatalf("step %d, %T %+v: %v", i, op, op, err)
		}
		applied[name]++
	}
	if err := b.compare(b.s.IDs()...); err != nil {
		t.Fatal(err)
	}
	t.Log(applied)
}

func open(t *testing.T, seed uint64) *beside {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	rig, err := direct.Open(ctx, direct.Options{Start: time.Unix(start, 0)})
	must(err)
	t.Cleanup(func() { must(rig.Close()) })
	b := &beside{T: t, rig: rig, keys: map[ids.Account]*stellar.Key{}}
	key := func(name string) ids.Account {
		k := stellar.KeyFromRaw(canon.Hash([]byte("market beside " + name)))
		b.keys[k.Account()] = k
		must(rig.Fund(k.Account()))
		return k.Account()
	}
	c := cast{admin: key("admin")}
	asset, err := rig.Issue(ctx, "USDT", key("issuer"))
	must(err)
	c.asset = asset
	for i := range 3 {
		c.providers = append(c.providers, key(fmt.Sprint("provider ", i)))
		c.consumers = append(c.consumers, key(fmt.Sprint("consumer ", i)))
	}
	client := stellar.Inside(host{rig}, rig.Passphrase())
	validators := []*secp256k1.PrivateKey{walk.Key("a"), walk.Key("b"), walk.Key("c"), walk.Key("d")}
	config, params := walk.Config([32]byte{}, rig.Now(), validators, c.admin), walk.Params([4]ids.Account{c.admin, c.admin, c.admin, c.admin})
	at, config, err := client.Deploy(ctx, stellar.DeployOptions{Admin: b.keys[c.admin], Oracle: config, Params: params})
	must(err)
	at.Market, err = rig.DeployArtifact(ctx, "market", scval.Address(c.admin), scval.Address(at.Provider), scval.Address(at.Consumer))
	must(err)
	b.chain, err = client.With(ctx, at)
	must(err)
	c.market, c.epochSeconds = at.Market, config.EpochSeconds
	b.core, err = orchestrator.New(orchestrator.Genesis{Oracle: at.Oracle, Provider: at.Provider, Consumer: at.Consumer, Admin: c.admin, Config: config, Params: params})
	must(err)
	for _, a := range append(c.providers, c.consumers...) {
		must(rig.Give(asset, a, fortune))
		b.core.Mint(asset, a, money.Of(fortune))
	}
	for i, p := range c.providers {
		c.units = append(c.units, b.seller(p, key(fmt.Sprint("node ", i)), asset, i)...)
	}
	b.walker = newWalker(c, &market.Core{State: b.core}, rig.Now(), seed)
	return b
}

// both takes a call of the Orchestrators in the model and on the chain.
func (b *beside) both(by ids.Account, op orchestrator.Op) ids.ID {
	b.Helper()
	e, err := b.core.Step(b.rig.Now(), op)
	if err != nil {
		b.Fatalf("%T: %v", op, err)
	}
	r, err := b.chain.Submit(b.Context(), b.keys[by], op)
	if err != nil || r.ID != e.ID {
		b.Fatalf("%T: %s, want %s: %v", op, r.ID, e.ID, err)
	}
	return e.ID
}

// seller is a provider with collateral and two units, of which one is small and one is not listed.
func (b *beside) seller(p, node ids.Account, asset money.Asset, i int) (units []ids.ID) {
	b.Helper()
	b.both(p, orchestrator.Register{Provider: p, Payout: p, Info: [32]byte{7}})
	bind := orchestrator.NodeBind{Provider: p, Node: node, Endpoint: "http://127.0.0.1:9000"}
	e, err := b.core.Step(b.rig.Now(), bind)
	if err != nil {
		b.Fatal(err)
	}
	var signed [][]byte
	for _, a := range []ids.Account{p, node} {
		x, err := b.chain.Authorize(b.Context(), bind, a)
		if err == nil {
			x, err = b.chain.SignAuthorization(b.keys[a], bind, x)
		}
		if err != nil {
			b.Fatal(err)
		}
		signed = append(signed, x)
	}
	if _, err := b.chain.Relay(b.Context(), b.keys[p], bind, signed...); err != nil {
		b.Fatal(err)
	}
	b.both(p, orchestrator.DepositCollateral{Provider: p, Asset: asset, Amount: money.Of([]int64{fortune / 2, fortune / 2, 2_000_000}[i])})
	for j, capacity := range []uint64{12 * gib, 500 * gib} {
		units = append(units, b.both(p, orchestrator.UnitCreate{Provider: p, Nonce: [32]byte{byte(j + 1)}, Spec: orchestrator.UnitSpec{Node: e.ID, Kind: 1, Capacity: capacity, Region: []string{"eu-west-1", "us"}[j],
			QoS: sla.QoS{AvailabilityPpm: 999_000, ErrorPpm: 1_000}, Asset: asset, StoragePrice: money.Of(9_000_000), EgressPrice: money.Of(1_000_000), CollateralBps: 1_000, AutoAccept: j == 0, Listed: j == 0, MinEpochs: 1, MaxEpochs: 60}}))
	}
	return units
}

// caller of an op, and the ask that it is about.
func caller(op any) (by ids.Account, ask ids.ID) {
	v := reflect.ValueOf(op)
	first := v.Field(0)
	if a, ok := first.Interface().(ids.Account); ok {
		by = a
	}
	if f := v.FieldByName("ID"); f.IsValid() {
		ask = f.Interface().(ids.ID)
	}
	return by, ask
}

// step takes an op on both sides; it gives the error's code, or the op's name.
func (b *beside) step(op any) (string, error) {
	if d := b.now - b.rig.Now(); d > 0 {
		if err := b.rig.Advance(d, 1); err != nil {
			return "", err
		}
	}
	by, ask := caller(op)
	signer := b.keys[by]
	if signer == nil {
		signer = b.keys[b.admin]
	}
	var r chain.Receipt
	var err, wanted error
	var made ids.ID
	if p, ok := op.(priceFor); ok {
		wanted = b.o.PriceFor(b.now, p)
		r, err = b.chain.Submit(b.Context(), signer, p)
	} else {
		var e market.Effects
		e, wanted = b.s.Step(b.now, op.(market.Op))
		r, err = b.chain.Trade(b.Context(), signer, op.(market.Op))
		if made = e.ID; ask.Zero() {
			ask = made
		}
	}
	if got, want := fault.CodeOf(err), fault.CodeOf(wanted); got != want {
		return "", fmt.Errorf("the contract says %q (%v), the model %q", got, err, want)
	}
	if v := append(b.s.Check(), b.core.Check()...); len(v) > 0 {
		return "", fmt.Errorf("%v", v)
	}
	if wanted != nil {
		return "! " + fault.CodeOf(wanted), nil
	}
	if r.ID != made {
		return "", fmt.Errorf("the contract made %s, the model %s", r.ID, made)
	}
	if made.Kind() == ids.SLA && !made.Zero() {
		got, err := b.chain.SLA(b.Context(), made)
		want, _ := b.core.SLA(made)
		if err != nil || got.State != want.State || !got.Total.Equal(want.Total) || !got.Deposited.Equal(want.Deposited) || got.TermsHash != want.TermsHash || got.Provider != want.Provider {
			return "", fmt.Errorf("the SLA: %v; the contract has\n%+v, the model\n%+v", err, got, want)
		}
	}
	for _, u := range b.units[:2] {
		for _, c := range b.consumers {
			got, err := b.chain.PriceOf(b.Context(), u, c)
			if want, ok := b.core.PriceOf(b.now, u, c); ok != (err == nil) || ok && fmt.Sprint(got) != fmt.Sprint(want) {
				return "", fmt.Errorf("the price of %s for %s: %v; the contract has %+v, the model %+v (%v)", u, c, err, got, want, ok)
			}
		}
	}
	return fmt.Sprintf("%T", op), b.compare(ask)
}

// compare asks with all of their answers.
func (b *beside) compare(l ...ids.ID) error {
	for _, id := range l {
		want, ok := b.s.Ask(id)
		if !ok {
			continue
		}
		got, err := b.chain.Ask(b.Context(), id)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("ask %s: %v; the contract has\n%+v, the model\n%+v", id, err, got, want)
		}
		answers, err := b.chain.Answers(b.Context(), id, 0, 100)
		if err != nil || fmt.Sprint(answers) != fmt.Sprint(b.s.Answers(id)) {
			return fmt.Errorf("answers to %s: %v; the contract has\n%+v, the model\n%+v", id, err, answers, b.s.Answers(id))
		}
		for _, x := range answers {
			if one, err := b.chain.Answer(b.Context(), id, x.Provider); err != nil || fmt.Sprint(one) != fmt.Sprint(x) {
				return fmt.Errorf("the answer of %s: %v, %+v", x.Provider, err, one)
			}
		}
	}
	return nil
}
