// Command fuzz runs random calls on the reference model and on the contract Wasm beside each other, until there were so many or the first divergence.
//
//	go run ./internal/orchestrator/sidebyside/fuzz [-n 20000] [-seed 0] [-depth 500] [-parallel 2]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flashback-network/flashback/internal/orchestrator/sidebyside"
)

func main() {
	n := flag.Int("n", 20_000, "calls in all")
	seed := flag.Uint64("seed", 0, "seed of the first sequence, the next has the next; 0: a new one")
	depth := flag.Int("depth", 500, "calls of one sequence, on a deployment of its own")
	parallel := flag.Int("parallel", 2, "sequences at a time")
	flag.Parse()
	if *seed == 0 {
		*seed = uint64(time.Now().Unix())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *seed, *n, *depth, *parallel); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, seed uint64, n, depth, parallel int) error {
	fmt.Printf("seed %d, %d calls in sequences of %d\n", seed, n, depth)
	var mu sync.Mutex
	began, calls, refused := time.Now(), 0, 0
	counts := map[string]int{}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i := 0; i < n; i += depth {
		s := seed + uint64(i/depth)
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			res, err := sidebyside.Run(ctx, s, min(depth, n-i))
			mu.Lock()
			defer mu.Unlock()
			calls, refused = calls+res.Operations, refused+res.Refused
			for k, c := range res.Counts {
				counts[k] += c
			}
			fmt.Printf("seed %d: %d calls, %d refused; in all %d, %.1f calls/s\n", s, res.Operations, res.Refused, calls, float64(calls)/time.Since(began).Seconds())
			return err
		})
	}
	err := g.Wait()
	var names []string
	for k := range counts {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		fmt.Printf("%8d  %s\n", counts[k], k)
	}
	if err != nil {
		return err
	}
	fmt.Printf("seed %d: %d calls without a divergence, %d of them refused by both sides alike, %.1f calls/s\n", seed, calls, refused, float64(calls)/time.Since(began).Seconds())
	return nil
}
