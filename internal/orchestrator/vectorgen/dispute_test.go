package main

import (
	"testing"

	"github.com/flashback-network/flashback/internal/orchestrator"
)

// The file is what the generator gives (TestUpToDate); it has enough cases, and meets every error that the Dispute contract has of its own.
func TestDisputes(t *testing.T) {
	t.Parallel()
	f := read[disputes](t, "dispute.json")
	if len(f.Cases) < 40 {
		t.Errorf("%d cases, at least 40 are wanted", len(f.Cases))
	}
	names, errors, steps := map[string]bool{}, map[string]bool{}, 0
	for _, c := range f.Cases {
		if c.Name == "" || names[c.Name] {
			t.Errorf("name %q is empty or taken", c.Name)
		}
		names[c.Name] = true
		for _, s := range c.Steps {
			errors[s.Error] = true
			steps++
		}
	}
	for n, e := range orchestrator.Codes() {
		if n >= 801 && n < 900 && !errors[e.Code] {
			t.Errorf("no case meets %s", e.Code)
		}
	}
	t.Logf("%d cases, %d steps", len(f.Cases), steps)
}
