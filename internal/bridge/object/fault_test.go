package object

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/vfs"

	"github.com/flashback-network/flashback/internal/fault"
)

// faultyDisk is the real disk with faults to switch on. It also remembers how much of each segment was synced, so that a
// test can take away what a power loss would take.
type faultyDisk struct {
	osDisk
	full    atomic.Bool // no block to be had
	badSync atomic.Bool
	mu      sync.Mutex
	synced  map[string]int64 // by path: bytes known to be on the disk
	written map[string]int64
}

type faultyFile struct {
	diskFile
	d    *faultyDisk
	path string
}

func newFaultyDisk() *faultyDisk {
	return &faultyDisk{synced: map[string]int64{}, written: map[string]int64{}}
}

func (d *faultyDisk) create(path string) (diskFile, error) {
	if d.full.Load() {
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
	}
	f, err := d.osDisk.create(path)
	return &faultyFile{f, d, path}, err
}

func (d *faultyDisk) edit(path string) (diskFile, error) {
	f, err := d.osDisk.edit(path)
	return &faultyFile{f, d, path}, err
}

func (d *faultyDisk) temp(dir string) (diskFile, error) {
	f, err := d.osDisk.temp(dir)
	return &faultyFile{f, d, ""}, err
}

func (d *faultyDisk) link(f diskFile, path string) error {
	return d.osDisk.link(f.(*faultyFile).diskFile, path)
}

func (f *faultyFile) writev(bufs [][]byte, off int64) error {
	if f.d.full.Load() {
		half := bufs[0][:len(bufs[0])/2] // some of it gets there
		_ = f.diskFile.writev([][]byte{half}, off)
		return &os.PathError{Op: "pwritev", Path: f.path, Err: syscall.ENOSPC}
	}
	end := off
	for _, b := range bufs {
		end += int64(len(b))
	}
	f.d.mu.Lock()
	f.d.written[f.path] = max(f.d.written[f.path], end)
	f.d.mu.Unlock()
	return f.diskFile.writev(bufs, off)
}

func (f *faultyFile) allocate(off, n int64) error {
	if f.d.full.Load() {
		return syscall.ENOSPC
	}
	return f.diskFile.allocate(off, n)
}

func (f *faultyFile) datasync() error {
	if f.d.badSync.Load() {
		return syscall.EIO
	}
	f.d.mu.Lock()
	f.d.synced[f.path] = f.d.written[f.path]
	f.d.mu.Unlock()
	return f.diskFile.datasync()
}

// losePower cuts every segment to what was synced.
func (d *faultyDisk) losePower(t *testing.T) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, end := range d.written {
		if keep := max(d.synced[path], segmentHeader); path != "" && keep < end {
			if err := os.Truncate(path, keep); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
}

var faultKey = Key{Space: "s", Bucket: "b", Name: "x"}

func named(i int) Key { return Key{Space: "s", Bucket: "b", Name: fmt.Sprint("n", i)} }

func openFaulty(t *testing.T, dir string, d disk, o Options) *Engine {
	t.Helper()
	e, err := open(context.Background(), dir, o, d, vfs.Default)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if _, err := e.CreateBucket(bg, "s", "b"); err != nil && fault.KindOf(err) != fault.Exists {
		t.Fatal(err)
	}
	return e
}

func store(e *Engine, k Key, data []byte) error {
	_, err := e.Put(bg, k, bytes.NewReader(data), int64(len(data)), PutOptions{})
	return err
}

func load(e *Engine, k Key) ([]byte, error) {
	o, err := e.Open(bg, k, 0)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = o.WriteRange(&b, 0, o.Info().Size)
	return b.Bytes(), errors.Join(err, o.Close())
}

func wantData(t *testing.T, e *Engine, k Key, want []byte) {
	t.Helper()
	got, err := load(e, k)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s: %d bytes, want %d, error %v", k.Name, len(got), len(want), err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	d := newFaultyDisk()
	dir := t.TempDir()
	e := openFaulty(t, dir, d, Options{SmallLimit: 64 << 10})
	small, large := bytes.Repeat([]byte("s"), 1000), bytes.Repeat([]byte("l"), 300_000)
	must(t, store(e, named(1), small))
	must(t, store(e, named(2), large))
	before, _ := e.Usage("s")
	d.full.Store(true)
	for _, data := range [][]byte{small, large} {
		if err := store(e, faultKey, data); fault.KindOf(err) != fault.Exhausted || fault.CodeOf(err) != CodeDiskFull {
			t.Fatalf("writing %d bytes on a full disk: %v", len(data), err)
		}
	}
	if after, _ := e.Usage("s"); after != before {
		t.Fatalf("usage went from %+v to %+v", before, after)
	}
	wantData(t, e, named(1), small)
	d.full.Store(false)
	must(t, store(e, named(3), small))
	e.abandon()
	e = openFaulty(t, dir, d, Options{})
	for i, want := range [][]byte{small, large, small} {
		wantData(t, e, named(i+1), want)
	}
	if _, err := e.Stat(bg, faultKey, 0); fault.CodeOf(err) != CodeNoKey {
		t.Fatalf("a refused write came to life: %v", err)
	}
	checkSound(t, e)
}

// TestReserveOfDisk: writes stop before the disk is full, deletions do not.
func TestReserveOfDisk(t *testing.T) {
	t.Parallel()
	e := openFaulty(t, t.TempDir(), osDisk{}, Options{})
	must(t, store(e, faultKey, []byte("x")))
	e.space.keep = 1 << 60
	if err := store(e, named(1), []byte("x")); fault.CodeOf(err) != CodeDiskFull {
		t.Fatalf("error is %v", err)
	}
	_, err := e.Delete(bg, faultKey, Condition{})
	must(t, err)
}

func TestSyncFails(t *testing.T) {
	t.Parallel()
	d := newFaultyDisk()
	dir := t.TempDir()
	e := openFaulty(t, dir, d, Options{})
	must(t, store(e, named(1), []byte("safe")))
	d.badSync.Store(true)
	if err := store(e, named(2), []byte("lost")); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("a write whose sync failed: %v", err)
	}
	d.badSync.Store(false)
	if err := store(e, named(3), []byte("later")); fault.KindOf(err) != fault.Unavailable || fault.CodeOf(err) != CodeDiskFailed {
		t.Fatalf("a write after a failed sync: %v", err)
	}
	wantData(t, e, named(1), []byte("safe")) // reading goes on
	must(t, e.Close())
	e = openFaulty(t, dir, d, Options{})
	wantData(t, e, named(1), []byte("safe"))
	must(t, store(e, named(3), []byte("later")))
	checkSound(t, e)
}

// TestPowerLoss: the durable policy loses nothing that was acknowledged; the relaxed one loses the end of the log only,
// and the index never knows more than the log.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	for _, sync := range []Sync{Durable, Relaxed} {
		d := newFaultyDisk()
		dir := t.TempDir()
		e := openFaulty(t, dir, d, Options{Sync: sync})
		const n = 200
		for i := range n {
			must(t, store(e, named(i), bytes.Repeat([]byte{byte(i)}, 5000)))
			if i == n/2 { // the index becomes durable here, and so must the log
				must(t, e.index.db.Flush())
			}
		}
		e.abandon()
		d.losePower(t)
		e = openFaulty(t, dir, d, Options{Sync: sync})
		lost := false
		for i := range n {
			got, err := load(e, named(i))
			switch {
			case fault.CodeOf(err) == CodeNoKey && sync == Relaxed && i > n/2:
				lost = true
			case err != nil || lost || !bytes.Equal(got, bytes.Repeat([]byte{byte(i)}, 5000)):
				t.Fatalf("policy %d, write %d of %d: lost before %v, error %v", sync, i, n, lost, err)
			}
		}
		checkSound(t, e)
	}
}

// activePath closes e as a kill would and gives its last segment and the end of the log in it.
func activePath(e *Engine) (string, int64) {
	s := e.activeSegment.Load()
	e.segMu.RLock()
	end := s.end
	e.segMu.RUnlock()
	e.abandon()
	return s.path, end
}

// TestTornTail cuts or spoils the last record at every kind of place: the ones before it stay.
func TestTornTail(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 500)
	for _, how := range []string{"cut 1", "cut 100", "cut 5050", "flip 10", "flip 4000", "flip 5100"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			var verb string
			var n int64
			_, err := fmt.Sscan(how, &verb, &n)
			must(t, err)
			dir := t.TempDir()
			e := openFaulty(t, dir, osDisk{}, Options{})
			for i := range 5 {
				must(t, store(e, named(i), data))
			}
			path, end := activePath(e)
			if verb == "cut" {
				must(t, os.Truncate(path, end-n-8))
			} else {
				flip(t, path, end-n-8)
			}
			e = openFaulty(t, dir, osDisk{}, Options{})
			for i := range 4 {
				wantData(t, e, named(i), data)
			}
			if _, err := e.Stat(bg, named(4), 0); fault.CodeOf(err) != CodeNoKey {
				t.Fatalf("a torn write is there: %v", err)
			}
			must(t, store(e, named(4), data))
			e.abandon()
			e = openFaulty(t, dir, osDisk{}, Options{})
			wantData(t, e, named(4), data)
			checkSound(t, e)
		})
	}
}

// TestRotInLog spoils a record in the middle of what is to be replayed: the ones after it were acknowledged and are
// not cut off with it.
func TestRotInLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := openFaulty(t, dir, osDisk{}, Options{})
	data := bytes.Repeat([]byte("x"), 5000)
	for i := range 6 {
		must(t, store(e, named(i), data))
	}
	ent, err := e.index.object(1, named(2).Name)
	must(t, err)
	path, _ := activePath(e)
	flip(t, path, ent.extents[0].off+17)
	e = openFaulty(t, dir, osDisk{}, Options{})
	for _, i := range []int{0, 1, 3, 4, 5} {
		wantData(t, e, named(i), data)
	}
}

func flip(t *testing.T, path string, off int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	b := make([]byte, 1)
	_, err = f.ReadAt(b, off)
	must(t, err)
	b[0] ^= 0x10
	_, err = f.WriteAt(b, off)
	must(t, err)
	must(t, f.Close())
}

// TestBitRot flips one bit of stored data: no read gives it out, reads of other blocks go on, fsck names it.
func TestBitRot(t *testing.T) {
	t.Parallel()
	for _, size := range []int{5000, 200_000, 3 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			e := openFaulty(t, dir, osDisk{}, Options{})
			data := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
			must(t, store(e, faultKey, data))
			ent, err := e.index.object(1, faultKey.Name)
			must(t, err)
			x := ent.extents[0]
			at := int64(size) - 100
			if x.file != 0 {
				flip(t, e.filePath(x.file), at)
			} else {
				flip(t, segmentPath(dir, x.seg), x.off+at)
			}
			if got, err := load(e, faultKey); fault.KindOf(err) != fault.Corrupt || len(got) > 0 && !bytes.Equal(got, data[:len(got)]) {
				t.Fatalf("reading rotten bytes: %d bytes, %v", len(got), err)
			}
			o, err := e.Open(bg, faultKey, 0)
			must(t, err)
			p := make([]byte, 10)
			if _, err := o.ReadAt(p, at-5); fault.KindOf(err) != fault.Corrupt {
				t.Fatalf("reading rotten bytes: %v", err)
			}
			if size > blockSize {
				if _, err := o.ReadAt(p, 5); err != nil || !bytes.Equal(p, data[5:15]) {
					t.Fatalf("reading a whole block: %v", err)
				}
			}
			must(t, o.Close())
			if err := e.compactSegment(e.activeSegment.Load()); x.file == 0 && err == nil {
				t.Fatal("compaction moved rotten bytes")
			}
			found := false
			must(t, e.Fsck(bg, func(p Problem) { found = found || p.Kind == CodeCorrupt && p.Key == faultKey }))
			if !found {
				t.Fatal("fsck found nothing")
			}
		})
	}
}

// TestSweep: a file that no record names goes away after an unclean start, the others stay.
func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := openFaulty(t, dir, osDisk{}, Options{})
	data := bytes.Repeat([]byte("x"), 2<<20)
	must(t, store(e, named(1), data))
	orphan := e.filePath(e.fileID.Add(1))
	must(t, os.WriteFile(orphan, data, 0o600))
	must(t, store(e, named(2), data))
	e.abandon()
	e = openFaulty(t, dir, osDisk{}, Options{})
	<-e.swept
	if _, err := os.Stat(orphan); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the orphan is there: %v", err)
	}
	wantData(t, e, named(1), data)
	wantData(t, e, named(2), data)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := openFaulty(t, dir, osDisk{}, Options{})
	if _, err := Open(bg, dir, Options{}); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("opening twice: %v", err)
	}
	must(t, e.Close())
	must(t, os.WriteFile(filepath.Join(dir, formatFile), []byte(strings.Replace(formatText, "1", "9", 1)), 0o600))
	if _, err := Open(bg, dir, Options{}); fault.CodeOf(err) != "unknown_format" {
		t.Fatalf("opening an unknown format: %v", err)
	}
}

// TestRebuildAfterMovedCompletion: compaction splits the record that completed an upload into the object and the end of
// the upload; a rebuild that still meets the parts must not take the object's files with the upload.
func TestRebuildAfterMovedCompletion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := Options{SegmentSize: 256 << 10, SmallLimit: 64 << 10}
	e, err := Open(bg, dir, o)
	must(t, err)
	_, err = e.CreateBucket(bg, "s", "b")
	must(t, err)
	put := func(name string, n int) {
		t.Helper()
		_, err := e.Put(bg, Key{"s", "b", name}, bytes.NewReader(bytes.Repeat([]byte("x"), n)), int64(n), PutOptions{})
		must(t, err)
	}
	key, content := Key{"s", "b", "large"}, bytes.Repeat([]byte("0123456789"), 10_000)
	up, err := e.StartUpload(bg, key, UploadOptions{})
	must(t, err)
	_, err = e.PutPart(bg, key, up.ID, 1, bytes.NewReader(content), int64(len(content)), PutOptions{})
	must(t, err)
	for i := range 4 { // the part's segment stays: most of it is in use
		put(fmt.Sprint("kept", i), 60<<10)
	}
	put("garbage", 60<<10)
	first := e.activeSegment.Load().id
	_, err = e.CompleteUpload(bg, key, up.ID, Completion{Parts: []int{1}})
	must(t, err)
	for e.activeSegment.Load().id < first+2 {
		put("garbage", 60<<10)
	}
	must(t, e.compact())
	if _, err := os.Stat(segmentPath(dir, first)); !os.IsNotExist(err) {
		t.Fatalf("the segment of the completion was not compacted: %v", err)
	}
	if _, err := os.Stat(segmentPath(dir, first-1)); err != nil {
		t.Fatalf("the segment of the part should be there: %v", err)
	}
	must(t, e.Close())
	must(t, os.RemoveAll(filepath.Join(dir, "index")))
	e, err = Open(bg, dir, o)
	must(t, err)
	defer func() { must(t, e.Close()) }()
	obj, err := e.Open(bg, key, 0)
	must(t, err)
	defer func() { must(t, obj.Close()) }()
	var got bytes.Buffer
	if _, err := obj.WriteRange(&got, 0, obj.Info().Size); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Fatalf("read back %d bytes: %v", got.Len(), err)
	}
	checkSound(t, e)
}
