package statement

import (
	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
)

// ChunkSize of an object's tree; the last chunk is shorter.
const ChunkSize = 64 << 10

// Chunks is the number of chunks of an object.
func Chunks(size uint64) uint64 {
	n := size / ChunkSize
	if size%ChunkSize != 0 {
		n++
	}
	return n
}

// ObjectID names one generation of an object within a space: that of the SLA under which its data began.
func ObjectID(space ids.ID, bucket, key string, generation uint64) [32]byte {
	return canon.Tagged("FLASHBACK-KEY-v1").Raw(space[:]).Blob([]byte(bucket)).Blob([]byte(key)).U64(generation).Sum()
}

// Commitment of an object: its size and the root of its chunks.
func Commitment(size uint64, root merkle.Hash) [32]byte {
	return canon.Tagged("FLASHBACK-OBJECT-v1").U64(size).Raw(root[:]).Sum()
}

// Held is a leaf of an SLA's set: one object with size > 0. Leaves stand in ascending order of Object.
type Held struct {
	Object     [32]byte
	Commitment [32]byte
	Size       uint64
	First      uint64 // chunks before it in the set
}

const heldTag = "FLASHBACK-HELD-v1"

// Bytes is the canonical encoding; its merkle.Leaf stands in the set's tree.
func (h *Held) Bytes() []byte {
	return canon.Tagged(heldTag).Raw(h.Object[:]).Raw(h.Commitment[:]).U64(h.Size).U64(h.First).Bytes()
}

// DecodeHeld reads a set leaf.
func DecodeHeld(b []byte) (*Held, error) {
	r := canon.Read(heldTag, b)
	h := &Held{Object: r.B32(), Commitment: r.B32(), Size: r.U64(), First: r.U64()}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return h, nil
}

// Tree computes the root of an object's chunks as its bytes pass. The zero value is ready; it holds one chunk's hash state and a few roots, whatever the size.
type Tree struct {
	buf   []byte
	stack []subtree
	size  uint64
}

type subtree struct {
	root   merkle.Hash
	leaves uint64
}

// Write never fails.
func (t *Tree) Write(p []byte) (int, error) {
	n := len(p)
	t.size += uint64(n)
	for len(p) > 0 {
		if len(t.buf) == 0 && len(p) >= ChunkSize {
			t.push(p[:ChunkSize])
			p = p[ChunkSize:]
			continue
		}
		k := min(ChunkSize-len(t.buf), len(p))
		t.buf = append(t.buf, p[:k]...)
		p = p[k:]
		if len(t.buf) == ChunkSize {
			t.push(t.buf)
			t.buf = t.buf[:0]
		}
	}
	return n, nil
}

func (t *Tree) push(chunk []byte) {
	s := subtree{merkle.Leaf(chunk), 1}
	for len(t.stack) > 0 && t.stack[len(t.stack)-1].leaves == s.leaves {
		l := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		s = subtree{merkle.Node(l.root, s.root), l.leaves * 2}
	}
	t.stack = append(t.stack, s)
}

// Sum is the size and root of what was written. Nothing may be written after it.
func (t *Tree) Sum() (size uint64, root merkle.Hash) {
	if len(t.buf) > 0 {
		t.push(t.buf)
		t.buf = t.buf[:0]
	}
	if len(t.stack) == 0 {
		return 0, canon.Hash()
	}
	root = t.stack[len(t.stack)-1].root
	for i := len(t.stack) - 2; i >= 0; i-- {
		root = merkle.Node(t.stack[i].root, root)
	}
	return t.size, root
}

// Why an answer proves nothing. Each is a failed challenge.
var (
	ErrHeld  = fault.New(fault.Invalid, "HeldWrong", "the object does not stand in the stated set, or the chunk is not one of its")
	ErrChunk = fault.New(fault.Invalid, "ChunkWrong", "the chunk does not stand in the object")
)

// Verify checks an answer to a challenge for a chunk of the stated set. gone is true when the node proved which object it was and says that it was deleted since: the challenge does not count,
// and held must not be in the node's later statements.
func (a *Answer) Verify(u *Usage, chunk uint64) (held *Held, gone bool, err error) {
	leaf, path := a.Held, a.HeldPath
	if a.Gone != nil {
		leaf, path, gone = a.Gone.Held, a.Gone.HeldPath, true
	}
	held, err = DecodeHeld(leaf)
	if err != nil || !merkle.Proof(path).Verify(merkle.Leaf(leaf), u.SetRoot) {
		return nil, gone, ErrHeld
	}
	n := Chunks(held.Size)
	if chunk < held.First || chunk-held.First >= n || n > 1<<merkle.MaxDepth {
		return held, gone, ErrHeld
	}
	if gone {
		return held, true, nil
	}
	want := uint64(ChunkSize)
	if chunk-held.First == n-1 {
		want = held.Size - (n-1)*ChunkSize
	}
	p := merkle.Proof(a.ChunkPath)
	at, ok := p.IndexOf(int(n))
	if Commitment(held.Size, merkle.Hash(a.Root)) != held.Commitment || uint64(len(a.Chunk)) != want || !ok || uint64(at) != chunk-held.First || !p.Verify(merkle.Leaf(a.Chunk), merkle.Hash(a.Root)) {
		return held, false, ErrChunk
	}
	return held, false, nil
}
