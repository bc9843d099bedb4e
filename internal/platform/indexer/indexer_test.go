package indexer_test

import (
	"context"
	"database/sql"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/indexer"
	"github.com/flashback-network/flashback/internal/store"
)

// fake is a chain with a list of events; a cursor is the number of events before it.
type fake struct {
	events []chain.Event
	oldest int // earlier cursors are expired
	units  map[ids.ID]orchestrator.Unit
	reads  int
	fail   error
}

func (f *fake) add(name, subject string, data map[string]any) {
	f.events = append(f.events, chain.Event{Cursor: "at" + strconv.Itoa(len(f.events)+1), Name: name, Subject: subject, Data: data, Ledger: uint32(len(f.events) + 2), Time: time.Unix(1_800_000_000, 0)})
}

func (f *fake) Events(_ context.Context, cursor string, limit int) ([]chain.Event, string, error) {
	n := f.oldest
	if cursor != "" {
		n, _ = strconv.Atoi(cursor)
		if n < f.oldest {
			return nil, "", fault.New(fault.Expired, "cursor_expired", "too old")
		}
	}
	end := min(n+limit, len(f.events))
	return f.events[n:end], strconv.Itoa(end), nil
}

func (f *fake) Unit(_ context.Context, id ids.ID) (orchestrator.Unit, error) {
	f.reads++
	if f.fail != nil {
		return orchestrator.Unit{}, f.fail
	}
	u, ok := f.units[id]
	if !ok {
		return u, fault.New(fault.NotFound, "NotFound", "no unit")
	}
	return u, nil
}

func (f *fake) Node(context.Context, ids.ID) (orchestrator.Node, error) {
	return orchestrator.Node{ID: ids.ID{0, 1, 1, 1}}, nil
}
func (f *fake) SLA(context.Context, ids.ID) (orchestrator.SLA, error) {
	return orchestrator.SLA{}, fault.New(fault.NotFound, "NotFound", "none")
}
func (f *fake) Reservation(context.Context, ids.ID) (orchestrator.Reservation, error) {
	return orchestrator.Reservation{}, fault.New(fault.NotFound, "NotFound", "none")
}
func (f *fake) Terms(context.Context, ids.ID) ([]byte, error) { return nil, nil }

type nobody struct{}

func (nobody) SetBound(context.Context, ids.Account, ids.ID, ids.Account, string) error { return nil }

func open(t *testing.T, f *fake) (*indexer.Indexer, *sql.DB, *[]string) {
	t.Helper()
	db, err := store.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	x := indexer.New(db, f, nobody{}, slog.New(slog.DiscardHandler))
	var seen []string
	x.OnEvent = func(e chain.Event) { seen = append(seen, e.Name) }
	return x, db, &seen
}

func count(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

var unit = ids.ID{0, 1, 2, 1, 9}

func TestFollows(t *testing.T) {
	t.Parallel()
	f := &fake{units: map[ids.ID]orchestrator.Unit{unit: {ID: unit, UnitSpec: orchestrator.UnitSpec{Capacity: 7, Listed: true}}}}
	f.add("unit_created", unit.String(), nil)
	f.add("unit_priced", unit.String(), nil)
	f.add("registered", "GBRPYHIL2CI3FNQ4BXLFMNDLFJUNPU2HY3ZMFSHONUCEOASW7QC7OX2H", nil)
	x, db, seen := open(t, f)
	if n, err := x.Step(t.Context()); n != 3 || err != nil {
		t.Fatalf("step: %d, %v", n, err)
	}
	if f.reads != 1 {
		t.Errorf("two events of one unit were read %d times", f.reads)
	}
	if n, err := x.Step(t.Context()); n != 0 || err != nil {
		t.Errorf("a second step without news: %d, %v", n, err)
	}
	f.add("unit_listed", unit.String(), nil)
	f.units[unit] = orchestrator.Unit{ID: unit, State: orchestrator.UnitDecommissioning}
	if _, err := x.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, `SELECT count(*) FROM units WHERE state = 'decommissioning' AND listed = 0`); n != 1 {
		t.Errorf("the unit's new state is not there")
	}
	if len(*seen) != 4 || count(t, db, `SELECT count(*) FROM events`) != 4 {
		t.Errorf("events told: %v", *seen)
	}
}

func TestNothingIsHalfStored(t *testing.T) {
	t.Parallel()
	f := &fake{units: map[ids.ID]orchestrator.Unit{unit: {ID: unit}}, fail: fault.New(fault.Unavailable, "unavailable", "the chain is away")}
	f.add("unit_created", unit.String(), nil)
	x, db, seen := open(t, f)
	if _, err := x.Step(t.Context()); err == nil {
		t.Fatal("a failing read went unnoticed")
	}
	if count(t, db, `SELECT count(*) FROM events`) != 0 || count(t, db, `SELECT count(*) FROM meta`) != 0 {
		t.Error("something was stored of a batch that failed")
	}
	f.fail = nil
	if n, err := x.Step(t.Context()); n != 1 || err != nil || len(*seen) != 1 {
		t.Errorf("after the chain is back: %d, %v, %v", n, err, *seen)
	}
}

func TestExpiredCursorStartsAgain(t *testing.T) {
	t.Parallel()
	f := &fake{units: map[ids.ID]orchestrator.Unit{unit: {ID: unit}}}
	for range 3 {
		f.add("unit_priced", unit.String(), nil)
	}
	x, db, seen := open(t, f)
	if _, err := x.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		f.add("unit_priced", unit.String(), nil)
	}
	f.oldest = 4 // event 4 was never read
	if n, err := x.Step(t.Context()); n != 2 || err != nil {
		t.Fatalf("after the gap: %d, %v", n, err)
	}
	if n := count(t, db, `SELECT count(*) FROM events`); n != 5 || len(*seen) != 5 {
		t.Errorf("%d events stored, %d told", n, len(*seen))
	}
}
