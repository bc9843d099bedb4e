package stellar

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrorTable(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../../contracts/errors.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]uint32
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	got := map[string]uint32{}
	for n, r := range refusals {
		got[r.name] = n
		if r.message == "" {
			t.Errorf("%s has no words", r.name)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("contracts/errors.json (-) and the driver's table (+) differ:\n%s", d)
	}
}
