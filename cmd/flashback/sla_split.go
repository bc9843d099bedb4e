package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

const maxPieces = 4

func slaSplit(a *app) *cobra.Command {
	var parts []string
	var after uint32
	var save string
	c := &cobra.Command{Use: "split SLA", Short: "End an SLA at a window's boundary; from there on each part is an SLA of its own, yours or another's", Args: cobra.ExactArgs(1),
		Long: "Price, quality and collateral stay; the parts' volumes are together the SLA's. A first part that is yours has the data; every other one begins empty.\n\n" +
			"  flashback sla split SLA                                          one part: the same, cut in time\n" +
			"  flashback sla split SLA --part volume=6GiB --part volume=4GiB,to=buyer",
		RunE: func(c *cobra.Command, args []string) error {
			id, err := a.id(args[0], ids.SLA)
			if err != nil {
				return err
			}
			_, ch, w, err := a.act(c.Context(), "consumer")
			if err != nil {
				return err
			}
			s, t, err := slaOf(c, ch, id)
			if err != nil {
				return err
			}
			op := orchestrator.Split{Consumer: w.Account(), SLA: id, Epochs: after}
			if after == 0 {
				if op.Epochs, err = a.boundary(c, ch, &s, t); err != nil {
					return err
				}
			}
			if op.Pieces, err = a.pieces(parts, w.Account(), t.Volume, t.Egress); err != nil {
				return err
			}
			var others []ids.Account
			for _, p := range op.Pieces {
				others = append(others, p.To)
			}
			return a.agree(c, ch, w, op, others, save)
		}}
	c.Flags().StringArrayVar(&parts, "part", nil, "a part: volume=SIZE[,egress=SIZE][,to=ACCOUNT]; at most 4 (default: one with all of it)")
	c.Flags().Uint32Var(&after, "epochs", 0, "epochs after which the SLA ends and the parts begin, a window's boundary (default: the next one)")
	saveFlag(c, &save)
	return c
}

// boundary is the next epoch at which an SLA can be divided.
func (a *app) boundary(c *cobra.Command, ch chain.Chain, s *orchestrator.SLA, t *sla.Terms) (uint32, error) {
	config, err := ch.OracleConfig(c.Context())
	if err != nil {
		return 0, err
	}
	_, at, err := ch.Head(c.Context())
	if err != nil {
		return 0, err
	}
	running := uint64(1) // the running epoch of the SLA, from 1
	if e := config.Epoch(uint64(at.Unix())); e > s.StartEpoch {
		running = e - s.StartEpoch + 1
	}
	next := (running/uint64(t.Window) + 1) * uint64(t.Window)
	if next >= uint64(s.Duration) {
		return 0, fault.New(fault.Precondition, "split_late", "the SLA has %d epochs and no window's boundary before its end any more", s.Duration)
	}
	return uint32(next), nil
}

// pieces reads what the parts of a split are; one of them may leave its volume out, and has the rest.
func (a *app) pieces(l []string, me ids.Account, volume, egress uint64) (pieces []orchestrator.Piece, err error) {
	if len(l) == 0 {
		l = []string{""}
	}
	if len(l) > maxPieces {
		return nil, fault.New(fault.Invalid, "parts_invalid", "%d parts; an SLA has at most %d", len(l), maxPieces)
	}
	rest, without := volume, -1
	for i, text := range l {
		p := orchestrator.Piece{To: me, Egress: egress, Nonce: [32]byte(claim.Random(32))}
		fields, err := partFields(text, "volume", "egress", "to")
		if err != nil {
			return nil, err
		}
		if v, ok := fields["to"]; ok {
			if p.To, err = a.account(v); err != nil {
				return nil, err
			}
		}
		if v, ok := fields["egress"]; ok {
			if p.Egress, err = size(v); err != nil {
				return nil, err
			}
		}
		switch v, ok := fields["volume"]; {
		case ok:
			if p.Volume, err = size(v); err != nil {
				return nil, err
			}
		case without >= 0:
			return nil, fault.New(fault.Invalid, "parts_invalid", "parts %d and %d have no volume: only one can have the rest", without+1, i+1)
		default:
			without = i
		}
		p.Refund = p.To
		rest -= min(rest, p.Volume)
		pieces = append(pieces, p)
	}
	if without >= 0 {
		pieces[without].Volume = rest
	}
	var sum uint64
	for _, p := range pieces {
		if p.Volume == 0 || p.Volume > volume {
			return nil, fault.New(fault.Invalid, "parts_invalid", "the parts have to share the SLA's %s", show(volume))
		}
		sum += p.Volume
	}
	if sum != volume {
		return nil, fault.New(fault.Invalid, "parts_invalid", "the parts have %d bytes together, the SLA has %d: leave the volume of one part out, it has the rest", sum, volume)
	}
	return pieces, nil
}

// partFields reads name=value,name=value.
func partFields(s string, names ...string) (map[string]string, error) {
	m := map[string]string{}
	for _, f := range strings.Split(s, ",") {
		if f == "" {
			continue
		}
		name, value, ok := strings.Cut(f, "=")
		known := false
		for _, n := range names {
			known = known || n == name
		}
		if !ok || !known || value == "" {
			return nil, fault.New(fault.Invalid, "part_invalid", "%q is not one of %s=…", f, strings.Join(names, "=…, "))
		}
		m[name] = value
	}
	return m, nil
}

// divided shows what a split made.
func (a *app) divided(c *cobra.Command, ch chain.Chain, r chain.Receipt, op orchestrator.Split) error {
	s, err := ch.SLA(c.Context(), op.SLA)
	if err != nil {
		return err
	}
	config, err := ch.OracleConfig(c.Context())
	if err != nil {
		return err
	}
	at := time.Unix(int64(config.Start(s.StartEpoch+uint64(op.Epochs))), 0)
	type part struct {
		ID     ids.ID      `json:"id"`
		To     ids.Account `json:"consumer"`
		Volume uint64      `json:"volume"`
		Egress uint64      `json:"egress"`
	}
	parts := make([]part, 0, len(op.Pieces))
	for _, p := range op.Pieces {
		parts = append(parts, part{ids.SLAID(ch.Contracts().Consumer, p.To, p.Nonce), p.To, p.Volume, p.Egress})
	}
	return a.show(c, map[string]any{"id": op.SLA, "endEpochs": op.Epochs, "ends": at.UTC(), "parts": parts, "tx": r.Tx}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "SLA %s ends after %d epochs, at %s; then\nPART\tCONSUMER\tVOLUME\tEGRESS\n", op.SLA, op.Epochs, at.Local().Format(time.DateTime))
		for _, p := range parts {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.ID, p.To, show(p.Volume), show(p.Egress))
		}
	})
}
