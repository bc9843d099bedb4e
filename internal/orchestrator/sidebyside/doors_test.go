package sidebyside

import (
	"testing"
)

// Every function of every contract has a door.
func TestDoors(t *testing.T) {
	t.Parallel()
	all, err := specs()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, d := range doors {
		name := d.Contract + "." + d.Function
		if !all[d.Contract].Has(d.Function) {
			t.Errorf("%s is in the table, but not in the contract", name)
		}
		if seen[name] {
			t.Errorf("%s is in the table twice", name)
		}
		seen[name] = true
	}
	for contract, spec := range all {
		for _, f := range spec.Functions {
			if name := contract + "." + string(f.Name); !seen[name] && f.Name != "__constructor" {
				t.Errorf("%s has no row: see table.go", name)
			}
		}
	}
}

// The committed tables (who may, what is refused in which state, what it costs) are what the contracts do.
func TestTables(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("calls every entry point some fifty times")
	}
	tables, err := MakeTables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, err := tables.Compare("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range l {
		t.Error(d)
	}
	if len(l) > 0 {
		t.Error("`make tables` writes what is true now")
	}
}
