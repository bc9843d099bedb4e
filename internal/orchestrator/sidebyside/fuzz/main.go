// Command fuzz runs random calls on the reference model and on the contract Wasm beside each other, until there were so many or the first divergence. Every sequence begins after the deployment; every tenth is
// a long one.
//
//	go run ./internal/orchestrator/sidebyside/fuzz [-n 20000] [-seed 0] [-depth 100] [-long 1000] [-parallel 0]
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"time"

	"github.com/flashback-network/flashback/internal/orchestrator/sidebyside"
)

func main() {
	n := flag.Int("n", 20_000, "calls in all")
	seed := flag.Uint64("seed", 0, "seed of the first sequence, the next has the next; 0: a new one")
	depth := flag.Int("depth", 100, "calls of one sequence")
	long := flag.Int("long", 1_000, "calls of every tenth sequence; 0: as the others")
	parallel := flag.Int("parallel", 0, "sequences at a time; 0: as many as processors")
	flag.Parse()
	p := sidebyside.Plan{Seed: *seed, Calls: *n, Depth: *depth, Long: *long, Parallel: *parallel}
	if p.Seed == 0 {
		p.Seed = uint64(time.Now().Unix())
	}
	if p.Parallel <= 0 {
		p.Parallel = runtime.GOMAXPROCS(0)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, p); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, p sidebyside.Plan) error {
	fmt.Printf("seed %d, %d calls in sequences of %d, every tenth of %d, %d at a time\n", p.Seed, p.Calls, p.Depth, p.Long, p.Parallel)
	began, told := time.Now(), time.Now()
	calls, sequences := 0, 0
	p.Done = func(_ uint64, r sidebyside.Result) {
		calls, sequences = calls+r.Operations, sequences+1
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			fmt.Printf("%d calls in %d sequences, %.1f calls/s\n", calls, sequences, float64(calls)/time.Since(began).Seconds())
		}
	}
	total, err := sidebyside.Shard(ctx, p)
	for _, k := range slices.Sorted(maps.Keys(total.Counts)) {
		fmt.Printf("%8d  %s\n", total.Counts[k], k)
	}
	if err != nil {
		return err
	}
	fmt.Printf("seed %d: %d calls in %d sequences without a divergence, %d of them refused by both sides alike, %.0f s, %.1f calls/s\n",
		p.Seed, total.Operations, sequences, total.Refused, total.Elapsed.Seconds(), float64(total.Operations)/total.Elapsed.Seconds())
	return nil
}
