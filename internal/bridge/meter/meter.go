package meter

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/bridge/s3"
	"github.com/flashback-network/flashback/internal/fault"
)

const (
	syncEvery = 50 * time.Millisecond // power loss takes at most what was counted in so long
	beatEvery = time.Second           // how far behind the integral may be when the process dies
	outStep   = 1 << 20               // bytes sent between two counts
)

// Usage is what the meter asks of the engine.
type Usage interface {
	Usage(space object.Space) (object.Usage, error)
}

// Options of Open.
type Options struct {
	Dir    string // the file of counters is in it
	Store  Usage
	Now    func() time.Time
	Logger *slog.Logger
	// Concurrent requests of one space; 0: 1,024.
	Concurrent int
}

// Limits of an account. The reserve is the engine's (SetLimit).
type Limits struct {
	Egress    int64     // bytes that may be sent in the SLA's life; -1: no bound
	RateLimit uint32    // requests per second; 0: no bound
	ReadOnly  bool      // writes are refused
	Until     time.Time // what comes later is not in the integral, and closes no epoch; zero: without end
}

// Meter is s3.Meter with durable counters. Safe for concurrent use.
type Meter struct {
	o Options

	mu     sync.RWMutex
	named  map[object.Space]*account   // by the account's own name
	spaces map[object.Space][]*account // by what they count, in the order in which they begin
	book   *book
	closed bool

	grid  atomic.Pointer[grid]
	dirty atomic.Bool
}

var _ s3.Meter = (*Meter)(nil)

type grid struct {
	genesis uint64 // Unix seconds
	seconds uint32 // of an epoch
}

func (g *grid) epoch(ns int64) uint64 {
	s := uint64(ns / 1e9)
	if s < g.genesis {
		return 0
	}
	return (s - g.genesis) / uint64(g.seconds)
}

func (g *grid) start(epoch uint64) int64 { return int64(g.genesis+epoch*uint64(g.seconds)) * 1e9 }

// Open opens the counters that an earlier run left, however it ended. Run keeps them up to date; Close ends.
func Open(o Options) (*Meter, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Concurrent <= 0 {
		o.Concurrent = 1024
	}
	b, found, err := openBook(filepath.Join(o.Dir, "meter"))
	if err != nil {
		return nil, fmt.Errorf("opening the counters: %w", err)
	}
	m := &Meter{o: o, named: map[object.Space]*account{}, spaces: map[object.Space][]*account{}, book: b}
	for line, n := range found {
		if other := m.named[n.name]; other != nil { // a forgotten account whose line was not cleared to the end: the newer one counts
			if other.tally.Last >= n.tally.Last {
				b.drop(line)
				continue
			}
			b.drop(other.line)
			m.leave(other)
		}
		a := &account{m: m, name: n.name, space: n.space, from: n.from, line: line, tally: n.tally}
		a.tally.Out += a.tally.Flying // sent before the process died
		a.tally.Flying = 0
		// What the engine holds now it has held since the process died: nothing else changes it.
		u, err := o.Store.Usage(n.space)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("usage of %s: %w", n.space, err), b.close())
		}
		a.tally.Objects, a.tally.Bytes = uint64(u.Objects), uint64(u.Bytes)
		m.enter(a)
		a.save()
	}
	return m, nil
}

// SetEpochs tells where epochs begin. Until then no epoch is closed.
func (m *Meter) SetEpochs(genesis uint64, seconds uint32) {
	if g := m.grid.Load(); seconds > 0 && (g == nil || *g != (grid{genesis, seconds})) {
		m.grid.Store(&grid{genesis, seconds})
	}
}

// Run synchronises the counters until ctx ends.
func (m *Meter) Run(ctx context.Context) {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	var beat time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now := time.Now(); now.Sub(beat) >= beatEvery {
			beat = now
			m.beat()
		}
		if m.dirty.Swap(false) {
			m.mu.RLock()
			var err error
			if !m.closed {
				err = m.book.sync()
			}
			m.mu.RUnlock()
			if err != nil {
				m.dirty.Store(true)
				m.o.Logger.Error("the counters are not written back", "err", err)
			}
		}
	}
}

// beat brings every integral up to now.
func (m *Meter) beat() {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return
	}
	for _, a := range m.named {
		a.mu.Lock()
		if a.line != nil {
			a.roll()
			a.line.store(a) // nothing worth a write to the disk: the kernel does it in its own time
		}
		a.mu.Unlock()
	}
}

// Close writes everything back. The meter counts nothing after it.
func (m *Meter) Close() error {
	m.beat()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	for _, a := range m.named {
		a.mu.Lock()
		a.line, a.open = nil, false
		a.mu.Unlock()
	}
	return m.book.close()
}

// Admit opens a space for requests, or changes its limits. With durable, it is counted across restarts.
func (m *Meter) Admit(space object.Space, l Limits, durable bool) error {
	return m.admit(space, space, time.Time{}, l, durable)
}

// Succeed opens an account of its own for a space that another one counts: what happens from then on is the new one's, and what the space holds by then it has held from its first
// moment. It may be called before that moment; until then the account counts nothing and no request is its. space has to be the lower-case hex form of 32 bytes.
func (m *Meter) Succeed(name, space object.Space, from time.Time, l Limits) error {
	if raw, err := hex.DecodeString(string(space)); err != nil || len(raw) != atFrom-atSpace || hex.EncodeToString(raw) != string(space) {
		return fault.New(fault.Invalid, "space_invalid", "a space that is taken over is named by an id")
	}
	return m.admit(name, space, from, l, true)
}

func (m *Meter) admit(name, space object.Space, from time.Time, l Limits, durable bool) error {
	if len(name) > maxName {
		return fault.New(fault.Invalid, "space_invalid", "a space's name has at most %d bytes", maxName)
	}
	begin := int64(0)
	if !from.IsZero() {
		begin = from.UnixNano()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errors.New("the meter is closed")
	}
	a := m.named[name]
	if a != nil && (a.space != space || a.from != begin) { // it turned out otherwise before it began
		m.forget(a)
		a = nil
	}
	if a == nil {
		u, err := m.o.Store.Usage(space)
		if err != nil {
			return fmt.Errorf("usage of %s: %w", space, err)
		}
		a = &account{m: m, name: name, space: space, from: begin}
		a.tally = Tally{Objects: uint64(u.Objects), Bytes: uint64(u.Bytes), Last: m.o.Now().UnixNano()}
		if begin > 0 {
			a.tally.Last = begin
		}
		if durable {
			if a.line, err = m.book.take(); err != nil {
				return err
			}
		}
		m.enter(a)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.limits, a.open = l, true
	a.save()
	return nil
}

// Forget ends an account: its counters are gone.
func (m *Meter) Forget(name object.Space) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a := m.named[name]; a != nil && !m.closed {
		m.forget(a)
	}
}

// forget ends an account. mu is held.
func (m *Meter) forget(a *account) {
	m.leave(a)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.line != nil {
		m.book.drop(a.line)
		m.dirty.Store(true)
	}
	a.line, a.open = nil, false
}

// Tally of an account now; ok is false for an unknown one.
func (m *Meter) Tally(name object.Space) (t Tally, ok bool) {
	a := m.called(name)
	if a == nil {
		return t, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roll()
	t = a.tally
	t.Out, t.Flying = t.Out+t.Flying, 0
	return t, true
}

// Closing gives an account's counters at the end of the epoch that ended last. ok is false when none has ended since it counts.
func (m *Meter) Closing(name object.Space) (c Closing, ok bool) {
	a := m.called(name)
	if a == nil {
		return c, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.line != nil {
		a.roll()
		a.save()
	}
	return a.tally.Closed, a.tally.Closed.Valid
}

// Suspend refuses every byte of an account from now on; its counters stay.
func (m *Meter) Suspend(name object.Space) {
	if a := m.called(name); a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.open = false
	}
}
