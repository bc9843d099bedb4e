package object

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
)

const (
	maxBatchBytes = 32 << 20
	maxBatchOps   = 1024
	allocateStep  = 16 << 20
)

// committer is the one goroutine that appends to the log. While it waits for the disk, changes gather, and the next
// write and sync carry them all: that is the group commit.
type committer struct {
	e *Engine

	mu     sync.Mutex
	wake   sync.Cond
	queue  []*op // bounded by the number of callers, each of which waits for its own
	closed bool
	ended  chan struct{}

	// Of the goroutine alone:
	apply     *applier
	pos       applied
	active    *segment // nil: the next commit begins one
	allocated int64
	bufs      [][]byte
}

var donePool = sync.Pool{New: func() any { return make(chan struct{}, 1) }}

// commit writes the change down, makes it durable as configured and visible, and only then returns. The caller holds
// the locks that keep what the change replaces unchanged.
func (e *Engine) commit(o *op) error {
	if err := e.enqueue(o); err != nil {
		return err
	}
	return e.await(o)
}

func (e *Engine) enqueue(o *op) error {
	if err := o.build(e.now()); err != nil {
		o.buf.free()
		return err
	}
	o.done = donePool.Get().(chan struct{})
	c := e.committer
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		o.buf.free()
		return errClosed
	}
	c.queue = append(c.queue, o)
	if len(c.queue) == 1 {
		c.wake.Signal()
	}
	c.mu.Unlock()
	return nil
}

// await waits for a change that was enqueued.
func (e *Engine) await(o *op) error {
	<-o.done
	donePool.Put(o.done)
	o.buf.free()
	o.buf = nil
	return o.err
}

var errClosed = fault.New(fault.Unavailable, CodeClosed, "the object engine is closed")

func (c *committer) run() {
	defer close(c.ended)
	var taken []*op
	for {
		c.mu.Lock()
		for len(c.queue) == 0 && !c.closed {
			c.wake.Wait()
		}
		if len(c.queue) == 0 {
			c.mu.Unlock()
			return
		}
		n, bytes := 0, 0
		for n < len(c.queue) && n < maxBatchOps && (n == 0 || bytes < maxBatchBytes) {
			bytes += len(c.queue[n].buf.b)
			n++
		}
		taken = append(taken[:0], c.queue[:n]...)
		rest := copy(c.queue, c.queue[n:])
		clear(c.queue[rest:])
		c.queue = c.queue[:rest]
		c.mu.Unlock()

		err := c.batch(taken)
		for i, o := range taken {
			o.err = err
			if err == nil && o.bucket != nil && (o.res != nil || o.delta != Usage{}) {
				o.bucket.space.count(o.delta, o.res)
			}
			taken[i] = nil
			o.done <- struct{}{}
		}
	}
}

// batch commits ops together.
func (c *committer) batch(ops []*op) error {
	if err := c.e.broken(); err != nil {
		return err
	}
	total := int64(0)
	for _, o := range ops {
		total += o.head.length()
	}
	if err := c.room(total); err != nil {
		return c.failed(err)
	}
	next := c.pos
	next.batch++
	c.pos.batch++ // a failed batch's number is not used again
	c.bufs = c.bufs[:0]
	dirs := map[string]bool{}
	for i, o := range ops {
		h := &o.head
		next.seq++
		h.batch, h.seq, h.index, h.seg = next.batch, next.seq, uint32(i), c.active.id
		if i == len(ops)-1 {
			h.flags |= flagLast
		}
		h.seal(o.buf.b)
		for int64(len(o.buf.b)) < h.length() {
			o.buf.b = append(o.buf.b, 0)
		}
		o.at = next.at
		next.at.off += h.length()
		c.bufs = append(c.bufs, o.buf.b)
		if o.dir != "" {
			dirs[o.dir] = true
		}
		if o.kind == recBucket {
			next.bucket = max(next.bucket, o.id)
		}
	}
	next.file = c.e.fileID.Load()
	if err := c.active.f.writev(c.bufs, c.pos.at.off); err != nil {
		return c.undo(ops, err)
	}
	if err := c.sync(dirs); err != nil {
		return c.e.fail(err)
	}
	c.apply.begin()
	for _, o := range ops {
		c.apply.apply(o)
	}
	c.e.segMu.Lock()
	c.active.end = next.at.off
	c.e.segMu.Unlock()
	if err := c.apply.finish(next); err != nil {
		return c.e.fail(err)
	}
	for _, o := range ops {
		c.e.remember(o)
	}
	c.pos = next
	return nil
}

// sync makes the segment and the directories durable, side by side.
func (c *committer) sync(dirs map[string]bool) error {
	errs := make(chan error, len(dirs))
	for dir := range dirs {
		go func() { errs <- c.e.disk.syncDir(dir) }()
	}
	var err error
	if c.e.options.Sync == Durable {
		err = c.active.f.datasync()
	} else {
		c.e.unsynced.Store(true)
	}
	for range dirs {
		err = errors.Join(err, <-errs)
	}
	return err
}

// room makes sure that the active segment takes n more bytes.
func (c *committer) room(n int64) error {
	if c.active != nil && c.pos.at.off+n > c.e.options.SegmentSize && c.pos.at.off > segmentHeader {
		if err := c.seal(); err != nil {
			return err
		}
	}
	if c.active == nil {
		if err := c.start(); err != nil {
			return err
		}
	}
	if need := c.pos.at.off + n; need > c.allocated {
		step := max(need-c.allocated, min(allocateStep, c.e.options.SegmentSize))
		err := c.active.f.allocate(c.allocated, step)
		if errors.Is(err, syscall.ENOSPC) && step > need-c.allocated { // the last bytes of a full disk are for deletions
			step = need - c.allocated
			err = c.active.f.allocate(c.allocated, step)
		}
		if err != nil {
			return fmt.Errorf("extending the log: %w", err)
		}
		c.allocated += step
	}
	return nil
}

// seal ends the active segment; the index is asked to write itself down, so that the tail to replay stays short.
func (c *committer) seal() error {
	if err := c.active.f.datasync(); err != nil {
		return c.e.fail(err)
	}
	if err := c.active.f.truncate(c.pos.at.off); err != nil {
		return fmt.Errorf("sealing the log: %w", err)
	}
	c.active = nil
	if _, err := c.e.index.db.AsyncFlush(); err != nil {
		return fmt.Errorf("flushing the index: %w", err)
	}
	c.e.wakeCompactor()
	return nil
}

func (c *committer) start() error {
	id := c.pos.at.seg + 1
	path := segmentPath(c.e.dir, id)
	f, err := c.e.disk.create(path)
	if errors.Is(err, os.ErrExist) { // left by a start that failed half way: it has no record
		if err = c.e.disk.remove(path); err == nil {
			f, err = c.e.disk.create(path)
		}
	}
	if err != nil {
		return fmt.Errorf("beginning a segment: %w", err)
	}
	if _, err = f.WriteAt(segmentHead(id), 0); err == nil {
		err = c.e.disk.syncDir(filepath.Dir(path))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("beginning a segment: %w", err), f.Close(), c.e.disk.remove(path))
	}
	s := newSegment(id, path, f)
	s.end = segmentHeader
	c.e.segMu.Lock()
	c.e.segs[id] = s
	c.e.segMu.Unlock()
	c.active, c.allocated = s, segmentHeader
	c.pos.at = loc{seg: id, off: segmentHeader}
	c.e.activeSegment.Store(s)
	return nil
}

// undo takes back a write that did not fit, so that a crash cannot bring to life what was refused.
func (c *committer) undo(ops []*op, err error) error {
	if isFull(err) {
		if cut := c.active.f.truncate(c.pos.at.off); cut != nil {
			return c.e.fail(cut)
		}
		c.allocated = c.pos.at.off
		for _, o := range ops {
			o.at = loc{}
		}
	}
	return c.failed(err)
}

// failed sorts the errors of a write: a full disk loses nothing and may pass, everything else stops the engine.
func (c *committer) failed(err error) error {
	if isFull(err) {
		return diskFull(err)
	}
	return c.e.fail(err)
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func diskFull(err error) error {
	return fault.Wrap(err, fault.Exhausted, CodeDiskFull, "the node's disk is full")
}

// fail stops all writing: after a failed sync nobody knows what is on the disk, and only opening again finds out.
func (e *Engine) fail(err error) error {
	f := fault.Wrap(err, fault.Unavailable, CodeDiskFailed, "the node's disk failed; it takes no writes until it is opened again")
	if e.failure.CompareAndSwap(nil, f) {
		e.log.Error("object engine stopped writing", "err", err)
	}
	return f
}

func (e *Engine) broken() error {
	if f := e.failure.Load(); f != nil {
		return f
	}
	return nil
}

// syncLoop is the relaxed policy's goroutine: what was written is durable within about interval.
func (e *Engine) syncLoop(interval time.Duration) {
	defer close(e.syncEnded)
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-t.C:
			_ = e.syncActive() // a failure is kept by fail
		}
	}
}

// syncActive makes everything that was acknowledged durable.
func (e *Engine) syncActive() error {
	e.syncing.Lock() // who finds nothing to do must not be ahead of the one who does it
	defer e.syncing.Unlock()
	if !e.unsynced.Swap(false) {
		return nil
	}
	s := e.activeSegment.Load()
	if s == nil {
		return nil
	}
	if err := s.f.datasync(); err != nil {
		return e.fail(err)
	}
	return nil
}
