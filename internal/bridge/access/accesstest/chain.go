// Package accesstest has a chain for tests: a small ledger in memory with the behaviour that a Bridge Node sees of a real one. Units, SLAs and grants are made and changed by calls,
// each of which leaves its event; events have cursors, reads are of the latest state, and the whole chain can fall silent.
package accesstest

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Key is a wallet that a test knows by a word.
func Key(word string) *stellar.Key { return stellar.KeyFromRaw(canon.Hash([]byte("test key " + word))) }

func contract(word string) ids.Account {
	return ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: canon.Hash([]byte(word))}
}

// The contracts of the test's chain.
var (
	Oracle   = contract("oracle")
	Provider = contract("provider orchestrator")
	Consumer = contract("consumer orchestrator")
	Asset    = contract("asset")
)

// Chain is the ledger. The zero time of its clock is what New was given; it does not move by itself unless the clock does.
type Chain struct {
	now func() time.Time

	mu     sync.Mutex
	config cert.Config
	nodes  map[ids.ID]orchestrator.Node
	units  map[ids.ID]orchestrator.Unit
	slas   map[ids.ID]orchestrator.SLA
	terms  map[ids.ID][]byte
	grants map[ids.ID]orchestrator.Grant
	events []chain.Event
	first  int // older events are gone
	down   bool
	reads  int
	nonce  uint64
}

// New makes a chain whose epochs of the given length begin at the clock's time now.
func New(now func() time.Time, epochSeconds uint32, operators ...ids.Account) *Chain {
	c := &Chain{now: now, nodes: map[ids.ID]orchestrator.Node{}, units: map[ids.ID]orchestrator.Unit{}, slas: map[ids.ID]orchestrator.SLA{},
		terms: map[ids.ID][]byte{}, grants: map[ids.ID]orchestrator.Grant{}}
	c.config = cert.Config{Genesis: uint64(now().Unix()), EpochSeconds: epochSeconds, SlotsPerEpoch: 1, WindowEpochs: 12}
	for i, o := range operators {
		c.config.Validators = append(c.config.Validators, cert.Validator{Key: [65]byte{4, byte(i)}, Weight: 1, Operator: o})
	}
	return c
}

// Silence makes the chain answer nobody, or everybody again.
func (c *Chain) Silence(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
}

// Reads counts the questions that were asked so far.
func (c *Chain) Reads() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reads
}

// ForgetEvents makes all events so far too old to be asked for.
func (c *Chain) ForgetEvents() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.first = len(c.events)
}

func (c *Chain) event(name string, subject string) {
	c.events = append(c.events, chain.Event{Name: name, Subject: subject, Time: c.now(), Cursor: strconv.Itoa(len(c.events) + 1)})
}

func (c *Chain) fresh() [32]byte {
	c.nonce++
	return canon.Hash([]byte("nonce"), strconv.AppendUint(nil, c.nonce, 10))
}

// Bind binds a node.
func (c *Chain) Bind(provider, node ids.Account, endpoint string) ids.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := ids.NodeID(Provider, node)
	c.nodes[id] = orchestrator.Node{ID: id, Provider: provider, Key: node, Endpoint: endpoint, Since: uint64(c.now().Unix())}
	c.event("node_bound", id.String())
	return id
}

// AddUnit puts a Data Unit on a node.
func (c *Chain) AddUnit(node ids.ID, capacity uint64) ids.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := ids.UnitID(Provider, c.nodes[node].Provider, c.fresh())
	u := orchestrator.Unit{ID: id, Provider: c.nodes[node].Provider}
	u.Node, u.Kind, u.Capacity, u.Listed = node, 1, capacity, true
	c.units[id] = u
	c.event("unit_created", id.String())
	return id
}

// SetCovered says how many epochs of an open SLA are paid for, and how many of them are its retention.
func (c *Chain) SetCovered(id ids.ID, covered, retention uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.slas[id]
	x.Covered, x.EndEpochs, x.RetentionEpochs = covered, covered, retention
	c.slas[id] = x
	c.event("funded", id.String())
}

// SetState moves an SLA.
func (c *Chain) SetState(id ids.ID, s orchestrator.SLAState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.slas[id]
	x.State = s
	c.slas[id] = x
	c.event("sla_state", id.String())
}

// AddGrant grants access under an SLA.
func (c *Chain) AddGrant(slaID ids.ID, grantee ids.Account, prefix string, ops uint32, expires time.Time) ids.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := ids.GrantID(Consumer, slaID, c.fresh())
	c.grants[id] = orchestrator.Grant{ID: id, SLA: slaID, Grantor: c.slas[slaID].Consumer, Grantee: grantee, Prefix: []byte(prefix), Ops: ops, Expires: uint64(expires.Unix())}
	c.event("granted", id.String())
	return id
}

// Delegate passes on part of a grant.
func (c *Chain) Delegate(parent ids.ID, to ids.Account, prefix string, ops uint32, expires time.Time) ids.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.grants[parent]
	id := ids.GrantID(Consumer, parent, c.fresh())
	c.grants[id] = orchestrator.Grant{ID: id, SLA: p.SLA, Parent: parent, Depth: p.Depth + 1, Grantor: p.Grantee, Grantee: to, Prefix: []byte(prefix), Ops: ops, Expires: uint64(expires.Unix())}
	c.event("granted", id.String())
	return id
}

// Forget removes a grant, as if the ledger had archived it.
func (c *Chain) Forget(id ids.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.grants, id)
}

// Revoke revokes a grant.
func (c *Chain) Revoke(id ids.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.grants[id]
	g.Revoked = true
	c.grants[id] = g
	c.event("revoked", id.String())
}

// SetOperators changes the validators.
func (c *Chain) SetOperators(operators ...ids.Account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.config.Validators = nil
	for i, o := range operators {
		c.config.Validators = append(c.config.Validators, cert.Validator{Key: [65]byte{4, byte(i)}, Weight: 1, Operator: o})
	}
	c.event("rotated", "")
}

func ask[K comparable, V any](c *Chain, m map[K]V, k K) (v V, err error) {
	if err := c.answer(); err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := m[k]
	if !ok {
		return v, fault.New(fault.NotFound, "NotFound", "there is no such thing")
	}
	return v, nil
}

func (c *Chain) answer() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	if c.down {
		return fault.New(fault.Unavailable, "unavailable", "the chain does not answer")
	}
	return nil
}

// Head is the clock's time.
func (c *Chain) Head(context.Context) (uint32, time.Time, error) {
	if err := c.answer(); err != nil {
		return 0, time.Time{}, err
	}
	return 1, c.now(), nil
}

func (c *Chain) NodeOf(_ context.Context, key ids.Account) (ids.ID, error) {
	n, err := ask(c, c.nodes, ids.NodeID(Provider, key))
	return n.ID, err
}

func (c *Chain) Node(_ context.Context, id ids.ID) (orchestrator.Node, error) {
	return ask(c, c.nodes, id)
}
func (c *Chain) Unit(_ context.Context, id ids.ID) (orchestrator.Unit, error) {
	return ask(c, c.units, id)
}
func (c *Chain) SLA(_ context.Context, id ids.ID) (orchestrator.SLA, error) {
	return ask(c, c.slas, id)
}
func (c *Chain) Terms(_ context.Context, id ids.ID) ([]byte, error) { return ask(c, c.terms, id) }
func (c *Chain) Grant(_ context.Context, id ids.ID) (orchestrator.Grant, error) {
	return ask(c, c.grants, id)
}

func (c *Chain) OracleConfig(context.Context) (cert.Config, error) {
	if err := c.answer(); err != nil {
		return cert.Config{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.config
	out.Validators = slices.Clone(out.Validators)
	return out, nil
}

// Events as chain.Chain has them.
func (c *Chain) Events(_ context.Context, cursor string, limit int) ([]chain.Event, string, error) {
	if err := c.answer(); err != nil {
		return nil, cursor, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.first
	if cursor != "" {
		at, _ = strconv.Atoi(cursor)
		if at < c.first {
			return nil, cursor, fault.New(fault.Expired, "cursor_expired", "events that old are gone")
		}
	}
	end := min(at+limit, len(c.events))
	return slices.Clone(c.events[at:end]), strconv.Itoa(end), nil
}

// VerifyMessage checks a SEP-53 signature.
func (c *Chain) VerifyMessage(account ids.Account, message, signature []byte) bool {
	return stellar.VerifyMessage(account, message, signature)
}

// authorization is the test's stand-in for a chain's own: what is to be authorised, by whom.
type authorization struct {
	Contract ids.Account
	Op       orchestrator.NodeBind
	Account  ids.Account
	Signed   []byte `json:",omitempty"`
}

// Authorization is the unsigned authorisation of an account for a call of a contract.
func Authorization(contract ids.Account, op orchestrator.NodeBind, account ids.Account) []byte {
	b, _ := json.Marshal(authorization{Contract: contract, Op: op, Account: account})
	return b
}

// SignAuthorization signs only what authorises exactly op of this chain's contract, as a driver does.
func (c *Chain) SignAuthorization(by chain.Signer, op orchestrator.Op, unsigned []byte) ([]byte, error) {
	var a authorization
	if err := json.Unmarshal(unsigned, &a); err != nil || a.Contract != Provider || a.Op != op || a.Account != by.Account() {
		return nil, fault.New(fault.Forbidden, "authorization_bad", "this authorises something else")
	}
	sig, err := by.SignHash(canon.Hash(unsigned))
	if err != nil {
		return nil, err
	}
	a.Signed = sig
	return json.Marshal(a)
}

// Relay binds the node when the node's signature is on the authorisation.
func (c *Chain) Relay(op orchestrator.NodeBind, signed []byte) (ids.ID, error) {
	var a authorization
	if err := json.Unmarshal(signed, &a); err != nil || a.Op != op || len(a.Signed) == 0 {
		return ids.ID{}, fault.New(fault.Forbidden, "authorization_bad", "this authorises something else")
	}
	sig := a.Signed
	a.Signed = nil
	unsigned, _ := json.Marshal(a)
	h := canon.Hash(unsigned)
	if !stellar.Verify(a.Account, h[:], sig) {
		return ids.ID{}, fault.New(fault.Forbidden, "authorization_bad", "the signature is wrong")
	}
	return c.Bind(op.Provider, op.Node, op.Endpoint), nil
}
