package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func unitsPriceFor(a *app) *cobra.Command {
	var to, storage, egress string
	var life time.Duration
	var volume, out string
	var epochs uint32
	c := &cobra.Command{Use: "price-for UNIT", Short: "Offer a unit to one consumer at a price of its own, for one SLA; also one that is not listed", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.Unit)
		if err != nil {
			return err
		}
		consumer, err := a.account(to)
		if err != nil {
			return err
		}
		n, ch, w, err := a.act(c.Context(), "")
		if err != nil {
			return err
		}
		op := orchestrator.PriceFor{Provider: w.Account(), Unit: id, Consumer: consumer} // until long ago: none any more
		said := "unit %s has no price of its own for %s any more"
		if life > 0 {
			u, err := ch.Unit(c.Context(), id)
			if err != nil {
				return err
			}
			_, at, err := ch.Head(c.Context())
			if err != nil {
				return err
			}
			as := n.Asset(u.Asset)
			if op.StoragePrice, err = price(storage, as); err != nil {
				return err
			}
			if op.EgressPrice, err = price(egress, as); err != nil {
				return err
			}
			if volume != "" {
				if op.Volume, err = size(volume); err != nil {
					return err
				}
				if op.Egress, err = size(out); err != nil {
					return err
				}
				if op.Duration = epochs; epochs == 0 {
					op.Duration = u.MaxEpochs
				}
			}
			op.Until = uint64(at.Add(life).Unix())
			said = "unit %s has a price for %s"
		}
		r, err := ch.Submit(c.Context(), w, op)
		if err != nil {
			return err
		}
		return a.done(c, r, said, id, consumer)
	}}
	f := c.Flags()
	f.StringVar(&to, "to", "", "account or wallet that it is for")
	f.StringVar(&storage, "storage-price", "0", "per GiB·day")
	f.StringVar(&egress, "egress-price", "0", "per GiB read")
	f.StringVar(&volume, "volume", "", "of an SLA of at most so much, as 100GiB; empty: of any size")
	f.StringVar(&out, "egress", "0", "and so much read, with --volume")
	f.Uint32Var(&epochs, "epochs", 0, "and so many epochs, with --volume; 0: as many as the unit takes")
	f.DurationVar(&life, "for", 7*24*time.Hour, "until it ends by itself, at most 90 days; 0 takes it back")
	_ = c.MarkFlagRequired("to")
	return c
}
