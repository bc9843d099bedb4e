package objecttest

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/minio/crc64nvme"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

// Run runs the suite. open gives a new, empty store for each case and closes it in its cleanup.
func Run(t *testing.T, open func(t *testing.T) object.Store) {
	cases := []struct {
		name string
		run  func(*testing.T, object.Store)
	}{
		{"Buckets", buckets},
		{"BucketConfig", bucketConfig},
		{"PutGet", putGet},
		{"PutRefused", putRefused},
		{"Ranges", ranges},
		{"Sums", sums},
		{"Overwrite", overwrite},
		{"OpenSurvivesDelete", openSurvivesDelete},
		{"Conditions", conditions},
		{"ConditionRace", conditionRace},
		{"Metadata", metadata},
		{"Copy", copies},
		{"List", list},
		{"ListPages", listPages},
		{"Uploads", uploads},
		{"UploadCopyPart", uploadCopyPart},
		{"UploadRefused", uploadRefused},
		{"UploadAbort", uploadAbort},
		{"Limit", limit},
		{"LimitUnknownSize", limitUnknownSize},
		{"LimitRace", limitRace},
		{"Spaces", spaces},
		{"RemoveSpace", removeSpace},
		{"Changes", changes},
		{"Concurrent", concurrent},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

const space = object.Space("0a1b")

var ctx = context.Background()

// sizes cross every boundary of a sensible engine: empty, one block, in a segment, in a file.
var sizes = []int{0, 1, 100, 4096, 65535, 65536, 65537, 200_000, 1 << 20, 1<<20 + 1, 3<<20 + 17}

func key(name string) object.Key { return object.Key{Space: space, Bucket: "b", Name: name} }

// Bytes are n reproducible bytes.
func Bytes(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := 0; i+8 <= n; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	for i := n &^ 7; i < n; i++ {
		b[i] = byte(r.Uint32())
	}
	return b
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, k fault.Kind, code string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != k || code != "" && fault.CodeOf(err) != code {
		t.Fatalf("error is %v (%s, %s), want kind %s, code %q", err, fault.KindOf(err), fault.CodeOf(err), k, code)
	}
}

func bucket(t *testing.T, s object.Store) {
	t.Helper()
	_, err := s.CreateBucket(ctx, space, "b")
	ok(t, err)
}

func put(t *testing.T, s object.Store, k object.Key, data []byte) object.Info {
	t.Helper()
	info, err := s.Put(ctx, k, bytes.NewReader(data), int64(len(data)), object.PutOptions{})
	ok(t, err)
	return info
}

// Read reads a whole object.
func Read(s object.Store, k object.Key) ([]byte, error) {
	o, err := s.Open(ctx, k, 0)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = o.WriteRange(&b, 0, o.Info().Size)
	return b.Bytes(), errors.Join(err, o.Close())
}

func wantBytes(t *testing.T, s object.Store, k object.Key, want []byte) {
	t.Helper()
	got, err := Read(s, k)
	ok(t, err)
	if !bytes.Equal(got, want) {
		t.Fatalf("%q has %d bytes that differ from the %d written", k.Name, len(got), len(want))
	}
}

func wantUsage(t *testing.T, s object.Store, sp object.Space, want object.Usage) {
	t.Helper()
	got, err := s.Usage(sp)
	ok(t, err)
	if got != want {
		t.Fatalf("usage is %+v, want %+v", got, want)
	}
}

func buckets(t *testing.T, s object.Store) {
	_, err := s.GetBucket(ctx, space, "b")
	wantKind(t, err, fault.NotFound, object.CodeNoBucket)
	for _, n := range []string{"c", "a", "b"} {
		_, err := s.CreateBucket(ctx, space, n)
		ok(t, err)
	}
	_, err = s.CreateBucket(ctx, space, "b")
	wantKind(t, err, fault.Exists, object.CodeBucketExists)
	all, err := s.Buckets(ctx, space)
	ok(t, err)
	var names []string
	for _, b := range all {
		names = append(names, b.Name)
	}
	if !slices.Equal(names, []string{"a", "b", "c"}) {
		t.Fatalf("buckets are %v", names)
	}
	put(t, s, key("x"), []byte("1"))
	wantKind(t, s.DeleteBucket(ctx, space, "b"), fault.Conflict, object.CodeBucketNotEmpty)
	_, err = s.Delete(ctx, key("x"), object.Condition{})
	ok(t, err)
	up, err := s.StartUpload(ctx, key("y"), object.UploadOptions{})
	ok(t, err)
	wantKind(t, s.DeleteBucket(ctx, space, "b"), fault.Conflict, object.CodeBucketNotEmpty)
	ok(t, s.AbortUpload(ctx, key("y"), up.ID))
	ok(t, s.DeleteBucket(ctx, space, "b"))
	wantKind(t, s.DeleteBucket(ctx, space, "b"), fault.NotFound, object.CodeNoBucket)
	_, err = s.Put(ctx, key("x"), bytes.NewReader(nil), 0, object.PutOptions{})
	wantKind(t, err, fault.NotFound, object.CodeNoBucket)
	bucket(t, s)
	page, err := s.List(ctx, space, "b", object.ListOptions{})
	ok(t, err)
	if len(page.Objects) != 0 {
		t.Fatalf("a new bucket lists %v", page.Objects)
	}
	_, err = s.CreateBucket(ctx, "a/b", "b")
	wantKind(t, err, fault.Invalid, object.CodeInvalidKey)
}

func bucketConfig(t *testing.T, s object.Store) {
	wantKind(t, s.ConfigureBucket(ctx, space, "b", "cors", []byte("x")), fault.NotFound, object.CodeNoBucket)
	bucket(t, s)
	ok(t, s.ConfigureBucket(ctx, space, "b", "cors", []byte("one")))
	ok(t, s.ConfigureBucket(ctx, space, "b", "policy", []byte("two")))
	b, err := s.GetBucket(ctx, space, "b")
	ok(t, err)
	if string(b.Config["cors"]) != "one" || string(b.Config["policy"]) != "two" {
		t.Fatalf("config is %q", b.Config)
	}
	ok(t, s.ConfigureBucket(ctx, space, "b", "cors", nil))
	b, err = s.GetBucket(ctx, space, "b")
	ok(t, err)
	if _, there := b.Config["cors"]; there || len(b.Config) != 1 {
		t.Fatalf("config is %q", b.Config)
	}
	wantKind(t, s.ConfigureBucket(ctx, space, "b", "big", make([]byte, 257<<10)), fault.Invalid, object.CodeTooLarge)
}

func putGet(t *testing.T, s object.Store) {
	bucket(t, s)
	var total int64
	last := object.Generation(0)
	for i, n := range sizes {
		data := Bytes(uint64(i), n)
		for _, known := range []bool{true, false} {
			k := key("o")
			k.Name += string(rune('a'+i)) + map[bool]string{true: "known", false: "unknown"}[known]
			size := int64(n)
			if !known {
				size = -1
			}
			info, err := s.Put(ctx, k, iotestReader{bytes.NewReader(data)}, size, object.PutOptions{
				Headers: map[string]string{"content-type": "x/y"}, Meta: map[string]string{"a": "1", "b": "2"}, Composite: "c-1",
			})
			ok(t, err)
			if info.Size != int64(n) || info.Generation <= last || info.Metageneration != 1 || info.Key != k {
				t.Fatalf("info is %+v", info)
			}
			last = info.Generation
			total += int64(n)
			wantBytes(t, s, k, data)
			got, err := s.Stat(ctx, k, 0)
			ok(t, err)
			crc := binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
			if got.Headers["content-type"] != "x/y" || got.Meta["b"] != "2" || len(got.Meta) != 2 || got.Composite != "c-1" ||
				!bytes.Equal(got.Sums.CRC32C, crc) || got.Generation != info.Generation || !got.Modified.Equal(info.Modified) {
				t.Fatalf("stat is %+v", got)
			}
		}
	}
	wantUsage(t, s, space, object.Usage{Objects: int64(2 * len(sizes)), Bytes: total})
	_, err := s.Stat(ctx, key("none"), 0)
	wantKind(t, err, fault.NotFound, object.CodeNoKey)
	_, err = s.Open(ctx, key("none"), 0)
	wantKind(t, err, fault.NotFound, object.CodeNoKey)
	_, err = s.Delete(ctx, key("none"), object.Condition{})
	wantKind(t, err, fault.NotFound, object.CodeNoKey)
}

// iotestReader gives the bytes in odd pieces.
type iotestReader struct{ r io.Reader }

func (r iotestReader) Read(p []byte) (int, error) { return r.r.Read(p[:min(len(p), 10_007)]) }

func putRefused(t *testing.T, s object.Store) {
	bucket(t, s)
	for _, n := range []int{10, 100_000, 2 << 20} {
		data := Bytes(1, n)
		_, err := s.Put(ctx, key("x"), bytes.NewReader(data), int64(n)+1, object.PutOptions{})
		wantKind(t, err, fault.Invalid, object.CodeIncompleteBody)
		_, err = s.Put(ctx, key("x"), bytes.NewReader(data), int64(n)-1, object.PutOptions{})
		wantKind(t, err, fault.Invalid, object.CodeBodyTooLong)
		mine := fault.New(fault.Forbidden, "mine", "no")
		for _, size := range []int64{int64(n), -1} {
			_, err = s.Put(ctx, key("x"), io.MultiReader(bytes.NewReader(data[:n/2]), failing{mine}), size, object.PutOptions{})
			wantKind(t, err, fault.Forbidden, "mine")
			_, err = s.Put(ctx, key("x"), io.MultiReader(bytes.NewReader(data[:n/2]), failing{io.ErrUnexpectedEOF}), size, object.PutOptions{})
			if err == nil {
				t.Fatal("a body that was cut was stored")
			}
			called := 0
			_, err = s.Put(ctx, key("x"), bytes.NewReader(data), size, object.PutOptions{Verify: func(got int64, sums object.Checksums) error {
				if called++; got != int64(n) || len(sums.CRC32C) != 4 {
					t.Errorf("Verify got %d, %v", got, sums)
				}
				return mine
			}})
			if called != 1 || !errors.Is(err, mine) {
				t.Fatalf("Verify was called %d times, error %v", called, err)
			}
		}
	}
	for _, name := range []string{"", string(make([]byte, 1025)), "\xff"} {
		_, err := s.Put(ctx, key(name), bytes.NewReader(nil), 0, object.PutOptions{})
		wantKind(t, err, fault.Invalid, object.CodeInvalidKey)
	}
	_, err := s.Put(ctx, key("x"), bytes.NewReader(nil), 0, object.PutOptions{Meta: map[string]string{"a": string(make([]byte, 9000))}})
	wantKind(t, err, fault.Invalid, object.CodeTooLarge)
	_, err = s.Stat(ctx, key("x"), 0)
	wantKind(t, err, fault.NotFound, object.CodeNoKey)
	wantUsage(t, s, space, object.Usage{})
	s.SetLimit(space, 10) // nothing of all that may be left reserved
	put(t, s, key("x"), Bytes(1, 10))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func ranges(t *testing.T, s object.Store) {
	bucket(t, s)
	r := rand.New(rand.NewPCG(7, 7))
	for i, n := range sizes {
		data := Bytes(uint64(i), n)
		put(t, s, key("x"), data)
		o, err := s.Open(ctx, key("x"), 0)
		ok(t, err)
		for range 30 {
			off := r.IntN(n + 1)
			l := r.IntN(n - off + 1)
			var b bytes.Buffer
			m, err := o.WriteRange(&b, int64(off), int64(l))
			ok(t, err)
			if m != int64(l) || !bytes.Equal(b.Bytes(), data[off:off+l]) {
				t.Fatalf("size %d: WriteRange(%d, %d) gave %d other bytes", n, off, l, m)
			}
			p := make([]byte, l+3)
			got, err := o.ReadAt(p, int64(off))
			want := min(l+3, n-off)
			if got != want || (err == io.EOF) != (want < l+3) || !bytes.Equal(p[:got], data[off:off+got]) {
				t.Fatalf("size %d: ReadAt(%d, %d) gave %d, %v", n, off, l+3, got, err)
			}
		}
		_, err = o.WriteRange(io.Discard, 0, int64(n)+1)
		wantKind(t, err, fault.Invalid, object.CodeInvalidRange)
		_, err = o.WriteRange(io.Discard, -1, 1)
		wantKind(t, err, fault.Invalid, object.CodeInvalidRange)
		ok(t, o.Close())
	}
}

func sums(t *testing.T, s object.Store) {
	bucket(t, s)
	all := object.CRC32 | object.CRC64NVME | object.SHA1 | object.SHA256 | object.MD5
	for i, n := range sizes {
		data := Bytes(uint64(i), n)
		for _, size := range []int64{int64(n), -1} {
			info, err := s.Put(ctx, key("x"), bytes.NewReader(data), size, object.PutOptions{Compute: all})
			ok(t, err)
			wantSums(t, info.Sums, data)
			info, err = s.Stat(ctx, key("x"), 0)
			ok(t, err)
			wantSums(t, info.Sums, data)
		}
	}
	info := put(t, s, key("plain"), []byte("x"))
	if info.Sums.MD5 != nil || info.Sums.SHA256 != nil {
		t.Fatalf("sums that nobody asked for: %+v", info.Sums)
	}
}

func wantSums(t *testing.T, got object.Checksums, data []byte) {
	t.Helper()
	m, s1, s2 := md5.Sum(data), sha1.Sum(data), sha256.Sum256(data)
	want := object.Checksums{
		CRC32C:    binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))),
		CRC32:     binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data)),
		CRC64NVME: binary.BigEndian.AppendUint64(nil, crc64nvme.Checksum(data)),
		SHA1:      s1[:], SHA256: s2[:], MD5: m[:],
	}
	for _, p := range [][2][]byte{{got.CRC32C, want.CRC32C}, {got.CRC32, want.CRC32}, {got.CRC64NVME, want.CRC64NVME},
		{got.SHA1, want.SHA1}, {got.SHA256, want.SHA256}, {got.MD5, want.MD5}} {
		if !bytes.Equal(p[0], p[1]) {
			t.Fatalf("sums of %d bytes are %x, want %x", len(data), got, want)
		}
	}
}

func overwrite(t *testing.T, s object.Store) {
	bucket(t, s)
	var last object.Generation
	for i, n := range []int{10, 2 << 20, 100, 0, 2 << 20, 3 << 20} {
		data := Bytes(uint64(i), n)
		info := put(t, s, key("x"), data)
		if info.Generation <= last {
			t.Fatalf("generation %d after %d", info.Generation, last)
		}
		if last != 0 {
			_, err := s.Open(ctx, key("x"), last)
			wantKind(t, err, fault.NotFound, object.CodeNoGeneration)
		}
		last = info.Generation
		wantBytes(t, s, key("x"), data)
		wantUsage(t, s, space, object.Usage{Objects: 1, Bytes: int64(n)})
	}
	gone, err := s.Delete(ctx, key("x"), object.Condition{})
	ok(t, err)
	if gone.Generation != last {
		t.Fatalf("deleted generation %d, want %d", gone.Generation, last)
	}
	wantUsage(t, s, space, object.Usage{})
	if info := put(t, s, key("x"), nil); info.Generation <= last {
		t.Fatalf("generation %d after a delete of %d", info.Generation, last)
	}
}

func openSurvivesDelete(t *testing.T, s object.Store) {
	bucket(t, s)
	for _, n := range []int{1000, 2 << 20} {
		data := Bytes(3, n)
		put(t, s, key("x"), data)
		o, err := s.Open(ctx, key("x"), 0)
		ok(t, err)
		put(t, s, key("x"), []byte("new"))
		_, err = s.Delete(ctx, key("x"), object.Condition{})
		ok(t, err)
		var b bytes.Buffer
		_, err = o.WriteRange(&b, 0, int64(n))
		ok(t, err)
		if !bytes.Equal(b.Bytes(), data) {
			t.Fatal("an open object changed")
		}
		ok(t, o.Close())
		ok(t, o.Close())
	}
}

func conditions(t *testing.T, s object.Store) {
	bucket(t, s)
	gen := func(g object.Generation) object.Condition { return object.Condition{IfGenerationMatch: &g} }
	mine := fault.New(fault.Precondition, "mine", "no")
	refuse := func(want bool) object.Condition {
		return object.Condition{IfMatch: func(i *object.Info) error {
			if (i != nil) != want || i != nil && i.Size != 1 {
				t.Errorf("the condition saw %+v", i)
			}
			return mine
		}}
	}
	one := func(c object.Condition) (object.Info, error) {
		return s.Put(ctx, key("x"), bytes.NewReader([]byte("1")), 1, object.PutOptions{Condition: c})
	}
	_, err := one(gen(5))
	wantKind(t, err, fault.Precondition, object.CodePrecondition)
	_, err = one(refuse(false))
	wantKind(t, err, fault.Precondition, "mine")
	info, err := one(gen(0))
	ok(t, err)
	_, err = one(gen(0))
	wantKind(t, err, fault.Precondition, object.CodePrecondition)
	_, err = one(refuse(true))
	wantKind(t, err, fault.Precondition, "mine")
	info, err = one(gen(info.Generation))
	ok(t, err)
	_, err = s.SetMetadata(ctx, key("x"), nil, nil, gen(1<<60))
	wantKind(t, err, fault.Precondition, object.CodePrecondition)
	_, err = s.Copy(ctx, key("x"), gen(1<<60), key("y"), object.PutOptions{}, false)
	wantKind(t, err, fault.Precondition, object.CodePrecondition)
	_, err = s.Copy(ctx, key("x"), gen(info.Generation), key("y"), object.PutOptions{Condition: gen(7)}, false)
	wantKind(t, err, fault.Precondition, object.CodePrecondition)
	_, err = s.Delete(ctx, key("x"), refuse(true))
	wantKind(t, err, fault.Precondition, "mine")
	_, err = s.Delete(ctx, key("x"), gen(info.Generation))
	ok(t, err)
	_, err = s.Delete(ctx, key("x"), gen(0))
	wantKind(t, err, fault.NotFound, object.CodeNoKey)
}

func metadata(t *testing.T, s object.Store) {
	bucket(t, s)
	for _, n := range []int{10, 2 << 20} {
		data := Bytes(1, n)
		info := put(t, s, key("x"), data)
		next, err := s.SetMetadata(ctx, key("x"), map[string]string{"content-type": "a/b"}, map[string]string{"k": "v"}, object.Condition{})
		ok(t, err)
		if next.Generation != info.Generation || next.Metageneration != 2 || next.Headers["content-type"] != "a/b" || next.Meta["k"] != "v" ||
			!next.Modified.Equal(info.Modified) {
			t.Fatalf("info is %+v", next)
		}
		got, err := s.Stat(ctx, key("x"), info.Generation)
		ok(t, err)
		if got.Metageneration != 2 || got.Meta["k"] != "v" {
			t.Fatalf("stat is %+v", got)
		}
		wantBytes(t, s, key("x"), data)
		wantUsage(t, s, space, object.Usage{Objects: 1, Bytes: int64(n)})
	}
	_, err := s.SetMetadata(ctx, key("none"), nil, nil, object.Condition{})
	wantKind(t, err, fault.NotFound, object.CodeNoKey)
}

func copies(t *testing.T, s object.Store) {
	bucket(t, s)
	_, err := s.CreateBucket(ctx, "0f", "other")
	ok(t, err)
	for _, n := range []int{0, 10, 100_000, 2 << 20} {
		data := Bytes(4, n)
		_, err := s.Put(ctx, key("x"), bytes.NewReader(data), int64(n), object.PutOptions{Meta: map[string]string{"k": "v"}, Compute: object.SHA256})
		ok(t, err)
		to := object.Key{Space: "0f", Bucket: "other", Name: "copy"}
		info, err := s.Copy(ctx, key("x"), object.Condition{}, to, object.PutOptions{Compute: object.MD5 | object.SHA256}, false)
		ok(t, err)
		m := md5.Sum(data)
		if info.Meta["k"] != "v" || !bytes.Equal(info.Sums.MD5, m[:]) || info.Sums.SHA256 == nil {
			t.Fatalf("info of the copy is %+v", info)
		}
		wantBytes(t, s, to, data)
		info, err = s.Copy(ctx, key("x"), object.Condition{}, key("x"), object.PutOptions{Meta: map[string]string{"n": "w"}}, true)
		ok(t, err)
		if len(info.Meta) != 1 || info.Meta["n"] != "w" {
			t.Fatalf("info of the copy on itself is %+v", info)
		}
		wantBytes(t, s, key("x"), data)
		_, err = s.Delete(ctx, key("x"), object.Condition{})
		ok(t, err)
		wantBytes(t, s, to, data)
		wantUsage(t, s, "0f", object.Usage{Objects: 1, Bytes: int64(n)})
	}
	_, err = s.Copy(ctx, key("none"), object.Condition{}, key("y"), object.PutOptions{}, false)
	wantKind(t, err, fault.NotFound, object.CodeNoKey)
}
