package possession

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/statement"
)

// holder is a node with some objects, and ways to misbehave.
type holder struct {
	key    ed25519.PrivateKey
	node   Node
	usage  statement.Usage
	bodies [][]byte
	leaves [][]byte
	paths  []merkle.Proof

	mu      sync.Mutex
	deleted map[int]bool
	mood    string
	asked   int
}

func newHolder(t *testing.T, sizes ...int) *holder {
	_, k, _ := ed25519.GenerateKey(nil)
	h := &holder{key: k, deleted: map[int]bool{}}
	h.node = Node{ID: ids.New(ids.Stellar, ids.Node, [32]byte{1}), Key: [32]byte(k.Public().(ed25519.PublicKey))}
	h.usage = statement.Usage{Node: h.node.ID, SLA: ids.New(ids.Stellar, ids.SLA, [32]byte{2}), Epoch: 7}
	var hashes []merkle.Hash
	for i, n := range sizes {
		b := []byte(strings.Repeat(string(rune('a'+i)), n))
		x := statement.Held{Object: [32]byte{byte(i)}, Commitment: statement.Commitment(uint64(n), merkle.Root(chunks(b))), Size: uint64(n), First: h.usage.Leaves}
		h.usage.Leaves += statement.Chunks(uint64(n))
		h.bodies, h.leaves, hashes = append(h.bodies, b), append(h.leaves, x.Bytes()), append(hashes, merkle.Leaf(x.Bytes()))
	}
	for i := range sizes {
		h.paths = append(h.paths, merkle.Prove(hashes, i))
	}
	h.usage.SetRoot = merkle.Root(hashes)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	h.node.Endpoint = s.URL
	return h
}

func chunks(b []byte) (l []merkle.Hash) {
	for len(b) > 0 {
		n := min(len(b), statement.ChunkSize)
		l = append(l, merkle.Leaf(b[:n]))
		b = b[n:]
	}
	return l
}

func (h *holder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	switch h.mood {
	case "busy":
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case "refuses":
		w.WriteHeader(http.StatusNotFound)
		return
	case "babbles":
		_, _ = w.Write([]byte("{"))
		return
	case "floods":
		_, _ = w.Write(make([]byte, 10*statement.MaxAnswer))
		return
	}
	if r.URL.Path == statement.PathUsage {
		u := h.usage
		if h.mood == "another SLA" {
			u.SLA[9]++
		}
		s, _ := statement.SignUsage(u, func(x [32]byte) ([]byte, error) { return ed25519.Sign(h.key, x[:]), nil })
		if h.mood == "forges" {
			s.BytesOut++
		}
		_ = json.NewEncoder(w).Encode(s.Answer())
		return
	}
	var c statement.SignedChallenge
	_ = json.NewDecoder(r.Body).Decode(&c)
	if !c.Fresh(time.Now()) || !ed25519.Verify(c.Operator.Address[:], c.Message(), c.Signature) || h.mood == "knows nobody" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	for i, raw := range h.leaves {
		x, _ := statement.DecodeHeld(raw)
		if c.Chunk < x.First || c.Chunk >= x.First+statement.Chunks(x.Size) {
			continue
		}
		if h.deleted[i] {
			_ = json.NewEncoder(w).Encode(statement.Answer{Gone: &statement.Gone{Held: raw, HeldPath: statement.Path(h.paths[i])}})
			return
		}
		at := int(c.Chunk - x.First)
		body := h.bodies[i]
		a := statement.Answer{Held: raw, HeldPath: statement.Path(h.paths[i]), Root: statement.Root(merkle.Root(chunks(body))),
			Chunk: []byte(string(body[at*statement.ChunkSize : min(len(body), (at+1)*statement.ChunkSize)])), ChunkPath: statement.Path(merkle.Prove(chunks(body), at))}
		if h.mood == "rotten" || h.mood == "lies" {
			a.Chunk[0] ^= 1
		}
		if d, err := a.Document(&h.usage, c.Chunk); err == nil && h.mood != "unsigned" && h.mood != "rotten" {
			if h.mood == "signs something else" {
				d.Number++
			}
			x := d.Hash()
			a.Signature = ed25519.Sign(h.key, x[:])
		}
		_ = json.NewEncoder(w).Encode(a)
		return
	}
}

// signed is the node's statement.
func (h *holder) signed() *statement.Signed { return sign(h.key, h.usage) }

func sign(key ed25519.PrivateKey, u statement.Usage) *statement.Signed {
	s, _ := statement.SignUsage(u, func(x [32]byte) ([]byte, error) { return ed25519.Sign(key, x[:]), nil })
	return s
}

type signer struct{ key ed25519.PrivateKey }

func (s signer) Account() ids.Account {
	return ids.Account{Chain: ids.Stellar, Address: [32]byte(s.key.Public().(ed25519.PublicKey))}
}
func (s signer) SignHash(h [32]byte) ([]byte, error)  { return ed25519.Sign(s.key, h[:]), nil }
func (s signer) SignMessage(m []byte) ([]byte, error) { return ed25519.Sign(s.key, m), nil }

func newVerifier() *Verifier {
	_, k, _ := ed25519.GenerateKey(nil)
	return NewVerifier(http.DefaultClient, signer{k}, time.Now)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	h := newHolder(t, 100)
	ctx := context.Background()
	for _, newest := range []bool{true, false} {
		s, err := Usage(ctx, http.DefaultClient, h.node, h.usage.SLA, 7, newest)
		if err != nil || s.Usage != h.usage {
			t.Errorf("%+v %v", s, err)
		}
	}
	if _, err := Usage(ctx, http.DefaultClient, h.node, h.usage.SLA, 6, false); !errors.Is(err, ErrStatement) {
		t.Errorf("a statement of another epoch: %v", err)
	}
	for _, mood := range []string{"forges", "another SLA", "busy", "babbles", "floods"} {
		h.mood = mood
		if _, err := Usage(ctx, http.DefaultClient, h.node, h.usage.SLA, 7, false); err == nil {
			t.Errorf("%s: taken", mood)
		}
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	for mood, want := range map[string]Result{"": Passed, "rotten": Failed, "lies": Failed, "unsigned": Failed, "signs something else": Failed, "refuses": Failed, "babbles": Failed, "floods": Failed, "busy": Unanswered, "knows nobody": Unanswered} {
		h := newHolder(t, 10, 200_000, 65_536, 1_000)
		h.mood = mood
		v := newVerifier()
		for k := range uint64(8) {
			if got, err := v.Challenge(context.Background(), h.node, h.signed(), [32]byte{3}, k); got != want || (err == nil) != (want == Passed) {
				t.Errorf("a node that is %q, challenge %d: %d %v", mood, k, got, err)
			}
		}
	}
	h := newHolder(t, 10)
	h.node.Endpoint = "http://127.0.0.1:1"
	if got, err := newVerifier().Challenge(context.Background(), h.node, h.signed(), [32]byte{3}, 0); got != Unanswered || err == nil {
		t.Errorf("nobody is there: %d %v", got, err)
	}
}

func TestGone(t *testing.T) {
	t.Parallel()
	h := newHolder(t, 70_000, 70_000, 70_000)
	h.deleted = map[int]bool{0: true, 1: true, 2: true}
	v := newVerifier()
	if got, err := v.Challenge(context.Background(), h.node, h.signed(), [32]byte{3}, 0); got != Void || err != nil || h.asked != draws {
		t.Fatalf("%d after %d draws: %v", got, h.asked, err)
	}
	later := h.usage
	later.Epoch += 2
	var back bool
	h.deleted, h.usage = nil, later
	for k := range uint64(20) {
		got, err := v.Challenge(context.Background(), h.node, sign(h.key, later), [32]byte{3}, k)
		if got == Failed && errors.Is(err, errBack) {
			back = true
		}
	}
	if !back {
		t.Error("a node lied about what was deleted and nobody noticed")
	}
}
