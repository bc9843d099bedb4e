package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/bridge"
	"github.com/flashback-network/flashback/internal/bridge/admin"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/platform/client"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
	"github.com/flashback-network/flashback/internal/platform/register"
)

func nodeCommand(a *app) *cobra.Command {
	var o bridge.Options
	c := &cobra.Command{Use: "node", Short: "Run a Bridge Node; its subcommands talk to the node that runs from --dir", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		n, ch, err := a.open(c.Context())
		if err != nil {
			return err
		}
		if err := os.MkdirAll(a.dir, 0o700); err != nil {
			return err
		}
		k, err := stellar.LoadOrCreateKey(filepath.Join(a.dir, "node.key"))
		if err != nil {
			return err
		}
		o.Dir, o.Key, o.Chain, o.Platform, o.Version, o.Console, o.Logger = a.dir, k, ch, n.Platform, version(), c.OutOrStdout(), a.logger()
		return bridge.Run(c.Context(), o)
	}}
	f := c.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:9000", "address of the S3 front")
	f.StringVar(&o.Endpoint, "endpoint", "", "URL where consumers reach the front; default: http:// and --listen")
	f.StringVar(&o.Domain, "domain", "", "host name under which buckets are BUCKET.DOMAIN; default: by path only")
	f.StringVar(&o.Admin, "admin", "", "address of /livez, /readyz and /metrics; default: none")
	f.DurationVar(&o.Retention, "retention", 24*time.Hour, "how long data can be read after an SLA's end")
	c.AddCommand(nodeClaim(a), nodeSecret(a), nodeStatus(a), nodeList(a), nodeFsck(a))
	return c
}

func nodeClaim(a *app) *cobra.Command {
	return &cobra.Command{Use: "claim CODE", Short: "Give the node the claim code of the provider's wallet", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		out, err := admin.NewClient(a.dir).Claim(c.Context(), args[0])
		if err != nil {
			return err
		}
		return a.show(c, out, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "node\t%s\nprovider\t%s\nnext\tflashback units collateral deposit AMOUNT; flashback units create --node %s …\n", out.Node, out.Provider, out.Node)
		})
	}}
}

func nodeSecret(a *app) *cobra.Command {
	return &cobra.Command{Use: "secret", Short: "Print the node secret again, while the node is unclaimed", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		s, err := admin.NewClient(a.dir).Secret(c.Context())
		if err != nil {
			return err
		}
		return a.show(c, map[string]string{"secret": s}, func(w *tabwriter.Writer) { fmt.Fprintln(w, s) })
	}}
}

func nodeStatus(a *app) *cobra.Command {
	return &cobra.Command{Use: "status", Short: "Show the node that runs from --dir", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		s, err := admin.NewClient(a.dir).Status(c.Context())
		if err != nil {
			return err
		}
		return a.show(c, s, func(w *tabwriter.Writer) {
			owner := "nobody yet"
			if !s.Provider.Zero() {
				owner = s.Provider.String()
			}
			fmt.Fprintf(w, "node\t%s\nclaimed by\t%s\nendpoint\t%s\nup\t%s\nready\t%v\ndisk\t%s of %s free\n", s.Key, owner, s.Endpoint, time.Duration(s.UptimeSeconds)*time.Second, s.Ready,
				show(uint64(max(s.DiskFree, 0))), show(uint64(max(s.DiskTotal, 0))))
			if len(s.SLAs) > 0 {
				fmt.Fprintln(w, "\nSLA\tSTATE\tSTORED\tOF\tOBJECTS\tIN\tOUT\tOUT OF")
			}
			for _, x := range s.SLAs {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", x.ID, x.State, show(x.Stored), show(x.Reserve), x.Objects, show(x.BytesIn), show(x.BytesOut), show(x.Egress))
			}
		})
	}}
}

func nodeList(a *app) *cobra.Command {
	var provider string
	c := &cobra.Command{Use: "list", Short: "List the nodes that the platform knows", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		n, err := a.describe(c.Context())
		if err != nil {
			return err
		}
		q := url.Values{"limit": {"500"}}
		if provider != "" && provider != "-" {
			acc, err := a.account(provider)
			if err != nil {
				return err
			}
			provider = acc.String()
		}
		q.Set("provider", provider)
		l, err := client.Get[httpapi.List[register.Node]](c.Context(), client.New(n.Platform), "/v1/nodes", q)
		if err != nil {
			return err
		}
		return a.show(c, l, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "NODE\tENDPOINT\tPROVIDER")
			for _, x := range l.Items {
				fmt.Fprintf(w, "%s\t%s\t%s\n", x.Key, x.Endpoint, x.Provider)
			}
		})
	}}
	c.Flags().StringVar(&provider, "provider", "", "only this provider's (address or wallet); \"-\" for unclaimed nodes")
	return c
}
