package statement

import (
	"crypto/ed25519"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/merkle"
)

const documentTag = "FLASHBACK-ANSWER-v1"

// Document is what a node signs of an answer that is not Gone (docs/spec/disputes.md, Possession): which chunk of which statement, the object, and the way from the chunk's leaf hash to the statement's set.
// All of it stands in the Answer, or is known to who asked, so an answer carries nothing but the signature over it.
type Document struct {
	Statement [32]byte // hash of the usage statement
	Number    uint64   // of the chunk in the set
	Held      Held
	HeldPath  merkle.Proof
	Root      merkle.Hash // of the object's chunks
	Chunk     merkle.Hash // leaf hash of the chunk that was sent
	ChunkPath merkle.Proof
}

// Bytes is the canonical encoding.
func (d *Document) Bytes() []byte {
	w := canon.Tagged(documentTag).Raw(d.Statement[:]).U64(d.Number).Raw(d.Held.Object[:]).Raw(d.Held.Commitment[:]).U64(d.Held.Size).U64(d.Held.First)
	d.HeldPath.Append(w)
	w.Raw(d.Root[:]).Raw(d.Chunk[:])
	d.ChunkPath.Append(w)
	return w.Bytes()
}

// Hash is what the node's key signs.
func (d *Document) Hash() [32]byte { return canon.Hash(d.Bytes()) }

// DecodeDocument reads what Bytes writes.
func DecodeDocument(b []byte) (*Document, error) {
	r := canon.Read(documentTag, b)
	d := &Document{Statement: r.B32(), Number: r.U64(), Held: Held{Object: r.B32(), Commitment: r.B32(), Size: r.U64(), First: r.U64()}}
	d.HeldPath = merkle.Read(r)
	d.Root, d.Chunk = r.B32(), r.B32()
	d.ChunkPath = merkle.Read(r)
	if err := r.Done(); err != nil {
		return nil, err
	}
	return d, nil
}

// Right reports whether the document leads from the chunk to the statement's set, as the Dispute contract finds out. One that is not, signed by its node, is proof against it.
func (d *Document) Right(u *Usage) bool {
	n := Chunks(d.Held.Size)
	if d.Statement != u.Hash() || d.Number >= u.Leaves || d.Number < d.Held.First || d.Number-d.Held.First >= n || n > 1<<merkle.MaxDepth {
		return false
	}
	at, ok := d.ChunkPath.IndexOf(int(n))
	return d.HeldPath.Verify(merkle.Leaf(d.Held.Bytes()), u.SetRoot) && Commitment(d.Held.Size, d.Root) == d.Held.Commitment && ok && uint64(at) == d.Number-d.Held.First && d.ChunkPath.Verify(d.Chunk, d.Root)
}

// Document of an answer about a chunk of a stated set. ErrHeld when the object is not readable, or the answer says that it is gone.
func (a *Answer) Document(u *Usage, chunk uint64) (*Document, error) {
	if a.Gone != nil {
		return nil, ErrHeld
	}
	h, err := DecodeHeld(a.Held)
	if err != nil {
		return nil, ErrHeld
	}
	return &Document{Statement: u.Hash(), Number: chunk, Held: *h, HeldPath: merkle.Proof(a.HeldPath), Root: merkle.Hash(a.Root), Chunk: merkle.Leaf(a.Chunk), ChunkPath: merkle.Proof(a.ChunkPath)}, nil
}

// ErrDamaged refuses to sign an answer that is wrong: whoever signs it can be proved to have lost the chunk.
var ErrDamaged = fault.New(fault.NotFound, "chunk_damaged", "the chunk, or what the node keeps about it, is not what it stated")

// Sign vouches for an answer; sign is given the hash (an Ed25519 signature over its 32 bytes). An answer that is wrong is not signed: ErrDamaged. That an object is gone is not signed.
func (a *Answer) Sign(u *Usage, chunk uint64, sign func(hash [32]byte) ([]byte, error)) error {
	if a.Gone != nil {
		return nil
	}
	d, err := a.Document(u, chunk)
	if err != nil || !d.Right(u) {
		return ErrDamaged
	}
	a.Signature, err = sign(d.Hash())
	return err
}

// ErrUnsigned refuses an answer that its node does not vouch for. It is a failed challenge.
var ErrUnsigned = fault.New(fault.Invalid, "AnswerUnsigned", "the answer is not signed by the node's key")

// Signed is the document of an answer that the node's Ed25519 key has signed; ErrUnsigned, or ErrHeld where there is no document.
func (a *Answer) Signed(u *Usage, chunk uint64, nodeKey [32]byte) (*Document, error) {
	d, err := a.Document(u, chunk)
	if err != nil {
		return nil, err
	}
	h := d.Hash()
	if !ed25519.Verify(nodeKey[:], h[:], a.Signature) {
		return nil, ErrUnsigned
	}
	return d, nil
}
