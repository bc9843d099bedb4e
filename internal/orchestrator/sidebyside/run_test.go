package sidebyside

import "testing"

func TestRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1) {
		res, err := Run(t.Context(), 1+seed, 150)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: %d calls, %d refused, %.1f calls/s", 1+seed, res.Operations, res.Refused, float64(res.Operations)/res.Elapsed.Seconds())
	}
}
