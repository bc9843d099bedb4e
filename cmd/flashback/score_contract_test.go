package main

import (
	"testing"

	"github.com/flashback-network/flashback/internal/sla"
)

// What anybody derives from public data is what the contract has, once the SLA is recorded.
func TestScoreAgreesWithTheContract(t *testing.T) {
	t.Parallel()
	v := newTown(t, "provider", "consumer", "witness")
	x := v.rent(sla.Stream, 40)
	id := x.id.String()
	v.refused("StateWrong", "witness", "score", "record", id, "--validator", v.door.URL)
	total := func(who string) (derived, contract string) {
		t.Helper()
		l := v.toldList("witness", "score", "show", who, "--validator", v.door.URL)
		as := l[0]
		if who == "consumer" {
			as = l[1]
		}
		return text(as, "score", "total"), text(as, "contract", "total")
	}
	for range testWindow {
		x.epoch(nil)
	}
	v.shows(v.does("witness", "score", "show", "provider", "--validator", v.door.URL), "not recorded", id)
	if d, c := total("provider"); d == c || c != "5000" {
		t.Errorf("before: derived %s, contract %s", d, c)
	}
	v.does("witness", "score", "record", id, "--validator", v.door.URL)
	v.refused("NothingNew", "witness", "score", "record", id, "--validator", v.door.URL)
	for range testWindow {
		x.epoch(nil)
	}
	v.does("witness", "score", "record", id, "--validator", v.door.URL)
	for _, who := range []string{"provider", "consumer"} {
		if d, c := total(who); d != c || d == "5000" {
			t.Errorf("%s: derived %s, contract %s", who, d, c)
		}
	}
}
