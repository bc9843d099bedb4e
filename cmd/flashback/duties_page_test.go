package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/network"
	"github.com/flashback-network/flashback/internal/oracle"
	"github.com/flashback-network/flashback/internal/oracle/possession"
	"github.com/flashback-network/flashback/internal/sla"
)

var (
	later    = regexp.MustCompile(`^# (\d+) (days|windows) later$`)
	captured = regexp.MustCompile(`^([A-Z]+)=\$\((.*) --json \| jq -r \.id\)$`)
)

// Every command of docs/duties.md does what the page says, in the page's order.
func TestDutiesPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/duties.md")
	if err != nil {
		t.Fatal(err)
	}
	v := newTown(t, "treasury-fund", "provider-1", "provider", "consumer")
	v.does("treasury", "flash", "send", "treasury-fund", "1000000")
	// The page's provider is the one that rents out.
	v.must(v.keys["provider"].Save(filepath.Join(v.dir, "wallets", "again.key")))
	v.must(os.Rename(filepath.Join(v.dir, "wallets", "again.key"), filepath.Join(v.dir, "wallets", "provider-1.key")))
	var x *rented
	for _, name := range []string{"about.txt", "scope.txt"} {
		v.must(os.WriteFile(filepath.Join(v.dir, name), []byte(name), 0o600))
	}
	names, commands := map[string]string{}, 0
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if m := later.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			if m[2] == "days" {
				v.pass(time.Duration(n) * testDay)
				continue
			}
			for range n * testWindow {
				x.epoch(nil)
			}
			continue
		}
		if line == "## Judge" { // not before: only what was judged in the last 30 days is disputed
			x = demo(v)
		}
		name := ""
		if m := captured.FindStringSubmatch(line); m != nil {
			name, line = m[1], m[2]+" --json"
		}
		if !strings.HasPrefix(line, "flashback ") {
			continue
		}
		args := strings.Fields(line)[1:]
		for i, a := range args {
			if id, ok := names[strings.TrimPrefix(a, "$")]; ok && a[0] == '$' {
				args[i] = id
			}
			if strings.HasSuffix(a, ".txt") {
				args[i] = filepath.Join(v.dir, a)
			}
		}
		out, err := run(t, append([]string{"--dir", v.dir}, args...)...)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		commands++
		if name != "" {
			var made struct{ ID string }
			v.must(json.Unmarshal([]byte(out), &made))
			names[name] = made.ID
		}
	}
	if commands < 50 || len(names) != 3 {
		t.Errorf("the page has %d commands and %d names", commands, len(names))
	}
}

// demo is the SLA that the page speaks of, whose node has lied to a validator.
func demo(v *town) *rented {
	v.Helper()
	x := v.rent(sla.Stream, 400)
	info := network.Info{Validators: []network.ValidatorInfo{{Name: "validator-1", Status: v.door.URL}}, Demo: network.Demo{Name: "demo", SLA: x.id}}
	b, err := json.Marshal(info)
	v.must(err)
	v.must(os.WriteFile(filepath.Join(v.dir, "network.json"), b, 0o600))
	l := newLiar(x)
	s := httptest.NewServer(l)
	v.Cleanup(s.Close)
	check := possession.NewVerifier(http.DefaultClient, v.keys["admin"], time.Now)
	check.Keep(oracle.EvidenceDir(filepath.Join(v.dir, "validator-1")))
	for k := range uint64(12) {
		_, _ = check.Challenge(v.Context(), possession.Node{ID: x.nodeID, Key: x.node.Account().Address, Endpoint: s.URL}, l.usage, [32]byte{}, k)
	}
	return x
}
