package object

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/flashback-network/flashback/internal/fault"
)

// staged is the content of a write, read and summed, that no record names yet: either in a record's buffer, behind
// room for its metadata, or in a file without a name.
type staged struct {
	size int64
	sums Checksums
	crcs []byte // of the blocks, small only
	buf  *buffer
	meta int // room for metadata in buf
	file diskFile
}

// drop throws away what was not handed on.
func (s *staged) drop() {
	s.buf.free()
	s.buf = nil
	if s.file != nil {
		_ = s.file.Close() // without a name the file is gone with it
		s.file = nil
	}
}

// heldLimit bounds what middling objects may hold in memory at once; beyond it they go to files.
const heldLimit = 64 << 20

// stage reads r, of size bytes or -1, and computes sums. room is what the record's metadata may take. res is grown
// as bytes come when the size is not known.
func (e *Engine) stage(ctx context.Context, r io.Reader, size int64, a Algorithm, room int, res *reservation) (*staged, error) {
	if err := e.broken(); err != nil {
		return nil, err
	}
	if err := e.space.admit(max(size, 0)); err != nil {
		return nil, err
	}
	room = align8(room)
	switch {
	case size < 0:
		return e.stageUnknown(ctx, r, a, room, res)
	case size > e.options.SmallLimit, size > blockSize && held.Load() > heldLimit:
		return e.stageFile(ctx, r, nil, size, a, res)
	}
	s := &staged{size: size, meta: room, buf: newBuffer(recordHeader+room+int(size), 8)}
	data := s.buf.b[recordHeader+room:]
	if err := readExact(ctx, r, data); err != nil {
		s.drop()
		return nil, err
	}
	s.sum(a)
	return s, nil
}

// sum computes the sums of small content.
func (s *staged) sum(a Algorithm) {
	data := s.buf.b[recordHeader+s.meta:]
	s.size = int64(len(data))
	if len(data) == 0 {
		s.sums = sumAll(nil, 0, a)
		return
	}
	s.crcs = blockSums(nil, data)
	whole := binary.LittleEndian.Uint32(s.crcs)
	if len(s.crcs) > 4 {
		whole = crc32.Checksum(data, castagnoli)
	}
	s.sums = sumAll(data, whole, a)
}

// readExact fills p and makes sure that r ends there.
func readExact(ctx context.Context, r io.Reader, p []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	if _, err := io.ReadFull(r, p); err != nil {
		return bodyFault(err)
	}
	return atEnd(r)
}

// readUp fills p as io.ReadFull does, but gives r's own error, so that a body that was cut is not taken for one
// that ended.
func readUp(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	if n == len(p) {
		return n, nil
	}
	return n, err
}

// atEnd makes sure that r has no more bytes.
func atEnd(r io.Reader) error {
	var one [1]byte
	for range 100 {
		n, err := r.Read(one[:])
		if n > 0 {
			return fault.New(fault.Invalid, CodeBodyTooLong, "the body is longer than its stated length")
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return bodyFault(err)
		}
	}
	return io.ErrNoProgress
}

func bodyFault(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return fault.Wrap(err, fault.Invalid, CodeIncompleteBody, "the body ended before its stated length")
	}
	return fmt.Errorf("reading the body: %w", err)
}

// stageUnknown reads into memory until the content proves large.
func (e *Engine) stageUnknown(ctx context.Context, r io.Reader, a Algorithm, room int, res *reservation) (*staged, error) {
	s := &staged{meta: room, buf: newBuffer(recordHeader+room, 4<<10)}
	head := recordHeader + room
	for {
		have := len(s.buf.b) - head
		if int64(have) > e.options.SmallLimit || have >= blockSize && held.Load() > heldLimit {
			f, err := e.stageFile(ctx, r, s.buf.b[head:], -1, a, res)
			s.drop()
			return f, err
		}
		s.buf = s.buf.grow(max(4<<10, min(have, 256<<10)) + 8)
		free := s.buf.b[len(s.buf.b) : cap(s.buf.b)-8]
		if err := ctx.Err(); err != nil {
			s.drop()
			return nil, fmt.Errorf("reading the body: %w", err)
		}
		n, err := r.Read(free)
		s.buf.b = s.buf.b[:len(s.buf.b)+n]
		if res != nil && int64(have+n) > res.n {
			if err := res.grow(int64(have+n) - res.n); err != nil {
				s.drop()
				return nil, err
			}
		}
		if err == io.EOF { //nolint:errorlint // only the plain end is an end
			s.sum(a)
			return s, nil
		}
		if err != nil {
			s.drop()
			return nil, bodyFault(err)
		}
	}
}

// stageFile reads into a file, first what was read already.
func (e *Engine) stageFile(ctx context.Context, r io.Reader, first []byte, size int64, a Algorithm, res *reservation) (*staged, error) {
	w, err := e.newFileWriter(size, a)
	if err != nil {
		return nil, err
	}
	s := &staged{file: w.f}
	if err := e.fill(ctx, w, r, first, res); err != nil {
		s.drop()
		return nil, err
	}
	if err := w.finish(); err != nil {
		s.drop()
		return nil, e.writeFault("finishing a file", err)
	}
	s.size, s.sums = w.sum.size, w.sum.sums()
	return s, nil
}

func (e *Engine) fill(ctx context.Context, w *fileWriter, r io.Reader, first []byte, res *reservation) error {
	chunk := writeChunk
	if held.Load() > heldLimit {
		chunk = blockSize
	}
	buf := newBuffer(chunk, 0)
	defer buf.free()
	n := 0 // bytes in buf
	for ended := false; !ended; {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("reading the body: %w", err)
		}
		if len(first) > 0 {
			c := copy(buf.b[n:], first)
			first, n = first[c:], n+c
		}
		want := chunk
		if w.known >= 0 {
			want = int(min(int64(chunk), w.known-w.sum.size))
		}
		if n < want {
			m, err := readUp(r, buf.b[n:want])
			n += m
			if w.known < 0 && err == io.EOF { //nolint:errorlint // only the plain end is an end
				ended = true
			} else if err != nil {
				return bodyFault(err)
			}
		}
		if w.known >= 0 && w.sum.size+int64(n) == w.known {
			if err := atEnd(r); err != nil {
				return err
			}
			ended = true
		}
		if w.known < 0 {
			if err := e.space.admit(int64(n)); err != nil {
				return err
			}
			if total := w.sum.size + int64(n); res != nil && total > res.n {
				if err := res.grow(total - res.n); err != nil {
					return err
				}
			}
		}
		if err := w.write(buf.b[:n]); err != nil {
			return e.writeFault("writing a file", err)
		}
		n = 0
	}
	return nil
}
