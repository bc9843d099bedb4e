package network

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"sync"
	"syscall"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
)

// Process is a role that runs, as 'flashback local list' shows it.
type Process struct {
	Name    string `json:"name"`
	PID     int    `json:"pid,omitempty"`
	State   string `json:"state" doc:"running, stopped, restarting"`
	Since   int64  `json:"since"`
	Crashes int    `json:"crashes"`
}

type process struct {
	name    string
	args    []string
	cmd     *exec.Cmd
	done    chan struct{} // closed when cmd has ended
	wanted  bool
	since   time.Time
	crashes int
}

// supervisor keeps the roles running: one that ends by itself is started again, later each time.
type supervisor struct {
	exe    string
	layout Layout
	log    *slog.Logger
	mu     sync.Mutex
	list   map[string]*process
	starts chan func()
	wg     sync.WaitGroup
	quit   chan struct{} // closed when nothing is started again
}

const (
	stopGrace  = 8 * time.Second
	maxBackoff = 10 * time.Second
	maxLog     = 16 << 20
)

func newSupervisor(exe string, l Layout, log *slog.Logger) *supervisor {
	s := &supervisor{exe: exe, layout: l, log: log, list: map[string]*process{}, starts: make(chan func()), quit: make(chan struct{})}
	go func() {
		// The children are to die with us, also by kill -9. Linux ties that to the thread which started them, so one thread starts them all and lives as long as we do.
		runtime.LockOSThread()
		for f := range s.starts {
			f()
		}
	}()
	return s
}

// add registers a role and starts it.
func (s *supervisor) add(name string, args ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.list[name]; ok {
		return fmt.Errorf("role %s is there twice", name)
	}
	p := &process{name: name, args: args, wanted: true}
	s.list[name] = p
	return s.launch(p)
}

// launch starts a process that does not run. s.mu is held.
func (s *supervisor) launch(p *process) error {
	if err := os.MkdirAll(filepath.Dir(s.layout.Log(p.name)), 0o700); err != nil {
		return err
	}
	out, err := openLog(s.layout.Log(p.name))
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(s.exe, p.args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	s.starts <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return fmt.Errorf("starting %s: %w", p.name, err)
	}
	p.cmd, p.done, p.since = cmd, make(chan struct{}), time.Now()
	s.wg.Add(1)
	go s.watch(p, cmd, p.done)
	return nil
}

func openLog(file string) (*os.File, error) {
	if i, err := os.Stat(file); err == nil && i.Size() > maxLog {
		if err := os.Rename(file, file+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// watch waits for a process and starts it again while it is wanted.
func (s *supervisor) watch(p *process, cmd *exec.Cmd, done chan struct{}) {
	defer s.wg.Done()
	err := cmd.Wait()
	close(done)
	s.mu.Lock()
	if !p.wanted || s.closing() {
		s.mu.Unlock()
		return
	}
	if time.Since(p.since) > time.Minute {
		p.crashes = 0
	}
	p.crashes++
	wait := min(time.Duration(1<<min(p.crashes, 6))*100*time.Millisecond, maxBackoff)
	s.mu.Unlock()
	s.log.Error("a role ended by itself; it is started again", "role", p.name, "err", err, "log", s.layout.Log(p.name), "in", wait)
	select {
	case <-time.After(wait):
	case <-s.quit:
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.wanted && !s.closing() && p.done == done {
		if err := s.launch(p); err != nil {
			s.log.Error("starting a role again", "role", p.name, "err", err)
		}
	}
}

func (s *supervisor) closing() bool {
	select {
	case <-s.quit:
		return true
	default:
		return false
	}
}

// start a stopped role.
func (s *supervisor) start(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.find(name)
	if err != nil {
		return err
	}
	if p.wanted {
		return fault.New(fault.Conflict, "role_running", "%s runs already", name)
	}
	p.wanted = true
	return s.launch(p)
}

// stop a role and wait for its end.
func (s *supervisor) stop(name string) error {
	s.mu.Lock()
	p, err := s.find(name)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	if !p.wanted {
		s.mu.Unlock()
		return fault.New(fault.Conflict, "role_stopped", "%s is stopped already", name)
	}
	p.wanted = false
	cmd, done := p.cmd, p.done
	s.mu.Unlock()
	end(cmd, done)
	return nil
}

func (s *supervisor) find(name string) (*process, error) {
	p, ok := s.list[name]
	if !ok {
		return nil, fault.New(fault.NotFound, "role_unknown", "there is no role %q: 'flashback local list' shows them", name)
	}
	return p, nil
}

// end asks a process to stop, and kills it when it does not.
func end(cmd *exec.Cmd, done chan struct{}) {
	_ = cmd.Process.Signal(syscall.SIGTERM) // an ended process is what we want
	select {
	case <-done:
	case <-time.After(stopGrace):
		_ = cmd.Process.Kill()
		<-done
	}
}

// stopAll stops the roles in order; those of one group at the same time.
func (s *supervisor) stopAll(groups ...[]string) {
	s.mu.Lock()
	close(s.quit)
	s.mu.Unlock()
	for _, g := range groups {
		var wg sync.WaitGroup
		for _, n := range g {
			s.mu.Lock()
			p := s.list[n]
			if p == nil || !p.wanted {
				s.mu.Unlock()
				continue
			}
			p.wanted = false
			cmd, done := p.cmd, p.done
			s.mu.Unlock()
			wg.Go(func() { end(cmd, done) })
		}
		wg.Wait()
	}
	s.wg.Wait()
	close(s.starts)
}

func (s *supervisor) processes() []Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := []Process{}
	for _, p := range s.list {
		x := Process{Name: p.name, State: "stopped", Since: p.since.Unix(), Crashes: p.crashes}
		if p.wanted {
			x.State, x.PID = "running", p.cmd.Process.Pid
			select {
			case <-p.done:
				x.State, x.PID = "restarting", 0
			default:
			}
		}
		l = append(l, x)
	}
	sort.Slice(l, func(i, j int) bool { return l[i].Name < l[j].Name })
	return l
}

// alive fails when a role has crashed already: waiting for it to be ready is in vain.
func (s *supervisor) alive(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.list[name]; p != nil && p.crashes > 2 {
		return fmt.Errorf("%s does not start: see %s", name, s.layout.Log(name))
	}
	return nil
}

// waitFor polls ready until it is nil, a role gave up, or ctx ends.
func (s *supervisor) waitFor(ctx context.Context, name string, ready func(context.Context) error) error {
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		if e := s.alive(name); e != nil {
			return errors.Join(e, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w (last: %w)", name, ctx.Err(), err)
		case <-t.C:
		}
	}
}
