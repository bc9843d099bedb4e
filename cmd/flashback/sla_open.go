package main

import (
	"context"
	"fmt"
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
	"github.com/flashback-network/flashback/internal/sla"
)

// wish is what the flags of a new SLA say of it.
type wish struct {
	volume, egress, mode, limit, deposit string
	life                                 time.Duration
	epochs                               uint32
	later                                bool
}

// flags of a new SLA with what they are when they are not given.
func (x *wish) flags(c *cobra.Command, volume, egress, mode string, life time.Duration) {
	f := c.Flags()
	f.StringVar(&x.volume, "volume", volume, "bytes to reserve")
	f.StringVar(&x.egress, "egress", egress, "bytes that may be read in the SLA's life")
	f.DurationVar(&x.life, "for", life, "duration")
	f.Uint32Var(&x.epochs, "epochs", 0, "duration in epochs, instead of --for")
	f.StringVar(&x.mode, "mode", mode, "how the provider is paid: stream (as epochs are certified) or escrow (when windows are judged)")
	f.StringVar(&x.limit, "max-total", "", "refuse above this total price")
	f.BoolVar(&x.later, "fund-later", false, "deposit nothing now; 'flashback sla fund' does it")
}

func payment(mode string) (sla.Mode, error) {
	switch mode {
	case "stream":
		return sla.Stream, nil
	case "escrow":
		return sla.Escrow, nil
	}
	return 0, fault.New(fault.Invalid, "mode_invalid", "%q is no payment mode: stream or escrow", mode)
}

// read puts what the flags say into a request; what they do not say stays.
func (x *wish) read(n *deployment.Network, req *orchestrator.Request) (err error) {
	if x.volume != "" {
		if req.Volume, err = size(x.volume); err != nil {
			return err
		}
	}
	if x.egress != "" {
		if req.Egress, err = size(x.egress); err != nil {
			return err
		}
	}
	if x.mode != "" {
		if req.Mode, err = payment(x.mode); err != nil {
			return err
		}
	}
	switch {
	case x.epochs > 0:
		req.Duration = x.epochs
	case x.life > 0:
		req.Duration = n.Epochs(x.life)
	}
	return nil
}

// below refuses a price that is above --max-total.
func (x *wish) below(total money.Amount, as deployment.Asset) error {
	if x.limit == "" {
		return nil
	}
	m, err := price(x.limit, as)
	if err == nil && m.Less(total) {
		err = fault.New(fault.Precondition, "price_above", "%s is asked, more than --max-total", as.Format(total))
	}
	return err
}

// submit asks for the price and requests the SLA.
func (x *wish) submit(a *app, c *cobra.Command, n *deployment.Network, ch chain.Chain, w chain.Signer, req orchestrator.Request) error {
	ctx := c.Context()
	q, err := quote(ctx, ch, req)
	if err != nil {
		return err
	}
	as := n.Asset(q.Asset)
	req.PriceVersion, req.MaxTotal = q.PriceVersion, q.Total
	if err := x.below(q.Total, as); err != nil {
		return err
	}
	p, err := ch.Params(ctx)
	if err != nil {
		return err
	}
	switch {
	case x.later:
	case x.deposit == "":
		req.Deposit = p.FullDeposit(q.Total)
	default:
		if req.Deposit, err = price(x.deposit, as); err != nil {
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
}

// quote is what a request's unit asks its consumer for it.
func quote(ctx context.Context, ch chain.Chain, r orchestrator.Request) (chain.Quote, error) {
	return ch.Quote(ctx, r.Unit, r.Consumer, r.Volume, r.Egress, r.Duration, r.Previous)
}

func slaOpen(a *app) *cobra.Command {
	var unit string
	var x wish
	c := &cobra.Command{Use: "open", Short: "Request an SLA on a unit and deposit its price and the bond", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		id, err := a.id(unit, ids.Unit)
		if err != nil {
			return err
		}
		n, ch, w, err := a.act(c.Context(), "consumer")
		if err != nil {
			return err
		}
		req := orchestrator.Request{Consumer: w.Account(), Unit: id, Refund: w.Account(), Nonce: [32]byte(claim.Random(32))}
		if err := x.read(n, &req); err != nil {
			return err
		}
		return x.submit(a, c, n, ch, w, req)
	}}
	f := c.Flags()
	f.StringVar(&unit, "unit", "", "Data Unit, from 'flashback market search'")
	x.flags(c, "1GiB", "10GiB", "stream", 30*24*time.Hour)
	f.StringVar(&x.deposit, "deposit", "", "pay in only so much now; the rest by and by with 'flashback sla fund' (default: the price and the bond)")
	_ = c.MarkFlagRequired("unit")
	return c
}

func (a *app) opened(c *cobra.Command, r chain.Receipt, s orchestrator.SLA, as deployment.Asset) error {
	return a.show(c, map[string]any{"id": s.ID, "state": s.State.String(), "total": s.Total, "deposited": s.Deposited, "bond": s.Bond, "coveredEpochs": s.Covered, "duration": s.Duration, "asset": s.Asset, "startEpoch": s.StartEpoch, "tx": r.Tx}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "SLA %s is %s\nprice\t%s, deposited %s, of that the bond %s\npaid for\t%d of %d epochs\n", s.ID, s.State, as.Format(s.Total), as.Format(s.Deposited), as.Format(s.Bond), s.Covered, s.Duration)
		switch s.State {
		case orchestrator.Requested:
			fmt.Fprintln(w, "next\tthe provider accepts or refuses")
		case orchestrator.Funded:
			fmt.Fprintln(w, "next\tit begins when every part of the joint SLA is accepted and funded")
		case orchestrator.Accepted:
			fmt.Fprintf(w, "next\tflashback sla fund %s\n", s.ID)
		case orchestrator.Grace, orchestrator.Retention:
			fmt.Fprintf(w, "next\tflashback sla fund %s, before the money runs out\n", s.ID)
		case orchestrator.Active:
			if !s.Previous.Zero() {
				fmt.Fprintln(w, "next\tnothing: where the one before it ends, the keys that are there work on, and what is stored is this one's")
				return
			}
			fmt.Fprintf(w, "next\tflashback keys new --sla %s\n", s.ID)
		}
	})
}
