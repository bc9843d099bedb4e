package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
)

// society is a chain with the contracts around the Orchestrators.
type society interface {
	chain.Chain
	chain.Duties
}

// flashDecimals is fixed by the token's contract.
const flashDecimals = 7

// look opens the chain for a command that only reads duties.
func (a *app) look(ctx context.Context) (*deployment.Network, society, error) {
	n, err := a.describe(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := stellar.Open(ctx, stellar.Options{RPC: n.StellarRPC, Passphrase: n.Passphrase, Contracts: n.Contracts, Logger: a.logger()})
	return n, c, err
}

// serve opens the chain for a command that does a duty, which --wallet signs.
func (a *app) serve(ctx context.Context) (*deployment.Network, society, *stellar.Key, error) {
	n, c, err := a.look(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	w, err := a.signer("")
	return n, c, w, err
}

// did tells what a duty's call did.
func (a *app) did(c *cobra.Command, d chain.Done, format string, args ...any) error {
	v := map[string]any{"tx": d.Tx, "ledger": d.Ledger, "fee": d.Fee, "amount": d.Amount, "number": d.Number}
	if !d.ID.Zero() {
		v["id"] = d.ID
	}
	return a.show(c, v, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, format+"\n", args...)
		fmt.Fprintf(w, "transaction %s in ledger %d\n", d.Tx, d.Ledger)
	})
}

// duty is a command whose call needs nothing but its arguments: make gives the call, and what is said of it when it was done.
func (a *app) duty(use, short string, args cobra.PositionalArgs, make func(c *cobra.Command, w *stellar.Key, args []string) (duty any, said string, err error)) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: func(c *cobra.Command, args []string) error {
		_, ch, w, err := a.serve(c.Context())
		if err != nil {
			return err
		}
		duty, said, err := make(c, w, args)
		if err != nil {
			return err
		}
		d, err := ch.Do(c.Context(), w, duty)
		if err != nil {
			return err
		}
		if d.Amount.Sign() > 0 {
			said += ": " + inFlash(d.Amount)
		}
		return a.did(c, d, "%s", said)
	}}
}

func inFlash(m money.Amount) string { return m.Format(flashDecimals) + " FLASH" }

// flashAmount reads an amount of FLASH above zero.
func flashAmount(s string) (money.Amount, error) {
	m, err := money.ParseDecimal(s, flashDecimals)
	if err != nil || m.Sign() <= 0 {
		return m, fault.New(fault.Invalid, "amount_invalid", "%q is no amount of FLASH above zero with at most %d decimals", s, flashDecimals)
	}
	return m, nil
}

// whose reads an account, or takes --wallet's.
func (a *app) whose(args []string) (ids.Account, error) {
	if len(args) > 0 {
		return a.account(args[0])
	}
	w, err := a.signer("")
	if err != nil {
		return ids.Account{}, err
	}
	return w.Account(), nil
}

// document reads a hash of 64 hexadecimal digits, or hashes a file; nothing is the hash of zeros.
func document(s string) (h [32]byte, err error) {
	if s == "" {
		return h, nil
	}
	if b, err := hex.DecodeString(s); err == nil && len(b) == len(h) {
		return [32]byte(b), nil
	}
	f, err := os.Open(s)
	if err != nil {
		return h, fault.New(fault.Invalid, "document_invalid", "%q is neither a hash of 64 hexadecimal digits nor a file that can be read", s)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return h, fmt.Errorf("hashing %s: %w", s, err)
	}
	return [32]byte(sum.Sum(nil)), nil
}

// disputeID and certificationID read ids that no local name stands for.
func disputeID(s string) (ids.ID, error)       { return idOf(s, dispute.Kind, "a dispute") }
func certificationID(s string) (ids.ID, error) { return idOf(s, registry.Kind, "a certification") }

func idOf(s string, kind ids.Kind, what string) (ids.ID, error) {
	id, err := ids.Parse(s)
	if err != nil || id.Kind() != kind {
		return ids.ID{}, fault.New(fault.Invalid, "id_invalid", "%q is no id of %s: 64 hexadecimal digits are expected", s, what)
	}
	return id, nil
}

// choice finds a word in a list, by its first letters too.
func choice(s, what string, words []string) (uint32, error) {
	for i, w := range words {
		if s != "" && strings.HasPrefix(w, s) {
			return uint32(i), nil
		}
	}
	return 0, fault.New(fault.Invalid, "choice_invalid", "%q is no %s: %s", s, what, strings.Join(words, ", "))
}

// word is the n-th of a list.
func word(words []string, n uint32) string {
	if int(n) < len(words) {
		return words[n]
	}
	return fmt.Sprint(n)
}

// when shows a time of the chain.
func when(at uint64) string {
	if at == 0 {
		return "–"
	}
	return time.Unix(int64(min(at, 1<<62)), 0).Local().Format(time.DateTime)
}
