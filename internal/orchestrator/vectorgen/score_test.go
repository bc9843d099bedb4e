package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Each case of the file, computed again from what it gives.
func TestScore(t *testing.T) {
	t.Parallel()
	cases := read[file[scoreCase]](t, "score.json").Cases
	if len(cases) < 80 {
		t.Errorf("%d cases, at least 80 are wanted", len(cases))
	}
	copies := read[file[scoreCase]](t, "score.json").Cases
	refusals := map[string]bool{}
	for i, want := range cases {
		again := copies[i]
		var err error
		switch {
		case again.Pair != nil:
			again.Pair.Value = 0
			again.Pair.fill()
		case again.Total != nil:
			again.Total.fill()
		case again.Points != nil:
			again.Points.Provider, again.Points.Consumer = nil, nil
			err = again.Points.fill()
		case again.Calls != nil:
			err = again.Calls.play()
			for _, s := range want.Calls.Steps {
				refusals[s.Error] = true
			}
		}
		if d := cmp.Diff(want, again); err != nil || d != "" {
			t.Errorf("%s: %v %s", want.Name, err, d)
		}
	}
	for _, e := range []interface{ Error() string }{orchestrator.ErrNotFound, orchestrator.ErrStateWrong, orchestrator.ErrMalformed, orchestrator.ErrLeafUnknown, orchestrator.ErrLeafForeign, orchestrator.ErrFromMismatch,
		orchestrator.ErrNothingNew, orchestrator.ErrAssetUnknown, orchestrator.ErrExists, orchestrator.ErrArgumentInvalid, orchestrator.ErrAmountInvalid} {
		if name := code(e.(error)); !refusals[name] {
			t.Errorf("no case is refused with %s", name)
		}
	}
}
