package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/fault"
)

// run executes the program in the test's process.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := root()
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(args)
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestEveryCommandIsExplained(t *testing.T) {
	t.Parallel()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s has no short description", c.CommandPath())
		}
		for _, s := range c.Commands() {
			walk(s)
		}
	}
	walk(root())
	for _, name := range []string{"up", "chain", "node", "validator", "platform", "status", "units", "market", "sla", "grant", "keys", "wallet", "local", "flash", "stake", "vote", "certify", "dispute", "arbiter"} {
		if c, _, err := root().Find([]string{name}); err != nil || c.Name() != name {
			t.Errorf("no command %s: %v", name, err)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		code string
		exit int
	}{
		{[]string{"status"}, "network_unknown", 3},
		{[]string{"sla", "show", "zz"}, "id_invalid", 2},
		{[]string{"local", "stop", "node-1"}, "network_stopped", 5},
		{[]string{"node", "status"}, "node_not_running", 5},
		{[]string{"grant", "create", "--to", "nobody", "--sla", "00010301" + strings.Repeat("0", 56)}, "account_invalid", 2},
		{[]string{"wallet", "new", "a/b"}, "name_invalid", 2},
	} {
		out, err := run(t, append([]string{"--dir", dir}, c.args...)...)
		if fault.CodeOf(err) != c.code || exitCode(err) != c.exit {
			t.Errorf("%v: %v (exit %d), want %s (exit %d); %s", c.args, err, exitCode(err), c.code, c.exit, out)
		}
	}
}

func TestWallets(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "net")
	out, err := run(t, "--dir", dir, "wallet", "new", "me", "--json")
	if err != nil || !strings.Contains(out, `"account": "G`) {
		t.Fatalf("%s, %v", out, err)
	}
	if _, err := run(t, "--dir", dir, "wallet", "new", "me"); fault.CodeOf(err) != "wallet_exists" {
		t.Errorf("a second wallet of one name: %v", err)
	}
	if out, err := run(t, "--dir", dir, "wallet", "list"); err != nil || !strings.HasPrefix(out, "me  G") {
		t.Errorf("list: %q, %v", out, err)
	}
}

func TestSizesAndOperations(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]uint64{"1GiB": 1 << 30, "500MB": 500_000_000, "7": 7} {
		if n, err := size(s); n != want || err != nil {
			t.Errorf("%s: %d, %v", s, n, err)
		}
	}
	if _, err := size("many"); fault.CodeOf(err) != "size_invalid" {
		t.Error(err)
	}
	ops, err := parseOps("read, write")
	if err != nil || formatOps(ops) != "read,write" {
		t.Errorf("%b, %v", ops, err)
	}
	if _, err := parseOps("read,fly"); fault.CodeOf(err) != "operations_invalid" {
		t.Error(err)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want int
	}{{nil, 0}, {errors.New("x"), 1}, {fmt.Errorf("while: %w", fault.New(fault.Exhausted, "x", "x")), 4}} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}
