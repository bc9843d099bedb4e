//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/network"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
)

// local is a network that a test runs.
type local struct {
	t    *testing.T
	dir  string
	base int
	args []string
	cmd  *exec.Cmd
	done chan error
	info *network.Info
}

func binary(t *testing.T) string {
	t.Helper()
	p, err := filepath.Abs("../../bin/flashback")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p); err != nil {
		t.Fatal("bin/flashback is missing: run 'make build'")
	}
	return p
}

// freeBase finds a base port whose ports nobody uses.
func freeBase(t *testing.T) int {
	t.Helper()
	for range 50 {
		base := 20_000 + 50*rand.IntN(200)
		free := true
		for p := base; p < base+40 && free; p++ {
			ln, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(p))
			if free = err == nil; free {
				ln.Close()
			}
		}
		if free {
			return base
		}
	}
	t.Fatal("no free ports")
	return 0
}

// up starts a network in a folder of its own and waits until it is ready.
func up(t *testing.T, args ...string) *local {
	t.Helper()
	l := &local{t: t, dir: filepath.Join(t.TempDir(), "net"), base: freeBase(t), args: args}
	l.start()
	t.Cleanup(func() {
		if l.cmd != nil {
			l.stop()
		}
		if t.Failed() {
			l.logs()
		}
	})
	return l
}

// with is the same network in a part of a test.
func (l *local) with(t *testing.T) *local {
	c := *l
	c.t = t
	return &c
}

func (l *local) start() time.Duration {
	l.t.Helper()
	began := time.Now()
	l.cmd = exec.Command(binary(l.t), append([]string{"up", "--headless", "--dir", l.dir, "--base-port", strconv.Itoa(l.base)}, l.args...)...)
	var out bytes.Buffer
	l.cmd.Stdout, l.cmd.Stderr = &out, &out
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := l.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.done = make(chan error, 1)
	go func() { l.done <- l.cmd.Wait() }()
	for {
		if i, err := (network.Layout{Dir: l.dir}).Info(); err == nil {
			l.info = i
			return time.Since(began)
		}
		select {
		case err := <-l.done:
			l.cmd = nil
			l.t.Fatalf("the network ended while starting: %v\n%s", err, out.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Since(began) > 2*time.Minute {
			l.t.Fatalf("the network is not ready after %s:\n%s", time.Since(began), out.String())
		}
	}
}

func (l *local) stop() {
	l.t.Helper()
	_ = l.cmd.Process.Signal(os.Interrupt)
	select {
	case err := <-l.done:
		if err != nil {
			l.t.Errorf("the network did not stop cleanly: %v", err)
		}
	case <-time.After(40 * time.Second):
		l.t.Error("the network did not stop within 40 s")
		_ = l.cmd.Process.Kill()
		<-l.done
	}
	l.cmd = nil
}

// kill ends everything at once, as a power cut of the processes would.
func (l *local) kill() {
	l.t.Helper()
	roles := l.roles()
	if err := l.cmd.Process.Kill(); err != nil {
		l.t.Fatal(err)
	}
	<-l.done
	l.cmd = nil
	if err := os.Remove((network.Layout{Dir: l.dir}).InfoFile()); err != nil { // nobody was left to say that it serves no more
		l.t.Fatal(err)
	}
	for name, pid := range roles { // the kernel kills the roles with their parent
		deadline := time.Now().Add(10 * time.Second)
		for !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			if time.Now().After(deadline) {
				l.t.Fatalf("%s (pid %d) outlived the network", name, pid)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func (l *local) roles() map[string]int {
	l.t.Helper()
	ps, err := network.Control(context.Background(), network.Layout{Dir: l.dir}, "", "")
	if err != nil {
		l.t.Fatal(err)
	}
	m := map[string]int{}
	for _, p := range ps {
		if p.PID > 0 {
			m[p.Name] = p.PID
		}
	}
	return m
}

func (l *local) logs() {
	files, _ := filepath.Glob(filepath.Join(l.dir, "logs", "*.log"))
	for _, f := range files {
		b, _ := os.ReadFile(f)
		lines := strings.Split(string(b), "\n")
		l.t.Logf("--- %s\n%s", filepath.Base(f), strings.Join(lines[max(0, len(lines)-25):], "\n"))
	}
}

// run calls the binary on this network.
func (l *local) run(args ...string) (string, error) {
	c := exec.Command(binary(l.t), append([]string{"--dir", l.dir}, args...)...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return out.String(), fmt.Errorf("flashback %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

func (l *local) must(args ...string) string {
	l.t.Helper()
	s, err := l.run(args...)
	if err != nil {
		l.t.Fatal(err)
	}
	return s
}

// ask calls the binary with --json.
func ask[T any](l *local, args ...string) T {
	l.t.Helper()
	var v T
	if err := json.Unmarshal([]byte(l.must(append(args, "--json")...)), &v); err != nil {
		l.t.Fatalf("flashback %s: %v", strings.Join(args, " "), err)
	}
	return v
}

func (l *local) sla(name string) httpapi.SLA {
	l.t.Helper()
	return ask[httpapi.SLA](l, "sla", "show", name)
}

// open connects to the network's chain with the driver.
func (l *local) open() (*deployment.Network, *stellar.Chain) {
	l.t.Helper()
	n, err := deployment.Load(context.Background(), network.Layout{Dir: l.dir}.Deployment())
	if err != nil {
		l.t.Fatal(err)
	}
	c, err := stellar.Open(context.Background(), stellar.Options{RPC: n.StellarRPC, Passphrase: n.Passphrase, Contracts: n.Contracts})
	if err != nil {
		l.t.Fatal(err)
	}
	return n, c
}

func (l *local) wallet(name string) *stellar.Key {
	l.t.Helper()
	k, err := stellar.LoadKey(network.Layout{Dir: l.dir}.Wallet(name))
	if err != nil {
		l.t.Fatal(err)
	}
	return k
}

// eventually polls until what holds, and fails the test after the limit.
func eventually(t *testing.T, limit time.Duration, what string, f func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !f() {
		if time.Since(began) > limit {
			t.Fatalf("%s: not within %s", what, limit)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return time.Since(began)
}

func unmarshal(s string, v any) error { return json.Unmarshal([]byte(s), v) }
