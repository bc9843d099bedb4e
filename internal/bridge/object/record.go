package object

import (
	"encoding/binary"
	"hash/crc32"
)

// A segment is a header and then records, each one change of the store. The log of all segments, in order of their
// ids, is the truth; the index follows it.

const (
	segmentMagic  = "FBOSEG01"
	segmentHeader = 64
	recordMagic   = 0x31434246 // "FBC1"
	recordHeader  = 64
	maxMeta       = 8 << 20
)

type recordKind uint8

const (
	recBucket     recordKind = 1 // create or reconfigure
	recBucketGone recordKind = 2
	recPut        recordKind = 3
	recDelete     recordKind = 4
	recUpload     recordKind = 5
	recUploadGone recordKind = 6
	recPart       recordKind = 7
)

const (
	flagLast   = 1 << iota // the last record of its batch
	flagMoved              // the state was there before: written again by compaction
	flagSilent             // not shown in the feed of changes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header of a record, in its decoded form. Layout, little-endian: magic u32, crc u32 (of all that follows in header
// and meta), kind u8, flags u8, 2 zero bytes, meta u32, data u32, crc of the data u32, batch u64, seq u64,
// time i64, position in the batch u32, 4 zero bytes, segment u64.
type header struct {
	kind    recordKind
	flags   uint8
	meta    int // bytes of meta, a multiple of 8
	data    int // bytes of data
	dataCRC uint32
	batch   uint64
	seq     uint64
	time    int64
	index   uint32
	seg     uint64
}

func align8(n int) int { return (n + 7) &^ 7 }

// length of the whole record on disk.
func (h *header) length() int64 { return int64(align8(recordHeader + h.meta + h.data)) }

// seal writes the header over the first bytes of rec, whose meta is in place.
func (h *header) seal(rec []byte) {
	le := binary.LittleEndian
	le.PutUint32(rec, recordMagic)
	rec[8], rec[9], rec[10], rec[11] = byte(h.kind), h.flags, 0, 0
	le.PutUint32(rec[12:], uint32(h.meta))
	le.PutUint32(rec[16:], uint32(h.data))
	le.PutUint32(rec[20:], h.dataCRC)
	le.PutUint64(rec[24:], h.batch)
	le.PutUint64(rec[32:], h.seq)
	le.PutUint64(rec[40:], uint64(h.time))
	le.PutUint32(rec[48:], h.index)
	le.PutUint32(rec[52:], 0)
	le.PutUint64(rec[56:], h.seg)
	le.PutUint32(rec[4:], crc32.Checksum(rec[8:recordHeader+h.meta], castagnoli))
}

// parseHeader reads a header without checking its sum, which needs the meta too. It reports false for what
// cannot be one.
func parseHeader(b []byte) (h header, ok bool) {
	le := binary.LittleEndian
	if len(b) < recordHeader || le.Uint32(b) != recordMagic {
		return h, false
	}
	h = header{
		kind: recordKind(b[8]), flags: b[9], meta: int(le.Uint32(b[12:])), data: int(le.Uint32(b[16:])), dataCRC: le.Uint32(b[20:]),
		batch: le.Uint64(b[24:]), seq: le.Uint64(b[32:]), time: int64(le.Uint64(b[40:])), index: le.Uint32(b[48:]), seg: le.Uint64(b[56:]),
	}
	return h, h.meta <= maxMeta && h.meta%8 == 0
}

// headerHolds checks the sum over header and meta.
func headerHolds(b []byte, meta int) bool {
	return binary.LittleEndian.Uint32(b[4:]) == crc32.Checksum(b[8:recordHeader+meta], castagnoli)
}

func segmentHead(id uint64) []byte {
	b := make([]byte, segmentHeader)
	copy(b, segmentMagic)
	binary.LittleEndian.PutUint64(b[8:], id)
	binary.LittleEndian.PutUint32(b[16:], crc32.Checksum(b[:16], castagnoli))
	return b
}
