package indexer_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/indexer"
	"github.com/flashback-network/flashback/internal/store"
)

// owned is a chain of one SLA.
type owned struct {
	*fake
	sla orchestrator.SLA
}

func (o *owned) SLA(context.Context, ids.ID) (orchestrator.SLA, error) { return o.sla, nil }
func (o *owned) Reservation(context.Context, ids.ID) (orchestrator.Reservation, error) {
	return orchestrator.Reservation{}, nil
}
func (o *owned) Terms(context.Context, ids.ID) ([]byte, error) { return []byte{1}, nil }

// TestAListIsByTheConsumerOfNow: after a transfer the SLA is in the new consumer's list and in the old one's no more.
func TestAListIsByTheConsumerOfNow(t *testing.T) {
	t.Parallel()
	unit := ids.ID{0, 1, 2, 1}
	who := func(n byte) ids.Account { return ids.Account{Chain: ids.Stellar, Address: [32]byte{n}} }
	o := &owned{fake: &fake{units: map[ids.ID]orchestrator.Unit{unit: {ID: unit}}}, sla: orchestrator.SLA{ID: ids.ID{0, 1, 3, 1}, Unit: unit, Consumer: who(1), Group: ids.ID{0, 1, 3, 1}}}
	db, err := store.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	x := indexer.New(db, o, nobody{}, slog.New(slog.DiscardHandler))
	for _, n := range []byte{1, 2} {
		o.sla.Consumer = who(n)
		o.add("transferred", o.sla.ID.String(), nil)
		if _, err := x.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		var consumer, group string
		if err := db.QueryRow(`SELECT consumer, group_id FROM slas`).Scan(&consumer, &group); err != nil || consumer != who(n).String() || group != o.sla.ID.String() {
			t.Errorf("consumer %s, group %s, %v; want %s", consumer, group, err, who(n))
		}
	}
}
