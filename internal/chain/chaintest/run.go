package chaintest

import "testing"

type scenario struct {
	name string
	test func(*testing.T, Opener)
}

// Run is the suite.
func Run(t *testing.T, open Opener) {
	for _, c := range []scenario{ // each moves the clock, or changes what holds for all: it has a deployment of its own
		{"an SLA lives, is settled and pays", life},
		{"a dead node is credited, slashed and left", breach},
		{"a provider accepts, refuses and lets expire", answers},
		{"authorisations are for one thing only", authorizations},
		{"certificates are refused", certificates},
		{"settlements are refused", settlements},
		{"units are priced, listed, maintained and retired", units},
		{"the admin sets parameters, pauses and the quorum rotates", governance},
		{"SLAs follow others, belong together and change hands", succession},
		{"events are paged without gaps", events},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open)
		})
	}
	t.Run("side by side on one deployment", func(t *testing.T) {
		t.Parallel()
		w := open(t, Setup{Config, Params})
		for _, c := range []scenario{
			{"nodes are bound by two keys", binding},
			{"grants are made and revoked", grants},
			{"grants are passed on", delegation},
			{"requests are refused", requests},
			{"tokens are refused", tokens},
			{"one key is used from many sides", concurrency},
			{"what is missing is not found", missing},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.test(t, func(*testing.T, Setup) World { return w })
			})
		}
	})
}
