package possession

import (
	"context"
	"crypto/ed25519"
	"testing"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/statement"
)

// What a lying node signed is kept: each wrong chunk once, in order, and as the contract wants it. What honest or silent nodes answer is not.
func TestEvidence(t *testing.T) {
	t.Parallel()
	for _, mood := range []string{"", "rotten", "unsigned", "busy"} {
		h, v, dir := newHolder(t, 400_000), newVerifier(), t.TempDir()
		h.mood = mood
		v.Keep(dir)
		for k := range uint64(4) {
			_, _ = v.Challenge(context.Background(), h.node, h.signed(), [32]byte{3}, k)
		}
		if l, err := ReadEvidence(h.usage.SLA, dir); err != nil || len(l) != 0 {
			t.Errorf("a node that is %q: %+v, %v", mood, l, err)
		}
	}
	h := newHolder(t, 400_000, 700_000)
	h.mood = "lies"
	one, two := t.TempDir(), t.TempDir()
	for i, dir := range []string{one, two} {
		v := newVerifier()
		v.Keep(dir)
		for k := range uint64(6) {
			if got, err := v.Challenge(context.Background(), h.node, h.signed(), [32]byte{byte(i)}, k); got != Failed || err == nil {
				t.Fatalf("%d, %v", got, err)
			}
		}
	}
	apart, err := ReadEvidence(h.usage.SLA, one)
	if err != nil || len(apart) != 1 {
		t.Fatalf("%+v, %v", apart, err)
	}
	raw, err := ReadEvidence(h.usage.SLA, one, two, "nowhere")
	if err != nil || len(raw) != 2 {
		t.Fatalf("%+v, %v", raw, err)
	}
	// A source that knows better comes first.
	forged := apart[0]
	forged.Answers = nil
	for c := range h.usage.Leaves {
		forged.Answers = append(forged.Answers, Witness{c, apart[0].Answers[0].Document, apart[0].Answers[0].Signature})
	}
	other := apart[0]
	other.Signature = make([]byte, 64)
	l := Together(h.usage.SLA, h.node.Key, append([]Evidence{other, forged}, raw...))
	if len(l) != 1 || len(l[0].Answers) < len(apart[0].Answers) || len(l[0].Answers) < 2 {
		t.Fatalf("%+v", l)
	}
	if l := Together(h.usage.SLA, [32]byte{1}, raw); len(l) != 0 {
		t.Errorf("of another key: %+v", l)
	}
	e := l[0]
	u, err := statement.DecodeUsage(e.Statement)
	if err != nil || *u != h.usage || !verifies(h, e.Statement, e.Signature) {
		t.Fatalf("%+v, %v", u, err)
	}
	for i, w := range e.Answers {
		d, err := statement.DecodeDocument(w.Document)
		if err != nil || d.Right(u) || d.Statement != u.Hash() || d.Number != w.Chunk || !verifies(h, w.Document, w.Signature) || i > 0 && w.Chunk <= e.Answers[i-1].Chunk {
			t.Errorf("answer %d: %+v, %v", i, d, err)
		}
	}
	if l, err := ReadEvidence(ids.New(ids.Stellar, ids.SLA, [32]byte{9}), one, two); err != nil || len(l) != 0 {
		t.Errorf("of another SLA: %+v, %v", l, err)
	}
}

func verifies(h *holder, document, signature []byte) bool {
	x := canon.Hash(document)
	return ed25519.Verify(h.node.Key[:], x[:], signature)
}

// Only so many statements are remembered, the newest.
func TestOldEvidenceGoes(t *testing.T) {
	t.Parallel()
	h, dir := newHolder(t, 100), t.TempDir()
	h.mood = "lies"
	v := newVerifier()
	v.Keep(dir)
	for range 12 {
		h.usage.Epoch++
		_, _ = v.Challenge(context.Background(), h.node, h.signed(), [32]byte{}, 0)
	}
	if err := prune(dir, h.usage.SLA, 3); err != nil {
		t.Fatal(err)
	}
	raw, err := ReadEvidence(h.usage.SLA, dir)
	l := Together(h.usage.SLA, h.node.Key, raw)
	if err != nil || len(l) != 3 || l[0].Epoch != h.usage.Epoch || l[2].Epoch != h.usage.Epoch-2 {
		t.Errorf("%+v, %v", l, err)
	}
}
