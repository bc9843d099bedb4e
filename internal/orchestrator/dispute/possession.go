package dispute

import (
	"crypto/ed25519"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/statement"
)

const (
	answerTag  = "FLASHBACK-ANSWER-v1"
	maxProof   = 12 + merkle.MaxDepth*32
	maxAnswer  = len(answerTag) + 32 + 8 + 80 + maxProof + 64 + maxProof
	maxAnswers = 16
)

// ErrSignature is the chain's own refusal of an Ed25519 signature: it has no number in the table.
var ErrSignature = fault.New(fault.Invalid, "signature_wrong", "the signature is not of the node's key")

// NodeAnswer is what a node signs when it answers a challenge: for which chunk of which statement, the object, and the way from the chunk's leaf hash to the statement's set.
type NodeAnswer struct {
	Statement  [32]byte // hash of the usage statement
	Number     uint64   // of the chunk in the set
	Held       statement.Held
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
	a := &NodeAnswer{Statement: r.B32(), Number: r.U64(), Held: statement.Held{Object: r.B32(), Commitment: r.B32(), Size: r.U64(), First: r.U64()}}
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
func (a *NodeAnswer) right(u *statement.Usage) bool {
	n := statement.Chunks(a.Held.Size)
	if a.Number < a.Held.First || a.Number-a.Held.First >= n || n > 1<<merkle.MaxDepth {
		return false
	}
	at, ok := a.ChunkProof.IndexOf(int(n))
	return a.HeldPath.Verify(merkle.Leaf(a.Held.Bytes()), u.SetRoot) && statement.Commitment(a.Held.Size, a.Root) == a.Held.Commitment &&
		ok && uint64(at) == a.Number-a.Held.First && a.ChunkProof.Verify(a.Chunk, a.Root)
}

func (s *State) provePossession(op *ProvePossession) error {
	j, err := s.window(op.SLA, &op.Before, &op.After)
	if err != nil {
		return err
	}
	u, err := statement.DecodeUsage(op.Statement)
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
func failures(key ids.Account, u *statement.Usage, answers []Answer) error {
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
