package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
)

func slaReclaim(a *app) *cobra.Command {
	return &cobra.Command{Use: "reclaim SLA", Short: "Give notice of an early end, as its provider: it runs on for the windows of notice, and the consumer gets a price", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.SLA)
		if err != nil {
			return err
		}
		n, ch, w, err := a.act(c.Context(), "")
		if err != nil {
			return err
		}
		r, err := ch.Submit(c.Context(), w, orchestrator.Reclaim{Provider: w.Account(), SLA: id})
		if err != nil {
			return err
		}
		x, err := ch.Reservation(c.Context(), id)
		if err != nil {
			return err
		}
		s, err := ch.SLA(c.Context(), id)
		if err != nil {
			return err
		}
		config, err := ch.OracleConfig(c.Context())
		if err != nil {
			return err
		}
		at, as := time.Unix(int64(config.Start(s.StartEpoch+uint64(x.ReclaimEpochs))), 0), n.Asset(x.Asset)
		return a.show(c, map[string]any{"id": id, "state": s.State.String(), "endEpochs": x.ReclaimEpochs, "ends": at.UTC(), "price": x.Reclaim, "asset": x.Asset, "tx": r.Tx}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "SLA %s ends after %d epochs, at %s\nprice\t%s, to the consumer out of the collateral at the end\nuntil then\tit is measured, paid and credited as before\n", id, x.ReclaimEpochs, at.Local().Format(time.DateTime), as.Format(x.Reclaim))
		})
	}}
}

// notice tells of a provider's early end in a line.
func notice(s *httpapi.SLA, m func(money.Amount) string) string {
	if s.Reclaim == nil {
		return ""
	}
	return fmt.Sprintf("the provider ends it after %d epochs, at %s; %s to the consumer", s.Reclaim.EndEpochs, s.Reclaim.Ends.Local().Format(time.DateTime), m(s.Reclaim.Price))
}

// partOf tells of a joint SLA in a line.
func partOf(s *httpapi.SLA) string {
	if s.Group == "" || len(s.Units) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %.2f %% of the volume on this unit, of %d units any %d may be lost", s.Group, float64(s.Units[0].Bps)/100, len(s.Units), s.Redundancy-1)
}
