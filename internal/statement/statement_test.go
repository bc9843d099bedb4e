package statement

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/sla"
)

func TestSignedUsage(t *testing.T) {
	pub, priv, _ := ed25519.GenerateKey(nil)
	u := Usage{Node: ids.ID{1}, SLA: ids.ID{2}, Epoch: 3, Objects: 4, Stored: 5, ByteSeconds: sla.Wide{Hi: 6, Lo: 7}, BytesIn: 8, BytesOut: 9, Leaves: 10, SetRoot: [32]byte{11}}
	s, err := SignUsage(u, func(h [32]byte) ([]byte, error) { return ed25519.Sign(priv, h[:]), nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Bytes()) != SignedSize {
		t.Fatalf("%d bytes, want %d", len(s.Bytes()), SignedSize)
	}
	j, _ := json.Marshal(s.Answer())
	var a UsageAnswer
	if err := json.Unmarshal(j, &a); err != nil {
		t.Fatal(err)
	}
	got, err := a.Signed()
	if err != nil || got.Usage != u {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := got.Verify([32]byte(pub)); err != nil {
		t.Fatal(err)
	}
	got.BytesOut++
	if err := got.Verify([32]byte(pub)); !errors.Is(err, ErrSignature) {
		t.Fatalf("a changed statement: %v", err)
	}
	if _, err := DecodeSigned(append(s.Bytes(), 0)); err == nil {
		t.Fatal("trailing bytes were taken")
	}
}

func chunks(b []byte) (h []merkle.Hash) {
	for len(b) > 0 {
		n := min(ChunkSize, len(b))
		h = append(h, merkle.Leaf(b[:n]))
		b = b[n:]
	}
	return h
}

func TestTreeIsTheTreeOfChunks(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, ChunkSize - 1, ChunkSize, ChunkSize + 1, 3*ChunkSize + 5, 7 * ChunkSize, 8*ChunkSize + 1} {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		var tree Tree
		for rest := b; len(rest) > 0; {
			n := min(1+rng.IntN(100_000), len(rest))
			tree.Write(rest[:n])
			rest = rest[n:]
		}
		n, root := tree.Sum()
		if want := merkle.Root(chunks(b)); root != want || n != uint64(size) {
			t.Errorf("%d bytes: %x of %d, want %x", size, root, n, want)
		}
	}
}

// set is a node's side in small: objects in ascending order of id.
func set(sizes ...int) (bodies [][]byte, leaves [][]byte, u Usage) {
	var hashes []merkle.Hash
	for i, n := range sizes {
		b := bytes.Repeat([]byte{byte(i + 1)}, n)
		h := Held{Object: [32]byte{byte(i)}, Commitment: Commitment(uint64(n), merkle.Root(chunks(b))), Size: uint64(n), First: u.Leaves}
		u.Leaves += Chunks(uint64(n))
		u.Objects++
		bodies, leaves, hashes = append(bodies, b), append(leaves, h.Bytes()), append(hashes, merkle.Leaf(h.Bytes()))
	}
	u.SetRoot = merkle.Root(hashes)
	return bodies, leaves, u
}

func answer(t *testing.T, bodies, leaves [][]byte, chunk uint64) *Answer {
	t.Helper()
	var hashes []merkle.Hash
	for _, l := range leaves {
		hashes = append(hashes, merkle.Leaf(l))
	}
	for i, l := range leaves {
		h, err := DecodeHeld(l)
		if err != nil {
			t.Fatal(err)
		}
		if chunk-h.First < Chunks(h.Size) && chunk >= h.First {
			c := chunks(bodies[i])
			at := int(chunk - h.First)
			return &Answer{Held: l, HeldPath: Path(merkle.Prove(hashes, i)), Root: Root(merkle.Root(c)),
				Chunk: bodies[i][at*ChunkSize : min((at+1)*ChunkSize, len(bodies[i]))], ChunkPath: Path(merkle.Prove(c, at))}
		}
	}
	t.Fatalf("no object has chunk %d", chunk)
	return nil
}

func TestPossession(t *testing.T) {
	t.Parallel()
	bodies, leaves, u := set(10, 3*ChunkSize+1, ChunkSize, 200_000)
	for c := range u.Leaves {
		a := answer(t, bodies, leaves, c)
		j, _ := json.Marshal(a)
		if len(j) > MaxAnswer {
			t.Fatalf("an answer of %d bytes", len(j))
		}
		var b Answer
		if err := json.Unmarshal(j, &b); err != nil {
			t.Fatal(err)
		}
		if _, gone, err := b.Verify(&u, c); err != nil || gone {
			t.Fatalf("chunk %d: %v, gone %v", c, err, gone)
		}
		if _, _, err := b.Verify(&u, (c+1)%u.Leaves); err == nil {
			t.Fatalf("the answer for chunk %d was taken for the next one", c)
		}
		g := Answer{Gone: &Gone{Held: b.Held, HeldPath: b.HeldPath}}
		if h, gone, err := g.Verify(&u, c); err != nil || !gone || h == nil {
			t.Fatalf("gone: %v, %v", gone, err)
		}
		b.Chunk[0] ^= 1
		if _, _, err := b.Verify(&u, c); !errors.Is(err, ErrChunk) {
			t.Fatalf("a wrong byte: %v", err)
		}
		b.Chunk[0] ^= 1
		u2 := u
		u2.SetRoot[0] ^= 1
		if _, _, err := b.Verify(&u2, c); !errors.Is(err, ErrHeld) {
			t.Fatalf("another set: %v", err)
		}
		b.Root[0] ^= 1
		if _, _, err := b.Verify(&u, c); !errors.Is(err, ErrChunk) {
			t.Fatalf("another object: %v", err)
		}
	}
	if _, _, err := (&Answer{}).Verify(&u, 0); err == nil {
		t.Fatal("an empty answer was taken")
	}
	if root := merkle.Root(nil); root != canon.Hash() {
		t.Fatal("the root of nothing")
	}
}

func TestOnlyOwnChallengesAreSigned(t *testing.T) {
	t.Parallel()
	me := ids.Account{Chain: ids.Stellar, Address: [32]byte{1}}
	other := ids.Account{Chain: ids.Stellar, Address: [32]byte{2}}
	text := "Flashback S3 keys\nNODE\n" + me.String() + "\nSLA\nnonce\n1"
	if node, ok := (KeyChallenged{Challenge: text}).Node(me, "SLA"); !ok || node != "NODE" {
		t.Errorf("the node's own question: %q, %v", node, ok)
	}
	for _, c := range []struct {
		text string
		by   ids.Account
		sla  string
	}{{text, other, "SLA"}, {text, me, "OTHER"}, {text + "\nmore", me, "SLA"}, {"Flashback login\nhere\n" + me.String() + "\nSLA\nnonce\n1", me, "SLA"}, {"", me, ""}} {
		if _, ok := (KeyChallenged{Challenge: c.text}).Node(c.by, c.sla); ok {
			t.Errorf("%q would be signed", c.text)
		}
	}
}
