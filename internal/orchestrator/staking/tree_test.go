package staking_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Every entry point of the two contracts has its tree of conditions, and no tree is of anything else or names an error that there is not.
func TestTrees(t *testing.T) {
	t.Parallel()
	errors := map[string]bool{}
	for _, e := range orchestrator.Codes() {
		errors[e.Code] = true
	}
	for _, name := range []string{"flash", "staking"} {
		spec, err := direct.ReadSpec(artifact(t, name))
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join("../../../contracts/soroban", name, "tree")
		for _, f := range spec.Functions {
			b, err := os.ReadFile(filepath.Join(folder, string(f.Name)+".tree"))
			if err != nil {
				t.Error(err)
				continue
			}
			lines := strings.Split(strings.TrimSpace(string(b)), "\n")
			if lines[0] != string(f.Name) || len(lines) < 2 {
				t.Errorf("%s: the tree of %s begins with %q", name, f.Name, lines[0])
			}
			for _, l := range lines[1:] {
				leaf := strings.TrimLeft(l, "│├└─ \u00a0")
				word := leaf != "" && leaf[0] >= 'A' && leaf[0] <= 'Z' && !strings.ContainsAny(leaf, " ")
				if word && leaf != strings.ToUpper(leaf) && leaf != "Flashback" && !errors[leaf] {
					t.Errorf("%s.%s: there is no error %s", name, f.Name, leaf)
				}
			}
		}
		if files, err := os.ReadDir(folder); err != nil || len(files) != len(spec.Functions) {
			t.Errorf("%s: %d trees of %d entry points (%v)", name, len(files), len(spec.Functions), err)
		}
	}
}
