package host

import (
	"encoding/binary"
	"errors"
)

var errShort = errors.New("host: answer too short")

// message is a request being written: blobs, each a u32le length and that many bytes.
type message []byte

func (m *message) blob(b []byte) {
	*m = binary.LittleEndian.AppendUint32(*m, uint32(len(b)))
	*m = append(*m, b...)
}
func (m *message) u32(v uint32) { m.blob(binary.LittleEndian.AppendUint32(nil, v)) }
func (m *message) u64(v uint64) { m.blob(binary.LittleEndian.AppendUint64(nil, v)) }
func (m *message) list(l [][]byte) {
	m.u32(uint32(len(l)))
	for _, b := range l {
		m.blob(b)
	}
}

// answer is a reply being read. The first malformed field sets err and makes every later read return zero.
type answer struct {
	b   []byte
	err error
}

func (a *answer) blob() []byte {
	if a.err != nil {
		return nil
	}
	if len(a.b) < 4 {
		a.err = errShort
		return nil
	}
	n := int(binary.LittleEndian.Uint32(a.b))
	if n > len(a.b)-4 {
		a.err = errShort
		return nil
	}
	v := a.b[4 : 4+n : 4+n]
	a.b = a.b[4+n:]
	return v
}

func (a *answer) fixed(n int) []byte {
	b := a.blob()
	if a.err == nil && len(b) != n {
		a.err = errShort
	}
	if a.err != nil {
		return make([]byte, n)
	}
	return b
}
func (a *answer) u32() uint32 { return binary.LittleEndian.Uint32(a.fixed(4)) }
func (a *answer) i64() int64  { return int64(binary.LittleEndian.Uint64(a.fixed(8))) }
func (a *answer) list() [][]byte {
	n := a.u32()
	if uint64(n)*4 > uint64(len(a.b)) {
		a.err = errShort
		return nil
	}
	l := make([][]byte, n)
	for i := range l {
		l[i] = a.blob()
	}
	return l
}
