package main

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/merkle"
)

// merkleCase: a tree with the proof of each leaf, or (leaves empty, ok false) a proof that does not lead to the root.
type merkleCase struct {
	Name   string        `json:"name"`
	Leaves []raw         `json:"leaves,omitempty"` // the leaves' bytes
	Root   raw           `json:"root"`
	Proofs []merkleProof `json:"proofs"`
}

type merkleProof struct {
	LeafHash raw    `json:"leafHash"`
	Bits     uint64 `json:"bits,string"`
	Path     []raw  `json:"path"`
	OK       bool   `json:"ok"`
}

func tree(n int) (leaves []raw, hashes []merkle.Hash) {
	for i := range n {
		b := raw(fmt.Sprintf("leaf %d", i))
		leaves, hashes = append(leaves, b), append(hashes, merkle.Leaf(b))
	}
	return leaves, hashes
}

func proofOf(leaf merkle.Hash, p merkle.Proof, ok bool) merkleProof {
	x := merkleProof{LeafHash: b32(leaf), Bits: p.Bits, Path: []raw{}, OK: ok}
	for _, h := range p.Path {
		x.Path = append(x.Path, b32(h))
	}
	return x
}

func merkleCases() (cases []merkleCase) {
	for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17} {
		leaves, hashes := tree(n)
		c := merkleCase{Name: fmt.Sprintf("%d leaves", n), Leaves: leaves, Root: b32(merkle.Root(hashes)), Proofs: []merkleProof{}}
		for i, h := range hashes {
			c.Proofs = append(c.Proofs, proofOf(h, merkle.Prove(hashes, i), true))
		}
		cases = append(cases, c)
	}
	_, hashes := tree(5)
	root := merkle.Root(hashes)
	bad := func(name string, leaf merkle.Hash, p merkle.Proof) {
		cases = append(cases, merkleCase{Name: "refused: " + name, Root: b32(root), Proofs: []merkleProof{proofOf(leaf, p, false)}})
	}
	p := merkle.Prove(hashes, 2)
	bad("another leaf", hashes[3], p)
	bad("a side wrong", hashes[2], merkle.Proof{Bits: p.Bits ^ 1, Path: p.Path})
	bad("bits above the path", hashes[2], merkle.Proof{Bits: p.Bits | 1<<len(p.Path), Path: p.Path})
	bad("the path too short", hashes[2], merkle.Proof{Bits: p.Bits & 3, Path: p.Path[:2]})
	bad("the path empty", hashes[2], merkle.Proof{})
	swapped := append([]merkle.Hash(nil), p.Path...)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	bad("siblings swapped", hashes[2], merkle.Proof{Bits: p.Bits, Path: swapped})
	long := merkle.Proof{}
	deep := hashes[0]
	for range merkle.MaxDepth + 1 {
		long.Path = append(long.Path, hashes[1])
		deep = merkle.Node(deep, hashes[1])
	}
	cases = append(cases, merkleCase{Name: "refused: depth 41", Root: b32(deep), Proofs: []merkleProof{proofOf(hashes[0], long, false)}})
	long.Path = long.Path[:merkle.MaxDepth]
	return append(cases, merkleCase{Name: "depth 40", Root: b32(long.Compute(hashes[0])), Proofs: []merkleProof{proofOf(hashes[0], long, true)}})
}
