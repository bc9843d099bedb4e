// Package claim has the words that a Bridge Node and the platform exchange while a provider claims the node (docs/spec/protocols.md, "Claim"): messages, what is signed, and the
// forms of secrets and codes. Both sides import it; it does no I/O.
package claim

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
)

// Announcement of a node: POST /v1/nodes/announce.
type Announcement struct {
	Key        ids.Account `json:"key" doc:"The node's account"`
	Endpoint   string      `json:"endpoint" maxLength:"200" doc:"Where consumers reach the node's S3 front"`
	Version    string      `json:"version" maxLength:"64"`
	SecretHash []byte      `json:"secretHash" doc:"SecretHash of the node secret, base64"`
	At         uint64      `json:"at" doc:"Unix seconds; within five minutes of the platform's clock and later than the last announcement"`
	Signature  []byte      `json:"signature" doc:"Ed25519 by the node's key over the announcement's hash, base64"`
}

// Digest is what the node signs.
func (a *Announcement) Digest() [32]byte {
	return canon.Tagged("FLASHBACK-ANNOUNCE-v1").Raw(a.Key.Address[:]).U64(a.At).Raw(a.SecretHash).Blob([]byte(a.Endpoint)).Blob([]byte(a.Version)).Sum()
}

// Secret opens a claim: POST /v1/nodes/{key}/claims, with the provider's session.
type Secret struct {
	Secret string `json:"secret" maxLength:"64" doc:"The node secret, as the node's console printed it"`
}

// Opened is the answer: what the provider's wallet has to sign.
type Opened struct {
	Claim         string      `json:"claim"`
	Provider      ids.Account `json:"provider"`
	Node          ids.Account `json:"node"`
	Endpoint      string      `json:"endpoint"`
	Authorization []byte      `json:"authorization" doc:"Unsigned authorisation of node_bind for the provider, base64"`
}

// Signed returns an authorisation: POST /v1/nodes/{key}/claims/{claim}/authorization by the wallet, …/relay by the node.
type Signed struct {
	Authorization []byte `json:"authorization"`
}

// Code answers the wallet's authorisation.
type Code struct {
	Code    string `json:"code" doc:"Give it to the node: flashback node claim CODE"`
	Expires uint64 `json:"expires" doc:"Unix seconds"`
}

// Redemption of a code: POST /v1/nodes/{key}/claims/redeem.
type Redemption struct {
	Code      string `json:"code" maxLength:"64"`
	At        uint64 `json:"at" doc:"Unix seconds, within five minutes of the platform's clock"`
	Signature []byte `json:"signature" doc:"Ed25519 by the node's key over the redemption's hash, base64"`
}

// Digest is what the node signs.
func (r *Redemption) Digest(key ids.Account) [32]byte {
	return canon.Tagged("FLASHBACK-REDEEM-v1").Raw(key.Address[:]).U64(r.At).Blob([]byte(r.Code)).Sum()
}

// Redeemed is the answer: the same as Opened, with the authorisation that the node has to sign. The node checks every field.
type Redeemed = Opened

// Bound is the relayed transaction's outcome: POST /v1/nodes/{key}/claims/{claim}/relay.
type Bound struct {
	Tx   string `json:"tx"`
	Node ids.ID `json:"node"`
}

// SecretHash of a node secret.
func SecretHash(key ids.Account, secret []byte) [32]byte {
	return canon.Hash([]byte("FLASHBACK-NODE-SECRET-v1"), key.Address[:], secret)
}

// CodeHash of a claim code for a node.
func CodeHash(key ids.Account, code []byte) [32]byte {
	return canon.Hash([]byte("FLASHBACK-CLAIM-CODE-v1"), key.Address[:], code)
}

// Sizes in bytes of the random parts.
const (
	SecretSize = 16
	CodeSize   = 10
)

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Random makes a secret or code of n bytes.
func Random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	return b
}

// Format shows a secret or code in groups of four letters and digits.
func Format(b []byte) string {
	s := encoding.EncodeToString(b)
	var g []string
	for len(s) > 4 {
		g, s = append(g, s[:4]), s[4:]
	}
	return strings.Join(append(g, s), "-")
}

// Parse reads what a person typed: groups, case and blanks do not matter.
func Parse(s string, n int) ([]byte, error) {
	s = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(strings.TrimSpace(s)))
	b, err := encoding.DecodeString(s)
	if err != nil || len(b) != n {
		return nil, fmt.Errorf("not a code of %d letters and digits", encoding.EncodedLen(n))
	}
	return b, nil
}

// Verify checks an Ed25519 signature of a key account over a digest.
func Verify(key ids.Account, digest [32]byte, signature []byte) bool {
	return key.Chain == ids.Stellar && key.Kind == ids.KeyAccount && ed25519.Verify(key.Address[:], digest[:], signature)
}
