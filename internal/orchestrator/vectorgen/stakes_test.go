package main

import "testing"

// The Registry's and governance's files are what the model gives (TestUpToDate compares the bytes): here that they have enough cases, each with a name of its own, and reach every refusal.
func TestStakeFiles(t *testing.T) {
	t.Parallel()
	for name, errors := range map[string][]string{
		"registry.json": {"NotAuthorized", "NotFound", "Exists", "StateWrong", "ArgumentInvalid", "TransferFailed", "PriceAbove", "NotTimedOut", "StakeHeld", "CertifierUnknown", "BondMissing", "CertificationExpired",
			"NoConflict", "Frozen"},
		"governance.json": {"NotAuthorized", "NotFound", "StateWrong", "ArgumentInvalid", "PowerMissing", "VotingOpen", "VotingClosed", "VoteFailed", "TimeLocked", "ActionMismatch", "TargetUnknown", "Voted", "PauseSpent"},
	} {
		f := read[stakeFile](t, name)
		if len(f.Cases) < 40 {
			t.Errorf("%s: %d cases", name, len(f.Cases))
		}
		names, seen := map[string]bool{}, map[string]bool{}
		for _, c := range f.Cases {
			if names[c.Name] {
				t.Errorf("%s: %q is there twice", name, c.Name)
			}
			names[c.Name] = true
			for _, s := range c.Steps {
				seen[s.Error] = true
			}
		}
		for _, e := range errors {
			if !seen[e] {
				t.Errorf("%s: %s never occurs", name, e)
			}
		}
	}
}
