package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle"
	"github.com/flashback-network/flashback/internal/oracle/possession"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
)

func disputePossession(a *app) *cobra.Command {
	var doors, dirs []string
	c := &cobra.Command{Use: "prove-possession SLA", Short: "Prove by its own signatures that a node lost what it stated to hold; anyone may, without a bond",
		Long: "Brings wrong answers to validators' challenges that the node signed. Validators keep them in the folder 'evidence' of their data directory, and their status doors hand them out.",
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
			unit, err := ch.Unit(c.Context(), b.reservation.Unit)
			if err != nil {
				return err
			}
			node, err := ch.Node(c.Context(), unit.Node)
			if err != nil {
				return err
			}
			found, err := a.evidence(c.Context(), id, node.Key.Address, dirs, doors)
			if err != nil {
				return err
			}
			last := error(fault.New(fault.NotFound, "evidence_missing", "no validator has %d wrong answers that the node signed; name more with --validator, or their folders with --evidence", b.terms.Protocol.LostChallenges))
			for _, e := range found {
				p, window, err := b.possession(c, id, &e)
				if err != nil {
					last = err
					continue
				}
				d, err := ch.Do(c.Context(), w, *p)
				if err != nil {
					last = err
					continue
				}
				return a.did(c, d, "%d wrong answers about epoch %d: in window %d the consumer was denied %s", len(p.Answers), e.Epoch, window, n.Asset(b.reservation.Asset).Format(d.Amount))
			}
			return last
		}}
	c.Flags().StringSliceVar(&doors, "validator", nil, "address of a validator's status door (default: the local network's)")
	c.Flags().StringSliceVar(&dirs, "evidence", nil, "folder with a validator's evidence (default: those of the local network's validators)")
	return c
}

// evidence about an SLA, of the named folders or the local network's, and of validators' doors. A validator that does not answer is done without.
func (a *app) evidence(ctx context.Context, id ids.ID, nodeKey [32]byte, dirs, doors []string) ([]possession.Evidence, error) {
	if len(dirs) == 0 {
		dirs, _ = filepath.Glob(oracle.EvidenceDir(a.layout().Role("validator-*"))) // the pattern is one
	}
	all, err := possession.ReadEvidence(id, dirs...)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: 10 * time.Second}
	for _, door := range a.doors(doors) {
		l, err := possession.FetchEvidence(ctx, client, door, id)
		if err != nil {
			a.logger().Debug("a validator's evidence was not read", "validator", door, "cause", err)
			continue
		}
		all = append(all, l...)
	}
	return possession.Together(id, nodeKey, all), nil
}

// possession makes the proof of an evidence: the leaves of the window that its epoch is in.
func (b *boundaries) possession(c *cobra.Command, id ids.ID, e *possession.Evidence) (*dispute.ProvePossession, uint32, error) {
	if len(e.Answers) < int(b.terms.Protocol.LostChallenges) {
		return nil, 0, fault.New(fault.Precondition, "evidence_short", "there are %d wrong answers about epoch %d; the terms ask for %d", len(e.Answers), e.Epoch, b.terms.Protocol.LostChallenges)
	}
	if e.Epoch < b.reservation.StartEpoch || len(e.Signature) != 64 {
		return nil, 0, canon.ErrMalformed
	}
	window := uint32((e.Epoch - b.reservation.StartEpoch) / uint64(b.terms.Window))
	before, after, err := b.ends(c.Context(), window)
	if err != nil {
		return nil, 0, fmt.Errorf("evidence about epoch %d: %w", e.Epoch, err)
	}
	p := &dispute.ProvePossession{SLA: id, Before: before, After: after, Statement: e.Statement, StatementSig: [64]byte(e.Signature)}
	for _, w := range e.Answers {
		if len(w.Signature) != 64 {
			return nil, 0, canon.ErrMalformed
		}
		p.Answers = append(p.Answers, dispute.Answer{Document: w.Document, Signature: [64]byte(w.Signature)})
	}
	return p, window, nil
}
