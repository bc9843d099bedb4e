package meter

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/bridge/s3"
	"github.com/flashback-network/flashback/internal/fault"
)

// stock is an engine's usage that a test sets.
type stock struct {
	mu sync.Mutex
	u  map[object.Space]object.Usage
}

func (s *stock) Usage(space object.Space) (object.Usage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.u[space], nil
}

func (s *stock) set(space object.Space, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.u == nil {
		s.u = map[object.Space]object.Usage{}
	}
	s.u[space] = object.Usage{Objects: 1, Bytes: bytes}
}

type clock struct{ ns int64 }

func (c *clock) now() time.Time { return time.Unix(0, c.ns) }

func open(t testing.TB, dir string, s Usage, c *clock) *Meter {
	t.Helper()
	m, err := Open(Options{Dir: dir, Store: s, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestIntegralIsExact compares the meter with sums of big integers over random changes, epochs, clean restarts and crashes.
func TestIntegralIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		const space = object.Space("s")
		genesis := int64(1_700_000_000)
		seconds := rapid.Uint32Range(1, 5000).Draw(rt, "epoch seconds")
		c := &clock{ns: genesis*1e9 + rapid.Int64Range(0, 1e13).Draw(rt, "start")}
		var s stock
		m := open(t, dir, &s, c)
		m.SetEpochs(uint64(genesis), seconds)
		if err := m.Admit(space, Limits{Egress: -1}, true); err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = m.Close() }()
		area, bytes := new(big.Int), int64(0)
		var in, out uint64
		length := int64(seconds) * 1e9
		boundary := map[int64]*big.Int{} // epoch → area at its end
		pass := func(d int64) {
			for d > 0 {
				rest := length - (c.ns-genesis*1e9)%length
				step := min(rest, d)
				area.Add(area, new(big.Int).Mul(big.NewInt(bytes), big.NewInt(step)))
				c.ns += step
				d -= step
				if step == rest {
					boundary[(c.ns-genesis*1e9)/length-1] = new(big.Int).Set(area)
				}
			}
		}
		check := func() {
			got, _ := m.Tally(space)
			if want := area; wide(got.Area).Cmp(want) != 0 || got.Bytes != uint64(bytes) || got.In != in || got.Out != out {
				rt.Fatalf("tally %+v, area %s; want area %s, %d bytes, in %d, out %d", got, wide(got.Area), want, bytes, in, out)
			}
			cl, ok := m.Closing(space)
			want := boundary[(c.ns-genesis*1e9)/length-1]
			if ok != (want != nil) {
				rt.Fatalf("an epoch is closed: %v, want %v", ok, want != nil)
			}
			if ok && wide(cl.Area).Cmp(want) != 0 {
				rt.Fatalf("at the end of epoch %d: %s, want %s", cl.Epoch, wide(cl.Area), want)
			}
			hi, lo := got.Area.Seconds()
			if secs := wide(Area{hi, lo}); secs.Cmp(new(big.Int).Div(area, big.NewInt(1e9))) != 0 {
				rt.Fatalf("%s seconds of %s", secs, area)
			}
		}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1:
				pass(rapid.Int64Range(0, 3*length).Draw(rt, "time"))
				bytes = rapid.Int64Range(0, 1<<50).Draw(rt, "bytes")
				s.set(space, bytes)
				m.observe(space)
			case 2:
				n := rapid.Int64Range(0, 1<<40).Draw(rt, "read")
				sent := rapid.Int64Range(0, n).Draw(rt, "sent")
				done, err := m.AdmitRead(space, n)
				if err != nil {
					rt.Fatal(err)
				}
				done(sent)
				out += uint64(sent)
			case 3:
				n := rapid.Int64Range(0, 1<<40).Draw(rt, "written")
				done, err := m.AdmitWrite(space, n)
				if err != nil {
					rt.Fatal(err)
				}
				done(n)
				in += uint64(n)
			case 4:
				crash := rapid.Bool().Draw(rt, "crash")
				if !crash {
					if err := m.Close(); err != nil {
						rt.Fatal(err)
					}
				} else { // as kill -9: nothing is closed or synchronised by us
					for _, seg := range m.book.segments {
						_ = unix.Munmap(seg)
					}
					_ = m.book.f.Close()
				}
				pass(rapid.Int64Range(0, 3*length).Draw(rt, "down"))
				m = open(t, dir, &s, c)
				m.SetEpochs(uint64(genesis), seconds)
				if err := m.Admit(space, Limits{Egress: -1}, true); err != nil {
					rt.Fatal(err)
				}
			case 5:
				check()
			}
		}
		check()
	})
}

func wide(a Area) *big.Int {
	b := new(big.Int).SetUint64(a.Hi)
	return b.Or(b.Lsh(b, 64), new(big.Int).SetUint64(a.Lo))
}

func TestConcurrentReadersDoNotOverrunTheAllowance(t *testing.T) {
	t.Parallel()
	var s stock
	m := open(t, t.TempDir(), &s, &clock{ns: 1})
	defer m.Close()
	const allowance = 1_000_000
	if err := m.Admit("s", Limits{Egress: allowance}, true); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for n := int64(1); n < 2000; n++ {
				done, err := m.AdmitRead("s", n*7)
				if err != nil {
					if fault.KindOf(err) != fault.Exhausted {
						t.Error(err)
					}
					continue
				}
				m.mu.RLock()
				a := m.named["s"]
				m.mu.RUnlock()
				a.mu.Lock()
				if a.tally.Out+a.held > allowance {
					t.Errorf("%d sent and %d admitted", a.tally.Out, a.held)
				}
				a.mu.Unlock()
				done(n * int64(i%7)) // a part of it
			}
		})
	}
	wg.Wait()
	got, _ := m.Tally("s")
	if got.Out > allowance || got.Out == 0 {
		t.Errorf("%d bytes sent of %d", got.Out, allowance)
	}
	left := int64(allowance - got.Out)
	if _, err := m.AdmitRead("s", left+1); err == nil {
		t.Error("one byte too many was admitted")
	}
	if _, err := m.AdmitRead("s", left); err != nil {
		t.Errorf("the last bytes: %v", err)
	}
}

func TestRateAndConcurrency(t *testing.T) {
	t.Parallel()
	var s stock
	c := &clock{ns: 1e18}
	m, err := Open(Options{Dir: t.TempDir(), Store: &s, Now: c.now, Concurrent: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Admit("s", Limits{RateLimit: 100}, true); err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		for m.AdmitRequest("s", s3.Read) == nil {
			m.Done("s", s3.Read, 200, 0)
			n++
		}
		return n
	}
	if n := count(); n != 200 {
		t.Errorf("%d requests at once, want 200", n)
	}
	c.ns += 5e8
	if n := count(); n != 50 {
		t.Errorf("%d requests after half a second, want 50", n)
	}
	c.ns += 10e9
	for range 3 {
		if err := m.AdmitRequest("s", s3.Read); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.AdmitRequest("s", s3.Read); fault.KindOf(err) != fault.TooMany {
		t.Errorf("a fourth at the same time: %v", err)
	}
	if _, err := m.AdmitRead("other", 1); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("an unknown space: %v", err)
	}
	m.Done("s", s3.Read, 200, 0)
	if err := m.Admit("s", Limits{ReadOnly: true}, true); err != nil {
		t.Fatal(err)
	}
	if err := m.AdmitRequest("s", s3.Write); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a write when it is over: %v", err)
	}
	if err := m.AdmitRequest("s", s3.Read); err != nil {
		t.Errorf("a read when it is over: %v", err)
	}
	m.Done("s", s3.Read, 200, 0)
	m.Suspend("s")
	if _, err := m.AdmitRead("s", 1); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("reading from a suspended space: %v", err)
	}
	if _, err := m.AdmitWrite("s", 1); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("writing to a suspended space: %v", err)
	}
}

func TestATornSlotLeavesTheStateBefore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "meter")
	b, _, err := openBook(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range slotSize {
		at, err := b.take()
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint64(7) {
			at.store(&account{name: "space", space: "space", tally: Tally{In: i, Bytes: 1<<60 + i, Out: uint64(cut)}})
		}
		torn := make([]byte, slotSize)
		encode(torn, 8, &named{name: "space", space: "space", tally: Tally{In: 7, Bytes: 1<<60 + 7, Out: uint64(cut)}})
		copy(at.slot(8)[:cut], torn)
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	b, found, err := openBook(path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	if len(found) != slotSize {
		t.Errorf("%d accounts of %d", len(found), slotSize)
	}
	for _, n := range found {
		if n.space != "space" || n.tally.In != 6 || n.tally.Bytes != 1<<60+6 {
			t.Errorf("cut at %d: %+v", n.tally.Out, n)
		}
	}
}

func TestManySpacesAndForgottenOnes(t *testing.T) {
	t.Parallel()
	var s stock
	dir, c := t.TempDir(), &clock{ns: 1e18}
	m := open(t, dir, &s, c)
	const n = 3*perSegment + 5
	for i := range n {
		space := object.Space(fmt.Sprintf("space %d", i))
		if err := m.Admit(space, Limits{Egress: -1}, i%5 != 0); err != nil {
			t.Fatal(err)
		}
		done, err := m.AdmitWrite(space, 0)
		if err != nil {
			t.Fatal(err)
		}
		done(int64(i))
		if i%3 == 0 {
			m.Forget(space)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m = open(t, dir, &s, c)
	defer m.Close()
	for i := range n {
		got, ok := m.Tally(object.Space(fmt.Sprintf("space %d", i)))
		if want := i%5 != 0 && i%3 != 0; ok != want || ok && got.In != uint64(i) {
			t.Fatalf("space %d: %v %+v", i, ok, got)
		}
	}
	if _, err := Open(Options{Dir: dir, Store: &s}); err == nil {
		t.Error("two meters on one file")
	}
}

// TestSpacesAreOpenedWhileOthersCount is for the race detector: the file grows while its lines are written.
func TestSpacesAreOpenedWhileOthersCount(t *testing.T) {
	t.Parallel()
	var s stock
	dir, c := t.TempDir(), &clock{ns: 1e18}
	m := open(t, dir, &s, c)
	const spaces, rounds = 4, 300
	for i := range spaces {
		if err := m.Admit(object.Space(fmt.Sprint(i)), Limits{Egress: -1}, true); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for i := range spaces {
		wg.Go(func() {
			for range rounds {
				done, err := m.AdmitWrite(object.Space(fmt.Sprint(i)), 1)
				if err != nil {
					t.Error(err)
					return
				}
				done(1)
				m.observe(object.Space(fmt.Sprint(i)))
			}
		})
	}
	wg.Go(func() {
		for i := range 2 * perSegment {
			if err := m.Admit(object.Space(fmt.Sprintf("new %d", i)), Limits{}, true); err != nil {
				t.Error(err)
				return
			}
			m.beat()
		}
	})
	wg.Wait()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m = open(t, dir, &s, c)
	defer m.Close()
	for i := range spaces {
		if got, _ := m.Tally(object.Space(fmt.Sprint(i))); got.In != rounds {
			t.Errorf("space %d: %d bytes in, want %d", i, got.In, rounds)
		}
	}
}

// BenchmarkRead is what the meter costs one small read.
func BenchmarkRead(b *testing.B) {
	var s stock
	m, err := Open(Options{Dir: b.TempDir(), Store: &s})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	if err := m.Admit("s", Limits{Egress: 1 << 60}, true); err != nil {
		b.Fatal(err)
	}
	o := &sent{a: m.account("s")}
	for b.Loop() {
		_ = m.AdmitRequest("s", s3.Read)
		done, err := m.AdmitRead("s", 4096)
		if err != nil {
			b.Fatal(err)
		}
		o.count(4096)
		done(4096)
		m.Done("s", s3.Read, 200, 0)
	}
}
