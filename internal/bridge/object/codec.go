package object

import (
	"encoding/binary"
	"errors"
	"slices"
)

// The encodings below are the on-disk format, version 1: see docs/disk-format.md. Integers are varints unless a
// width is named; strings and lists are preceded by their length.

var errEncoding = errors.New("malformed encoding")

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// appendMap writes in key order, so that equal maps have equal bytes.
func appendMap(b []byte, m map[string]string) []byte {
	b = binary.AppendUvarint(b, uint64(len(m)))
	switch len(m) {
	case 0:
		return b
	case 1:
		for k, v := range m {
			b = appendString(appendString(b, k), v)
		}
		return b
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b = appendString(appendString(b, k), m[k])
	}
	return b
}

func mapSize(m map[string]string) int {
	n := 0
	for k, v := range m {
		n += len(k) + len(v) + 6
	}
	return n
}

// sumLengths are the widths of the checksums in the order of their bits.
var sumLengths = [6]int{4, 4, 8, 20, 32, 16}

func (s *Checksums) fields() [6]*[]byte {
	return [6]*[]byte{&s.CRC32C, &s.CRC32, &s.CRC64NVME, &s.SHA1, &s.SHA256, &s.MD5}
}

// algorithms is the set of sums that are there.
func (s *Checksums) algorithms() Algorithm {
	var a Algorithm
	for i, f := range s.fields() {
		if *f != nil {
			a |= 1 << i
		}
	}
	return a
}

func appendSums(b []byte, s *Checksums) []byte {
	b = append(b, byte(s.algorithms()))
	for _, f := range s.fields() {
		b = append(b, *f...)
	}
	return b
}

// dec reads an encoding. After the first malformed field it gives zero values, and bad is set. Byte fields alias
// the input.
type dec struct {
	b   []byte
	bad bool
}

func (d *dec) err() error {
	if d.bad {
		return errEncoding
	}
	return nil
}

func (d *dec) fail() {
	d.b, d.bad = nil, true
}

func (d *dec) uint() uint64 {
	if len(d.b) > 0 && d.b[0] < 0x80 {
		v := d.b[0]
		d.b = d.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *dec) int() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *dec) byte() byte {
	if len(d.b) == 0 {
		d.fail()
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *dec) bytes(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.fail()
		return nil
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

// count reads the length of a list whose elements take at least size bytes each.
func (d *dec) count(size int) int {
	n := d.uint()
	if n > uint64(len(d.b)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *dec) string() string { return string(d.bytes(d.count(1))) }

func (d *dec) stringMap() map[string]string {
	n := d.count(2)
	if n == 0 {
		return nil
	}
	m := make(map[string]string, n)
	for range n {
		k := d.string()
		m[k] = d.string()
	}
	return m
}

func (d *dec) sums(s *Checksums) {
	mask := d.byte()
	for i, f := range s.fields() {
		if mask&(1<<i) != 0 {
			*f = d.bytes(sumLengths[i])
		}
	}
}

func (d *dec) fixed64() uint64 {
	b := d.bytes(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
