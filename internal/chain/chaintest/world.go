// Package chaintest is the suite that every driver of internal/chain runs: the whole life of SLAs through the port, with its refusals and their codes, on a real chain with a clock that the
// test moves. A driver's own test opens a World and calls Run. It imports the domain and the port, and no driver.
package chaintest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Opener starts a chain with a fresh deployment for one test, which ends with it.
type Opener func(t *testing.T, s Setup) World

// Setup is what the suite asks of a deployment.
type Setup struct {
	Oracle func(now time.Time, operator ids.Account) cert.Config  // Network is left to the driver
	Params func(platform, others ids.Account) orchestrator.Params // the addresses that shares are paid to
}

// World is a deployment and what a test does around it.
type World struct {
	Chain  chain.Chain
	Admin  chain.Signer
	Asset  money.Asset                                  // an issued one
	Native money.Asset                                  // what fees are paid in
	Payees [2]ids.Account                               // platform, others: they hold Asset
	Wallet func(t *testing.T, asset int64) chain.Signer // a new funded account that holds so much of Asset
	Key    func() chain.Signer                          // a new key that the chain does not know
	Pass   func(t *testing.T, d time.Duration)          // lets ledger time pass
	Age    func(t *testing.T, d time.Duration)          // lets it pass as on a public network, with its ledgers
}

// The suite's network: epochs of 10 s in 10 slots, windows of 2 epochs, four validators of equal weight.
const (
	EpochSeconds = 10
	slots        = 10
	window       = 2
	gib          = 1 << 30
)

// Config is the suite's Oracle configuration: epoch 0 begins at now.
func Config(now time.Time, operator ids.Account) cert.Config {
	c := cert.Config{Version: 1, Genesis: uint64(now.Unix()), EpochSeconds: EpochSeconds, SlotsPerEpoch: slots, WindowEpochs: window}
	for _, k := range validators() {
		c.Validators = append(c.Validators, cert.Validator{Key: cert.PublicKey(k), Weight: 1, Operator: operator})
	}
	return c
}

// Params are the suite's parameters: the design's, with short times.
func Params(platform, others ids.Account) orchestrator.Params {
	p := orchestrator.Params{Protocol: sla.DefaultProtocol(window), CollateralMinBps: 100, AcceptSeconds: 60, FundSeconds: 60, CloseSeconds: 100, NoticeSeconds: 20, QuotaSeconds: 15,
		PlatformAddress: platform, ValidatorsAddress: others, FundAddress: others, InsuranceAddress: others}
	p.MinSamples = 2
	return p
}

func validators() (l []*secp256k1.PrivateKey) {
	for i := range 4 {
		h := sha256.Sum256(fmt.Appendf(nil, "validator %d", i))
		l = append(l, secp256k1.PrivKeyFromBytes(h[:]))
	}
	return l
}

// scene is a World within a test, with a provider's unit in it.
type scene struct {
	World
	*testing.T
	ctx      context.Context
	config   cert.Config
	provider chain.Signer
	node     chain.Signer
	nodeID   ids.ID
	unit     ids.ID
	nonce    byte
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", fault.CodeOf(err), err)
	}
}

func (s *scene) do(by chain.Signer, op orchestrator.Op) chain.Receipt {
	s.Helper()
	r, err := s.Chain.Submit(s.ctx, by, op)
	if err != nil {
		s.Fatalf("%T: %s: %v", op, fault.CodeOf(err), err)
	}
	if r.Tx == "" || r.Ledger == 0 || r.Time.IsZero() || r.Fee.Sign() <= 0 || r.Instructions == 0 {
		s.Fatalf("%T: the receipt is not complete: %+v", op, r)
	}
	return r
}

// refused expects a fault with a code and nothing done.
func (s *scene) refused(code string, kind fault.Kind, by chain.Signer, op orchestrator.Op) {
	s.Helper()
	_, err := s.Chain.Submit(s.ctx, by, op)
	s.isRefusal(code, kind, err)
}

func (s *scene) isRefusal(code string, kind fault.Kind, err error) {
	s.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != code || f.Kind != kind {
		s.Errorf("got %v %q, want %v %s (%v)", fault.KindOf(err), fault.CodeOf(err), kind, code, err)
	}
}

func (s *scene) fresh() (n [32]byte) {
	s.nonce++
	n[0] = s.nonce
	return n
}

func (s *scene) balance(asset money.Asset, a ids.Account) money.Amount {
	s.Helper()
	b, err := s.Chain.Balance(s.ctx, asset, a)
	s.must(err)
	return b
}

func (s *scene) sla(id ids.ID) orchestrator.SLA {
	s.Helper()
	v, err := s.Chain.SLA(s.ctx, id)
	s.must(err)
	return v
}

func (s *scene) now() uint64 {
	s.Helper()
	_, at, err := s.Chain.Head(s.ctx)
	s.must(err)
	return uint64(at.Unix())
}

// pass lets time go to the end of an epoch.
func (s *scene) endOf(epoch uint64) {
	s.Helper()
	if end, now := s.config.Start(epoch+1), s.now(); end > now {
		s.Pass(s.T, time.Duration(end-now)*time.Second)
	}
}

// begin opens a world with a registered provider, its node and an auto-accepting unit.
func begin(t *testing.T, open Opener) *scene {
	t.Helper()
	s := &scene{World: open(t, Setup{Config, Params}), T: t, ctx: t.Context()}
	var err error
	s.config, err = s.Chain.OracleConfig(s.ctx)
	s.must(err)
	s.provider, s.node = s.Wallet(t, 1_000_000_000), s.Key()
	s.do(s.provider, orchestrator.Register{Provider: s.provider.Account(), Payout: s.provider.Account(), Info: [32]byte{7}})
	s.nodeID = s.bind(s.provider, s.node, "http://127.0.0.1:9000")
	s.do(s.provider, orchestrator.DepositCollateral{Provider: s.provider.Account(), Asset: s.Asset, Amount: money.Of(500_000_000)})
	s.unit = s.do(s.provider, orchestrator.UnitCreate{Provider: s.provider.Account(), Nonce: s.fresh(), Spec: s.spec()}).ID
	return s
}

func (s *scene) spec() orchestrator.UnitSpec {
	return orchestrator.UnitSpec{Node: s.nodeID, Kind: 1, Capacity: 100 * gib, Region: "DE/Berlin", QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 200, ErrorPpm: 10_000}, Asset: s.Asset,
		StoragePrice: money.Of(86_400_000), EgressPrice: money.Of(1_000), CollateralBps: 5_000, AutoAccept: true, Listed: true, MinEpochs: 1, MaxEpochs: 1_000, RateLimit: 100}
}

// bind does the whole relayed procedure: the wallet and the node sign, the admin pays.
func (s *scene) bind(provider, node chain.Signer, endpoint string) ids.ID {
	s.Helper()
	op := orchestrator.NodeBind{Provider: provider.Account(), Node: node.Account(), Endpoint: endpoint}
	r, err := s.Chain.Relay(s.ctx, s.Admin, op, s.authorization(op, provider), s.authorization(op, node))
	s.must(err)
	if want := ids.NodeID(s.Chain.Contracts().Provider, node.Account()); r.ID != want {
		s.Fatalf("node id %s, want %s", r.ID, want)
	}
	return r.ID
}

func (s *scene) authorization(op orchestrator.Op, by chain.Signer) []byte {
	s.Helper()
	unsigned, err := s.Chain.Authorize(s.ctx, op, by.Account())
	s.must(err)
	signed, err := s.Chain.SignAuthorization(by, op, unsigned)
	s.must(err)
	return signed
}

// request is one of 10 GiB, fully deposited.
func (s *scene) request(consumer chain.Signer, mode sla.Mode, epochs uint32) orchestrator.Request {
	s.Helper()
	q, err := s.Chain.Quote(s.ctx, s.unit, consumer.Account(), 10*gib, gib, epochs, ids.ID{})
	s.must(err)
	p, err := s.Chain.Params(s.ctx)
	s.must(err)
	return orchestrator.Request{Consumer: consumer.Account(), Unit: s.unit, Volume: 10 * gib, Egress: gib, Duration: epochs, Mode: mode, Refund: consumer.Account(), MaxTotal: q.Total,
		PriceVersion: q.PriceVersion, Nonce: s.fresh(), Deposit: p.FullDeposit(q.Total)}
}

// certify submits a report of one leaf, with the first signers.
func (s *scene) certify(epoch uint64, leaf *sla.Leaf, signers int) (orchestrator.SubmitReport, merkle.Proof) {
	s.Helper()
	other := merkle.Leaf([]byte("another SLA"))
	leaves := []merkle.Hash{leaf.Hash(), other}
	_, previous, _, err := s.Chain.LatestReport(s.ctx)
	s.must(err)
	x := cert.Certificate{Epoch: epoch, Root: merkle.Root(leaves), Previous: previous, ConfigDigest: s.config.Digest()}
	d := cert.Digest(s.config.Network, x.ConfigDigest, epoch, x.Root, previous)
	for i, k := range validators()[:signers] {
		x.Signatures = append(x.Signatures, cert.Sign(k, uint32(i), d))
	}
	return orchestrator.SubmitReport{Certificate: x}, merkle.Prove(leaves, 0)
}

// good is a measure of an epoch without faults; out is cumulative.
func good(out uint64) *sla.Measure {
	m := &sla.Measure{Operations: 20, Challenges: 2, Passed: 2, BytesIn: out, BytesOut: out, ByteSeconds: sla.Wide{Lo: out}}
	for range slots {
		m.Slots = append(m.Slots, sla.Slot{State: sla.Counted, TTFB: 12, Throughput: 5_000})
	}
	return m
}

// dead is a measure of an epoch in which the node was unreachable.
func dead(out uint64) *sla.Measure {
	m := &sla.Measure{BytesOut: out, BytesIn: out}
	for range slots {
		m.Slots = append(m.Slots, sla.Slot{State: sla.Bad})
	}
	return m
}
