package report

import (
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/sla"
)

// Prove gives an SLA's leaf and its proof under the root.
func (r *Report) Prove(id ids.ID) (leaf sla.Leaf, proof merkle.Proof, ok bool) {
	i, ok := slices.BinarySearchFunc(r.Leaves, id, func(l sla.Leaf, id ids.ID) int { return compareID(l.SLA, id) })
	if !ok {
		return leaf, proof, false
	}
	hashes := make([]merkle.Hash, len(r.Leaves))
	for j := range r.Leaves {
		hashes[j] = r.Leaves[j].Hash()
	}
	return r.Leaves[i], merkle.Prove(hashes, i), true
}
