package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain/chaintest"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/devnet"
	"github.com/flashback-network/flashback/internal/devnet/devnettest"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/statement"
)

const (
	testSlots  = 10
	testWindow = 2
	flashUnit  = 10_000_000
)

// town is a deployment with all contracts on the embedded network, whose clock the test moves, with wallets and the folder that commands look into.
type town struct {
	*testing.T
	dir    string
	net    *devnet.Network
	chain  *stellar.Chain
	keys   map[string]*stellar.Key
	usd    money.Asset
	config cert.Config
	door   *httptest.Server // a validator's status door
	said   map[string]any   // by the door, by path
}

// statementLeaf is what the door tells of an SLA in an epoch.
type statementLeaf struct {
	Epoch uint64         `json:"epoch"`
	Leaf  []byte         `json:"leaf"`
	Proof statement.Path `json:"proof"`
}

func newTown(t *testing.T, wallets ...string) *town {
	t.Helper()
	ctx := t.Context()
	v := &town{T: t, dir: t.TempDir(), net: devnettest.Start(t), keys: map[string]*stellar.Key{}, said: map[string]any{}}
	c, err := stellar.Connect(ctx, stellar.Options{RPC: v.net.URL(), Passphrase: v.net.Passphrase()})
	v.must(err)
	v.must(os.MkdirAll(filepath.Join(v.dir, "wallets"), 0o700))
	for _, name := range append([]string{"admin", "treasury"}, wallets...) {
		k := stellar.GenerateKey()
		v.keys[name] = k
		v.must(k.Save(filepath.Join(v.dir, "wallets", name+".key")))
		v.must(c.Friendbot(ctx, "", k.Account()))
	}
	if _, err := c.DeployNative(ctx, v.keys["admin"]); err != nil {
		t.Fatal(err)
	}
	v.usd, err = c.IssueAsset(ctx, v.keys["admin"], "USDT")
	v.must(err)
	_, now, err := c.Head(ctx)
	v.must(err)
	me := v.keys["admin"].Account()
	oracle := chaintest.Config(now, me)
	oracle.Validators = nil
	for _, k := range testValidators() {
		oracle.Validators = append(oracle.Validators, cert.Validator{Key: cert.PublicKey(k), Weight: 1, Operator: me})
	}
	at, config, err := c.Deploy(ctx, stellar.DeployOptions{Admin: v.keys["admin"], Oracle: oracle, Params: chaintest.Params(me, me), Around: &stellar.Around{Treasury: v.keys["treasury"].Account(),
		Supply: money.Of(1_000_000 * flashUnit), Guardian: me, Fund: v.keys["treasury"].Account(), Scale: 1, Units: map[money.Asset]money.Amount{v.usd: money.Of(1)}}})
	v.must(err)
	v.config = config
	v.chain, err = c.With(ctx, at)
	v.must(err)
	n := &deployment.Network{Name: "test", StellarRPC: v.net.URL(), Friendbot: v.net.URL() + "/friendbot", Passphrase: c.Passphrase(), Contracts: at, Assets: []deployment.Asset{{Code: "USDT", Contract: v.usd, Decimals: 7}},
		Genesis: config.Genesis, EpochSeconds: config.EpochSeconds, SlotsPerEpoch: config.SlotsPerEpoch, WindowEpochs: config.WindowEpochs}
	v.must(n.Save(filepath.Join(v.dir, "deployment.json")))
	v.door = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l, ok := v.said[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(l)
	}))
	t.Cleanup(v.door.Close)
	return v
}

func testValidators() (l []*secp256k1.PrivateKey) {
	for i := range 4 {
		h := sha256.Sum256(fmt.Appendf(nil, "validator of commands %d", i))
		l = append(l, secp256k1.PrivKeyFromBytes(h[:]))
	}
	return l
}

func (v *town) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatalf("%s: %v", fault.CodeOf(err), err)
	}
}

// pass lets ledger time go on.
func (v *town) pass(d time.Duration) {
	v.Helper()
	v.must(v.net.Advance(d, 1))
}

const testDay = 24 * time.Hour

func (v *town) run(who string, args ...string) (string, error) {
	return run(v.T, append([]string{"--dir", v.dir, "--wallet", who}, args...)...)
}

// does runs a command that has to succeed.
func (v *town) does(who string, args ...string) string {
	v.Helper()
	out, err := v.run(who, args...)
	if err != nil {
		v.Fatalf("%s: %s: %s: %v", who, strings.Join(args, " "), fault.CodeOf(err), err)
	}
	return out
}

// refused runs a command that has to be refused with a code.
func (v *town) refused(code, who string, args ...string) {
	v.Helper()
	if out, err := v.run(who, args...); fault.CodeOf(err) != code {
		v.Errorf("%s: %s: %v, want %s; %s", who, strings.Join(args, " "), err, code, out)
	}
}

// told runs a command with --json and reads what it prints.
func (v *town) told(who string, args ...string) (m map[string]any) {
	v.Helper()
	out := v.does(who, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		v.Fatalf("%s: %v", out, err)
	}
	return m
}

// toldList is told for commands that print a list.
func (v *town) toldList(who string, args ...string) (l []map[string]any) {
	v.Helper()
	out := v.does(who, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &l); err != nil {
		v.Fatalf("%s: %v", out, err)
	}
	return l
}

// text of a field of a field.
func text(m map[string]any, outer, inner string) string {
	x, _ := m[outer].(map[string]any)
	return fmt.Sprint(x[inner])
}

// shows expects words in what a command prints.
func (v *town) shows(out string, words ...string) {
	v.Helper()
	for _, w := range words {
		if !strings.Contains(out, w) {
			v.Errorf("%q is missing in:\n%s", w, out)
		}
	}
}

// rented is an SLA whose epochs the test certifies.
type rented struct {
	*town
	id                 ids.ID
	node               *stellar.Key
	nodeID             ids.ID
	terms              *sla.Terms
	start              uint64
	now, base, settled sla.Leaf
}

// rent makes a provider with a node and a unit, and a consumer's SLA on it: wallets "provider" and "consumer".
func (v *town) rent(mode sla.Mode, epochs uint32) *rented {
	v.Helper()
	ctx := v.Context()
	p, c := v.keys["provider"], v.keys["consumer"]
	do := func(by *stellar.Key, op orchestrator.Op) ids.ID {
		v.Helper()
		r, err := v.chain.Submit(ctx, by, op)
		v.must(err)
		return r.ID
	}
	for _, k := range []*stellar.Key{p, c} {
		v.must(v.chain.Trust(ctx, k, v.usd))
		_, err := v.chain.Transfer(ctx, v.keys["admin"], v.usd, k.Account(), money.Of(1_000_000_000))
		v.must(err)
	}
	do(p, orchestrator.Register{Provider: p.Account(), Payout: p.Account(), Info: [32]byte{7}})
	x := &rented{town: v, node: stellar.GenerateKey()}
	bind := orchestrator.NodeBind{Provider: p.Account(), Node: x.node.Account(), Endpoint: "http://127.0.0.1:9000"}
	var signed [][]byte
	for _, k := range []*stellar.Key{p, x.node} {
		a, err := v.chain.Authorize(ctx, bind, k.Account())
		v.must(err)
		a, err = v.chain.SignAuthorization(k, bind, a)
		v.must(err)
		signed = append(signed, a)
	}
	r, err := v.chain.Relay(ctx, v.keys["admin"], bind, signed...)
	v.must(err)
	x.nodeID = r.ID
	do(p, orchestrator.DepositCollateral{Provider: p.Account(), Asset: v.usd, Amount: money.Of(500_000_000)})
	const gib = 1 << 30
	unit := do(p, orchestrator.UnitCreate{Provider: p.Account(), Nonce: [32]byte{1}, Spec: orchestrator.UnitSpec{Node: x.nodeID, Kind: 1, Capacity: 100 * gib, Region: "DE/Berlin", QoS: sla.QoS{AvailabilityPpm: 999_000},
		Asset: v.usd, StoragePrice: money.Of(86_400_000), EgressPrice: money.Of(1_000), CollateralBps: 5_000, AutoAccept: true, Listed: true, MinEpochs: 1, MaxEpochs: 1_000, RateLimit: 100}})
	q, err := v.chain.Quote(ctx, unit, c.Account(), 10*gib, gib, epochs, ids.ID{})
	v.must(err)
	params, err := v.chain.Params(ctx)
	v.must(err)
	x.id = do(c, orchestrator.Request{Consumer: c.Account(), Unit: unit, Volume: 10 * gib, Egress: gib, Duration: epochs, Mode: mode, Refund: c.Account(), MaxTotal: q.Total, PriceVersion: q.PriceVersion,
		Nonce: [32]byte{2}, Deposit: params.FullDeposit(q.Total)})
	raw, err := v.chain.Terms(ctx, x.id)
	v.must(err)
	x.terms, err = sla.DecodeTerms(raw)
	v.must(err)
	s, err := v.chain.SLA(ctx, x.id)
	v.must(err)
	zero := sla.Zero(x.terms)
	x.start, x.now, x.base, x.settled = s.StartEpoch, zero, zero, zero
	return x
}

// epoch lets one pass without faults, certifies and settles it; twist changes the leaf that validators certify, as a quorum that judges wrongly would.
func (x *rented) epoch(twist func(*sla.Leaf)) {
	x.Helper()
	m := &sla.Measure{Operations: 20, Challenges: 2, Passed: 2}
	for range testSlots {
		m.Slots = append(m.Slots, sla.Slot{State: sla.Counted, TTFB: 12, Throughput: 5_000})
	}
	x.measured(m, twist)
}

func (x *rented) measured(m *sla.Measure, twist func(*sla.Leaf)) {
	x.Helper()
	next, verdict := x.terms.Advance(x.now, &x.base, m, x.terms.Duration)
	if twist != nil {
		twist(&next)
	}
	if x.now = next; verdict != nil {
		x.base = next
	}
	epoch := x.start + uint64(next.Epochs) - 1
	report := x.certify(epoch, &next)
	from := x.settled
	for _, op := range []orchestrator.Op{
		orchestrator.SettleReservation{SLA: x.id, Terms: x.terms.Bytes(), From: from, To: next, Epoch: epoch, Proof: report},
		orchestrator.Settle{SLA: x.id, From: from, To: next, Epoch: epoch, Proof: report},
	} {
		if _, err := x.chain.Submit(x.Context(), x.keys["admin"], op); err != nil {
			x.Fatalf("%T: %s: %v", op, fault.CodeOf(err), err)
		}
	}
	x.settled = next
}

// certify lets time pass to an epoch's end and reports it with one leaf, which the door has from then on.
func (v *town) certify(epoch uint64, leaf *sla.Leaf) merkle.Proof {
	v.Helper()
	_, at, err := v.chain.Head(v.Context())
	v.must(err)
	if end := v.config.Start(epoch + 1); end > uint64(at.Unix()) {
		v.pass(time.Duration(end-uint64(at.Unix())) * time.Second)
	}
	leaves := []merkle.Hash{leaf.Hash(), merkle.Leaf(fmt.Appendf(nil, "another SLA in %d", epoch))}
	_, previous, _, err := v.chain.LatestReport(v.Context())
	v.must(err)
	x := cert.Certificate{Epoch: epoch, Root: merkle.Root(leaves), Previous: previous, ConfigDigest: v.config.Digest()}
	d := cert.Digest(v.config.Network, x.ConfigDigest, epoch, x.Root, previous)
	for i, k := range testValidators()[:3] {
		x.Signatures = append(x.Signatures, cert.Sign(k, uint32(i), d))
	}
	_, err = v.chain.Submit(v.Context(), v.keys["admin"], orchestrator.SubmitReport{Certificate: x})
	v.must(err)
	p := merkle.Prove(leaves, 0)
	v.said[fmt.Sprintf("/v1/reports/%d/slas/%s", epoch, leaf.SLA)] = statementLeaf{epoch, leaf.Bytes(), statement.Path(p)}
	return p
}
