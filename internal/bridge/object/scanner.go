package object

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// scanner reads the records of a segment in order, checking all of each.
type scanner struct {
	s     *segment
	off   int64 // the next record
	at    int64 // the record that next gave
	buf   *buffer
	start int64 // of buf in the segment
	plain bool  // do not check the data
}

const scanWindow = 256 << 10

func newScanner(s *segment, off int64) *scanner {
	return &scanner{s: s, off: off, buf: newBuffer(0, scanWindow)}
}

func (c *scanner) close() { c.buf.free() }

// bytes gives n bytes at off, fewer at the segment's end. They are valid until the next call.
func (c *scanner) bytes(off int64, n int) ([]byte, error) {
	if i := off - c.start; i >= 0 && i+int64(n) <= int64(len(c.buf.b)) {
		return c.buf.b[i : i+int64(n)], nil
	}
	c.buf.b = c.buf.b[:0]
	c.buf = c.buf.grow(max(n, scanWindow))
	want := max(n, scanWindow)
	got, err := c.s.f.ReadAt(c.buf.b[:want], off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	c.start, c.buf.b = off, c.buf.b[:got]
	return c.buf.b[:min(n, got)], nil
}

// next gives the record at off and moves behind it. It reports false, and stays, where no whole record is. meta is
// a copy.
func (c *scanner) next() (h header, meta []byte, ok bool, err error) {
	if c.off < segmentHeader {
		c.off = segmentHeader
	}
	h, meta, ok, err = c.record(c.off)
	if ok && err == nil {
		c.at = c.off
		c.off += h.length()
	}
	return h, meta, ok, err
}

func (c *scanner) record(off int64) (h header, meta []byte, ok bool, err error) {
	b, err := c.bytes(off, recordHeader)
	if err != nil {
		return h, nil, false, err
	}
	if h, ok = parseHeader(b); !ok || h.seg != c.s.id {
		return h, nil, false, nil
	}
	b, err = c.bytes(off, recordHeader+h.meta)
	if err != nil || len(b) < recordHeader+h.meta || !headerHolds(b, h.meta) {
		return h, nil, false, err
	}
	meta = append([]byte(nil), b[recordHeader:]...)
	if c.plain {
		size, err := c.s.f.size()
		return h, meta, off+h.length() <= size, err
	}
	crc := uint32(0)
	for done := 0; done < h.data; {
		n := min(h.data-done, scanWindow)
		b, err := c.bytes(off+int64(recordHeader+h.meta+done), n)
		if err != nil || len(b) < n {
			return h, nil, false, err
		}
		crc = crc32.Update(crc, castagnoli, b)
		done += n
	}
	return h, meta, crc == h.dataCRC, nil
}

// search finds the first whole record at or after off, -1 when there is none.
func (c *scanner) search(off int64) (header, int64, error) {
	for {
		b, err := c.bytes(off, scanWindow)
		if err != nil || len(b) < recordHeader {
			return header{}, -1, err
		}
		n := len(b)
		for i := 0; i+4 <= n; i += 8 {
			if binary.LittleEndian.Uint32(b[i:]) != recordMagic {
				continue
			}
			h, _, ok, err := c.record(off + int64(i))
			if err != nil || ok {
				return h, off + int64(i), err
			}
			if b, err = c.bytes(off, scanWindow); err != nil || len(b) < n { // record moved the window
				return header{}, -1, err
			}
		}
		off += int64(n &^ 7)
	}
}
