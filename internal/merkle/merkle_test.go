package merkle

import (
	"encoding/hex"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/canon"
)

// Roots of RFC 6962's reference implementation (certificate-transparency, merkle tree tests) for the first n of its eight leaves.
func TestReferenceRoots(t *testing.T) {
	t.Parallel()
	var leaves []Hash
	for _, s := range []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"} {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, Leaf(b))
	}
	for n, want := range map[int]string{
		0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	} {
		root := Root(leaves[:n])
		if got := hex.EncodeToString(root[:]); got != want {
			t.Errorf("%d leaves: %s", n, got)
		}
	}
}

// Every proof leads to the root, says its index, survives its encoding, and fits nothing else.
func TestProofs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 70).Draw(t, "leaves")
		var leaves []Hash
		for i := range n {
			leaves = append(leaves, Leaf([]byte{byte(i)}))
		}
		root := Root(leaves)
		i := rapid.IntRange(0, n-1).Draw(t, "leaf")
		p := Prove(leaves, i)
		if !p.Verify(leaves[i], root) {
			t.Fatalf("leaf %d of %d", i, n)
		}
		if at, ok := p.IndexOf(n); !ok || at != i {
			t.Fatalf("index %d instead of %d of %d", at, i, n)
		}
		w := &canon.Writer{}
		p.Append(w)
		r := canon.Read("", w.Bytes())
		if back := Read(r); r.Done() != nil || back.Bits != p.Bits || !back.Verify(leaves[i], root) {
			t.Fatalf("%v", r.Err())
		}
		if j := rapid.IntRange(0, n-1).Draw(t, "other"); j != i && p.Verify(leaves[j], root) {
			t.Fatalf("the proof of %d holds for %d", i, j)
		}
		if len(p.Path) > 0 {
			k := rapid.IntRange(0, len(p.Path)-1).Draw(t, "level")
			p.Path[k][0] ^= 1
			if p.Verify(leaves[i], root) {
				t.Fatal("a changed sibling is accepted")
			}
		}
	})
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{nil, new(canon.Writer).U32(41).U64(0).Bytes(), new(canon.Writer).U32(1).U64(2).Raw(make([]byte, 32)).Bytes(), new(canon.Writer).U32(2).U64(0).Raw(make([]byte, 32)).Bytes()} {
		r := canon.Read("", b)
		if Read(r); !errors.Is(r.Done(), canon.ErrMalformed) {
			t.Errorf("%x is a proof", b)
		}
	}
}
