package statement

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
)

// The node's own HTTP doors, beside its S3 front. Bodies are JSON; bytes are base64 in them, ids and hashes hexadecimal.
const (
	PathChallenge  = "/.flashback/v1/challenge"  // POST KeyChallenge → KeyChallenged
	PathKeys       = "/.flashback/v1/keys"       // POST KeyRequest → Keys
	PathUsage      = "/.flashback/v1/usage"      // GET ?sla=&epoch= → UsageAnswer; without epoch the newest one
	PathPossession = "/.flashback/v1/possession" // POST Challenge → Answer
)

// MaxBody of a request at these doors, MaxAnswer of an answer: a chunk in base64 with its paths.
const (
	MaxBody   = 8 << 10
	MaxAnswer = 128 << 10
)

// KeyChallenge asks for a text to sign. SLA is empty for a validator's probe space.
type KeyChallenge struct {
	Account ids.Account `json:"account"`
	SLA     string      `json:"sla"`
}

// KeyChallenged is the text, to be signed by the account's wallet as a message (SEP-53 on Stellar).
type KeyChallenged struct {
	Challenge string `json:"challenge"`
}

// ChallengeTitle is the first line of a text to sign for keys; node, account, SLA, nonce and expiry follow, a line each.
const ChallengeTitle = "Flashback S3 keys"

// Node is the node that asks account to sign for keys to sla ("" for a probe space). It is false for any other text: a wallet must not sign that.
func (c KeyChallenged) Node(account ids.Account, sla string) (node string, ok bool) {
	l := strings.Split(c.Challenge, "\n")
	if len(l) != 6 || l[0] != ChallengeTitle || l[2] != account.String() || l[3] != sla {
		return "", false
	}
	return l[1], true
}

// KeyRequest returns the text with the signature. Grant is empty for the SLA's consumer and for validators.
type KeyRequest struct {
	Challenge string `json:"challenge"`
	Signature []byte `json:"signature"`
	Grant     string `json:"grant,omitempty"`
}

// Keys for S3.
type Keys struct {
	AccessKey string `json:"accessKey"`
	SecretKey string `json:"secretKey"`
	Expires   int64  `json:"expires"` // Unix seconds
}

// UsageAnswer is a signed statement.
type UsageAnswer struct {
	Statement []byte `json:"statement"`
	Signature []byte `json:"signature"`
}

// Signed decodes the answer; the signature is not checked.
func (a *UsageAnswer) Signed() (*Signed, error) {
	if len(a.Statement) != UsageSize {
		return nil, canon.ErrMalformed
	}
	return DecodeSigned(append(append([]byte(nil), a.Statement...), a.Signature...))
}

// Answer of a signed statement.
func (s *Signed) Answer() UsageAnswer {
	return UsageAnswer{Statement: s.Usage.Bytes(), Signature: append([]byte(nil), s.Signature[:]...)}
}

// Challenge asks for one chunk of a stated set.
type Challenge struct {
	SLA   ids.ID `json:"sla"`
	Epoch uint64 `json:"epoch"` // of the statement
	Chunk uint64 `json:"chunk"` // below its Leaves
}

// Answer proves possession, or, with Gone alone, that the chunk was of an object that is not there any more.
type Answer struct {
	Held      []byte `json:"held,omitempty"`
	HeldPath  Path   `json:"heldPath,omitzero"`
	Root      Root   `json:"root,omitzero"` // of the object's chunks
	Chunk     []byte `json:"chunk,omitempty"`
	ChunkPath Path   `json:"chunkPath,omitzero"`
	Signature []byte `json:"signature,omitempty"` // of the node's key over the Document's hash; Gone has none
	Gone      *Gone  `json:"gone,omitempty"`
}

// Gone names the object that held the chunk.
type Gone struct {
	Held     []byte `json:"held"`
	HeldPath Path   `json:"heldPath"`
}

// Root of a tree; hexadecimal in JSON.
type Root merkle.Hash

// MarshalText and UnmarshalText are the hexadecimal form.
func (r Root) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, r[:]), nil }
func (r *Root) UnmarshalText(b []byte) error {
	if len(b) != 2*len(r) {
		return fault.New(fault.Invalid, "Malformed", "a root has 64 hexadecimal digits")
	}
	_, err := hex.Decode(r[:], b)
	return err
}

// Path is a proof; in JSON its canonical bytes in base64.
type Path merkle.Proof

// MarshalText and UnmarshalText are the canonical form.
func (p Path) MarshalText() ([]byte, error) {
	var w canon.Writer
	merkle.Proof(p).Append(&w)
	return base64.StdEncoding.AppendEncode(nil, w.Bytes()), nil
}
func (p *Path) UnmarshalText(b []byte) error {
	raw, err := base64.StdEncoding.AppendDecode(nil, b)
	if err != nil {
		return err
	}
	r := canon.Read("", raw)
	*p = Path(merkle.Read(r))
	return r.Done()
}

// IsZero leaves an absent path out of JSON.
func (p Path) IsZero() bool { return p.Bits == 0 && len(p.Path) == 0 }
