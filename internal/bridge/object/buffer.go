package object

import (
	"sync"
	"sync/atomic"
)

// buffer is a pooled byte slice. A record is built in one, with its data read straight into place.
type buffer struct {
	b     []byte
	class int // index into pools, -1: not pooled
}

// Sizes of pooled buffers: a 4 KiB object, a block, and powers up to the default small limit with its record.
var classes = [...]int{6 << 10, 20 << 10, 72 << 10, 136 << 10, 264 << 10, 520 << 10, 1<<20 + 16<<10}

var pools [len(classes)]sync.Pool

// held counts the bytes of pooled buffers in use, over all engines of the process: it only steers whether a middling
// object goes to a segment or to a file.
var held atomic.Int64

// newBuffer gives a buffer of length n and room for extra more bytes.
func newBuffer(n, extra int) *buffer {
	for i, size := range classes {
		if n+extra <= size {
			held.Add(int64(size))
			if b, ok := pools[i].Get().(*buffer); ok {
				b.b = b.b[:n]
				return b
			}
			return &buffer{b: make([]byte, n, size), class: i}
		}
	}
	return &buffer{b: make([]byte, n, n+extra), class: -1}
}

// grow makes room for extra bytes after the present ones and gives the buffer to use from now on.
func (b *buffer) grow(extra int) *buffer {
	if cap(b.b)-len(b.b) >= extra {
		return b
	}
	n := newBuffer(len(b.b), extra)
	copy(n.b, b.b)
	b.free()
	return n
}

// pad fills up with zeros to a multiple of 8.
func (b *buffer) pad() {
	for len(b.b)%8 != 0 {
		b.b = append(b.b, 0)
	}
}

// free gives the buffer back. Nothing may use its bytes afterwards.
func (b *buffer) free() {
	if b == nil || b.class < 0 {
		return
	}
	held.Add(-int64(classes[b.class]))
	if cap(b.b) >= classes[b.class] { // an append may have moved it
		pools[b.class].Put(b)
	}
}
