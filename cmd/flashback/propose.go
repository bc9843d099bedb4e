package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
	"github.com/flashback-network/flashback/internal/orchestrator/score"
	"github.com/flashback-network/flashback/internal/orchestrator/staking"
)

// proposed is what a proposal asks for.
type proposed struct {
	set                     []string // CONTRACT.FIELD=VALUE
	units                   []string // CODE=AMOUNT
	announce, upgrade       string
	slasher, resolve, about string
	pause                   string
}

func votePropose(a *app) *cobra.Command {
	var o proposed
	c := &cobra.Command{Use: "propose", Short: "Propose one to four actions, with at least the threshold of votes staked",
		Long: "Proposes actions and writes them to DIR/proposals/NUMBER.json, for everybody who votes and whoever carries them out.\n\nParameters are changed by --set CONTRACT.FIELD=VALUE, several of one contract in one action; values are in the smallest units, seconds and basis points, as 'params()' of the contract has them.",
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
			n, ch, w, err := a.serve(c.Context())
			if err != nil {
				return err
			}
			l, err := o.actions(c, n, ch)
			if err != nil {
				return err
			}
			if len(l) == 0 {
				return fault.New(fault.Invalid, "actions_missing", "say what to do: --set, --unit, --pause, --slasher, --resolve, --announce or --upgrade")
			}
			about, err := document(o.about)
			if err != nil {
				return err
			}
			h, err := ch.ActionsHash(l)
			if err != nil {
				return err
			}
			var kept []action
			for _, x := range l {
				says, err := ch.Describe(x)
				if err != nil {
					return err
				}
				kept = append(kept, action{x.Target, x.Function, says, x.Arguments})
			}
			d, err := ch.Do(c.Context(), w, governance.Propose{Proposer: w.Account(), Actions: h, About: about})
			if err != nil {
				return err
			}
			file := a.actionsFile(uint32(d.Number))
			b, err := json.MarshalIndent(kept, "", "  ")
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
				return fmt.Errorf("proposal %d was made, but its actions are not kept: %w", d.Number, err)
			}
			return a.did(c, d, "proposal %d; its actions are in %s\nnext: flashback vote cast %d for", d.Number, file, d.Number)
		}}
	f := c.Flags()
	f.StringArrayVar(&o.set, "set", nil, "change a parameter: CONTRACT.FIELD=VALUE, for example dispute.juror_fee=50000000")
	f.StringArrayVar(&o.units, "unit", nil, "fee that weighs one point of scores: CODE=AMOUNT; 0 takes the asset's weight away")
	f.StringVar(&o.pause, "pause", "", "pause new SLAs (true), or end that (false)")
	f.StringVar(&o.slasher, "slasher", "", "contract that may slash stakes, after 37 days' notice")
	f.StringVar(&o.resolve, "resolve", "", "decide a conflict of certifications: RIGHT,WRONG")
	f.StringVar(&o.announce, "announce", "", "announce new code: CONTRACT=FILE.wasm, or its hash")
	f.StringVar(&o.upgrade, "upgrade", "", "install a contract's announced code")
	f.StringVar(&o.about, "about", "", "file that says why, or its hash")
	return c
}

// actions of the flags, those that change parameters first.
func (o *proposed) actions(c *cobra.Command, n *deployment.Network, ch society) (l []governance.Action, err error) {
	fields, order := map[string]map[string]string{}, []string{}
	for _, s := range o.set {
		name, value, ok := strings.Cut(s, "=")
		contract, field, dot := strings.Cut(name, ".")
		if !ok || !dot || field == "" || value == "" {
			return nil, fault.New(fault.Invalid, "parameter_invalid", "%q is no CONTRACT.FIELD=VALUE", s)
		}
		if fields[contract] == nil {
			fields[contract], order = map[string]string{}, append(order, contract)
		}
		fields[contract][field] = value
	}
	for _, name := range order {
		at, err := contractOf(n.Contracts, name)
		if err != nil {
			return nil, err
		}
		x, err := ch.Change(c.Context(), at, fields[name])
		if err != nil {
			return nil, err
		}
		l = append(l, x)
	}
	var ops []any
	for _, s := range o.units {
		code, amount, _ := strings.Cut(s, "=")
		as, err := n.FindAsset(code)
		if err != nil {
			return nil, err
		}
		m, err := price(amount, as)
		if err != nil || m.Sign() < 0 {
			return nil, fault.New(fault.Invalid, "unit_invalid", "%q is no unit: CODE=AMOUNT is expected", s)
		}
		ops = append(ops, score.SetUnit{Asset: as.Contract, Unit: m})
	}
	if o.pause != "" {
		on, err := choice(o.pause, "answer", []string{"false", "true"})
		if err != nil {
			return nil, err
		}
		ops = append(ops, orchestrator.Pause{Paused: on == 1})
	}
	if o.slasher != "" {
		at, err := ids.ParseAccount(o.slasher)
		if err != nil || at.Kind != ids.Contract {
			return nil, fault.New(fault.Invalid, "account_invalid", "%q is no contract's address", o.slasher)
		}
		ops = append(ops, staking.NameSlasher{Contract: at, Allowed: true})
	}
	if o.resolve != "" {
		right, wrong, _ := strings.Cut(o.resolve, ",")
		r, err := certificationID(right)
		if err != nil {
			return nil, err
		}
		w, err := certificationID(wrong)
		if err != nil {
			return nil, err
		}
		ops = append(ops, registry.Resolve{By: n.Contracts.Governance, A: r, B: w, Right: r})
	}
	for _, op := range ops {
		x, err := ch.ActionOf(op)
		if err != nil {
			return nil, err
		}
		l = append(l, x)
	}
	if o.announce != "" {
		name, code, _ := strings.Cut(o.announce, "=")
		at, err := contractOf(n.Contracts, name)
		if err != nil {
			return nil, err
		}
		if code == "" {
			return nil, fault.New(fault.Invalid, "document_invalid", "%q is no CONTRACT=FILE.wasm", o.announce)
		}
		h, err := document(code)
		if err != nil {
			return nil, err
		}
		l = append(l, ch.Upgrade(at, &h))
	}
	if o.upgrade != "" {
		at, err := contractOf(n.Contracts, o.upgrade)
		if err != nil {
			return nil, err
		}
		l = append(l, ch.Upgrade(at, nil))
	}
	return l, nil
}
