package meter

import (
	"cmp"
	"slices"
	"sync"

	"github.com/flashback-network/flashback/internal/bridge/door"
	"github.com/flashback-network/flashback/internal/bridge/object"
)

// account counts a space for some time: from its beginning to that of the next account of the space.
type account struct {
	m     *Meter
	name  object.Space
	space object.Space
	from  int64 // Unix nanoseconds

	mu     sync.Mutex
	line   *line // in the book; nil: not durable (a probe space), or the meter is closed
	open   bool
	limits Limits
	tally  Tally
	held   uint64 // admitted bytes of reads that are not finished
	busy   int
	bucket door.Bucket
}

// enter makes an account known. mu is held, or nobody else knows m.
func (m *Meter) enter(a *account) {
	m.named[a.name] = a
	l := append(slices.Clone(m.spaces[a.space]), a)
	slices.SortStableFunc(l, func(a, b *account) int { return cmp.Compare(a.from, b.from) })
	m.spaces[a.space] = l
}

// leave makes it unknown.
func (m *Meter) leave(a *account) {
	delete(m.named, a.name)
	l := slices.DeleteFunc(slices.Clone(m.spaces[a.space]), func(x *account) bool { return x == a })
	if m.spaces[a.space] = l; len(l) == 0 {
		delete(m.spaces, a.space)
	}
}

func (m *Meter) called(name object.Space) *account {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.named[name]
}

// account is whose time it is on a space.
func (m *Meter) account(space object.Space) (a *account) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	l := m.spaces[space]
	if len(l) == 1 {
		return l[0]
	}
	now := int64(0)
	for i, x := range l {
		if i == 1 {
			now = m.o.Now().UnixNano()
		}
		if i > 0 && now < x.from {
			break
		}
		a = x
	}
	return a
}

// roll advances the integral to now, and takes the closing of an epoch that ended on the way. a.mu is held.
func (a *account) roll() {
	t := &a.tally
	now := a.m.o.Now().UnixNano()
	if !a.limits.Until.IsZero() {
		now = min(now, a.limits.Until.UnixNano())
	}
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
		a.line.store(a)
		if !a.m.dirty.Load() {
			a.m.dirty.Store(true)
		}
	}
}

// observe takes in what the space holds after a change. Every account of the space does: one that is over has its integral, and one that begins later will begin with what is there.
func (m *Meter) observe(space object.Space) {
	m.mu.RLock()
	l := m.spaces[space]
	m.mu.RUnlock()
	for _, a := range l {
		a.observe()
	}
}

func (a *account) observe() {
	a.mu.Lock()
	defer a.mu.Unlock()
	u, err := a.m.o.Store.Usage(a.space)
	if err != nil {
		a.m.o.Logger.Error("the usage of a space is not known", "space", a.space, "err", err)
		return
	}
	a.roll()
	a.tally.Objects, a.tally.Bytes = uint64(u.Objects), uint64(u.Bytes)
	a.save()
}
