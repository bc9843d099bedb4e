package meter

import (
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

// Names of two SLAs: the second one follows on the space of the first.
var (
	first  = object.Space(strings.Repeat("1a", 32))
	second = object.Space(strings.Repeat("2b", 32))
)

// TestNothingIsCountedTwiceAtABorder: whatever is stored, written and read before and after the border, with crashes in between, each byte and each byte second is one account's.
func TestNothingIsCountedTwiceAtABorder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		const genesis, seconds = int64(1_700_000_000), int64(60)
		c := &clock{ns: genesis*1e9 + rapid.Int64Range(0, 59e9).Draw(rt, "start")}
		border := (genesis + 5*seconds) * 1e9 // the first epoch of the second one is 5
		var s stock
		m := open(t, dir, &s, c)
		defer func() { _ = m.Close() }()
		admit := func() {
			m.SetEpochs(uint64(genesis), uint32(seconds))
			at := time.Unix(0, border)
			if err := m.Admit(first, Limits{Egress: -1, Until: at}, true); err != nil {
				rt.Fatal(err)
			}
			if err := m.Succeed(second, first, at, Limits{Egress: -1}); err != nil {
				rt.Fatal(err)
			}
		}
		admit()
		var area [2]*big.Int
		area[0], area[1] = new(big.Int), new(big.Int)
		var in, out [2]uint64
		bytes := int64(0)
		whose := func() int {
			if c.ns < border {
				return 0
			}
			return 1
		}
		pass := func(d int64) {
			for d > 0 {
				w, step := whose(), d
				if w == 0 {
					step = min(d, border-c.ns)
				}
				area[w].Add(area[w], new(big.Int).Mul(big.NewInt(bytes), big.NewInt(step)))
				c.ns, d = c.ns+step, d-step
			}
		}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0, 1:
				pass(rapid.Int64Range(0, 90e9).Draw(rt, "time"))
				bytes = rapid.Int64Range(0, 1<<50).Draw(rt, "bytes")
				s.set(first, bytes)
				m.observe(first)
			case 2:
				n := rapid.Int64Range(0, 1<<40).Draw(rt, "read")
				done, err := m.AdmitRead(first, n)
				if err != nil {
					rt.Fatal(err)
				}
				out[whose()] += uint64(n) // also when it ends after the border
				pass(rapid.Int64Range(0, 90e9).Draw(rt, "takes"))
				done(n)
			case 3:
				n := rapid.Int64Range(0, 1<<40).Draw(rt, "written")
				done, err := m.AdmitWrite(first, n)
				if err != nil {
					rt.Fatal(err)
				}
				pass(rapid.Int64Range(0, 90e9).Draw(rt, "takes"))
				in[whose()] += uint64(n)
				done(n)
			case 4:
				if rapid.Bool().Draw(rt, "crash") {
					for _, seg := range m.book.segments {
						_ = unix.Munmap(seg)
					}
					_ = m.book.f.Close()
				} else if err := m.Close(); err != nil {
					rt.Fatal(err)
				}
				pass(rapid.Int64Range(0, 90e9).Draw(rt, "down"))
				m = open(t, dir, &s, c)
				admit()
			}
		}
		for i, name := range []object.Space{first, second} {
			got, _ := m.Tally(name)
			if wide(got.Area).Cmp(area[i]) != 0 || got.In != in[i] || got.Out != out[i] || got.Bytes != uint64(bytes) {
				rt.Fatalf("account %d, %s from the border: %+v with area %s; want area %s, in %d, out %d", i, time.Duration(c.ns-border), got, wide(got.Area), area[i], in[i], out[i])
			}
		}
		cl, ok := m.Closing(first)
		if c.ns >= border && (!ok || cl.Epoch != 4 || wide(cl.Area).Cmp(area[0]) != 0) {
			rt.Fatalf("the last epoch of the first one: %v, %+v", ok, cl)
		}
		if cl, ok := m.Closing(second); ok && cl.Epoch < 5 {
			rt.Fatalf("the second one closed epoch %d, before its first", cl.Epoch)
		}
	})
}

func TestEgressIsEachOnesOwn(t *testing.T) {
	t.Parallel()
	c := &clock{ns: 1e18}
	var s stock
	m := open(t, t.TempDir(), &s, c)
	defer m.Close()
	border := time.Unix(0, c.ns+1e9)
	if err := m.Admit(first, Limits{Egress: 10, Until: border}, true); err != nil {
		t.Fatal(err)
	}
	if err := m.Succeed(second, first, border, Limits{Egress: 20}); err != nil {
		t.Fatal(err)
	}
	read := func(n int64) error {
		done, err := m.AdmitRead(first, n)
		if err == nil {
			done(n)
		}
		return err
	}
	if err := read(10); err != nil {
		t.Fatal(err)
	}
	if err := read(1); fault.CodeOf(err) != "egress_used_up" {
		t.Fatalf("the successor's egress before the border: %v", err)
	}
	c.ns += 1e9
	if err := read(20); err != nil {
		t.Fatalf("at the border: %v", err)
	}
	if err := read(1); fault.CodeOf(err) != "egress_used_up" {
		t.Fatal(err)
	}
	m.Forget(first)
	if a, _ := m.Tally(second); a.Out != 20 {
		t.Fatalf("%+v", a)
	}
	if err := m.Succeed("x", "not an id", border, Limits{}); err == nil {
		t.Error("a space that cannot be kept was taken over")
	}
}
