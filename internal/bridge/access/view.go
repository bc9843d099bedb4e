package access

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Chain is what the view reads. chain.Chain has all of it; errors are as described there.
type Chain interface {
	Head(ctx context.Context) (ledger uint32, at time.Time, err error)
	NodeOf(ctx context.Context, key ids.Account) (ids.ID, error)
	Node(ctx context.Context, id ids.ID) (orchestrator.Node, error)
	Unit(ctx context.Context, id ids.ID) (orchestrator.Unit, error)
	SLA(ctx context.Context, id ids.ID) (orchestrator.SLA, error)
	Terms(ctx context.Context, sla ids.ID) ([]byte, error)
	Grant(ctx context.Context, id ids.ID) (orchestrator.Grant, error)
	OracleConfig(ctx context.Context) (cert.Config, error)
	Events(ctx context.Context, cursor string, max int) (events []chain.Event, next string, err error)
	VerifyMessage(account ids.Account, message, signature []byte) bool
}

// Options of a View.
type Options struct {
	Chain     Chain
	Node      ids.Account   // the node's key
	Dir       string        // where the view is kept between runs
	Poll      time.Duration // how often events are asked for; 0: 1 s
	Stale     time.Duration // how long the last known state holds without an answer of the chain; 0: 10 min
	Retention time.Duration // how long an SLA's data is readable after its end; 0: 24 h
	Refresh   time.Duration // how often everything is read again, whatever the events said; 0: 10 min
	Now       func() time.Time
	Logger    *slog.Logger

	// Configure is called with the epochs' place in time and the validators' operators when they are new or have changed, before anything is decided by them. nil: nothing.
	Configure func(genesis uint64, epochSeconds uint32, operators []ids.Account)

	// Apply is called from the follower when the phase of an SLA, its space or its time is new or has changed, and again at each poll until it returns nil.
	// After it took Over, the view forgets the SLA, unless another one has its data. An SLA that will take over data is applied before, Waiting, with the space that it will have. nil: nothing.
	Apply func(ctx context.Context, s Listed) error
}

func (o *Options) defaults() {
	o.Poll, o.Stale = orElse(o.Poll, time.Second), orElse(o.Stale, 10*time.Minute)
	o.Retention, o.Refresh = orElse(o.Retention, 24*time.Hour), orElse(o.Refresh, 10*time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Configure == nil {
		o.Configure = func(uint64, uint32, []ids.Account) {}
	}
	if o.Apply == nil {
		o.Apply = func(context.Context, Listed) error { return nil }
	}
}

func orElse(d, other time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return other
}

// View of the chain, safe for concurrent use. Follow keeps it up to date.
type View struct {
	o Options

	mu      sync.RWMutex
	s       state
	polled  time.Time       // s.Answered, with the monotonic clock's reading
	foreign map[ids.ID]bool // SLAs of other nodes' units: not to be read again
	dirty   bool            // s has news that are not saved

	pollMu    sync.Mutex // one poll at a time; it guards what follows
	refreshed time.Time  // local time of the last full reading

	saveMu sync.Mutex // one save at a time
	saved  time.Time

	applyMu sync.Mutex         // one Apply at a time
	applied map[ids.ID]applied // what Apply took
}

// applied is what Apply is told of again when it changes.
type applied struct {
	phase        Phase
	space        object.Space
	starts, ends time.Time
	succeeded    bool
}

// state is what is kept between runs. It can be rebuilt from the chain as far as the chain still has its events.
type state struct {
	Node      orchestrator.Node             `json:"node"` // zero: not bound
	Cursor    string                        `json:"cursor"`
	Answered  time.Time                     `json:"answered"` // local time of the last complete answer …
	Head      time.Time                     `json:"head"`     // … and the chain's time then
	Grid      grid                          `json:"grid"`
	Operators []ids.Account                 `json:"operators"`
	Units     map[ids.ID]bool               `json:"units"` // true: on this node
	SLAs      map[ids.ID]SLA                `json:"slas"`
	Grants    map[ids.ID]orchestrator.Grant `json:"grants"`
}

// maxForeign bounds what is remembered of other nodes' SLAs.
const maxForeign = 1 << 16

// NewView opens the view that an earlier run left in o.Dir, or an empty one. It does not talk to the chain.
func NewView(o Options) (*View, error) {
	o.defaults()
	v := &View{o: o, applied: map[ids.ID]applied{}, foreign: map[ids.ID]bool{}}
	if err := readJSON(v.file(), &v.s); err != nil {
		return nil, err
	}
	if v.s.Units == nil {
		v.s.Units = map[ids.ID]bool{}
	}
	if v.s.SLAs == nil {
		v.s.SLAs = map[ids.ID]SLA{}
	}
	if v.s.Grants == nil {
		v.s.Grants = map[ids.ID]orchestrator.Grant{}
	}
	v.polled = v.s.Answered
	return v, nil
}

func (v *View) file() string { return filepath.Join(v.o.Dir, "view.json") }

// Node is the binding of this node, if it is bound.
func (v *View) Node() (orchestrator.Node, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.s.Node, !v.s.Node.ID.Zero()
}

// Answered is the local time of the chain's last complete answer; zero: never.
func (v *View) Answered() time.Time {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.s.Answered
}

// SLAs on this node, by id.
func (v *View) SLAs() []Listed {
	v.mu.RLock()
	defer v.mu.RUnlock()
	at := v.chainNow()
	list := make([]Listed, 0, len(v.s.SLAs))
	for _, s := range v.s.SLAs {
		list = append(list, v.listed(s, at))
	}
	slices.SortFunc(list, func(a, b Listed) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return list
}

// Operators of the validators.
func (v *View) Operators() []ids.Account {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return slices.Clone(v.s.Operators)
}

// chainNow is the chain's time as far as it can be told without asking. mu is held.
func (v *View) chainNow() time.Time {
	if v.polled.IsZero() {
		return v.o.Now()
	}
	return v.s.Head.Add(v.o.Now().Sub(v.polled))
}

// fresh refuses when the chain has not answered for too long. mu is held.
func (v *View) fresh() error {
	if silent := v.o.Now().Sub(v.polled); silent > v.o.Stale {
		return fault.New(fault.Unavailable, "chain_stale", "this node has not reached the chain for %s and cannot tell what is allowed", silent.Round(time.Second))
	}
	return nil
}

// Fresh refuses as requests are refused when the chain has not answered for too long.
func (v *View) Fresh() error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.fresh()
}
