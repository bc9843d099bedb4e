package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func slaTransfer(a *app) *cobra.Command {
	var to, save string
	c := &cobra.Command{Use: "transfer SLA", Short: "Make an SLA another's, with its data and what is paid in; both sign", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.SLA)
		if err != nil {
			return err
		}
		heir, err := a.account(to)
		if err != nil {
			return err
		}
		_, ch, w, err := a.act(c.Context(), "consumer")
		if err != nil {
			return err
		}
		return a.agree(c, ch, w, orchestrator.TransferSLA{Consumer: w.Account(), SLA: id, To: heir, Refund: heir}, []ids.Account{heir}, save)
	}}
	c.Flags().StringVar(&to, "to", "", "account or wallet that gets it")
	_ = c.MarkFlagRequired("to")
	saveFlag(c, &save)
	return c
}

func saveFlag(c *cobra.Command, save *string) {
	c.Flags().StringVar(save, "save", "", "write what others have to sign to this file, instead of signing with wallets that are here")
}

// draft is a call that several have to sign, on its way between them.
type draft struct {
	Split    *orchestrator.Split       `json:"split,omitempty"`
	Transfer *orchestrator.TransferSLA `json:"transfer,omitempty"`
	Unsigned map[string][]byte         `json:"unsigned"` // by account
	Signed   map[string][]byte         `json:"signed"`
}

func (d *draft) op() (orchestrator.Op, error) {
	switch {
	case d.Split != nil && d.Transfer == nil:
		return *d.Split, nil
	case d.Transfer != nil && d.Split == nil:
		return *d.Transfer, nil
	}
	return nil, fault.New(fault.Invalid, "draft_invalid", "the file has no call to sign")
}

func (d *draft) write(file string) error {
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o600)
}

func readDraft(file string) (*draft, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "draft_missing", "%s cannot be read", file)
	}
	var d draft
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "draft_invalid", "%s is not what 'flashback sla split --save' or 'transfer --save' wrote", file)
	}
	if d.Signed == nil {
		d.Signed = map[string][]byte{}
	}
	return &d, nil
}

// agree has a call signed by all whom it concerns besides w. The wallets of the local network sign at once; with a file, the others do it elsewhere.
func (a *app) agree(c *cobra.Command, ch chain.Chain, w chain.Signer, op orchestrator.Op, others []ids.Account, save string) error {
	d := &draft{Unsigned: map[string][]byte{}, Signed: map[string][]byte{}}
	switch o := op.(type) {
	case orchestrator.Split:
		d.Split = &o
	case orchestrator.TransferSLA:
		d.Transfer = &o
	}
	for _, o := range others {
		if _, done := d.Unsigned[o.String()]; done || o == w.Account() {
			continue
		}
		u, err := ch.Authorize(c.Context(), op, o)
		if err != nil {
			return err
		}
		d.Unsigned[o.String()] = u
		if save != "" {
			continue
		}
		k, err := a.walletOf(o)
		if err != nil {
			return err
		}
		if d.Signed[o.String()], err = ch.SignAuthorization(k, op, u); err != nil {
			return err
		}
	}
	if save == "" || len(d.Unsigned) == 0 {
		return a.send(c, ch, w, d)
	}
	if err := d.write(save); err != nil {
		return err
	}
	return a.show(c, map[string]any{"file": save, "signers": slices.Sorted(maps.Keys(d.Unsigned))}, func(tw *tabwriter.Writer) {
		fmt.Fprintf(tw, "%s has to be signed within 20 minutes\nby each of them\tflashback sla sign %s\nthen by you\tflashback sla send %s\n", save, save, save)
	})
}

// walletOf finds the wallet of an account among those that are here.
func (a *app) walletOf(account ids.Account) (*stellar.Key, error) {
	files, err := filepath.Glob(a.layout().Wallet("*"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if k, err := stellar.LoadKey(f); err == nil && k.Account() == account {
			return k, nil
		}
	}
	return nil, fault.New(fault.Precondition, "signature_missing", "%s has to sign too, and its wallet is not here: add --save FILE, and have it run 'flashback sla sign FILE'", account)
}

// send submits a call once everyone has signed.
func (a *app) send(c *cobra.Command, ch chain.Chain, w chain.Signer, d *draft) error {
	op, err := d.op()
	if err != nil {
		return err
	}
	var signed [][]byte
	for _, account := range slices.Sorted(maps.Keys(d.Unsigned)) {
		s, ok := d.Signed[account]
		if !ok {
			return fault.New(fault.Precondition, "signature_missing", "%s has not signed yet: 'flashback sla sign FILE'", account)
		}
		signed = append(signed, s)
	}
	var r chain.Receipt
	if len(signed) == 0 {
		r, err = ch.Submit(c.Context(), w, op)
	} else {
		r, err = ch.Relay(c.Context(), w, op, signed...)
	}
	if err != nil {
		return err
	}
	if d.Split != nil {
		return a.divided(c, ch, r, *d.Split)
	}
	return a.done(c, r, "SLA %s is %s's, with its data; the keys of its consumer until now, and their grants, are refused", d.Transfer.SLA, d.Transfer.To)
}

func slaSign(a *app) *cobra.Command {
	return &cobra.Command{Use: "sign FILE", Short: "Sign a split or transfer that another one wrote with --save, as --wallet", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		d, err := readDraft(args[0])
		if err != nil {
			return err
		}
		op, err := d.op()
		if err != nil {
			return err
		}
		_, ch, w, err := a.act(c.Context(), "")
		if err != nil {
			return err
		}
		me := w.Account().String()
		u, ok := d.Unsigned[me]
		if !ok {
			return fault.New(fault.Forbidden, "signature_needless", "%s is not one of those who have to sign", me)
		}
		if d.Signed[me], err = ch.SignAuthorization(w, op, u); err != nil {
			return err
		}
		if err := d.write(args[0]); err != nil {
			return err
		}
		return a.show(c, map[string]any{"file": args[0], "signed": me}, func(tw *tabwriter.Writer) {
			if d.Transfer != nil {
				fmt.Fprintf(tw, "signed: SLA %s becomes yours\n", d.Transfer.SLA)
			} else {
				for _, p := range d.Split.Pieces {
					if p.To == w.Account() {
						fmt.Fprintf(tw, "signed: %s of SLA %s become yours after its epoch %d\n", show(p.Volume), d.Split.SLA, d.Split.Epochs)
					}
				}
			}
			fmt.Fprintf(tw, "next\tits consumer runs: flashback sla send %s\n", args[0])
		})
	}}
}

func slaSend(a *app) *cobra.Command {
	return &cobra.Command{Use: "send FILE", Short: "Submit a split or transfer that everyone has signed, as its consumer", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		d, err := readDraft(args[0])
		if err != nil {
			return err
		}
		_, ch, w, err := a.act(c.Context(), "consumer")
		if err != nil {
			return err
		}
		return a.send(c, ch, w, d)
	}}
}
