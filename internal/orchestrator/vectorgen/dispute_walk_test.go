package main

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var (
	walks    = flag.Int("dispute.walks", 25, "random sequences of disputes")
	walksOut = flag.String("dispute.out", "", "write them as vectors to this file, for DISPUTE_VECTORS of the contract's own tests")
)

// Random sequences of depth 100: the invariants hold after every call (play asserts them), and time alone brings every dispute to its end.
func TestDisputeWalks(t *testing.T) {
	t.Parallel()
	steps, taken := 0, map[string]int{}
	f := disputeFile()
	f.Cases = nil
	for seed := range uint64(*walks) {
		x := disputeWalk(1_000+seed, 100)
		f.Cases = append(f.Cases, x.disputeCase)
		for _, s := range x.Steps {
			steps++
			if s.Error == "" {
				taken[s.Call]++
			}
		}
	}
	for _, call := range []string{"OpenDispute", "Accuse", "AnswerDispute", "CommitVote", "RevealVote", "Appeal", "Advance", "Execute", "Claim", "Recover", "ProveVerdict", "ProveEquivocation", "RegisterArbiter", "SetParams"} {
		if taken[call] == 0 {
			t.Errorf("no walk takes %s", call)
		}
	}
	t.Logf("seeds 1000 to %d: %d steps, %v", 999+*walks, steps, taken)
	if *walksOut == "" {
		return
	}
	b, err := json.Marshal(f)
	if err == nil {
		err = os.WriteFile(*walksOut, b, 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}
