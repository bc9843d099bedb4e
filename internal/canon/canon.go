// Package canon is the canonical byte encoding (docs/spec/encoding.md): fixed-width big-endian fields, length-prefixed lists, domain tags. A value has exactly
// one encoding; a reader refuses everything else. It imports the standard library only.
package canon

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
)

// Hash is SHA-256, the only hash that contracts check.
func Hash(parts ...[]byte) (h [32]byte) {
	s := sha256.New()
	for _, p := range parts {
		s.Write(p)
	}
	s.Sum(h[:0])
	return h
}

// Writer appends fields. The zero value is ready.
type Writer struct{ b []byte }

// Tagged starts a document with its domain tag.
func Tagged(tag string) *Writer { return &Writer{b: []byte(tag)} }

// Bytes is what was written. The writer keeps it.
func (w *Writer) Bytes() []byte { return w.b }

// Sum is the hash of what was written.
func (w *Writer) Sum() [32]byte { return sha256.Sum256(w.b) }

func (w *Writer) U8(v uint8) *Writer   { w.b = append(w.b, v); return w }
func (w *Writer) U16(v uint16) *Writer { w.b = binary.BigEndian.AppendUint16(w.b, v); return w }
func (w *Writer) U32(v uint32) *Writer { w.b = binary.BigEndian.AppendUint32(w.b, v); return w }
func (w *Writer) U64(v uint64) *Writer { w.b = binary.BigEndian.AppendUint64(w.b, v); return w }

// U128 writes 16 bytes. It panics on a negative or wider value: the domain checks its bounds before it encodes.
func (w *Writer) U128(v *big.Int) *Writer {
	if v.Sign() < 0 || v.BitLen() > 128 {
		panic("canon: value outside u128")
	}
	var b [16]byte
	v.FillBytes(b[:])
	return w.Raw(b[:])
}

// Raw writes bytes of a width that the document fixes.
func (w *Writer) Raw(b []byte) *Writer { w.b = append(w.b, b...); return w }

// Blob writes a u32 length and the bytes.
func (w *Writer) Blob(b []byte) *Writer { w.U32(uint32(len(b))); return w.Raw(b) }

// ErrMalformed is in the chain of every decoding error.
var ErrMalformed = errors.New("malformed encoding")

// Reader takes fields from bytes. After the first failure every field is zero; Done tells.
type Reader struct {
	b   []byte
	err error
}

// Read starts reading a document that must begin with tag ("" for a bare value).
func Read(tag string, b []byte) *Reader {
	r := &Reader{b: b}
	if string(r.Raw(len(tag))) != tag && r.err == nil {
		r.fail("it does not start with %q", tag)
	}
	return r
}

func (r *Reader) fail(format string, a ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, a...))
		r.b = nil
	}
}

// Fail makes the reader refuse the document for a reason of its caller.
func (r *Reader) Fail(format string, a ...any) { r.fail(format, a...) }

// Err is the first failure so far.
func (r *Reader) Err() error { return r.err }

// Done is the first failure, or that bytes are left over.
func (r *Reader) Done() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes too many", len(r.b))
	}
	return r.err
}

// Raw takes n bytes; the result is the reader's own memory.
func (r *Reader) Raw(n int) []byte {
	if r.err != nil || n < 0 || len(r.b) < n {
		r.fail("it ends early")
		return make([]byte, min(max(n, 0), 128))
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *Reader) U8() uint8   { return r.Raw(1)[0] }
func (r *Reader) U16() uint16 { return binary.BigEndian.Uint16(r.Raw(2)) }
func (r *Reader) U32() uint32 { return binary.BigEndian.Uint32(r.Raw(4)) }
func (r *Reader) U64() uint64 { return binary.BigEndian.Uint64(r.Raw(8)) }

// U128 takes 16 bytes.
func (r *Reader) U128() *big.Int { return new(big.Int).SetBytes(r.Raw(16)) }

// B32 takes 32 bytes.
func (r *Reader) B32() (v [32]byte) { copy(v[:], r.Raw(32)); return v }

// Blob takes a length and so many bytes, at most limit.
func (r *Reader) Blob(limit int) []byte {
	n := int(r.U32())
	if n > limit {
		r.fail("a field of %d bytes, at most %d", n, limit)
		return nil
	}
	return append([]byte(nil), r.Raw(n)...)
}

// Count takes a list's count, at most limit.
func (r *Reader) Count(limit int) int {
	n := int(r.U32())
	if n > limit {
		r.fail("a list of %d, at most %d", n, limit)
		return 0
	}
	if r.err != nil {
		return 0
	}
	return n
}
