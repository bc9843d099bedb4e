package object

import (
	"context"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/flashback-network/flashback/internal/fault"
)

const (
	maxName     = 1024
	maxMetadata = 8 << 10 // of headers, and of user metadata
)

func validKey(k Key) error {
	if k.Name == "" || len(k.Name) > maxName || !utf8.ValidString(k.Name) {
		return fault.New(fault.Invalid, CodeInvalidKey, "an object's name has 1 to %d bytes of UTF-8", maxName)
	}
	return nil
}

func validMetadata(headers, meta map[string]string) error {
	for _, m := range []map[string]string{headers, meta} {
		n := 0
		for k, v := range m {
			n += len(k) + len(v)
		}
		if n > maxMetadata {
			return fault.New(fault.Invalid, CodeTooLarge, "the metadata has %d bytes, at most %d are kept", n, maxMetadata)
		}
	}
	return nil
}

// metaRoom bounds what the metadata of a plain object's or a part's record takes.
func (e *Engine) metaRoom(name string, o *PutOptions) int {
	sums := 1 + 4
	for i, n := range sumLengths {
		if o.Compute&(1<<i) != 0 {
			sums += n
		}
	}
	crcs := 4 * int(blocks(e.options.SmallLimit+4<<10))
	return 160 + len(name) + len(o.Composite) + sums + crcs + mapSize(o.Headers) + mapSize(o.Meta)
}

// Put implements Store.
func (e *Engine) Put(ctx context.Context, k Key, r io.Reader, size int64, o PutOptions) (Info, error) {
	if err := validKey(k); err != nil {
		return Info{}, err
	}
	if err := validMetadata(o.Headers, o.Meta); err != nil {
		return Info{}, err
	}
	b, err := e.bucketOf(k.Space, k.Bucket)
	if err != nil {
		return Info{}, err
	}
	res, err := e.admitObject(b, k.Name, size)
	if err != nil {
		return Info{}, err
	}
	defer res.release()
	s, err := e.stage(ctx, r, size, o.Compute, e.metaRoom(k.Name, &o), res)
	if err != nil {
		return Info{}, err
	}
	defer s.drop()
	if o.Verify != nil {
		if err := o.Verify(s.size, s.sums); err != nil {
			return Info{}, err
		}
	}
	return e.putStaged(b, k, s, &o, res)
}

// admitObject admits size bytes (or -1) for an object, net of its present version.
func (e *Engine) admitObject(b *bucket, name string, size int64) (*reservation, error) {
	return b.space.admit(max(size, 0), func() (int64, error) {
		prev, err := e.index.object(b.id, name)
		if prev == nil || err != nil {
			return 0, err
		}
		return prev.size, nil
	})
}

// putStaged commits staged content as an object.
func (e *Engine) putStaged(b *bucket, k Key, s *staged, o *PutOptions, res *reservation) (Info, error) {
	ent := &entry{
		metagen: 1, size: s.size, sums: s.sums, composite: o.Composite, headers: o.Headers, meta: o.Meta,
	}
	op := &op{kind: recPut, bucket: b, name: k.Name, e: ent, res: res}
	undo, err := e.attach(op, s)
	if err != nil {
		return Info{}, err
	}
	info, err := e.putObject(op, k, o.Condition)
	undo(err)
	return info, err
}

// attach gives the op its staged bytes. undo must be called with the commit's outcome.
func (e *Engine) attach(o *op, s *staged) (undo func(error), err error) {
	ent := o.e
	if s.file != nil {
		id, err := e.name(func(path string) error { return e.disk.link(s.file, path) })
		if err != nil {
			return nil, err
		}
		ent.extents = []extent{{file: id, size: s.size}}
		o.dir = fileDir(e.dir, id)
		return func(err error) {
			if err != nil && o.at.seg == 0 { // never written to the log; else only the sweep knows
				e.removeFiles([]uint64{id})
			}
		}, nil
	}
	if s.size > 0 {
		ent.extents = []extent{{size: s.size, crcs: s.crcs}}
	}
	o.buf, s.buf = s.buf, nil
	o.head.meta, o.head.data = s.meta, int(s.size)
	if n := len(ent.sums.CRC32C); n == 4 && s.size > 0 {
		o.head.dataCRC = uint32(sumNumber(ent.sums.CRC32C))
	}
	return func(error) {}, nil
}

// putObject commits a new state of an object under its lock, if cond holds.
func (e *Engine) putObject(o *op, k Key, cond Condition) (Info, error) {
	free := func(err error) (Info, error) {
		o.buf.free()
		return Info{}, err
	}
	if err := o.bucket.hold(); err != nil {
		return free(err)
	}
	defer o.bucket.life.RUnlock()
	lock := e.nameLock(o.bucket.id, o.name)
	lock.Lock()
	defer lock.Unlock()
	prev, err := e.index.object(o.bucket.id, o.name)
	if err != nil {
		return free(err)
	}
	if err := cond.check(k, prev); err != nil {
		return free(err)
	}
	o.prev = prev
	growth := o.e.size
	if prev != nil {
		growth -= prev.size
	} else if o.tomb, err = e.index.number(nameKey(nil, keyTomb, o.bucket.id, o.name)); err != nil {
		return free(err)
	}
	if o.res != nil {
		if err := o.res.settle(growth); err != nil {
			return free(err)
		}
	}
	o.e.modified = e.now().UnixNano()
	if err := e.commit(o); err != nil {
		return Info{}, err
	}
	if prev != nil {
		e.discard(prev.gen, o.dead)
	}
	return o.e.info(k), nil
}

// check evaluates the condition on the live entry or nil.
func (c *Condition) check(k Key, live *entry) error {
	if c.IfGenerationMatch != nil {
		gen := Generation(0)
		if live != nil {
			gen = Generation(live.gen)
		}
		if gen != *c.IfGenerationMatch {
			return fault.New(fault.Precondition, CodePrecondition, "the live generation is %d, not %d", gen, *c.IfGenerationMatch)
		}
	}
	if c.IfMatch == nil {
		return nil
	}
	if live == nil {
		return c.IfMatch(nil)
	}
	info := live.info(k)
	return c.IfMatch(&info)
}

// Delete implements Store.
func (e *Engine) Delete(_ context.Context, k Key, c Condition) (Info, error) {
	if err := validKey(k); err != nil {
		return Info{}, err
	}
	b, err := e.bucketOf(k.Space, k.Bucket)
	if err != nil {
		return Info{}, err
	}
	if err := b.hold(); err != nil {
		return Info{}, err
	}
	defer b.life.RUnlock()
	lock := e.nameLock(b.id, k.Name)
	lock.Lock()
	defer lock.Unlock()
	prev, err := e.index.object(b.id, k.Name)
	if err != nil {
		return Info{}, err
	}
	if err := c.check(k, prev); err != nil {
		return Info{}, err
	}
	if prev == nil {
		return Info{}, noKey(k.Name)
	}
	o := &op{kind: recDelete, bucket: b, name: k.Name, prev: prev}
	if err := e.commit(o); err != nil {
		return Info{}, err
	}
	e.discard(prev.gen, o.dead)
	return prev.info(k), nil
}

// SetMetadata implements Store.
func (e *Engine) SetMetadata(_ context.Context, k Key, headers, meta map[string]string, c Condition) (Info, error) {
	if err := validKey(k); err != nil {
		return Info{}, err
	}
	if err := validMetadata(headers, meta); err != nil {
		return Info{}, err
	}
	b, err := e.bucketOf(k.Space, k.Bucket)
	if err != nil {
		return Info{}, err
	}
	if err := b.hold(); err != nil {
		return Info{}, err
	}
	defer b.life.RUnlock()
	lock := e.nameLock(b.id, k.Name)
	lock.Lock()
	defer lock.Unlock()
	prev, err := e.index.object(b.id, k.Name)
	if err != nil {
		return Info{}, err
	}
	if err := c.check(k, prev); err != nil {
		return Info{}, err
	}
	if prev == nil {
		return Info{}, noKey(k.Name)
	}
	next := *prev
	next.seq = 0
	next.metagen++
	next.headers, next.meta = headers, meta
	o := &op{kind: recPut, bucket: b, name: k.Name, e: &next, prev: prev}
	if err := e.commit(o); err != nil {
		return Info{}, err
	}
	return next.info(k), nil
}

// Copy implements Store.
func (e *Engine) Copy(ctx context.Context, src Key, srcCond Condition, dst Key, o PutOptions, replace bool) (Info, error) {
	if err := validKey(dst); err != nil {
		return Info{}, err
	}
	b, err := e.bucketOf(dst.Space, dst.Bucket)
	if err != nil {
		return Info{}, err
	}
	from, err := e.openChecked(src, srcCond)
	if err != nil {
		return Info{}, err
	}
	defer func() { _ = from.Close() }()
	if !replace {
		o.Headers, o.Meta = from.entry.headers, from.entry.meta
	}
	if err := validMetadata(o.Headers, o.Meta); err != nil {
		return Info{}, err
	}
	res, err := e.admitObject(b, dst.Name, from.entry.size)
	if err != nil {
		return Info{}, err
	}
	defer res.release()
	s, err := e.stageCopy(ctx, from, 0, from.entry.size, o.Compute, e.metaRoom(dst.Name, &o), res)
	if err != nil {
		return Info{}, err
	}
	defer s.drop()
	if o.Verify != nil {
		if err := o.Verify(s.size, s.sums); err != nil {
			return Info{}, err
		}
	}
	return e.putStaged(b, dst, s, &o, res)
}

// stageCopy stages n bytes of an open object from off.
func (e *Engine) stageCopy(ctx context.Context, from *reader, off, n int64, a Algorithm, room int, res *reservation) (*staged, error) {
	if off < 0 || n < 0 || off+n > from.entry.size {
		return nil, fault.New(fault.Invalid, CodeInvalidRange, "the range %d+%d is not in an object of %d bytes", off, n, from.entry.size)
	}
	s, err := e.stage(ctx, io.NewSectionReader(from, off, n), n, a, room, res)
	if err != nil {
		return nil, fmt.Errorf("copying %q: %w", from.key.Name, err)
	}
	return s, nil
}
