package sidebyside

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const soroban = "../../../contracts/soroban"

// node of a tree file: what it says, and what lies under it.
type node struct {
	says  string
	below []*node
}

// readTree reads a file that begins with the entry point's name; branches are ├── and └──.
func readTree(t *testing.T, file string) *node {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return &node{}
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	root := &node{says: lines[0]}
	path := []*node{root}
	for i, l := range lines[1:] {
		depth := 0
		rest := l
		for strings.HasPrefix(rest, "│   ") || strings.HasPrefix(rest, "    ") {
			rest = strings.TrimPrefix(strings.TrimPrefix(rest, "│   "), "    ")
			depth++
		}
		says, ok := strings.CutPrefix(rest, "├── ")
		if !ok {
			if says, ok = strings.CutPrefix(rest, "└── "); !ok {
				t.Errorf("%s:%d: no branch: %q", file, i+2, l)
				return root
			}
		}
		if depth >= len(path) {
			t.Errorf("%s:%d: hangs on nothing", file, i+2)
			return root
		}
		n := &node{says: says}
		path[depth].below = append(path[depth].below, n)
		path = append(path[:depth+1], n)
	}
	return root
}

// leaves of a tree.
func (n *node) leaves() (l []string) {
	if len(n.below) == 0 {
		return []string{n.says}
	}
	for _, b := range n.below {
		l = append(l, b.leaves()...)
	}
	return l
}

var camel = regexp.MustCompile(`\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b|\b(?:Paused|Overflow|Exists|Malformed|Disputed|Frozen|Voted)\b`)

// errorsOf names the errors that a doc comment lists after # Errors.
func errorsOf(doc string, table map[string]uint32) (l []string) {
	_, list, ok := strings.Cut(doc, "# Errors")
	if !ok {
		return nil
	}
	for _, name := range camel.FindAllString(list, -1) {
		if _, ok := table[name]; ok {
			l = append(l, name)
		}
	}
	return l
}

// Every entry point of every contract has a tree: the conditions in their order, with the errors of contracts/errors.json at their ends, each that the contract documents among them.
func TestTrees(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../../contracts/errors.json")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]uint32{}
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	all, err := specs()
	if err != nil {
		t.Fatal(err)
	}
	oneWord := regexp.MustCompile(`^(?:[A-Z][a-z]+){2,}$`)
	for contract, spec := range all {
		files, err := filepath.Glob(filepath.Join(soroban, contract, "tree", "*.tree"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if name := strings.TrimSuffix(filepath.Base(f), ".tree"); !spec.Has(name) {
				t.Errorf("%s has a tree of %s, but no such entry point", contract, name)
			}
		}
		for _, f := range spec.Functions {
			checkTree(t, contract, string(f.Name), f.Doc, table, oneWord)
		}
	}
}

func checkTree(t *testing.T, contract, function, doc string, table map[string]uint32, oneWord *regexp.Regexp) {
	root := readTree(t, filepath.Join(soroban, contract, "tree", function+".tree"))
	if root.says != function {
		t.Errorf("%s: the tree of %s is called %q", contract, function, root.says)
	}
	leaves := root.leaves()
	for _, l := range leaves {
		if oneWord.MatchString(l) {
			if _, ok := table[l]; !ok {
				t.Errorf("%s.%s: %s is no error of contracts/errors.json", contract, function, l)
			}
		}
	}
	for _, e := range errorsOf(doc, table) {
		if !slices.Contains(leaves, e) {
			t.Errorf("%s.%s: its comment says that it refuses with %s, its tree does not", contract, function, e)
		}
	}
}
