package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/network"
	"github.com/flashback-network/flashback/internal/platform/client"
)

func walletCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "wallet", Short: "Wallets: keys that sign, in files only you can read"}
	c.AddCommand(walletNew(a), walletList(a), walletBalance(a), walletFund(a), walletTrust(a), walletSend(a), walletRegister(a), walletClaim(a))
	return c
}

func walletNew(a *app) *cobra.Command {
	return &cobra.Command{Use: "new NAME", Short: "Make a wallet", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		if strings.ContainsAny(args[0], "/.\\ ") {
			return fault.New(fault.Invalid, "name_invalid", "a wallet's name has no blanks, dots or slashes")
		}
		file := a.layout().Wallet(args[0])
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		k := stellar.GenerateKey()
		if err := k.Save(file); errors.Is(err, os.ErrExist) {
			return fault.New(fault.Exists, "wallet_exists", "there is a wallet %q already", args[0])
		} else if err != nil {
			return err
		}
		return a.show(c, map[string]any{"name": args[0], "account": k.Account()}, func(w *tabwriter.Writer) { fmt.Fprintf(w, "%s\t%s\n", args[0], k.Account()) })
	}}
}

func walletList(a *app) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List wallets", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		files, err := filepath.Glob(a.layout().Wallet("*"))
		if err != nil {
			return err
		}
		sort.Strings(files)
		type wallet struct {
			Name    string `json:"name"`
			Account string `json:"account"`
		}
		l := []wallet{}
		for _, f := range files {
			k, err := stellar.LoadKey(f)
			if err != nil {
				return err
			}
			l = append(l, wallet{strings.TrimSuffix(filepath.Base(f), filepath.Ext(f)), k.Account().String()})
		}
		return a.show(c, l, func(w *tabwriter.Writer) {
			for _, x := range l {
				fmt.Fprintf(w, "%s\t%s\n", x.Name, x.Account)
			}
		})
	}}
}

func walletBalance(a *app) *cobra.Command {
	return &cobra.Command{Use: "balance [ACCOUNT]", Short: "Show balances of an account or wallet (default: --wallet)", Args: cobra.MaximumNArgs(1), RunE: func(c *cobra.Command, args []string) error {
		n, ch, err := a.open(c.Context())
		if err != nil {
			return err
		}
		name := a.wallet
		if len(args) == 1 {
			name = args[0]
		}
		acc, err := a.account(name)
		if err != nil {
			return err
		}
		v := map[string]string{}
		var lines []string
		for _, as := range n.Assets {
			m, err := ch.Balance(c.Context(), as.Contract, acc)
			if fault.KindOf(err) == fault.NotFound || fault.CodeOf(err) == "trustline_missing" {
				continue
			}
			if err != nil {
				return err
			}
			v[as.Code] = m.String()
			lines = append(lines, as.Format(m))
		}
		return a.show(c, map[string]any{"account": acc, "balances": v}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "%s\n%s\n", acc, strings.Join(lines, "\n"))
		})
	}}
}

func walletFund(a *app) *cobra.Command {
	return &cobra.Command{Use: "fund", Short: "Get test money for --wallet, on a network that has a friendbot", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		n, err := a.describe(c.Context())
		if err != nil {
			return err
		}
		w, err := a.signer("")
		if err != nil {
			return err
		}
		if n.Friendbot == "" {
			return fault.New(fault.Conflict, "no_friendbot", "this network gives no test money")
		}
		if err := network.Friendbot(c.Context(), n, w.Account()); err != nil {
			return err
		}
		return a.show(c, map[string]any{"account": w.Account()}, func(t *tabwriter.Writer) { fmt.Fprintf(t, "funded %s\n", w.Account()) })
	}}
}

func walletTrust(a *app) *cobra.Command {
	return &cobra.Command{Use: "trust ASSET", Short: "Let --wallet hold an issued asset", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		n, err := a.describe(c.Context())
		if err != nil {
			return err
		}
		w, err := a.signer("")
		if err != nil {
			return err
		}
		as, err := n.FindAsset(args[0])
		if err != nil {
			return err
		}
		if err := network.Trust(c.Context(), n, w, as); err != nil {
			return err
		}
		return a.show(c, map[string]any{"account": w.Account(), "asset": as.Contract}, func(t *tabwriter.Writer) { fmt.Fprintf(t, "%s can hold %s\n", w.Account(), as.Code) })
	}}
}

func walletSend(a *app) *cobra.Command {
	var asset string
	c := &cobra.Command{Use: "send TO AMOUNT", Short: "Send tokens", Args: cobra.ExactArgs(2), RunE: func(c *cobra.Command, args []string) error {
		n, ch, w, err := a.act(c.Context(), "")
		if err != nil {
			return err
		}
		to, err := a.account(args[0])
		if err != nil {
			return err
		}
		as, err := n.FindAsset(asset)
		if err != nil {
			return err
		}
		m, err := price(args[1], as)
		if err != nil {
			return err
		}
		r, err := ch.Transfer(c.Context(), w, as.Contract, to, m)
		if err != nil {
			return err
		}
		return a.done(c, r, "sent %s to %s", as.Format(m), to)
	}}
	c.Flags().StringVar(&asset, "asset", "XLM", "asset: code or token contract")
	return c
}

func walletRegister(a *app) *cobra.Command {
	return &cobra.Command{Use: "register", Short: "Register --wallet as a provider, paid at its own address", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		_, ch, w, err := a.act(c.Context(), "")
		if err != nil {
			return err
		}
		r, err := network.Register(c.Context(), ch, w)
		if err != nil {
			return err
		}
		return a.done(c, r, "%s is a provider", w.Account())
	}}
}

func walletClaim(a *app) *cobra.Command {
	var secret string
	c := &cobra.Command{Use: "claim NODE", Short: "Claim a Bridge Node with its secret; prints the code to give to the node", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		n, ch, w, err := a.act(c.Context(), "")
		if err != nil {
			return err
		}
		key, err := a.account(args[0])
		if err != nil {
			return err
		}
		code, err := client.New(n.Platform).ClaimNode(c.Context(), ch, w, key, secret)
		if err != nil {
			return err
		}
		return a.show(c, code, func(t *tabwriter.Writer) {
			fmt.Fprintf(t, "claim code\t%s\nnext, at the node:\tflashback node claim %s\n", code.Code, code.Code)
		})
	}}
	c.Flags().StringVar(&secret, "secret", "", "the node secret, as the node printed it")
	_ = c.MarkFlagRequired("secret")
	return c
}
