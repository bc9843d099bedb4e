package dispute_test

import (
	"bytes"
	"testing"

	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/statement"
)

// What the model reads of a node's documents is what nodes write: internal/statement has them in full.
func TestStatementsAreTheNodes(t *testing.T) {
	t.Parallel()
	u := statement.Usage{Node: [32]byte{1}, SLA: [32]byte{2}, Epoch: 3, Objects: 4, Stored: 5, ByteSeconds: sla.Wide{Hi: 6, Lo: 7}, BytesIn: 8, BytesOut: 9, Leaves: 10, SetRoot: [32]byte{11}}
	d, err := dispute.DecodeUsage(u.Bytes())
	if err != nil || d.Node != u.Node || d.SLA != u.SLA || d.Epoch != u.Epoch || d.Leaves != u.Leaves || d.SetRoot != u.SetRoot || !bytes.Equal(d.Bytes(), u.Bytes()) || d.Hash() != u.Hash() {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := dispute.DecodeUsage(u.Bytes()[1:]); err == nil {
		t.Error("a statement without its first byte")
	}
	h := statement.Held{Object: [32]byte{1}, Commitment: [32]byte{2}, Size: 3, First: 4}
	if b := (&dispute.Held{Object: h.Object, Commitment: h.Commitment, Size: h.Size, First: h.First}).Bytes(); !bytes.Equal(b, h.Bytes()) {
		t.Errorf("%x", b)
	}
	if dispute.Commitment(77, [32]byte{5}) != statement.Commitment(77, [32]byte{5}) || dispute.ChunkSize != statement.ChunkSize {
		t.Error("commitments differ")
	}
}
