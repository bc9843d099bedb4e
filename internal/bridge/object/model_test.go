package object

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
)

var seedFlag = flag.Uint64("object.seed", 0, "seed of the random tests; 0 takes a new one")

func testSeed(t *testing.T) uint64 {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-object.seed=%d", seed)
	return seed
}

// model is a store as simple as can be.
type model struct {
	objects map[Key]modelObject
	uploads map[string]*modelUpload
}

type modelObject struct {
	data []byte
	meta string
	gen  Generation
}

type modelUpload struct {
	key   Key
	parts map[int][]byte
}

func (m *model) usage(s Space) (u Usage) {
	for k, o := range m.objects {
		if k.Space == s {
			u.Objects++
			u.Bytes += int64(len(o.data))
		}
	}
	for _, up := range m.uploads {
		if up.key.Space == s {
			for _, p := range up.parts {
				u.Uploads += int64(len(p))
			}
		}
	}
	return u
}

type modelTest struct {
	t   *testing.T
	r   *rand.Rand
	e   *Engine
	m   model
	dir string
	o   Options
}

var bg = context.Background()

func (x *modelTest) ok(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *modelTest) open() {
	e, err := Open(bg, x.dir, x.o)
	x.ok(err)
	x.e = e
}

func (x *modelTest) key() Key {
	return Key{Space: Space(fmt.Sprint("s", x.r.IntN(2))), Bucket: fmt.Sprint("b", x.r.IntN(2)), Name: fmt.Sprint("k", x.r.IntN(12))}
}

func (x *modelTest) data() []byte {
	n := []int{0, 1, 100, 5000, 70_000, 200_000}[x.r.IntN(6)]
	if n > 0 {
		n += x.r.IntN(n)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(x.r.Uint32())
	}
	return b
}

func (x *modelTest) existing() (Key, bool) {
	keys := slices.SortedFunc(maps.Keys(x.m.objects), func(a, b Key) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	if len(keys) == 0 {
		return Key{}, false
	}
	return keys[x.r.IntN(len(keys))], true
}

func (x *modelTest) anyUpload() (string, *modelUpload) {
	ids := slices.Sorted(maps.Keys(x.m.uploads))
	if len(ids) == 0 {
		return "", nil
	}
	id := ids[x.r.IntN(len(ids))]
	return id, x.m.uploads[id]
}

func (x *modelTest) step() {
	switch n := x.r.IntN(100); {
	case n < 35:
		k, data, meta := x.key(), x.data(), fmt.Sprint(x.r.IntN(100))
		size := int64(len(data))
		if x.r.IntN(4) == 0 {
			size = -1
		}
		info, err := x.e.Put(bg, k, bytes.NewReader(data), size, PutOptions{Meta: map[string]string{"m": meta}})
		x.ok(err)
		x.m.objects[k] = modelObject{data: data, meta: meta, gen: info.Generation}
	case n < 50:
		k := x.key()
		_, err := x.e.Delete(bg, k, Condition{})
		if _, there := x.m.objects[k]; there {
			x.ok(err)
			delete(x.m.objects, k)
		} else if fault.CodeOf(err) != CodeNoKey {
			x.t.Fatalf("deleting nothing: %v", err)
		}
	case n < 57:
		if k, ok := x.existing(); ok {
			meta := fmt.Sprint(x.r.IntN(100))
			_, err := x.e.SetMetadata(bg, k, nil, map[string]string{"m": meta}, Condition{})
			x.ok(err)
			o := x.m.objects[k]
			o.meta = meta
			x.m.objects[k] = o
		}
	case n < 65:
		if k, ok := x.existing(); ok {
			to := x.key()
			info, err := x.e.Copy(bg, k, Condition{}, to, PutOptions{}, false)
			x.ok(err)
			o := x.m.objects[k]
			o.gen = info.Generation
			x.m.objects[to] = o
		}
	case n < 71:
		k := x.key()
		up, err := x.e.StartUpload(bg, k, UploadOptions{Meta: map[string]string{"m": "u"}})
		x.ok(err)
		x.m.uploads[up.ID] = &modelUpload{key: k, parts: map[int][]byte{}}
	case n < 85:
		if id, up := x.anyUpload(); up != nil {
			data, number := x.data(), 1+x.r.IntN(5)
			_, err := x.e.PutPart(bg, up.key, id, number, bytes.NewReader(data), int64(len(data)), PutOptions{})
			x.ok(err)
			up.parts[number] = data
		}
	case n < 90:
		id, up := x.anyUpload()
		if up == nil || len(up.parts) == 0 {
			return
		}
		numbers := slices.Sorted(maps.Keys(up.parts))
		if len(numbers) > 1 && x.r.IntN(2) == 0 {
			numbers = numbers[1:]
		}
		info, err := x.e.CompleteUpload(bg, up.key, id, Completion{Parts: numbers})
		x.ok(err)
		var whole []byte
		for _, n := range numbers {
			whole = append(whole, up.parts[n]...)
		}
		x.m.objects[up.key] = modelObject{data: whole, meta: "u", gen: info.Generation}
		delete(x.m.uploads, id)
	case n < 93:
		if id, up := x.anyUpload(); up != nil {
			x.ok(x.e.AbortUpload(bg, up.key, id))
			delete(x.m.uploads, id)
		}
	case n < 95:
		x.ok(x.e.compact())
	case n < 97:
		x.ok(x.e.ConfigureBucket(bg, Space(fmt.Sprint("s", x.r.IntN(2))), "b0", "doc", x.data()[:0]))
	default:
		x.reopen()
	}
}

func (x *modelTest) reopen() {
	if x.r.IntN(2) == 0 {
		x.ok(x.e.Close())
	} else {
		x.e.abandon()
	}
	if x.r.IntN(3) == 0 {
		x.ok(os.RemoveAll(filepath.Join(x.dir, "index")))
	}
	x.open()
	x.compare()
}

// abandon ends the engine as a kill would: nothing is written down on the way.
func (e *Engine) abandon() {
	e.fail(os.ErrClosed)
	_ = e.Close()
}

func (x *modelTest) compare() {
	x.t.Helper()
	for k, want := range x.m.objects {
		o, err := x.e.Open(bg, k, want.gen)
		x.ok(err)
		var b bytes.Buffer
		_, err = o.WriteRange(&b, 0, o.Info().Size)
		x.ok(err)
		if !bytes.Equal(b.Bytes(), want.data) || o.Info().Meta["m"] != want.meta {
			x.t.Fatalf("%v differs: %d bytes, want %d; meta %v, want %q", k, b.Len(), len(want.data), o.Info().Meta, want.meta)
		}
		x.ok(o.Close())
	}
	for _, s := range []Space{"s0", "s1"} {
		got, err := x.e.Usage(s)
		x.ok(err)
		if want := x.m.usage(s); got != want {
			x.t.Fatalf("usage of %s is %+v, want %+v", s, got, want)
		}
		listed := 0
		for _, b := range []string{"b0", "b1"} {
			p, err := x.e.List(bg, s, b, ListOptions{})
			x.ok(err)
			listed += len(p.Objects)
			for _, i := range p.Objects {
				if x.m.objects[i.Key].gen != i.Generation {
					x.t.Fatalf("listed %v of generation %d, want %d", i.Key, i.Generation, x.m.objects[i.Key].gen)
				}
			}
			ups, err := x.e.Uploads(bg, s, b, "")
			x.ok(err)
			for _, u := range ups {
				up := x.m.uploads[u.ID]
				if up == nil || up.key != u.Key {
					x.t.Fatalf("upload %v should not be there", u)
				}
				parts, _, err := x.e.Parts(bg, u.Key, u.ID, 0, 100)
				x.ok(err)
				if len(parts) != len(up.parts) {
					x.t.Fatalf("%d parts, want %d", len(parts), len(up.parts))
				}
			}
		}
		if int64(listed) != got.Objects {
			x.t.Fatalf("%d objects listed, usage says %d", listed, got.Objects)
		}
	}
	checkSound(x.t, x.e)
}

// checkSound runs fsck and fails on any problem.
func checkSound(t *testing.T, e *Engine) {
	t.Helper()
	err := e.Fsck(bg, func(p Problem) {
		t.Errorf("fsck: %v", p)
	})
	if err != nil || t.Failed() {
		t.Fatalf("fsck found problems, error %v", err)
	}
}

// TestModel runs random operations, with closings, kills, lost indexes and compactions between them, beside a model.
func TestModel(t *testing.T) {
	t.Parallel()
	seed := testSeed(t)
	for i := range uint64(4) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			x := &modelTest{t: t, r: rand.New(rand.NewPCG(seed, i)), dir: t.TempDir()}
			x.o = Options{Sync: Relaxed, SegmentSize: 300 << 10, SmallLimit: 100 << 10}
			x.m = model{objects: map[Key]modelObject{}, uploads: map[string]*modelUpload{}}
			x.open()
			defer func() { _ = x.e.Close() }()
			for _, s := range []Space{"s0", "s1"} {
				for _, b := range []string{"b0", "b1"} {
					_, err := x.e.CreateBucket(bg, s, b)
					x.ok(err)
				}
			}
			for range 500 {
				x.step()
			}
			x.compare()
		})
	}
}
