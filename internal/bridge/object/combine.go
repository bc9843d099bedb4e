package object

import "encoding/binary"

// crcField multiplies modulo the polynomial of a reflected CRC, which is what it takes to find the CRC of two
// runs of bytes from the CRC of each (as in zlib's crc32_combine).
type crcField struct {
	poly, top uint64
	squares   [67]uint64 // x^(2^n)
}

var (
	field32C = newField(0x82f63b78, 32)
	field32  = newField(0xedb88320, 32)
	field64  = newField(0x9a6c9329ac4bc9b5, 64)
	oneBlock = field32C.shift(blockSize)
)

func newField(poly uint64, width uint) *crcField {
	f := &crcField{poly: poly, top: 1 << (width - 1)}
	x := f.top >> 1
	for i := range f.squares {
		f.squares[i] = x
		x = f.multiply(x, x)
	}
	return f
}

func (f *crcField) multiply(a, b uint64) uint64 {
	var p uint64
	for m := f.top; m != 0; m >>= 1 {
		if a&m != 0 {
			p ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ f.poly
		} else {
			b >>= 1
		}
	}
	return p
}

// shift is x^(8n): multiplying a CRC by it appends n zero bytes.
func (f *crcField) shift(n int64) uint64 {
	p := f.top
	for i := 3; n != 0; i, n = i+1, n>>1 {
		if n&1 != 0 {
			p = f.multiply(f.squares[i], p)
		}
	}
	return p
}

// combine gives the CRC of a followed by b, which has n bytes.
func (f *crcField) combine(a, b uint64, n int64) uint64 { return f.multiply(f.shift(n), a) ^ b }

// join appends b's sums, of n bytes, to s as far as the algorithms allow it; a sum that only one has is dropped.
func (s *Checksums) join(b *Checksums, n int64) {
	join := func(x, y []byte, f *crcField) []byte {
		if x == nil || y == nil {
			return nil
		}
		return sumBytes(f.combine(sumNumber(x), sumNumber(y), n), len(x))
	}
	*s = Checksums{
		CRC32C:    join(s.CRC32C, b.CRC32C, field32C),
		CRC32:     join(s.CRC32, b.CRC32, field32),
		CRC64NVME: join(s.CRC64NVME, b.CRC64NVME, field64),
	}
}

func sumNumber(b []byte) uint64 {
	if len(b) == 8 {
		return binary.BigEndian.Uint64(b)
	}
	return uint64(binary.BigEndian.Uint32(b))
}

func sumBytes(v uint64, n int) []byte {
	if n == 8 {
		return binary.BigEndian.AppendUint64(nil, v)
	}
	return binary.BigEndian.AppendUint32(nil, uint32(v))
}
