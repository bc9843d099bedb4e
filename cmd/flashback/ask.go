package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
	"github.com/flashback-network/flashback/internal/sla"
)

func askCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "ask", Short: "Say what you want, and let providers answer",
		Long: "A consumer asks, providers answer openly, or sealed: then nobody sees a price before all have committed to theirs. The consumer takes an answer, and the SLA is made in that call."}
	c.AddCommand(askCreate(a), askList(a), askShow(a), askTake(a), askWithdraw(a), askAnswer(a), askCommit(a), askReveal(a))
	return c
}

// bazaar is a chain with the Market.
type bazaar interface {
	chain.Chain
	chain.Market
}

// browse opens the chain for a command that only reads the Market.
func (a *app) browse(ctx context.Context) (*deployment.Network, bazaar, error) {
	n, err := a.describe(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := stellar.Open(ctx, stellar.Options{RPC: n.StellarRPC, Passphrase: n.Passphrase, Contracts: n.Contracts, Logger: a.logger()})
	return n, c, err
}

// trade opens the chain for a command that --wallet signs, about the ask that the first argument names.
func (a *app) trade(ctx context.Context, otherwise string, args []string) (n *deployment.Network, ch bazaar, w *stellar.Key, x market.Ask, err error) {
	id, err := askID(args[0])
	if err != nil {
		return nil, nil, nil, x, err
	}
	if n, ch, err = a.browse(ctx); err != nil {
		return nil, nil, nil, x, err
	}
	if w, err = a.signer(otherwise); err != nil {
		return nil, nil, nil, x, err
	}
	x, err = ch.Ask(ctx, id)
	return n, ch, w, x, err
}

func askID(s string) (ids.ID, error) {
	id, err := ids.Parse(s)
	if err != nil || id.Kind() != market.Kind {
		return ids.ID{}, fault.New(fault.Invalid, "id_invalid", "%q is no id of an ask: 'flashback ask list' shows them", s)
	}
	return id, nil
}

func askCreate(a *app) *cobra.Command {
	var volume, egress, mode, region, asset, most string
	var life, answer, reveal, choose time.Duration
	var w market.Wanted
	c := &cobra.Command{Use: "create", Short: "Ask for storage", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		ctx := c.Context()
		n, ch, err := a.browse(ctx)
		if err != nil {
			return err
		}
		key, err := a.signer("consumer")
		if err != nil {
			return err
		}
		as, err := n.FindAsset(asset)
		if err != nil {
			return err
		}
		w.Asset, w.Region = as.Contract, region
		if w.Volume, err = size(volume); err != nil {
			return err
		}
		if w.Egress, err = size(egress); err != nil {
			return err
		}
		if w.MaxTotal, err = price(most, as); err != nil {
			return err
		}
		switch mode {
		case "stream":
		case "escrow":
			w.Mode = sla.Escrow
		default:
			return fault.New(fault.Invalid, "mode_invalid", "%q is no payment mode: stream or escrow", mode)
		}
		if w.Duration == 0 {
			w.Duration = n.Epochs(life)
		}
		_, now, err := ch.Head(ctx)
		if err != nil {
			return err
		}
		at := func(d time.Duration) uint64 { return uint64(now.Add(d).Unix()) }
		w.AnswerBy, w.RevealBy, w.ChooseBy = at(answer), at(answer), at(answer+choose)
		if w.Sealed {
			w.RevealBy, w.ChooseBy = at(answer+reveal), at(answer+reveal+choose)
		}
		r, err := ch.Trade(ctx, key, market.Want{Consumer: key.Account(), Wanted: w, Nonce: [32]byte(claim.Random(32))})
		if err != nil {
			return err
		}
		return a.done(c, r, "asked: %s\nanswers until %s; then 'flashback ask show %s'", r.ID, when(w.AnswerBy), r.ID)
	}}
	f := c.Flags()
	f.StringVar(&volume, "volume", "1GiB", "bytes to reserve")
	f.StringVar(&egress, "egress", "10GiB", "bytes that may be read in the SLA's life")
	f.DurationVar(&life, "for", 30*24*time.Hour, "duration")
	f.Uint32Var(&w.Duration, "epochs", 0, "duration in epochs, instead of --for")
	f.StringVar(&mode, "mode", "stream", "how the provider is paid: stream (as epochs are certified) or escrow (when windows are judged)")
	f.StringVar(&region, "region", "", "beginning of the region, as DE")
	f.StringVar(&asset, "asset", "", "asset to pay in: code or token contract")
	f.StringVar(&most, "max-total", "", "highest total price, in --asset")
	f.Uint32Var(&w.Kind, "kind", 1, "1 storage, 2 compute")
	f.Uint32Var(&w.Class, "class", 0, "class of the unit, 0 to 2")
	f.Uint32Var(&w.QoS.AvailabilityPpm, "availability-ppm", 0, "at least")
	f.Uint32Var(&w.QoS.TTFBMillis, "ttfb-ms", 0, "p95 at most")
	f.Uint32Var(&w.QoS.ThroughputKiBps, "throughput-kibps", 0, "at least")
	f.Uint32Var(&w.QoS.ErrorPpm, "error-ppm", 0, "at most")
	f.Uint32Var(&w.CollateralMinBps, "collateral-bps", 0, "least collateral, in 1/100 % of the price")
	f.BoolVar(&w.Sealed, "sealed", false, "nobody sees a price before all have committed to theirs")
	f.DurationVar(&answer, "answers", 24*time.Hour, "time to answer")
	f.DurationVar(&reveal, "reveals", 12*time.Hour, "with --sealed: time to reveal after that")
	f.DurationVar(&choose, "choose", 24*time.Hour, "time to choose after that")
	_ = c.MarkFlagRequired("asset")
	_ = c.MarkFlagRequired("max-total")
	return c
}

// shownAsk is an ask as JSON has it.
type shownAsk struct {
	market.Ask
	State string `json:"state"`
	Phase string `json:"phase"`
}

// phase of an ask in words.
func phase(x *market.Ask, now time.Time) string {
	t := uint64(now.Unix())
	switch {
	case x.State != market.Open:
		return x.State.String()
	case t > x.ChooseBy:
		return "over"
	case t <= x.AnswerBy && x.Sealed:
		return "commitments until " + when(x.AnswerBy)
	case t <= x.AnswerBy:
		return "answers until " + when(x.AnswerBy)
	case t <= x.RevealBy:
		return "reveals until " + when(x.RevealBy)
	}
	return "to be chosen until " + when(x.ChooseBy)
}

func askList(a *app) *cobra.Command {
	var all bool
	c := &cobra.Command{Use: "list", Short: "List asks that are open, as far back as the chain's server keeps events", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		ctx := c.Context()
		n, ch, err := a.browse(ctx)
		if err != nil {
			return err
		}
		_, now, err := ch.Head(ctx)
		if err != nil {
			return err
		}
		l := []market.Ask{}
		for cursor := ""; ; {
			events, next, err := ch.MarketEvents(ctx, cursor, 1_000)
			if err != nil {
				return err
			}
			for _, e := range events {
				if e.Name != "asked" {
					continue
				}
				id, err := askID(e.Subject)
				if err != nil {
					return err
				}
				x, err := ch.Ask(ctx, id)
				if err != nil {
					return err
				}
				if all || x.State == market.Open && uint64(now.Unix()) <= x.ChooseBy {
					l = append(l, x)
				}
			}
			if len(events) == 0 {
				break
			}
			cursor = next
		}
		shown := []shownAsk{}
		for _, x := range l {
			shown = append(shown, shownAsk{x, x.State.String(), phase(&x, now)})
		}
		return a.show(c, shown, func(w *tabwriter.Writer) {
			if len(l) == 0 {
				fmt.Fprintln(w, "nobody asks")
				return
			}
			fmt.Fprintln(w, "ASK\tVOLUME\tREGION\tHIGHEST TOTAL\tANSWERS\tPHASE")
			for _, x := range shown {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", x.ID, show(x.Volume), x.Region, n.Asset(x.Asset).Format(x.MaxTotal), x.Answers, x.Phase)
			}
		})
	}}
	c.Flags().BoolVar(&all, "all", false, "those that are over too")
	return c
}
