package chaintest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// events are read in pages of every size, and while more come.
func events(t *testing.T, open Opener) {
	s := begin(t, open)
	consumer := s.Wallet(t, 1_000_000_000)
	id := s.do(consumer, s.request(consumer, sla.Stream, 8)).ID
	all, end, err := s.Chain.Events(s.ctx, "", 1_000)
	s.must(err)
	var names []string
	seen := map[string]bool{}
	for _, e := range all {
		names = append(names, e.Name)
		if seen[e.Cursor] || e.Tx == "" || e.Ledger == 0 || e.Time.IsZero() || e.Contract.Zero() {
			t.Errorf("event %+v", e)
		}
		seen[e.Cursor] = true
	}
	for _, want := range []string{"registered", "node_bound", "collateral", "unit_created", "reserved", "requested", "sla_state", "reservation_active"} {
		found := false
		for _, n := range names {
			found = found || n == want
		}
		if !found {
			t.Errorf("no event %s among %v", want, names)
		}
	}
	for _, e := range all {
		switch e.Name {
		case "node_bound":
			if e.Subject != s.nodeID.String() || e.Data["provider"] != s.provider.Account().String() || e.Data["endpoint"] != "http://127.0.0.1:9000" || e.Contract != s.Chain.Contracts().Provider {
				t.Errorf("node_bound %+v", e)
			}
		case "registered":
			if e.Subject != s.provider.Account().String() {
				t.Errorf("registered %+v", e)
			}
		case "requested":
			raw, err := s.Chain.Terms(s.ctx, id)
			s.must(err)
			if e.Subject != id.String() || e.Data["terms"] != fmt.Sprintf("%x", raw) || e.Data["total"] != s.sla(id).Total.String() {
				t.Errorf("requested %+v", e)
			}
		}
	}
	for _, page := range []int{1, 2, 5, len(all)} {
		var got []chain.Event
		for cursor := ""; len(got) < len(all); {
			l, next, err := s.Chain.Events(s.ctx, cursor, page)
			s.must(err)
			if len(l) > page || next == "" {
				t.Fatalf("a page of %d has %d events and goes on at %q", page, len(l), next)
			}
			got, cursor = append(got, l...), next
		}
		if d := cmp.Diff(all, got); d != "" {
			t.Errorf("pages of %d differ:\n%s", page, d)
		}
	}

	// Nothing new: no events, and the cursor still works when something has come.
	for range 2 {
		l, next, err := s.Chain.Events(s.ctx, end, 10)
		s.must(err)
		if len(l) != 0 {
			t.Fatalf("events that were read already: %+v", l)
		}
		end = next
	}
	for range 3 {
		s.Pass(t, 1e9)
	}
	s.do(s.provider, orchestrator.UnitList{Provider: s.provider.Account(), ID: s.unit})
	l, _, err := s.Chain.Events(s.ctx, end, 10)
	s.must(err)
	if len(l) != 1 || l[0].Name != "unit_listed" || l[0].Data["listed"] != false {
		t.Errorf("after the end: %+v", l)
	}
	_, _, err = s.Chain.Events(s.ctx, "no cursor", 10)
	s.isRefusal("cursor_invalid", fault.Invalid, err)
}

// concurrency: one key in many goroutines, all of whose calls are applied.
func concurrency(t *testing.T, open Opener) {
	s := begin(t, open)
	const n = 12
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() {
			_, errs[i] = s.Chain.Submit(s.ctx, s.provider, orchestrator.UnitPrice{Provider: s.provider.Account(), ID: s.unit, StoragePrice: s.spec().StoragePrice, EgressPrice: s.spec().EgressPrice})
		})
	}
	wg.Wait()
	for _, err := range errs {
		s.must(err)
	}
	u, err := s.Chain.Unit(s.ctx, s.unit)
	s.must(err)
	if u.PriceVersion != 1+n {
		t.Errorf("price version %d after %d changes", u.PriceVersion, n)
	}
}
