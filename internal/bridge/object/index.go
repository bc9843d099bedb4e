package object

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble"
	"github.com/cockroachdb/pebble/bloom"
	"github.com/cockroachdb/pebble/vfs"
)

// Keys of the index: one letter, then big-endian fields so that byte order is the order we list in.
const (
	keyApplied = 'a' // -> how far the log is applied
	keyBucket  = 'b' // bucket id -> bucket
	keyObject  = 'o' // bucket id, name -> entry
	keyLayout  = 'l' // generation -> extents and parts of an object made of parts
	keyUpload  = 'm' // bucket id, name, 0, upload id -> upload
	keyPart    = 'n' // upload id, number u32 -> entry
	keyChange  = 'c' // seq -> change
	keyTomb    = 'x' // bucket id, name of a deleted object -> seq of its change
	keySegment = 's' // segment id -> live bytes
	keyUsage   = 'u' // space -> usage
	keyFile    = 'f' // file id -> nothing: the file is in use
)

func appendKey(b []byte, kind byte, id uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, kind), id)
}

func nameKey(b []byte, kind byte, bucket uint64, name string) []byte {
	return append(appendKey(b, kind, bucket), name...)
}

func uploadKey(b []byte, bucket uint64, name, id string) []byte {
	return append(append(nameKey(b, keyUpload, bucket, name), 0), id...)
}

func partKey(b []byte, upload string, number int) []byte {
	return binary.BigEndian.AppendUint32(append(append(b, keyPart), upload...), uint32(number))
}

// keyAfter is the smallest key above every key that begins with prefix.
func keyAfter(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// applied says how far the log is in the index, and where the counters stand.
type applied struct {
	at     loc    // the first byte that is not applied
	seq    uint64 // the last sequence number used
	batch  uint64 // the last batch applied
	file   uint64 // the last file id used
	bucket uint64 // the last bucket id used
}

func (a applied) append(b []byte) []byte {
	b = binary.AppendUvarint(b, a.at.seg)
	b = binary.AppendUvarint(b, uint64(a.at.off))
	b = binary.AppendUvarint(b, a.seq)
	b = binary.AppendUvarint(b, a.batch)
	b = binary.AppendUvarint(b, a.file)
	return binary.AppendUvarint(b, a.bucket)
}

func (d *dec) applied() applied {
	return applied{at: loc{seg: d.uint(), off: int64(d.uint())}, seq: d.uint(), batch: d.uint(), file: d.uint(), bucket: d.uint()}
}

func (u Usage) append(b []byte) []byte {
	b = binary.AppendVarint(b, u.Objects)
	b = binary.AppendVarint(b, u.Bytes)
	return binary.AppendVarint(b, u.Uploads)
}

func (d *dec) usage() Usage { return Usage{Objects: d.int(), Bytes: d.int(), Uploads: d.int()} }

// uploadEntry is an unfinished upload.
type uploadEntry struct {
	rec     loc
	recSize int64
	started int64
	options UploadOptions
}

func (u *uploadEntry) appendBody(b []byte) []byte {
	b = binary.AppendVarint(b, u.started)
	b = append(b, byte(u.options.Compute))
	b = appendString(b, u.options.Front)
	b = appendMap(b, u.options.Headers)
	return appendMap(b, u.options.Meta)
}

func (d *dec) uploadBody(u *uploadEntry) {
	u.started = d.int()
	u.options = UploadOptions{Compute: Algorithm(d.byte()), Front: d.string(), Headers: d.stringMap(), Meta: d.stringMap()}
}

func (u *uploadEntry) upload(k Key, id string) Upload {
	return Upload{Key: k, ID: id, Started: time.Unix(0, u.started).UTC(), Options: u.options}
}

// index is the ordered index of everything stored. It is written without a log of its own: it holds a prefix of the
// segments' log, says which, and is brought up to date from there when the engine opens.
type index struct {
	db *pebble.DB
}

// quietLog keeps pebble's progress messages out of our log and its errors in.
type quietLog struct{ log *slog.Logger }

func (quietLog) Infof(string, ...any) {}

func (l quietLog) Fatalf(format string, a ...any) {
	panic("object index: " + fmt.Sprintf(format, a...)) // pebble cannot go on, and nothing may be acknowledged after it
}

// openIndex opens or creates the index. fs's table files must be synced only after the segments that they speak of
// are: see orderedFS.
func openIndex(dir string, fs vfs.FS, log *slog.Logger, cache int64) (*index, error) {
	c := pebble.NewCache(cache)
	defer c.Unref()
	o := &pebble.Options{
		FS:                          fs,
		Cache:                       c,
		DisableWAL:                  true,
		MemTableSize:                16 << 20,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       64,
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                1000,
		FormatMajorVersion:          pebble.FormatVirtualSSTables,
		Logger:                      quietLog{log},
		Levels:                      make([]pebble.LevelOptions, 7),
	}
	for i := range o.Levels {
		o.Levels[i] = pebble.LevelOptions{
			BlockSize: 16 << 10, Compression: pebble.SnappyCompression, TargetFileSize: 4 << 20 << min(i, 4),
			FilterPolicy: bloom.FilterPolicy(10), FilterType: pebble.TableFilter,
		}
	}
	db, err := pebble.Open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("opening the index: %w", err)
	}
	return &index{db: db}, nil
}

// get gives a copy of the value of key, or nil.
func (x *index) get(key []byte) ([]byte, error) {
	v, closer, err := x.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	c := append(make([]byte, 0, len(v)), v...)
	return c, closer.Close()
}

// entry reads an object's or a part's entry at key; nil when there is none. whole also reads the layout of an object
// made of parts.
func (x *index) entry(key []byte, whole bool) (*entry, error) {
	v, err := x.get(key)
	if v == nil || err != nil {
		return nil, err
	}
	e := new(entry)
	d := dec{b: v}
	d.value(e, false)
	if d.bad {
		return nil, fmt.Errorf("index entry %q: %w", key, errEncoding)
	}
	if e.multi && whole {
		return e, x.layout(e)
	}
	return e, nil
}

func (x *index) layout(e *entry) error {
	v, err := x.get(appendKey(nil, keyLayout, e.gen))
	if err != nil {
		return err
	}
	d := dec{b: v}
	d.layout(e)
	if v == nil || d.bad {
		return fmt.Errorf("layout of generation %d: %w", e.gen, errEncoding)
	}
	return nil
}

func (x *index) object(bucket uint64, name string) (*entry, error) {
	var b [256]byte
	return x.entry(nameKey(b[:0], keyObject, bucket, name), true)
}

func (x *index) upload(bucket uint64, name, id string) (*uploadEntry, error) {
	v, err := x.get(uploadKey(nil, bucket, name, id))
	if v == nil || err != nil {
		return nil, err
	}
	u := new(uploadEntry)
	d := dec{b: v}
	u.rec, u.recSize = loc{seg: d.uint(), off: int64(d.uint())}, int64(d.uint())
	d.uploadBody(u)
	return u, d.err()
}

// number reads a plain number, 0 when it is not there.
func (x *index) number(key []byte) (uint64, error) {
	v, err := x.get(key)
	if v == nil || err != nil {
		return 0, err
	}
	d := dec{b: v}
	n := d.uint()
	return n, d.err()
}

// scan calls f for each key in [from, to) in order; f's slices are valid during the call only. f stops it with false.
func (x *index) scan(from, to []byte, f func(k, v []byte) (bool, error)) error {
	return scan(x.db, from, to, f)
}

func scan(r pebble.Reader, from, to []byte, f func(k, v []byte) (bool, error)) error {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return fmt.Errorf("reading the index: %w", err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		more, err := f(it.Key(), it.Value())
		if err != nil {
			return errors.Join(err, it.Close())
		}
		if !more {
			break
		}
	}
	return it.Close()
}

// orderedFS makes sure that no table of the index becomes durable before the log it was made from: before a table
// is synced, before is called.
type orderedFS struct {
	vfs.FS
	before func() error
}

type orderedFile struct {
	vfs.File
	before func() error
}

func (f orderedFS) Create(name string) (vfs.File, error) {
	file, err := f.FS.Create(name)
	if err != nil || f.FS.PathBase(name) == "" || !isTable(name) {
		return file, err
	}
	return orderedFile{file, f.before}, nil
}

func isTable(name string) bool { return len(name) > 4 && name[len(name)-4:] == ".sst" }

func (f orderedFile) Sync() error {
	if err := f.before(); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f orderedFile) SyncData() error {
	if err := f.before(); err != nil {
		return err
	}
	return f.File.SyncData()
}
