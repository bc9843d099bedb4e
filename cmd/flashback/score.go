package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/score"
	"github.com/flashback-network/flashback/internal/platform/client"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
	"github.com/flashback-network/flashback/internal/platform/keeper"
	"github.com/flashback-network/flashback/internal/sla"
)

func scoreCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "score", Short: "Scores of providers and consumers, recomputed from public data",
		Long: "Recomputes scores (docs/spec/score.md) from public data: the SLAs that the chain knows, their terms, and their settled leaves, which any validator hands out and whose hashes the chain holds. Nobody is trusted."}
	c.AddCommand(scoreShow(a), scoreDerive(a), scoreRecord(a))
	return c
}

func scoreShow(a *app) *cobra.Command {
	var o scoreOptions
	c := &cobra.Command{Use: "show ADDRESS", Short: "Show an account's scores, derived and as the contract has them, as provider and as consumer", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		l, err := o.derive(c, a, args[0])
		if err != nil {
			return err
		}
		type shown struct {
			Role     string       `json:"role"`
			Score    score.Score  `json:"score"`
			Contract *score.Score `json:"contract,omitempty"` // as recorded there
		}
		var out []shown
		for i, d := range l.Derivations {
			x := shown{Role: d.Role, Score: d.Score}
			if i < len(l.Contract) {
				x.Contract = &l.Contract[i]
			}
			out = append(out, x)
		}
		return a.show(c, out, func(w *tabwriter.Writer) {
			l.compare(w)
			l.caveats(w)
		})
	}}
	o.flags(c)
	return c
}

func scoreDerive(a *app) *cobra.Command {
	var o scoreOptions
	c := &cobra.Command{Use: "derive ADDRESS", Short: "Derive an account's scores step by step", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		l, err := o.derive(c, a, args[0])
		if err != nil {
			return err
		}
		return a.show(c, l, func(w *tabwriter.Writer) {
			for _, d := range l.Derivations {
				printDerivation(w, &d)
			}
			l.caveats(w)
		})
	}}
	o.flags(c)
	return c
}

type scoreOptions struct {
	validators []string
	units      []string
	params     score.Params
}

func (o *scoreOptions) flags(c *cobra.Command) {
	o.params = score.DefaultParams()
	f := c.Flags()
	f.StringSliceVar(&o.validators, "validator", nil, "address of a validator's status door, where settled leaves come from; default: the local network's")
	f.StringSliceVar(&o.units, "unit", nil, "fee that is one point, as CODE=AMOUNT, default: what the score contract says; without one 0.01 of each asset")
	f.Uint32Var(&o.params.Cap, "cap", o.params.Cap, "points at most per window; default: what the score contract says")
	f.Uint32Var(&o.params.Severity, "severity", o.params.Severity, "weight of a failure; default: what the score contract says")
}

// derived is what the commands print. Missing names SLAs whose settled leaf no validator has any more, Contract what the score contract has by role, Unrecorded SLAs that it could have more of.
type derived struct {
	Derivations []score.Derivation `json:"derivations"`
	Missing     []ids.ID           `json:"missing,omitempty"`
	Contract    []score.Score      `json:"contract,omitempty"`
	Unrecorded  []ids.ID           `json:"unrecorded,omitempty"`
}

func (d *derived) caveats(w *tabwriter.Writer) {
	for _, id := range d.Missing {
		fmt.Fprintf(w, "missing\tSLA %s: no validator has its settled leaf; name one that keeps them with --validator\n", id)
	}
}

func (o *scoreOptions) derive(c *cobra.Command, a *app, who string) (*derived, error) {
	ctx := c.Context()
	of, err := a.account(who)
	if err != nil {
		return nil, err
	}
	if !o.params.Valid() {
		return nil, fault.New(fault.Invalid, "score_params_invalid", "the cap is 1 to 65,536 points, the severity 1 to 100")
	}
	n, ch, err := a.look(ctx)
	if err != nil {
		return nil, err
	}
	unit, err := units(n, o.units)
	if err != nil {
		return nil, err
	}
	if unit, err = o.weighed(c, n, ch, unit); err != nil {
		return nil, err
	}
	config, err := ch.OracleConfig(ctx)
	if err != nil {
		return nil, err
	}
	_, now, err := ch.Head(ctx)
	if err != nil {
		return nil, err
	}
	found, err := slasOf(ctx, n, ch, of)
	if err != nil {
		return nil, err
	}
	out, reports := &derived{}, keeper.NewValidators(a.doors(o.validators))
	var settled []score.Settled
	for _, id := range found {
		x, err := readSettled(ctx, ch, reports, id)
		switch {
		case errors.Is(err, errNothingSettled):
		case fault.KindOf(err) == fault.NotFound || fault.KindOf(err) == fault.Unavailable:
			out.Missing = append(out.Missing, id)
		case err != nil:
			return nil, fmt.Errorf("SLA %s: %w", id, err)
		default:
			settled = append(settled, *x)
		}
	}
	by := score.Scale{Begin: config.Genesis, EpochSeconds: config.EpochSeconds, Params: o.params, Unit: unit}
	for _, as := range []score.Role{score.AsProvider, score.AsConsumer} {
		out.Derivations = append(out.Derivations, score.Derive(of, as, uint64(now.Unix()), by, settled))
	}
	return out, out.onChain(ctx, n, ch, of, uint64(now.Unix()), settled)
}

// units reads what of each asset's fees is a point.
func units(n *deployment.Network, said []string) (func(money.Asset) money.Amount, error) {
	m := map[money.Asset]money.Amount{}
	for _, x := range n.Assets {
		v, err := money.ParseDecimal("0.01", max(2, x.Decimals))
		if err != nil {
			return nil, err
		}
		m[x.Contract] = v
	}
	for _, s := range said {
		code, amount, ok := strings.Cut(s, "=")
		as, err := n.FindAsset(code)
		if err != nil {
			return nil, err
		}
		v, err := price(amount, as)
		if err != nil || !ok || v.Sign() < 0 {
			return nil, fault.New(fault.Invalid, "unit_invalid", "%q is no unit: CODE=AMOUNT is expected", s)
		}
		m[as.Contract] = v
	}
	return func(a money.Asset) money.Amount { return m[a] }, nil
}

// slasOf an account: those whose request the chain still tells of, and those that the platform names. Both are hints; what counts is read from the chain.
func slasOf(ctx context.Context, n *deployment.Network, ch chain.Chain, of ids.Account) (out []ids.ID, err error) {
	seen := map[ids.ID]bool{}
	add := func(s string) {
		if id, err := ids.Parse(s); err == nil && id.Kind() == ids.SLA && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	for cursor, more := "", true; more; {
		events, next, err := ch.Events(ctx, cursor, 1_000)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if e.Name == "requested" && (e.Data["consumer"] == of.String() || e.Data["provider"] == of.String()) {
				add(e.Subject)
			}
		}
		cursor, more = next, len(events) > 0
	}
	if n.Platform == "" {
		return out, nil
	}
	l, err := client.Get[httpapi.List[httpapi.SLASummary]](ctx, client.New(n.Platform), "/v1/slas", url.Values{"party": {of.String()}, "limit": {"500"}})
	if err != nil && fault.KindOf(err) != fault.Unavailable { // without a platform the chain has to do
		return nil, err
	}
	for _, s := range l.Items {
		add(s.ID)
	}
	return out, nil
}

var errNothingSettled = errors.New("nothing is settled")

// readSettled reads an SLA's public record, and checks terms and leaf against the hashes that the chain holds.
func readSettled(ctx context.Context, ch chain.Chain, reports *keeper.Validators, id ids.ID) (*score.Settled, error) {
	r, err := ch.Reservation(ctx, id)
	if err != nil {
		return nil, err
	}
	if r.State < orchestrator.ReservationActive || r.SettledEpochs == 0 {
		return nil, errNothingSettled
	}
	b, err := ch.Terms(ctx, id)
	if err != nil {
		return nil, err
	}
	t, err := sla.DecodeTerms(b)
	if err != nil {
		return nil, err
	}
	if canon.Hash(b) != r.TermsHash {
		return nil, fault.New(fault.Internal, "terms_foreign", "its two halves have other terms")
	}
	x, err := ch.SLA(ctx, id)
	if err != nil {
		return nil, err
	}
	rep, err := reports.Report(ctx, id, r.StartEpoch+uint64(r.SettledEpochs)-1)
	if err != nil {
		return nil, err
	}
	if rep.Leaf.Hash() != r.SettledHash {
		return nil, fault.New(fault.NotFound, "leaf_foreign", "the validator's leaf is not the settled one")
	}
	return &score.Settled{Terms: t, Leaf: rep.Leaf, StartEpoch: r.StartEpoch, Consumer: x.Consumer, Agreed: x.Duration, State: x.State, Reclaimed: score.Reclaims(&r)}, nil
}

func printDerivation(w *tabwriter.Writer, d *score.Derivation) {
	when := func(at uint64) string { return time.Unix(int64(at), 0).Local().Format(time.DateTime) }
	fmt.Fprintf(w, "%s as %s\t%s at %s\n", d.Account, d.Role, hundredths(d.Score.Total), when(d.At))
	if len(d.Steps) == 0 {
		fmt.Fprint(w, "no settled SLA: everything is 50.00\n\n")
		return
	}
	for i, s := range d.Steps {
		fmt.Fprintf(w, "%d. SLA %s\t%d epochs, %d windows judged, %s\n", i+1, s.SLA, s.Epochs, s.Windows, s.Ending)
		if s.Skipped != "" {
			fmt.Fprintf(w, "   does not count\t%s\n", s.Skipped)
			continue
		}
		fmt.Fprintf(w, "   weight\t%s points agreed, %s paid (a point is %s smallest units of fee)\n", grains(s.Weight.Whole), grains(s.Weight.Paid), s.Unit)
		fmt.Fprintf(w, "   as of\t%s, spread over %s\n", when(s.At), time.Duration(s.Seconds)*time.Second)
		for j, v := range d.Dimensions {
			fmt.Fprintf(w, "   %s\tgood %s, bad %s; now good %s, bad %s\n", v.Name, grains(s.Points[j].Good), grains(s.Points[j].Bad), grains(s.Rise[j].Good), grains(s.Rise[j].Bad))
		}
	}
	fmt.Fprintf(w, "together\tdecayed from %s by %s\n", when(d.Standing.Updated), time.Duration(max(d.At, d.Standing.Updated)-d.Standing.Updated)*time.Second)
	for _, v := range d.Dimensions {
		fmt.Fprintf(w, "   %s\tgood %s, bad %s → at least %.5f → %s (weight %d)\n", v.Name, grains(v.Evidence.Good), grains(v.Evidence.Bad), float64(v.LowerBound)/(1<<24), hundredths(v.Value), v.Weight)
	}
	fmt.Fprintf(w, "total\t%s: the weighted geometric mean\n\n", hundredths(d.Score.Total))
}

func hundredths(v uint32) string { return fmt.Sprintf("%d.%02d", v/100, v%100) }

// grains are shown in points.
func grains(v sla.Wide) string {
	f, _ := v.Big().Float64()
	return fmt.Sprintf("%.3f", f/score.Point)
}
