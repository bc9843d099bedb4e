package monitor_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/platform/monitor"
	"github.com/flashback-network/flashback/internal/store"
)

func TestAlarmsOncePerOutage(t *testing.T) {
	t.Parallel()
	var sick atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if sick.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusForbidden) // as an S3 front refuses a stranger
	}))
	defer s.Close()
	db, err := store.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Unix(1_800_000_000, 0)
	m := monitor.New(db, func(context.Context) ([]monitor.Target, error) {
		return []monitor.Target{{ID: "n", Endpoint: s.URL}}, nil
	}, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	round := func() {
		t.Helper()
		if err := m.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	open := func(all bool) []monitor.Alarm {
		t.Helper()
		l, err := m.Alarms(t.Context(), all, 10)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	round()
	sick.Store(true)
	round()
	if l := open(false); len(l) != 0 {
		t.Errorf("one miss alarms: %+v", l)
	}
	round()
	round()
	if l := open(false); len(l) != 1 || l[0].Kind != monitor.NodeUnreachable || l[0].Subject != "n" || !l[0].Raised.Equal(now) {
		t.Errorf("after three misses: %+v", l)
	}
	sick.Store(false)
	round()
	if l := open(false); len(l) != 0 {
		t.Errorf("still open: %+v", l)
	}
	sick.Store(true)
	round()
	round()
	if l := open(true); len(l) != 2 || l[0].Cleared != nil || l[1].Cleared == nil {
		t.Errorf("a second outage: %+v", l)
	}
	for range 2 {
		if err := m.OnEvent(t.Context(), chain.Event{Name: "warning", Subject: "sla"}); err != nil {
			t.Fatal(err)
		}
	}
	if l := open(false); len(l) != 2 {
		t.Errorf("two warnings of one SLA: %+v", l)
	}
	if err := m.OnEvent(t.Context(), chain.Event{Name: "reclaimed", Subject: "sla", Data: map[string]any{"end_epochs": uint64(24)}}); err != nil || len(open(false)) != 3 {
		t.Errorf("the provider's notice is no alarm: %v", err)
	}
	if err := m.OnEvent(t.Context(), chain.Event{Name: "released", Subject: "sla"}); err != nil || len(open(false)) != 1 {
		t.Errorf("the warning outlives its SLA: %v", err)
	}
}
