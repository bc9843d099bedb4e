package main

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/oracle"
	"github.com/flashback-network/flashback/internal/oracle/possession"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/statement"
)

// liar states an object of many chunks and answers for them with other bytes, which it signs.
type liar struct {
	sign   func([32]byte) ([]byte, error)
	usage  *statement.Signed
	held   statement.Held
	leaves []merkle.Hash
}

func newLiar(x *rented) *liar {
	l := &liar{sign: x.node.SignHash}
	for i := range 64 {
		l.leaves = append(l.leaves, merkle.Leaf([]byte{byte(i)}))
	}
	size := uint64(len(l.leaves)) * statement.ChunkSize
	l.held = statement.Held{Object: [32]byte{1}, Commitment: statement.Commitment(size, merkle.Root(l.leaves)), Size: size}
	u, err := statement.SignUsage(statement.Usage{Node: x.nodeID, SLA: x.id, Epoch: x.start, Objects: 1, Stored: size, Leaves: statement.Chunks(size), SetRoot: merkle.Leaf(l.held.Bytes())}, l.sign)
	x.must(err)
	l.usage = u
	return l
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var c statement.SignedChallenge
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		http.Error(w, "what", http.StatusBadRequest)
		return
	}
	a := statement.Answer{Held: l.held.Bytes(), Root: statement.Root(merkle.Root(l.leaves)), Chunk: make([]byte, statement.ChunkSize), ChunkPath: statement.Path(merkle.Prove(l.leaves, int(c.Chunk)))}
	d, err := a.Document(&l.usage.Usage, c.Chunk)
	if err == nil {
		a.Signature, err = l.sign(d.Hash())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(a)
}

// A node that lies to validators signs what convicts it: they keep it, anybody brings it to the contract, and the consumer is paid.
func TestProvePossession(t *testing.T) {
	t.Parallel()
	v := newTown(t, "provider", "consumer", "witness")
	x := v.rent(sla.Stream, 40)
	id := x.id.String()
	l := newLiar(x)
	s := httptest.NewServer(l)
	t.Cleanup(s.Close)
	// Too few wrong answers for the terms, of one validator; more of another.
	node := possession.Node{ID: x.nodeID, Key: x.node.Account().Address, Account: x.node.Account(), Endpoint: s.URL}
	lost := int(x.terms.Protocol.LostChallenges)
	v.refused("evidence_missing", "witness", "dispute", "prove-possession", id)
	for i, name := range []string{"validator-1", "validator-2"} {
		check := possession.NewVerifier(http.DefaultClient, v.keys["admin"], time.Now)
		dir := oracle.EvidenceDir(filepath.Join(v.dir, name))
		if i > 0 {
			dir = t.TempDir() // of another machine
		}
		check.Keep(dir)
		for k := range uint64(3 * i * lost) {
			if got, err := check.Challenge(t.Context(), node, l.usage, [32]byte{byte(i)}, k); got != possession.Failed || err == nil {
				t.Fatalf("a lie is %d, %v", got, err)
			}
		}
		if i == 0 {
			_, _ = check.Challenge(t.Context(), node, l.usage, [32]byte{byte(i)}, 0)
			v.refused("evidence_short", "witness", "dispute", "prove-possession", id)
			continue
		}
		l, err := possession.ReadEvidence(x.id, dir)
		v.must(err)
		v.said["/v1/slas/"+id+"/evidence"] = l
	}
	v.refused("evidence_short", "witness", "dispute", "prove-possession", id)
	v.refused("WindowWrong", "witness", "dispute", "prove-possession", id, "--validator", v.door.URL) // nothing is settled
	for range testWindow {
		x.epoch(nil)
	}
	before := x.balance("consumer")
	said := v.told("witness", "dispute", "prove-possession", id, "--validator", v.door.URL)
	w, err := v.chain.DisputeWindow(t.Context(), x.id, 0)
	v.must(err)
	v.refused("Exists", "witness", "dispute", "prove-possession", id, "--validator", v.door.URL)
	v.does("witness", "sla", "refund", id)
	got := x.balance("consumer").Sub(before)
	if said["amount"] != w.Proved.String() || w.Proved.Sign() <= 0 || !got.Equal(w.Moved) || !got.Equal(w.Proved) && got.Less(money.Of(1)) {
		t.Errorf("said %v, %+v; the consumer received %s", said["amount"], w, got)
	}
	// The signatures are what counts: another node's key convicts nobody.
	h := l.usage.Usage.Hash()
	if !ed25519.Verify(node.Key[:], h[:], l.usage.Signature[:]) || x.id.Kind() != ids.SLA {
		t.Error("the statement is not the node's")
	}
}
