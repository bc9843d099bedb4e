package oracle

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"sync"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/consensus"
	"github.com/flashback-network/flashback/internal/oracle/possession"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// watch is what the validator sees of the chain: which agreements live, on which units and nodes. It is one goroutine's; the nodes are read by others.
type watch struct {
	file   string
	cursor string
	slas   map[ids.ID]*watched
	units  map[ids.ID]*orchestrator.Unit
	dirty  map[ids.ID]bool // to be read again
	round  int

	mu     sync.RWMutex
	nodes  map[ids.ID]possession.Node
	synced bool
}

// watched is one agreement.
type watched struct {
	state orchestrator.SLAState
	start uint64
	end   uint32
	unit  ids.ID
	terms []byte
	read  bool
}

// saved is what a restart needs: the rest is read again.
type saved struct {
	Cursor string   `json:"cursor"`
	SLAs   []ids.ID `json:"slas"`
}

const (
	eventsPerCall = 500
	maxWatched    = 200_000
	fullRounds    = 300 // polls after which everything is read again
)

func openWatch(file string) (*watch, error) {
	w := &watch{file: file, slas: map[ids.ID]*watched{}, units: map[ids.ID]*orchestrator.Unit{}, dirty: map[ids.ID]bool{}, nodes: map[ids.ID]possession.Node{}}
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return w, nil
	}
	var s saved
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Corrupt, "watch_corrupt", "%s is not readable: remove it to read the chain from its beginning", file)
	}
	w.cursor = s.Cursor
	for _, id := range s.SLAs {
		w.slas[id] = &watched{}
		w.dirty[id] = true
	}
	return w, nil
}

func (w *watch) save() error {
	s := saved{Cursor: w.cursor}
	for id := range w.slas {
		s.SLAs = append(s.SLAs, id)
	}
	slices.SortFunc(s.SLAs, func(a, b ids.ID) int { return slices.Compare(a[:], b[:]) })
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return consensus.WriteAtomic(w.file, b)
}

// target is where a node is reached.
func (w *watch) target(node ids.ID) (possession.Node, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	n, ok := w.nodes[node]
	return n, ok
}

func (w *watch) ready() bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.synced
}

// follow reads the chain and tells the log what it saw.
func (v *validator) follow(ctx context.Context) error {
	failing := false
	for ctx.Err() == nil {
		err := v.poll(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			v.o.Logger.Warn("the chain could not be read", "error", err)
		}
		failing = err != nil
		v.tell()
		wait(ctx, v.o.Poll)
	}
	return nil
}

func (v *validator) poll(ctx context.Context) error {
	w := v.watch
	changed := false
	for {
		c, cancel := context.WithTimeout(ctx, callTimeout)
		events, next, err := v.o.Chain.Events(c, w.cursor, eventsPerCall)
		cancel()
		if fault.KindOf(err) == fault.Expired {
			v.o.Logger.Warn("events are missing: the chain has dropped some; known agreements are read again", "error", err)
			w.cursor = ""
			w.all()
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range events {
			id, err := ids.Parse(e.Subject)
			if err != nil {
				continue // about an account
			}
			if id.Kind() == ids.SLA && w.slas[id] == nil && len(w.slas) < maxWatched {
				w.slas[id] = &watched{}
			}
			w.dirty[id] = true
		}
		changed = changed || w.cursor != next && len(events) > 0
		w.cursor = next
		if len(events) < eventsPerCall {
			break
		}
	}
	if w.round++; w.round%fullRounds == 0 {
		w.all()
	}
	var failed error
	for _, kind := range []ids.Kind{ids.SLA, ids.Unit, ids.Node} { // an SLA names its unit, a unit its node
		for _, id := range w.todo(kind) {
			c, cancel := context.WithTimeout(ctx, callTimeout)
			err := v.read(c, id)
			cancel()
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			delete(w.dirty, id)
		}
	}
	if changed {
		failed = errors.Join(failed, w.save())
	}
	w.mu.Lock() // one thing that cannot be read does not make the others unknown
	w.synced = true
	w.mu.Unlock()
	return failed
}

func (w *watch) all() {
	for id := range w.slas {
		w.dirty[id] = true
	}
	for id := range w.units {
		w.dirty[id] = true
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	for id := range w.nodes {
		w.dirty[id] = true
	}
}

// todo lists the dirty ids of a kind that somebody lives on.
func (w *watch) todo(k ids.Kind) (l []ids.ID) {
	for id := range w.dirty {
		if id.Kind() != k {
			continue
		}
		if wanted := w.wanted(id); wanted {
			l = append(l, id)
		} else {
			delete(w.dirty, id)
		}
	}
	return l
}

func (w *watch) wanted(id ids.ID) bool {
	switch id.Kind() {
	case ids.SLA:
		return w.slas[id] != nil
	case ids.Unit:
		return w.units[id] != nil
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	_, ok := w.nodes[id]
	return ok
}

// read looks one thing up. What the chain does not have is forgotten.
func (v *validator) read(ctx context.Context, id ids.ID) error {
	w := v.watch
	switch id.Kind() {
	case ids.SLA:
		return v.readSLA(ctx, id)
	case ids.Unit:
		u, err := v.o.Chain.Unit(ctx, id)
		if err != nil {
			return err
		}
		w.units[id] = &u
		return v.needNode(ctx, u.Node)
	default:
		return v.readNode(ctx, id)
	}
}

func (v *validator) readSLA(ctx context.Context, id ids.ID) error {
	w := v.watch
	x, err := v.o.Chain.SLA(ctx, id)
	if fault.KindOf(err) == fault.NotFound {
		delete(w.slas, id)
		return nil
	}
	if err != nil {
		return err
	}
	s := w.slas[id]
	s.read, s.state, s.start, s.end, s.unit = true, x.State, x.StartEpoch, x.EndEpochs, x.Unit
	if !s.state.Running() {
		return nil
	}
	if s.terms == nil {
		if s.terms, err = v.o.Chain.Terms(ctx, id); err != nil {
			return err
		}
	}
	if w.units[s.unit] == nil {
		return v.read(ctx, s.unit)
	}
	return nil
}

func (v *validator) needNode(ctx context.Context, id ids.ID) error {
	if _, ok := v.watch.target(id); ok {
		return nil
	}
	return v.readNode(ctx, id)
}

func (v *validator) readNode(ctx context.Context, id ids.ID) error {
	n, err := v.o.Chain.Node(ctx, id)
	if err != nil {
		return err
	}
	w := v.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nodes[id] = possession.Node{ID: id, Key: n.Key.Address, Account: n.Key, Endpoint: trimSlash(n.Endpoint)}
	return nil
}

func trimSlash(s string) string {
	for len(s) > 0 && s[len(s)-1] == '/' {
		s = s[:len(s)-1]
	}
	return s
}

// tell sends what the log does not know yet.
func (v *validator) tell() {
	w, s := v.watch, v.node.Committed().State
	for id, x := range w.slas {
		if !x.read {
			continue
		}
		f := &report.Sighting{Network: v.config.Network, Validator: v.me, SLA: id}
		switch {
		case x.state.Terminal():
			if s.Record(id) == nil {
				delete(w.slas, id)
				continue
			}
		case x.state.Running():
			u := w.units[x.unit]
			if u == nil {
				continue
			}
			n, ok := w.target(u.Node)
			if !ok {
				continue
			}
			f.Start, f.EndEpochs, f.Node, f.NodeKey, f.Terms = x.start, x.end, n.ID, n.Key, x.terms
			v.tellMaintenance(s, u)
		default:
			continue
		}
		v.fact(s, &report.Message{Sighting: f}, f.Bytes())
	}
}

func (v *validator) tellMaintenance(s *report.State, u *orchestrator.Unit) {
	m := u.Maintenance
	if m.Until == 0 {
		return
	}
	f := &report.Maintenance{Network: v.config.Network, Validator: v.me, Unit: u.ID, From: m.From, Until: m.Until}
	v.fact(s, &report.Message{Maintenance: f}, f.Bytes())
}

func (v *validator) fact(s *report.State, m *report.Message, doc []byte) {
	if s.Known(m) || s.Voted(m) {
		return
	}
	if err := v.node.Send(report.Seal(doc, v.o.Key, v.me)); err != nil {
		v.o.Logger.Debug("a sighting was not taken", "error", err)
	}
}
