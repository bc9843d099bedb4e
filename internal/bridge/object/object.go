package object

import (
	"context"
	"io"
	"time"
)

// Space names the namespace of one SLA: buckets of different spaces never meet, so two consumers may
// both have a bucket "demo" on one node. It is the lower-case hex form of the SLA's id, or another
// short name without a slash for spaces that are no SLA's (the validators' probe space).
type Space string

// Key addresses an object. Name is 1 to 1,024 bytes of valid UTF-8.
type Key struct {
	Space  Space
	Bucket string
	Name   string
}

// Generation numbers the contents of a key. It is taken from one node-wide counter that only rises, so a
// later commit always has a larger generation, also across delete and re-create. 0 means "none" or "the
// live one".
type Generation uint64

// Checksums of an object's bytes. A nil slice was not computed. CRC32C is always there; the others are
// computed when the writer asks for them.
type Checksums struct {
	CRC32C    []byte // 4 bytes, big-endian
	CRC32     []byte // 4 bytes, big-endian
	CRC64NVME []byte // 8 bytes, big-endian
	SHA1      []byte
	SHA256    []byte
	MD5       []byte
}

// Algorithm selects checksums to compute while writing.
type Algorithm uint8

const (
	CRC32C Algorithm = 1 << iota
	CRC32
	CRC64NVME
	SHA1
	SHA256
	MD5
)

// Info describes one stored object.
type Info struct {
	Key
	Generation     Generation
	Metageneration uint64 // 1 at creation, +1 for each change of metadata
	Size           int64
	Modified       time.Time // when the contents were committed, UTC
	Sums           Checksums
	Composite      string            // front's own composite tag (S3 "md5-N" entity tag); empty for a plain object
	Parts          []PartInfo        // of an object made by CompleteUpload, in order; nil otherwise
	Headers        map[string]string // content-type, content-encoding, …: lower-case names, at most 8 KiB in all
	Meta           map[string]string // user metadata: lower-case names, at most 8 KiB in all
}

// Condition is evaluated inside the commit (or, for a read, on the version that is read), so two writers that
// both ask for "only if absent" cannot both win. The zero value always holds.
type Condition struct {
	IfGenerationMatch *Generation       // 0: only if no live object
	IfMatch           func(*Info) error // called with the live object or nil, under the commit's lock: must be quick; its error is returned as it is
}

// PutOptions of a write.
type PutOptions struct {
	Headers   map[string]string
	Meta      map[string]string
	Compute   Algorithm // besides CRC32C
	Condition Condition
	// Verify is called once with the computed sums and size after the last byte is read and before the commit.
	// An error of it undoes the write and is returned as it is.
	Verify func(size int64, sums Checksums) error
	// Composite is stored as Info.Composite.
	Composite string
}

// Object is an open object. Its bytes are those of one generation, whatever is written meanwhile.
// Reads verify stored checksums; a block that fails gives fault kind Corrupt, never wrong bytes.
type Object interface {
	Info() *Info
	io.ReaderAt
	// WriteRange sends n bytes from off to w, with as few copies as checking every byte allows.
	WriteRange(w io.Writer, off, n int64) (int64, error)
	io.Closer
}

// Bucket is a named container of objects.
type Bucket struct {
	Space   Space
	Name    string
	Created time.Time
	Config  map[string][]byte // the front's documents by name (policy, cors, …); at most 256 KiB in all
}

// ListOptions of List. Results are in byte order of the key's name.
type ListOptions struct {
	Prefix    string
	Delimiter string // names are rolled up to the first delimiter after the prefix
	After     string // exclusive start: names (and rolled-up prefixes) <= After are left out
	Max       int    // entries and prefixes together; 0 means 1000
	Details   bool   // also Headers, Meta and Parts of each Info, which a plain listing leaves nil
}

// Page of a listing.
type Page struct {
	Objects  []Info
	Prefixes []string
	More     bool
	Next     string // pass as After for the next page; set when More
}

// Upload is an object being made from parts.
type Upload struct {
	Key
	ID      string
	Started time.Time
	Options UploadOptions
}

// UploadOptions are fixed when an upload begins.
type UploadOptions struct {
	Headers map[string]string
	Meta    map[string]string
	Compute Algorithm // for each part and, where the algorithm allows combining, the whole
	Front   string    // opaque words of the front (its checksum type), returned as they are
}

// PartInfo is one stored part of an upload, or one part of an object that was made of parts.
type PartInfo struct {
	Number   int // 1 to 10,000
	Size     int64
	Modified time.Time
	Sums     Checksums
}

// Completion tells CompleteUpload which parts, in which order.
type Completion struct {
	Parts []int // ascending part numbers
	// Check is called under the upload's lock with the stored parts named, in order, and the sums of the
	// whole that could be combined from theirs; it returns the composite tag to store or an error.
	Check     func(parts []PartInfo, whole Checksums) (composite string, err error)
	Condition Condition
}

// Usage of a space, exact to the byte after any crash: the sum of the sizes of what is stored.
type Usage struct {
	Objects int64
	Bytes   int64 // live objects
	Uploads int64 // bytes in unfinished uploads; they count against the limit too
}

// Change is one committed event of the engine, in commit order.
type Change struct {
	Seq     uint64
	Deleted bool
	Info    Info // Key and Generation only, when Deleted
}

// Store is the object engine that every front (S3, GCS) works on.
//
// Every method is safe for concurrent use. Errors carry a fault kind (see internal/fault): NotFound (no such bucket,
// key, upload or part: the fault's code says which, see codes.go), Exists, Conflict (bucket not empty), Precondition, Exhausted
// (the space's limit or the disk is full), Corrupt, Invalid, Unavailable (read-only or failing disk).
// A write that returned nil is durable as configured: it survives kill -9 at once, and power loss under the
// default sync policy.
type Store interface {
	CreateBucket(ctx context.Context, space Space, name string) (Bucket, error)
	GetBucket(ctx context.Context, space Space, name string) (Bucket, error)
	ConfigureBucket(ctx context.Context, space Space, name, document string, value []byte) error // nil value removes
	DeleteBucket(ctx context.Context, space Space, name string) error                            // Conflict when not empty
	Buckets(ctx context.Context, space Space) ([]Bucket, error)                                  // by name

	// Put stores r under k. size is the exact length, or -1 when unknown; a shorter or longer r is Invalid.
	// With a known size the space is admitted before the first byte is read.
	Put(ctx context.Context, k Key, r io.Reader, size int64, o PutOptions) (Info, error)
	Open(ctx context.Context, k Key, g Generation) (Object, error)
	Stat(ctx context.Context, k Key, g Generation) (Info, error)
	// Delete removes the live object; deleting what is not there is NotFound.
	Delete(ctx context.Context, k Key, c Condition) (Info, error)
	// SetMetadata replaces headers and metadata in place.
	SetMetadata(ctx context.Context, k Key, headers, meta map[string]string, c Condition) (Info, error)
	// Copy is Put from a stored object, without the bytes leaving the engine. src's condition is checked
	// on the generation that is read. With replace, o's Headers and Meta are stored, else the source's.
	Copy(ctx context.Context, src Key, srcCond Condition, dst Key, o PutOptions, replace bool) (Info, error)
	List(ctx context.Context, space Space, bucket string, o ListOptions) (Page, error)

	StartUpload(ctx context.Context, k Key, o UploadOptions) (Upload, error)
	GetUpload(ctx context.Context, k Key, id string) (Upload, error)
	PutPart(ctx context.Context, k Key, id string, number int, r io.Reader, size int64, o PutOptions) (PartInfo, error)
	CopyPart(ctx context.Context, k Key, id string, number int, src Key, srcCond Condition, off, n int64) (PartInfo, error)
	Parts(ctx context.Context, k Key, id string, after, max int) ([]PartInfo, bool, error)
	CompleteUpload(ctx context.Context, k Key, id string, c Completion) (Info, error)
	AbortUpload(ctx context.Context, k Key, id string) error
	Uploads(ctx context.Context, space Space, bucket, prefix string) ([]Upload, error) // by name, then id

	// SetLimit bounds Usage.Bytes+Usage.Uploads plus admitted writes of a space; -1 removes the bound. It is not stored.
	SetLimit(space Space, bytes int64)
	Usage(space Space) (Usage, error)
	// RemoveSpace deletes everything in a space (an SLA that ended and whose retention passed).
	RemoveSpace(ctx context.Context, space Space) error
	// Changes returns up to max committed changes with Seq > after, in order. Changes are kept until the
	// object is next changed; older ones are folded (a key's last change is always found).
	Changes(ctx context.Context, after uint64, max int) ([]Change, error)
}
