package main

import (
	"context"
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/client"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
	"github.com/flashback-network/flashback/internal/sla"
)

func unitsCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "units", Short: "Data Units: what a provider rents out, and the collateral behind it"}
	c.AddCommand(unitsList(a), unitsShow(a), unitsCreate(a), unitsPrice(a), unitsPriceFor(a), unitsListed(a, true), unitsListed(a, false), unitsMaintenance(a), unitsResume(a), unitsDecommission(a), unitsCollateral(a))
	return c
}

func unitsList(a *app) *cobra.Command {
	var provider string
	c := &cobra.Command{Use: "list", Short: "List Data Units", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		n, err := a.describe(c.Context())
		if err != nil {
			return err
		}
		q := url.Values{"limit": {"500"}}
		if err := a.party(q, "provider", provider); err != nil {
			return err
		}
		l, err := client.Get[httpapi.List[httpapi.Unit]](c.Context(), client.New(n.Platform), "/v1/units", q)
		if err != nil {
			return err
		}
		return a.show(c, l, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "UNIT\tSTATE\tREGION\tCAPACITY\tIN USE\tGiB·DAY\tEGRESS GiB\tAVAILABILITY")
			for _, u := range l.Items {
				as := n.Asset(u.Asset)
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.2f %%\n", u.ID, u.State, u.Region, show(u.Capacity), show(u.InUseBytes), as.Format(u.StoragePrice), as.Format(u.EgressPrice), float64(u.QoS.AvailabilityPpm)/1e4)
			}
		})
	}}
	c.Flags().StringVar(&provider, "provider", "", "only this provider's (address or wallet)")
	return c
}

func unitsShow(a *app) *cobra.Command {
	return &cobra.Command{Use: "show UNIT", Short: "Show a Data Unit", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.Unit)
		if err != nil {
			return err
		}
		n, err := a.describe(c.Context())
		if err != nil {
			return err
		}
		u, err := client.Get[httpapi.Unit](c.Context(), client.New(n.Platform), "/v1/units/"+id.String(), nil)
		if err != nil {
			return err
		}
		as := n.Asset(u.Asset)
		return a.show(c, u, func(w *tabwriter.Writer) {
			for _, l := range [][2]string{
				{"unit", u.ID.String()}, {"provider", u.Provider.String()}, {"node", u.Node.String()}, {"kind", u.Kind}, {"state", u.State}, {"listed", fmt.Sprint(u.Listed)}, {"region", u.Region},
				{"capacity", show(u.Capacity)}, {"reserved", show(u.ReservedBytes)}, {"in use", show(u.InUseBytes)},
				{"storage", as.Format(u.StoragePrice) + " per GiB·day"}, {"egress", as.Format(u.EgressPrice) + " per GiB"}, {"price version", fmt.Sprint(u.PriceVersion)},
				{"availability", fmt.Sprintf("%.3f %%", float64(u.QoS.AvailabilityPpm)/1e4)}, {"first byte", fmt.Sprintf("p95 %d ms", u.QoS.TTFBMillis)}, {"throughput", fmt.Sprintf("%d KiB/s", u.QoS.ThroughputKiBps)},
				{"collateral", fmt.Sprintf("%.2f %% of the price", float64(u.CollateralBps)/100)}, {"accepts", map[bool]string{true: "at once", false: "by hand"}[u.AutoAccept]},
				{"duration", fmt.Sprintf("%d to %d epochs", u.MinEpochs, u.MaxEpochs)},
			} {
				fmt.Fprintf(w, "%s\t%s\n", l[0], l[1])
			}
		})
	}}
}

func unitsCreate(a *app) *cobra.Command {
	var node, capacity, region, asset, storage, egress string
	var spec orchestrator.UnitSpec
	c := &cobra.Command{Use: "create", Short: "Create a Data Unit on a node of yours", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		n, ch, w, err := a.act(c.Context(), "")
		if err != nil {
			return err
		}
		as, err := n.FindAsset(asset)
		if err != nil {
			return err
		}
		spec.Kind, spec.Asset, spec.Region = 1, as.Contract, region
		if spec.Node, err = a.nodeID(c.Context(), n, node); err != nil {
			return err
		}
		if spec.Capacity, err = size(capacity); err != nil {
			return err
		}
		if spec.StoragePrice, err = price(storage, as); err != nil {
			return err
		}
		if spec.EgressPrice, err = price(egress, as); err != nil {
			return err
		}
		r, err := ch.Submit(c.Context(), w, orchestrator.UnitCreate{Provider: w.Account(), Spec: spec, Nonce: [32]byte(claim.Random(32))})
		if err != nil {
			return err
		}
		return a.done(c, r, "created Data Unit %s", r.ID)
	}}
	f := c.Flags()
	f.StringVar(&node, "node", "", "node: its address, id or local name")
	f.StringVar(&capacity, "capacity", "10GiB", "bytes that can be reserved")
	f.StringVar(&region, "region", "", "ISO 3166 country and place, as DE/Berlin")
	f.StringVar(&asset, "asset", "XLM", "asset of price and collateral: code or token contract")
	f.StringVar(&storage, "storage-price", "", "per GiB·day, in the asset, as 0.001")
	f.StringVar(&egress, "egress-price", "0", "per GiB read")
	f.Uint16Var(&spec.CollateralBps, "collateral-bps", 5_000, "collateral per SLA, in 1/100 % of its price")
	f.BoolVar(&spec.AutoAccept, "auto-accept", true, "accept requests at once while collateral suffices")
	f.BoolVar(&spec.Listed, "listed", true, "show it on the marketplace")
	f.Uint32Var(&spec.MinEpochs, "min-epochs", 1, "shortest SLA")
	f.Uint32Var(&spec.MaxEpochs, "max-epochs", 1<<20, "longest SLA")
	f.Uint32Var(&spec.RateLimit, "rate-limit", 0, "requests per second and SLA; 0: no limit")
	f.Uint32Var(&spec.QoS.AvailabilityPpm, "availability-ppm", 999_000, "promised availability")
	f.Uint32Var(&spec.QoS.TTFBMillis, "ttfb-ms", 0, "promised p95 of the time to first byte; 0: none")
	f.Uint32Var(&spec.QoS.ThroughputKiBps, "throughput-kibps", 0, "promised throughput; 0: none")
	f.Uint32Var(&spec.QoS.ErrorPpm, "error-ppm", 0, "promised error rate; 0: none")
	for _, x := range []string{"node", "region", "storage-price"} {
		_ = c.MarkFlagRequired(x) // the flag exists
	}
	return c
}

// nodeID finds a bound node by local name, id or key.
func (a *app) nodeID(ctx context.Context, n *deployment.Network, s string) (ids.ID, error) {
	if id, err := a.id(s, ids.Node); err == nil {
		return id, nil
	}
	acc, err := a.account(s)
	if err != nil {
		return ids.ID{}, fault.New(fault.Invalid, "node_unknown", "%q is no node: give its address or id", s)
	}
	v, err := client.Get[struct{ ID string }](ctx, client.New(n.Platform), "/v1/nodes/"+acc.String(), nil)
	if err != nil {
		return ids.ID{}, err
	}
	if v.ID == "" {
		return ids.ID{}, fault.New(fault.Conflict, "node_unbound", "node %s is not bound to a provider yet: claim it first", s)
	}
	return ids.Parse(v.ID)
}

func price(s string, as deployment.Asset) (money.Amount, error) {
	m, err := money.ParseDecimal(s, as.Decimals)
	if err != nil {
		return m, fault.New(fault.Invalid, "amount_invalid", "%s", err)
	}
	return m, nil
}

func unitsPrice(a *app) *cobra.Command {
	var storage, egress string
	c := &cobra.Command{Use: "price UNIT", Short: "Set a unit's prices for new SLAs; live ones keep theirs", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		return a.onUnit(c, args[0], "prices of %s changed", func(n *deployment.Network, u orchestrator.Unit) (orchestrator.Op, error) {
			as := n.Asset(u.Asset)
			s, err := price(storage, as)
			if err != nil {
				return nil, err
			}
			e, err := price(egress, as)
			return orchestrator.UnitPrice{Provider: u.Provider, ID: u.ID, StoragePrice: s, EgressPrice: e}, err
		})
	}}
	c.Flags().StringVar(&storage, "storage-price", "", "per GiB·day")
	c.Flags().StringVar(&egress, "egress-price", "", "per GiB read")
	_ = c.MarkFlagRequired("storage-price")
	_ = c.MarkFlagRequired("egress-price")
	return c
}

// onUnit submits an op about a unit, signed by --wallet.
func (a *app) onUnit(c *cobra.Command, name, said string, op func(*deployment.Network, orchestrator.Unit) (orchestrator.Op, error)) error {
	id, err := a.id(name, ids.Unit)
	if err != nil {
		return err
	}
	n, ch, w, err := a.act(c.Context(), "")
	if err != nil {
		return err
	}
	u, err := ch.Unit(c.Context(), id)
	if err != nil {
		return err
	}
	u.Provider = w.Account() // the contract says whether that is right
	o, err := op(n, u)
	if err != nil {
		return err
	}
	r, err := ch.Submit(c.Context(), w, o)
	if err != nil {
		return err
	}
	return a.done(c, r, said, id)
}

func unitsListed(a *app, listed bool) *cobra.Command {
	use, said := "publish", "unit %s is listed"
	if !listed {
		use, said = "unpublish", "unit %s is not listed any more; live SLAs go on"
	}
	return &cobra.Command{Use: use + " UNIT", Short: map[bool]string{true: "Show a unit on the marketplace", false: "Take a unit off the marketplace"}[listed], Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		return a.onUnit(c, args[0], said, func(_ *deployment.Network, u orchestrator.Unit) (orchestrator.Op, error) {
			return orchestrator.UnitList{Provider: u.Provider, ID: u.ID, Listed: listed}, nil
		})
	}}
}

func unitsMaintenance(a *app) *cobra.Command {
	var from, length time.Duration
	var emergency bool
	c := &cobra.Command{Use: "maintenance UNIT", Short: "Announce maintenance: its slots do not count, within the quota", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		return a.onUnit(c, args[0], "maintenance of %s is announced", func(_ *deployment.Network, u orchestrator.Unit) (orchestrator.Op, error) {
			if emergency {
				return orchestrator.UnitEmergency{Provider: u.Provider, ID: u.ID, Until: uint64(time.Now().Add(length).Unix())}, nil
			}
			t := time.Now().Add(from)
			return orchestrator.UnitMaintain{Provider: u.Provider, ID: u.ID, From: uint64(t.Unix()), Until: uint64(t.Add(length).Unix())}, nil
		})
	}}
	c.Flags().DurationVar(&from, "in", 25*time.Hour, "begin so long from now")
	c.Flags().DurationVar(&length, "for", time.Hour, "length")
	c.Flags().BoolVar(&emergency, "emergency", false, "begin at once, unannounced: it counts double against the quota")
	c.MarkFlagsMutuallyExclusive("in", "emergency")
	return c
}

func unitsResume(a *app) *cobra.Command {
	return &cobra.Command{Use: "resume UNIT", Short: "End maintenance", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		return a.onUnit(c, args[0], "unit %s is out of maintenance", func(_ *deployment.Network, u orchestrator.Unit) (orchestrator.Op, error) {
			return orchestrator.UnitResume{Provider: u.Provider, ID: u.ID}, nil
		})
	}}
}

func unitsDecommission(a *app) *cobra.Command {
	return &cobra.Command{Use: "decommission UNIT", Short: "Take no new SLAs on a unit, for ever; it retires when the live ones are over", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		return a.onUnit(c, args[0], "unit %s is decommissioning", func(_ *deployment.Network, u orchestrator.Unit) (orchestrator.Op, error) {
			return orchestrator.UnitDecommission{Provider: u.Provider, ID: u.ID}, nil
		})
	}}
}

func unitsCollateral(a *app) *cobra.Command {
	var asset string
	c := &cobra.Command{Use: "collateral", Short: "Collateral of the provider that --wallet is"}
	c.PersistentFlags().StringVar(&asset, "asset", "XLM", "asset: code or token contract")
	move := func(use, short, said string, op func(ids.Account, money.Asset, money.Amount) orchestrator.Op) *cobra.Command {
		return &cobra.Command{Use: use + " AMOUNT", Short: short, Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
			n, ch, w, err := a.act(c.Context(), "")
			if err != nil {
				return err
			}
			as, err := n.FindAsset(asset)
			if err != nil {
				return err
			}
			m, err := price(args[0], as)
			if err != nil {
				return err
			}
			r, err := ch.Submit(c.Context(), w, op(w.Account(), as.Contract, m))
			if err != nil {
				return err
			}
			return a.done(c, r, said, as.Format(m))
		}}
	}
	c.AddCommand(
		move("deposit", "Send collateral", "deposited %s", func(p ids.Account, as money.Asset, m money.Amount) orchestrator.Op {
			return orchestrator.DepositCollateral{Provider: p, Asset: as, Amount: m}
		}),
		move("withdraw", "Take free collateral back", "withdrew %s", func(p ids.Account, as money.Asset, m money.Amount) orchestrator.Op {
			return orchestrator.WithdrawCollateral{Provider: p, Asset: as, Amount: m}
		}),
		&cobra.Command{Use: "show", Short: "Show free and locked collateral", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
			n, ch, w, err := a.act(c.Context(), "")
			if err != nil {
				return err
			}
			as, err := n.FindAsset(asset)
			if err != nil {
				return err
			}
			x, err := ch.Collateral(c.Context(), w.Account(), as.Contract)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return err
			}
			return a.show(c, map[string]any{"asset": as.Contract, "free": x.Free, "locked": x.Locked}, func(w *tabwriter.Writer) {
				fmt.Fprintf(w, "free\t%s\nlocked\t%s\n", as.Format(x.Free), as.Format(x.Locked))
			})
		}})
	return c
}

// promise shows a QoS in a line.
func promise(q sla.QoS) string {
	s := fmt.Sprintf("%.2f %% available", float64(q.AvailabilityPpm)/1e4)
	if q.TTFBMillis > 0 {
		s += fmt.Sprintf(", first byte p95 %d ms", q.TTFBMillis)
	}
	if q.ThroughputKiBps > 0 {
		s += fmt.Sprintf(", %s/s", show(uint64(q.ThroughputKiBps)<<10))
	}
	return s
}
