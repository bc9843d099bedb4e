package sidebyside

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Plan of many sequences, each from the state after the deployment: the first has Seed, the next has the next.
type Plan struct {
	Seed     uint64
	Calls    int // in all
	Depth    int // of a sequence
	Long     int // of every tenth sequence; 0: as the others
	Parallel int // sequences at a time
	// Done is told of each sequence that ended, one after another; nil for nobody.
	Done func(seed uint64, r Result)
}

// sequence of a plan.
type sequence struct {
	seed  uint64
	calls int
}

func (p Plan) sequences() (l []sequence) {
	for left, i := p.Calls, 0; left > 0; i++ {
		n := p.Depth
		if i%10 == 9 && p.Long > 0 {
			n = p.Long
		}
		n = min(n, left)
		l = append(l, sequence{p.Seed + uint64(i), n})
		left -= n
	}
	return l
}

// Divergence is how a sequence ended that model and contracts did not take alike.
type Divergence struct {
	Seed  uint64
	Calls int // of the sequence
	Cause error
}

func (d *Divergence) Error() string {
	return fmt.Sprintf("%v\nagain: go run ./internal/orchestrator/sidebyside/fuzz -seed %d -depth %d -n %d -parallel 1", d.Cause, d.Seed, d.Calls, d.Calls)
}

func (d *Divergence) Unwrap() error { return d.Cause }

// Shard takes the plan's sequences on rigs of its own, one per worker and shape, until all are done or one diverges.
func Shard(ctx context.Context, p Plan) (total Result, err error) {
	var mu sync.Mutex
	total.Counts, total.Costs = map[string]int{}, map[string][]Cost{}
	began := time.Now()
	todo := make(chan sequence)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(todo)
		for _, s := range p.sequences() {
			select {
			case todo <- s:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range max(p.Parallel, 1) {
		g.Go(func() (err error) {
			rigs := map[bool]*Rig{}
			defer func() {
				for _, r := range rigs {
					if e := r.Close(); err == nil {
						err = e
					}
				}
			}()
			for s := range todo {
				native := withLumens(s.seed)
				if rigs[native] == nil {
					if rigs[native], err = open(ctx, s.seed, shape{native: native}); err != nil {
						return err
					}
				} else if err = rigs[native].begin(s.seed); err != nil {
					return err
				}
				r, err := rigs[native].walk(ctx, s.seed, s.calls)
				mu.Lock()
				total.add(r)
				if p.Done != nil {
					p.Done(s.seed, r)
				}
				mu.Unlock()
				if err != nil {
					if ctx.Err() != nil {
						return ctx.Err()
					}
					return &Divergence{s.seed, s.calls, err}
				}
			}
			return nil
		})
	}
	err = g.Wait()
	total.Elapsed = time.Since(began)
	return total, err
}

func (r *Result) add(x Result) {
	r.Operations, r.Refused = r.Operations+x.Operations, r.Refused+x.Refused
	for k, n := range x.Counts {
		r.Counts[k] += n
	}
}
