package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/flashback-network/flashback/internal/network"
)

func upCommand(a *app) *cobra.Command {
	var headless bool
	var base int
	pace := network.DefaultPace
	c := &cobra.Command{Use: "up", Short: "Run a whole network on this machine, with a demo SLA to use at once",
		Long: "Runs chain, platform, two Bridge Nodes and four validators from one folder, and opens demo SLAs through the same doors that every user has. Interrupt it to stop; the next 'up' goes on where it was.",
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
			exe, err := os.Executable()
			if err != nil {
				return err
			}
			dir, err := filepath.Abs(a.dir)
			if err != nil {
				return err
			}
			out := c.OutOrStdout()
			log := a.logger()
			o := network.Options{Dir: dir, BasePort: base, Pace: pace, Exe: exe, Logger: log, Verbose: a.verbose}
			tty := !headless && term.IsTerminal(int(os.Stdout.Fd()))
			if headless {
				o.Say = func(s string) { log.Info(s) }
			} else {
				o.Say = func(s string) { fmt.Fprintln(out, "  "+s) }
			}
			o.Ready = func(i *network.Info) {
				if headless {
					log.Info("the network is ready", "file", a.layout().InfoFile(), "platform", i.Platform, "s3", i.Demo.S3)
					return
				}
				greet(out, a, exe, i)
			}
			if !tty {
				return network.Up(c.Context(), o)
			}
			b := newBoard(a, out, network.Layout{Dir: dir})
			ready := o.Ready
			o.Ready = func(i *network.Info) {
				ready(i)
				b.start(c.Context(), i)
			}
			err = network.Up(c.Context(), o)
			b.wait()
			fmt.Fprintln(out, "the network is stopped; 'flashback up' goes on where it was")
			return err
		}}
	c.Flags().BoolVar(&headless, "headless", false, "log instead of showing a board")
	c.Flags().IntVar(&base, "base-port", network.DefaultBasePort, "first of the ports on loopback")
	c.Flags().Uint32Var(&pace.EpochSeconds, "epoch-seconds", pace.EpochSeconds, "length of an epoch, of a new network")
	c.Flags().Uint32Var(&pace.SlotsPerEpoch, "slots-per-epoch", pace.SlotsPerEpoch, "probes of a unit per epoch and validator, of a new network")
	c.Flags().Uint32Var(&pace.WindowEpochs, "window-epochs", pace.WindowEpochs, "epochs after which an SLA is judged, of a new network")
	return c
}

// greet says where everything is, with three commands to copy.
func greet(out io.Writer, a *app, exe string, i *network.Info) {
	me := exe
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, exe); err == nil && !filepath.IsAbs(rel) && len(rel) < len(exe) {
			me = "./" + rel
		}
	}
	fmt.Fprintf(out, "\nA Flashback network runs here.\n\n  platform    %s  (API: /openapi.yaml)\n  chain       %s\n", i.Platform, i.StellarRPC)
	for _, n := range i.Nodes {
		fmt.Fprintf(out, "  %-10s  %s\n", n.Name, n.S3)
	}
	fmt.Fprintf(out, "  everything  %s\n\nCopy these into another terminal:\n\n  export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_DEFAULT_REGION=us-east-1\n  aws --endpoint-url %s s3 cp ./README.md s3://%s/\n  %s sla show %s --watch\n\n",
		a.layout().InfoFile(), i.Demo.AccessKey, i.Demo.SecretKey, i.Demo.S3, i.Demo.Bucket, me, i.Demo.Name)
}
