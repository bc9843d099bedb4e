package main

import "testing"

// The Market's file is what the model gives (TestUpToDate compares the bytes): here that it has enough cases, each with a name of its own, and reaches every refusal.
func TestMarketFile(t *testing.T) {
	t.Parallel()
	f := read[marketVectors](t, "market.json")
	if len(f.Cases) < 40 {
		t.Errorf("%d cases", len(f.Cases))
	}
	names, seen, calls := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range f.Cases {
		if names[c.Name] {
			t.Errorf("%q is there twice", c.Name)
		}
		names[c.Name] = true
		for _, s := range c.Steps {
			seen[s.Error] = true
			if s.Error == "" {
				calls[s.Call] = true
			}
		}
	}
	for _, e := range []string{"NotAuthorized", "AmountInvalid", "NotFound", "Exists", "StateWrong", "ArgumentInvalid", "TransferFailed", "UnitDecommissioning", "ListingUnpaid", "PriceChanged", "PriceAbove", "NotTimedOut",
		"PhaseWrong", "CommitMismatch"} {
		if !seen[e] {
			t.Errorf("%s never occurs", e)
		}
	}
	for _, c := range []string{"Want", "Offer", "Commit", "Reveal", "Take", "Withdraw", "Expire", "SetAdmin", "PriceFor"} {
		if !calls[c] {
			t.Errorf("%s never succeeds", c)
		}
	}
}
