package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

var opNames = []struct {
	name string
	bit  uint32
}{{"list", orchestrator.OpList}, {"read", orchestrator.OpRead}, {"write", orchestrator.OpWrite}, {"delete", orchestrator.OpDelete}, {"configure", orchestrator.OpConfigure}, {"delegate", orchestrator.OpDelegate}}

func parseOps(s string) (uint32, error) {
	var ops uint32
next:
	for _, w := range strings.Split(s, ",") {
		if strings.TrimSpace(w) == "all" {
			ops |= orchestrator.OpAll
			continue
		}
		for _, o := range opNames {
			if o.name == strings.TrimSpace(w) {
				ops |= o.bit
				continue next
			}
		}
		return 0, fault.New(fault.Invalid, "operations_invalid", "%q is no operation: list, read, write, delete, configure, delegate or all", w)
	}
	return ops, nil
}

func formatOps(ops uint32) string {
	var l []string
	for _, o := range opNames {
		if ops&o.bit != 0 {
			l = append(l, o.name)
		}
	}
	return strings.Join(l, ",")
}

func grantCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "grant", Short: "Who may do what under which prefix until when, on chain"}
	var sla, to, prefix, ops string
	var life time.Duration
	create := &cobra.Command{Use: "create", Short: "Grant access to an account", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		id, err := a.id(sla, ids.SLA)
		if err != nil {
			return err
		}
		grantee, err := a.account(to)
		if err != nil {
			return err
		}
		bits, err := parseOps(ops)
		if err != nil {
			return err
		}
		_, ch, w, err := a.act(c.Context(), "consumer")
		if err != nil {
			return err
		}
		_, at, err := ch.Head(c.Context())
		if err != nil {
			return err
		}
		r, err := ch.Submit(c.Context(), w, orchestrator.GrantAccess{Consumer: w.Account(), SLA: id, Grantee: grantee, Prefix: []byte(prefix), Ops: bits, Expires: uint64(at.Add(life).Unix()), Nonce: [32]byte(claim.Random(32))})
		if err != nil {
			return err
		}
		return a.done(c, r, "granted %s: %s on %q until %s", r.ID, formatOps(bits), prefix, at.Add(life).Local().Format(time.DateTime))
	}}
	f := create.Flags()
	f.StringVar(&sla, "sla", "demo", "SLA")
	f.StringVar(&to, "to", "", "account or wallet that may")
	f.StringVar(&prefix, "prefix", "", "bucket, or bucket/prefix; empty: everything in the SLA")
	f.StringVar(&ops, "ops", "all", "list,read,write,delete,configure, or all of these; and delegate: pass it on")
	f.DurationVar(&life, "for", 30*24*time.Hour, "until it ends by itself")
	_ = create.MarkFlagRequired("to")
	revoke := &cobra.Command{Use: "revoke GRANT", Short: "End a grant and all that come from it, as consumer, grantor or grantee: nodes refuse within seconds", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.Grant)
		if err != nil {
			return err
		}
		_, ch, w, err := a.act(c.Context(), "consumer")
		if err != nil {
			return err
		}
		r, err := ch.Submit(c.Context(), w, orchestrator.RevokeAccess{By: w.Account(), ID: id})
		if err != nil {
			return err
		}
		return a.done(c, r, "revoked grant %s", id)
	}}
	show := &cobra.Command{Use: "show GRANT", Short: "Show a grant", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.Grant)
		if err != nil {
			return err
		}
		_, ch, err := a.open(c.Context())
		if err != nil {
			return err
		}
		g, err := ch.Grant(c.Context(), id)
		if err != nil {
			return err
		}
		ends := time.Unix(int64(g.Expires), 0)
		return a.show(c, map[string]any{"id": g.ID, "sla": g.SLA, "parent": g.Parent, "depth": g.Depth, "grantor": g.Grantor, "grantee": g.Grantee, "prefix": string(g.Prefix), "ops": formatOps(g.Ops), "expires": ends.UTC(), "revoked": g.Revoked}, func(w *tabwriter.Writer) {
			if !g.Parent.Zero() {
				fmt.Fprintf(w, "part of\t%s\npassed on by\t%s\n", g.Parent, g.Grantor)
			}
			fmt.Fprintf(w, "grant\t%s\nSLA\t%s\ngrantee\t%s\nprefix\t%q\noperations\t%s\nexpires\t%s\nrevoked\t%v\n", g.ID, g.SLA, g.Grantee, g.Prefix, formatOps(g.Ops), ends.Local().Format(time.DateTime), g.Revoked)
		})
	}}
	c.AddCommand(create, delegateCommand(a), revoke, show)
	return c
}
