package statement

import (
	"crypto/ed25519"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/sla"
)

// Usage is a node's statement at the end of an epoch. ByteSeconds, BytesIn and BytesOut are cumulative since the SLA began.
type Usage struct {
	Node        ids.ID
	SLA         ids.ID
	Epoch       uint64
	Objects     uint64
	Stored      uint64 // bytes
	ByteSeconds sla.Wide
	BytesIn     uint64
	BytesOut    uint64
	Leaves      uint64   // 64 KiB chunks of the whole set
	SetRoot     [32]byte // tree over the held objects; canon.Hash() of nothing when there are none
}

const usageTag = "FLASHBACK-USAGE-v1"

// UsageSize is the width of an encoded statement, SignedSize with its signature.
const (
	UsageSize  = len(usageTag) + 32 + 32 + 8 + 8 + 8 + 16 + 8 + 8 + 8 + 32
	SignedSize = UsageSize + ed25519.SignatureSize
)

// Bytes is the canonical encoding.
func (u *Usage) Bytes() []byte {
	w := canon.Tagged(usageTag).Raw(u.Node[:]).Raw(u.SLA[:]).U64(u.Epoch).U64(u.Objects).U64(u.Stored)
	w.U64(u.ByteSeconds.Hi).U64(u.ByteSeconds.Lo).U64(u.BytesIn).U64(u.BytesOut).U64(u.Leaves)
	return w.Raw(u.SetRoot[:]).Bytes()
}

// Hash is what the node's key signs.
func (u *Usage) Hash() [32]byte { return canon.Hash(u.Bytes()) }

// DecodeUsage reads a statement.
func DecodeUsage(b []byte) (*Usage, error) {
	r := canon.Read(usageTag, b)
	u := &Usage{Node: r.B32(), SLA: r.B32(), Epoch: r.U64(), Objects: r.U64(), Stored: r.U64()}
	u.ByteSeconds = sla.Wide{Hi: r.U64(), Lo: r.U64()}
	u.BytesIn, u.BytesOut, u.Leaves, u.SetRoot = r.U64(), r.U64(), r.U64(), r.B32()
	if err := r.Done(); err != nil {
		return nil, err
	}
	return u, nil
}

// Signed is a statement with its node's signature.
type Signed struct {
	Usage
	Signature [ed25519.SignatureSize]byte
}

// SignUsage signs with the node's key; sign is given the hash (an Ed25519 signature over its 32 bytes).
func SignUsage(u Usage, sign func(hash [32]byte) ([]byte, error)) (*Signed, error) {
	b, err := sign(u.Hash())
	if err != nil {
		return nil, err
	}
	s := &Signed{Usage: u}
	if copy(s.Signature[:], b) != len(s.Signature) {
		return nil, fault.New(fault.Internal, "signature_short", "the node's signature has %d bytes", len(b))
	}
	return s, nil
}

// Bytes is the statement and its signature, as observations carry them.
func (s *Signed) Bytes() []byte { return append(s.Usage.Bytes(), s.Signature[:]...) }

// DecodeSigned reads what Bytes writes. It does not check the signature.
func DecodeSigned(b []byte) (*Signed, error) {
	if len(b) != SignedSize {
		return nil, canon.ErrMalformed
	}
	u, err := DecodeUsage(b[:UsageSize])
	if err != nil {
		return nil, err
	}
	s := &Signed{Usage: *u}
	copy(s.Signature[:], b[UsageSize:])
	return s, nil
}

// ErrSignature refuses a statement that its node did not sign.
var ErrSignature = fault.New(fault.Invalid, "SignatureBad", "the statement's signature is not of the node's key")

// Verify checks the signature under the node's Ed25519 key, which is the address of its account.
func (s *Signed) Verify(nodeKey [32]byte) error {
	h := s.Hash()
	if !ed25519.Verify(nodeKey[:], h[:], s.Signature[:]) {
		return ErrSignature
	}
	return nil
}
