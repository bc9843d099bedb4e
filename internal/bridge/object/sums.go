package object

import (
	"crypto/md5"  //nolint:gosec // S3's entity tags are MD5
	"crypto/sha1" //nolint:gosec // one of S3's checksums
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/crc32"

	"github.com/minio/crc64nvme"
)

// sumAll computes the sums of bytes that are all in memory.
func sumAll(data []byte, crc32c uint32, a Algorithm) Checksums {
	s := Checksums{CRC32C: binary.BigEndian.AppendUint32(nil, crc32c)}
	if a&CRC32 != 0 {
		s.CRC32 = binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
	}
	if a&CRC64NVME != 0 {
		s.CRC64NVME = binary.BigEndian.AppendUint64(nil, crc64nvme.Checksum(data))
	}
	if a&SHA1 != 0 {
		h := sha1.Sum(data) //nolint:gosec // see above
		s.SHA1 = h[:]
	}
	if a&SHA256 != 0 {
		h := sha256.Sum256(data)
		s.SHA256 = h[:]
	}
	if a&MD5 != 0 {
		h := md5.Sum(data) //nolint:gosec // see above
		s.MD5 = h[:]
	}
	return s
}

// summer computes sums of a stream. CRC32C is made from the blocks' own sums, so those bytes are read once.
type summer struct {
	crc32c uint32
	size   int64
	blocks []byte // of the stream so far, in whole blocks but the last
	hashes [6]hash.Hash
}

func newSummer(a Algorithm) *summer {
	s := new(summer)
	if a&CRC32 != 0 {
		s.hashes[1] = crc32.NewIEEE()
	}
	if a&CRC64NVME != 0 {
		s.hashes[2] = crc64nvme.New()
	}
	if a&SHA1 != 0 {
		s.hashes[3] = sha1.New() //nolint:gosec // see above
	}
	if a&SHA256 != 0 {
		s.hashes[4] = sha256.New()
	}
	if a&MD5 != 0 {
		s.hashes[5] = md5.New() //nolint:gosec // see above
	}
	return s
}

// add takes bytes; all calls but the last bring whole blocks.
func (s *summer) add(b []byte) {
	for _, h := range s.hashes {
		if h != nil {
			_, _ = h.Write(b) // a hash never fails
		}
	}
	for len(b) > 0 {
		n := min(len(b), blockSize)
		c := crc32.Checksum(b[:n], castagnoli)
		s.blocks = binary.LittleEndian.AppendUint32(s.blocks, c)
		shift := oneBlock
		if n < blockSize {
			shift = field32C.shift(int64(n))
		}
		s.crc32c = uint32(field32C.multiply(shift, uint64(s.crc32c))) ^ c
		s.size += int64(n)
		b = b[n:]
	}
}

func (s *summer) sums() Checksums {
	c := Checksums{CRC32C: binary.BigEndian.AppendUint32(nil, s.crc32c)}
	for i, f := range c.fields() {
		if h := s.hashes[i]; h != nil {
			*f = h.Sum(nil)
		}
	}
	return c
}
