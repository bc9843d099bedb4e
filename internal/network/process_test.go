package network

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
)

// TestMain is also the role that the supervisor starts: it writes its pid and does what it is told.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "role" {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		fmt.Println("started", os.Getpid())
		switch os.Args[2] {
		case "crash":
			os.Exit(3)
		case "serve":
			<-stop
			fmt.Println("stopped")
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func supervised(t *testing.T) *supervisor {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return newSupervisor(exe, Layout{t.TempDir()}, slog.New(slog.DiscardHandler))
}

func state(s *supervisor, name string) Process {
	for _, p := range s.processes() {
		if p.Name == name {
			return p
		}
	}
	return Process{}
}

func wait(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within ten seconds", what)
		}
	}
}

func logged(s *supervisor, name, what string) int {
	b, _ := os.ReadFile(s.layout.Log(name))
	return strings.Count(string(b), what)
}

func TestStopAndStart(t *testing.T) {
	t.Parallel()
	s := supervised(t)
	if err := s.add("a", "role", "serve"); err != nil {
		t.Fatal(err)
	}
	wait(t, "the start", func() bool { return logged(s, "a", "started") == 1 })
	if err := s.start("a"); fault.CodeOf(err) != "role_running" {
		t.Errorf("starting a running role: %v", err)
	}
	if err := s.stop("a"); err != nil {
		t.Fatal(err)
	}
	if p := state(s, "a"); p.State != "stopped" || p.PID != 0 || logged(s, "a", "stopped") != 1 {
		t.Errorf("after the stop: %+v", p)
	}
	if err := s.stop("a"); fault.CodeOf(err) != "role_stopped" {
		t.Errorf("stopping a stopped role: %v", err)
	}
	if err := s.stop("b"); fault.CodeOf(err) != "role_unknown" {
		t.Errorf("stopping nobody: %v", err)
	}
	if err := s.start("a"); err != nil {
		t.Fatal(err)
	}
	wait(t, "the second start", func() bool { return logged(s, "a", "started") == 2 })
	pid := state(s, "a").PID
	s.stopAll([]string{"a"})
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the role outlives its supervisor: %v", err)
	}
}

func TestKilledRoleIsStartedAgain(t *testing.T) {
	t.Parallel()
	s := supervised(t)
	if err := s.add("a", "role", "serve"); err != nil {
		t.Fatal(err)
	}
	defer s.stopAll([]string{"a"})
	wait(t, "the start", func() bool { return logged(s, "a", "started") == 1 })
	if err := syscall.Kill(state(s, "a").PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait(t, "the second start", func() bool { return logged(s, "a", "started") == 2 })
	if p := state(s, "a"); p.State != "running" || p.Crashes != 1 {
		t.Errorf("after the kill: %+v", p)
	}
}

func TestRoleThatNeverStartsIsReported(t *testing.T) {
	t.Parallel()
	s := supervised(t)
	if err := s.add("bad", "role", "crash"); err != nil {
		t.Fatal(err)
	}
	defer s.stopAll([]string{"bad"})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := s.waitFor(ctx, "bad", func(context.Context) error { return errors.New("not ready") })
	if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "bad.log") {
		t.Errorf("waiting for a role that crashes: %v", err)
	}
}

func TestControl(t *testing.T) {
	t.Parallel()
	s := supervised(t)
	if err := s.add("a", "role", "serve"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.serveControl(ctx) }()
	wait(t, "the control socket", func() bool { _, err := Control(t.Context(), s.layout, "", ""); return err == nil })
	if i, err := os.Stat(s.layout.Control()); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode: %v, %v", i.Mode(), err)
	}
	if l, err := Control(t.Context(), s.layout, "stop", "a"); err != nil || len(l) != 1 || l[0].State != "stopped" {
		t.Errorf("stop: %+v, %v", l, err)
	}
	if _, err := Control(t.Context(), s.layout, "stop", "nobody"); fault.CodeOf(err) != "role_unknown" {
		t.Errorf("stopping nobody: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	s.stopAll([]string{"a"})
	if _, err := Control(t.Context(), s.layout, "", ""); fault.CodeOf(err) != "network_stopped" {
		t.Errorf("asking a network that is gone: %v", err)
	}
}

func TestOneNetworkPerFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(file); fault.CodeOf(err) != "network_running" {
		t.Errorf("a second network in one folder: %v", err)
	}
	unlock()
	again, err := lock(file)
	if err != nil {
		t.Fatalf("after the first ended: %v", err)
	}
	again()
}

func TestControlSocketInADeepFolder(t *testing.T) {
	t.Parallel()
	deep := Layout{filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))}
	if p := deep.Control(); len(p) > maxSocket {
		t.Errorf("%d bytes are no socket's path: %s", len(p), p)
	}
	if other := (Layout{deep.Dir + "/x"}).Control(); other == deep.Control() {
		t.Error("two folders share a socket")
	}
}

func TestInfoFindsByName(t *testing.T) {
	t.Parallel()
	i := &Info{Nodes: []NodeInfo{{Name: "node-1", ID: ids.ID{1}, Unit: ids.ID{2}}}, Demo: Demo{Name: "demo", SLA: ids.ID{3}, Grant: ids.ID{4}}}
	for _, c := range []struct {
		name string
		kind ids.Kind
		want byte
	}{{"node-1", ids.Node, 1}, {"node-1", ids.Unit, 2}, {"demo", ids.SLA, 3}, {"demo", ids.Grant, 4}, {"demo", ids.Node, 0}, {"nobody", ids.SLA, 0}} {
		id, ok := i.Find(c.name, c.kind)
		if id[0] != c.want || ok != (c.want != 0) {
			t.Errorf("%s of kind %d: %v, %v", c.name, c.kind, id, ok)
		}
	}
}
