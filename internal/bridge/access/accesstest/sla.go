package accesstest

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Deal of a new SLA.
type Deal struct {
	Consumer       ids.Account
	Unit           ids.ID
	Volume, Egress uint64
	RateLimit      uint32
	Epochs         uint32
	State          orchestrator.SLAState
}

// AddSLA makes an SLA that begins with the next epoch.
func (c *Chain) AddSLA(d Deal) ids.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.add(d, ids.ID{}, c.config.Epoch(uint64(c.now().Unix()))+1)
}

// add makes an SLA that follows another one, or none. mu is held.
func (c *Chain) add(d Deal, previous ids.ID, start uint64) ids.ID {
	u := c.units[d.Unit]
	id := ids.SLAID(Consumer, d.Consumer, c.fresh())
	t := sla.Terms{SLA: id, Consumer: d.Consumer, Provider: u.Provider, Payout: u.Provider, Refund: d.Consumer, Asset: Asset, Units: []sla.Share{{Unit: d.Unit, Bps: 10_000}}, Kind: 1,
		Volume: d.Volume, Egress: d.Egress, RateLimit: d.RateLimit, Duration: d.Epochs, EpochSeconds: c.config.EpochSeconds, SlotsPerEpoch: 1, Window: 12, Redundancy: 1,
		StoragePrice: money.Of(1), EgressPrice: money.Of(1), Collateral: money.Of(1), Protocol: sla.DefaultProtocol(24), Previous: previous}
	c.terms[id] = t.Bytes()
	c.slas[id] = orchestrator.SLA{ID: id, Consumer: d.Consumer, Provider: u.Provider, Payout: u.Provider, Asset: Asset, Unit: d.Unit, TermsHash: t.Hash(), State: d.State,
		StartEpoch: start, Duration: d.Epochs, EndEpochs: d.Epochs, Covered: d.Epochs, Previous: previous}
	c.event("requested", id.String())
	if d.State == orchestrator.Active {
		c.event("sla_state", id.String())
	}
	return id
}

// Renew makes an SLA of the same consumer and unit that begins where another one ends, and takes its data over.
func (c *Chain) Renew(previous ids.ID, volume, egress uint64, epochs uint32) ids.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.slas[previous]
	id := c.add(Deal{Consumer: p.Consumer, Unit: p.Unit, Volume: volume, Egress: egress, Epochs: epochs, State: orchestrator.Active}, previous, p.StartEpoch+uint64(p.EndEpochs))
	p.Next = id
	c.slas[previous] = p
	c.event("succeeded", previous.String())
	return id
}

// Piece of a split.
type Piece struct {
	To             ids.Account
	Volume, Egress uint64
}

// Split ends an SLA after so many epochs; each piece is an SLA of its own from there on.
func (c *Chain) Split(id ids.ID, epochs uint32, pieces ...Piece) (parts []ids.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.slas[id]
	c.event("divided", id.String())
	for _, p := range pieces {
		parts = append(parts, c.add(Deal{Consumer: p.To, Unit: x.Unit, Volume: p.Volume, Egress: p.Egress, Epochs: x.Duration - epochs, State: orchestrator.Active}, id, x.StartEpoch+uint64(epochs)))
	}
	x.Duration, x.Covered, x.EndEpochs, x.Next = epochs, epochs, epochs, parts[0]
	c.slas[id] = x
	return parts
}

// Transfer makes an SLA another consumer's. Its terms keep the name that they were made with.
func (c *Chain) Transfer(id ids.ID, to ids.Account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.slas[id]
	x.Consumer = to
	c.slas[id] = x
	c.event("transferred", id.String())
}

// Reclaim is the provider's notice: the SLA ends after so many epochs.
func (c *Chain) Reclaim(id ids.ID, end uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.slas[id]
	x.State, x.EndEpochs = orchestrator.Reclaiming, end
	c.slas[id] = x
	c.event("closing", id.String())
	c.event("sla_state", id.String())
}

// End makes an SLA end early, after so many epochs, as its consumer's close does.
func (c *Chain) End(id ids.ID, epochs uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.slas[id]
	x.State, x.EndEpochs = orchestrator.Closing, epochs
	c.slas[id] = x
	c.event("closing", id.String())
}
