package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/orchestrator/flash"
)

func flashCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "flash", Short: "FLASH, the token of stakes, votes and bonds"}
	c.AddCommand(
		&cobra.Command{Use: "balance [ACCOUNT]", Short: "Show how much FLASH an account has (default: --wallet)", Args: cobra.MaximumNArgs(1), RunE: func(c *cobra.Command, args []string) error {
			n, ch, err := a.look(c.Context())
			if err != nil {
				return err
			}
			of, err := a.whose(args)
			if err != nil {
				return err
			}
			m, err := ch.Balance(c.Context(), n.Contracts.Flash, of)
			if err != nil {
				return err
			}
			return a.show(c, map[string]any{"account": of, "balance": m}, func(w *tabwriter.Writer) { fmt.Fprintf(w, "%s\t%s\n", of, inFlash(m)) })
		}},
		a.duty("send TO AMOUNT", "Send FLASH", cobra.ExactArgs(2), func(_ *cobra.Command, w *stellar.Key, args []string) (any, string, error) {
			to, err := a.account(args[0])
			if err != nil {
				return nil, "", err
			}
			m, err := flashAmount(args[1])
			return flash.Transfer{From: w.Account(), To: to, Amount: m}, fmt.Sprintf("sent %s to %s", inFlash(m), to), err
		}),
	)
	return c
}
