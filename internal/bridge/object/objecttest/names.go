package objecttest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

func list(t *testing.T, s object.Store) {
	_, err := s.List(ctx, space, "b", object.ListOptions{})
	wantKind(t, err, fault.NotFound, object.CodeNoBucket)
	bucket(t, s)
	for _, n := range []string{"a", "a/", "a/1", "a/2", "a/b/1", "a0", "b", "ä/1", "z/\x00", "zz"} {
		_, err := s.Put(ctx, key(n), strings.NewReader(n), int64(len(n)), object.PutOptions{Meta: map[string]string{"n": "v"}, Compute: object.MD5})
		ok(t, err)
	}
	want := func(o object.ListOptions, names, prefixes string) {
		t.Helper()
		p, err := s.List(ctx, space, "b", o)
		ok(t, err)
		var got []string
		for _, i := range p.Objects {
			got = append(got, i.Name)
			if i.Size != int64(len(i.Name)) || len(i.Sums.MD5) != 16 || i.Bucket != "b" || i.Space != space || i.Modified.IsZero() {
				t.Fatalf("listed %+v", i)
			}
			if (i.Meta["n"] == "v") != o.Details {
				t.Fatalf("details %v: meta is %v", o.Details, i.Meta)
			}
		}
		if strings.Join(got, " ") != names || strings.Join(p.Prefixes, " ") != prefixes || p.More {
			t.Fatalf("%+v lists %q and %q, more %v; want %q and %q", o, got, p.Prefixes, p.More, names, prefixes)
		}
	}
	want(object.ListOptions{}, "a a/ a/1 a/2 a/b/1 a0 b z/\x00 zz ä/1", "")
	want(object.ListOptions{Details: true}, "a a/ a/1 a/2 a/b/1 a0 b z/\x00 zz ä/1", "")
	want(object.ListOptions{Delimiter: "/"}, "a a0 b zz", "a/ z/ ä/")
	want(object.ListOptions{Prefix: "a/"}, "a/ a/1 a/2 a/b/1", "")
	want(object.ListOptions{Prefix: "a/", Delimiter: "/"}, "a/ a/1 a/2", "a/b/")
	want(object.ListOptions{Prefix: "a", Delimiter: "/"}, "a a0", "a/")
	want(object.ListOptions{After: "a/1"}, "a/2 a/b/1 a0 b z/\x00 zz ä/1", "")
	want(object.ListOptions{After: "a/", Delimiter: "/"}, "a0 b zz", "z/ ä/")
	want(object.ListOptions{After: "a/1", Delimiter: "/"}, "a0 b zz", "z/ ä/")
	want(object.ListOptions{Prefix: "a/", After: "a/1", Delimiter: "/"}, "a/2", "a/b/")
	want(object.ListOptions{Prefix: "a/", After: "a/b/", Delimiter: "/"}, "", "")
	want(object.ListOptions{Prefix: "a/", After: "b"}, "", "")
	want(object.ListOptions{Prefix: "b", After: "a"}, "b", "")
	want(object.ListOptions{Prefix: "nothing"}, "", "")
	want(object.ListOptions{Delimiter: "1"}, "a a/ a/2 a0 b z/\x00 zz", "a/1 a/b/1 ä/1")
}

func listPages(t *testing.T, s object.Store) {
	bucket(t, s)
	var all []string
	for i := range 57 {
		n := fmt.Sprintf("%02d/%d", i/4, i%4)
		if i%5 == 0 {
			n = fmt.Sprintf("%02d", i/4) + "-top"
		}
		put(t, s, key(n), nil)
		all = append(all, n)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for _, limit := range []int{1, 2, 3, 7, 56, 57, 100} {
		for _, delimiter := range []string{"", "/"} {
			want := []string{}
			for _, n := range all {
				if i := strings.Index(n, "/"); i >= 0 && delimiter != "" {
					n = n[:i+1]
				}
				if !slices.Contains(want, n) {
					want = append(want, n)
				}
			}
			slices.Sort(want)
			var got []string
			o := object.ListOptions{Max: limit, Delimiter: delimiter}
			for {
				p, err := s.List(ctx, space, "b", o)
				ok(t, err)
				n := len(p.Objects) + len(p.Prefixes)
				if n > limit || p.More && n != limit {
					t.Fatalf("a page of %d has %d", limit, n)
				}
				var here []string
				for _, i := range p.Objects {
					here = append(here, i.Name)
				}
				here = append(here, p.Prefixes...)
				slices.Sort(here)
				got = append(got, here...)
				if !p.More {
					break
				}
				o.After = p.Next
			}
			if !slices.Equal(got, want) {
				t.Fatalf("pages of %d with %q: %q, want %q", limit, delimiter, got, want)
			}
		}
	}
}

func putPart(t *testing.T, s object.Store, k object.Key, id string, n int, data []byte) object.PartInfo {
	t.Helper()
	p, err := s.PutPart(ctx, k, id, n, bytes.NewReader(data), int64(len(data)), object.PutOptions{})
	ok(t, err)
	return p
}

func uploads(t *testing.T, s object.Store) {
	bucket(t, s)
	put(t, s, key("x"), Bytes(9, 100))
	up, err := s.StartUpload(ctx, key("x"), object.UploadOptions{
		Headers: map[string]string{"content-type": "a/b"}, Meta: map[string]string{"k": "v"},
		Compute: object.MD5 | object.CRC32 | object.CRC64NVME, Front: "words",
	})
	ok(t, err)
	got, err := s.GetUpload(ctx, key("x"), up.ID)
	ok(t, err)
	if got.Options.Front != "words" || got.Options.Meta["k"] != "v" || got.Options.Compute != up.Options.Compute || got.Key != key("x") || !got.Started.Equal(up.Started) {
		t.Fatalf("upload is %+v", got)
	}
	parts := [][]byte{Bytes(1, 2<<20+5), Bytes(2, 70_000), Bytes(3, 0), Bytes(4, 10), Bytes(5, 3<<20)}
	putPart(t, s, key("x"), up.ID, 2, []byte("is replaced"))
	putPart(t, s, key("x"), up.ID, 9, Bytes(6, 2<<20)) // is left out
	for i, data := range parts {
		p := putPart(t, s, key("x"), up.ID, i+1, data)
		if p.Number != i+1 || p.Size != int64(len(data)) || len(p.Sums.MD5) != 16 {
			t.Fatalf("part is %+v", p)
		}
	}
	var whole []byte
	for _, p := range parts {
		whole = append(whole, p...)
	}
	wantUsage(t, s, space, object.Usage{Objects: 1, Bytes: 100, Uploads: int64(len(whole)) + 2<<20})
	first, more, err := s.Parts(ctx, key("x"), up.ID, 1, 2)
	ok(t, err)
	if !more || len(first) != 2 || first[0].Number != 2 || first[0].Size != 70_000 || first[1].Number != 3 {
		t.Fatalf("parts are %+v, more %v", first, more)
	}
	rest, more, err := s.Parts(ctx, key("x"), up.ID, 3, 10)
	ok(t, err)
	if more || len(rest) != 3 || rest[2].Number != 9 {
		t.Fatalf("parts are %+v, more %v", rest, more)
	}
	mine := fault.New(fault.Invalid, "mine", "no")
	_, err = s.CompleteUpload(ctx, key("x"), up.ID, object.Completion{Parts: []int{1}, Check: func([]object.PartInfo, object.Checksums) (string, error) {
		return "", mine
	}})
	if !errors.Is(err, mine) {
		t.Fatalf("error is %v", err)
	}
	info, err := s.CompleteUpload(ctx, key("x"), up.ID, object.Completion{Parts: []int{1, 2, 3, 4, 5}, Check: func(p []object.PartInfo, sums object.Checksums) (string, error) {
		if len(p) != 5 || p[4].Number != 5 {
			t.Errorf("parts are %+v", p)
		}
		return "tag-5", nil
	}})
	ok(t, err)
	wantUsage(t, s, space, object.Usage{Objects: 1, Bytes: int64(len(whole))})
	if info.Composite != "tag-5" || info.Size != int64(len(whole)) || len(info.Parts) != 5 || info.Meta["k"] != "v" || info.Sums.MD5 != nil {
		t.Fatalf("info is %+v", info)
	}
	stat, err := s.Stat(ctx, key("x"), 0)
	ok(t, err)
	if len(stat.Parts) != 5 || stat.Parts[1].Size != 70_000 || len(stat.Parts[1].Sums.MD5) != 16 || stat.Headers["content-type"] != "a/b" {
		t.Fatalf("stat is %+v", stat)
	}
	check, err := s.Put(ctx, key("same"), bytes.NewReader(whole), int64(len(whole)), object.PutOptions{Compute: object.CRC32 | object.CRC64NVME})
	ok(t, err)
	if !bytes.Equal(check.Sums.CRC32C, stat.Sums.CRC32C) || !bytes.Equal(check.Sums.CRC32, stat.Sums.CRC32) || !bytes.Equal(check.Sums.CRC64NVME, stat.Sums.CRC64NVME) {
		t.Fatalf("combined sums are %x, want %x", stat.Sums, check.Sums)
	}
	wantBytes(t, s, key("x"), whole)
	o, err := s.Open(ctx, key("x"), 0)
	ok(t, err)
	defer func() { _ = o.Close() }()
	p := make([]byte, 100_000)
	_, err = o.ReadAt(p, 2<<20-1000)
	ok(t, err)
	if !bytes.Equal(p, whole[2<<20-1000:2<<20+99_000]) {
		t.Fatal("a range over parts differs")
	}
	_, err = s.GetUpload(ctx, key("x"), up.ID)
	wantKind(t, err, fault.NotFound, object.CodeNoUpload)
	_, err = s.SetMetadata(ctx, key("x"), nil, map[string]string{"n": "w"}, object.Condition{})
	ok(t, err)
	_, err = s.Copy(ctx, key("x"), object.Condition{}, key("copy"), object.PutOptions{}, false)
	ok(t, err)
	wantBytes(t, s, key("copy"), whole)
	put(t, s, key("x"), []byte("small again"))
	wantBytes(t, s, key("x"), []byte("small again"))
	wantUsage(t, s, space, object.Usage{Objects: 3, Bytes: 2*int64(len(whole)) + 11})
}

func uploadCopyPart(t *testing.T, s object.Store) {
	bucket(t, s)
	src := Bytes(1, 3<<20)
	put(t, s, key("src"), src)
	up, err := s.StartUpload(ctx, key("x"), object.UploadOptions{Compute: object.MD5})
	ok(t, err)
	for i, r := range [][2]int64{{0, 3 << 20}, {100, 2 << 20}, {5, 10}} {
		p, err := s.CopyPart(ctx, key("x"), up.ID, i+1, key("src"), object.Condition{}, r[0], r[1])
		ok(t, err)
		if p.Size != r[1] || len(p.Sums.MD5) != 16 {
			t.Fatalf("part is %+v", p)
		}
	}
	_, err = s.CopyPart(ctx, key("x"), up.ID, 4, key("src"), object.Condition{}, 1, 3<<20)
	wantKind(t, err, fault.Invalid, object.CodeInvalidRange)
	_, err = s.Delete(ctx, key("src"), object.Condition{})
	ok(t, err)
	_, err = s.CompleteUpload(ctx, key("x"), up.ID, object.Completion{Parts: []int{1, 2, 3}})
	ok(t, err)
	wantBytes(t, s, key("x"), slices.Concat(src, src[100:100+2<<20], src[5:15]))
}

func uploadRefused(t *testing.T, s object.Store) {
	bucket(t, s)
	none := strings.Repeat("0", 32)
	for _, id := range []string{"", "x", none} {
		_, err := s.GetUpload(ctx, key("x"), id)
		wantKind(t, err, fault.NotFound, object.CodeNoUpload)
		_, err = s.PutPart(ctx, key("x"), id, 1, bytes.NewReader(nil), 0, object.PutOptions{})
		wantKind(t, err, fault.NotFound, object.CodeNoUpload)
		_, err = s.CompleteUpload(ctx, key("x"), id, object.Completion{Parts: []int{1}})
		wantKind(t, err, fault.NotFound, object.CodeNoUpload)
		wantKind(t, s.AbortUpload(ctx, key("x"), id), fault.NotFound, object.CodeNoUpload)
		_, _, err = s.Parts(ctx, key("x"), id, 0, 0)
		wantKind(t, err, fault.NotFound, object.CodeNoUpload)
	}
	up, err := s.StartUpload(ctx, key("x"), object.UploadOptions{})
	ok(t, err)
	_, err = s.GetUpload(ctx, key("y"), up.ID)
	wantKind(t, err, fault.NotFound, object.CodeNoUpload)
	for _, n := range []int{0, -1, 10_001} {
		_, err := s.PutPart(ctx, key("x"), up.ID, n, bytes.NewReader(nil), 0, object.PutOptions{})
		wantKind(t, err, fault.Invalid, object.CodeInvalidPart)
	}
	putPart(t, s, key("x"), up.ID, 1, []byte("1"))
	for _, c := range []struct {
		parts []int
		kind  fault.Kind
	}{{nil, fault.Invalid}, {[]int{2}, fault.NotFound}, {[]int{1, 1}, fault.Invalid}, {[]int{2, 1}, fault.Invalid}} {
		_, err := s.CompleteUpload(ctx, key("x"), up.ID, object.Completion{Parts: c.parts})
		wantKind(t, err, c.kind, "")
	}
	zero := object.Generation(0)
	put(t, s, key("x"), nil)
	_, err = s.CompleteUpload(ctx, key("x"), up.ID, object.Completion{Parts: []int{1}, Condition: object.Condition{IfGenerationMatch: &zero}})
	wantKind(t, err, fault.Precondition, object.CodePrecondition)
	_, err = s.GetUpload(ctx, key("x"), up.ID) // a completion that failed leaves the upload
	ok(t, err)
}

func uploadAbort(t *testing.T, s object.Store) {
	bucket(t, s)
	var ids []string
	for _, n := range []string{"b/2", "a/1", "b/1", "b/1"} {
		up, err := s.StartUpload(ctx, key(n), object.UploadOptions{})
		ok(t, err)
		ids = append(ids, up.ID)
		putPart(t, s, key(n), up.ID, 1, Bytes(1, 2<<20))
	}
	all, err := s.Uploads(ctx, space, "b", "b/")
	ok(t, err)
	if len(all) != 3 || all[0].Name != "b/1" || all[1].Name != "b/1" || all[2].Name != "b/2" || all[0].ID >= all[1].ID {
		t.Fatalf("uploads are %+v", all)
	}
	ok(t, s.AbortUpload(ctx, key("b/2"), ids[0]))
	wantUsage(t, s, space, object.Usage{Uploads: 3 * 2 << 20})
	_, err = s.PutPart(ctx, key("b/2"), ids[0], 1, bytes.NewReader(nil), 0, object.PutOptions{})
	wantKind(t, err, fault.NotFound, object.CodeNoUpload)
}

func limit(t *testing.T, s object.Store) {
	bucket(t, s)
	s.SetLimit(space, 1000)
	put(t, s, key("x"), Bytes(1, 600))
	read := false
	_, err := s.Put(ctx, key("y"), readerFunc(func([]byte) (int, error) { read = true; return 0, errors.New("read") }), 401, object.PutOptions{})
	wantKind(t, err, fault.Exhausted, object.CodeSpaceFull)
	if read {
		t.Fatal("the body was read before admission")
	}
	put(t, s, key("x"), Bytes(2, 1000)) // net of what it replaces
	_, err = s.Put(ctx, key("x"), bytes.NewReader(make([]byte, 1001)), 1001, object.PutOptions{})
	wantKind(t, err, fault.Exhausted, object.CodeSpaceFull)
	wantBytes(t, s, key("x"), Bytes(2, 1000))
	_, err = s.Copy(ctx, key("x"), object.Condition{}, key("y"), object.PutOptions{}, false)
	wantKind(t, err, fault.Exhausted, object.CodeSpaceFull)
	up, err := s.StartUpload(ctx, key("z"), object.UploadOptions{})
	ok(t, err)
	_, err = s.PutPart(ctx, key("z"), up.ID, 1, bytes.NewReader([]byte("1")), 1, object.PutOptions{})
	wantKind(t, err, fault.Exhausted, object.CodeSpaceFull)
	put(t, s, key("x"), Bytes(2, 500))
	putPart(t, s, key("z"), up.ID, 1, Bytes(1, 500))
	putPart(t, s, key("z"), up.ID, 1, Bytes(1, 400))
	putPart(t, s, key("z"), up.ID, 1, Bytes(1, 500))
	_, err = s.PutPart(ctx, key("z"), up.ID, 2, bytes.NewReader([]byte("1")), 1, object.PutOptions{})
	wantKind(t, err, fault.Exhausted, object.CodeSpaceFull)
	_, err = s.CompleteUpload(ctx, key("z"), up.ID, object.Completion{Parts: []int{1}})
	ok(t, err)
	wantUsage(t, s, space, object.Usage{Objects: 2, Bytes: 1000})
	s.SetLimit(space, -1)
	put(t, s, key("y"), Bytes(1, 5000))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func limitUnknownSize(t *testing.T, s object.Store) {
	bucket(t, s)
	for _, n := range []int64{1000, 3 << 20} {
		s.SetLimit(space, n)
		_, err := s.Put(ctx, key("x"), bytes.NewReader(make([]byte, n+1)), -1, object.PutOptions{})
		wantKind(t, err, fault.Exhausted, object.CodeSpaceFull)
		_, err = s.Put(ctx, key("x"), bytes.NewReader(make([]byte, n)), -1, object.PutOptions{})
		ok(t, err)
		_, err = s.Delete(ctx, key("x"), object.Condition{})
		ok(t, err)
	}
}

func limitRace(t *testing.T, s object.Store) {
	bucket(t, s)
	s.SetLimit(space, 10_000)
	var wg sync.WaitGroup
	var stored atomic.Int64
	for i := range 40 {
		wg.Go(func() {
			_, err := s.Put(ctx, key(fmt.Sprint(i)), bytes.NewReader(make([]byte, 1000)), 1000, object.PutOptions{})
			if err == nil {
				stored.Add(1)
			} else if fault.CodeOf(err) != object.CodeSpaceFull {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if stored.Load() != 10 {
		t.Fatalf("%d writes of 1,000 bytes fit 10,000", stored.Load())
	}
	wantUsage(t, s, space, object.Usage{Objects: 10, Bytes: 10_000})
}

func conditionRace(t *testing.T, s object.Store) {
	bucket(t, s)
	zero := object.Generation(0)
	for _, n := range []int{10, 2 << 20} {
		var wg sync.WaitGroup
		var won atomic.Int64
		for range 16 {
			wg.Go(func() {
				_, err := s.Put(ctx, key(fmt.Sprint(n)), bytes.NewReader(make([]byte, n)), int64(n), object.PutOptions{Condition: object.Condition{IfGenerationMatch: &zero}})
				if err == nil {
					won.Add(1)
				} else if fault.KindOf(err) != fault.Precondition {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d writers found the key absent", won.Load())
		}
	}
}

func spaces(t *testing.T, s object.Store) {
	for _, sp := range []object.Space{"01", "02"} {
		_, err := s.CreateBucket(ctx, sp, "b")
		ok(t, err)
		k := object.Key{Space: sp, Bucket: "b", Name: "x"}
		put(t, s, k, []byte(sp))
	}
	for _, sp := range []object.Space{"01", "02"} {
		wantBytes(t, s, object.Key{Space: sp, Bucket: "b", Name: "x"}, []byte(sp))
		wantUsage(t, s, sp, object.Usage{Objects: 1, Bytes: 2})
	}
	_, err := s.Stat(ctx, object.Key{Space: "03", Bucket: "b", Name: "x"}, 0)
	wantKind(t, err, fault.NotFound, object.CodeNoBucket)
	wantUsage(t, s, "03", object.Usage{})
}

func removeSpace(t *testing.T, s object.Store) {
	bucket(t, s)
	_, err := s.CreateBucket(ctx, "ff", "b")
	ok(t, err)
	kept := object.Key{Space: "ff", Bucket: "b", Name: "x"}
	put(t, s, kept, []byte("kept"))
	for i := range 600 {
		put(t, s, key(fmt.Sprint(i)), []byte("1"))
	}
	put(t, s, key("large"), Bytes(1, 2<<20))
	up, err := s.StartUpload(ctx, key("u"), object.UploadOptions{})
	ok(t, err)
	putPart(t, s, key("u"), up.ID, 1, Bytes(1, 2<<20))
	ok(t, s.RemoveSpace(ctx, space))
	ok(t, s.RemoveSpace(ctx, space))
	wantUsage(t, s, space, object.Usage{})
	all, err := s.Buckets(ctx, space)
	ok(t, err)
	if len(all) != 0 {
		t.Fatalf("buckets are %v", all)
	}
	wantBytes(t, s, kept, []byte("kept"))
	wantUsage(t, s, "ff", object.Usage{Objects: 1, Bytes: 4})
	bucket(t, s)
	put(t, s, key("0"), nil)
}

func changes(t *testing.T, s object.Store) {
	bucket(t, s)
	a := put(t, s, key("a"), []byte("1"))
	put(t, s, key("b"), []byte("2"))
	put(t, s, key("c"), []byte("3"))
	_, err := s.SetMetadata(ctx, key("b"), nil, map[string]string{"k": "v"}, object.Condition{})
	ok(t, err)
	_, err = s.Delete(ctx, key("c"), object.Condition{})
	ok(t, err)
	all, err := s.Changes(ctx, 0, 100)
	ok(t, err)
	if len(all) != 3 || all[0].Info.Name != "a" || all[0].Info.Generation != a.Generation || all[0].Info.Size != 1 ||
		all[1].Info.Name != "b" || all[1].Info.Metageneration != 2 || !all[2].Deleted || all[2].Info.Key != key("c") {
		t.Fatalf("changes are %+v", all)
	}
	page, err := s.Changes(ctx, all[0].Seq, 1)
	ok(t, err)
	if len(page) != 1 || page[0].Seq != all[1].Seq {
		t.Fatalf("changes are %+v", page)
	}
	put(t, s, key("c"), nil)
	all, err = s.Changes(ctx, all[1].Seq, 100)
	ok(t, err)
	if len(all) != 1 || all[0].Deleted || all[0].Info.Name != "c" {
		t.Fatalf("changes are %+v", all)
	}
	none, err := s.Changes(ctx, all[0].Seq, 100)
	ok(t, err)
	if len(none) != 0 {
		t.Fatalf("changes are %+v", none)
	}
}

func concurrent(t *testing.T, s object.Store) {
	bucket(t, s)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 30 {
				k := key(fmt.Sprint("shared", i%3))
				switch i % 6 {
				case 0, 1, 2:
					n := []int{10, 80_000, 2 << 20}[i%3]
					data := bytes.Repeat([]byte{byte(w + 1)}, n)
					if _, err := s.Put(ctx, k, bytes.NewReader(data), int64(n), object.PutOptions{}); err != nil {
						t.Error(err)
					}
				case 5:
					if _, err := s.Delete(ctx, k, object.Condition{}); err != nil && fault.KindOf(err) != fault.NotFound {
						t.Error(err)
					}
				default:
					got, err := Read(s, k)
					if err != nil && fault.KindOf(err) != fault.NotFound {
						t.Error(err)
					}
					if len(got) > 0 && !bytes.Equal(got, bytes.Repeat(got[:1], len(got))) {
						t.Error("an object is mixed from two writes")
					}
				}
			}
		})
	}
	wg.Wait()
	p, err := s.List(ctx, space, "b", object.ListOptions{})
	ok(t, err)
	var u object.Usage
	for _, i := range p.Objects {
		u.Objects++
		u.Bytes += i.Size
	}
	wantUsage(t, s, space, u)
}
