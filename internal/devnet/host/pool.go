package host

import (
	"context"
	"sync"
)

// keepMemory is the size above which an instance that comes back is replaced: wasm memory never shrinks by itself.
const keepMemory = 96 << 20

// Pool lends at most size instances at a time and keeps those that come back whole.
type Pool struct {
	rt   *Runtime
	slot chan struct{}

	mu   sync.Mutex
	idle []*Instance
}

// NewPool makes a pool of up to size instances (at least one), made when first needed.
func NewPool(rt *Runtime, size int) *Pool {
	return &Pool{rt: rt, slot: make(chan struct{}, max(size, 1))}
}

// Do runs f with an instance, waiting for one while ctx lasts.
func (p *Pool) Do(ctx context.Context, f func(*Instance) error) error {
	select {
	case p.slot <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.slot }()
	i, err := p.take(ctx)
	if err != nil {
		return err
	}
	defer p.put(i)
	return f(i)
}

func (p *Pool) take(ctx context.Context) (*Instance, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		i := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return i, nil
	}
	p.mu.Unlock()
	return p.rt.New(context.WithoutCancel(ctx))
}

func (p *Pool) put(i *Instance) {
	if i.broken || i.mod.Memory().Size() > keepMemory {
		// A closed instance frees its memory; there is nothing else to do about an error here.
		_ = i.Close(context.Background())
		return
	}
	p.mu.Lock()
	p.idle = append(p.idle, i)
	p.mu.Unlock()
}
