package attack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/walk"
	"github.com/flashback-network/flashback/internal/scval"
)

// world is one deployment with its parties, all of whom have a thousand million units and a key of their own.
type world struct {
	*testing.T
	*direct.Rig
	ctx    context.Context
	chain  *stellar.Chain
	config cert.Config
	params orchestrator.Params
	usd    money.Asset

	latest uint64 // reported epoch, if root is not zero
	root   [32]byte
	lives  []*life
	tokens []money.Asset // that the contracts have to be solvent in
	gifts  map[ids.Account]int64
	nonces int

	calls map[string]int   // that were applied or refused, by party
	fees  map[string]int64 // of those that were applied, stroops
	due   map[string]int64 // what the honest course would have changed of a party's wealth
}

// The parties. The honest ones have SLAs with each other in every scenario: money that is there to be stolen.
var (
	providers = []string{"pia", "rogue"}
	consumers = []string{"carl", "mallory"}
	payees    = []string{"platform", "validators", "fund", "insurance"}
	others    = []string{"admin", "dispute", "anyone", "issuer", "node pia", "node rogue", "heir"}
)

const (
	purse      = 1_000_000_000 // of each provider and consumer
	collateral = 100_000_000   // that each provider has deposited
)

var begin = time.Unix(1_800_000_000, 0)

func key(name string) *stellar.Key {
	return stellar.KeyFromRaw(canon.Hash([]byte("attack " + name)))
}

func party(name string) direct.Party {
	return direct.NewParty(name, canon.Hash([]byte("attack "+name)))
}

func account(name string) ids.Account { return key(name).Account() }

func arg(name string) xdr.ScVal { return scval.Address(account(name)) }

// base is the deployment that all scenarios fork.
var base = sync.OnceValues(func() (*world, error) {
	ctx := context.Background()
	r, err := direct.Open(ctx, direct.Options{Start: begin})
	if err != nil {
		return nil, err
	}
	w := &world{Rig: r, ctx: ctx}
	return w, w.deploy()
})

var forking sync.Mutex

func TestMain(m *testing.M) {
	code := m.Run()
	if w, err := base(); err == nil {
		if err := w.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// start is a world of a scenario's own.
func start(t *testing.T) *world {
	t.Helper()
	forking.Lock()
	defer forking.Unlock()
	b, err := base()
	if err != nil {
		t.Fatal(err)
	}
	w := *b
	w.T, w.ctx = t, t.Context()
	if w.Rig, err = b.Fork(w.ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.chain, err = stellar.Inside(local{w.Rig}, w.Passphrase()).With(w.ctx, b.chain.Contracts()); err != nil {
		t.Fatal(err)
	}
	w.calls, w.fees, w.due, w.gifts = map[string]int{}, map[string]int64{}, map[string]int64{}, map[ids.Account]int64{}
	w.tokens = []money.Asset{w.usd}
	return &w
}

// validators' keys: four with weights 1, 2, 1, 2.
const validators = 4

func (w *world) deploy() error {
	for _, n := range slices.Concat(providers, consumers, payees, others) {
		if err := w.Fund(account(n)); err != nil {
			return err
		}
	}
	var err error
	if w.usd, err = w.Issue(w.ctx, "USDT", account("issuer")); err != nil {
		return err
	}
	for _, n := range slices.Concat(providers, consumers) {
		err = errors.Join(err, w.Give(w.usd, account(n), purse))
	}
	for _, n := range append([]string{"heir"}, payees...) {
		err = errors.Join(err, w.Trust(w.usd, account(n)))
	}
	if err != nil {
		return err
	}
	var four [4]ids.Account
	for i, n := range payees {
		four[i] = account(n)
	}
	w.params = walk.Params(four)
	c := stellar.Inside(local{w.Rig}, w.Passphrase())
	at, config, err := c.Deploy(w.ctx, stellar.DeployOptions{Admin: key("admin"), Dispute: account("dispute"), Params: w.params, Oracle: oracleConfig(w.Now())})
	if err != nil {
		return err
	}
	w.config = config
	if w.chain, err = c.With(w.ctx, at); err != nil {
		return err
	}
	for _, p := range providers {
		err = errors.Join(err, w.provider(p))
	}
	return err
}

// provider registers, binds a node and deposits.
func (w *world) provider(name string) error {
	if _, err := w.chain.Submit(w.ctx, key(name), orchestrator.Register{Provider: account(name), Payout: account(name)}); err != nil {
		return err
	}
	if _, err := w.Call(w.ctx, w.at().Provider, "node_bind", direct.By(party(name), party("node "+name)), arg(name), arg("node "+name), scval.String("https://node.example")); err != nil {
		return err
	}
	_, err := w.chain.Submit(w.ctx, key(name), orchestrator.DepositCollateral{Provider: account(name), Asset: w.usd, Amount: money.Of(collateral)})
	return err
}

func (w *world) at() chain.Contracts { return w.chain.Contracts() }

// try is a call by a party, with the contracts' name of the refusal, or "".
func (w *world) try(by string, op orchestrator.Op) (ids.ID, string) {
	w.Helper()
	w.calls[by]++
	r, err := w.chain.Submit(w.ctx, key(by), op)
	if err != nil {
		if fault.CodeOf(err) == "" || fault.KindOf(err) == fault.Internal && fault.CodeOf(err) != "trapped" {
			w.Fatalf("%T: %v", op, err)
		}
		return ids.ID{}, fault.CodeOf(err)
	}
	w.fees[by] += r.Fee.Big().Int64()
	return r.ID, ""
}

// do is a call that has to go through.
func (w *world) do(by string, op orchestrator.Op) ids.ID {
	w.Helper()
	id, refused := w.try(by, op)
	if refused != "" {
		w.Fatalf("%s: %T is refused: %s", by, op, refused)
	}
	return id
}

// refused is a call that has to be refused for this reason.
func (w *world) refused(why, by string, op orchestrator.Op) {
	w.Helper()
	if _, got := w.try(by, op); got != why {
		w.Errorf("%s: %T: refused with %q, not %q", by, op, got, why)
	}
}

// raw is a call of any function of any contract.
func (w *world) raw(by string, contract ids.Account, function string, args ...xdr.ScVal) (direct.Outcome, error) {
	w.calls[by]++
	out, err := w.Call(w.ctx, contract, function, direct.AsSource(party(by)), args...)
	w.fees[by] += out.Cost.Fee()
	var r *direct.Refusal
	if err != nil && !errors.As(err, &r) {
		w.Fatalf("%s: %v", function, err)
	}
	return out, err
}

// mustRaw is raw that has to go through.
func (w *world) mustRaw(by string, contract ids.Account, function string, args ...xdr.ScVal) direct.Outcome {
	w.Helper()
	out, err := w.raw(by, contract, function, args...)
	if err != nil {
		w.Fatalf("%s: %s: %v", by, function, err)
	}
	return out
}

func (w *world) nonce() [32]byte {
	w.nonces++
	return canon.Hash([]byte(fmt.Sprint("nonce ", w.nonces)))
}

func (w *world) advance(seconds uint64) {
	w.Helper()
	if err := w.Advance(seconds, uint32(seconds/5)+1); err != nil {
		w.Fatal(err)
	}
}

// number of an environment variable, or a default.
func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
