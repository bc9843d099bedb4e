package chaintest

import (
	"testing"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// breach is an SLA in escrow mode whose node dies: warnings come first, then credits, then a slash; the consumer leaves.
func breach(t *testing.T, open Opener) {
	s := begin(t, open)
	consumer := s.Wallet(t, 1_000_000_000)
	id := s.do(consumer, s.request(consumer, sla.Escrow, 12)).ID
	s.refused("NoBreach", fault.Conflict, consumer, orchestrator.Terminate{Consumer: consumer.Account(), SLA: id})
	l := s.live(id)
	for range 2 {
		l.epoch(good(0))
	}
	l.settle()
	for l.now.SlashBps == 0 {
		if l.now.Epochs == 7 {
			t.Fatalf("the model does not slash: %+v", l.now)
		}
		l.epoch(dead(0))
		l.settle() // each, so that what is due shows as soon as it is
	}

	want := l.terms.Totals(&l.now)
	if want.Slash.Sign() == 0 || want.Credit.Sign() == 0 {
		t.Fatalf("the model's totals: %+v", want)
	}
	v := s.sla(id)
	if !v.Breach || v.Terminated || !v.Credited.Equal(want.Credit) || !v.ConsumerClaim.Equal(want.Credit) {
		t.Fatalf("after the slash: %+v, want %+v", v, want)
	}
	r, err := s.Chain.Reservation(s.ctx, id)
	s.must(err)
	if !r.Slash.Equal(want.Slash) || !r.Coverage.Equal(want.Coverage) {
		t.Fatalf("reservation %+v, want %+v", r, want)
	}
	if sum := money.Sum(r.Owed, r.ValidatorsOwed, r.FundOwed); !sum.Equal(want.Slash.Add(want.Coverage)) {
		t.Errorf("what is owed sums to %s, not %s", sum, want.Slash.Add(want.Coverage))
	}

	before := s.balance(s.Asset, consumer.Account())
	s.do(s.Admin, orchestrator.Claim{SLA: id})
	s.do(s.Admin, orchestrator.Refund{SLA: id})
	if got := s.balance(s.Asset, consumer.Account()).Sub(before); !got.Equal(r.Owed.Add(want.Credit)) {
		t.Errorf("the consumer received %s, want %s", got, r.Owed.Add(want.Credit))
	}
	before = s.balance(s.Asset, s.Payees[1])
	s.do(s.Admin, orchestrator.CollectSlash{SLA: id})
	if got := s.balance(s.Asset, s.Payees[1]).Sub(before); !got.Equal(r.ValidatorsOwed.Add(r.FundOwed)) {
		t.Errorf("validators and fund received %s, want %s", got, r.ValidatorsOwed.Add(r.FundOwed))
	}
	s.refused("NothingDue", fault.Conflict, s.Admin, orchestrator.CollectSlash{SLA: id})

	stranger := s.Wallet(t, 0)
	s.refused("NotAuthorized", fault.Forbidden, stranger, orchestrator.Terminate{Consumer: consumer.Account(), SLA: id})
	s.refused("NotAuthorized", fault.Forbidden, stranger, orchestrator.Terminate{Consumer: stranger.Account(), SLA: id})
	s.do(consumer, orchestrator.Terminate{Consumer: consumer.Account(), SLA: id})
	if v = s.sla(id); v.State != orchestrator.Closing || !v.Terminated || v.EndEpochs >= v.Duration {
		t.Fatalf("after terminate: %+v", v)
	}
	for l.now.Status == sla.Running {
		l.epoch(dead(0))
	}
	l.settle()
	if v = s.sla(id); v.State != orchestrator.Terminated {
		t.Errorf("at the end: %v", v.State)
	}
	order := map[string]int{}
	evs, _, err := s.Chain.Events(s.ctx, "", 1_000)
	s.must(err)
	for i, e := range evs {
		if _, ok := order[e.Name]; !ok && e.Subject == id.String() {
			order[e.Name] = i
		}
	}
	if !(order["warning"] > 0 && order["warning"] < order["credited"] && order["warning"] < order["slashed"]) {
		t.Errorf("no warning before money moves: %v", order)
	}
}

// answers are those of a provider whose unit does not accept by itself.
func answers(t *testing.T, open Opener) {
	s := begin(t, open)
	consumer := s.Wallet(t, 1_000_000_000)
	spec := s.spec()
	spec.AutoAccept = false
	s.unit = s.do(s.provider, orchestrator.UnitCreate{Provider: s.provider.Account(), Nonce: s.fresh(), Spec: spec}).ID
	p, c := s.provider.Account(), consumer.Account()
	state := func(id ids.ID, want orchestrator.SLAState) {
		t.Helper()
		if v := s.sla(id); v.State != want {
			t.Fatalf("state %v, want %v", v.State, want)
		}
	}

	req := s.request(consumer, sla.Stream, 8)
	all := req.Deposit
	req.Deposit = money.Of(1)
	id := s.do(consumer, req).ID
	state(id, orchestrator.Requested)
	s.refused("NotTimedOut", fault.Conflict, s.Admin, orchestrator.Expire{SLA: id})
	s.refused("NotAuthorized", fault.Forbidden, consumer, orchestrator.Accept{Provider: c, SLA: id})
	s.do(s.provider, orchestrator.Accept{Provider: p, SLA: id})
	state(id, orchestrator.Accepted)
	s.refused("StateWrong", fault.Conflict, s.provider, orchestrator.Accept{Provider: p, SLA: id})
	s.refused("AmountInvalid", fault.Invalid, consumer, orchestrator.Fund{From: c, SLA: id, Amount: money.Of(0)})
	s.refused("OverFunded", fault.Invalid, consumer, orchestrator.Fund{From: c, SLA: id, Amount: all})
	s.do(consumer, orchestrator.Fund{From: c, SLA: id, Amount: all.Sub(money.Of(1))})
	state(id, orchestrator.Active)
	s.refused("StateWrong", fault.Conflict, consumer, orchestrator.Cancel{Consumer: c, SLA: id})
	s.do(consumer, orchestrator.CloseSLA{Consumer: c, SLA: id})
	state(id, orchestrator.Closing)

	id = s.do(consumer, s.request(consumer, sla.Stream, 8)).ID
	s.do(s.provider, orchestrator.Refuse{Provider: p, SLA: id})
	state(id, orchestrator.Rejected)
	before := s.balance(s.Asset, c)
	s.do(s.Admin, orchestrator.Refund{SLA: id})
	if got := s.balance(s.Asset, c).Sub(before); !got.Equal(all) {
		t.Errorf("a refused request paid %s back, not %s", got, all)
	}

	id = s.do(consumer, s.request(consumer, sla.Stream, 8)).ID
	s.do(consumer, orchestrator.Cancel{Consumer: c, SLA: id})
	state(id, orchestrator.Cancelled)

	id = s.do(consumer, s.request(consumer, sla.Stream, 8)).ID
	s.Pass(t, 61e9)
	s.do(s.Admin, orchestrator.Expire{SLA: id})
	state(id, orchestrator.Expired)
	u, err := s.Chain.Unit(s.ctx, s.unit)
	s.must(err)
	if u.ReservedBytes != 0 || u.InUseBytes != 10*gib || u.Live != 1 {
		t.Errorf("the unit's counters: %+v", u)
	}
}
