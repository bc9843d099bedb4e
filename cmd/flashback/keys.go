package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/network"
)

func keysCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "keys", Short: "S3 keys at a node, from a wallet's signature"}
	var sla, grant string
	n := &cobra.Command{Use: "new", Short: "Get S3 keys for an SLA, as its consumer or with a grant", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		id, err := a.id(sla, ids.SLA)
		if err != nil {
			return err
		}
		var g ids.ID
		if grant != "" {
			if g, err = a.id(grant, ids.Grant); err != nil {
				return err
			}
		}
		_, ch, w, err := a.act(c.Context(), "consumer")
		if err != nil {
			return err
		}
		s3, err := endpoint(c.Context(), ch, id)
		if err != nil {
			return err
		}
		k, err := network.S3Keys(c.Context(), s3, w, id, g)
		if err != nil {
			return err
		}
		return a.show(c, map[string]any{"endpoint": s3, "accessKey": k.AccessKey, "secretKey": k.SecretKey, "expires": time.Unix(k.Expires, 0).UTC()}, func(t *tabwriter.Writer) {
			fmt.Fprintf(t, "export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\nexport AWS_ENDPOINT_URL=%s\nexport AWS_DEFAULT_REGION=us-east-1\n", k.AccessKey, k.SecretKey, s3)
		})
	}}
	n.Flags().StringVar(&sla, "sla", "demo", "SLA")
	n.Flags().StringVar(&grant, "grant", "", "grant whose grantee --wallet is; empty: --wallet is the consumer")
	c.AddCommand(n)
	return c
}

// endpoint is where the chain says that an SLA's node is.
func endpoint(ctx context.Context, c chain.Chain, sla ids.ID) (string, error) {
	s, err := c.SLA(ctx, sla)
	if err != nil {
		return "", err
	}
	u, err := c.Unit(ctx, s.Unit)
	if err != nil {
		return "", err
	}
	n, err := c.Node(ctx, u.Node)
	if err != nil {
		return "", err
	}
	if n.Endpoint == "" {
		return "", fault.New(fault.Conflict, "endpoint_unknown", "the node of this SLA has no endpoint on chain")
	}
	return n.Endpoint, nil
}
