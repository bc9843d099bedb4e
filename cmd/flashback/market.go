package main

import (
	"fmt"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/platform/client"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
)

func marketCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "market", Short: "The marketplace"}
	var volume, egress, region, asset, limit string
	var life time.Duration
	var epochs, availability, ttfb, throughput uint32
	s := &cobra.Command{Use: "search", Short: "Find offers, cheapest first, and why others do not match", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		n, err := a.describe(c.Context())
		if err != nil {
			return err
		}
		v, err := size(volume)
		if err != nil {
			return err
		}
		e, err := size(egress)
		if err != nil {
			return err
		}
		if epochs == 0 {
			epochs = n.Epochs(life)
		}
		q := url.Values{"volume": {strconv.FormatUint(v, 10)}, "egress": {strconv.FormatUint(e, 10)}, "epochs": {strconv.FormatUint(uint64(epochs), 10)}, "region": {region}}
		for k, x := range map[string]uint32{"availabilityPpm": availability, "ttfbMs": ttfb, "throughputKibps": throughput} {
			if x > 0 {
				q.Set(k, strconv.FormatUint(uint64(x), 10))
			}
		}
		if asset != "" {
			as, err := n.FindAsset(asset)
			if err != nil {
				return err
			}
			q.Set("asset", as.Contract.String())
			if limit != "" {
				m, err := price(limit, as)
				if err != nil {
					return err
				}
				q.Set("maxTotal", m.String())
			}
		}
		found, err := client.Get[httpapi.Offers](c.Context(), client.New(n.Platform), "/v1/offers", q)
		if err != nil {
			return err
		}
		return a.show(c, found, func(w *tabwriter.Writer) {
			if len(found.Offers) > 0 {
				fmt.Fprintln(w, "UNIT\tTOTAL\tREGION\tFREE\tPROMISE")
			} else {
				fmt.Fprintln(w, "no offer matches")
			}
			for _, o := range found.Offers {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", o.Unit.ID, n.Asset(o.Unit.Asset).Format(o.Total), o.Unit.Region, show(o.Free), promise(o.Unit.QoS))
			}
			var why []string
			for r, k := range found.Excluded {
				why = append(why, fmt.Sprintf("%d excluded by %s", k, r))
			}
			sort.Strings(why)
			if l := append(why, found.Hints...); len(l) > 0 {
				fmt.Fprintln(w, strings.Join(l, "; "))
			}
		})
	}}
	f := s.Flags()
	f.StringVar(&volume, "volume", "1GiB", "bytes to reserve")
	f.StringVar(&egress, "egress", "0", "bytes to read in the SLA's life")
	f.DurationVar(&life, "for", 30*24*time.Hour, "duration")
	f.Uint32Var(&epochs, "epochs", 0, "duration in epochs, instead of --for")
	f.StringVar(&region, "region", "", "beginning of the region, as DE")
	f.StringVar(&asset, "asset", "", "asset: code or token contract")
	f.StringVar(&limit, "max-total", "", "highest total price, in --asset")
	f.Uint32Var(&availability, "availability-ppm", 0, "at least")
	f.Uint32Var(&ttfb, "ttfb-ms", 0, "p95 at most")
	f.Uint32Var(&throughput, "throughput-kibps", 0, "at least")
	c.AddCommand(s)
	return c
}
