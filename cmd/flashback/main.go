// Flashback is the whole network in one program: chain, Bridge Node, validator, platform, and the commands of those who use them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/fault"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "flashback: "+explain(err))
	}
	os.Exit(exitCode(err))
}

func root() *cobra.Command {
	a := &app{}
	c := &cobra.Command{
		Use:   "flashback",
		Short: "Rent storage out, or rent it, under an agreement that a smart contract enforces",
		Long: "Flashback is a network of storage under service-level agreements that smart contracts enforce.\n\n" +
			"'flashback up' runs a whole network on this machine. The other commands talk to that network, or to the one that --network names.",
		SilenceErrors: true, SilenceUsage: true, Version: version(),
	}
	f := c.PersistentFlags()
	f.BoolVar(&a.json, "json", false, "print JSON for programs")
	f.StringVar(&a.dir, "dir", envOr("FLASHBACK_DIR", ".flashback"), "folder of the local network and its wallets (FLASHBACK_DIR)")
	f.StringVar(&a.network, "network", os.Getenv("FLASHBACK_NETWORK"), "network description: a file or a platform's /v1/network address (FLASHBACK_NETWORK); default: the local network's")
	f.StringVarP(&a.wallet, "wallet", "w", os.Getenv("FLASHBACK_WALLET"), "wallet that signs: a name from 'flashback wallet list' or a key file (FLASHBACK_WALLET)")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "log more")
	c.AddGroup(&cobra.Group{ID: "run", Title: "Run:"}, &cobra.Group{ID: "use", Title: "Take part:"}, &cobra.Group{ID: "duty", Title: "Duties:"})
	for _, x := range []struct {
		group string
		make  func(*app) *cobra.Command
	}{
		{"run", upCommand}, {"run", localCommand}, {"run", chainCommand}, {"run", nodeCommand}, {"run", validatorCommand}, {"run", platformCommand},
		{"use", statusCommand}, {"use", marketCommand}, {"use", askCommand}, {"use", unitsCommand}, {"use", slaCommand}, {"use", scoreCommand}, {"use", grantCommand}, {"use", keysCommand}, {"use", walletCommand},
		{"duty", flashCommand}, {"duty", stakeCommand}, {"duty", voteCommand}, {"duty", certifyCommand}, {"duty", disputeCommand}, {"duty", arbiterCommand},
	} {
		s := x.make(a)
		s.GroupID = x.group
		c.AddCommand(s)
	}
	return c
}

func version() string {
	b, ok := debug.ReadBuildInfo()
	if !ok || b.Main.Version == "" {
		return "development"
	}
	return b.Main.Version
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// explain shows what a person can use of an error.
func explain(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Code != "" {
		return fmt.Sprintf("%s (%s)", err, f.Code)
	}
	return err.Error()
}

// exitCode: 0 done, 2 wrong input, 3 not there, 4 refused, 5 something does not answer, 1 else.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	switch fault.KindOf(err) {
	case fault.Invalid:
		return 2
	case fault.NotFound:
		return 3
	case fault.Unauthorized, fault.Forbidden, fault.Conflict, fault.Exists, fault.Precondition, fault.Exhausted, fault.Expired, fault.TooMany:
		return 4
	case fault.Unavailable:
		return 5
	}
	return 1
}
