package statement

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"
)

// An answer is signed when it is right, and the signature is over what the answer says and nothing else.
func TestSignedAnswers(t *testing.T) {
	t.Parallel()
	pub, priv, _ := ed25519.GenerateKey(nil)
	sign := func(h [32]byte) ([]byte, error) { return ed25519.Sign(priv, h[:]), nil }
	bodies, leaves, u := set(10, 3*ChunkSize+1, ChunkSize, 200_000)
	for c := range u.Leaves {
		a := answer(t, bodies, leaves, c)
		if err := a.Sign(&u, c, sign); err != nil {
			t.Fatal(err)
		}
		j, _ := json.Marshal(a)
		if len(j) > MaxAnswer {
			t.Fatalf("an answer of %d bytes", len(j))
		}
		var b Answer
		if err := json.Unmarshal(j, &b); err != nil {
			t.Fatal(err)
		}
		d, err := b.Signed(&u, c, [32]byte(pub))
		if err != nil || !d.Right(&u) {
			t.Fatalf("chunk %d: %v", c, err)
		}
		again, err := DecodeDocument(d.Bytes())
		if err != nil || !bytes.Equal(again.Bytes(), d.Bytes()) {
			t.Fatalf("chunk %d: %v", c, err)
		}
		other := u
		other.Epoch++
		if again.Right(&other) {
			t.Fatal("right for another statement")
		}
		for name, change := range map[string]func(a *Answer, c *uint64, u *Usage){
			"another chunk":     func(a *Answer, c *uint64, _ *Usage) { *c++ },
			"another statement": func(_ *Answer, _ *uint64, u *Usage) { u.Epoch++ },
			"other bytes":       func(a *Answer, _ *uint64, _ *Usage) { a.Chunk = append([]byte{^a.Chunk[0]}, a.Chunk[1:]...) },
			"another root":      func(a *Answer, _ *uint64, _ *Usage) { a.Root[0] ^= 1 },
			"no signature":      func(a *Answer, _ *uint64, _ *Usage) { a.Signature = nil },
		} {
			x, number, usage := b, c, u
			change(&x, &number, &usage)
			if _, err := x.Signed(&usage, number, [32]byte(pub)); !errors.Is(err, ErrUnsigned) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	wrong := answer(t, bodies, leaves, 0)
	wrong.Chunk = []byte("something")
	if err := wrong.Sign(&u, 0, sign); !errors.Is(err, ErrDamaged) || wrong.Signature != nil {
		t.Errorf("a wrong answer is signed: %v", err)
	}
	gone := &Answer{Gone: &Gone{Held: leaves[0]}}
	if err := gone.Sign(&u, 0, sign); err != nil || gone.Signature != nil {
		t.Errorf("gone is signed: %v", err)
	}
	if _, err := gone.Signed(&u, 0, [32]byte(pub)); !errors.Is(err, ErrHeld) {
		t.Error(err)
	}
}

// The documents in the contracts' vectors are read and written alike here.
func TestDocumentsOfTheVectors(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../contracts/vectors/dispute.json")
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Cases []struct {
			Steps []struct {
				Error any
				Args  struct {
					Statement string
					Answers   []struct{ Document string }
				}
			}
		}
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	seen, wrong := 0, 0
	for _, c := range f.Cases {
		for _, s := range c.Steps {
			raw, _ := hex.DecodeString(s.Args.Statement)
			u, err := DecodeUsage(raw)
			if err != nil {
				continue
			}
			for _, x := range s.Args.Answers {
				raw, _ := hex.DecodeString(x.Document)
				d, err := DecodeDocument(raw)
				if err != nil {
					continue // the vectors have some that are no documents
				}
				if seen++; !bytes.Equal(d.Bytes(), raw) {
					t.Errorf("%x", raw)
				}
				if !d.Right(u) {
					wrong++
				}
			}
		}
	}
	if seen < 10 || wrong == 0 || wrong == seen {
		t.Errorf("%d documents, %d of them wrong", seen, wrong)
	}
}
