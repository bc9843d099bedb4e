package object

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sort"
	"sync"

	"github.com/flashback-network/flashback/internal/fault"
)

// reader is an open object. Everything it needs is pinned until Close.
type reader struct {
	e     *Engine
	key   Key
	entry *entry
	inf   Info
	segs  []*segment // pinned; of the extent of the same index, nil for files
	one   [1]*segment
	ends  []int64 // end of each extent in the object, of more than one
	held  bool    // the generation is pinned

	mu     sync.Mutex
	files  map[uint64]diskFile
	closed bool
}

var _ Object = (*reader)(nil)

// Open implements Store.
func (e *Engine) Open(_ context.Context, k Key, g Generation) (Object, error) {
	r, err := e.openKey(k)
	if err != nil {
		return nil, err
	}
	if g != 0 && r.entry.gen != uint64(g) {
		return nil, errors.Join(noGeneration(k.Name, g), r.Close())
	}
	return r, nil
}

func noGeneration(name string, g Generation) error {
	return fault.New(fault.NotFound, CodeNoGeneration, "no generation %d of %q", g, name)
}

// openChecked opens the live object if c holds for it.
func (e *Engine) openChecked(k Key, c Condition) (*reader, error) {
	r, err := e.openKey(k)
	if err != nil {
		return nil, err
	}
	if err := c.check(k, r.entry); err != nil {
		_ = r.Close()
		return nil, err
	}
	return r, nil
}

func (e *Engine) openKey(k Key) (*reader, error) {
	if err := validKey(k); err != nil {
		return nil, err
	}
	b, err := e.bucketOf(k.Space, k.Bucket)
	if err != nil {
		return nil, err
	}
	e.opening.RLock()
	defer e.opening.RUnlock()
	ent, err := e.index.object(b.id, k.Name)
	if err != nil {
		return nil, err
	}
	if ent == nil {
		return nil, noKey(k.Name)
	}
	return e.newReader(k, ent)
}

// newReader pins what ent needs. The caller holds opening.
func (e *Engine) newReader(k Key, ent *entry) (*reader, error) {
	r := &reader{e: e, key: k, entry: ent, inf: ent.info(k)}
	r.segs = r.one[:len(r.one):len(r.one)]
	if n := len(ent.extents); n > 1 {
		r.segs = make([]*segment, n)
		r.ends = make([]int64, n)
	}
	end := int64(0)
	for i := range ent.extents {
		x := &ent.extents[i]
		if end += x.size; r.ends != nil {
			r.ends[i] = end
		}
		if x.file != 0 {
			if !r.held {
				e.pins.hold(ent.gen)
				r.held = true
			}
			continue
		}
		e.segMu.RLock()
		s := e.segs[x.seg]
		if s != nil {
			s.refs.Add(1)
		}
		e.segMu.RUnlock()
		if s == nil {
			_ = r.Close()
			return nil, e.corrupt(k, 0, fmt.Errorf("segment %016x is missing", x.seg))
		}
		r.segs[i] = s
	}
	return r, nil
}

// Stat implements Store.
func (e *Engine) Stat(_ context.Context, k Key, g Generation) (Info, error) {
	if err := validKey(k); err != nil {
		return Info{}, err
	}
	b, err := e.bucketOf(k.Space, k.Bucket)
	if err != nil {
		return Info{}, err
	}
	e.opening.RLock() // an object of parts is read in two steps
	ent, err := e.index.object(b.id, k.Name)
	e.opening.RUnlock()
	if err != nil {
		return Info{}, err
	}
	if ent == nil {
		return Info{}, noKey(k.Name)
	}
	if g != 0 && ent.gen != uint64(g) {
		return Info{}, noGeneration(k.Name, g)
	}
	return ent.info(k), nil
}

func (e *Engine) corrupt(k Key, off int64, cause error) error {
	e.log.Error("corrupt object", "space", k.Space, "bucket", k.Bucket, "name", k.Name, "offset", off, "err", cause)
	return fault.Wrap(cause, fault.Corrupt, CodeCorrupt, "stored bytes of %q at %d do not match their checksum", k.Name, off)
}

// Info implements Object.
func (r *reader) Info() *Info { return &r.inf }

// Close implements Object.
func (r *reader) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	files := r.files
	r.files = nil
	r.mu.Unlock()
	var err error
	for _, f := range files {
		err = errors.Join(err, f.Close())
	}
	for _, s := range r.segs {
		if s != nil {
			s.release()
		}
	}
	if r.held {
		r.e.removeFiles(r.e.pins.drop(r.entry.gen))
	}
	return err
}

// extentAt finds the extent that holds off, and the object's offset where it begins.
func (r *reader) extentAt(off int64) (i int, start int64) {
	if r.ends == nil {
		return 0, 0
	}
	i = sort.Search(len(r.ends), func(i int) bool { return r.ends[i] > off })
	if i > 0 {
		start = r.ends[i-1]
	}
	return i, start
}

// file opens the file of an extent, once.
func (r *reader) file(id uint64) (diskFile, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.files[id]; f != nil {
		return f, nil
	}
	if r.closed {
		return nil, os.ErrClosed
	}
	f, err := r.e.disk.open(r.e.filePath(id))
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = r.e.corrupt(r.key, 0, err)
		}
		return nil, err
	}
	if r.files == nil {
		r.files = map[uint64]diskFile{}
	}
	if len(r.files) >= 64 { // an object of very many parts does not hold very many files
		for old, f := range r.files {
			_ = f.Close()
			delete(r.files, old)
			break
		}
	}
	r.files[id] = f
	return f, nil
}

// ReadAt implements io.ReaderAt. Every block that it touches is checked whole.
func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fault.New(fault.Invalid, CodeInvalidRange, "negative offset")
	}
	done := 0
	for done < len(p) {
		if off >= r.entry.size {
			return done, io.EOF
		}
		i, start := r.extentAt(off)
		x := &r.entry.extents[i]
		n := int(min(int64(len(p)-done), start+x.size-off))
		if err := r.readExtent(i, p[done:done+n], off-start); err != nil {
			return done, err
		}
		done += n
		off += int64(n)
	}
	return done, nil
}

// readExtent fills p from off in one extent, block by block.
func (r *reader) readExtent(i int, p []byte, off int64) error {
	x := &r.entry.extents[i]
	for len(p) > 0 {
		first := off &^ (blockSize - 1)
		size := min(blockSize, x.size-first)
		n := int(min(first+size-off, int64(len(p))))
		if off == first && int64(n) == size { // a whole block goes straight to its place
			if err := r.readBlocks(i, p[:n], first); err != nil {
				return err
			}
		} else {
			buf := newBuffer(int(size), 0)
			err := r.readBlocks(i, buf.b, first)
			copy(p[:n], buf.b[off-first:])
			buf.free()
			if err != nil {
				return err
			}
		}
		p = p[n:]
		off += int64(n)
	}
	return nil
}

// readBlocks fills p, whole blocks of one extent from off on, and checks them.
func (r *reader) readBlocks(i int, p []byte, off int64) error {
	x := &r.entry.extents[i]
	var crcs []byte
	if x.file == 0 {
		if _, err := r.segs[i].f.ReadAt(p, x.off+off); err != nil {
			return r.readFault(off, err)
		}
		crcs = x.crcs
	} else {
		f, err := r.file(x.file)
		if err != nil {
			return err
		}
		if _, err := f.ReadAt(p, off); err != nil {
			return r.readFault(off, err)
		}
		var table [4 * writeChunk / blockSize]byte
		crcs = table[:4*blocks(int64(len(p)))]
		if _, err := f.ReadAt(crcs, x.size+4*(off/blockSize)); err != nil {
			return r.readFault(off, err)
		}
		return r.check(p, crcs, off)
	}
	at := 4 * int(off/blockSize)
	n := 4 * int(blocks(int64(len(p))))
	if at+n > len(crcs) {
		return r.e.corrupt(r.key, off, errEncoding)
	}
	return r.check(p, crcs[at:at+n], off)
}

func (r *reader) readFault(off int64, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.e.corrupt(r.key, off, err)
	}
	return fault.Wrap(err, fault.Unavailable, CodeDiskFailed, "the node's disk cannot read %q", r.key.Name)
}

// check compares blocks with their sums.
func (r *reader) check(p, crcs []byte, off int64) error {
	for len(p) > 0 {
		n := min(len(p), blockSize)
		if want, got := binary.LittleEndian.Uint32(crcs), crc32.Checksum(p[:n], castagnoli); want != got {
			return r.e.corrupt(r.key, off, fmt.Errorf("crc32c is %08x, not %08x", got, want))
		}
		p, crcs = p[n:], crcs[4:]
		off += int64(n)
	}
	return nil
}

// WriteRange implements Object.
func (r *reader) WriteRange(w io.Writer, off, n int64) (int64, error) {
	if off < 0 || n < 0 || off+n > r.entry.size {
		return 0, fault.New(fault.Invalid, CodeInvalidRange, "the range %d+%d is not in an object of %d bytes", off, n, r.entry.size)
	}
	done := int64(0)
	for done < n {
		i, start := r.extentAt(off)
		x := &r.entry.extents[i]
		want := min(n-done, start+x.size-off)
		m, err := r.writeExtent(w, i, off-start, want)
		done += m
		off += m
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// writeExtent sends n bytes of one extent, through a buffer in which they are checked: sendfile would send pages that
// nobody looked at, and with a check through a mapping it costs more than this (docs/decisions/0010-object-index.md).
func (r *reader) writeExtent(w io.Writer, i int, off, n int64) (int64, error) {
	x := &r.entry.extents[i]
	chunk := int64(writeChunk)
	if held.Load() > heldLimit { // very many slow readers: each holds one block only
		chunk = blockSize
	}
	done := int64(0)
	for done < n {
		first := off &^ (blockSize - 1)
		last := min((off+n-done+blockSize-1)&^(blockSize-1), x.size, first+chunk)
		buf := newBuffer(int(last-first), 0)
		err := r.readBlocks(i, buf.b, first)
		if err != nil {
			buf.free()
			return done, err
		}
		m, err := w.Write(buf.b[off-first : min(last-first, off-first+n-done)])
		buf.free()
		done += int64(m)
		off += int64(m)
		if err != nil {
			return done, fmt.Errorf("sending: %w", err)
		}
	}
	return done, nil
}
