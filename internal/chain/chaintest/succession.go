package chaintest

import (
	"testing"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// succession: SLAs that follow others, belong together, change hands and are given up by their provider.
func succession(t *testing.T, open Opener) {
	s := begin(t, open)
	one, two := s.Wallet(t, 1_000_000_000), s.Wallet(t, 1_000_000_000)
	p, none := s.provider.Account(), ids.ID{}

	// A price for one consumer is for one SLA.
	s.do(s.provider, orchestrator.PriceFor{Provider: p, Unit: s.unit, Consumer: one.Account(), StoragePrice: money.Of(43_200_000), EgressPrice: money.Of(7), Until: s.now() + 1_000})
	special, err := s.Chain.PriceOf(s.ctx, s.unit, one.Account())
	s.must(err)
	mine, err := s.Chain.Quote(s.ctx, s.unit, one.Account(), 10*gib, gib, 8, none)
	s.must(err)
	list, err := s.Chain.Quote(s.ctx, s.unit, two.Account(), 10*gib, gib, 8, none)
	s.must(err)
	if !special.EgressPrice.Equal(money.Of(7)) || mine.PriceVersion != 0 || !mine.EgressPrice.Equal(money.Of(7)) || list.PriceVersion == 0 || list.Total.Cmp(mine.Total) <= 0 {
		t.Fatalf("the price %+v, asked of its consumer %+v and of another %+v", special, mine, list)
	}
	req := s.request(one, sla.Stream, 8)
	req.PriceVersion, req.MaxTotal = mine.PriceVersion, mine.Total
	params, err := s.Chain.Params(s.ctx)
	s.must(err)
	req.Deposit = params.FullDeposit(mine.Total)
	first := s.do(one, req).ID
	_, err = s.Chain.PriceOf(s.ctx, s.unit, one.Account())
	s.isRefusal("NotFound", fault.NotFound, err)

	// A renewal begins where the first one ends, in its place.
	renewal := s.request(one, sla.Stream, 4)
	renewal.Previous = first
	foreign := renewal
	foreign.Consumer, foreign.Refund = two.Account(), two.Account()
	s.refused("NotAuthorized", fault.Forbidden, two, foreign)
	second := s.do(one, renewal).ID
	a, b := s.sla(first), s.sla(second)
	if a.Next != second || b.Previous != first || b.State != orchestrator.Active || b.StartEpoch != a.StartEpoch+uint64(a.EndEpochs) {
		t.Fatalf("renewed %+v by %+v", a, b)
	}
	res, err := s.Chain.Reservation(s.ctx, second)
	s.must(err)
	if res.Previous != first || res.Takes != renewal.Volume {
		t.Fatalf("the renewal's reservation is %+v", res)
	}

	// One that is split goes on as two, one of which is another's; the part's owner signs, and the caller pays.
	third := s.do(one, s.request(one, sla.Stream, 8)).ID
	split := orchestrator.Split{Consumer: one.Account(), SLA: third, Epochs: 4, Pieces: []orchestrator.Piece{
		{To: one.Account(), Refund: one.Account(), Volume: 4 * gib, Egress: gib, Nonce: s.fresh()}, {To: two.Account(), Refund: two.Account(), Volume: 6 * gib, Egress: gib, Nonce: s.fresh()}}}
	before := s.balance(s.Asset, one.Account())
	part := s.beside(one, split, two)
	if part.ID != ids.SLAID(s.Chain.Contracts().Consumer, one.Account(), split.Pieces[0].Nonce) {
		t.Fatalf("the first part is %s", part.ID)
	}
	other := s.sla(ids.SLAID(s.Chain.Contracts().Consumer, two.Account(), split.Pieces[1].Nonce))
	if a = s.sla(third); a.Duration != 4 || a.Next != part.ID || other.Consumer != two.Account() || other.Previous != third || other.Duration != 4 {
		t.Fatalf("%+v is split into %+v", a, other)
	}
	if s.balance(s.Asset, one.Account()).Cmp(before) >= 0 {
		t.Error("the parts' new egress is free")
	}

	// An SLA changes hands when both sign.
	transfer := orchestrator.TransferSLA{Consumer: two.Account(), SLA: other.ID, To: one.Account(), Refund: one.Account()}
	_, err = s.Chain.Submit(s.ctx, two, transfer)
	if fault.KindOf(err) != fault.Forbidden {
		t.Errorf("one signature suffices: %v", err)
	}
	s.beside(two, transfer, one)
	if x := s.sla(other.ID); x.Consumer != one.Account() {
		t.Errorf("after the transfer it is %s's", x.Consumer)
	}
	s.refused("NotAuthorized", fault.Forbidden, two, orchestrator.CloseSLA{Consumer: two.Account(), SLA: other.ID})

	// A joint SLA begins when both parts can.
	byHand := s.spec()
	byHand.AutoAccept = false
	manual := s.do(s.provider, orchestrator.UnitCreate{Provider: p, Nonce: s.fresh(), Spec: byHand}).ID
	joint := orchestrator.RequestJoint{Consumer: one.Account(), Volume: 2 * gib, Duration: 4, Redundancy: 2, Refund: one.Account()}
	for _, unit := range []ids.ID{s.unit, manual} {
		q, err := s.Chain.Quote(s.ctx, unit, one.Account(), 2*gib, 0, 4, none)
		s.must(err)
		joint.Parts = append(joint.Parts, orchestrator.Part{Unit: unit, ShareBps: 10_000, MaxTotal: q.Total, PriceVersion: q.PriceVersion, Nonce: s.fresh(), Deposit: params.FullDeposit(q.Total)})
	}
	group := s.do(one, joint).ID
	parts, err := s.Chain.Group(s.ctx, group)
	s.must(err)
	if len(parts) != 2 || parts[0] != group {
		t.Fatalf("the group %s is %v", group, parts)
	}
	s.refused("StateWrong", fault.Conflict, two, orchestrator.Begin{SLA: group})
	s.do(s.provider, orchestrator.Accept{Provider: p, SLA: parts[1]})
	if x := s.sla(parts[0]); x.State != orchestrator.Funded || x.Group != group {
		t.Fatalf("while it waits: %+v", x)
	}
	s.do(two, orchestrator.Begin{SLA: parts[1]})
	if x, y := s.sla(parts[0]), s.sla(parts[1]); x.State != orchestrator.Active || y.State != orchestrator.Active || x.StartEpoch != y.StartEpoch {
		t.Errorf("begun: %+v, %+v", x, y)
	}

	// A provider gives notice; what it costs it stands on chain.
	long := s.do(two, s.request(two, sla.Stream, 40)).ID
	s.do(s.provider, orchestrator.Reclaim{Provider: p, SLA: long})
	s.refused("ReclaimNotice", fault.Conflict, s.provider, orchestrator.Reclaim{Provider: p, SLA: long})
	res, err = s.Chain.Reservation(s.ctx, long)
	s.must(err)
	if x := s.sla(long); x.State != orchestrator.Reclaiming || x.EndEpochs != res.ReclaimEpochs || res.ReclaimEpochs == 0 || res.Reclaim.Sign() <= 0 {
		t.Errorf("given up: %+v, %+v", x, res)
	}
	s.refused("StateWrong", fault.Conflict, s.Admin, orchestrator.Drain{SLA: group})
}

// beside sends an op by its owner with what others sign.
func (s *scene) beside(by chain.Signer, op orchestrator.Op, others ...chain.Signer) chain.Receipt {
	s.Helper()
	var signed [][]byte
	for _, o := range others {
		signed = append(signed, s.authorization(op, o))
	}
	r, err := s.Chain.Relay(s.ctx, by, op, signed...)
	s.must(err)
	return r
}
