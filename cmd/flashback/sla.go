package main

import (
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/client"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
)

func slaCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "sla", Short: "Service-level agreements"}
	c.AddCommand(slaList(a), slaShow(a), slaOpen(a), slaJoint(a), slaFund(a), slaRenew(a), slaSplit(a), slaTransfer(a), slaSign(a), slaSend(a), slaReclaim(a))
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
		{"begin", "Let a joint SLA begin, once each of its parts is funded; anyone may", "SLA %s begins", func(_ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Begin{SLA: id} }},
		{"drain", "Give notice of an SLA's end on a unit that is being decommissioned; anyone may", "SLA %s is reclaimed", func(_ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Drain{SLA: id} }},
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
	var party, group string
	c := &cobra.Command{Use: "list", Short: "List SLAs", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		n, err := a.describe(c.Context())
		if err != nil {
			return err
		}
		q := url.Values{"limit": {"500"}}
		if err := a.party(q, "party", party); err != nil {
			return err
		}
		if group != "" {
			id, err := a.id(group, ids.SLA)
			if err != nil {
				return err
			}
			q.Set("group", id.String())
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
	c.Flags().StringVar(&group, "group", "", "only the parts of this joint SLA")
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
		{"follows", s.Previous}, {"followed by", s.Next}, {"part of", partOf(s)}, {"notice", notice(s, m)},
		{"volume", show(s.Volume)}, {"egress", show(s.Egress)}, {"promise", promise(s.QoS)},
		{"time", fmt.Sprintf("%s to %s, epoch %d of %d settled", s.Starts.Local().Format(time.DateTime), s.Ends.Local().Format(time.DateTime), s.SettledEpochs, s.EndEpochs)},
		{"paid for", fmt.Sprintf("until %s, %d of %d epochs", s.Covered.Local().Format(time.DateTime), s.CoveredEpochs, s.Duration)},
		{"total price", m(s.Total)}, {"bond", m(s.Bond)}, {"deposited", m(s.Deposited)}, {"accrued", m(s.Gross)}, {"paid", m(s.Paid)}, {"fee", m(s.Fee)}, {"credited", m(s.Credited)}, {"slashed", m(s.Slashed)}, {"withdrawn", m(s.Withdrawn)},
		{"E escrow", m(s.Buckets.Escrow)}, {"H holdback", m(s.Buckets.Holdback)}, {"P provider claim", m(s.Buckets.ProviderClaim)}, {"K consumer claim", m(s.Buckets.ConsumerClaim)},
		{"F fees", m(s.Buckets.Fees)}, {"C collateral", m(s.Buckets.Collateral)}, {"B bonds", m(s.Buckets.Bonds)}, {"R retention", m(s.Buckets.Retention)}, {"D disputed", m(s.Buckets.Disputed)},
	} {
		if l[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", l[0], l[1])
		}
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
			m = s.Total.Add(s.BondTotal).Sub(s.Deposited)
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
