package object

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"
)

// op is one change of the store: what its record says, and what it replaces.
type op struct {
	kind   recordKind
	flags  uint8
	bucket *bucket
	name   string

	e      *entry       // put, part: the new state; a replayed end of an upload: the object of its name, whose files stay
	prev   *entry       // put, delete, part: the state that it replaces, or nil
	tomb   uint64       // put without prev: the change of the name's last deletion, or 0
	upload string       // put: the upload that it completes; upload, part: the upload
	number int          // part
	up     *uploadEntry // upload
	oldUp  *uploadEntry // upload: its state before, when it is only moved
	parts  []storedPart // put that completes, end of an upload: all its stored parts
	state  Bucket       // bucket
	id     uint64       // bucket: its id
	res    *reservation

	head header
	buf  *buffer // record being built; its data, if any, is in place
	dir  string  // directory to sync before the change is acknowledged, or ""

	at    loc      // where the record went
	delta Usage    // of the bucket's space
	dead  []uint64 // files that nothing refers to any more
	err   error
	done  chan struct{}
}

// storedPart is a part of an unfinished upload.
type storedPart struct {
	number int
	e      *entry
}

// appendMeta writes what the record says besides its header and data.
func (o *op) appendMeta(b []byte) []byte {
	if o.kind == recBucket {
		b = binary.AppendUvarint(b, o.id)
		b = appendString(b, string(o.state.Space))
		b = appendString(b, o.state.Name)
		b = binary.AppendVarint(b, o.state.Created.UnixNano())
		return appendMap(b, textMap(o.state.Config))
	}
	b = binary.AppendUvarint(b, o.bucket.id)
	if o.kind == recBucketGone {
		return b
	}
	b = appendString(b, o.name)
	switch o.kind {
	case recPut:
		b = binary.AppendUvarint(b, o.e.gen)
		b = binary.AppendUvarint(b, o.e.seq)
		b = appendString(b, o.upload)
		b = o.e.appendBody(b)
		if o.e.multi {
			b = o.e.appendLayout(b)
		}
	case recUpload:
		b = appendString(b, o.upload)
		b = o.up.appendBody(b)
	case recUploadGone:
		b = appendString(b, o.upload)
	case recPart:
		b = appendString(b, o.upload)
		b = binary.AppendUvarint(b, uint64(o.number))
		b = o.e.appendBody(b)
	}
	return b
}

// build puts the record into a buffer: into buf, whose data is in place behind room for meta, or a new one.
func (o *op) build(now time.Time) error {
	if o.buf == nil {
		o.buf = newBuffer(recordHeader, 512)
		o.buf.b = o.appendMeta(o.buf.b)
		o.buf.pad()
		o.head.meta = len(o.buf.b) - recordHeader
	} else {
		room := o.buf.b[recordHeader : recordHeader+o.head.meta]
		meta := o.appendMeta(room[:0:len(room)])
		if len(meta) > len(room) {
			return fmt.Errorf("record of %q: %d bytes of metadata in a room of %d", o.name, len(meta), len(room))
		}
		clear(room[len(meta):])
	}
	if o.head.meta > maxMeta {
		return fmt.Errorf("record of %q: %d bytes of metadata", o.name, o.head.meta)
	}
	o.head.kind, o.head.flags, o.head.time = o.kind, o.flags, now.UnixNano()
	return nil
}

// decodeOp reads a record. Its bucket is given as an id, because it may not exist any more.
func decodeOp(h header, meta []byte) (o *op, bucketID uint64, err error) {
	o = &op{kind: h.kind, flags: h.flags &^ flagLast, head: h}
	d := dec{b: meta}
	bucketID = d.uint()
	if h.kind == recBucket {
		o.id = bucketID
		o.state = Bucket{Space: Space(d.string()), Name: d.string(), Created: time.Unix(0, d.int()).UTC()}
		o.state.Config = byteMap(d.stringMap())
		return o, bucketID, d.err()
	}
	if h.kind == recBucketGone {
		return o, bucketID, d.err()
	}
	o.name = d.string()
	switch h.kind {
	case recPut:
		o.e = &entry{gen: d.uint(), seq: d.uint()}
		o.upload = d.string()
		d.body(o.e, false)
		if o.e.multi {
			d.layout(o.e)
		}
	case recDelete:
	case recUpload:
		o.upload = d.string()
		o.up = new(uploadEntry)
		d.uploadBody(o.up)
	case recUploadGone:
		o.upload = d.string()
	case recPart:
		o.upload = d.string()
		o.number = int(d.uint())
		o.e = new(entry)
		d.body(o.e, false)
	default:
		return nil, 0, fmt.Errorf("record of unknown kind %d", h.kind)
	}
	return o, bucketID, d.err()
}

func textMap(m map[string][]byte) map[string]string {
	t := make(map[string]string, len(m))
	for k, v := range m {
		t[k] = string(v)
	}
	return t
}

func byteMap(m map[string]string) map[string][]byte {
	t := make(map[string][]byte, len(m))
	for k, v := range m {
		t[k] = []byte(v)
	}
	return t
}

// blockSums are the CRC32Cs of each block of data, as an extent keeps them.
func blockSums(dst, data []byte) []byte {
	for len(data) > 0 {
		n := min(len(data), blockSize)
		dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(data[:n], castagnoli))
		data = data[n:]
	}
	return dst
}
