package dispute_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Every entry point has its tree of conditions, and no tree is of anything else or names an error that there is not.
func TestTrees(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"AlreadyInitialized": true} // of wiring, which the model has not
	for _, e := range orchestrator.Codes() {
		known[e.Code] = true
	}
	spec, err := direct.ReadSpec(artifact(t))
	if err != nil {
		t.Fatal(err)
	}
	folder := "../../../contracts/soroban/dispute/tree"
	for _, f := range spec.Functions {
		b, err := os.ReadFile(filepath.Join(folder, string(f.Name)+".tree"))
		if err != nil {
			t.Error(err)
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		if lines[0] != string(f.Name) || len(lines) < 2 {
			t.Errorf("the tree of %s begins with %q", f.Name, lines[0])
		}
		for _, l := range lines[1:] {
			leaf := strings.TrimLeft(l, "│├└─ \u00a0")
			if leaf != "" && leaf[0] >= 'A' && leaf[0] <= 'Z' && !strings.Contains(leaf, " ") && !known[leaf] {
				t.Errorf("%s: there is no error %s", f.Name, leaf)
			}
		}
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != len(spec.Functions) {
		t.Errorf("%d trees of %d entry points (%v)", len(files), len(spec.Functions), err)
	}
}
