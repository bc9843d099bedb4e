package object

import (
	"sync"
)

// space is what the engine knows of one space in memory: what it holds, what was promised, and its buckets.
type space struct {
	name Space

	mu       sync.Mutex
	usage    Usage
	reserved int64 // admitted writes that are not committed
	limit    int64 // -1: none
	buckets  map[string]*bucket
}

// bucket is a bucket that exists. Every commit in it holds life for reading; the one that removes it, for writing.
type bucket struct {
	id    uint64
	space *space
	name  string

	life sync.RWMutex
	gone bool // under life

	mu      sync.RWMutex // below: replaced as a whole
	state   Bucket
	rec     loc
	recSize int64
}

func (b *bucket) snapshot() Bucket {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.state
}

// reservation is admitted room of a space. The commit turns it into usage; release gives back what is left.
type reservation struct {
	space *space
	n     int64
}

// admit takes n bytes of the space's limit. net tells how many of them the commit will give back at once (the
// version being replaced); it is asked only when the bytes alone do not fit.
func (s *space) admit(n int64, net func() (int64, error)) (*reservation, error) {
	r := &reservation{space: s}
	if err := r.grow(n); err == nil {
		return r, nil
	}
	old, err := net()
	if err != nil {
		return nil, err
	}
	if err := r.grow(max(n-old, 0)); err != nil {
		return nil, err
	}
	return r, nil
}

// grow takes n more bytes.
func (r *reservation) grow(n int64) error {
	s := r.space
	s.mu.Lock()
	defer s.mu.Unlock()
	if free := s.limit - s.usage.Bytes - s.usage.Uploads - s.reserved; s.limit >= 0 && n > 0 && n > free {
		return spaceFull(n, free)
	}
	s.reserved += n
	r.n += n
	return nil
}

// settle makes the reservation cover delta, the growth that the commit will really cause.
func (r *reservation) settle(delta int64) error {
	if delta <= r.n {
		return nil
	}
	return r.grow(delta - r.n)
}

// release gives back what was not turned into usage. It may be called twice, and on nil.
func (r *reservation) release() {
	if r == nil || r.n == 0 {
		return
	}
	r.space.mu.Lock()
	r.space.reserved -= r.n
	r.n = 0
	r.space.mu.Unlock()
}

// count applies a commit to the usage and ends its reservation in one step.
func (s *space) count(d Usage, r *reservation) {
	s.mu.Lock()
	s.usage.Objects += d.Objects
	s.usage.Bytes += d.Bytes
	s.usage.Uploads += d.Uploads
	if r != nil {
		s.reserved -= r.n
		r.n = 0
	}
	s.mu.Unlock()
}
