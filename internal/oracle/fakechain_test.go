package oracle

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// fakeChain behaves as the contracts do towards validators: it checks certificates as the Oracle does, and shows agreements with their events.
type fakeChain struct {
	config cert.Config

	mu      sync.Mutex
	latest  *cert.Certificate
	reports []*cert.Certificate
	by      map[ids.Account]int
	slas    map[ids.ID]orchestrator.SLA
	terms   map[ids.ID][]byte
	units   map[ids.ID]orchestrator.Unit
	nodes   map[ids.ID]orchestrator.Node
	events  []chain.Event
	down    bool
	arrived chan struct{}
}

func newFakeChain(config cert.Config) *fakeChain {
	return &fakeChain{config: config, by: map[ids.Account]int{}, slas: map[ids.ID]orchestrator.SLA{}, terms: map[ids.ID][]byte{}, units: map[ids.ID]orchestrator.Unit{},
		nodes: map[ids.ID]orchestrator.Node{}, arrived: make(chan struct{})}
}

var errDown = fault.New(fault.Unavailable, "unavailable", "the chain does not answer")

func lookup[T any](c *fakeChain, m map[ids.ID]T, id ids.ID) (x T, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return x, errDown
	}
	x, ok := m[id]
	if !ok {
		err = fault.New(fault.NotFound, "NotFound", "no such thing")
	}
	return x, err
}

func (c *fakeChain) SLA(_ context.Context, id ids.ID) (orchestrator.SLA, error) {
	return lookup(c, c.slas, id)
}
func (c *fakeChain) Terms(_ context.Context, id ids.ID) ([]byte, error) {
	return lookup(c, c.terms, id)
}
func (c *fakeChain) Unit(_ context.Context, id ids.ID) (orchestrator.Unit, error) {
	return lookup(c, c.units, id)
}
func (c *fakeChain) Node(_ context.Context, id ids.ID) (orchestrator.Node, error) {
	return lookup(c, c.nodes, id)
}
func (c *fakeChain) OracleConfig(context.Context) (cert.Config, error) { return c.config, nil }

func (c *fakeChain) LatestReport(context.Context) (uint64, [32]byte, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return 0, [32]byte{}, false, errDown
	}
	if c.latest == nil {
		return 0, [32]byte{}, false, nil
	}
	return c.latest.Epoch, c.latest.Root, true, nil
}

func (c *fakeChain) Events(_ context.Context, cursor string, limit int) ([]chain.Event, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return nil, "", errDown
	}
	at := 0
	if cursor != "" {
		fmt.Sscan(cursor, &at)
	}
	l := c.events[at:min(len(c.events), at+limit)]
	return l, fmt.Sprint(at + len(l)), nil
}

func (c *fakeChain) Submit(_ context.Context, by chain.Signer, op orchestrator.Op) (chain.Receipt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return chain.Receipt{}, errDown
	}
	x := op.(orchestrator.SubmitReport).Certificate
	var previous [32]byte
	if c.latest != nil {
		previous = c.latest.Root
		if x.Epoch <= c.latest.Epoch {
			return chain.Receipt{}, cert.ErrEpochOld
		}
	}
	if c.config.Start(x.Epoch+1) > uint64(time.Now().Unix()) {
		return chain.Receipt{}, cert.ErrEpochFuture
	}
	if x.Previous != previous {
		return chain.Receipt{}, cert.ErrPreviousMismatch
	}
	if err := c.config.Verify(&x); err != nil {
		return chain.Receipt{}, err
	}
	c.latest = &x
	c.reports = append(c.reports, &x)
	c.by[by.Account()]++
	close(c.arrived)
	c.arrived = make(chan struct{})
	return chain.Receipt{Tx: fmt.Sprint(len(c.reports))}, nil
}

// happen adds an event about an id.
func (c *fakeChain) happen(name string, id ids.ID) {
	c.events = append(c.events, chain.Event{Name: name, Subject: id.String()})
}

// agree puts an agreement on a node, with its unit, in force.
func (c *fakeChain) agree(t *testing.T, n *fakeNode, nonce byte, start uint64, duration uint32) *sla.Terms {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	orch := ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: [32]byte{9}}
	who := ids.Account{Chain: ids.Stellar, Address: [32]byte{7}}
	terms := &sla.Terms{Network: c.config.Network, SLA: ids.SLAID(orch, who, [32]byte{nonce}), Consumer: who, Provider: who, Payout: who, Refund: who, Asset: orch,
		Units: []sla.Share{{Unit: ids.UnitID(orch, who, [32]byte{nonce}), Bps: 10_000}}, Kind: 1, Volume: 1 << 30, Egress: 1 << 30, Duration: duration,
		EpochSeconds: c.config.EpochSeconds, SlotsPerEpoch: c.config.SlotsPerEpoch, Window: c.config.WindowEpochs, Redundancy: 1, PriceVersion: 1,
		StoragePrice: money.Of(1), EgressPrice: money.Of(1), Collateral: money.Of(1), Protocol: sla.DefaultProtocol(12), QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 100}}
	if err := terms.Validate(); err != nil {
		t.Fatal(err)
	}
	id, unit := terms.SLA, terms.Units[0].Unit
	c.slas[id] = orchestrator.SLA{ID: id, Unit: unit, State: orchestrator.Active, StartEpoch: start, Duration: duration, EndEpochs: duration}
	c.terms[id] = terms.Bytes()
	c.units[unit] = orchestrator.Unit{ID: unit, UnitSpec: orchestrator.UnitSpec{Node: n.id}}
	c.nodes[n.id] = orchestrator.Node{ID: n.id, Key: n.account(), Endpoint: n.server.URL}
	c.happen("sla_state", id)
	return terms
}

// set changes an agreement and says so.
func (c *fakeChain) set(id ids.ID, change func(*orchestrator.SLA)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.slas[id]
	change(&x)
	c.slas[id] = x
	c.happen("sla_state", id)
}

func (c *fakeChain) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.reports)
}

// await waits until the contract has a report for which ok holds.
func (c *fakeChain) await(t *testing.T, what string, ok func(*cert.Certificate) bool) *cert.Certificate {
	t.Helper()
	limit := time.After(90 * time.Second) // a busy machine may be slow
	for {
		c.mu.Lock()
		latest, arrived := c.latest, c.arrived
		c.mu.Unlock()
		if latest != nil && ok(latest) {
			return latest
		}
		select {
		case <-arrived:
		case <-limit:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// wallet is a chain.Signer.
type wallet struct{ key ed25519.PrivateKey }

func newWallet() wallet {
	_, k, _ := ed25519.GenerateKey(nil)
	return wallet{k}
}
func (w wallet) Account() ids.Account {
	return ids.Account{Chain: ids.Stellar, Address: [32]byte(w.key.Public().(ed25519.PublicKey))}
}
func (w wallet) SignHash(h [32]byte) ([]byte, error) { return ed25519.Sign(w.key, h[:]), nil }
func (w wallet) SignMessage(m []byte) ([]byte, error) {
	h := canon.Hash(m)
	return ed25519.Sign(w.key, h[:]), nil
}
