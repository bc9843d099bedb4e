package sidebyside

import (
	"os"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// number of an environment variable, or a default.
func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// Random calls on both sides: the errors agree and everything is equal. `make fuzz-contracts` runs more of it.
func TestRandom(t *testing.T) {
	t.Parallel()
	seed := uint64(number("FUZZ_SEED", 1))
	res, err := Run(t.Context(), seed, number("FUZZ_CALLS", 150))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d: %d calls, %d refused, %.1f calls/s", seed, res.Operations, res.Refused, float64(res.Operations)/res.Elapsed.Seconds())
}

// The same with lumens as one of the assets.
func TestRandomNative(t *testing.T) {
	t.Parallel()
	if _, err := Run(t.Context(), 4, number("FUZZ_CALLS", 100)); err != nil {
		t.Fatal(err)
	}
}

// The same through the RPC, transactions and ledgers of the embedded network, as programs use it.
func TestRandomRPC(t *testing.T) {
	t.Parallel()
	res, err := run(t.Context(), 3, number("FUZZ_CALLS", 60), shape{rpc: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d calls, %.1f calls/s", res.Operations, float64(res.Operations)/res.Elapsed.Seconds())
}

// Many sequences one after another on the same rigs begin alike: the same seeds give the same counts, whoever takes them.
func TestShards(t *testing.T) {
	t.Parallel()
	p := Plan{Seed: 11, Calls: 120, Depth: 40, Parallel: 2}
	a, err := Shard(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	p.Parallel = 1
	b, err := Shard(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a.Counts, b.Counts); d != "" || a.Operations != 120 {
		t.Errorf("%d calls: %s", a.Operations, d)
	}
}

// Settling after every epoch or once comes to the same amounts, to the unit, and the same cost of a settlement. `make bench-contracts` does it with 500 epochs.
func TestSchedules(t *testing.T) {
	t.Parallel()
	l, err := Schedules(t.Context(), uint32(number("EPOCHS", 30)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(l); i += 2 {
		if err := Same(l[i], l[i+1]); err != nil {
			t.Error(err)
		}
		if l[i].Leaf.Breaches == 0 || l[i].Paid["payout"].Sign() == 0 || l[i+1].Settlements != 2 {
			t.Errorf("%s: nothing happened: %+v", l[i].Mode, l[i])
		}
		t.Logf("%s: %d settlements of %d instructions, one of %d; the last %d and %d; paid %v", l[i].Mode, l[i].Settlements, l[i].Mean(), l[i+1].Mean(), l[i].Last(), l[i+1].Last(), l[i].Paid)
	}
}
