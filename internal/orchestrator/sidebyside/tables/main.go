// Command tables makes the tables of the contracts that are committed, by calling every entry point on the real host: who may (contracts/authorisation.json), what is refused in which state
// (contracts/states.md), what it costs (docs/contract-costs.md and .json). Read the difference before you commit it.
//
//	go run ./internal/orchestrator/sidebyside/tables [-check] [folder of the repository]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/flashback-network/flashback/internal/orchestrator/sidebyside"
)

func main() {
	check := flag.Bool("check", false, "compare and write nothing")
	flag.Parse()
	root := "."
	if flag.NArg() > 0 {
		root = flag.Arg(0)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, root, *check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, check bool) error {
	t, err := sidebyside.MakeTables(ctx)
	if err != nil {
		return err
	}
	if !check {
		return t.Write(root)
	}
	l, err := t.Compare(root)
	if err != nil {
		return err
	}
	for _, d := range l {
		fmt.Fprintln(os.Stderr, d)
	}
	if len(l) > 0 {
		return fmt.Errorf("%d differences: `make tables` writes what is true now", len(l))
	}
	return nil
}
