package orchestrator_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/walk"
	"github.com/flashback-network/flashback/internal/sla"
)

const start = 1_800_000_000

func account(kind ids.AccountKind, name string) ids.Account {
	return ids.Account{Chain: ids.Stellar, Kind: kind, Address: canon.Hash([]byte(name))}
}

var (
	provider, consumer, payout, refund = account(0, "provider"), account(0, "consumer"), account(0, "payout"), account(0, "refund")
	node, admin                        = account(0, "node"), account(0, "admin")
	token                              = account(ids.Contract, "token")
	payees                             = [4]ids.Account{account(0, "platform"), account(0, "validators"), account(0, "fund"), account(0, "insurance")}
	keys                               = []*secp256k1.PrivateKey{walk.Key("a"), walk.Key("b"), walk.Key("c"), walk.Key("d")}
)

type fataler interface{ Fatalf(string, ...any) }

// chain is one deployment with one active SLA.
type chain struct {
	t     fataler
	s     *orchestrator.State
	terms *sla.Terms
	at    sla.Leaf // settled
}

func (c *chain) must(now uint64, op orchestrator.Op) ids.ID {
	e, err := c.s.Step(now, op)
	if err != nil {
		c.t.Fatalf("%T: %s", op, fault.CodeOf(err))
	}
	if v := c.s.Check(); len(v) > 0 {
		c.t.Fatalf("%T: %v", op, v)
	}
	return e.ID
}

func begin(t fataler, r orchestrator.Request, spec orchestrator.UnitSpec) *chain {
	return beginWith(t, r, spec, money.Of(1<<62))
}

// beginWith so many tokens that everybody has.
func beginWith(t fataler, r orchestrator.Request, spec orchestrator.UnitSpec, plenty money.Amount) *chain {
	s, err := orchestrator.New(orchestrator.Genesis{Oracle: account(1, "oracle"), Provider: account(1, "po"), Consumer: account(1, "co"), Admin: admin,
		Config: walk.Config([32]byte{1}, start, keys, admin), Params: walk.Params(payees)})
	if err != nil {
		t.Fatalf("%v", err)
	}
	c := &chain{t: t, s: s}
	s.Mint(token, provider, plenty)
	s.Mint(token, consumer, plenty)
	c.must(start, orchestrator.Register{Provider: provider, Payout: payout})
	spec.Node = c.must(start, orchestrator.NodeBind{Provider: provider, Node: node, Endpoint: "https://node.example"})
	c.must(start, orchestrator.DepositCollateral{Provider: provider, Asset: token, Amount: plenty})
	r.Unit = c.must(start, orchestrator.UnitCreate{Provider: provider, Spec: spec})
	x := &sla.Terms{Volume: r.Volume, Egress: r.Egress, Duration: r.Duration, EpochSeconds: 10, StoragePrice: spec.StoragePrice, EgressPrice: spec.EgressPrice}
	x.Bond = x.TotalPrice().Bps(uint32(s.Params().EarlyBps))
	r.MaxTotal, r.Deposit = x.TotalPrice(), x.Full()
	id := c.must(start, r)
	c.terms, _ = s.Terms(id)
	c.at = sla.Zero(c.terms)
	return c
}

// report certifies the SLA's leaf, and settle settles it.
func (c *chain) report(epoch uint64, l sla.Leaf) {
	config := c.s.Config()
	latest, _ := c.s.Latest()
	previous, _ := c.s.Root(latest)
	x := cert.Certificate{Epoch: epoch, Root: l.Hash(), Previous: previous, ConfigDigest: config.Digest()}
	for i, k := range keys {
		x.Signatures = append(x.Signatures, cert.Sign(k, uint32(i), cert.Digest(config.Network, x.ConfigDigest, epoch, x.Root, previous)))
	}
	c.must(config.Start(epoch+1), orchestrator.SubmitReport{Certificate: x})
}

func (c *chain) settle(epoch uint64, l sla.Leaf) {
	config := c.s.Config()
	c.must(config.Start(epoch+1), orchestrator.Settle{SLA: l.SLA, From: c.at, To: l, Epoch: epoch, Proof: merkle.Proof{}})
	c.at = l
}

// draw pays out all that is due and says what everybody has.
func (c *chain) draw(now uint64) map[string]string {
	id := c.terms.SLA
	for _, op := range []orchestrator.Op{orchestrator.Payout{SLA: id}, orchestrator.Refund{SLA: id}, orchestrator.CollectFees{SLA: id}, orchestrator.Claim{SLA: id}, orchestrator.CollectSlash{SLA: id}} {
		if _, err := c.s.Step(now, op); err != nil && fault.CodeOf(err) != "NothingDue" {
			c.t.Fatalf("%T: %v", op, err)
		}
	}
	m := map[string]string{}
	for name, a := range map[string]ids.Account{"provider": provider, "consumer": consumer, "payout": payout, "refund": refund, "platform": payees[0], "validators": payees[1], "fund": payees[2],
		"insurance": payees[3], "po": c.s.Genesis().Provider, "co": c.s.Genesis().Consumer} {
		m[name] = c.s.Balance(token, a).String()
	}
	return m
}

// Settling after every epoch, at random ones, with draws in between, or once: everybody has the same in the end, to the unit, in both modes.
func TestSchedules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := orchestrator.Request{Consumer: consumer, Volume: rapid.Uint64Range(1, 1<<40).Draw(t, "volume"), Egress: rapid.Uint64Range(0, 1<<40).Draw(t, "egress"),
			Duration: rapid.Uint32Range(1, 25).Draw(t, "duration"), Mode: sla.Mode(rapid.IntRange(0, 1).Draw(t, "mode")), Refund: refund, PriceVersion: 1}
		price := func() money.Amount {
			return money.Of(rapid.SampledFrom([]int64{0, 1, 3, 999, 1_234_567, 100_000_000_007}).Draw(t, "price"))
		}
		spec := orchestrator.UnitSpec{Kind: 1, Capacity: 1 << 41, Asset: token, QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 100, ErrorPpm: 1_000}, StoragePrice: price(), EgressPrice: price(),
			CollateralBps: rapid.Uint16Range(100, 12_000).Draw(t, "collateral"), AutoAccept: true, Listed: true, MinEpochs: 1, MaxEpochs: 100}
		each, some, once := begin(t, r, spec), begin(t, r, spec), begin(t, r, spec)
		x, _ := each.s.SLA(each.terms.SLA)
		leaf, base := each.at, each.at
		now := uint64(start)
		for e := range uint64(r.Duration) {
			m := &sla.Measure{Operations: 20, Challenges: 2, Passed: 2, BytesOut: leaf.BytesOut + rapid.Uint64Range(0, r.Egress/10+1).Draw(t, "out")}
			m.Passed -= uint64(rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, 2}).Draw(t, "failed"))
			bad := rapid.SampledFrom([]int{0, 0, 0, 1, 5}).Draw(t, "bad")
			for i := range 5 {
				s := sla.Slot{State: sla.Counted, TTFB: 40, Throughput: 9_000}
				if i < bad {
					s = sla.Slot{State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
				}
				m.Slots = append(m.Slots, s)
			}
			next, v := each.terms.Advance(leaf, &base, m, r.Duration)
			if leaf = next; v != nil {
				base = next
			}
			epoch := x.StartEpoch + e
			c := each.s.Config()
			now = c.Start(epoch + 1)
			for _, c := range []*chain{each, some, once} {
				c.report(epoch, leaf)
			}
			each.settle(epoch, leaf)
			if leaf.Status != sla.Running || rapid.IntRange(0, 3).Draw(t, "now") == 0 {
				some.settle(epoch, leaf)
			}
			if rapid.IntRange(0, 3).Draw(t, "draw") == 0 {
				some.draw(now)
			}
			if leaf.Status != sla.Running {
				once.settle(epoch, leaf)
				break
			}
		}
		a, b, c := each.draw(now), some.draw(now), once.draw(now)
		if d := cmp.Diff(a, b) + cmp.Diff(a, c); d != "" {
			t.Fatal(d)
		}
		if a["co"] != "0" {
			t.Fatalf("%s left in the consumer contract", a["co"])
		}
	})
}

// A call that fails changes nothing: not even what it had written before it failed.
func TestFailureChangesNothing(t *testing.T) {
	t.Parallel()
	c := begin(t, orchestrator.Request{Consumer: consumer, Volume: 1 << 30, Duration: 9, Refund: refund, PriceVersion: 1}, orchestrator.UnitSpec{Kind: 1, Capacity: 1 << 40, Asset: token,
		StoragePrice: money.Of(1_000_000), EgressPrice: money.Of(1), CollateralBps: 5_000, AutoAccept: true, Listed: true, MinEpochs: 1, MaxEpochs: 100})
	x, _ := c.s.SLA(c.terms.SLA)
	u, _ := c.s.Unit(start, x.Unit)
	// the SLA, its terms, the reservation, the collateral and the unit are written before the token refuses
	poor := account(0, "nobody")
	op := orchestrator.Request{Consumer: poor, Unit: u.ID, Volume: 1 << 30, Duration: 9, PriceVersion: 1, MaxTotal: x.Total, Deposit: x.Total}
	before := c.s.Collateral(provider, token)
	if _, err := c.s.Step(start, op); fault.CodeOf(err) != "balance_missing" {
		t.Fatal(err)
	}
	after, _ := c.s.Unit(start, u.ID)
	if d := cmp.Diff(u, after) + cmp.Diff(before, c.s.Collateral(provider, token)); d != "" {
		t.Error(d)
	}
	id := ids.SLAID(c.s.Genesis().Consumer, poor, [32]byte{})
	if _, ok := c.s.SLA(id); ok {
		t.Error("the SLA is there")
	}
	if _, ok := c.s.Reservation(id); ok {
		t.Error("the reservation is there")
	}
	if n := len(c.s.IDs(ids.SLA)); n != 1 {
		t.Errorf("%d SLAs", n)
	}
}

// Check sees what is wrong, all at once. A donation is not.
func TestCheck(t *testing.T) {
	t.Parallel()
	c := begin(t, orchestrator.Request{Consumer: consumer, Volume: 1 << 30, Duration: 9, Refund: refund, PriceVersion: 1}, orchestrator.UnitSpec{Kind: 1, Capacity: 1 << 40, Asset: token,
		StoragePrice: money.Of(1_000_000), EgressPrice: money.Of(1), CollateralBps: 5_000, AutoAccept: true, Listed: true, MinEpochs: 1, MaxEpochs: 100})
	for _, to := range []ids.Account{c.s.Genesis().Consumer, c.s.Genesis().Provider} {
		if err := c.s.Donate(token, consumer, to, money.Of(5)); err != nil {
			t.Fatal(err)
		}
	}
	if v := c.s.Check(); len(v) > 0 {
		t.Fatal(v)
	}
	for _, contract := range []ids.Account{c.s.Genesis().Consumer, c.s.Genesis().Provider} {
		if err := c.s.Donate(token, contract, consumer, c.s.Balance(token, contract)); err != nil {
			t.Fatal(err)
		}
	}
	rules := map[string]bool{}
	for _, v := range c.s.Check() {
		rules[v.Rule] = true
	}
	if !rules["consumer contract solvent"] || !rules["provider contract solvent"] {
		t.Errorf("both contracts were robbed, and Check says %v", rules)
	}
}

// The model's codes are the contracts' error table, but for what only a deployment can meet.
func TestCodes(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../contracts/errors.json")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]uint32{}
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	delete(table, "AlreadyInitialized")
	got := map[string]uint32{}
	for n, e := range orchestrator.Codes() {
		got[e.Code] = n
	}
	if d := cmp.Diff(table, got); d != "" {
		t.Error(d)
	}
}
