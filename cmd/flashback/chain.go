package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/devnet"
	"github.com/flashback-network/flashback/internal/fault"
)

func chainCommand(a *app) *cobra.Command {
	var o devnet.Options
	var clock string
	c := &cobra.Command{Use: "chain", Short: "Run the embedded Stellar network alone", Long: "Runs one operator's local Stellar network: real contract execution by the Soroban host, no consensus. See docs/chain.md.", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			switch clock {
			case "system":
			case "manual":
				o.Manual = true
			default:
				return fault.New(fault.Invalid, "clock_invalid", "%q is no clock: system or manual", clock)
			}
			o.Dir, o.Logger = a.layout().Role("chain"), a.logger()
			if c.Flags().Changed("dir") {
				o.Dir = a.dir
			}
			n, err := devnet.Open(c.Context(), o)
			if err != nil {
				return err
			}
			o.Logger.Info("the chain serves", "rpc", n.URL(), "passphrase", n.Passphrase(), "friendbot", n.URL()+"/friendbot?addr=G…", "clock", clock, "dir", o.Dir)
			if a.json {
				fmt.Fprintf(c.OutOrStdout(), "{\"rpc\":%q,\"networkPassphrase\":%q}\n", n.URL(), n.Passphrase())
			}
			<-c.Context().Done()
			return n.Close()
		}}
	f := c.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:8000", "address of the RPC and the friendbot; anyone who reaches it may use both")
	f.StringVar(&o.Passphrase, "passphrase", devnet.DefaultPassphrase, "network passphrase")
	f.DurationVar(&o.Close, "close", devnet.DefaultClose, "close a ledger so long after the first transaction waits")
	f.DurationVar(&o.Idle, "idle", devnet.DefaultIdle, "close a ledger so often without transactions")
	f.StringVar(&clock, "clock", "system", "system, or manual: ledger time moves by POST /clock {\"seconds\":N,\"ledgers\":M} only")
	return c
}
