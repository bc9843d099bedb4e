package object

import (
	"encoding/binary"
	"time"
)

// blockSize is the unit of verification: each block of stored data has its own CRC32C.
const blockSize = 64 << 10

// loc is the place of a record: the segment's id and the record's first byte.
type loc struct {
	seg uint64
	off int64
}

// extent is a run of an object's bytes: in a file of its own, or in a segment.
type extent struct {
	file uint64 // id of the file; 0 when the bytes are in a segment
	seg  uint64 // 0 in a record: the data of that record itself
	off  int64  // of the data in the segment
	size int64
	crcs []byte // of segment data: 4 bytes little-endian per block. A file carries its own at its end
}

func (x *extent) inline() bool { return x.file == 0 && x.seg == 0 }

// entry is the state of one object or of one part of an upload.
type entry struct {
	gen       uint64 // 0 in a record: the record's own sequence number
	seq       uint64 // of the last change that the feed shows; 0 in a record likewise
	rec       loc    // the record that holds this state
	recSize   int64  // header and meta of that record
	metagen   uint64
	size      int64
	modified  int64 // Unix nanoseconds
	sums      Checksums
	composite string
	multi     bool // extents and parts are kept apart, under the generation
	extents   []extent
	parts     []PartInfo
	headers   map[string]string
	meta      map[string]string
}

const entryMulti = 1

// appendBody writes what the record and the index have in common.
func (e *entry) appendBody(b []byte) []byte {
	var flags byte
	if e.multi {
		flags |= entryMulti
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, e.metagen)
	b = binary.AppendUvarint(b, uint64(e.size))
	b = binary.AppendVarint(b, e.modified)
	b = appendSums(b, &e.sums)
	b = appendString(b, e.composite)
	if !e.multi {
		b = appendExtents(b, e.extents)
	}
	b = appendMap(b, e.headers)
	return appendMap(b, e.meta)
}

// body reads appendBody's bytes; brief stops before extents and metadata.
func (d *dec) body(e *entry, brief bool) {
	flags := d.byte()
	e.multi = flags&entryMulti != 0
	e.metagen = d.uint()
	e.size = int64(d.uint())
	e.modified = d.int()
	d.sums(&e.sums)
	e.composite = d.string()
	if brief {
		return
	}
	if !e.multi {
		e.extents = d.extents()
	}
	e.headers = d.stringMap()
	e.meta = d.stringMap()
}

func appendExtents(b []byte, xs []extent) []byte {
	b = binary.AppendUvarint(b, uint64(len(xs)))
	for i := range xs {
		x := &xs[i]
		b = binary.AppendUvarint(b, x.file)
		b = binary.AppendUvarint(b, x.seg)
		b = binary.AppendUvarint(b, uint64(x.off))
		b = binary.AppendUvarint(b, uint64(x.size))
		b = binary.AppendUvarint(b, uint64(len(x.crcs)))
		b = append(b, x.crcs...)
	}
	return b
}

func (d *dec) extents() []extent {
	n := d.count(5)
	if n == 0 {
		return nil
	}
	xs := make([]extent, n)
	for i := range xs {
		xs[i] = extent{file: d.uint(), seg: d.uint(), off: int64(d.uint()), size: int64(d.uint())}
		xs[i].crcs = d.bytes(d.count(1))
	}
	return xs
}

// appendLayout writes extents and parts of an entry that is multi.
func (e *entry) appendLayout(b []byte) []byte {
	b = appendExtents(b, e.extents)
	b = binary.AppendUvarint(b, uint64(len(e.parts)))
	for i := range e.parts {
		p := &e.parts[i]
		b = binary.AppendUvarint(b, uint64(p.Number))
		b = binary.AppendUvarint(b, uint64(p.Size))
		b = binary.AppendVarint(b, p.Modified.UnixNano())
		b = appendSums(b, &p.Sums)
	}
	return b
}

func (d *dec) layout(e *entry) {
	e.extents = d.extents()
	n := d.count(4)
	if n == 0 {
		return
	}
	e.parts = make([]PartInfo, n)
	for i := range e.parts {
		p := &e.parts[i]
		p.Number = int(d.uint())
		p.Size = int64(d.uint())
		p.Modified = time.Unix(0, d.int()).UTC()
		d.sums(&p.Sums)
	}
}

// appendValue is the entry as the index keeps it.
func (e *entry) appendValue(b []byte) []byte {
	b = binary.AppendUvarint(b, e.gen)
	b = binary.AppendUvarint(b, e.seq)
	b = binary.AppendUvarint(b, e.rec.seg)
	b = binary.AppendUvarint(b, uint64(e.rec.off))
	b = binary.AppendUvarint(b, uint64(e.recSize))
	return e.appendBody(b)
}

// value reads appendValue's bytes. The entry aliases them.
func (d *dec) value(e *entry, brief bool) {
	e.gen = d.uint()
	e.seq = d.uint()
	e.rec = loc{seg: d.uint(), off: int64(d.uint())}
	e.recSize = int64(d.uint())
	d.body(e, brief)
}

func (e *entry) info(k Key) Info {
	return Info{
		Key: k, Generation: Generation(e.gen), Metageneration: e.metagen, Size: e.size,
		Modified: time.Unix(0, e.modified).UTC(), Sums: e.sums, Composite: e.composite, Parts: e.parts,
		Headers: e.headers, Meta: e.meta,
	}
}

func (e *entry) partInfo(number int) PartInfo {
	return PartInfo{Number: number, Size: e.size, Modified: time.Unix(0, e.modified).UTC(), Sums: e.sums}
}
