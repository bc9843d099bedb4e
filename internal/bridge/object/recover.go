package object

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// recover loads what is kept in memory and applies the part of the log that the index has not seen.
func (e *Engine) recover(ctx context.Context, c *committer) error {
	v, err := e.index.get([]byte{keyApplied})
	if err != nil {
		return err
	}
	if v != nil {
		d := dec{b: v}
		if c.pos = d.applied(); d.bad {
			return fmt.Errorf("the index's position: %w", errEncoding)
		}
	}
	if err := e.loadSpaces(); err != nil {
		return err
	}
	tail, err := e.loadSegments(c.pos)
	if err != nil {
		return err
	}
	if c.pos.at.seg == 0 && len(tail) > 0 {
		e.log.Warn("the index is missing: rebuilding it from the log", "segments", len(tail))
		if err := e.preloadBuckets(tail); err != nil {
			return err
		}
	}
	started := e.now()
	r := &replay{e: e, c: c}
	for i, s := range tail {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.segment(s, i == len(tail)-1); err != nil {
			return fmt.Errorf("replaying segment %016x: %w", s.id, err)
		}
	}
	if err := errors.Join(r.flush(true), r.bury()); err != nil {
		return err
	}
	c.pos.batch += 2 // whatever is left of a torn batch never looks like one to come
	e.fileID.Store(c.pos.file)
	e.bucketID.Store(c.pos.bucket)
	if r.records > 0 {
		e.log.Info("object log replayed", "records", r.records, "took", e.now().Sub(started).Round(time.Millisecond))
	}
	return e.resume(c, tail)
}

// resume goes on in the last segment, cut to its last record.
func (e *Engine) resume(c *committer, tail []*segment) error {
	if len(tail) == 0 {
		return nil
	}
	last := tail[len(tail)-1]
	if last.id != c.pos.at.seg || last.end >= e.options.SegmentSize {
		return nil
	}
	f, err := e.disk.edit(last.path)
	if err != nil {
		return fmt.Errorf("resuming the log: %w", err)
	}
	old := last.f
	if err := f.truncate(last.end); err != nil {
		return errors.Join(fmt.Errorf("resuming the log: %w", err), f.Close())
	}
	last.f = f
	c.active, c.allocated = last, last.end
	e.activeSegment.Store(last)
	return old.Close()
}

// loadSegments opens every segment and gives the ones to replay, in order.
func (e *Engine) loadSegments(pos applied) ([]*segment, error) {
	ids, err := segmentIDs(e.dir)
	if err != nil {
		return nil, fmt.Errorf("listing the segments: %w", err)
	}
	slices.Sort(ids)
	var tail []*segment
	for _, id := range ids {
		path := segmentPath(e.dir, id)
		v, err := e.index.get(appendKey(nil, keySegment, id))
		if err != nil {
			return nil, err
		}
		if v == nil && id < pos.at.seg { // compacted: only its removal was interrupted
			if err := e.disk.remove(path); err != nil {
				return nil, fmt.Errorf("removing a compacted segment: %w", err)
			}
			continue
		}
		f, err := e.disk.open(path)
		if err != nil {
			return nil, fmt.Errorf("opening a segment: %w", err)
		}
		s := newSegment(id, path, f)
		if v != nil {
			d := dec{b: v}
			s.live, s.tombs = d.int(), d.int()
		}
		e.segs[id] = s
		if s.end, err = f.size(); err != nil {
			return nil, fmt.Errorf("opening a segment: %w", err)
		}
		if id >= pos.at.seg {
			tail = append(tail, s)
		}
	}
	return tail, nil
}

// replay applies records of the log batch by batch.
type replay struct {
	e       *Engine
	c       *committer
	pending []*op // of one batch
	ids     []uint64
	end     loc // after the last pending record
	batch   uint64
	last    bool // the last record read ended its batch
	records int
	dead    []uint64 // files that some record stopped using
}

// bury removes the files that nothing uses at the end of the log. In between that is not known: compaction may have
// moved the record that still uses one behind the one that stopped.
func (r *replay) bury() error {
	for _, f := range r.dead {
		v, err := r.e.index.get(appendKey(nil, keyFile, f))
		if err != nil {
			return err
		}
		if v != nil {
			continue
		}
		if err := r.e.disk.remove(r.e.filePath(f)); err != nil && !errors.Is(err, os.ErrNotExist) {
			r.e.log.Warn("removing a file of a deleted object", "file", f, "err", err)
		}
	}
	return nil
}

// segment replays one segment from where the index stands. The last one may end in a torn batch.
func (r *replay) segment(s *segment, last bool) error {
	if last { // what we are about to believe must not vanish with the next power loss
		if err := s.f.datasync(); err != nil {
			return err
		}
	}
	from := int64(segmentHeader)
	if s.id == r.c.pos.at.seg {
		from = r.c.pos.at.off
	} else {
		r.end = loc{seg: s.id, off: from}
	}
	sc := newScanner(s, from)
	defer sc.close()
	for {
		h, meta, ok, err := sc.next()
		if err != nil {
			return err
		}
		if !ok {
			at, err := r.damage(s, sc, last)
			if err != nil {
				return err
			}
			if at < 0 {
				break
			}
			sc.off = at
			continue
		}
		if h.batch != r.batch {
			if err := r.flush(false); err != nil {
				return err
			}
			r.batch = h.batch
		}
		o, bucketID, err := decodeOp(h, meta)
		if err != nil {
			return fmt.Errorf("record at %d: %w", sc.at, err)
		}
		o.at = loc{seg: s.id, off: sc.at}
		r.pending, r.ids = append(r.pending, o), append(r.ids, bucketID)
		r.end = loc{seg: s.id, off: sc.off}
		r.last = h.flags&flagLast != 0
		r.records++
	}
	if last {
		s.end = r.end.off
		if r.end.seg != s.id {
			s.end = sc.off
		}
	}
	return nil
}

// damage decides what a record that does not hold together means: the torn end of a write that nobody was told of
// (-1), or rot in the middle of the log, after which reading goes on at the offset returned.
func (r *replay) damage(s *segment, sc *scanner, last bool) (int64, error) {
	size, err := s.f.size()
	if err != nil || sc.off >= size {
		return -1, err
	}
	bad := sc.off
	h, at, err := sc.search(bad + 8)
	if err != nil {
		return -1, err
	}
	if at < 0 {
		if !last && bad < s.end {
			r.e.log.Error("a segment has a damaged end", "segment", s.id, "offset", bad)
		}
		return -1, nil
	}
	// A batch is written only after the one before it was synced, so a whole later batch proves rot.
	torn := r.batch
	if r.last {
		torn++
	}
	if last && h.batch <= torn {
		return -1, nil
	}
	r.e.log.Error("damaged records in the log", "segment", s.id, "offset", bad, "until", at)
	return at, nil
}

// flush applies the pending batch. Of the log's final batch, changes whose files are missing are dropped: their
// directories were not synced, so nobody was told that they happened.
func (r *replay) flush(final bool) error {
	e := r.e
	for i, o := range r.pending {
		next := r.c.pos
		next.at, next.seq, next.batch = r.end, max(next.seq, o.head.seq), o.head.batch
		if i < len(r.pending)-1 { // the batch counts as applied when all of it is
			next.at = r.c.pos.at
		}
		if o.e != nil {
			missing := false
			for _, x := range o.e.extents {
				next.file = max(next.file, x.file)
				if final && x.file != 0 {
					f, err := e.disk.open(e.filePath(x.file))
					if errors.Is(err, os.ErrNotExist) {
						missing = true
					} else if err != nil {
						return err
					} else if err := f.Close(); err != nil {
						return err
					}
				}
			}
			if missing {
				continue
			}
		}
		if o.kind == recBucket {
			next.bucket = max(next.bucket, o.id)
		}
		if err := e.resolve(o, r.ids[i]); err != nil {
			return err
		}
		r.c.apply.begin()
		if o.bucket != nil || o.kind == recBucket || o.flags&flagMoved != 0 {
			r.c.apply.apply(o)
		}
		if err := r.c.apply.finish(next); err != nil {
			return err
		}
		e.remember(o)
		if o.bucket != nil && o.delta != (Usage{}) {
			o.bucket.space.count(o.delta, nil)
		}
		r.dead = append(r.dead, o.dead...)
		next.at = r.c.pos.at
		r.c.pos = next
	}
	if len(r.pending) > 0 {
		r.c.pos.at = r.end
	}
	r.pending, r.ids = r.pending[:0], r.ids[:0]
	return nil
}

// resolve looks up what a replayed change replaces, as its writer did under its locks.
func (e *Engine) resolve(o *op, bucketID uint64) error {
	o.bucket = e.byID[bucketID]
	if o.bucket == nil {
		return nil // a new bucket; or one that is gone, where a log being rebuilt still has old records of it
	}
	var err error
	switch o.kind {
	case recPut, recDelete:
		if o.prev, err = e.index.object(bucketID, o.name); err != nil {
			return err
		}
		if o.prev == nil {
			if o.tomb, err = e.index.number(nameKey(nil, keyTomb, bucketID, o.name)); err != nil {
				return err
			}
		}
		if o.upload == "" {
			return nil
		}
		fallthrough
	case recUploadGone:
		if o.up, err = e.index.upload(bucketID, o.name, o.upload); err != nil {
			return err
		}
		if o.kind == recUploadGone { // compaction writes one behind the object that the upload became
			if o.e, err = e.index.object(bucketID, o.name); err != nil {
				return err
			}
		}
		o.parts, err = e.storedParts(o.upload)
	case recUpload:
		o.oldUp, err = e.index.upload(bucketID, o.name, o.upload)
	case recPart:
		o.prev, err = e.index.entry(partKey(nil, o.upload, o.number), false)
	}
	return err
}
