package meter

import (
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/bridge/s3"
	"github.com/flashback-network/flashback/internal/fault"
)

func notServed() error {
	return fault.New(fault.Unavailable, "space_closed", "the node is not serving this agreement at this moment")
}

// AdmitRequest bounds rate and concurrency. A request for a space that is not open passes: whether and why it is refused is for Identity.Allow to say, and no byte of it
// is admitted.
func (m *Meter) AdmitRequest(space object.Space, action s3.Action) error {
	a := m.account(space)
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.open {
		a.busy++
		return nil
	}
	if a.limits.ReadOnly && action != s3.List && action != s3.Read {
		return fault.New(fault.Forbidden, "read_only", "the agreement is over: its data can be read and not be changed")
	}
	if a.busy >= m.o.Concurrent {
		return fault.New(fault.TooMany, "too_many", "%d requests of this agreement are running", a.busy)
	}
	if r := float64(a.limits.RateLimit); r > 0 && !a.bucket.Take(m.o.Now(), r, max(2*r, 10)) {
		return fault.New(fault.TooMany, "rate_limit", "the agreement allows %d requests per second", a.limits.RateLimit)
	}
	a.busy++
	return nil
}

// Done ends an admitted request.
func (m *Meter) Done(space object.Space, _ s3.Action, _ int, _ time.Duration) {
	a := m.account(space)
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy = max(0, a.busy-1)
}

// AdmitRead takes n bytes of the agreement's egress for one answer; what was not sent comes back.
func (m *Meter) AdmitRead(space object.Space, n int64) (func(int64), error) {
	a := m.account(space)
	if a == nil {
		return nil, notServed()
	}
	want := uint64(max(n, 0))
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.open {
		return nil, notServed()
	}
	if a.limits.Egress >= 0 {
		left := uint64(a.limits.Egress) - min(a.tally.Out+a.held, uint64(a.limits.Egress))
		if want > left {
			return nil, fault.New(fault.Exhausted, "egress_used_up", "the agreement covers %d bytes of reading in its life; %d are left and this answer has %d",
				a.limits.Egress, left, n)
		}
	}
	a.held += want
	return func(sent int64) {
		s := min(uint64(max(sent, 0)), want)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.held -= want
		a.roll()
		a.tally.Out += s
		a.tally.Flying -= min(s, a.tally.Flying)
		a.save()
	}, nil
}

// AdmitWrite counts bytes that come in. The room for them is the engine's to admit.
func (m *Meter) AdmitWrite(space object.Space, _ int64) (func(int64), error) {
	a := m.account(space)
	if a == nil {
		return nil, notServed()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.open {
		return nil, notServed()
	}
	return func(received int64) {
		if x := m.account(space); x != nil {
			a = x // whose time it is by now: this is when it is counted
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.roll()
		a.tally.In += uint64(max(received, 0))
		a.save()
	}, nil
}
