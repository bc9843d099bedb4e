package stellar

import (
	"context"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

var _ chain.Market = (*Chain)(nil)

// Trade makes op a transaction of by's account.
func (c *Chain) Trade(ctx context.Context, by chain.Signer, op market.Op) (chain.Receipt, error) {
	k, err := translateMarket(c.at.Market, op)
	if err != nil {
		return chain.Receipt{}, err
	}
	out, err := c.invoke(ctx, by, k.hostFunction(), nil)
	r := out.receipt()
	if b, ok := out.value.GetBytes(); err == nil && ok && len(b) == len(r.ID) {
		copy(r.ID[:], b)
	}
	return r, err
}

// translateMarket gives the call of an op.
func translateMarket(at ids.Account, op market.Op) (call, error) {
	if at.Zero() {
		return call{}, fault.New(fault.NotFound, "contract_missing", "this deployment has no market")
	}
	var b args
	var c call
	to := func(fn string, args ...xdr.ScVal) { c = call{at, fn, args} }
	switch o := op.(type) {
	case market.Want:
		to("ask", b.account(o.Consumer), b.wanted(&o.Wanted), scval.ID(o.Nonce))
	case market.Offer:
		to("answer", b.account(o.Provider), scval.ID(o.ID), scval.ID(o.Unit), scval.Amount(o.StoragePrice), scval.Amount(o.EgressPrice))
	case market.Commit:
		to("commit", b.account(o.Provider), scval.ID(o.ID), scval.ID(o.Commitment))
	case market.Reveal:
		to("reveal", b.account(o.Provider), scval.ID(o.ID), scval.ID(o.Unit), scval.Amount(o.StoragePrice), scval.Amount(o.EgressPrice), scval.ID(o.Salt))
	case market.Take:
		d := &o.Deal
		to("take", b.account(o.Consumer), scval.ID(o.ID), b.account(o.Provider), scval.Struct(scval.Fields{
			"unit": scval.ID(d.Unit), "max_total": scval.Amount(d.MaxTotal), "refund": b.account(d.Refund), "deposit": scval.Amount(d.Deposit), "nonce": scval.ID(d.Nonce)}))
	case market.Withdraw:
		to("withdraw", b.account(o.Consumer), scval.ID(o.ID))
	case market.Expire:
		to("expire", scval.ID(o.ID))
	case market.SetAdmin:
		to("set_admin", b.account(o.Admin))
	default:
		return c, fault.New(fault.Invalid, "op_unknown", "the market has no %T", op)
	}
	if b.err != nil {
		return c, fault.Wrap(b.err, fault.Invalid, "ArgumentInvalid", "this cannot be called on Stellar")
	}
	return c, nil
}

func (b *args) wanted(w *market.Wanted) xdr.ScVal {
	q := w.QoS
	return scval.Struct(scval.Fields{
		"kind": vU32(w.Kind), "class": vU32(w.Class), "region": scval.String(w.Region), "volume": scval.U64(w.Volume), "egress": scval.U64(w.Egress), "duration": vU32(w.Duration), "mode": vU32(w.Mode),
		"qos":   scval.Struct(scval.Fields{"availability_ppm": vU32(q.AvailabilityPpm), "ttfb_ms": vU32(q.TTFBMillis), "throughput_kibps": vU32(q.ThroughputKiBps), "error_ppm": vU32(q.ErrorPpm)}),
		"asset": b.account(w.Asset), "max_total": scval.Amount(w.MaxTotal), "collateral_min_bps": vU32(w.CollateralMinBps), "sealed": scval.Bool(w.Sealed),
		"answer_by": scval.U64(w.AnswerBy), "reveal_by": scval.U64(w.RevealBy), "choose_by": scval.U64(w.ChooseBy),
	})
}

func (c *Chain) Ask(ctx context.Context, id ids.ID) (market.Ask, error) {
	r, err := c.ask(ctx, c.at.Market, "ask_of", scval.ID(id))
	if err != nil {
		return market.Ask{}, err
	}
	return readAsk(r.sub("value"), id)
}

func (c *Chain) Answer(ctx context.Context, ask ids.ID, provider ids.Account) (market.Answer, error) {
	var b args
	p := b.account(provider)
	if b.err != nil {
		return market.Answer{}, fault.Wrap(b.err, fault.Invalid, "ArgumentInvalid", "%s is no account of Stellar", provider)
	}
	r, err := c.ask(ctx, c.at.Market, "answer_of", scval.ID(ask), p)
	if err != nil {
		return market.Answer{}, err
	}
	return readAnswer(r.sub("value"))
}

// Answers reads one after another.
func (c *Chain) Answers(ctx context.Context, ask ids.ID, from uint32, limit int) ([]market.Answer, error) {
	a, err := c.Ask(ctx, ask)
	if err != nil {
		return nil, err
	}
	l := []market.Answer{}
	for n := from; n < a.Answers && len(l) < limit; n++ {
		r, err := c.ask(ctx, c.at.Market, "answer_at", scval.ID(ask), scval.U32(n))
		if err != nil {
			return nil, err
		}
		x, err := readAnswer(r.sub("value"))
		if err != nil {
			return nil, err
		}
		l = append(l, x)
	}
	return l, nil
}

// MarketEvents reads one page of the Market's events.
func (c *Chain) MarketEvents(ctx context.Context, cursor string, limit int) ([]chain.Event, string, error) {
	if c.at.Market.Zero() {
		return nil, "", fault.New(fault.NotFound, "contract_missing", "this deployment has no market")
	}
	return c.eventsOf(ctx, []string{c.at.Market.String()}, cursor, limit)
}

func readAsk(r *record, id ids.ID) (market.Ask, error) {
	q := r.sub("qos")
	a := market.Ask{ID: id, Consumer: r.account("consumer"), Wanted: market.Wanted{Kind: r.u32("kind"), Class: r.u32("class"), Region: r.text("region"), Volume: r.u64("volume"), Egress: r.u64("egress"),
		Duration: r.u32("duration"), Mode: sla.Mode(r.u8("mode")), QoS: readQoS(q), Asset: r.account("asset"), MaxTotal: r.amount("max_total"), CollateralMinBps: r.u32("collateral_min_bps"), Sealed: r.flag("sealed"),
		AnswerBy: r.u64("answer_by"), RevealBy: r.u64("reveal_by"), ChooseBy: r.u64("choose_by")},
		Answers: r.u32("answers"), State: market.StateOf(r.u32("state")), SLA: r.b32("sla")}
	if a.State > market.Expired {
		r.fail("state", "is %d", a.State)
	}
	return a, r.done(q)
}

func readAnswer(r *record) (market.Answer, error) {
	return market.Answer{Provider: r.account("provider"), Number: r.u32("number"), Unit: r.b32("unit"), StoragePrice: r.amount("storage_price"), EgressPrice: r.amount("egress_price"), Total: r.amount("total"),
		Commitment: r.b32("commitment"), Revealed: r.flag("revealed")}, r.done()
}
