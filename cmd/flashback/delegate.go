package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// delegateCommand passes on part of a grant. What is not said is as in the grant, but for the right to pass it on further.
func delegateCommand(a *app) *cobra.Command {
	var to, prefix, ops string
	var life time.Duration
	c := &cobra.Command{Use: "delegate GRANT", Short: "Pass on part of a grant that allows it, as its grantee", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.Grant)
		if err != nil {
			return err
		}
		heir, err := a.account(to)
		if err != nil {
			return err
		}
		_, ch, w, err := a.act(c.Context(), "app")
		if err != nil {
			return err
		}
		parent, err := ch.Grant(c.Context(), id)
		if err != nil {
			return err
		}
		_, at, err := ch.Head(c.Context())
		if err != nil {
			return err
		}
		op := orchestrator.DelegateAccess{Grantee: w.Account(), Parent: id, To: heir, Prefix: parent.Prefix, Ops: parent.Ops &^ orchestrator.OpDelegate, Expires: parent.Expires, Nonce: [32]byte(claim.Random(32))}
		if c.Flags().Changed("prefix") {
			op.Prefix = []byte(prefix)
		}
		if ops != "" {
			if op.Ops, err = parseOps(ops); err != nil {
				return err
			}
		}
		if life > 0 {
			op.Expires = min(op.Expires, uint64(at.Add(life).Unix()))
		}
		r, err := ch.Submit(c.Context(), w, op)
		if err != nil {
			return err
		}
		return a.done(c, r, "granted %s, part of %s: %s on %q until %s", r.ID, id, formatOps(op.Ops), op.Prefix, time.Unix(int64(min(op.Expires, 1<<62)), 0).Local().Format(time.DateTime))
	}}
	f := c.Flags()
	f.StringVar(&to, "to", "", "account or wallet that may")
	f.StringVar(&prefix, "prefix", "", "begins with the grant's own; not given: the grant's own")
	f.StringVar(&ops, "ops", "", "some of the grant's: list,read,write,delete,configure,delegate; not given: all but delegate")
	f.DurationVar(&life, "for", 0, "until it ends by itself; not given: as long as the grant")
	_ = c.MarkFlagRequired("to")
	return c
}
