package main

import (
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

func nodeFsck(a *app) *cobra.Command {
	return &cobra.Command{Use: "fsck", Short: "Check every stored byte of a stopped node against its checksum", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		e, err := object.Open(c.Context(), filepath.Join(a.dir, "objects"), object.Options{Logger: a.logger()})
		if err != nil {
			return err
		}
		problems := []object.Problem{}
		err = e.Fsck(c.Context(), func(p object.Problem) { problems = append(problems, p) })
		if cerr := e.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
		if err := a.show(c, problems, func(w *tabwriter.Writer) {
			for _, p := range problems {
				fmt.Fprintln(w, p)
			}
			fmt.Fprintf(w, "%d problems\n", len(problems))
		}); err != nil {
			return err
		}
		if len(problems) > 0 {
			return fault.New(fault.Corrupt, "corrupt", "the node's data has %d problems", len(problems))
		}
		return nil
	}}
}
