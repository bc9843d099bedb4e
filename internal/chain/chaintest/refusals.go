package chaintest

import (
	"bytes"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// certificates that the Oracle does not take, and one that it does.
func certificates(t *testing.T, open Opener) {
	s := begin(t, open)
	leaf := sla.Leaf{Epochs: 1}
	early, _ := s.certify(0, &leaf, 3)
	s.refused("EpochFuture", fault.Conflict, s.Admin, early)
	s.endOf(0)
	report, _ := s.certify(0, &leaf, 3)

	order := new(big.Int).SetBytes([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
		0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41})
	for _, c := range []struct {
		code   string
		kind   fault.Kind
		change func(*cert.Certificate)
	}{
		{"QuorumMissing", fault.Invalid, func(x *cert.Certificate) { x.Signatures = x.Signatures[:2] }},
		{"QuorumMissing", fault.Invalid, func(x *cert.Certificate) { x.Signatures = nil }},
		{"SignerOrder", fault.Invalid, func(x *cert.Certificate) { x.Signatures[1] = x.Signatures[0] }},
		{"SignerOrder", fault.Invalid, func(x *cert.Certificate) { x.Signatures[0], x.Signatures[1] = x.Signatures[1], x.Signatures[0] }},
		{"SignerUnknown", fault.Invalid, func(x *cert.Certificate) { x.Signatures[2].Signer = 4 }},
		{"SignatureHigh", fault.Invalid, func(x *cert.Certificate) {
			g := &x.Signatures[2]
			new(big.Int).Sub(order, new(big.Int).SetBytes(g.RS[32:])).FillBytes(g.RS[32:])
			g.Recovery ^= 1
		}},
		{"SignatureBad", fault.Invalid, func(x *cert.Certificate) { x.Root[0] ^= 1 }},
		{"SignatureBad", fault.Invalid, func(x *cert.Certificate) { x.Signatures[2].Signer = 3 }},
		{"PreviousMismatch", fault.Conflict, func(x *cert.Certificate) { x.Previous[0] ^= 1 }},
		{"SignatureBad", fault.Invalid, func(x *cert.Certificate) { // of another deployment
			d := cert.Digest([32]byte{1}, s.config.Digest(), x.Epoch, x.Root, x.Previous)
			for i, k := range validators()[:3] {
				x.Signatures[i] = cert.Sign(k, uint32(i), d)
			}
		}},
	} {
		x := report.Certificate
		x.Signatures = append([]cert.Signature(nil), x.Signatures...)
		c.change(&x)
		s.refused(c.code, c.kind, s.Admin, orchestrator.SubmitReport{Certificate: x})
	}
	s.do(s.Wallet(t, 0), report) // anyone may
	s.refused("EpochOld", fault.Conflict, s.Admin, report)
	epoch, root, ok, err := s.Chain.LatestReport(s.ctx)
	if err != nil || !ok || epoch != 0 || root != report.Certificate.Root {
		t.Errorf("latest %d %x %v %v", epoch, root, ok, err)
	}
	if got, err := s.Chain.Root(s.ctx, 0); err != nil || got != root {
		t.Errorf("root %x, %v", got, err)
	}
}

// settlements that prove the wrong thing.
func settlements(t *testing.T, open Opener) {
	s := begin(t, open)
	consumer := s.Wallet(t, 1_000_000_000)
	id := s.do(consumer, s.request(consumer, sla.Stream, 8)).ID
	other := s.do(consumer, s.request(consumer, sla.Stream, 8)).ID
	l := s.live(id)
	l.epoch(good(0))
	ok := l.last
	before := s.sla(id)
	for _, c := range []struct {
		code   string
		kind   fault.Kind
		change func(*orchestrator.Settle)
	}{
		{"LeafForeign", fault.Invalid, func(o *orchestrator.Settle) { o.SLA = other }},
		{"LeafUnknown", fault.Invalid, func(o *orchestrator.Settle) { o.Epoch++ }},
		{"LeafUnknown", fault.Invalid, func(o *orchestrator.Settle) { o.Proof.Bits = 1 }},
		{"LeafUnknown", fault.Invalid, func(o *orchestrator.Settle) { o.Proof.Path = nil }},
		{"LeafUnknown", fault.Invalid, func(o *orchestrator.Settle) { o.To.Slots++ }},
		{"FromMismatch", fault.Conflict, func(o *orchestrator.Settle) { o.From.Slots++ }},
		{"NotFound", fault.NotFound, func(o *orchestrator.Settle) { o.SLA = ids.ID{9} }},
	} {
		o := ok
		c.change(&o)
		s.refused(c.code, c.kind, s.Admin, o)
	}
	if d := cmp.Diff(before, s.sla(id)); d != "" {
		t.Errorf("a refused settlement changed the SLA:\n%s", d)
	}
	s.do(s.Wallet(t, 0), ok)
	after := s.sla(id)
	s.do(s.Admin, ok) // the same again is nothing
	if d := cmp.Diff(after, s.sla(id)); d != "" {
		t.Errorf("settling again changed the SLA:\n%s", d)
	}

	// A quorum may sign a leaf that the contract does not believe.
	l.settled = l.now
	beyond := l.now
	beyond.Epochs += 2
	epoch := l.start + 1
	s.endOf(epoch)
	report, proof := s.certify(epoch, &beyond, 4)
	s.do(s.Admin, report)
	s.refused("LeafBeyond", fault.Invalid, s.Admin, orchestrator.Settle{SLA: id, From: l.settled, To: beyond, Epoch: epoch, Proof: proof})
	s.refused("NotTimedOut", fault.Conflict, s.Admin, orchestrator.TimeOut{SLA: id})

	// Without any leaf, time ends it, and nobody is punished.
	s.Pass(t, time.Duration(8*EpochSeconds+100+EpochSeconds)*time.Second)
	s.do(s.Admin, orchestrator.TimeOut{SLA: other})
	if v := s.sla(other); v.State != orchestrator.Completed || !v.ConsumerClaim.Equal(v.Deposited) {
		t.Errorf("timed out: %+v", v)
	}
}

// requests that a unit or the money does not allow.
func requests(t *testing.T, open Opener) {
	s := begin(t, open)
	consumer := s.Wallet(t, 1_000_000_000)
	ok := s.request(consumer, sla.Stream, 8)
	for _, c := range []struct {
		code   string
		kind   fault.Kind
		change func(*orchestrator.Request)
	}{
		{"NotFound", fault.NotFound, func(r *orchestrator.Request) { r.Unit = ids.ID{1} }},
		{"CapacityMissing", fault.Exhausted, func(r *orchestrator.Request) { r.Volume = 101 * gib }},
		{"ArgumentInvalid", fault.Invalid, func(r *orchestrator.Request) { r.Volume = 0 }},
		{"ArgumentInvalid", fault.Invalid, func(r *orchestrator.Request) { r.Mode = 2 }},
		{"DurationOutside", fault.Invalid, func(r *orchestrator.Request) { r.Duration = 1_001 }},
		{"PriceChanged", fault.Precondition, func(r *orchestrator.Request) { r.PriceVersion = 2 }},
		{"PriceAbove", fault.Precondition, func(r *orchestrator.Request) { r.MaxTotal = r.MaxTotal.Sub(money.Of(1)) }},
		{"OverFunded", fault.Invalid, func(r *orchestrator.Request) { r.Deposit = r.Deposit.Add(money.Of(1)) }},
		{"AmountInvalid", fault.Invalid, func(r *orchestrator.Request) { r.Deposit = money.Of(-1) }},
	} {
		r := ok
		c.change(&r)
		s.refused(c.code, c.kind, consumer, r)
	}
	poor := s.Wallet(t, 1)
	r := ok
	r.Consumer, r.Refund = poor.Account(), poor.Account()
	s.refused("balance_missing", fault.Exhausted, poor, r)
	s.refused("NotAuthorized", fault.Forbidden, poor, ok)
	s.do(consumer, ok)
	s.refused("Exists", fault.Exists, consumer, ok)
	u, err := s.Chain.Unit(s.ctx, s.unit)
	s.must(err)
	if u.InUseBytes != ok.Volume || u.Live != 1 {
		t.Errorf("refused requests took capacity: %+v", u)
	}
}

// units through their states.
func units(t *testing.T, open Opener) {
	s := begin(t, open)
	p := s.provider.Account()
	u, err := s.Chain.Unit(s.ctx, s.unit)
	s.must(err)
	want := orchestrator.Unit{ID: s.unit, Provider: p, UnitSpec: s.spec(), PriceVersion: 1}
	if d := cmp.Diff(want, u); d != "" {
		t.Fatalf("the unit differs:\n%s", d)
	}
	bad := s.spec()
	bad.Kind = 3
	s.refused("ArgumentInvalid", fault.Invalid, s.provider, orchestrator.UnitCreate{Provider: p, Nonce: s.fresh(), Spec: bad})
	s.do(s.provider, orchestrator.UnitPrice{Provider: p, ID: s.unit, StoragePrice: money.Of(5), EgressPrice: money.Of(0)})
	s.do(s.provider, orchestrator.UnitList{Provider: p, ID: s.unit})
	_, err = s.Chain.Quote(s.ctx, s.unit, p, gib, 0, 1, ids.ID{})
	s.isRefusal("UnitUnlisted", fault.Conflict, err)
	s.do(s.provider, orchestrator.UnitList{Provider: p, ID: s.unit, Listed: true})

	now := s.now()
	s.refused("NoticeShort", fault.Invalid, s.provider, orchestrator.UnitMaintain{Provider: p, ID: s.unit, From: now + 5, Until: now + 10})
	s.refused("QuotaExceeded", fault.Exhausted, s.provider, orchestrator.UnitMaintain{Provider: p, ID: s.unit, From: now + 30, Until: now + 60})
	s.do(s.provider, orchestrator.UnitMaintain{Provider: p, ID: s.unit, From: now + 30, Until: now + 40})
	s.Pass(t, time.Duration(now+31-s.now())*time.Second)
	if u, err = s.Chain.Unit(s.ctx, s.unit); err != nil || u.State != orchestrator.UnitMaintenance || u.PriceVersion != 2 || !u.StoragePrice.Equal(money.Of(5)) {
		t.Fatalf("in maintenance: %+v, %v", u, err)
	}
	_, err = s.Chain.Quote(s.ctx, s.unit, p, gib, 0, 1, ids.ID{})
	s.isRefusal("UnitMaintenance", fault.Conflict, err)
	s.do(s.provider, orchestrator.UnitResume{Provider: p, ID: s.unit})
	q, err := s.Chain.Quote(s.ctx, s.unit, p, gib, 0, 1, ids.ID{})
	s.must(err)
	if q.Provider != p || q.PriceVersion != 2 || !q.StoragePrice.Equal(money.Of(5)) || !q.AutoAccept || q.QoS != s.spec().QoS {
		t.Errorf("quote %+v", q)
	}
	s.refused("StateWrong", fault.Conflict, s.Admin, orchestrator.UnitRetire{ID: s.unit})
	s.do(s.provider, orchestrator.UnitDecommission{Provider: p, ID: s.unit})
	_, err = s.Chain.Quote(s.ctx, s.unit, p, gib, 0, 1, ids.ID{})
	s.isRefusal("UnitDecommissioning", fault.Conflict, err)
	s.do(s.Admin, orchestrator.UnitRetire{ID: s.unit})
	if u, err = s.Chain.Unit(s.ctx, s.unit); err != nil || u.State != orchestrator.UnitRetired {
		t.Errorf("retired: %+v, %v", u, err)
	}
	s.do(s.provider, orchestrator.NodeRelease{Provider: p, ID: s.nodeID})
}

// governance: what admin and quorum may do.
func governance(t *testing.T, open Opener) {
	s := begin(t, open)
	consumer := s.Wallet(t, 1_000_000_000)
	params, err := s.Chain.Params(s.ctx)
	s.must(err)
	if d := cmp.Diff(Params(s.Payees[0], s.Payees[1]), params); d != "" {
		t.Fatalf("parameters differ:\n%s", d)
	}
	next := params
	next.Version, next.FeeBps = 2, 300
	s.refused("NotAuthorized", fault.Forbidden, consumer, orchestrator.SetParams{Admin: consumer.Account(), Params: next})
	s.do(s.Admin, orchestrator.SetParams{Admin: s.Admin.Account(), Params: next})
	if params, err = s.Chain.Params(s.ctx); err != nil || params.FeeBps != 300 || params.Version != 2 {
		t.Errorf("new parameters: %+v, %v", params, err)
	}
	s.refused("ArgumentInvalid", fault.Invalid, s.Admin, orchestrator.SetParams{Admin: s.Admin.Account(), Params: next})

	req := s.request(consumer, sla.Stream, 8)
	s.do(s.Admin, orchestrator.Pause{Admin: s.Admin.Account(), Paused: true})
	s.refused("Paused", fault.Unavailable, consumer, req)
	s.do(s.Admin, orchestrator.Pause{Admin: s.Admin.Account()})
	s.do(consumer, req)

	old := s.config
	config := old
	config.Version = 2
	config.Validators = append([]cert.Validator(nil), old.Validators[1:]...)
	d := cert.RotateDigest(old.Network, old.Digest(), config.Digest())
	rotate := orchestrator.Rotate{Config: config}
	for i, k := range validators()[:3] {
		rotate.Signatures = append(rotate.Signatures, cert.Sign(k, uint32(i), d))
	}
	few := rotate
	few.Signatures = few.Signatures[:2]
	s.refused("QuorumMissing", fault.Invalid, consumer, few)
	s.do(consumer, rotate)
	got, err := s.Chain.OracleConfig(s.ctx)
	s.must(err)
	if want := config.Digest(); !bytes.Equal(digest(got), want[:]) {
		t.Errorf("configuration %+v", got)
	}
}

func digest(c cert.Config) []byte {
	d := c.Digest()
	return d[:]
}
