package host

import (
	"context"
	"errors"
	"sync"
	"testing"
)

type reader func(key string) ([]byte, uint32, bool)

func (f reader) Entry(key string) ([]byte, uint32, bool) { return f(key) }

func empty(string) ([]byte, uint32, bool) { return nil, 0, false }

func open(t *testing.T) *Runtime {
	t.Helper()
	rt, err := Open(t.Context(), DefaultCacheDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return rt
}

func TestInstances(t *testing.T) {
	t.Parallel()
	rt := open(t)
	i, err := rt.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	costs, err := i.CostModel(t.Context())
	if err != nil || len(costs) < 80 {
		t.Fatalf("%d lines of the cost model, %v", len(costs), err)
	}

	// A ledger without settings, and a request that is cut off: refused in words, and the instance goes on.
	var refusal Refusal
	if _, err := i.SimulateTTL(t.Context(), reader(empty), Ledger{}, false, 1, nil); !errors.As(err, &refusal) || refusal == "" {
		t.Fatalf("an empty ledger: %v", err)
	}
	if _, err := i.call(t.Context(), reader(empty), "apply", message{1, 2}); !errors.As(err, &refusal) {
		t.Fatalf("a request cut off: %v", err)
	}
	if _, err := i.CostModel(t.Context()); err != nil {
		t.Fatalf("after refusals: %v", err)
	}

	// A trap breaks it for good.
	broken := reader(func(string) ([]byte, uint32, bool) { panic("the reader is broken") })
	if _, err := i.SimulateTTL(t.Context(), broken, Ledger{}, false, 1, nil); err == nil || errors.As(err, &refusal) {
		t.Fatalf("a trap: %v", err)
	}
	if _, err := i.CostModel(t.Context()); err == nil {
		t.Fatal("an instance was used after a trap")
	}
}

func TestPool(t *testing.T) {
	t.Parallel()
	p := NewPool(open(t), 2)
	var mu sync.Mutex
	made, inside := map[*Instance]bool{}, 0
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			err := p.Do(t.Context(), func(i *Instance) error {
				mu.Lock()
				made[i] = true
				if inside++; inside > 2 {
					t.Error("more instances lent than the pool has")
				}
				mu.Unlock()
				_, err := i.CostModel(t.Context())
				mu.Lock()
				inside--
				mu.Unlock()
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(made) > 2 {
		t.Errorf("%d instances were made", len(made))
	}
	for i := range made {
		i.broken = true
	}
	for range 2 {
		_ = p.Do(t.Context(), func(i *Instance) error { return nil })
	}
	if err := p.Do(t.Context(), func(i *Instance) error { _, err := i.CostModel(t.Context()); return err }); err != nil {
		t.Errorf("a broken instance was not replaced: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	held := make(chan struct{})
	release := make(chan struct{})
	for range 2 {
		all.Go(func() {
			_ = p.Do(t.Context(), func(*Instance) error { held <- struct{}{}; <-release; return nil })
		})
	}
	<-held
	<-held
	if err := p.Do(gone, func(*Instance) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for an instance: %v", err)
	}
	close(release)
	all.Wait()
}
