// Package internal guards the direction of imports: cmd → network → roles → domain → leaves. Adapters are imported by wiring only.
package internal

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/flashback-network/flashback/"

// layers from the bottom up. A package may import any lower layer, and what lies in its own folder.
var layers = []struct {
	name     string
	packages []string
}{
	{"base", []string{"internal/fault", "internal/canon", "internal/filelock", "contracts/artifacts"}},
	{"ids", []string{"internal/ids"}},
	{"leaf", []string{"internal/money", "internal/merkle", "internal/cert"}},
	{"arithmetic", []string{"internal/sla", "internal/scval"}},
	{"domain", []string{"internal/orchestrator", "internal/statement", "internal/claim"}},
	{"port", []string{"internal/chain", "internal/store"}},
	{"description", []string{"internal/deployment"}},
	{"adapter", []string{"internal/chain/stellar", "internal/devnet"}},
	{"proof", []string{"internal/orchestrator/sidebyside", "internal/chain/chaintest"}}, // run the contracts beside the model
	{"role", []string{"internal/bridge", "internal/oracle", "internal/platform"}},
	{"network", []string{"internal/network"}},
	{"program", []string{"cmd"}},
}

// adapters may be imported by wiring, by each other's tests, and by the key type's users.
var adapterUsers = map[string]bool{"internal/chain/stellar": true}

func layerOf(pkg string) int {
	best, layer := 0, -1
	for i, l := range layers {
		for _, p := range l.packages {
			if (pkg == p || strings.HasPrefix(pkg, p+"/")) && len(p) > best {
				best, layer = len(p), i
			}
		}
	}
	return layer
}

func folderOf(pkg string) string {
	best := ""
	for _, l := range layers {
		for _, p := range l.packages {
			if (pkg == p || strings.HasPrefix(pkg, p+"/")) && len(p) > len(best) {
				best = p
			}
		}
	}
	return best
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	root := ".."
	seen := 0
	for _, top := range []string{"internal", "cmd", "contracts/artifacts"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			pkg, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			if pkg == "internal" {
				return nil
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, b, parser.ImportsOnly)
			if err != nil {
				return err
			}
			from := layerOf(pkg)
			if from < 0 {
				t.Errorf("%s is in no layer: add it to the table", pkg)
				return nil
			}
			for _, i := range f.Imports {
				to, ours := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), module)
				if !ours {
					continue
				}
				seen++
				if !allowed(pkg, to, from) {
					t.Errorf("%s imports %s: %s may not import %s", path, to, layers[from].name, layers[layerOf(to)].name)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 100 {
		t.Errorf("only %d imports of ours were seen: the walk misses something", seen)
	}
}

func allowed(pkg, to string, from int) bool {
	target := layerOf(to)
	if target < 0 {
		return false
	}
	if folderOf(pkg) == folderOf(to) { // within one role or adapter
		return true
	}
	if layers[target].name == "adapter" && layers[from].name == "role" {
		return adapterUsers[to]
	}
	return target < from
}
