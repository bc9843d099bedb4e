package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func unitsPriceFor(a *app) *cobra.Command {
	var to, storage, egress string
	var life time.Duration
	c := &cobra.Command{Use: "price-for UNIT", Short: "Offer a unit to one consumer at a price of its own, for one SLA; also one that is not listed", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		consumer, err := a.account(to)
		if err != nil {
			return err
		}
		said := "unit %s has a price for " + consumer.String()
		if life <= 0 {
			said = "unit %s has no price of its own any more for " + consumer.String()
		}
		return a.onUnit(c, args[0], said, func(n *deployment.Network, u orchestrator.Unit) (orchestrator.Op, error) {
			op := orchestrator.PriceFor{Provider: u.Provider, Unit: u.ID, Consumer: consumer}
			if life <= 0 {
				return op, nil // until long ago: none any more
			}
			as := n.Asset(u.Asset)
			var err error
			if op.StoragePrice, err = price(storage, as); err != nil {
				return nil, err
			}
			op.EgressPrice, err = price(egress, as)
			op.Until = uint64(time.Now().Add(life).Unix())
			return op, err
		})
	}}
	f := c.Flags()
	f.StringVar(&to, "to", "", "account or wallet that it is for")
	f.StringVar(&storage, "storage-price", "0", "per GiB·day")
	f.StringVar(&egress, "egress-price", "0", "per GiB read")
	f.DurationVar(&life, "for", 7*24*time.Hour, "until it ends by itself, at most 90 days; 0 takes it back")
	_ = c.MarkFlagRequired("to")
	return c
}
