package main

import (
	"context"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
)

// maxAnswers of an ask are read.
const maxAnswers = 1_000

// offer is an answer with what stands in its way now; empty when nothing does.
type offer struct {
	market.Answer
	Hindrance string `json:"hindrance,omitempty"`
}

// offers are an ask's answers: those that can be taken first, cheapest first.
func offers(ctx context.Context, ch bazaar, x *market.Ask) ([]offer, error) {
	answers, err := ch.Answers(ctx, x.ID, 0, maxAnswers)
	if err != nil {
		return nil, err
	}
	l := []offer{}
	for _, y := range answers {
		o := offer{Answer: y}
		if o.Hindrance, err = hindrance(ctx, ch, x, &y); err != nil {
			return nil, err
		}
		l = append(l, o)
	}
	slices.SortStableFunc(l, func(a, b offer) int {
		if (a.Hindrance == "") != (b.Hindrance == "") {
			if a.Hindrance == "" {
				return -1
			}
			return 1
		}
		return a.Total.Cmp(b.Total)
	})
	return l, nil
}

// hindrance is why an answer cannot be taken, as far as it shows: an answer binds nobody to have room and collateral.
func hindrance(ctx context.Context, ch bazaar, x *market.Ask, y *market.Answer) (string, error) {
	if !y.Revealed {
		return "sealed", nil
	}
	u, err := ch.Unit(ctx, y.Unit)
	if err != nil {
		return "", err
	}
	c, err := ch.Collateral(ctx, u.Provider, u.Asset)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return "", err
	}
	switch {
	case u.State >= orchestrator.UnitMaintenance:
		return "the unit is in maintenance or going", nil
	case u.Capacity-u.ReservedBytes-u.InUseBytes < x.Volume:
		return "the unit is full", nil
	case c.Free.Less(y.Total.Bps(uint32(u.CollateralBps))):
		return "collateral is missing", nil
	}
	return "", nil
}

func askShow(a *app) *cobra.Command {
	return &cobra.Command{Use: "show ASK", Short: "Show an ask and its answers, those first that can be taken", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		ctx := c.Context()
		id, err := askID(args[0])
		if err != nil {
			return err
		}
		n, ch, err := a.browse(ctx)
		if err != nil {
			return err
		}
		x, err := ch.Ask(ctx, id)
		if err != nil {
			return err
		}
		l, err := offers(ctx, ch, &x)
		if err != nil {
			return err
		}
		_, now, err := ch.Head(ctx)
		if err != nil {
			return err
		}
		return a.show(c, map[string]any{"ask": shownAsk{x, x.State.String(), phase(&x, now)}, "answers": l}, func(w *tabwriter.Writer) {
			as := n.Asset(x.Asset)
			fmt.Fprintf(w, "ask\t%s\nphase\t%s\nconsumer\t%s\nvolume\t%s, egress %s, %d epochs\nregion\t%s…\npromise\t%s\nhighest\t%s\n", x.ID, phase(&x, now), x.Consumer, show(x.Volume), show(x.Egress), x.Duration,
				x.Region, promise(x.QoS), as.Format(x.MaxTotal))
			if !x.SLA.Zero() {
				fmt.Fprintf(w, "SLA\t%s\n", x.SLA)
			}
			if len(l) == 0 {
				fmt.Fprintln(w, "nobody has answered yet")
				return
			}
			fmt.Fprintln(w, "\nPROVIDER\tTOTAL\tUNIT\t")
			for _, o := range l {
				if !o.Revealed {
					fmt.Fprintf(w, "%s\tsealed\n", o.Provider)
					continue
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", o.Provider, as.Format(o.Total), o.Unit, o.Hindrance)
			}
		})
	}}
}

func askTake(a *app) *cobra.Command {
	var deposit string
	c := &cobra.Command{Use: "take ASK [PROVIDER]", Short: "Take a provider's answer, or the cheapest that can be taken: the SLA is requested and its deposit paid", Args: cobra.RangeArgs(1, 2), RunE: func(c *cobra.Command, args []string) error {
		ctx := c.Context()
		n, ch, w, x, err := a.trade(ctx, "consumer", args)
		if err != nil {
			return err
		}
		var y market.Answer
		if len(args) > 1 {
			p, err := a.account(args[1])
			if err != nil {
				return err
			}
			if y, err = ch.Answer(ctx, x.ID, p); err != nil {
				return err
			}
		} else {
			l, err := offers(ctx, ch, &x)
			if err != nil {
				return err
			}
			if len(l) == 0 || l[0].Hindrance != "" {
				return fault.New(fault.NotFound, "answer_missing", "no answer can be taken: 'flashback ask show %s' says why", x.ID)
			}
			y = l[0].Answer
		}
		p, err := ch.Params(ctx)
		if err != nil {
			return err
		}
		as := n.Asset(x.Asset)
		d := market.Deal{Unit: y.Unit, MaxTotal: y.Total, Refund: w.Account(), Deposit: p.FullDeposit(y.Total), Nonce: [32]byte(claim.Random(32))}
		if deposit != "" {
			if d.Deposit, err = price(deposit, as); err != nil {
				return err
			}
		}
		r, err := ch.Trade(ctx, w, market.Take{Consumer: w.Account(), ID: x.ID, Provider: y.Provider, Deal: d})
		if err != nil {
			return err
		}
		return a.done(c, r, "SLA %s for %s, deposited %s\nnext: 'flashback keys new --sla %s'", r.ID, as.Format(y.Total), as.Format(d.Deposit), r.ID)
	}}
	c.Flags().StringVar(&deposit, "deposit", "", "pay in only so much now; the rest by and by with 'flashback sla fund' (default: the price and the bond)")
	return c
}

func askWithdraw(a *app) *cobra.Command {
	return &cobra.Command{Use: "withdraw ASK", Short: "Take an ask back", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		_, ch, w, x, err := a.trade(c.Context(), "consumer", args)
		if err != nil {
			return err
		}
		r, err := ch.Trade(c.Context(), w, market.Withdraw{Consumer: w.Account(), ID: x.ID})
		if err != nil {
			return err
		}
		return a.done(c, r, "ask %s is withdrawn", x.ID)
	}}
}
