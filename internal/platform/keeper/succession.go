package keeper

import (
	"context"
	"fmt"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/store"
)

// begin lets a joint SLA begin once each of its parts is funded. The last one of them that a provider accepted could not do it. Of a group its first part is looked at.
func (k *Keeper) begin(ctx context.Context, s *orchestrator.SLA) (begun bool, err error) {
	if s.Group != s.ID {
		return false, nil
	}
	raw, err := k.chain.Terms(ctx, s.ID)
	if err != nil {
		return false, err
	}
	t, err := sla.DecodeTerms(raw)
	if err != nil {
		return false, fmt.Errorf("reading terms: %w", err)
	}
	funded := 0
	err = k.db.QueryRowContext(ctx, `SELECT count(*) FROM slas WHERE group_id = $1 AND state = $2`, s.Group.String(), orchestrator.Funded.String()).Scan(&funded)
	if err != nil || funded < len(t.Units) {
		return false, store.Map(err)
	}
	return true, k.submit(ctx, orchestrator.Begin{SLA: s.ID})
}

// drain gives notice of a live SLA's end in the name of a provider that takes the unit out of service. One that would not end earlier by it stays as it is.
func (k *Keeper) drain(ctx context.Context, s *orchestrator.SLA) error {
	if s.State == orchestrator.Closing || s.State == orchestrator.Reclaiming {
		return nil
	}
	var state string
	err := store.Map(k.db.QueryRowContext(ctx, `SELECT state FROM units WHERE id = $1`, s.Unit.String()).Scan(&state))
	if fault.KindOf(err) == fault.NotFound || err == nil && state != orchestrator.UnitDecommissioning.String() {
		return nil
	}
	if err != nil {
		return err
	}
	err = k.submit(ctx, orchestrator.Drain{SLA: s.ID})
	if fault.CodeOf(err) == "ReclaimNotice" {
		return nil
	}
	return err
}
