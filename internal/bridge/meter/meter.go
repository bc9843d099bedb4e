package meter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/door"
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

// Limits of a space. The reserve is the engine's (SetLimit).
type Limits struct {
	Egress    int64  // bytes that may be sent in the SLA's life; -1: no bound
	RateLimit uint32 // requests per second; 0: no bound
	ReadOnly  bool   // writes are refused
}

// Meter is s3.Meter with durable counters. Safe for concurrent use.
type Meter struct {
	o Options

	mu     sync.RWMutex
	spaces map[object.Space]*account
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

// account is one space.
type account struct {
	m     *Meter
	space object.Space

	mu     sync.Mutex
	line   *line // in the book; nil: not durable (a probe space), or the meter is closed
	open   bool
	limits Limits
	tally  Tally
	held   uint64 // admitted bytes of reads that are not finished
	busy   int
	bucket door.Bucket
}

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
	m := &Meter{o: o, spaces: map[object.Space]*account{}, book: b}
	for line, n := range found {
		if other := m.spaces[n.space]; other != nil { // a forgotten account whose line was not cleared to the end: the newer one counts
			if other.tally.Last >= n.tally.Last {
				b.drop(line)
				continue
			}
			b.drop(other.line)
		}
		a := &account{m: m, space: n.space, line: line, tally: n.tally}
		a.tally.Out += a.tally.Flying // sent before the process died
		a.tally.Flying = 0
		// What the engine holds now it has held since the process died: nothing else changes it.
		u, err := o.Store.Usage(n.space)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("usage of %s: %w", n.space, err), b.close())
		}
		a.tally.Objects, a.tally.Bytes = uint64(u.Objects), uint64(u.Bytes)
		m.spaces[n.space] = a
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
	for _, a := range m.spaces {
		a.mu.Lock()
		if a.line != nil {
			a.roll()
			a.line.store(a.space, &a.tally) // nothing worth a write to the disk: the kernel does it in its own time
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
	for _, a := range m.spaces {
		a.mu.Lock()
		a.line, a.open = nil, false
		a.mu.Unlock()
	}
	return m.book.close()
}

// Admit opens a space for requests, or changes its limits. With durable, it is counted across restarts.
func (m *Meter) Admit(space object.Space, l Limits, durable bool) error {
	if len(space) > maxName {
		return fault.New(fault.Invalid, "space_invalid", "a space's name has at most %d bytes", maxName)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errors.New("the meter is closed")
	}
	a := m.spaces[space]
	if a == nil {
		u, err := m.o.Store.Usage(space)
		if err != nil {
			return fmt.Errorf("usage of %s: %w", space, err)
		}
		a = &account{m: m, space: space}
		a.tally = Tally{Objects: uint64(u.Objects), Bytes: uint64(u.Bytes), Last: m.o.Now().UnixNano()}
		if durable {
			if a.line, err = m.book.take(); err != nil {
				return err
			}
		}
		m.spaces[space] = a
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.limits, a.open = l, true
	a.save()
	return nil
}

// Forget ends a space: its counters are gone.
func (m *Meter) Forget(space object.Space) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.spaces[space]
	if a == nil || m.closed {
		return
	}
	delete(m.spaces, space)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.line != nil {
		m.book.drop(a.line)
		m.dirty.Store(true)
	}
	a.line, a.open = nil, false
}

// Tally of a space now; ok is false for an unknown one.
func (m *Meter) Tally(space object.Space) (t Tally, ok bool) {
	a := m.account(space)
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

// Closing gives a space's counters at the end of the epoch that ended last. ok is false when none has ended since the space is counted.
func (m *Meter) Closing(space object.Space) (c Closing, ok bool) {
	a := m.account(space)
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

func (m *Meter) account(space object.Space) *account {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.spaces[space]
}

// roll advances the integral to now, and takes the closing of an epoch that ended on the way. a.mu is held.
func (a *account) roll() {
	t := &a.tally
	now := a.m.o.Now().UnixNano()
	if now <= t.Last { // a clock that was set back stands still here
		return
	}
	if g := a.m.grid.Load(); g != nil {
		if e := g.epoch(now); e > 0 {
			if end := g.start(e); t.Last < end && now >= end {
				a.advance(end)
				t.Closed = Closing{Epoch: e - 1, Valid: true, In: t.In, Out: t.Out + t.Flying, Area: t.Area, Objects: t.Objects, Bytes: t.Bytes}
			}
		}
	}
	a.advance(now)
}

func (a *account) advance(to int64) {
	t := &a.tally
	t.Area = t.Area.Add(t.Bytes, uint64(to-t.Last))
	t.Last = to
}

// save makes the tally outlive the process. a.mu is held, or nobody else knows a.
func (a *account) save() {
	if a.line != nil {
		a.line.store(a.space, &a.tally)
		if !a.m.dirty.Load() {
			a.m.dirty.Store(true)
		}
	}
}

// observe takes in what the space holds after a change.
func (m *Meter) observe(space object.Space) {
	a := m.account(space)
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	u, err := m.o.Store.Usage(space)
	if err != nil {
		m.o.Logger.Error("the usage of a space is not known", "space", space, "err", err)
		return
	}
	a.roll()
	a.tally.Objects, a.tally.Bytes = uint64(u.Objects), uint64(u.Bytes)
	a.save()
}

// Suspend refuses every byte of a space from now on; its counters stay.
func (m *Meter) Suspend(space object.Space) {
	if a := m.account(space); a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.open = false
	}
}
