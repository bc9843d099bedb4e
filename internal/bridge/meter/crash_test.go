package meter

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

const (
	crashSpace   = object.Space("crash")
	crashEnv     = "FLASHBACK_METER_CRASH"
	crashWorkers = 3
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashEnv); dir != "" {
		if err := crashChild(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		return
	}
	os.Exit(m.Run())
}

func crashOpen(dir string) (*object.Engine, *Meter, error) {
	e, err := object.Open(context.Background(), filepath.Join(dir, "objects"), object.Options{})
	if err != nil {
		return nil, nil, err
	}
	m, err := Open(Options{Dir: dir, Store: e})
	if err != nil {
		return nil, nil, err
	}
	return e, m, m.Admit(crashSpace, Limits{Egress: -1}, true)
}

// crashChild writes, deletes and reads without end. What is read goes to file 3; each acknowledged write is told on standard output: the bytes that came in, the object's size, its name.
func crashChild(dir string) error {
	e, m, err := crashOpen(dir)
	if err != nil {
		return err
	}
	go m.Run(context.Background())
	store, ctx := m.Wrap(e), context.Background()
	if _, err := store.CreateBucket(ctx, crashSpace, "bucket"); err != nil && fault.CodeOf(err) != object.CodeBucketExists {
		return err
	}
	sink := os.NewFile(3, "egress")
	ended := make(chan error)
	for w := range crashWorkers {
		go func() {
			k := object.Key{Space: crashSpace, Bucket: "bucket", Name: strconv.Itoa(w)}
			for i := 1; ; i++ {
				body := bytes.Repeat([]byte{byte(i)}, rand.IntN(3<<20))
				in, err := m.AdmitWrite(crashSpace, int64(len(body)))
				if err != nil {
					ended <- err
					return
				}
				_, err = store.Put(ctx, k, bytes.NewReader(body), int64(len(body)), object.PutOptions{})
				in(int64(len(body)))
				if err != nil {
					ended <- err
					return
				}
				fmt.Printf("%d %d\n", w, len(body)) // one write: acknowledged
				for range 2 {
					o, err := store.Open(ctx, k, 0)
					if err != nil {
						ended <- err
						return
					}
					out, err := m.AdmitRead(crashSpace, o.Info().Size)
					if err != nil {
						ended <- err
						return
					}
					n, err := o.WriteRange(sink, 0, o.Info().Size)
					out(n)
					if err := o.Close(); err != nil {
						ended <- err
						return
					}
					if err != nil {
						ended <- err
						return
					}
				}
			}
		}()
	}
	return <-ended
}

// TestKillLosesNothingThatWasCounted kills a process that meters, again and again, and compares what it counted with what came out of it.
func TestKillLosesNothingThatWasCounted(t *testing.T) { // not parallel: a fork would hold other tests' locks for a moment
	dir := t.TempDir()
	var in, out Tally // In of acknowledged writes; Out that arrived
	var slackIn, slackOut uint64
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		acked, arrived := crashRound(t, dir, time.Duration(100+rand.IntN(400))*time.Millisecond)
		in.In += acked
		out.Out += arrived
		slackIn += crashWorkers * 3 << 20 // a write that was counted and not yet told, of each worker
		slackOut += crashWorkers * outStep

		e, m, err := crashOpen(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := m.Tally(crashSpace)
		u, err := e.Usage(crashSpace)
		if err != nil {
			t.Fatal(err)
		}
		if got.In < in.In || got.In > in.In+slackIn {
			t.Errorf("round %d: %d bytes in are counted, %d are acknowledged", round, got.In, in.In)
		}
		if got.Out > out.Out || got.Out+slackOut < out.Out {
			t.Errorf("round %d: %d bytes out are counted, %d have arrived", round, got.Out, out.Out)
		}
		if got.Bytes != uint64(u.Bytes) || got.Flying != 0 {
			t.Errorf("round %d: %d bytes stored, the engine has %d", round, got.Bytes, u.Bytes)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d rounds: %d bytes in, %d bytes out", rounds, in.In, out.Out)
	if in.In == 0 || out.Out == 0 {
		t.Error("nothing was moved: the test shows nothing")
	}
}

func crashRound(t *testing.T, dir string, life time.Duration) (acked, arrived uint64) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), crashEnv+"="+dir)
	c.Stderr = os.Stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c.ExtraFiles = []*os.File{w}
	told, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	var wg sync.WaitGroup
	started := make(chan struct{})
	wg.Go(func() {
		var once sync.Once
		for s := bufio.NewScanner(told); s.Scan(); {
			var who, n uint64
			if _, err := fmt.Sscan(s.Text(), &who, &n); err == nil {
				acked += n
			}
			once.Do(func() { close(started) })
		}
		once.Do(func() { close(started) })
	})
	wg.Go(func() {
		n, _ := io.Copy(io.Discard, r)
		arrived = uint64(n)
	})
	<-started
	time.Sleep(life) // the moment of death is meant to be any
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	wg.Wait() // before Wait, which closes the pipes
	_ = c.Wait()
	return acked, arrived
}
