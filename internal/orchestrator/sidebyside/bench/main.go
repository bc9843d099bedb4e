// Command bench measures the contracts on the embedded network: what each entry point costs in a random sequence, and that settling after every epoch or once comes to the same amounts and the same
// cost of a settlement. It fails when it does not.
//
//	go run ./internal/orchestrator/sidebyside/bench [-n 1500] [-seed 1] [-epochs 500]
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"text/tabwriter"

	"github.com/flashback-network/flashback/internal/orchestrator/sidebyside"
)

func main() {
	n := flag.Int("n", 1_500, "calls of the random sequence")
	seed := flag.Uint64("seed", 1, "its seed")
	epochs := flag.Uint("epochs", 500, "epochs of the schedules")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *seed, *n, uint32(*epochs)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, seed uint64, n int, epochs uint32) error {
	res, err := sidebyside.Run(ctx, seed, n)
	if err != nil {
		return err
	}
	fmt.Printf("entry points in %d random calls (seed %d), instructions of the successful ones\n\n", n, seed)
	t := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "call\tcalls\tmedian\tlargest\twritten bytes\t")
	for _, name := range slices.Sorted(maps.Keys(res.Costs)) {
		c := res.Costs[name]
		slices.SortFunc(c, func(a, b sidebyside.Cost) int { return int(int64(a.Instructions) - int64(b.Instructions)) })
		m := c[len(c)/2]
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t\n", name, len(c), m.Instructions, c[len(c)-1].Instructions, m.WrittenBytes)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	s, err := sidebyside.Schedules(ctx, epochs)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d epochs with %d windows of which %d breached, settled after every epoch or once, then 12 more to the end\n\n", epochs, s[0].Leaf.Windows, s[0].Leaf.Breaches)
	t = tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "mode\tsettlements\tinstructions each\tof the last\tpayout\tconsumer\tfrom collateral\tplatform\tvalidators\tfund\tinsurance\t")
	for i := range s {
		x := &s[i]
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", x.Mode, x.Settlements, x.Mean(), x.Last(), x.Paid["payout"], x.Paid["consumer"], x.Paid["refund"], x.Paid["platform"], x.Paid["validators"], x.Paid["fund"], x.Paid["insurance"])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i := 0; i < len(s); i += 2 {
		if err := sidebyside.Same(s[i], s[i+1]); err != nil {
			return err
		}
	}
	fmt.Println("\nequal to the unit; instructions of a settlement within 5 %")
	return nil
}
