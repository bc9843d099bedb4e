package main

import (
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/oracle"
)

func validatorCommand(a *app) *cobra.Command {
	var listen, status, peers string
	var o oracle.Options
	c := &cobra.Command{Use: "validator", Short: "Run a validator: measure, agree, sign", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		_, ch, w, err := a.act(c.Context(), "")
		if err != nil {
			return err
		}
		ln, err := net.Listen("tcp", status)
		if err != nil {
			return fault.Wrap(err, fault.Conflict, "port_taken", "cannot listen on %s", status)
		}
		o.Dir, o.Chain, o.Operator, o.Listen, o.Status, o.Logger = a.dir, ch, w, listen, ln, a.logger()
		if peers != "" {
			o.Peers = strings.Split(peers, ",")
		}
		return oracle.Run(c.Context(), o)
	}}
	f := c.Flags()
	f.StringVar(&listen, "listen", "0.0.0.0:26656", "address for the other validators")
	f.StringVar(&status, "status", "127.0.0.1:26660", "address of status, reports and metrics")
	f.StringVar(&peers, "peers", "", "the other validators: id@host:port, separated by commas")
	f.IntVar(&o.Challenges, "challenges", 2, "possession challenges per SLA and epoch")
	f.Int64Var(&o.Retain, "retain", 20_000, "blocks of the log to keep; 0: all")
	return c
}
