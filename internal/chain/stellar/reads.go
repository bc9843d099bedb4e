package stellar

import (
	"context"
	"math"
	"time"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
)

// stored reads the contract's entry with a key of the contracts' Key enums: the variant's name, then its values. Nil when there is none. One request, no simulation.
func (c *Client) stored(ctx context.Context, contract ids.Account, variant string, values ...xdr.ScVal) (*xdr.ScVal, error) {
	d, err := c.entry(ctx, dataKey(contract, scval.Vec(append([]xdr.ScVal{scval.Symbol(variant)}, values...)...)))
	if err != nil || d == nil || d.ContractData == nil {
		return nil, err
	}
	return &d.ContractData.Val, nil
}

// record reads a stored struct; missing is the refusal's number when there is none.
func (c *Client) record(ctx context.Context, missing uint32, contract ids.Account, variant string, values ...xdr.ScVal) (*record, error) {
	v, err := c.stored(ctx, contract, variant, values...)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, refusals[missing].fault()
	}
	return newRecord(variant, *v), nil
}

const notFound, providerUnknown, notInitialized = 7, 301, 3

// OracleConfig is the validators' configuration, with the network id that follows from the deployment.
func (c *Chain) OracleConfig(ctx context.Context) (cert.Config, error) {
	r, err := c.record(ctx, notInitialized, c.at.Oracle, "Config")
	if err != nil {
		return cert.Config{}, err
	}
	o := cert.Config{Network: cert.NetworkID(c.network, c.at.Oracle), Version: r.u32("version"), Genesis: r.u64("genesis"), EpochSeconds: r.u32("epoch_seconds"),
		SlotsPerEpoch: r.u32("slots_per_epoch"), WindowEpochs: r.u32("window_epochs")}
	for _, x := range r.list("validators") {
		v := newRecord("Validator", x)
		o.Validators = append(o.Validators, cert.Validator{Key: [65]byte(append(v.fixed("key", 65), make([]byte, 65)...)), Weight: v.u32("weight"), Operator: v.account("operator")})
		if err := r.done(v); err != nil {
			return cert.Config{}, err
		}
	}
	return o, r.done()
}

// LatestReport is the last certified epoch and its root; not ok before the first.
func (c *Chain) LatestReport(ctx context.Context) (uint64, [32]byte, bool, error) {
	v, err := c.stored(ctx, c.at.Oracle, "Latest")
	if err != nil || v == nil {
		return 0, [32]byte{}, false, err
	}
	r := newRecord("Latest", *v)
	epoch, root := r.u64("epoch"), r.b32("root")
	return epoch, root, r.err == nil && epoch != math.MaxUint64, r.done()
}

// Root of an epoch; NotFound when none was certified, or it is older than what the Oracle keeps.
func (c *Chain) Root(ctx context.Context, epoch uint64) (root [32]byte, err error) {
	v, err := c.stored(ctx, c.at.Oracle, "Root", scval.U64(epoch))
	if err != nil {
		return root, err
	}
	if v == nil {
		return root, fault.New(fault.NotFound, "NotFound", "epoch %d has no certified root", epoch)
	}
	r := &record{what: "Root", f: scval.Fields{"root": *v}}
	return r.b32("root"), r.done()
}

// Params of the protocol for new SLAs: one simulation.
func (c *Chain) Params(ctx context.Context) (orchestrator.Params, error) {
	v, err := c.view(ctx, c.at.Consumer, "params")
	if err != nil {
		return orchestrator.Params{}, err
	}
	return readParams(newRecord("Params", v))
}

// ProviderParams are the Provider Orchestrator's: one simulation.
func (c *Chain) ProviderParams(ctx context.Context) (orchestrator.Params, error) {
	v, err := c.view(ctx, c.at.Provider, "params")
	if err != nil {
		return orchestrator.Params{}, err
	}
	return readParams(newRecord("Params", v))
}

// Provider as registered.
func (c *Chain) Provider(ctx context.Context, account ids.Account) (orchestrator.Provider, error) {
	r, err := c.record(ctx, providerUnknown, c.at.Provider, "Provider", scval.Address(account))
	if err != nil {
		return orchestrator.Provider{}, err
	}
	return orchestrator.Provider{Payout: r.account("payout"), Info: r.b32("info"), Registered: r.u64("registered")}, r.done()
}

// Collateral of a provider in an asset; nothing is none.
func (c *Chain) Collateral(ctx context.Context, provider ids.Account, asset money.Asset) (orchestrator.Collateral, error) {
	v, err := c.stored(ctx, c.at.Provider, "Collateral", scval.Address(provider), scval.Address(asset))
	if err != nil || v == nil {
		return orchestrator.Collateral{}, err
	}
	r := newRecord("Collateral", *v)
	return orchestrator.Collateral{Free: r.amount("free"), Locked: r.amount("locked")}, r.done()
}

// Node by its id.
func (c *Chain) Node(ctx context.Context, id ids.ID) (orchestrator.Node, error) {
	r, err := c.record(ctx, notFound, c.at.Provider, "Node", scval.ID(id))
	if err != nil {
		return orchestrator.Node{}, err
	}
	return orchestrator.Node{ID: id, Provider: r.account("provider"), Key: r.account("key"), Endpoint: r.text("endpoint"), State: orchestrator.NodeState(r.u8("state")),
		Since: r.u64("since"), Units: r.u32("units")}, r.done()
}

// NodeOf is the id that a key is bound as.
func (c *Chain) NodeOf(ctx context.Context, key ids.Account) (ids.ID, error) {
	v, err := c.stored(ctx, c.at.Provider, "NodeOf", scval.Address(key))
	if err != nil {
		return ids.ID{}, err
	}
	if v == nil {
		return ids.ID{}, fault.New(fault.NotFound, "NotFound", "the key %s is not bound as a node", key)
	}
	r := &record{what: "NodeOf", f: scval.Fields{"id": *v}}
	return r.b32("id"), r.done()
}

// Unit by its id, with its state at the latest ledger's time: two requests.
func (c *Chain) Unit(ctx context.Context, id ids.ID) (orchestrator.Unit, error) {
	r, err := c.record(ctx, notFound, c.at.Provider, "Unit", scval.ID(id))
	if err != nil {
		return orchestrator.Unit{}, err
	}
	u, err := readUnit(r, id)
	if err != nil {
		return orchestrator.Unit{}, err
	}
	_, now, err := c.Head(ctx)
	u.State = stateAt(u, now)
	return u, err
}

// stateAt is the state that a stored unit shows at a time: the contract stores only what was declared.
func stateAt(u orchestrator.Unit, now time.Time) orchestrator.UnitState {
	t := uint64(now.Unix())
	switch {
	case u.State >= orchestrator.UnitDecommissioning:
		return u.State
	case u.Maintenance.From <= t && t < u.Maintenance.Until:
		return orchestrator.UnitMaintenance
	case u.InUseBytes > 0:
		return orchestrator.UnitInUse
	case u.ReservedBytes > 0:
		return orchestrator.UnitReserved
	}
	return orchestrator.UnitAvailable
}

// Quote asks the unit.
func (c *Chain) Quote(ctx context.Context, unit ids.ID, consumer ids.Account, volume, egress uint64, duration uint32, previous ids.ID) (chain.Quote, error) {
	v, err := c.view(ctx, c.at.Provider, "quote", scval.ID(unit), scval.Address(consumer), scval.U64(volume), scval.U64(egress), vU32(duration), scval.ID(previous))
	if err != nil {
		return chain.Quote{}, err
	}
	return readQuote(newRecord("Quote", v))
}

// PriceOf is what a unit asks of one consumer instead of its list price: one simulation.
func (c *Chain) PriceOf(ctx context.Context, unit ids.ID, consumer ids.Account) (orchestrator.Special, error) {
	v, err := c.view(ctx, c.at.Provider, "price_of", scval.ID(unit), scval.Address(consumer))
	if err != nil {
		return orchestrator.Special{}, err
	}
	r := newRecord("Price", v)
	return orchestrator.Special{StoragePrice: r.amount("storage_price"), EgressPrice: r.amount("egress_price"), Volume: r.u64("volume"), Egress: r.u64("egress"), Duration: r.u32("duration"), Until: r.u64("until")}, r.done()
}

// Group is the parts of a joint SLA by the id of the first: one simulation.
func (c *Chain) Group(ctx context.Context, id ids.ID) (parts []ids.ID, err error) {
	v, err := c.view(ctx, c.at.Consumer, "group_of", scval.ID(id))
	if err != nil {
		return nil, err
	}
	r := &record{what: "group", f: scval.Fields{"parts": v}}
	for _, x := range r.list("parts") {
		part := &record{what: "group", f: scval.Fields{"id": x}}
		parts = append(parts, part.b32("id"))
		if err := r.done(part); err != nil {
			return nil, err
		}
	}
	return parts, r.done()
}

// grown reads a record that had fewer fields in an earlier release: one that lacks the newest is asked of the contract, which knows what it was without.
func (c *Chain) grown(ctx context.Context, newest string, contract ids.Account, variant, view string, id ids.ID) (*record, error) {
	r, err := c.record(ctx, notFound, contract, variant, scval.ID(id))
	if err != nil {
		return nil, err
	}
	if _, ok := r.f[newest]; ok {
		return r, nil
	}
	v, err := c.view(ctx, contract, view, scval.ID(id))
	return newRecord(variant, v), err
}

// Reservation of an SLA.
func (c *Chain) Reservation(ctx context.Context, sla ids.ID) (orchestrator.Reservation, error) {
	r, err := c.grown(ctx, "reclaim_epochs", c.at.Provider, "Reservation", "reservation", sla)
	if err != nil {
		return orchestrator.Reservation{}, err
	}
	return readReservation(r)
}

// SLA by its id.
func (c *Chain) SLA(ctx context.Context, id ids.ID) (orchestrator.SLA, error) {
	r, err := c.grown(ctx, "bond_total", c.at.Consumer, "Sla", "sla", id)
	if err != nil {
		return orchestrator.SLA{}, err
	}
	x, err := readSLA(r, id)
	if err != nil || x.State != orchestrator.Active || x.Covered >= x.Duration {
		return x, err
	}
	config, err := c.schedule(ctx)
	if err != nil {
		return orchestrator.SLA{}, err
	}
	_, now, err := c.Head(ctx)
	x.State = x.At(uint64(now.Unix()), config)
	return x, err
}

// schedule is a configuration of the Oracle whose epochs may be relied on: they never change.
func (c *Chain) schedule(ctx context.Context) (*cert.Config, error) {
	if k := c.epochs.Load(); k != nil {
		return k, nil
	}
	k, err := c.OracleConfig(ctx)
	if err != nil {
		return nil, err
	}
	c.epochs.Store(&k)
	return &k, nil
}

// Terms of an SLA in canonical bytes.
func (c *Chain) Terms(ctx context.Context, sla ids.ID) ([]byte, error) {
	v, err := c.stored(ctx, c.at.Consumer, "Terms", scval.ID(sla))
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, refusals[notFound].fault()
	}
	r := &record{what: "Terms", f: scval.Fields{"terms": *v}}
	return r.blob("terms"), r.done()
}

// Grant by its id.
func (c *Chain) Grant(ctx context.Context, id ids.ID) (orchestrator.Grant, error) {
	r, err := c.record(ctx, notFound, c.at.Consumer, "Grant", scval.ID(id))
	if err != nil {
		return orchestrator.Grant{}, err
	}
	return orchestrator.Grant{ID: id, SLA: r.b32("sla"), Parent: r.b32("parent"), Depth: r.u8("depth"), Grantor: r.account("grantor"), Grantee: r.account("grantee"), Prefix: r.blob("prefix"), Ops: r.u32("ops"),
		Expires: r.u64("expires"), Revoked: r.flag("revoked")}, r.done()
}
