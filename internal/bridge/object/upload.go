package object

import (
	"cmp"
	"context"
	"encoding/binary"
	"io"
	"slices"

	"github.com/flashback-network/flashback/internal/fault"
)

const maxParts = 10_000

// StartUpload implements Store.
func (e *Engine) StartUpload(_ context.Context, k Key, o UploadOptions) (Upload, error) {
	if err := validKey(k); err != nil {
		return Upload{}, err
	}
	if err := validMetadata(o.Headers, o.Meta); err != nil {
		return Upload{}, err
	}
	if len(o.Front) > maxMetadata {
		return Upload{}, fault.New(fault.Invalid, CodeTooLarge, "the upload's own words are longer than %d bytes", maxMetadata)
	}
	b, err := e.bucketOf(k.Space, k.Bucket)
	if err != nil {
		return Upload{}, err
	}
	if err := b.hold(); err != nil {
		return Upload{}, err
	}
	defer b.life.RUnlock()
	id := newUploadID()
	up := &uploadEntry{started: e.now().UnixNano(), options: o}
	if err := e.commit(&op{kind: recUpload, bucket: b, name: k.Name, upload: id, up: up}); err != nil {
		return Upload{}, err
	}
	return up.upload(k, id), nil
}

// findUpload finds bucket and upload.
func (e *Engine) findUpload(k Key, id string) (*bucket, *uploadEntry, error) {
	if err := validKey(k); err != nil {
		return nil, nil, err
	}
	b, err := e.bucketOf(k.Space, k.Bucket)
	if err != nil {
		return nil, nil, err
	}
	if len(id) != 32 {
		return nil, nil, noUpload(id)
	}
	up, err := e.index.upload(b.id, k.Name, id)
	if err == nil && up == nil {
		err = noUpload(id)
	}
	return b, up, err
}

// GetUpload implements Store.
func (e *Engine) GetUpload(_ context.Context, k Key, id string) (Upload, error) {
	_, up, err := e.findUpload(k, id)
	if err != nil {
		return Upload{}, err
	}
	return up.upload(k, id), nil
}

func validPart(number int) error {
	if number < 1 || number > maxParts {
		return fault.New(fault.Invalid, CodeInvalidPart, "a part's number is 1 to %d", maxParts)
	}
	return nil
}

// PutPart implements Store.
func (e *Engine) PutPart(ctx context.Context, k Key, id string, number int, r io.Reader, size int64, o PutOptions) (PartInfo, error) {
	b, res, err := e.admitPart(k, id, number, size, &o)
	if err != nil {
		return PartInfo{}, err
	}
	defer res.release()
	s, err := e.stage(ctx, r, size, o.Compute, e.metaRoom(k.Name, &o)+64, res)
	if err != nil {
		return PartInfo{}, err
	}
	return e.putPart(b, k, id, number, s, &o, res)
}

// CopyPart implements Store.
func (e *Engine) CopyPart(ctx context.Context, k Key, id string, number int, src Key, srcCond Condition, off, n int64) (PartInfo, error) {
	from, err := e.openChecked(src, srcCond)
	if err != nil {
		return PartInfo{}, err
	}
	defer func() { _ = from.Close() }()
	var o PutOptions
	b, res, err := e.admitPart(k, id, number, n, &o)
	if err != nil {
		return PartInfo{}, err
	}
	defer res.release()
	s, err := e.stageCopy(ctx, from, off, n, o.Compute, e.metaRoom(k.Name, &o)+64, res)
	if err != nil {
		return PartInfo{}, err
	}
	return e.putPart(b, k, id, number, s, &o, res)
}

// admitPart finds the upload, adds its algorithms to o's and admits size bytes net of the part being replaced.
func (e *Engine) admitPart(k Key, id string, number int, size int64, o *PutOptions) (*bucket, *reservation, error) {
	if err := validPart(number); err != nil {
		return nil, nil, err
	}
	b, up, err := e.findUpload(k, id)
	if err != nil {
		return nil, nil, err
	}
	o.Compute |= up.options.Compute
	res, err := b.space.admit(max(size, 0), func() (int64, error) {
		prev, err := e.index.entry(partKey(nil, id, number), false)
		if prev == nil || err != nil {
			return 0, err
		}
		return prev.size, nil
	})
	return b, res, err
}

func (e *Engine) putPart(b *bucket, k Key, id string, number int, s *staged, o *PutOptions, res *reservation) (PartInfo, error) {
	defer s.drop()
	if o.Verify != nil {
		if err := o.Verify(s.size, s.sums); err != nil {
			return PartInfo{}, err
		}
	}
	ent := &entry{metagen: 1, size: s.size, sums: s.sums}
	op := &op{kind: recPart, bucket: b, name: k.Name, upload: id, number: number, e: ent, res: res}
	undo, err := e.attach(op, s)
	if err != nil {
		return PartInfo{}, err
	}
	err = e.commitPart(op, k)
	undo(err)
	if err != nil {
		return PartInfo{}, err
	}
	return ent.partInfo(number), nil
}

func (e *Engine) commitPart(o *op, k Key) error {
	fail := func(err error) error {
		o.buf.free()
		return err
	}
	if err := o.bucket.hold(); err != nil {
		return fail(err)
	}
	defer o.bucket.life.RUnlock()
	ul := e.uploadLock(o.upload)
	ul.RLock()
	defer ul.RUnlock()
	if _, _, err := e.findUpload(k, o.upload); err != nil { // it may have ended meanwhile
		return fail(err)
	}
	lock := e.partLock(o.upload, o.number)
	lock.Lock()
	defer lock.Unlock()
	prev, err := e.index.entry(partKey(nil, o.upload, o.number), false)
	if err != nil {
		return fail(err)
	}
	o.prev = prev
	growth := o.e.size
	if prev != nil {
		growth -= prev.size
	}
	if err := o.res.settle(growth); err != nil {
		return fail(err)
	}
	o.e.modified = e.now().UnixNano()
	if err := e.commit(o); err != nil {
		return err
	}
	e.discard(0, o.dead)
	return nil
}

// storedParts are all parts of an upload, by number.
func (e *Engine) storedParts(id string) ([]storedPart, error) {
	var list []storedPart
	from := append([]byte{keyPart}, id...)
	err := e.index.scan(from, keyAfter(from), func(k, v []byte) (bool, error) {
		p := storedPart{number: int(binary.BigEndian.Uint32(k[len(from):])), e: new(entry)}
		d := dec{b: slices.Clone(v)}
		d.value(p.e, false)
		list = append(list, p)
		return true, d.err()
	})
	return list, err
}

// Parts implements Store.
func (e *Engine) Parts(_ context.Context, k Key, id string, after, limit int) ([]PartInfo, bool, error) {
	if _, _, err := e.findUpload(k, id); err != nil {
		return nil, false, err
	}
	if limit <= 0 {
		limit = 1000
	}
	var list []PartInfo
	more := false
	all := append([]byte{keyPart}, id...)
	from := partKey(nil, id, max(after, 0)+1)
	err := e.index.scan(from, keyAfter(all), func(k, v []byte) (bool, error) {
		if len(list) == limit {
			more = true
			return false, nil
		}
		var ent entry
		d := dec{b: slices.Clone(v)}
		d.value(&ent, true)
		list = append(list, ent.partInfo(int(binary.BigEndian.Uint32(k[len(all):]))))
		return true, d.err()
	})
	return list, more, err
}

// CompleteUpload implements Store. The object refers to the parts' bytes where they are.
func (e *Engine) CompleteUpload(_ context.Context, k Key, id string, c Completion) (Info, error) {
	if len(c.Parts) == 0 || !slices.IsSorted(c.Parts) {
		return Info{}, fault.New(fault.Invalid, CodeInvalidPart, "an upload is completed with its parts in ascending order")
	}
	ul := e.uploadLock(id)
	ul.Lock()
	defer ul.Unlock()
	b, up, err := e.findUpload(k, id)
	if err != nil {
		return Info{}, err
	}
	stored, err := e.storedParts(id)
	if err != nil {
		return Info{}, err
	}
	ent, err := compose(stored, c.Parts)
	if err != nil {
		return Info{}, err
	}
	if c.Check != nil {
		if ent.composite, err = c.Check(ent.parts, ent.sums); err != nil {
			return Info{}, err
		}
	}
	ent.headers, ent.meta = up.options.Headers, up.options.Meta
	return e.putObject(&op{kind: recPut, bucket: b, name: k.Name, upload: id, e: ent, up: up, parts: stored}, k, c.Condition)
}

// compose makes the entry of an object of the parts with these numbers.
func compose(stored []storedPart, numbers []int) (*entry, error) {
	ent := &entry{metagen: 1, multi: true, parts: make([]PartInfo, 0, len(numbers))}
	for i, n := range numbers {
		at, ok := slices.BinarySearchFunc(stored, n, func(p storedPart, n int) int { return cmp.Compare(p.number, n) })
		if !ok {
			return nil, fault.New(fault.NotFound, CodeNoPart, "the upload has no part %d", n)
		}
		if i > 0 && numbers[i-1] == n {
			return nil, fault.New(fault.Invalid, CodeInvalidPart, "part %d is named twice", n)
		}
		p := stored[at].e
		if i == 0 {
			ent.sums = Checksums{CRC32C: p.sums.CRC32C, CRC32: p.sums.CRC32, CRC64NVME: p.sums.CRC64NVME}
		} else {
			ent.sums.join(&p.sums, p.size)
		}
		ent.size += p.size
		ent.extents = append(ent.extents, p.extents...)
		ent.parts = append(ent.parts, p.partInfo(n))
	}
	return ent, nil
}

// AbortUpload implements Store.
func (e *Engine) AbortUpload(_ context.Context, k Key, id string) error {
	ul := e.uploadLock(id)
	ul.Lock()
	defer ul.Unlock()
	b, up, err := e.findUpload(k, id)
	if err != nil {
		return err
	}
	if err := b.hold(); err != nil {
		return err
	}
	defer b.life.RUnlock()
	parts, err := e.storedParts(id)
	if err != nil {
		return err
	}
	o := &op{kind: recUploadGone, bucket: b, name: k.Name, upload: id, up: up, parts: parts}
	if err := e.commit(o); err != nil {
		return err
	}
	e.discard(0, o.dead)
	return nil
}

// Uploads implements Store.
func (e *Engine) Uploads(_ context.Context, space Space, bucket, prefix string) ([]Upload, error) {
	b, err := e.bucketOf(space, bucket)
	if err != nil {
		return nil, err
	}
	var list []Upload
	base := appendKey(nil, keyUpload, b.id)
	from := append(base[:len(base):len(base)], prefix...)
	err = e.index.scan(from, keyAfter(from), func(k, v []byte) (bool, error) {
		k = k[len(base):]
		name, id := string(k[:len(k)-33]), string(k[len(k)-32:])
		if len(name) < len(prefix) { // the prefix reached into the id
			return true, nil
		}
		up := new(uploadEntry)
		d := dec{b: v}
		up.rec, up.recSize = loc{seg: d.uint(), off: int64(d.uint())}, int64(d.uint())
		d.uploadBody(up)
		list = append(list, up.upload(Key{Space: space, Bucket: bucket, Name: name}, id))
		return true, d.err()
	})
	slices.SortFunc(list, func(x, y Upload) int { // a name may hold the byte that ends names in the index
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID))
	})
	return list, err
}
