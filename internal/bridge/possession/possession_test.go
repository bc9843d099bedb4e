package possession

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/statement"
)

// counted is an engine that counts how many objects are opened.
type counted struct {
	*object.Engine
	opened int
}

func (c *counted) Open(ctx context.Context, k object.Key, g object.Generation) (object.Object, error) {
	c.opened++
	return c.Engine.Open(ctx, k, g)
}

// world is a store over a real engine.
type world struct {
	t      *testing.T
	dir    string
	engine *counted
	store  *Store
	sla    ids.ID
	held   map[string]object.Info // the model: what is there
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), held: map[string]object.Info{}, sla: ids.New(ids.Stellar, ids.SLA, [32]byte{7})}
	w.open()
	if _, err := w.engine.CreateBucket(t.Context(), w.space(), "bucket"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close() })
	return w
}

func (w *world) open() {
	w.t.Helper()
	e, err := object.Open(context.Background(), filepath.Join(w.dir, "objects"), object.Options{Sync: object.Relaxed})
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = &counted{Engine: e}
	if w.store, err = Open(filepath.Join(w.dir, "possession"), Options{Store: w.engine, KeepSets: 3, KeepStatements: 5}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) close() {
	w.t.Helper()
	if err := w.store.Close(); err != nil {
		w.t.Error(err)
	}
	if err := w.engine.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) space() object.Space { return object.Space(w.sla.String()) }

func (w *world) key(name string) object.Key {
	return object.Key{Space: w.space(), Bucket: "bucket", Name: name}
}

// body is the same for the same name, size and round.
func body(name string, size, round int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8(canon.Hash([]byte(fmt.Sprint(name, size, round)))).Read(b)
	return b
}

func (w *world) put(name string, size, round int) {
	w.t.Helper()
	i, err := w.engine.Put(w.t.Context(), w.key(name), bytes.NewReader(body(name, size, round)), int64(size), object.PutOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.held[name] = i
}

func (w *world) delete(name string) {
	w.t.Helper()
	if _, err := w.engine.Delete(w.t.Context(), w.key(name), object.Condition{}); err != nil {
		w.t.Fatal(err)
	}
	delete(w.held, name)
}

// hashAll takes in and hashes everything that is there.
func (w *world) hashAll() {
	w.t.Helper()
	if err := w.store.CatchUp(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	for at := []byte{kindTodo}; at != nil; {
		var err error
		if at, err = w.store.hashNext(w.t.Context(), at); err != nil {
			w.t.Fatal(err)
		}
	}
}

var nodeKey = ed25519.NewKeyFromSeed(make([]byte, 32))

func (w *world) state(epoch uint64) *statement.Signed { return w.stateOf(w.sla, epoch) }

func (w *world) stateOf(sla ids.ID, epoch uint64) *statement.Signed {
	w.t.Helper()
	s, err := w.store.State(w.t.Context(), w.sla, statement.Usage{Node: ids.ID{1}, SLA: sla, Epoch: epoch}, func(h [32]byte) ([]byte, error) { return ed25519.Sign(nodeKey, h[:]), nil })
	if err != nil {
		w.t.Fatal(err)
	}
	if err := s.Verify([32]byte(nodeKey.Public().(ed25519.PublicKey))); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// ask asks over the wire's encoding and checks the answer as a validator does.
func (w *world) ask(s *statement.Signed, chunk uint64) (held *statement.Held, gone bool, err error) {
	w.t.Helper()
	a, err := w.store.Answer(w.t.Context(), w.sla, statement.Challenge{SLA: s.SLA, Epoch: s.Epoch, Chunk: chunk})
	if err != nil {
		return nil, false, err
	}
	j, err := json.Marshal(a)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(j) > statement.MaxAnswer {
		w.t.Errorf("an answer of %d bytes", len(j))
	}
	var b statement.Answer
	if err := json.Unmarshal(j, &b); err != nil {
		w.t.Fatal(err)
	}
	return b.Verify(&s.Usage, chunk)
}

// root computes the set's root from the contents, without any of the code under test but the encodings.
func (w *world) root(rounds map[string]int) (root merkle.Hash, chunks uint64) {
	type one struct {
		id   [32]byte
		size uint64
		root merkle.Hash
	}
	var all []one
	for name, i := range w.held {
		if i.Size == 0 {
			continue
		}
		var t statement.Tree
		_, _ = t.Write(body(name, int(i.Size), rounds[name]))
		size, r := t.Sum()
		all = append(all, one{statement.ObjectID(w.sla, "bucket", name, uint64(i.Generation)), size, r})
	}
	slices.SortFunc(all, func(a, b one) int { return bytes.Compare(a.id[:], b.id[:]) })
	var leaves []merkle.Hash
	for _, o := range all {
		h := statement.Held{Object: o.id, Commitment: statement.Commitment(o.size, o.root), Size: o.size, First: chunks}
		leaves = append(leaves, merkle.Leaf(h.Bytes()))
		chunks += statement.Chunks(o.size)
	}
	return merkle.Root(leaves), chunks
}

func TestEveryChunkIsProved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const c = statement.ChunkSize
	for i, size := range []int{0, 1, c - 1, c, c + 1, 3*c + 5, inline * c, inline*c + 1, 40*c + 17, perPage*c + 3*c/2} {
		w.put(fmt.Sprintf("object %d", i), size, 0)
	}
	w.hashAll()
	s := w.state(1)
	root, chunks := w.root(nil)
	if s.SetRoot != root || s.Leaves != chunks {
		t.Fatalf("root %x of %d chunks, want %x of %d", s.SetRoot, s.Leaves, root, chunks)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	objects := map[[32]byte]bool{}
	for i := uint64(0); i < s.Leaves; i++ {
		h, gone, err := w.ask(s, i)
		if err != nil || gone {
			t.Fatalf("chunk %d: %v, gone %v", i, err, gone)
		}
		objects[h.Object] = true
		if n := statement.Chunks(h.Size); n > perPage { // of the largest: the ends of its pages, and a few between
			switch at := i - h.First; {
			case at == 0, at == perPage-1, at == n-1:
			case at < perPage-1:
				i = h.First + min(perPage-1, at+1+r.Uint64N(100)) - 1
			default:
				i = h.First + n - 2
			}
		}
	}
	if len(objects) != 9 {
		t.Errorf("%d objects were asked for, want 9", len(objects))
	}
	if _, _, err := w.ask(s, s.Leaves); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a chunk outside: %v", err)
	}
	if _, err := w.store.Answer(t.Context(), w.sla, statement.Challenge{SLA: w.sla, Epoch: 2}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an epoch that was not stated: %v", err)
	}
}

func TestGoneIsToldAndLeavesTheSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"kept", "deleted", "replaced", "emptied"} {
		w.put(name, 2*statement.ChunkSize, 0)
	}
	w.hashAll()
	first := w.state(1)
	ids := map[string][32]byte{}
	for name, i := range w.held {
		ids[name] = statement.ObjectID(w.sla, "bucket", name, uint64(i.Generation))
	}
	w.delete("deleted")
	w.put("replaced", 100, 1)
	w.put("emptied", 0, 1)
	if _, err := w.engine.SetMetadata(t.Context(), w.key("kept"), nil, map[string]string{"a": "b"}, object.Condition{}); err != nil {
		t.Fatal(err)
	}
	for _, seen := range []bool{false, true} { // before the feed was read, and after
		if seen {
			w.hashAll()
		}
		for i := range first.Leaves {
			h, gone, err := w.ask(first, i)
			if err != nil {
				t.Fatal(err)
			}
			if want := h.Object != ids["kept"]; gone != want {
				t.Errorf("feed read %v, chunk %d: gone %v, want %v", seen, i, gone, want)
			}
		}
	}
	second := w.state(2)
	root, chunks := w.root(map[string]int{"replaced": 1})
	if second.SetRoot != root || second.Leaves != chunks || chunks != 3 {
		t.Errorf("root %x of %d chunks, want %x of %d", second.SetRoot, second.Leaves, root, chunks)
	}
	for i := range second.Leaves {
		h, gone, err := w.ask(second, i)
		if err != nil || gone || h.Object == ids["deleted"] || h.Object == ids["replaced"] {
			t.Errorf("chunk %d of the second set: %v, gone %v", i, err, gone)
		}
	}
	if again := w.state(1); again.SetRoot != first.SetRoot || again.Signature != first.Signature {
		t.Error("an epoch was stated twice in different words")
	}
}

func TestARestartHashesNothingAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 20 {
		w.put(fmt.Sprint(i), 1+i*100_000, 0)
	}
	w.hashAll()
	before := w.state(1)
	w.put("new", 500_000, 0)
	w.close()
	w.open()
	w.hashAll()
	if w.engine.opened != 1 {
		t.Errorf("%d objects were read after a restart with one new", w.engine.opened)
	}
	if _, gone, err := w.ask(before, before.Leaves-1); err != nil || gone {
		t.Errorf("a challenge of before the restart: %v, gone %v", err, gone)
	}
	after := w.state(2)
	if root, chunks := w.root(nil); after.SetRoot != root || after.Leaves != chunks {
		t.Errorf("after the restart: root %x of %d chunks, want %x of %d", after.SetRoot, after.Leaves, root, chunks)
	}
}

func TestRandomHistories(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	w := newWorld(t)
	rounds := map[string]int{}
	for epoch := uint64(1); epoch < 15; epoch++ {
		for range r.IntN(12) {
			name := fmt.Sprint(r.IntN(10))
			switch _, there := w.held[name]; {
			case there && r.IntN(3) == 0:
				w.delete(name)
			default:
				rounds[name]++
				w.put(name, r.IntN(5)*r.IntN(400_000), rounds[name])
			}
			if r.IntN(4) == 0 {
				w.hashAll()
			}
		}
		if r.IntN(4) == 0 {
			w.close()
			w.open()
		}
		w.hashAll()
		s := w.state(epoch)
		if root, chunks := w.root(rounds); s.SetRoot != root || s.Leaves != chunks {
			t.Fatalf("epoch %d: root %x of %d chunks, want %x of %d", epoch, s.SetRoot, s.Leaves, root, chunks)
		}
		if s.Leaves > 0 {
			if _, gone, err := w.ask(s, r.Uint64N(s.Leaves)); err != nil || gone {
				t.Fatalf("epoch %d: %v, gone %v", epoch, err, gone)
			}
		}
		if n, err := w.store.Newest(w.sla); err != nil || n.Epoch != epoch {
			t.Fatalf("newest: %v %v", n, err)
		}
		_, err := w.store.Statement(w.sla, epoch-min(epoch, 5))
		if fault.KindOf(err) != fault.NotFound {
			t.Fatalf("epoch %d: a statement of five epochs ago: %v", epoch, err)
		}
	}
	files, err := os.ReadDir(w.store.setDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(files) > 4 {
		t.Errorf("%d set files are kept", len(files))
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("small", 100, 0)
	w.put("large", 3<<20, 0)
	w.hashAll()
	s := w.state(1)
	if err := w.engine.RemoveSpace(t.Context(), w.space()); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Forget(w.sla); err != nil {
		t.Fatal(err)
	}
	if err := w.store.ForgetSpace(w.sla); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.ask(s, 0); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a forgotten agreement: %v", err)
	}
	it, _ := w.store.db.NewIter(nil)
	for ok := it.First(); ok; ok = it.Next() {
		if it.Key()[0] != kindCursor {
			t.Errorf("left in the store: %q", it.Key())
		}
	}
	_ = it.Close()
	if files, _ := os.ReadDir(w.store.setDir()); len(files) != 0 {
		t.Errorf("%d files are left", len(files))
	}
}
