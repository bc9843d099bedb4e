package main

import (
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/network"
	"github.com/flashback-network/flashback/internal/platform/client"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
	"github.com/flashback-network/flashback/internal/platform/monitor"
)

func statusCommand(a *app) *cobra.Command {
	return &cobra.Command{Use: "status", Short: "Show the network: ledger, epoch, SLAs, alarms", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		n, err := a.describe(c.Context())
		if err != nil {
			return err
		}
		p := client.New(n.Platform)
		s, err := client.Get[httpapi.Status](c.Context(), p, "/v1/status", nil)
		if err != nil {
			return err
		}
		alarms, err := client.Get[httpapi.List[monitor.Alarm]](c.Context(), p, "/v1/alarms", url.Values{"limit": {"50"}})
		if err != nil {
			return err
		}
		roles, err := network.Control(c.Context(), a.layout(), "", "")
		if err != nil {
			roles = nil // another machine's network has no roles here
		}
		return a.show(c, map[string]any{"network": n.Name, "platform": n.Platform, "status": s, "alarms": alarms.Items, "roles": roles}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "network\t%s\nplatform\t%s\nledger\t%d, closed %s\nepoch\t%d\n", n.Name, n.Platform, s.Ledger, s.LedgerTime.Local().Format(time.TimeOnly), s.Epoch)
			if s.Reported != nil {
				fmt.Fprintf(w, "last report\tepoch %d\n", *s.Reported)
			} else {
				fmt.Fprintln(w, "last report\tnone yet")
			}
			fmt.Fprintf(w, "nodes\t%d\nunits\t%d\nactive SLAs\t%d\nalarms\t%d\n", s.Nodes, s.Units, s.SLAs, s.OpenAlarms)
			for _, x := range alarms.Items {
				fmt.Fprintf(w, "alarm\t%s  %s\n", x.Raised.Local().Format(time.TimeOnly), x.Message)
			}
			for _, r := range roles {
				fmt.Fprintf(w, "role\t%s %s\n", r.Name, r.State)
			}
		})
	}}
}
