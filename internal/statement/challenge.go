package statement

import (
	"fmt"
	"time"

	"github.com/flashback-network/flashback/internal/ids"
)

// SignedChallenge is a Challenge that tells who asks. An answer has 64 KiB of a consumer's data in it, so a node may insist that a registered validator's operator asks for it.
type SignedChallenge struct {
	Challenge
	Operator  ids.Account `json:"operator,omitzero"`
	At        int64       `json:"at,omitempty"`        // Unix seconds
	Signature []byte      `json:"signature,omitempty"` // of the operator's wallet over Message, as a message (SEP-53 on Stellar)
}

// ChallengeLife is how far a node's clock may be from At.
const ChallengeLife = 5 * time.Minute

// Sign makes the challenge one of operator's at a time. sign signs a message as the operator's wallet does.
func (c Challenge) Sign(operator ids.Account, at time.Time, sign func(message []byte) ([]byte, error)) (s SignedChallenge, err error) {
	s = SignedChallenge{Challenge: c, Operator: operator, At: at.Unix()}
	s.Signature, err = sign(s.Message())
	return s, err
}

// Message is what is signed. Only the node that serves the SLA can answer it, so it need not name the node.
func (c *SignedChallenge) Message() []byte {
	return fmt.Appendf(nil, "Flashback possession challenge\n%s\n%d\n%s\n%d\n%d", c.Operator, c.At, c.SLA, c.Epoch, c.Chunk)
}

// Fresh reports whether the challenge was made at about this time.
func (c *SignedChallenge) Fresh(now time.Time) bool {
	d := now.Sub(time.Unix(c.At, 0))
	return d.Abs() <= ChallengeLife
}
