package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/platform/keeper"
	"github.com/flashback-network/flashback/internal/sla"
)

// boundaries fetches the certified leaves at the ends of an SLA's windows from validators. It trusts none of them: the contract checks each leaf against the root that it has.
type boundaries struct {
	reports     *keeper.Validators
	terms       *sla.Terms
	reservation orchestrator.Reservation
}

func (a *app) boundaries(ctx context.Context, ch society, id ids.ID, doors []string) (*boundaries, error) {
	b, err := ch.Terms(ctx, id)
	if err != nil {
		return nil, err
	}
	t, err := sla.DecodeTerms(b)
	if err != nil {
		return nil, fmt.Errorf("terms of SLA %s: %w", id, err)
	}
	r, err := ch.Reservation(ctx, id)
	if err != nil {
		return nil, err
	}
	return &boundaries{keeper.NewValidators(a.doors(doors)), t, r}, nil
}

// doors are the validators' status doors: those that were named, or the local network's.
func (a *app) doors(named []string) []string {
	if info, err := a.layout().Info(); err == nil && len(named) == 0 {
		for _, v := range info.Validators {
			named = append(named, v.Status)
		}
	}
	return named
}

// windows that are settled: whole ones, and a shorter last one when the SLA has ended.
func (b *boundaries) windows() uint32 {
	return (b.reservation.SettledEpochs + b.terms.Window - 1) / b.terms.Window
}

// ends of window w: the zero leaf before the first.
func (b *boundaries) ends(ctx context.Context, w uint32) (before, after dispute.ProvenLeaf, err error) {
	from := w * b.terms.Window
	to := min(from+b.terms.Window, b.reservation.SettledEpochs)
	if to <= from {
		return before, after, fault.New(fault.Invalid, "WindowWrong", "window %d is not settled: the last one that is is number %d of %d windows so far", w, max(b.windows(), 1)-1, b.windows())
	}
	zero := sla.Zero(b.terms)
	before = dispute.ProvenLeaf{Leaf: zero.Bytes()}
	if from > 0 {
		if before, err = b.leaf(ctx, from); err != nil {
			return before, after, err
		}
	}
	after, err = b.leaf(ctx, to)
	return before, after, err
}

// leaf of the first so many epochs.
func (b *boundaries) leaf(ctx context.Context, epochs uint32) (dispute.ProvenLeaf, error) {
	r, err := b.reports.Report(ctx, b.terms.SLA, b.reservation.StartEpoch+uint64(epochs)-1)
	if err != nil {
		return dispute.ProvenLeaf{}, fmt.Errorf("the leaf after %d epochs (name a validator that keeps reports with --validator): %w", epochs, err)
	}
	return dispute.ProvenLeaf{Leaf: r.Leaf.Bytes(), Epoch: r.Epoch, Proof: r.Proof}, nil
}

func disputeVerdict(a *app) *cobra.Command {
	var doors []string
	var window int64
	c := &cobra.Command{Use: "prove-verdict SLA", Short: "Prove that a window's verdict is not what its measured values give; anyone may, without a bond",
		Long: "Fetches the leaves at both ends of a window from the validators and lets the contract run the verdict again. Without --window, the settled windows are tried from the newest back.",
		Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
			id, err := a.id(args[0], ids.SLA)
			if err != nil {
				return err
			}
			n, ch, w, err := a.serve(c.Context())
			if err != nil {
				return err
			}
			b, err := a.boundaries(c.Context(), ch, id, doors)
			if err != nil {
				return err
			}
			first, last := int64(b.windows())-1, int64(0)
			if window >= 0 {
				first, last = window, window
			}
			skipped := map[string]int{}
			for x := first; x >= last; x-- {
				before, after, err := b.ends(c.Context(), uint32(x))
				if err == nil {
					var d chain.Done
					if d, err = ch.Do(c.Context(), w, dispute.ProveVerdict{SLA: id, Before: before, After: after}); err == nil {
						return a.did(c, d, "the verdict on window %d is wrong: the consumer was denied %s", x, n.Asset(b.reservation.Asset).Format(d.Amount))
					}
				}
				if window >= 0 || fault.KindOf(err) == fault.Unavailable {
					return err
				}
				skipped[fault.CodeOf(err)]++
				if fault.CodeOf(err) == "WindowWrong" { // too old, and so are those before
					break
				}
			}
			return a.show(c, map[string]any{"sla": id, "wrong": false, "tried": skipped}, func(t *tabwriter.Writer) {
				fmt.Fprintf(t, "no wrong verdict can be proved\nstand\t%d windows\n", skipped["VerdictStands"])
				for code, count := range skipped {
					if code != "VerdictStands" {
						fmt.Fprintf(t, "not tried (%s)\t%d windows\n", code, count)
					}
				}
			})
		}}
	c.Flags().StringSliceVar(&doors, "validator", nil, "address of a validator's status door (default: the local network's)")
	c.Flags().Int64Var(&window, "window", -1, "number of the window, the first is 0")
	return c
}

func disputeRecover(a *app) *cobra.Command {
	var window uint32
	c := &cobra.Command{Use: "recover SLA", Short: "Move what a proof or a ruling gave the consumer and the provider's claim did not cover then; anyone may", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.SLA)
		if err != nil {
			return err
		}
		n, ch, w, err := a.serve(c.Context())
		if err != nil {
			return err
		}
		s, err := ch.SLA(c.Context(), id)
		if err != nil {
			return err
		}
		d, err := ch.Do(c.Context(), w, dispute.Recover{SLA: id, Window: window})
		if err != nil {
			return err
		}
		return a.did(c, d, "moved %s to the consumer", n.Asset(s.Asset).Format(d.Amount))
	}}
	c.Flags().Uint32Var(&window, "window", 0, "number of the window, the first is 0")
	return c
}

func disputeWindow(a *app) *cobra.Command {
	return &cobra.Command{Use: "window SLA NUMBER", Short: "Show what was proved and ruled about a window", Args: cobra.ExactArgs(2), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.SLA)
		if err != nil {
			return err
		}
		x, err := number(args[1])
		if err != nil {
			return err
		}
		n, ch, err := a.look(c.Context())
		if err != nil {
			return err
		}
		s, err := ch.SLA(c.Context(), id)
		if err != nil {
			return err
		}
		v, err := ch.DisputeWindow(c.Context(), id, x)
		if err != nil {
			return err
		}
		as := n.Asset(s.Asset)
		return a.show(c, map[string]any{"proved": v.Proved, "ruled": v.Ruled, "moved": v.Moved, "owed": v.Owed(), "wrong": v.Wrong, "panel": v.Panel, "accused": v.Accused}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "proved\t%s\nruled\t%s\nmoved\t%s\nstill owed\t%s\n", as.Format(v.Proved), as.Format(v.Ruled), as.Format(v.Moved), as.Format(v.Owed()))
		})
	}}
}
