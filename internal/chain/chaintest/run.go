package chaintest

import "testing"

// Run is the suite.
func Run(t *testing.T, open Opener) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Opener)
	}{
		{"an SLA lives, is settled and pays", life},
		{"a dead node is credited, slashed and left", breach},
		{"a provider accepts, refuses and lets expire", answers},
		{"nodes are bound by two keys", binding},
		{"authorisations are for one thing only", authorizations},
		{"grants are made and revoked", grants},
		{"certificates are refused", certificates},
		{"settlements are refused", settlements},
		{"requests are refused", requests},
		{"units are priced, listed, maintained and retired", units},
		{"the admin sets parameters, pauses and the quorum rotates", governance},
		{"tokens are refused", tokens},
		{"events are paged without gaps", events},
		{"one key is used from many sides", concurrency},
		{"what is missing is not found", missing},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open)
		})
	}
}
