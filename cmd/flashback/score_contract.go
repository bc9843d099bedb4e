package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/score"
	"github.com/flashback-network/flashback/internal/platform/keeper"
	"github.com/flashback-network/flashback/internal/sla"
)

// weighed is what a score is weighed by at the contract, where the deployment has one, and where the flags do not say something else.
func (o *scoreOptions) weighed(c *cobra.Command, n *deployment.Network, ch society, unit func(money.Asset) money.Amount) (func(money.Asset) money.Amount, error) {
	if n.Contracts.Score.Zero() {
		return unit, nil
	}
	p, err := ch.ScoreParams(c.Context())
	if err != nil {
		return nil, err
	}
	if !c.Flags().Changed("cap") {
		o.params.Cap = p.Cap
	}
	if !c.Flags().Changed("severity") {
		o.params.Severity = p.Severity
	}
	if len(o.units) > 0 {
		return unit, nil
	}
	m := map[money.Asset]money.Amount{}
	for _, x := range n.Assets {
		v, err := ch.ScoreUnit(c.Context(), x.Contract)
		if err != nil && fault.CodeOf(err) != "AssetUnknown" {
			return nil, err
		}
		m[x.Contract] = v
	}
	return func(a money.Asset) money.Amount { return m[a] }, nil
}

// onChain adds what the contract has: its scores, and the SLAs whose newest settled leaf nobody recorded.
func (d *derived) onChain(ctx context.Context, n *deployment.Network, ch society, of ids.Account, at uint64, settled []score.Settled) error {
	if n.Contracts.Score.Zero() {
		return nil
	}
	for _, as := range []score.Role{score.AsProvider, score.AsConsumer} {
		s, err := ch.ScoreOf(ctx, of, as, at)
		if err != nil {
			return err
		}
		d.Contract = append(d.Contract, s)
	}
	for _, x := range settled {
		leaf, ok, err := ch.Recorded(ctx, x.Terms.SLA)
		if err != nil {
			return err
		}
		if x.Leaf.Windows > 0 && (!ok || leaf != x.Leaf.Hash()) {
			d.Unrecorded = append(d.Unrecorded, x.Terms.SLA)
		}
	}
	return nil
}

// compare prints the contract's scores beside the derived ones.
func (d *derived) compare(w *tabwriter.Writer) {
	fmt.Fprintf(w, "AS\tDERIVED\tCONTRACT\tEVIDENCE\n")
	for i, x := range d.Derivations {
		contract := "–"
		if i < len(d.Contract) {
			contract = hundredths(d.Contract[i].Total)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s points from %d SLAs\n", x.Role, hundredths(x.Score.Total), contract, x.Score.Points.Big(), len(x.Steps))
	}
	for _, id := range d.Unrecorded {
		fmt.Fprintf(w, "not recorded\tSLA %s was settled since: flashback score record %s\n", id, id)
	}
}

func scoreRecord(a *app) *cobra.Command {
	var doors []string
	c := &cobra.Command{Use: "record SLA", Short: "Record what an SLA has shown at the score contract; anyone may", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.SLA)
		if err != nil {
			return err
		}
		_, ch, w, err := a.serve(c.Context())
		if err != nil {
			return err
		}
		op, err := a.record(c.Context(), ch, id, doors)
		if err != nil {
			return err
		}
		d, err := ch.Do(c.Context(), w, op)
		if err != nil {
			return err
		}
		return a.did(c, d, "recorded SLA %s: epochs %d to %d", id, op.From.Epochs, op.To.Epochs)
	}}
	c.Flags().StringSliceVar(&doors, "validator", nil, "address of a validator's status door, where settled leaves come from; default: the local network's")
	return c
}

// record makes the call: from the leaf that was recorded last to the one that is settled. The contract keeps their hashes, validators the leaves.
func (a *app) record(ctx context.Context, ch society, id ids.ID, named []string) (op score.Record, err error) {
	r, err := ch.Reservation(ctx, id)
	if err != nil {
		return op, err
	}
	if r.State < orchestrator.ReservationActive || r.SettledEpochs == 0 {
		return op, fault.New(fault.Conflict, "StateWrong", "nothing of this SLA is settled yet")
	}
	b, err := ch.Terms(ctx, id)
	if err != nil {
		return op, err
	}
	t, err := sla.DecodeTerms(b)
	if err != nil {
		return op, fmt.Errorf("terms of SLA %s: %w", id, err)
	}
	recorded, some, err := ch.Recorded(ctx, id)
	if err != nil {
		return op, err
	}
	reports := keeper.NewValidators(a.doors(named))
	find := func(hash [32]byte, newest uint32) (sla.Leaf, error) {
		for epochs := newest; epochs > 0; epochs-- {
			rep, err := reports.Report(ctx, id, r.StartEpoch+uint64(epochs)-1)
			switch {
			case err == nil && rep.Leaf.Hash() == hash:
				return rep.Leaf, nil
			case err != nil && fault.KindOf(err) != fault.NotFound:
				return sla.Leaf{}, err
			}
		}
		return sla.Leaf{}, fault.New(fault.NotFound, "report_unknown", "no validator has the leaf with the hash %x any more: name one that keeps them with --validator", hash)
	}
	if op.To, err = find(r.SettledHash, r.SettledEpochs); err != nil {
		return op, err
	}
	op.SLA, op.From = id, sla.Zero(t)
	if some {
		op.From, err = find(recorded, r.SettledEpochs)
	}
	return op, err
}
