package object

import (
	"fmt"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble"
)

// Compaction takes sealed segments that are mostly garbage, writes what is still in use again at the end of the
// log, as ordinary group commits under the ordinary locks, and removes the file. Readers keep a removed segment
// open; writers wait for it no longer than for each other.

const (
	compactBytes = 1 << 20 // moved per commit
	compactOps   = 64
)

// compact goes over all segments that are worth it, oldest first.
func (e *Engine) compact() error {
	e.compacting.Lock()
	defer e.compacting.Unlock()
	for _, s := range e.worthCompacting() {
		if e.stopping() || e.broken() != nil {
			return nil
		}
		if err := e.compactSegment(s); err != nil {
			return fmt.Errorf("segment %016x: %w", s.id, err)
		}
	}
	return nil
}

// worthCompacting gives the sealed segments of which less than half is needed. The oldest one's tombstones have
// nothing left to hide.
func (e *Engine) worthCompacting() []*segment {
	active := e.activeSegment.Load()
	e.segMu.RLock()
	defer e.segMu.RUnlock()
	oldest := e.oldest()
	var list []*segment
	for id, s := range e.segs {
		if active == nil || id >= active.id || s.kept.Load() {
			continue
		}
		need := s.live
		if id != oldest {
			need += s.tombs
		}
		if need*2 < s.end-segmentHeader || s.end <= segmentHeader {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *segment) int {
		if a.id < b.id {
			return -1
		}
		return 1
	})
	return list
}

// oldest is the smallest id of a segment. The caller holds segMu.
func (e *Engine) oldest() uint64 {
	oldest := ^uint64(0)
	for id := range e.segs {
		oldest = min(oldest, id)
	}
	return oldest
}

// mover collects moves that share a commit. It holds their locks, and gets them without waiting, so that it cannot
// wait for itself or for a writer that waits for it.
type mover struct {
	e      *Engine
	s      *segment
	oldest bool
	ops    []*op
	unlock []func()
	bytes  int
}

func (e *Engine) compactSegment(s *segment) error {
	e.segMu.RLock()
	m := &mover{e: e, s: s, oldest: e.oldest() == s.id}
	end := s.end
	e.segMu.RUnlock()
	sc := newScanner(s, segmentHeader)
	defer sc.close()
	for sc.off < end {
		if e.stopping() {
			return m.flush()
		}
		h, meta, ok, err := sc.next()
		if err == nil && !ok {
			s.kept.Store(true)
			err = fmt.Errorf("damaged record at %d: the segment is kept", sc.off)
		}
		if err == nil {
			err = m.record(h, meta, loc{seg: s.id, off: sc.at})
		}
		if err != nil {
			_ = m.flush()
			return err
		}
	}
	if err := m.flush(); err != nil {
		return err
	}
	e.segMu.RLock()
	live := s.live
	e.segMu.RUnlock()
	if live != 0 {
		s.kept.Store(true)
		return fmt.Errorf("%d bytes are in use that no record accounts for: the segment is kept", live)
	}
	return e.removeSegment(s)
}

// removeSegment forgets a segment that nothing refers to. The index is written down first, so that no replay begins in it.
func (e *Engine) removeSegment(s *segment) error {
	if err := e.index.db.Flush(); err != nil {
		return err
	}
	if err := e.index.db.Delete(appendKey(nil, keySegment, s.id), pebble.NoSync); err != nil {
		return err
	}
	e.opening.Lock() // readers that looked up before have pinned it
	e.segMu.Lock()
	delete(e.segs, s.id)
	e.segMu.Unlock()
	e.opening.Unlock()
	s.release()
	return e.disk.remove(s.path)
}

// record moves what of one record is in use.
func (m *mover) record(h header, meta []byte, at loc) error {
	o, bucketID, err := decodeOp(h, meta)
	if err != nil {
		return err
	}
	e := m.e
	e.spacesMu.RLock()
	b := e.byID[bucketID]
	e.spacesMu.RUnlock()
	if b == nil {
		switch h.kind {
		case recBucketGone, recDelete, recUploadGone:
			return m.tombstone(o, &bucket{id: bucketID, space: new(space)})
		}
		return nil
	}
	data := at.off + int64(recordHeader+h.meta)
	switch h.kind {
	case recBucket:
		return m.bucket(b, at)
	case recPut:
		if err := m.object(b, o.name, at, data); err != nil {
			return err
		}
		if o.upload != "" { // it also ended an upload
			return m.tombstone(&op{kind: recUploadGone, name: o.name, upload: o.upload}, b)
		}
		return nil
	case recUpload:
		return m.upload(b, o, at)
	case recPart:
		if moved, err := m.part(b, o, at); moved || err != nil {
			return err
		}
		return m.object(b, o.name, at, data)
	default:
		return m.tombstone(o, b)
	}
}

// lock is one lock that a move needs.
type lock struct {
	try          func() bool
	lock, unlock func()
}

func mutexLock(l *sync.Mutex) lock   { return lock{l.TryLock, l.Lock, l.Unlock} }
func readLock(l *sync.RWMutex) lock  { return lock{l.TryRLock, l.RLock, l.RUnlock} }
func writeLock(l *sync.RWMutex) lock { return lock{l.TryLock, l.Lock, l.Unlock} }

// take gets locks, in the order in which writers take them, for the commit being collected. When somebody has one,
// what is collected goes first, so that we wait with empty hands.
func (m *mover) take(locks ...lock) error {
	for i, l := range locks {
		if l.try() {
			continue
		}
		for _, held := range locks[:i] {
			held.unlock()
		}
		if err := m.flush(); err != nil {
			return err
		}
		for _, l := range locks {
			l.lock()
		}
		break
	}
	for _, l := range locks {
		m.unlock = append(m.unlock, l.unlock)
	}
	return nil
}

// add hands a move to the committer; its locks are held until flush.
func (m *mover) add(o *op) error {
	o.flags |= flagMoved
	if err := m.e.enqueue(o); err != nil {
		return err
	}
	m.ops = append(m.ops, o)
	m.bytes += int(o.head.length())
	return nil
}

// full flushes when enough is collected. It is called with no look-up pending.
func (m *mover) full() error {
	if m.bytes < compactBytes && len(m.unlock) < 2*compactOps {
		return nil
	}
	return m.flush()
}

// flush waits for what was collected and lets its locks go.
func (m *mover) flush() error {
	var err error
	for _, o := range m.ops {
		if waited := m.e.await(o); waited != nil {
			err = waited
		}
	}
	for _, u := range m.unlock {
		u()
	}
	m.ops, m.unlock, m.bytes = m.ops[:0], m.unlock[:0], 0
	return err
}

// object moves an object whose state is in the record at, or whose bytes are at data.
func (m *mover) object(b *bucket, name string, at loc, data int64) error {
	if err := m.take(readLock(&b.life), mutexLock(m.e.nameLock(b.id, name))); err != nil {
		return err
	}
	ent, err := m.e.index.object(b.id, name)
	if err != nil {
		return err
	}
	if ent == nil || b.gone {
		return m.full()
	}
	next := *ent
	o := &op{kind: recPut, bucket: b, name: name, e: &next, prev: ent}
	if found, err := m.carry(o, at, data); !found || err != nil {
		return errorOr(err, m.full)
	}
	return errorOr(m.add(o), m.full)
}

func errorOr(err error, next func() error) error {
	if err != nil {
		return err
	}
	return next()
}

// carry gives o the data that is at data of the segment, if its entry has it, and reports whether the entry has
// anything to do with the record at all.
func (m *mover) carry(o *op, at loc, data int64) (bool, error) {
	ent := o.e
	i := slices.IndexFunc(ent.extents, func(x extent) bool { return x.file == 0 && x.seg == m.s.id && x.off == data })
	if i < 0 {
		return ent.rec == at, nil
	}
	x := ent.extents[i]
	ent.extents = slices.Clone(ent.extents)
	ent.extents[i] = extent{size: x.size, crcs: x.crcs}
	o.head.meta = align8(len(o.appendMeta(nil)))
	o.head.data = int(x.size)
	o.buf = newBuffer(recordHeader+o.head.meta+int(x.size), 8)
	p := o.buf.b[recordHeader+o.head.meta:]
	if _, err := m.s.f.ReadAt(p, data); err != nil {
		o.buf.free()
		return true, fmt.Errorf("reading data to move: %w", err)
	}
	if got := blockSums(nil, p); string(got) != string(x.crcs) { // it was whole a moment ago
		o.buf.free()
		m.s.kept.Store(true)
		return true, fmt.Errorf("data of %q at %d does not match its checksums: the segment is kept", o.name, data)
	}
	o.head.dataCRC = wholeSum(x.crcs, x.size)
	return true, nil
}

// wholeSum makes the CRC32C of data from its blocks'.
func wholeSum(crcs []byte, size int64) uint32 {
	var s uint64
	d := dec{b: crcs}
	for size > 0 {
		n := min(size, blockSize)
		c := d.bytes(4)
		if c == nil {
			return 0
		}
		s = field32C.combine(s, uint64(c[0])|uint64(c[1])<<8|uint64(c[2])<<16|uint64(c[3])<<24, n)
		size -= n
	}
	return uint32(s)
}

// part moves a part of an upload that is not finished.
func (m *mover) part(b *bucket, rec *op, at loc) (bool, error) {
	ul := readLock(m.e.uploadLock(rec.upload))
	if err := m.take(readLock(&b.life), ul, mutexLock(m.e.partLock(rec.upload, rec.number))); err != nil {
		return false, err
	}
	ent, err := m.e.index.entry(partKey(nil, rec.upload, rec.number), false)
	if err != nil || ent == nil || b.gone {
		return false, errorOr(err, m.full)
	}
	if ent.rec != at {
		return false, m.full()
	}
	next := *ent
	o := &op{kind: recPart, bucket: b, name: rec.name, upload: rec.upload, number: rec.number, e: &next, prev: ent}
	if _, err := m.carry(o, at, at.off+int64(ent.recSize)); err != nil {
		return true, err
	}
	return true, errorOr(m.add(o), m.full)
}

func (m *mover) upload(b *bucket, rec *op, at loc) error {
	if err := m.take(readLock(&b.life), writeLock(m.e.uploadLock(rec.upload))); err != nil {
		return err
	}
	up, err := m.e.index.upload(b.id, rec.name, rec.upload)
	if err != nil || up == nil || up.rec != at || b.gone {
		return errorOr(err, m.full)
	}
	next := *up
	old := *up
	return errorOr(m.add(&op{kind: recUpload, bucket: b, name: rec.name, upload: rec.upload, up: &next, oldUp: &old}), m.full)
}

func (m *mover) bucket(b *bucket, at loc) error {
	if err := m.flush(); err != nil {
		return err
	}
	m.e.shaping.Lock()
	defer m.e.shaping.Unlock()
	b.mu.RLock()
	state, rec := b.state, b.rec
	b.mu.RUnlock()
	if rec != at || b.gone {
		return nil
	}
	if err := m.add(&op{kind: recBucket, id: b.id, bucket: b, state: state}); err != nil {
		return err
	}
	return m.flush()
}

// tombstone keeps the word that something is gone while an older segment may still hold that something.
func (m *mover) tombstone(rec *op, b *bucket) error {
	if m.oldest {
		return nil
	}
	if rec.kind == recDelete && b.name != "" {
		if err := m.take(readLock(&b.life), mutexLock(m.e.nameLock(b.id, rec.name))); err != nil {
			return err
		}
		ent, err := m.e.index.entry(nameKey(nil, keyObject, b.id, rec.name), false)
		if err != nil || ent != nil { // a newer record says more
			return errorOr(err, m.full)
		}
	}
	return errorOr(m.add(&op{kind: rec.kind, bucket: b, name: rec.name, upload: rec.upload}), m.full)
}
