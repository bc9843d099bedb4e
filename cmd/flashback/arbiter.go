package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
)

func arbiterCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "arbiter", Short: "Be an arbiter of disputes, with a stake"}
	c.AddCommand(
		a.duty("on", "Register --wallet for panels for 30 days; its stake is held for 60", cobra.NoArgs, func(_ *cobra.Command, w *stellar.Key, _ []string) (any, string, error) {
			return dispute.RegisterArbiter{Arbiter: w.Account(), Active: true}, "registered as an arbiter for 30 days; again renews it", nil
		}),
		a.duty("off", "Be drawn no more", cobra.NoArgs, func(_ *cobra.Command, w *stellar.Key, _ []string) (any, string, error) {
			return dispute.RegisterArbiter{Arbiter: w.Account()}, "no arbiter any more", nil
		}),
		arbiterList(a),
	)
	return c
}

func arbiterList(a *app) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the arbiters who may be drawn", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		_, ch, err := a.look(c.Context())
		if err != nil {
			return err
		}
		_, now, err := ch.Head(c.Context())
		if err != nil {
			return err
		}
		type place struct {
			Place   uint32      `json:"place"`
			Arbiter ids.Account `json:"arbiter"`
			Since   uint64      `json:"since"`
			Expires uint64      `json:"expires"`
		}
		l := []place{}
		for at := uint32(0); ; at++ {
			s, ok, err := ch.ArbiterPlace(c.Context(), at)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if s.Expires > uint64(now.Unix()) {
				l = append(l, place{at, s.Arbiter, s.Since, s.Expires})
			}
		}
		return a.show(c, l, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "PLACE\tARBITER\tSINCE\tUNTIL")
			for _, p := range l {
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", p.Place, p.Arbiter, when(p.Since), when(p.Expires))
			}
		})
	}}
}
