package object

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble"
)

// applier turns committed changes into one batch of the index. The same code runs after a commit and when the log
// is replayed, so the index is always what the log says.
type applier struct {
	e      *Engine
	b      *pebble.Batch
	segs   map[uint64]bytesOf // change of what segments hold
	spaces map[*space]Usage   // change of usage
	key    []byte
	val    []byte
}

func (e *Engine) newApplier() *applier {
	return &applier{e: e, segs: map[uint64]bytesOf{}, spaces: map[*space]Usage{}}
}

func (a *applier) begin() {
	a.b = a.e.index.db.NewBatch()
	clear(a.segs)
	clear(a.spaces)
}

// bytesOf counts what compaction must know of a segment: bytes of records and data in use, and bytes of tombstones, which
// matter only while an older segment may hold what they took away.
type bytesOf struct{ live, tombs int64 }

func (a *applier) live(seg uint64, n int64) {
	b := a.segs[seg]
	b.live += n
	a.segs[seg] = b
}

func (a *applier) tomb(o *op) {
	b := a.segs[o.at.seg]
	b.tombs += int64(recordHeader + o.head.meta)
	a.segs[o.at.seg] = b
}

func (a *applier) set(k, v []byte) { _ = a.b.Set(k, v, nil) } // a batch in memory cannot fail
func (a *applier) del(k []byte)    { _ = a.b.Delete(k, nil) }

// account adds the bytes that an entry keeps alive, or takes them away.
func (a *applier) account(e *entry, sign int64) {
	a.live(e.rec.seg, sign*e.recSize)
	for i := range e.extents {
		if x := &e.extents[i]; x.file == 0 {
			a.live(x.seg, sign*x.size)
		}
	}
}

// apply adds one change whose record is at o.at.
func (a *applier) apply(o *op) {
	switch o.kind {
	case recBucket:
		a.bucket(o)
	case recBucketGone:
		a.tomb(o)
		a.bucketGone(o)
	case recPut:
		a.put(o)
	case recDelete:
		a.tomb(o)
		a.delete(o)
	case recUpload:
		o.up.rec, o.up.recSize = o.at, int64(recordHeader+o.head.meta)
		a.live(o.at.seg, o.up.recSize)
		if o.oldUp != nil {
			a.live(o.oldUp.rec.seg, -o.oldUp.recSize)
		}
		a.val = binary.AppendUvarint(a.val[:0], o.up.rec.seg)
		a.val = binary.AppendUvarint(a.val, uint64(o.up.rec.off))
		a.val = binary.AppendUvarint(a.val, uint64(o.up.recSize))
		a.val = o.up.appendBody(a.val)
		a.key = uploadKey(a.key[:0], o.bucket.id, o.name, o.upload)
		a.set(a.key, a.val)
	case recUploadGone:
		a.tomb(o)
		if o.bucket != nil {
			a.uploadGone(o, o.e)
		}
	case recPart:
		a.part(o)
	}
	if o.bucket != nil && o.delta != (Usage{}) {
		u := a.spaces[o.bucket.space]
		u.Objects += o.delta.Objects
		u.Bytes += o.delta.Bytes
		u.Uploads += o.delta.Uploads
		a.spaces[o.bucket.space] = u
	}
}

// place fills in what only the commit knows of a new entry.
func (a *applier) place(o *op) {
	e := o.e
	e.rec, e.recSize = o.at, int64(recordHeader+o.head.meta)
	if e.gen == 0 {
		e.gen = o.head.seq
	}
	if e.seq == 0 {
		e.seq = o.head.seq
	}
	for i := range e.extents {
		if x := &e.extents[i]; x.inline() {
			x.seg, x.off = o.at.seg, o.at.off+e.recSize
		}
	}
	a.account(e, +1)
	if o.prev != nil {
		a.account(o.prev, -1)
	}
}

func (a *applier) put(o *op) {
	a.place(o)
	e := o.e
	a.val = e.appendValue(a.val[:0])
	a.key = nameKey(a.key[:0], keyObject, o.bucket.id, o.name)
	a.set(a.key, a.val)
	if e.multi {
		a.val = e.appendLayout(a.val[:0])
		a.key = appendKey(a.key[:0], keyLayout, e.gen)
		a.set(a.key, a.val)
	}
	if o.prev != nil && o.prev.multi && o.prev.gen != e.gen {
		a.key = appendKey(a.key[:0], keyLayout, o.prev.gen)
		a.del(a.key)
	}
	o.delta = Usage{Objects: 1, Bytes: e.size}
	if o.prev != nil {
		o.delta = Usage{Bytes: e.size - o.prev.size}
	}
	a.files(o, e, o.prev)
	if o.upload != "" {
		a.uploadGone(o, e)
	}
	if o.flags&flagMoved == 0 {
		a.change(o, e.seq)
	}
}

// change replaces the last change of the name by a new one.
func (a *applier) change(o *op, seq uint64) {
	if o.prev != nil {
		a.key = appendKey(a.key[:0], keyChange, o.prev.seq)
		a.del(a.key)
	} else if o.tomb != 0 {
		a.key = appendKey(a.key[:0], keyChange, o.tomb)
		a.del(a.key)
		a.key = nameKey(a.key[:0], keyTomb, o.bucket.id, o.name)
		a.del(a.key)
	}
	if o.flags&flagSilent != 0 {
		return
	}
	c := change{bucket: o.bucket.id, name: o.name}
	if o.kind == recDelete {
		c.deleted, c.space, c.in, c.gen = true, o.bucket.space.name, o.bucket.name, o.prev.gen
		a.key = nameKey(a.key[:0], keyTomb, o.bucket.id, o.name)
		a.val = binary.AppendUvarint(a.val[:0], seq)
		a.set(a.key, a.val)
	}
	a.key = appendKey(a.key[:0], keyChange, seq)
	a.val = c.append(a.val[:0])
	a.set(a.key, a.val)
}

func (a *applier) delete(o *op) {
	if o.prev == nil { // replayed where a rebuilt index has nothing to delete
		return
	}
	a.key = nameKey(a.key[:0], keyObject, o.bucket.id, o.name)
	a.del(a.key)
	if o.prev.multi {
		a.key = appendKey(a.key[:0], keyLayout, o.prev.gen)
		a.del(a.key)
	}
	a.account(o.prev, -1)
	a.files(o, nil, o.prev)
	o.delta = Usage{Objects: -1, Bytes: -o.prev.size}
	a.change(o, o.head.seq)
}

func (a *applier) part(o *op) {
	a.place(o)
	a.val = o.e.appendValue(a.val[:0])
	a.key = partKey(a.key[:0], o.upload, o.number)
	a.set(a.key, a.val)
	o.delta = Usage{Uploads: o.e.size}
	if o.prev != nil {
		o.delta.Uploads -= o.prev.size
	}
	a.files(o, o.e, o.prev)
}

// uploadGone ends an upload; keep holds the parts that live on in an object.
func (a *applier) uploadGone(o *op, keep *entry) {
	a.key = uploadKey(a.key[:0], o.bucket.id, o.name, o.upload)
	a.del(a.key)
	if o.up != nil {
		a.live(o.up.rec.seg, -o.up.recSize)
	}
	used := map[uint64]bool{}
	if keep != nil {
		for i := range keep.extents {
			used[keep.extents[i].file] = true
		}
	}
	for _, p := range o.parts {
		a.key = partKey(a.key[:0], o.upload, p.number)
		a.del(a.key)
		a.account(p.e, -1)
		o.delta.Uploads -= p.e.size
		for i := range p.e.extents {
			if f := p.e.extents[i].file; f != 0 && !used[f] {
				a.dead(o, f)
			}
		}
	}
}

// files notes which files the new state uses, and which ones of the old state nobody does.
func (a *applier) files(o *op, e, prev *entry) {
	var used map[uint64]bool
	if e != nil {
		for i := range e.extents {
			if f := e.extents[i].file; f != 0 {
				a.key = appendKey(a.key[:0], keyFile, f)
				a.set(a.key, nil)
				if prev != nil {
					if used == nil {
						used = map[uint64]bool{}
					}
					used[f] = true
				}
			}
		}
	}
	if prev == nil {
		return
	}
	for i := range prev.extents {
		if f := prev.extents[i].file; f != 0 && !used[f] {
			a.dead(o, f)
		}
	}
}

func (a *applier) dead(o *op, file uint64) {
	a.key = appendKey(a.key[:0], keyFile, file)
	a.del(a.key)
	o.dead = append(o.dead, file)
}

func (a *applier) bucket(o *op) {
	size := int64(recordHeader + o.head.meta)
	a.live(o.at.seg, size)
	if b := o.bucket; b != nil {
		a.live(b.rec.seg, -b.recSize)
	}
	a.val = binary.AppendUvarint(a.val[:0], o.at.seg)
	a.val = binary.AppendUvarint(a.val, uint64(o.at.off))
	a.val = binary.AppendUvarint(a.val, uint64(size))
	a.val = appendString(a.val, string(o.state.Space))
	a.val = appendString(a.val, o.state.Name)
	a.val = binary.AppendVarint(a.val, o.state.Created.UnixNano())
	a.val = appendMap(a.val, textMap(o.state.Config))
	a.key = appendKey(a.key[:0], keyBucket, o.id)
	a.set(a.key, a.val)
}

func (a *applier) bucketGone(o *op) {
	if o.bucket == nil {
		return
	}
	a.live(o.bucket.rec.seg, -o.bucket.recSize)
	a.key = appendKey(a.key[:0], keyBucket, o.bucket.id)
	a.del(a.key)
}

// finish writes the counters and makes the batch visible, all at once.
func (a *applier) finish(to applied) error {
	e := a.e
	e.segMu.Lock()
	a.live(to.at.seg, 0) // a segment that has records has its key
	for id, d := range a.segs {
		s := e.segs[id]
		if s == nil { // a rebuilt log may name segments that are gone
			continue
		}
		s.live += d.live
		s.tombs += d.tombs
		a.val = binary.AppendVarint(a.val[:0], s.live)
		a.val = binary.AppendVarint(a.val, s.tombs)
		a.key = appendKey(a.key[:0], keySegment, id)
		a.set(a.key, a.val)
	}
	e.segMu.Unlock()
	for s, d := range a.spaces {
		s.mu.Lock()
		u := s.usage
		s.mu.Unlock()
		u.Objects += d.Objects
		u.Bytes += d.Bytes
		u.Uploads += d.Uploads
		a.key = append(append(a.key[:0], keyUsage), s.name...)
		a.set(a.key, u.append(a.val[:0]))
	}
	a.set([]byte{keyApplied}, to.append(a.val[:0]))
	err := e.index.db.Apply(a.b, pebble.NoSync)
	_ = a.b.Close()
	return err
}
