package sidebyside

import (
	"context"
	"fmt"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Result of a random sequence.
type Result struct {
	Operations int            // calls, the prelude's too
	Refused    int            // of these, by both sides alike
	Counts     map[string]int // by call, or by call and error
	Costs      map[string][]Cost
	Elapsed    time.Duration
}

// Cost of one call that was applied.
type Cost struct {
	Instructions uint64
	WrittenBytes uint64
	Fee          money.Amount // stroops
}

// fullEvery so many calls everything is compared, not only what a call touched.
const fullEvery = 50

// Run opens a rig and takes a random sequence of so many calls.
func Run(ctx context.Context, seed uint64, calls int) (Result, error) {
	return run(ctx, seed, calls, shape{native: withLumens(seed)})
}

func run(ctx context.Context, seed uint64, calls int, sh shape) (res Result, err error) {
	r, err := open(ctx, seed, sh)
	if err != nil {
		return res, err
	}
	defer func() {
		if e := r.Close(); err == nil {
			err = e
		}
	}()
	return r.walk(ctx, seed, calls)
}

// walk takes a random sequence from where the rig has begun. An error is a divergence or a failure, with the step at which it happened; the same seed repeats it.
func (r *Rig) walk(ctx context.Context, seed uint64, calls int) (res Result, err error) {
	began := time.Now()
	defer func() { res.Elapsed = time.Since(began) }()
	prelude := r.World.Prelude()
	res.Counts, res.Costs = map[string]int{}, map[string][]Cost{}
	for i := range calls {
		op := next(prelude, i, r)
		receipt, refused, err := r.Step(ctx, op)
		if err == nil && (i%fullEvery == fullEvery-1 || i == calls-1) {
			err = r.Equal(ctx)
		}
		if err != nil {
			return res, fmt.Errorf("seed %d, call %d: %w", seed, i, err)
		}
		res.Operations++
		name := fmt.Sprintf("%T", op)[len("orchestrator."):]
		if refused != nil {
			res.Refused++
			name += " " + fault.CodeOf(refused)
		} else {
			res.Costs[name] = append(res.Costs[name], Cost{receipt.Instructions, receipt.WrittenBytes, receipt.Fee})
		}
		res.Counts[name]++
	}
	return res, nil
}

func next(prelude []orchestrator.Op, i int, r *Rig) orchestrator.Op {
	if i < len(prelude) {
		return prelude[i]
	}
	return r.World.Next()
}
