package dispute

import (
	"crypto/ed25519"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

const (
	answerTag  = "FLASHBACK-ANSWER-v1"
	usageTag   = "FLASHBACK-USAGE-v1"
	maxProof   = 12 + merkle.MaxDepth*32
	maxAnswer  = len(answerTag) + 32 + 8 + 80 + maxProof + 64 + maxProof
	maxAnswers = 16
)

// ErrSignature is the chain's own refusal of an Ed25519 signature: it has no number in the table.
var ErrSignature = fault.New(fault.Invalid, "signature_wrong", "the signature is not of the node's key")

// ChunkSize of an object's tree.
const ChunkSize = 64 << 10

// Usage is what the contract reads of a node's usage statement (docs/spec/protocols.md); Rest is objects, stored bytes, byte seconds, bytes in and out.
type Usage struct {
	Node, SLA ids.ID
	Epoch     uint64
	Rest      [48]byte
	Leaves    uint64
	SetRoot   [32]byte
}

// Bytes is the canonical encoding.
func (u *Usage) Bytes() []byte {
	return canon.Tagged(usageTag).Raw(u.Node[:]).Raw(u.SLA[:]).U64(u.Epoch).Raw(u.Rest[:]).U64(u.Leaves).Raw(u.SetRoot[:]).Bytes()
}

// Hash is what the node's key signs.
func (u *Usage) Hash() [32]byte { return canon.Hash(u.Bytes()) }

// DecodeUsage reads a statement.
func DecodeUsage(b []byte) (*Usage, error) {
	r := canon.Read(usageTag, b)
	u := &Usage{Node: r.B32(), SLA: r.B32(), Epoch: r.U64()}
	copy(u.Rest[:], r.Raw(len(u.Rest)))
	u.Leaves, u.SetRoot = r.U64(), r.B32()
	return u, r.Done()
}

// Held is a leaf of an SLA's set.
type Held struct {
	Object, Commitment [32]byte
	Size, First        uint64
}

// Bytes is the canonical encoding; its merkle.Leaf stands in the set's tree.
func (h *Held) Bytes() []byte {
	return canon.Tagged("FLASHBACK-HELD-v1").Raw(h.Object[:]).Raw(h.Commitment[:]).U64(h.Size).U64(h.First).Bytes()
}

// Commitment of an object: its size and the root of its chunks.
func Commitment(size uint64, root merkle.Hash) [32]byte {
	return canon.Tagged("FLASHBACK-OBJECT-v1").U64(size).Raw(root[:]).Sum()
}

// NodeAnswer is what a node signs when it answers a challenge: for which chunk of which statement, the object, and the way from the chunk's leaf hash to the statement's set.
type NodeAnswer struct {
	Statement  [32]byte // hash of the usage statement
	Number     uint64   // of the chunk in the set
	Held       Held
	HeldPath   merkle.Proof
	Root       [32]byte // of the object's chunks
	Chunk      [32]byte // leaf hash of the chunk that was sent
	ChunkProof merkle.Proof
}

// Bytes is the canonical encoding.
func (a *NodeAnswer) Bytes() []byte {
	w := canon.Tagged(answerTag).Raw(a.Statement[:]).U64(a.Number).Raw(a.Held.Object[:]).Raw(a.Held.Commitment[:]).U64(a.Held.Size).U64(a.Held.First)
	a.HeldPath.Append(w)
	w.Raw(a.Root[:]).Raw(a.Chunk[:])
	a.ChunkProof.Append(w)
	return w.Bytes()
}

func decodeAnswer(b []byte) (*NodeAnswer, error) {
	if len(b) > maxAnswer {
		return nil, orchestrator.ErrMalformed
	}
	r := canon.Read(answerTag, b)
	a := &NodeAnswer{Statement: r.B32(), Number: r.U64(), Held: Held{Object: r.B32(), Commitment: r.B32(), Size: r.U64(), First: r.U64()}}
	a.HeldPath = readProof(r)
	a.Root, a.Chunk = r.B32(), r.B32()
	a.ChunkProof = readProof(r)
	if r.Done() != nil {
		return nil, orchestrator.ErrMalformed
	}
	return a, nil
}

// readProof takes a path as it stands: whether it leads anywhere is the question.
func readProof(r *canon.Reader) (p merkle.Proof) {
	n := r.Count(merkle.MaxDepth)
	p.Bits = r.U64()
	for range n {
		p.Path = append(p.Path, r.B32())
	}
	return p
}

// right reports whether the answer leads to the statement's set.
func (a *NodeAnswer) right(u *Usage) bool {
	n := a.Held.Size / ChunkSize
	if a.Held.Size%ChunkSize != 0 {
		n++
	}
	if a.Number < a.Held.First || a.Number-a.Held.First >= n || n > 1<<merkle.MaxDepth {
		return false
	}
	at, ok := a.ChunkProof.IndexOf(int(n))
	return a.HeldPath.Verify(merkle.Leaf(a.Held.Bytes()), u.SetRoot) && Commitment(a.Held.Size, a.Root) == a.Held.Commitment &&
		ok && uint64(at) == a.Number-a.Held.First && a.ChunkProof.Verify(a.Chunk, a.Root)
}

func (s *State) provePossession(op *ProvePossession) error {
	j, err := s.window(op.SLA, &op.Before, &op.After)
	if err != nil {
		return err
	}
	u, err := DecodeUsage(op.Statement)
	if err != nil {
		return orchestrator.ErrMalformed
	}
	node, key, err := s.world.Node(j.reservation.Unit)
	if err != nil {
		return err
	}
	inside := u.Epoch >= j.reservation.StartEpoch+uint64(j.before.Epochs) && u.Epoch < j.reservation.StartEpoch+uint64(j.after.Epochs)
	if u.SLA != op.SLA || !inside || u.Node != node || key.Kind != ids.KeyAccount {
		return orchestrator.ErrEvidenceWrong
	}
	if !verify(key, op.Statement, op.StatementSig) {
		return ErrSignature
	}
	if err := failures(key, u, op.Answers); err != nil {
		return err
	}
	failed := uint64(len(op.Answers))
	if failed < uint64(j.terms.Protocol.LostChallenges) {
		return orchestrator.ErrEvidenceWrong
	}
	right := j.again(failed)
	amount := j.denied(&right)
	w := s.windows[WindowKey{op.SLA, j.number}]
	if amount.Sign() == 0 {
		return orchestrator.ErrVerdictStands
	}
	if !w.Proved.Less(amount) {
		return orchestrator.ErrExists
	}
	return s.book(op.SLA, j.number, w, amount)
}

// failures refuses answers of which one is right, or not about another chunk of the statement than the one before.
func failures(key ids.Account, u *Usage, answers []Answer) error {
	if len(answers) > maxAnswers {
		return orchestrator.ErrArgumentInvalid
	}
	for i, x := range answers {
		if len(x.Document) > maxAnswer {
			return orchestrator.ErrMalformed
		}
		if !verify(key, x.Document, x.Signature) {
			return ErrSignature
		}
		a, err := decodeAnswer(x.Document)
		if err != nil {
			return err
		}
		if a.Statement != u.Hash() || a.right(u) || a.Number >= u.Leaves {
			return orchestrator.ErrEvidenceWrong
		}
		if i > 0 {
			if last, _ := decodeAnswer(answers[i-1].Document); a.Number <= last.Number {
				return orchestrator.ErrEvidenceWrong
			}
		}
	}
	return nil
}

func verify(key ids.Account, document []byte, signature [64]byte) bool {
	h := canon.Hash(document)
	return ed25519.Verify(key.Address[:], h[:], signature[:])
}
