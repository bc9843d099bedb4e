package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/network"
)

func localCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "local", Short: "Stop and start the roles of the network that 'flashback up' runs here"}
	run := func(action string) func(*cobra.Command, []string) error {
		return func(c *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			l, err := network.Control(c.Context(), a.layout(), action, name)
			if err != nil {
				return err
			}
			return a.show(c, l, func(w *tabwriter.Writer) {
				fmt.Fprintln(w, "ROLE\tSTATE\tPID\tSINCE\tCRASHES")
				for _, p := range l {
					fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\n", p.Name, p.State, p.PID, time.Unix(p.Since, 0).Format(time.TimeOnly), p.Crashes)
				}
			})
		}
	}
	c.AddCommand(
		&cobra.Command{Use: "list", Short: "List the roles", Args: cobra.NoArgs, RunE: run("")},
		&cobra.Command{Use: "stop NAME", Short: "Stop a role", Args: cobra.ExactArgs(1), RunE: run("stop")},
		&cobra.Command{Use: "start NAME", Short: "Start a stopped role", Args: cobra.ExactArgs(1), RunE: run("start")})
	return c
}
