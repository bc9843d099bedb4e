// Package merkle has the SHA-256 trees of the network, shaped as RFC 6962 has them (docs/spec/encoding.md), with proofs that a contract can check.
package merkle

import (
	"math/bits"

	"github.com/flashback-network/flashback/internal/canon"
)

// Hash of a leaf, a node or a root.
type Hash = [32]byte

// MaxDepth of a proof: 2^40 leaves.
const MaxDepth = 40

// Leaf is the hash of a leaf's bytes.
func Leaf(b []byte) Hash { return canon.Hash([]byte{0}, b) }

// Node is the hash of two subtrees.
func Node(l, r Hash) Hash { return canon.Hash([]byte{1}, l[:], r[:]) }

// Proof leads from a leaf to a root.
type Proof struct {
	Bits uint64 // bit i: sibling i stands on the left
	Path []Hash // from the leaf up
}

// split is the largest power of two smaller than n, for n > 1.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

// Root of leaf hashes.
func Root(leaves []Hash) Hash {
	switch n := len(leaves); n {
	case 0:
		return canon.Hash()
	case 1:
		return leaves[0]
	default:
		k := split(n)
		return Node(Root(leaves[:k]), Root(leaves[k:]))
	}
}

// Prove makes the proof of leaf i. It costs a pass over all leaves.
func Prove(leaves []Hash, i int) Proof {
	var p Proof
	prove(leaves, i, &p)
	return p
}

func prove(leaves []Hash, i int, p *Proof) Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := split(len(leaves))
	if i < k {
		l := prove(leaves[:k], i, p)
		r := Root(leaves[k:])
		p.Path = append(p.Path, r)
		return Node(l, r)
	}
	l := Root(leaves[:k])
	r := prove(leaves[k:], i-k, p)
	p.Bits |= 1 << len(p.Path)
	p.Path = append(p.Path, l)
	return Node(l, r)
}

// Compute is the root that the proof leads to from a leaf hash.
func (p Proof) Compute(leaf Hash) Hash {
	for i, s := range p.Path {
		if p.Bits>>i&1 == 1 {
			leaf = Node(s, leaf)
		} else {
			leaf = Node(leaf, s)
		}
	}
	return leaf
}

// Verify checks that leaf stands under root.
func (p Proof) Verify(leaf, root Hash) bool {
	return len(p.Path) <= MaxDepth && p.Bits>>len(p.Path) == 0 && p.Compute(leaf) == root
}

// Append writes the canonical form.
func (p Proof) Append(w *canon.Writer) {
	w.U32(uint32(len(p.Path))).U64(p.Bits)
	for _, h := range p.Path {
		w.Raw(h[:])
	}
}

// Read takes a proof from r.
func Read(r *canon.Reader) (p Proof) {
	n := r.Count(MaxDepth)
	p.Bits = r.U64()
	if r.Err() == nil && p.Bits>>n != 0 {
		r.Fail("bits above the path")
		return Proof{}
	}
	for range n {
		p.Path = append(p.Path, r.B32())
	}
	return p
}

// IndexOf is the position that a proof claims in a tree of n leaves, or false when no leaf of such a tree has a proof of this shape.
func (p Proof) IndexOf(n int) (int, bool) {
	lo, d := 0, len(p.Path)
	for n > 1 {
		if d == 0 {
			return 0, false
		}
		d--
		k := split(n)
		if p.Bits>>d&1 == 1 {
			lo, n = lo+k, n-k
		} else {
			n = k
		}
	}
	return lo, d == 0
}
