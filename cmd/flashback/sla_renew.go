package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

func slaRenew(a *app) *cobra.Command {
	var x wish
	c := &cobra.Command{Use: "renew SLA", Short: "Request an SLA that begins where another one ends and takes its data over, at today's price", Args: cobra.ExactArgs(1),
		Long: "The new SLA is on the same unit, and as large and as long as the old one unless flags say otherwise. Your keys work on; grants end with the old SLA.",
		RunE: func(c *cobra.Command, args []string) error {
			id, err := a.id(args[0], ids.SLA)
			if err != nil {
				return err
			}
			n, ch, w, err := a.act(c.Context(), "consumer")
			if err != nil {
				return err
			}
			old, t, err := slaOf(c, ch, id)
			if err != nil {
				return err
			}
			switch {
			case !old.Next.Zero():
				return fault.New(fault.Conflict, "StateWrong", "SLA %s is followed by %s already: renew that one", id, old.Next)
			case old.State != orchestrator.Closing && old.Covered < old.Duration:
				return fault.New(fault.Precondition, "DepositShort", "SLA %s is not wholly paid, so its end is not known: 'flashback sla fund %s' first", id, id)
			}
			req := orchestrator.Request{Consumer: w.Account(), Unit: old.Unit, Volume: t.Volume, Egress: t.Egress, Duration: t.Duration, Mode: t.Mode, Refund: w.Account(), Nonce: [32]byte(claim.Random(32)), Previous: id}
			if err := x.read(n, &req); err != nil {
				return err
			}
			return x.submit(a, c, n, ch, w, req)
		}}
	x.flags(c, "", "", "", 0)
	c.Flags().StringVar(&x.deposit, "deposit", "", "pay in only so much now; the rest by and by with 'flashback sla fund' (default: the price and the bond)")
	return c
}

// slaOf reads an SLA with its terms.
func slaOf(c *cobra.Command, ch chain.Chain, id ids.ID) (s orchestrator.SLA, t *sla.Terms, err error) {
	if s, err = ch.SLA(c.Context(), id); err != nil {
		return s, nil, err
	}
	raw, err := ch.Terms(c.Context(), id)
	if err != nil {
		return s, nil, err
	}
	if t, err = sla.DecodeTerms(raw); err != nil {
		return s, nil, fmt.Errorf("terms of SLA %s: %w", id, err)
	}
	return s, t, nil
}
