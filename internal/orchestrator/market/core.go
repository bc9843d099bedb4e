package market

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Core makes the reference model of the Orchestrators Others.
type Core struct {
	*orchestrator.State
	undo func()
}

// PriceFor makes the price and remembers what it replaced.
func (c *Core) PriceFor(now uint64, op orchestrator.PriceFor) error {
	old, had := c.PriceOf(now, op.Unit, op.Consumer)
	if _, err := c.Step(now, op); err != nil {
		return err
	}
	back := op
	back.Until = now
	if had {
		back.StoragePrice, back.EgressPrice, back.Volume, back.Egress, back.Duration, back.Until = old.StoragePrice, old.EgressPrice, old.Volume, old.Egress, old.Duration, old.Until
	}
	c.undo = func() { _, _ = c.Step(now, back) } // what was just replaced is as good as what replaced it: it cannot be refused
	return nil
}

func (c *Core) Undo() { c.undo() }

func (c *Core) Request(now uint64, op orchestrator.Request) (ids.ID, error) {
	e, err := c.Step(now, op)
	return e.ID, err
}
