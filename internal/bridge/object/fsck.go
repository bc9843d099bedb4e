package object

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/cockroachdb/pebble"
)

// Problem is something that Fsck found wrong.
type Problem struct {
	Kind   string // stable: corrupt_object, missing_file, usage, segment_usage, damaged_record, index
	Key    Key    // of the object, where there is one
	Place  string // segment or file
	Detail string
}

func (p Problem) String() string {
	return fmt.Sprintf("%s: %s/%s/%s %s: %s", p.Kind, p.Key.Space, p.Key.Bucket, p.Key.Name, p.Place, p.Detail)
}

// Fsck reads everything that is stored, compares it with its checksums and all counters with what they count, and
// reports what is wrong, from one goroutine. It works on a consistent view while the engine goes on. Its error says that it
// could not finish, not that it found something.
func (e *Engine) Fsck(ctx context.Context, report func(Problem)) error {
	snap := e.index.db.NewSnapshot()
	defer func() { _ = snap.Close() }()
	f := &fsck{e: e, ctx: ctx, snap: snap, report: report, usage: map[Space]Usage{}, segs: map[uint64]int64{}}
	for _, step := range []func() error{f.buckets, f.objects, f.uploads, f.counters, f.files, f.log} {
		if err := step(); err != nil {
			return fmt.Errorf("checking the object store: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("checking the object store: %w", err)
		}
	}
	return nil
}

type fsck struct {
	e      *Engine
	ctx    context.Context
	snap   *pebble.Snapshot
	report func(Problem)
	byID   map[uint64]Bucket
	usage  map[Space]Usage
	segs   map[uint64]int64
	used   int // files
}

func (f *fsck) scan(kind byte, g func(k, v []byte) error) error {
	return scan(f.snap, []byte{kind}, []byte{kind + 1}, func(k, v []byte) (bool, error) {
		return f.ctx.Err() == nil, g(k[1:], v)
	})
}

func (f *fsck) buckets() error {
	f.byID = map[uint64]Bucket{}
	return f.scan(keyBucket, func(k, v []byte) error {
		id, d := dec{b: k}, dec{b: v}
		seg, _, size := d.uint(), d.uint(), int64(d.uint())
		f.byID[id.fixed64()] = Bucket{Space: Space(d.string()), Name: d.string()}
		f.segs[seg] += size
		return nil
	})
}

func (f *fsck) objects() error {
	return f.scan(keyObject, func(k, v []byte) error {
		id := dec{b: k[:8]}
		bucketID := id.fixed64()
		b, known := f.byID[bucketID]
		key := Key{Space: b.Space, Bucket: b.Name, Name: string(k[8:])}
		ent := new(entry)
		d := dec{b: slices.Clone(v)}
		if d.value(ent, false); d.bad || !known {
			f.report(Problem{Kind: "index", Key: key, Detail: "an entry without a bucket, or malformed"})
			return nil
		}
		if ent.multi {
			v, closer, err := f.snap.Get(appendKey(nil, keyLayout, ent.gen))
			if err != nil {
				f.report(Problem{Kind: "index", Key: key, Detail: "the layout is missing"})
				return nil
			}
			l := dec{b: slices.Clone(v)}
			_ = closer.Close()
			if l.layout(ent); l.bad {
				f.report(Problem{Kind: "index", Key: key, Detail: "the layout is malformed"})
				return nil
			}
		}
		u := f.usage[b.Space]
		u.Objects++
		u.Bytes += ent.size
		f.usage[b.Space] = u
		return f.content(key, ent, func() (*entry, error) { return f.e.index.object(bucketID, key.Name) })
	})
}

func (f *fsck) uploads() error {
	spaces := map[string]Space{} // of uploads by id
	err := f.scan(keyUpload, func(k, v []byte) error {
		id, d := dec{b: k[:8]}, dec{b: v}
		spaces[string(k[len(k)-32:])] = f.byID[id.fixed64()].Space
		seg, _, size := d.uint(), d.uint(), int64(d.uint())
		f.segs[seg] += size
		return nil
	})
	if err != nil {
		return err
	}
	return f.scan(keyPart, func(k, v []byte) error {
		upload := string(k[:32])
		key := slices.Clone(append([]byte{keyPart}, k...))
		ent := new(entry)
		d := dec{b: slices.Clone(v)}
		space, known := spaces[upload]
		if d.value(ent, false); d.bad || !known {
			f.report(Problem{Kind: "index", Place: "upload " + upload, Detail: "a part without an upload, or malformed"})
			return nil
		}
		u := f.usage[space]
		u.Uploads += ent.size
		f.usage[space] = u
		return f.content(Key{Space: space, Name: "upload " + upload}, ent, func() (*entry, error) { return f.e.index.entry(key, false) })
	})
}

// content reads all bytes of an entry. now looks the entry up again: one that changed meanwhile has no problem.
func (f *fsck) content(k Key, ent *entry, now func() (*entry, error)) error {
	f.segs[ent.rec.seg] += ent.recSize
	for i := range ent.extents {
		if x := &ent.extents[i]; x.file == 0 {
			f.segs[x.seg] += x.size
		} else {
			f.used++
		}
	}
	err := f.read(k, ent)
	if err == nil {
		return nil
	}
	again, nowErr := now()
	if nowErr != nil {
		return nowErr
	}
	if again != nil && again.rec == ent.rec {
		f.report(Problem{Kind: CodeCorrupt, Key: k, Place: fmt.Sprintf("record %016x+%d", ent.rec.seg, ent.rec.off), Detail: err.Error()})
	}
	return nil
}

func (f *fsck) read(k Key, ent *entry) error {
	f.e.opening.RLock()
	r, err := f.e.newReader(k, ent)
	f.e.opening.RUnlock()
	if err != nil {
		return err
	}
	h := newSummer(0)
	at := int64(0)
	for i := range ent.extents {
		x := &ent.extents[i]
		buf := newBuffer(writeChunk, 0)
		for off := int64(0); off < x.size && err == nil && f.ctx.Err() == nil; off += writeChunk {
			p := buf.b[:min(writeChunk, x.size-off)]
			if err = r.readBlocks(i, p, off); err == nil {
				h.add(p)
			}
		}
		buf.free()
		at += x.size
	}
	if err == nil && at != ent.size {
		err = fmt.Errorf("the extents have %d bytes, the object %d", at, ent.size)
	}
	if err == nil && f.ctx.Err() == nil && !bytes.Equal(h.sums().CRC32C, ent.sums.CRC32C) {
		err = errors.New("the whole does not match its crc32c")
	}
	return errors.Join(err, r.Close())
}

func (f *fsck) counters() error {
	err := f.scan(keyUsage, func(k, v []byte) error {
		d := dec{b: v}
		got, want := d.usage(), f.usage[Space(k)]
		if delete(f.usage, Space(k)); got != want {
			f.report(Problem{Kind: "usage", Key: Key{Space: Space(k)}, Detail: fmt.Sprintf("counted %+v, stored %+v", got, want)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for s, u := range f.usage {
		f.report(Problem{Kind: "usage", Key: Key{Space: s}, Detail: fmt.Sprintf("not counted, stored %+v", u)})
	}
	return f.scan(keySegment, func(k, v []byte) error {
		id, d := dec{b: k}, dec{b: v}
		seg, live := id.fixed64(), d.int()
		if want := f.segs[seg]; live != want {
			f.report(Problem{Kind: "segment_usage", Place: fmt.Sprintf("segment %016x", seg), Detail: fmt.Sprintf("counted %d bytes in use, found %d", live, want)})
		}
		return nil
	})
}

func (f *fsck) files() error {
	listed := 0
	err := f.scan(keyFile, func(k, _ []byte) error {
		id := dec{b: k}
		file := id.fixed64()
		listed++
		if _, err := os.Stat(f.e.filePath(file)); err != nil {
			if v, nowErr := f.e.index.get(append([]byte{keyFile}, k...)); v != nil || nowErr != nil { // else it was deleted meanwhile
				f.report(Problem{Kind: "missing_file", Place: fmt.Sprintf("file %016x", file), Detail: err.Error()})
				return nowErr
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if listed != f.used {
		f.report(Problem{Kind: "index", Detail: fmt.Sprintf("%d files are listed, %d are in use", listed, f.used)})
	}
	return nil
}

// log checks the records themselves, which outlive the index.
func (f *fsck) log() error {
	f.e.segMu.RLock()
	type span struct {
		s   *segment
		end int64
	}
	var all []span
	for _, s := range f.e.segs {
		s.refs.Add(1)
		all = append(all, span{s, s.end})
	}
	f.e.segMu.RUnlock()
	slices.SortFunc(all, func(a, b span) int { return int(a.s.id) - int(b.s.id) })
	var err error
	for _, a := range all {
		if err == nil && f.ctx.Err() == nil {
			err = f.segment(a.s, a.end)
		}
		a.s.release()
	}
	return err
}

func (f *fsck) segment(s *segment, end int64) error {
	sc := newScanner(s, segmentHeader)
	defer sc.close()
	for sc.off < end && f.ctx.Err() == nil {
		_, _, ok, err := sc.next()
		if err != nil {
			return err
		}
		if ok {
			continue
		}
		_, next, err := sc.search(sc.off + 8)
		if err != nil {
			return err
		}
		if next < 0 {
			next = end
		}
		f.report(Problem{Kind: "damaged_record", Place: fmt.Sprintf("segment %016x", s.id), Detail: fmt.Sprintf("bytes %d to %d", sc.off, next)})
		sc.off = next
	}
	return nil
}
