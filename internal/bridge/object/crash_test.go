package object_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/bridge/object/objecttest"
	"github.com/flashback-network/flashback/internal/fault"
)

// The crash test runs this test binary as a child that writes under load and says on its standard output what was
// acknowledged; the parent kills it again and again and checks what is there.
const (
	childDir   = "FLASHBACK_OBJECT_CRASH_DIR"
	childRound = "FLASHBACK_OBJECT_CRASH_ROUND"
	crashTime  = "FLASHBACK_OBJECT_CRASH_SECONDS" // how long TestKill goes on; 8 by default
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, crashChild(dir, os.Getenv(childRound)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const crashWriters = 12

var crashOptions = object.Options{SegmentSize: 2 << 20, SmallLimit: 128 << 10}

// crashBytes are the contents of version v of a name: another size and other bytes each time.
func crashBytes(name string, v int) []byte {
	h := fnv.New64a()
	fmt.Fprint(h, name, v)
	sizes := []int{0, 10, 4096, 4096, 4096, 70_000, 150_000, 300_000}
	return objecttest.Bytes(h.Sum64(), sizes[h.Sum64()%uint64(len(sizes))])
}

// crashChild writes until it is killed. Each writer has its own names. A line "try" says what may have
// happened, "did" what was acknowledged.
func crashChild(dir, round string) error {
	e, err := object.Open(ctx, dir, crashOptions)
	if err != nil {
		return err
	}
	if _, err := e.CreateBucket(ctx, space, "b"); err != nil && fault.KindOf(err) != fault.Exists {
		return err
	}
	var mu sync.Mutex
	say := func(a ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(a...)
	}
	say("open")
	failed := make(chan error)
	for w := range crashWriters {
		go func() { failed <- crashWriter(e, w, round, say) }()
	}
	return <-failed
}

func crashWriter(e *object.Engine, w int, round string, say func(...any)) error {
	base, err := strconv.Atoi(round)
	if err != nil {
		return err
	}
	for i := 1; ; i++ {
		name := fmt.Sprintf("w%d/%d", w, i%7)
		v := base*1_000_000 + i
		switch {
		case i%11 == 0:
			say("try", name, -v)
			if _, err := e.Delete(ctx, key(name), object.Condition{}); err != nil && fault.KindOf(err) != fault.NotFound {
				return err
			}
			say("did", name, -v)
		case i%13 == 0:
			say("try", name, v)
			if err := crashUpload(e, name, crashBytes(name, v)); err != nil {
				return err
			}
			say("did", name, v)
		default:
			say("try", name, v)
			data := crashBytes(name, v)
			if _, err := e.Put(ctx, key(name), bytes.NewReader(data), int64(len(data)), object.PutOptions{}); err != nil {
				return err
			}
			say("did", name, v)
		}
	}
}

func crashUpload(e *object.Engine, name string, data []byte) error {
	up, err := e.StartUpload(ctx, key(name), object.UploadOptions{})
	if err != nil {
		return err
	}
	half := len(data) / 2
	for i, p := range [][]byte{data[:half], data[half:]} {
		if _, err := e.PutPart(ctx, key(name), up.ID, i+1, bytes.NewReader(p), int64(len(p)), object.PutOptions{}); err != nil {
			return err
		}
	}
	_, err = e.CompleteUpload(ctx, key(name), up.ID, object.Completion{Parts: []int{1, 2}})
	return err
}

// crashName is what the parent knows of a name: the version acknowledged last (negative: deleted, 0: never
// written), and one that was tried after it, which may or may not be there.
type crashName struct{ did, try int }

// TestKill kills a writing process again and again: every acknowledged write is there, byte for byte, nothing that
// was never written is, and all counters are exact.
func TestKill(t *testing.T) {
	t.Parallel()
	seconds, _ := strconv.Atoi(os.Getenv(crashTime))
	if seconds == 0 {
		seconds = 8
	}
	dir := t.TempDir()
	names := map[string]*crashName{}
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	rounds, acknowledged := 0, 0
	for time.Now().Before(until) {
		acknowledged += crashRound(t, dir, rounds+1, names)
		rounds++
		crashCheck(t, dir, names)
	}
	t.Logf("%d kills, %d acknowledged writes", rounds, acknowledged)
	if rounds < 2 || acknowledged < 50 {
		t.Fatalf("only %d kills and %d writes", rounds, acknowledged)
	}
}

// crashRound runs a child and kills it after some acknowledged writes, another number each time.
func crashRound(t *testing.T, dir string, round int, names map[string]*crashName) int {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir, childRound+"="+strconv.Itoa(round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	limit := 20 + round*67%300
	did := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 3 {
			continue
		}
		v, err := strconv.Atoi(f[2])
		if err != nil {
			continue // cut by the kill
		}
		n := names[f[1]]
		if n == nil {
			n = new(crashName)
			names[f[1]] = n
		}
		if f[0] == "try" {
			n.try = v
			continue
		}
		n.did, n.try = v, 0
		if did++; did == limit {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = child.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return did
}

func crashCheck(t *testing.T, dir string, names map[string]*crashName) {
	e, err := object.Open(ctx, dir, object.Options{
		SegmentSize: crashOptions.SegmentSize, SmallLimit: crashOptions.SmallLimit, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	found := map[string][]byte{}
	page, err := e.List(ctx, space, "b", object.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var sum object.Usage
	for _, i := range page.Objects {
		if found[i.Name], err = objecttest.Read(e, i.Key); err != nil {
			t.Fatalf("%s: %v", i.Name, err)
		}
		sum.Objects++
		sum.Bytes += int64(len(found[i.Name]))
	}
	uploads, err := e.Uploads(ctx, space, "b", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range uploads {
		parts, _, err := e.Parts(ctx, u.Key, u.ID, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			sum.Uploads += p.Size
		}
	}
	usage, err := e.Usage(space)
	if err != nil || usage != sum {
		t.Fatalf("usage is %+v, stored is %+v, error %v", usage, sum, err)
	}
	for name, n := range names {
		got, there := found[name]
		is := func(v int) bool {
			if v <= 0 {
				return !there
			}
			return there && bytes.Equal(got, crashBytes(name, v))
		}
		switch {
		case is(n.did):
		case n.try != 0 && is(n.try):
			n.did = n.try
		default:
			t.Fatalf("%s: acknowledged version %d, tried %d: there is neither (there: %v, %d bytes)", name, n.did, n.try, there, len(got))
		}
		n.try = 0
	}
	err = e.Fsck(ctx, func(p object.Problem) { t.Errorf("fsck: %v", p) })
	if err != nil || t.Failed() {
		t.Fatalf("fsck: %v", err)
	}
}
