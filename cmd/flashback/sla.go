package main

import (
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/client"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
	"github.com/flashback-network/flashback/internal/sla"
)

func slaCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "sla", Short: "Service-level agreements"}
	c.AddCommand(slaList(a), slaShow(a), slaOpen(a), slaFund(a))
	for _, x := range []struct {
		use, short, said string
		op               func(by ids.Account, id ids.ID) orchestrator.Op
	}{
		{"accept", "Accept a request, as its provider", "accepted SLA %s", func(by ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Accept{Provider: by, SLA: id} }},
		{"refuse", "Refuse a request, as its provider", "refused SLA %s", func(by ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Refuse{Provider: by, SLA: id} }},
		{"cancel", "Cancel a request that is not active yet", "cancelled SLA %s", func(by ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Cancel{Consumer: by, SLA: id} }},
		{"close", "End an SLA early, at the end of the running window", "SLA %s ends with the running window", func(by ids.Account, id ids.ID) orchestrator.Op {
			return orchestrator.CloseSLA{Consumer: by, SLA: id}
		}},
		{"terminate", "Leave at once after a breach that was slashed", "SLA %s is terminated", func(by ids.Account, id ids.ID) orchestrator.Op {
			return orchestrator.Terminate{Consumer: by, SLA: id}
		}},
		{"expire", "End a request whose time to be accepted or funded is over; anyone may", "SLA %s expired", func(_ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Expire{SLA: id} }},
		{"payout", "Send what was earned to the provider; anyone may", "paid the provider of SLA %s", func(_ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Payout{SLA: id} }},
		{"refund", "Send credits and what is left to the consumer; anyone may", "paid the consumer of SLA %s", func(_ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Refund{SLA: id} }},
		{"claim", "Send the consumer what it is owed from the collateral; anyone may", "paid the consumer of SLA %s", func(_ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Claim{SLA: id} }},
		{"time-out", "End an SLA that no report ended; anyone may", "SLA %s timed out", func(_ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.TimeOut{SLA: id} }},
	} {
		c.AddCommand(&cobra.Command{Use: x.use + " SLA", Short: x.short, Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
			id, err := a.id(args[0], ids.SLA)
			if err != nil {
				return err
			}
			_, ch, w, err := a.act(c.Context(), "")
			if err != nil {
				return err
			}
			r, err := ch.Submit(c.Context(), w, x.op(w.Account(), id))
			if err != nil {
				return err
			}
			return a.done(c, r, x.said, id)
		}})
	}
	return c
}

func slaList(a *app) *cobra.Command {
	var party string
	c := &cobra.Command{Use: "list", Short: "List SLAs", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		n, err := a.describe(c.Context())
		if err != nil {
			return err
		}
		q := url.Values{"limit": {"500"}}
		if err := a.party(q, "party", party); err != nil {
			return err
		}
		l, err := client.Get[httpapi.List[httpapi.SLASummary]](c.Context(), client.New(n.Platform), "/v1/slas", q)
		if err != nil {
			return err
		}
		return a.show(c, l, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "SLA\tSTATE\tCONSUMER\tPROVIDER")
			for _, s := range l.Items {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.ID, s.State, s.Consumer, s.Provider)
			}
		})
	}}
	c.Flags().StringVar(&party, "party", "", "only this consumer's or provider's (address or wallet)")
	return c
}

func slaShow(a *app) *cobra.Command {
	var watch bool
	c := &cobra.Command{Use: "show SLA", Short: "Show an SLA: state, every bucket of money, windows and their causes", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.SLA)
		if err != nil {
			return err
		}
		n, err := a.describe(c.Context())
		if err != nil {
			return err
		}
		last := ^uint32(0)
		for {
			s, err := client.Get[httpapi.SLA](c.Context(), client.New(n.Platform), "/v1/slas/"+id.String(), nil)
			if err != nil {
				return err
			}
			if s.SettledEpochs != last {
				last = s.SettledEpochs
				if err := a.show(c, s, func(w *tabwriter.Writer) { printSLA(w, n, &s) }); err != nil {
					return err
				}
			}
			if !watch {
				return nil
			}
			select {
			case <-c.Context().Done():
				return nil
			case <-time.After(time.Second):
			}
		}
	}}
	c.Flags().BoolVar(&watch, "watch", false, "print again with each settlement, until interrupted")
	return c
}

func printSLA(w *tabwriter.Writer, n *deployment.Network, s *httpapi.SLA) {
	as := n.Asset(s.Asset)
	m := func(x money.Amount) string { return as.Format(x) }
	for _, l := range [][2]string{
		{"SLA", s.ID.String()}, {"state", s.State}, {"payment", s.Mode}, {"consumer", s.Consumer.String()}, {"provider", s.Provider.String()},
		{"volume", show(s.Volume)}, {"egress", show(s.Egress)}, {"promise", promise(s.QoS)},
		{"time", fmt.Sprintf("%s to %s, epoch %d of %d settled", s.Starts.Local().Format(time.DateTime), s.Ends.Local().Format(time.DateTime), s.SettledEpochs, s.EndEpochs)},
		{"paid for", fmt.Sprintf("until %s, %d of %d epochs", s.Covered.Local().Format(time.DateTime), s.CoveredEpochs, s.Duration)},
		{"total price", m(s.Total)}, {"bond", m(s.Bond)}, {"deposited", m(s.Deposited)}, {"accrued", m(s.Gross)}, {"paid", m(s.Paid)}, {"fee", m(s.Fee)}, {"credited", m(s.Credited)}, {"slashed", m(s.Slashed)}, {"withdrawn", m(s.Withdrawn)},
		{"E escrow", m(s.Buckets.Escrow)}, {"H holdback", m(s.Buckets.Holdback)}, {"P provider claim", m(s.Buckets.ProviderClaim)}, {"K consumer claim", m(s.Buckets.ConsumerClaim)},
		{"F fees", m(s.Buckets.Fees)}, {"C collateral", m(s.Buckets.Collateral)}, {"B bonds", m(s.Buckets.Bonds)}, {"R retention", m(s.Buckets.Retention)}, {"D disputed", m(s.Buckets.Disputed)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", l[0], l[1])
	}
	if len(s.Windows) == 0 {
		fmt.Fprintln(w, "no window was judged yet")
		return
	}
	fmt.Fprintln(w, "\nWINDOW\tAVAILABILITY\tFIRST BYTE\tTHROUGHPUT\tERRORS\tCREDIT\tSLASH\tCAUSE")
	figure := func(v *int64, unit string) string {
		if v == nil {
			return "–"
		}
		return fmt.Sprintf("%d %s", *v, unit)
	}
	for _, x := range s.Windows {
		if x.Inconclusive {
			fmt.Fprintf(w, "%d\tinconclusive\n", x.Number)
			continue
		}
		fmt.Fprintf(w, "%d\t%.3f %%\t%s\t%s\t%d ppm\t%.2f %%\t%.2f %%\t%s\n", x.Number, float64(x.AvailabilityPpm)/1e4, figure(x.TTFBMillis, "ms"), figure(x.ThroughputKiBps, "KiB/s"), x.ErrorPpm,
			float64(x.CreditBps)/100, float64(x.SlashBps)/100, x.Cause)
	}
}

func slaOpen(a *app) *cobra.Command {
	var unit, volume, egress, mode, limit, deposit string
	var life time.Duration
	var epochs uint32
	var later bool
	c := &cobra.Command{Use: "open", Short: "Request an SLA on a unit and deposit its price and the bond", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		ctx := c.Context()
		id, err := a.id(unit, ids.Unit)
		if err != nil {
			return err
		}
		n, ch, w, err := a.act(ctx, "consumer")
		if err != nil {
			return err
		}
		req := orchestrator.Request{Consumer: w.Account(), Unit: id, Duration: epochs, Refund: w.Account(), Nonce: [32]byte(claim.Random(32))}
		if req.Volume, err = size(volume); err != nil {
			return err
		}
		if req.Egress, err = size(egress); err != nil {
			return err
		}
		if epochs == 0 {
			req.Duration = n.Epochs(life)
		}
		switch mode {
		case "stream":
		case "escrow":
			req.Mode = sla.Escrow
		default:
			return fault.New(fault.Invalid, "mode_invalid", "%q is no payment mode: stream or escrow", mode)
		}
		q, err := ch.Quote(ctx, id, req.Volume, req.Egress, req.Duration)
		if err != nil {
			return err
		}
		as := n.Asset(q.Asset)
		req.PriceVersion, req.MaxTotal = q.PriceVersion, q.Total
		if limit != "" {
			m, err := price(limit, as)
			if err != nil {
				return err
			}
			if m.Less(q.Total) {
				return fault.New(fault.Precondition, "price_above", "the unit asks %s, more than --max-total", as.Format(q.Total))
			}
		}
		p, err := ch.Params(ctx)
		if err != nil {
			return err
		}
		switch {
		case later:
		case deposit == "":
			req.Deposit = p.FullDeposit(q.Total)
		default:
			if req.Deposit, err = price(deposit, as); err != nil {
				return err
			}
		}
		r, err := ch.Submit(ctx, w, req)
		if err != nil {
			return err
		}
		s, err := ch.SLA(ctx, r.ID)
		if err != nil {
			return err
		}
		return a.opened(c, r, s, as)
	}}
	f := c.Flags()
	f.StringVar(&unit, "unit", "", "Data Unit, from 'flashback market search'")
	f.StringVar(&volume, "volume", "1GiB", "bytes to reserve")
	f.StringVar(&egress, "egress", "10GiB", "bytes that may be read in the SLA's life")
	f.DurationVar(&life, "for", 30*24*time.Hour, "duration")
	f.Uint32Var(&epochs, "epochs", 0, "duration in epochs, instead of --for")
	f.StringVar(&mode, "mode", "stream", "how the provider is paid: stream (as epochs are certified) or escrow (when windows are judged)")
	f.StringVar(&limit, "max-total", "", "refuse above this total price")
	f.StringVar(&deposit, "deposit", "", "pay in only so much now; the rest by and by with 'flashback sla fund' (default: the price and the bond)")
	f.BoolVar(&later, "fund-later", false, "deposit nothing now; 'flashback sla fund' does it")
	_ = c.MarkFlagRequired("unit")
	return c
}

func (a *app) opened(c *cobra.Command, r chain.Receipt, s orchestrator.SLA, as deployment.Asset) error {
	return a.show(c, map[string]any{"id": s.ID, "state": s.State.String(), "total": s.Total, "deposited": s.Deposited, "bond": s.Bond, "coveredEpochs": s.Covered, "duration": s.Duration, "asset": s.Asset, "startEpoch": s.StartEpoch, "tx": r.Tx}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "SLA %s is %s\nprice\t%s, deposited %s, of that the bond %s\npaid for\t%d of %d epochs\n", s.ID, s.State, as.Format(s.Total), as.Format(s.Deposited), as.Format(s.Bond), s.Covered, s.Duration)
		switch s.State {
		case orchestrator.Requested:
			fmt.Fprintln(w, "next\tthe provider accepts or refuses")
		case orchestrator.Accepted:
			fmt.Fprintf(w, "next\tflashback sla fund %s\n", s.ID)
		case orchestrator.Grace, orchestrator.Retention:
			fmt.Fprintf(w, "next\tflashback sla fund %s, before the money runs out\n", s.ID)
		case orchestrator.Active:
			fmt.Fprintf(w, "next\tflashback keys new --sla %s\n", s.ID)
		}
	})
}

func slaFund(a *app) *cobra.Command {
	return &cobra.Command{Use: "fund SLA [AMOUNT]", Short: "Pay in for an SLA, before it begins or while it runs: all that is missing, or an amount", Args: cobra.RangeArgs(1, 2), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.SLA)
		if err != nil {
			return err
		}
		n, ch, w, err := a.act(c.Context(), "consumer")
		if err != nil {
			return err
		}
		s, err := ch.SLA(c.Context(), id)
		if err != nil {
			return err
		}
		as := n.Asset(s.Asset)
		var m money.Amount
		if len(args) < 2 {
			raw, err := ch.Terms(c.Context(), id)
			if err != nil {
				return err
			}
			t, err := sla.DecodeTerms(raw)
			if err != nil {
				return fmt.Errorf("terms of SLA %s: %w", id, err)
			}
			m = t.Full().Sub(s.Deposited)
		} else {
			if m, err = price(args[1], as); err != nil {
				return err
			}
		}
		r, err := ch.Submit(c.Context(), w, orchestrator.Fund{From: w.Account(), SLA: id, Amount: m})
		if err != nil {
			return err
		}
		if s, err = ch.SLA(c.Context(), id); err != nil {
			return err
		}
		return a.opened(c, r, s, as)
	}}
}
