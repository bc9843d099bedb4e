package main

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// What the events of one transaction hold on Stellar (docs/contract-costs.md): so many parts that are paid and begin in the call that requests them, and so many that are requested alone.
const (
	partsAtOnce = 2
	partsMost   = 4
)

func slaJoint(a *app) *cobra.Command {
	var parts []string
	var redundancy uint8
	var x wish
	c := &cobra.Command{Use: "joint", Short: "Request one SLA over several units: all of them begin, or none", Args: cobra.NoArgs,
		Long: "Each part reserves its share of the volume on its unit. With redundancy r the data survives the loss of any r − 1 units, so that the smallest shares that are left have to be the whole.\n\n" +
			"  flashback sla joint --volume 10GiB --redundancy 2 --part unit=A --part unit=B                                        two copies\n" +
			"  flashback sla joint --volume 10GiB --redundancy 2 --part unit=A,share=50 --part unit=B,share=50 --part unit=C,share=50  two of three",
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			n, ch, w, err := a.act(ctx, "consumer")
			if err != nil {
				return err
			}
			whole := orchestrator.Request{Consumer: w.Account()}
			if err := x.read(n, &whole); err != nil {
				return err
			}
			op := orchestrator.RequestJoint{Consumer: w.Account(), Volume: whole.Volume, Duration: whole.Duration, Mode: whole.Mode, Redundancy: redundancy, Refund: w.Account()}
			if op.Parts, err = a.jointParts(parts, whole.Egress); err != nil {
				return err
			}
			if len(op.Parts) > partsMost {
				return fault.New(fault.Invalid, "parts_too_many", "%d parts: one transaction holds the events of %d", len(op.Parts), partsMost)
			}
			p, err := ch.Params(ctx)
			if err != nil {
				return err
			}
			var total money.Amount
			var deposits []money.Amount
			var as deployment.Asset
			for i := range op.Parts {
				y := &op.Parts[i]
				one := whole
				one.Unit, one.Volume, one.Egress = y.Unit, shareOf(op.Volume, y.ShareBps), y.Egress
				q, err := quote(ctx, ch, one)
				if err != nil {
					return fmt.Errorf("unit %s: %w", y.Unit, err)
				}
				if i > 0 && q.Asset != as.Contract && x.limit != "" {
					return fault.New(fault.Invalid, "asset_differs", "the units are paid in different assets: --max-total has no meaning")
				}
				as = n.Asset(q.Asset)
				total = total.Add(q.Total)
				y.PriceVersion, y.MaxTotal = q.PriceVersion, q.Total
				if deposits = append(deposits, p.FullDeposit(q.Total)); !x.later && len(op.Parts) <= partsAtOnce {
					y.Deposit = deposits[i]
				}
			}
			if err := x.below(total, as); err != nil {
				return err
			}
			r, err := ch.Submit(ctx, w, op)
			if err != nil {
				return err
			}
			if !x.later && len(op.Parts) > partsAtOnce { // the last payment lets all of them begin
				for i, y := range op.Parts {
					if _, err := ch.Submit(ctx, w, orchestrator.Fund{From: w.Account(), SLA: ids.SLAID(ch.Contracts().Consumer, w.Account(), y.Nonce), Amount: deposits[i]}); err != nil {
						return fmt.Errorf("joint SLA %s is requested, but its part %d of %d is not paid ('flashback sla fund', or 'flashback sla cancel'): %w", r.ID, i+1, len(op.Parts), err)
					}
				}
			}
			type part struct {
				ID    ids.ID       `json:"id"`
				Unit  ids.ID       `json:"unit"`
				State string       `json:"state"`
				Total money.Amount `json:"total"`
				Asset ids.Account  `json:"asset"`
			}
			var l []part
			waits := false
			for _, y := range op.Parts {
				s, err := ch.SLA(ctx, ids.SLAID(ch.Contracts().Consumer, w.Account(), y.Nonce))
				if err != nil {
					return err
				}
				waits = waits || !s.State.Running()
				l = append(l, part{s.ID, s.Unit, s.State.String(), s.Total, s.Asset})
			}
			return a.show(c, map[string]any{"group": r.ID, "parts": l, "tx": r.Tx}, func(w *tabwriter.Writer) {
				fmt.Fprintf(w, "joint SLA %s of %d units\nSLA\tUNIT\tSTATE\tPRICE\n", r.ID, len(l))
				for _, p := range l {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.ID, p.Unit, p.State, n.Asset(p.Asset).Format(p.Total))
				}
				if waits {
					fmt.Fprintln(w, "it begins when every part is accepted and funded")
				}
			})
		}}
	x.flags(c, "1GiB", "10GiB", "stream", 30*24*time.Hour)
	f := c.Flags()
	f.StringArrayVar(&parts, "part", nil, "a part: unit=UNIT[,share=PERCENT][,egress=SIZE]; 2 to 4 (share: 100, egress: that of --egress)")
	f.Uint8Var(&redundancy, "redundancy", 1, "1: nothing may be lost, 2: any one unit may, …")
	_ = c.MarkFlagRequired("part")
	return c
}

func (a *app) jointParts(l []string, egress uint64) (parts []orchestrator.Part, err error) {
	for _, text := range l {
		p := orchestrator.Part{ShareBps: 10_000, Egress: egress, Nonce: [32]byte(claim.Random(32))}
		fields, err := partFields(text, "unit", "share", "egress")
		if err != nil {
			return nil, err
		}
		if p.Unit, err = a.id(fields["unit"], ids.Unit); err != nil {
			return nil, err
		}
		if v, ok := fields["share"]; ok {
			if p.ShareBps, err = percent(v); err != nil {
				return nil, err
			}
		}
		if v, ok := fields["egress"]; ok {
			if p.Egress, err = size(v); err != nil {
				return nil, err
			}
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// percent reads 50, 33.34 or 50% as hundredths.
func percent(s string) (uint16, error) {
	whole, part, _ := strings.Cut(strings.TrimSuffix(s, "%"), ".")
	n, err := strconv.ParseUint(whole+(part + "00")[:2], 10, 16)
	if err != nil || len(part) > 2 || n == 0 || n > 10_000 {
		return 0, fault.New(fault.Invalid, "share_invalid", "%q is no share: a number of percent over 0 and up to 100, with at most two decimals", s)
	}
	return uint16(n), nil
}

// shareOf a volume, rounded up as the contract does.
func shareOf(volume uint64, bps uint16) uint64 {
	hi, lo := bits.Mul64(volume, uint64(bps))
	lo, carry := bits.Add64(lo, 9_999, 0)
	q, _ := bits.Div64(hi+carry, lo, 10_000)
	return q
}
