package object

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/vfs"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/filelock"
)

// Sync says when an acknowledged write is on the disk itself.
type Sync uint8

const (
	// Durable: before it is acknowledged. It survives power loss.
	Durable Sync = iota
	// Relaxed: within about a second. It survives the death of the process at once; power loss may take the last
	// second of small objects, and takes a suffix of the log only.
	Relaxed
)

// Options of Open. The zero value is a durable engine with sizes that suit most disks.
type Options struct {
	Sync        Sync
	SegmentSize int64 // of the log's files; 0 means 128 MiB
	SmallLimit  int64 // objects of at most this many bytes live in segments; 0 means 1 MiB, the most is 4 MiB
	IndexCache  int64 // bytes of memory for the index's blocks; 0 means 32 MiB
	Logger      *slog.Logger
	Now         func() time.Time
}

const (
	formatFile = "FORMAT"
	formatText = "flashback object store\nversion 1\n"
	cleanFile  = "CLEAN"
	stripes    = 1 << 12
)

// Engine is the Store on a disk of the node's own.
type Engine struct {
	dir     string
	options Options
	log     *slog.Logger
	now     func() time.Time
	disk    disk
	lock    *os.File
	index   *index

	committer *committer
	failure   atomic.Pointer[fault.Error]
	fileID    atomic.Uint64
	bucketID  atomic.Uint64
	space     diskWatch

	spacesMu sync.RWMutex
	spaces   map[Space]*space
	byID     map[uint64]*bucket
	shaping  sync.Mutex // creating, configuring and deleting buckets, one at a time

	segMu         sync.RWMutex
	segs          map[uint64]*segment
	activeSegment atomic.Pointer[segment]
	unsynced      atomic.Bool
	syncing       sync.Mutex

	opening sync.RWMutex // readers, from the look-up to the pin; see pins.go
	pins    pins

	seed    maphash.Seed
	names   [stripes]sync.Mutex // the commit lock of an object or a part, by hash
	uploads [stripes]sync.RWMutex

	stop      chan struct{}
	stopOnce  sync.Once
	syncEnded chan struct{}
	background
}

var _ Store = (*Engine)(nil)

// Open opens the store in dir, which it creates when it is missing, and brings the index up to date with the log.
// Only one process can have it open. ctx bounds the opening only.
func Open(ctx context.Context, dir string, o Options) (*Engine, error) {
	return open(ctx, dir, o, osDisk{}, vfs.Default)
}

func open(ctx context.Context, dir string, o Options, d disk, indexFS vfs.FS) (*Engine, error) {
	if o.SegmentSize <= 0 {
		o.SegmentSize = 128 << 20
	}
	if o.SmallLimit <= 0 {
		o.SmallLimit = 1 << 20
	}
	o.SmallLimit = min(o.SmallLimit, 4<<20)
	if o.IndexCache <= 0 {
		o.IndexCache = 32 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	e := &Engine{
		dir: dir, options: o, log: o.Logger, now: o.Now, disk: d,
		spaces: map[Space]*space{}, byID: map[uint64]*bucket{}, segs: map[uint64]*segment{},
		seed: maphash.MakeSeed(), stop: make(chan struct{}), syncEnded: make(chan struct{}),
	}
	e.space = diskWatch{dir: dir}
	e.pins.m = map[uint64]*pin{}
	if err := e.prepare(); err != nil {
		return nil, err
	}
	var err error
	e.index, err = openIndex(filepath.Join(dir, "index"), orderedFS{indexFS, e.syncActive}, e.log, o.IndexCache)
	if err != nil {
		return nil, errors.Join(err, filelock.Close(e.lock))
	}
	c := &committer{e: e, ended: make(chan struct{}), apply: e.newApplier()}
	c.wake.L = &c.mu
	e.committer = c
	if err := e.recover(ctx, c); err != nil {
		e.closeFiles()
		return nil, errors.Join(err, e.index.db.Close(), filelock.Close(e.lock))
	}
	clean := e.takeClean()
	go c.run()
	if o.Sync == Relaxed {
		go e.syncLoop(time.Second)
	} else {
		close(e.syncEnded)
	}
	e.startBackground(!clean)
	return e, nil
}

// prepare makes the directories, takes the lock and checks the format.
func (e *Engine) prepare() error {
	for _, d := range []string{"", "segments", "files", "index"} {
		if err := os.MkdirAll(filepath.Join(e.dir, d), 0o700); err != nil {
			return fmt.Errorf("preparing the object store: %w", err)
		}
	}
	lock, err := filelock.Open(filepath.Join(e.dir, "LOCK"))
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, CodeDiskFailed, "the object store %s is open in another process, or cannot be locked", e.dir)
	}
	e.lock = lock
	if err := e.format(); err != nil {
		return errors.Join(err, filelock.Close(lock))
	}
	return nil
}

func (e *Engine) format() error {
	path := filepath.Join(e.dir, formatFile)
	text, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(text, []byte(formatText)):
		return nil
	case err == nil:
		return fault.New(fault.Invalid, "unknown_format", "%s is not an object store of a version this program reads", e.dir)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("reading the store's format: %w", err)
	}
	for i := range fileDirs {
		if err := os.MkdirAll(filepath.Join(e.dir, "files", fmt.Sprintf("%02x", i)), 0o700); err != nil {
			return fmt.Errorf("creating the object store: %w", err)
		}
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, []byte(formatText), 0o600); err != nil {
		return fmt.Errorf("creating the object store: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("creating the object store: %w", err)
	}
	for _, d := range []string{"files", "", ".."} {
		if err := e.disk.syncDir(filepath.Join(e.dir, d)); err != nil {
			return fmt.Errorf("creating the object store: %w", err)
		}
	}
	return nil
}

// takeClean says whether the last process closed the store in order, and forgets it.
func (e *Engine) takeClean() bool {
	return os.Remove(filepath.Join(e.dir, cleanFile)) == nil
}

// Close waits for the writes that were begun, writes the index down and lets the directory go. Objects that are
// still open can be read until they are closed.
func (e *Engine) Close() error {
	var err error
	e.stopOnce.Do(func() {
		close(e.stop)
		e.stopBackground()
		c := e.committer
		c.mu.Lock()
		c.closed = true
		c.wake.Signal()
		c.mu.Unlock()
		<-c.ended
		<-e.syncEnded
		failed := e.broken()
		if failed == nil {
			err = c.finish()
		}
		if failed == nil && err == nil {
			err = e.index.db.Flush()
		}
		if failed == nil && err == nil {
			err = os.WriteFile(filepath.Join(e.dir, cleanFile), nil, 0o600)
		}
		err = errors.Join(err, e.index.db.Close())
		e.closeFiles()
		err = errors.Join(err, filelock.Close(e.lock))
	})
	return err
}

// finish leaves the active segment durable and no longer than its records.
func (c *committer) finish() error {
	if c.active == nil {
		return nil
	}
	return errors.Join(c.active.f.datasync(), c.active.f.truncate(c.pos.at.off))
}

func (e *Engine) closeFiles() {
	e.segMu.Lock()
	defer e.segMu.Unlock()
	for _, s := range e.segs {
		s.release()
	}
}

// Capacity is the size of the disk and what is free on it, in bytes.
func (e *Engine) Capacity() (total, free int64, err error) { return diskSpace(e.dir) }

// nameLock is the commit lock of an object.
func (e *Engine) nameLock(bucket uint64, name string) *sync.Mutex {
	h := maphash.String(e.seed, name) + bucket*0x9e3779b97f4a7c15
	return &e.names[h%stripes]
}

// partLock is the commit lock of one part of an upload.
func (e *Engine) partLock(upload string, number int) *sync.Mutex {
	h := maphash.String(e.seed, upload) + uint64(number)*0x9e3779b97f4a7c15
	return &e.names[h%stripes]
}

// uploadLock is held for reading while a part is committed, for writing while the upload ends.
func (e *Engine) uploadLock(upload string) *sync.RWMutex {
	return &e.uploads[maphash.String(e.seed, upload)%stripes]
}

func newUploadID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("%x", b[:])
}

// keepFree is what writes leave free on the disk, so that deletions and the index always find room.
const keepFree = 64 << 20

// diskWatch keeps the last look at the disk's free space: one look serves many writes.
type diskWatch struct {
	dir  string
	mu   sync.Mutex
	free int64
	next time.Time
	keep int64 // tests: instead of keepFree
}

// admit refuses n bytes that would fill the disk up to the reserve.
func (w *diskWatch) admit(n int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); now.After(w.next) || w.free < n+4*keepFree {
		_, free, err := diskSpace(w.dir)
		if err != nil {
			return fault.Wrap(err, fault.Unavailable, CodeDiskFailed, "the node's disk does not answer")
		}
		w.free, w.next = free, now.Add(200*time.Millisecond)
	}
	if w.free-n < max(w.keep, keepFree) {
		return diskFull(nil)
	}
	w.free -= n
	return nil
}
