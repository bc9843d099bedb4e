package keeper_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/keeper"
	"github.com/flashback-network/flashback/internal/sla"
)

// joint is a chain whose SLA is one of two parts.
type joint struct{ *fake }

func (joint) Terms(context.Context, ids.ID) ([]byte, error) {
	t := terms()
	t.Units, t.Redundancy = append(t.Units, sla.Share{Unit: ids.ID{0, 1, 2, 2}, Bps: 10_000}), 2
	t.Units[0].Bps = 10_000
	return t.Bytes(), nil
}

func TestAJointSLABeginsWhenAllItsPartsAreFunded(t *testing.T) {
	t.Parallel()
	f := active()
	f.s.State, f.s.Group, f.s.FundBy = orchestrator.Funded, id, 5000
	_, db := open(t, f)
	k := keeper.New(db, joint{f}, f, f, nil, slog.New(slog.DiscardHandler))
	if _, err := db.Exec(`UPDATE slas SET group_id = id, state = 'funded'`); err != nil {
		t.Fatal(err)
	}
	step(t, k)
	want(t, f) // one of two
	if _, err := db.Exec(`INSERT INTO slas (id, consumer, provider, unit, state, body, reservation, terms, group_id, closed) VALUES ('second', '', '', '', 'accepted', '{}', '{}', x'', $1, 1)`, id.String()); err != nil {
		t.Fatal(err)
	}
	step(t, k)
	want(t, f)
	if _, err := db.Exec(`UPDATE slas SET state = 'funded'`); err != nil {
		t.Fatal(err)
	}
	step(t, k)
	want(t, f, "Begin")
	f.refuse = fault.New(fault.Conflict, "StateWrong", "another keeper was faster")
	step(t, k)
	want(t, f, "Begin")
	f.refuse = nil
	if _, err := db.Exec(`UPDATE slas SET state = 'cancelled' WHERE id = 'second'`); err != nil {
		t.Fatal(err)
	}
	f.now = time.Unix(5001, 0)
	step(t, k)
	want(t, f, "Expire")
}

func TestAUnitThatIsTakenOutOfServiceIsDrained(t *testing.T) {
	t.Parallel()
	f := active()
	f.s.Unit = ids.ID{0, 1, 2, 1}
	f.epoch = 9 // it begins with the next epoch
	k, db := open(t, f)
	if _, err := db.Exec(`INSERT INTO units (id, provider, node_id, listed, state, body) VALUES ($1, '', '', 1, 'available', '{}')`, f.s.Unit.String()); err != nil {
		t.Fatal(err)
	}
	step(t, k)
	want(t, f)
	if _, err := db.Exec(`UPDATE units SET state = 'decommissioning'`); err != nil {
		t.Fatal(err)
	}
	step(t, k)
	want(t, f) // once per report
	f.epoch = 10
	step(t, k)
	want(t, f, "Drain", "Settle 0-1", "Payout")
	f.refuse = fault.New(fault.Conflict, "ReclaimNotice", "it would not end earlier")
	f.epoch = 11
	step(t, k)
	if len(f.calls) == 0 || f.calls[0] != "Drain" {
		t.Errorf("calls %v", f.calls)
	}
	f.calls, f.refuse, f.epoch, f.s.State = nil, nil, 12, orchestrator.Reclaiming
	step(t, k)
	if len(f.calls) == 0 || f.calls[0] == "Drain" {
		t.Errorf("one that has its notice: %v", f.calls)
	}
}
