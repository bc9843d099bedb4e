package chaintest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// life is one SLA from its request to its last payment, in stream mode and without faults.
func life(t *testing.T, open Opener) {
	s := begin(t, open)
	consumer := s.Wallet(t, 1_000_000_000)
	req := s.request(consumer, sla.Stream, 8)
	receipt := s.do(consumer, req)
	id := receipt.ID
	if receipt.WrittenBytes == 0 {
		t.Error("the receipt of a request says that nothing was written")
	}
	if want := ids.SLAID(s.Chain.Contracts().Consumer, consumer.Account(), req.Nonce); id != want {
		t.Fatalf("SLA id %s, want %s", id, want)
	}
	v := s.sla(id)
	if v.State != orchestrator.Active || !v.Escrow.Add(v.Bond).Equal(req.Deposit) || !v.Escrow.Equal(req.MaxTotal) || v.Covered != 8 || v.Consumer != consumer.Account() || v.Provider != s.provider.Account() || v.Duration != 8 {
		t.Fatalf("after the request: %+v", v)
	}
	raw, err := s.Chain.Terms(s.ctx, id)
	s.must(err)
	terms, err := sla.DecodeTerms(raw)
	s.must(err)
	if terms.Hash() != v.TermsHash || terms.Network != s.config.Network || !terms.TotalPrice().Equal(v.Total) {
		t.Fatalf("the terms are not those of the SLA: %+v", terms)
	}
	res, err := s.Chain.Reservation(s.ctx, id)
	s.must(err)
	if res.State != orchestrator.ReservationActive || res.TermsHash != v.TermsHash || !res.Collateral.Equal(terms.Collateral) {
		t.Fatalf("reservation %+v", res)
	}
	unit, err := s.Chain.Unit(s.ctx, s.unit)
	s.must(err)
	if unit.State != orchestrator.UnitInUse || unit.InUseBytes != req.Volume || unit.Live != 1 {
		t.Fatalf("unit %+v", unit)
	}

	// A healthy life: every epoch is certified, every second one is settled.
	l := s.live(id)
	for n := uint32(1); n <= terms.Duration; n++ {
		l.epoch(good(uint64(n) << 20))
		if n%2 == 1 {
			continue
		}
		l.settle()
		want, got := terms.Totals(&l.now), s.sla(id)
		if !got.Gross.Equal(want.Gross) || !got.Earned.Equal(want.Earned) || !got.FeeTotal.Equal(want.Fee) || got.SettledEpochs != n || got.SettledHash != l.now.Hash() {
			t.Fatalf("epoch %d: %+v, want %+v", n, got, want)
		}
	}
	v = s.sla(id)
	if v.State != orchestrator.Completed || v.Windows != 4 {
		t.Fatalf("at the end: %+v", v)
	}

	// Everybody is paid, by whom anyone, and by what the model says.
	want := terms.Totals(&l.now)
	for _, p := range []struct {
		who    ids.Account
		amount money.Amount
		op     orchestrator.Op
	}{
		{s.provider.Account(), want.Provider, orchestrator.Payout{SLA: id}},
		{consumer.Account(), v.Deposited.Sub(want.Gross), orchestrator.Refund{SLA: id}},
		{s.Payees[0], sla.Split(want.Fee, terms.Protocol.FeeSplit)[0], orchestrator.CollectFees{SLA: id}},
	} {
		before := s.balance(s.Asset, p.who)
		s.do(s.Admin, p.op)
		if got := s.balance(s.Asset, p.who).Sub(before); !got.Equal(p.amount) {
			t.Errorf("%T paid %s, the model says %s", p.op, got, p.amount)
		}
		s.refused("NothingDue", fault.Conflict, s.Admin, p.op)
	}
	v = s.sla(id)
	if d := cmp.Diff([]money.Amount{{}, {}, {}, {}, {}, v.Deposited}, []money.Amount{v.Escrow, v.Holdback, v.ProviderClaim, v.ConsumerClaim, v.Fees, v.Withdrawn}); d != "" {
		t.Errorf("a finished SLA has money left: %s", d)
	}
	c, err := s.Chain.Collateral(s.ctx, s.provider.Account(), s.Asset)
	s.must(err)
	if c.Locked.Sign() != 0 || !c.Free.Equal(money.Of(500_000_000)) {
		t.Errorf("collateral %+v", c)
	}
}

// living is an SLA whose epochs a test certifies one by one.
type living struct {
	*scene
	id                 ids.ID
	terms              *sla.Terms
	start              uint64
	now, base, settled sla.Leaf
	last               orchestrator.Settle // that the latest certificate allows
}

func (s *scene) live(id ids.ID) *living {
	s.Helper()
	raw, err := s.Chain.Terms(s.ctx, id)
	s.must(err)
	terms, err := sla.DecodeTerms(raw)
	s.must(err)
	z := sla.Zero(terms)
	return &living{scene: s, id: id, terms: terms, start: s.sla(id).StartEpoch, now: z, base: z, settled: z}
}

// epoch lets one pass with a measure and certifies it.
func (l *living) epoch(m *sla.Measure) {
	l.Helper()
	next, verdict := l.terms.Advance(l.now, &l.base, m, l.sla(l.id).EndEpochs)
	if l.now = next; verdict != nil {
		l.base = next
	}
	epoch := l.start + uint64(next.Epochs) - 1
	l.endOf(epoch)
	report, proof := l.certify(epoch, &next, 3)
	l.do(l.Admin, report)
	l.last = orchestrator.Settle{SLA: l.id, From: l.settled, To: next, Epoch: epoch, Proof: proof}
}

// settle does so to the latest certificate.
func (l *living) settle() chain.Receipt {
	l.Helper()
	r := l.do(l.Admin, l.last)
	l.settled = l.now
	return r
}
