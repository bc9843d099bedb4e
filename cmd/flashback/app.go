package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/network"
)

// app is what the commands share: the global flags, and what they lead to.
type app struct {
	json, verbose        bool
	dir, network, wallet string
}

func (a *app) layout() network.Layout { return network.Layout{Dir: a.dir} }

func (a *app) logger() *slog.Logger {
	level := slog.LevelInfo
	if a.verbose {
		level = slog.LevelDebug
	}
	return slog.New(tint.NewTextHandler(os.Stderr, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: !term.IsTerminal(int(os.Stderr.Fd()))}))
}

// describe loads the network that the command talks to.
func (a *app) describe(ctx context.Context) (*deployment.Network, error) {
	from := a.network
	if from == "" {
		from = a.layout().Deployment()
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.NotFound, "network_unknown", "no network here: start one with 'flashback up', or name one with --network")
		}
	}
	return deployment.Load(ctx, from)
}

// open connects to the network's chain.
func (a *app) open(ctx context.Context) (*deployment.Network, chain.Chain, error) {
	n, err := a.describe(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := stellar.Open(ctx, stellar.Options{RPC: n.StellarRPC, Passphrase: n.Passphrase, Contracts: n.Contracts, Logger: a.logger()})
	return n, c, err
}

// signer is the wallet that --wallet names, or the command's default of the local network.
func (a *app) signer(otherwise string) (*stellar.Key, error) {
	w := a.wallet
	if w == "" {
		w = otherwise
	}
	if w == "" {
		return nil, fault.New(fault.Invalid, "wallet_missing", "name the wallet that signs: --wallet NAME")
	}
	file := w
	if !strings.ContainsRune(w, os.PathSeparator) {
		file = a.layout().Wallet(w)
	}
	k, err := stellar.LoadKey(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "wallet_unknown", "no wallet %q: 'flashback wallet list' shows those that are there, 'flashback wallet new %s' makes one", w, filepath.Base(w))
	}
	return k, err
}

// act opens the chain for a command that signs.
func (a *app) act(ctx context.Context, otherwise string) (*deployment.Network, chain.Chain, *stellar.Key, error) {
	n, c, err := a.open(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	w, err := a.signer(otherwise)
	return n, c, w, err
}

// account reads an address or a wallet's name.
func (a *app) account(s string) (ids.Account, error) {
	if acc, err := ids.ParseAccount(s); err == nil {
		return acc, nil
	}
	if k, err := stellar.LoadKey(a.layout().Wallet(s)); err == nil {
		return k.Account(), nil
	}
	return ids.Account{}, fault.New(fault.Invalid, "account_invalid", "%q is neither an address nor a wallet here", s)
}

// id reads an id of a kind; names of the local network's things are known too.
func (a *app) id(s string, kind ids.Kind) (ids.ID, error) {
	if id, err := ids.Parse(s); err == nil && id.Kind() == kind {
		return id, nil
	}
	if info, err := a.layout().Info(); err == nil {
		if id, ok := info.Find(s, kind); ok {
			return id, nil
		}
	}
	what := map[ids.Kind]string{ids.Node: "a node", ids.Unit: "a unit", ids.SLA: "an SLA", ids.Grant: "a grant"}[kind]
	return ids.ID{}, fault.New(fault.Invalid, "id_invalid", "%q is no id of %s: 64 hexadecimal digits are expected", s, what)
}

// party fills the filter of a list: an address or a wallet, or nothing.
func (a *app) party(q url.Values, name, s string) error {
	if s == "" {
		return nil
	}
	acc, err := a.account(s)
	q.Set(name, acc.String())
	return err
}

// show prints v as JSON, or calls the function that prints for people.
func (a *app) show(c *cobra.Command, v any, people func(w *tabwriter.Writer)) error {
	if a.json {
		e := json.NewEncoder(c.OutOrStdout())
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
	people(w)
	return w.Flush()
}

// done tells what a call on chain did.
func (a *app) done(c *cobra.Command, r chain.Receipt, format string, args ...any) error {
	v := map[string]any{"tx": r.Tx, "ledger": r.Ledger, "fee": r.Fee}
	if !r.ID.Zero() {
		v["id"] = r.ID
	}
	return a.show(c, v, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, format+"\n", args...)
		fmt.Fprintf(w, "transaction %s in ledger %d\n", r.Tx, r.Ledger)
	})
}

// size reads 10GiB, 500MB or a plain number of bytes.
func size(s string) (uint64, error) {
	v, err := humanize.ParseBytes(s)
	if err != nil {
		return 0, fault.New(fault.Invalid, "size_invalid", "%q is no size: write 10GiB, 500MB or a number of bytes", s)
	}
	return v, nil
}

func show(b uint64) string { return humanize.IBytes(b) }
