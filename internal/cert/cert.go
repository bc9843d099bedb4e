// Package cert has the validators' configuration and the certificate of an epoch's root (docs/spec/encoding.md): made and checked here exactly as the
// Oracle contracts check it. It is pure: keys come in, nothing is stored.
package cert

import (
	"bytes"
	"math"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
)

// Validator is a registered member of the oracle network.
type Validator struct {
	Key      [65]byte // secp256k1, uncompressed
	Weight   uint32
	Operator ids.Account // its wallet: rewards, keys at nodes
}

// Config is what the Oracle contract holds.
type Config struct {
	Network       [32]byte
	Version       uint32
	Genesis       uint64 // Unix seconds of epoch 0's start
	EpochSeconds  uint32
	SlotsPerEpoch uint32
	WindowEpochs  uint32
	Validators    []Validator
}

// MaxValidators of a configuration.
const MaxValidators = 64

// NetworkID names one deployment: the chain's own network id and the Oracle on it.
func NetworkID(chainNetwork [32]byte, oracle ids.Account) [32]byte {
	return canon.Hash([]byte("FLASHBACK-NETWORK-v1"), chainNetwork[:], oracle.Bytes())
}

// Digest of the configuration.
func (c *Config) Digest() [32]byte {
	w := canon.Tagged("FLASHBACK-CONFIG-v1").Raw(c.Network[:]).U32(c.Version).U64(c.Genesis).U32(c.EpochSeconds).U32(c.SlotsPerEpoch).U32(c.WindowEpochs)
	w.U32(uint32(len(c.Validators)))
	for _, v := range c.Validators {
		w.Raw(v.Key[:]).U32(v.Weight).Raw(v.Operator.Bytes())
	}
	return w.Sum()
}

// Epoch that a time lies in; times before the genesis are in epoch 0.
func (c *Config) Epoch(unix uint64) uint64 {
	if unix < c.Genesis {
		return 0
	}
	return (unix - c.Genesis) / uint64(c.EpochSeconds)
}

// Start of an epoch, Unix seconds.
func (c *Config) Start(epoch uint64) uint64 { return c.Genesis + epoch*uint64(c.EpochSeconds) }

// Quorum reports whether weight is more than two thirds of the whole.
func (c *Config) Quorum(weight uint64) bool {
	var t uint64
	for _, v := range c.Validators {
		t += uint64(v.Weight)
	}
	return 3*weight > 2*t
}

// Index of a validator's key, or -1.
func (c *Config) Index(key [65]byte) int {
	for i := range c.Validators {
		if c.Validators[i].Key == key {
			return i
		}
	}
	return -1
}

// Signature of one validator.
type Signature struct {
	Signer   uint32
	RS       [64]byte
	Recovery uint8
}

// Certificate of a root.
type Certificate struct {
	Epoch        uint64
	Root         [32]byte
	Previous     [32]byte
	ConfigDigest [32]byte
	Signatures   []Signature
}

// Digest is what is signed.
func Digest(network, config [32]byte, epoch uint64, root, previous [32]byte) [32]byte {
	return canon.Tagged("FLASHBACK-REPORT-v1").Raw(network[:]).Raw(config[:]).U64(epoch).Raw(root[:]).Raw(previous[:]).Sum()
}

// RotateDigest is what the old quorum signs for a new configuration.
func RotateDigest(network, old, next [32]byte) [32]byte {
	return canon.Tagged("FLASHBACK-ROTATE-v1").Raw(network[:]).Raw(old[:]).Raw(next[:]).Sum()
}

// The reasons why a certificate is refused; the codes are those of the contracts' error table.
var (
	ErrEpochOld         = fault.New(fault.Conflict, "EpochOld", "this epoch or a later one was reported already")
	ErrEpochFuture      = fault.New(fault.Conflict, "EpochFuture", "the epoch has not ended yet")
	ErrPreviousMismatch = fault.New(fault.Conflict, "PreviousMismatch", "the certificate does not continue the last root")
	ErrConfig           = fault.New(fault.Conflict, "ConfigMismatch", "the certificate was signed under another configuration")
	ErrSignerOrder      = fault.New(fault.Invalid, "SignerOrder", "signers are repeated or not in order")
	ErrSignerUnknown    = fault.New(fault.Invalid, "SignerUnknown", "a signer is not registered")
	ErrSignatureHigh    = fault.New(fault.Invalid, "SignatureHigh", "a signature has a high s")
	ErrSignatureBad     = fault.New(fault.Invalid, "SignatureBad", "a signature does not verify")
	ErrQuorumMissing    = fault.New(fault.Invalid, "QuorumMissing", "the signers' weight is no quorum")
)

// Sign makes a validator's low-s signature over a digest.
func Sign(key *secp256k1.PrivateKey, signer uint32, digest [32]byte) Signature {
	c := ecdsa.SignCompact(key, digest[:], false) // 27+recovery ‖ r ‖ s, s already low
	s := Signature{Signer: signer, Recovery: c[0] - 27}
	copy(s.RS[:], c[1:])
	return s
}

// PublicKey in the registered form.
func PublicKey(key *secp256k1.PrivateKey) (k [65]byte) {
	copy(k[:], key.PubKey().SerializeUncompressed())
	return k
}

// VerifyOne checks one signature against a registered key.
func VerifyOne(key [65]byte, s Signature, digest [32]byte) error {
	var sc secp256k1.ModNScalar
	if over := sc.SetByteSlice(s.RS[32:]); over || sc.IsOverHalfOrder() {
		return ErrSignatureHigh
	}
	if sc.IsZero() || s.Recovery > 1 {
		return ErrSignatureBad
	}
	p, _, err := ecdsa.RecoverCompact(append([]byte{27 + s.Recovery}, s.RS[:]...), digest[:])
	if err != nil || !bytes.Equal(p.SerializeUncompressed(), key[:]) {
		return ErrSignatureBad
	}
	return nil
}

// VerifySet checks signatures of a digest: order, membership, each signature, quorum; in the contract's order of checks.
func (c *Config) VerifySet(digest [32]byte, sigs []Signature) error {
	var weight uint64
	last := -1
	for _, s := range sigs {
		if int(s.Signer) <= last {
			return ErrSignerOrder
		}
		last = int(s.Signer)
		if last >= len(c.Validators) {
			return ErrSignerUnknown
		}
		if err := VerifyOne(c.Validators[last].Key, s, digest); err != nil {
			return err
		}
		weight += uint64(c.Validators[last].Weight)
	}
	if !c.Quorum(weight) {
		return ErrQuorumMissing
	}
	return nil
}

// Verify checks a certificate's signatures under the configuration.
func (c *Config) Verify(x *Certificate) error {
	d := c.Digest()
	if x.ConfigDigest != d {
		return ErrConfig
	}
	return c.VerifySet(Digest(c.Network, d, x.Epoch, x.Root, x.Previous), x.Signatures)
}

// Bytes is the canonical encoding.
func (x *Certificate) Bytes() []byte {
	w := canon.Tagged("FLASHBACK-CERT-v1").U64(x.Epoch).Raw(x.Root[:]).Raw(x.Previous[:]).Raw(x.ConfigDigest[:]).U32(uint32(len(x.Signatures)))
	for _, s := range x.Signatures {
		w.U32(s.Signer).Raw(s.RS[:]).U8(s.Recovery)
	}
	return w.Bytes()
}

// Decode reads a certificate's canonical encoding.
func Decode(b []byte) (*Certificate, error) {
	r := canon.Read("FLASHBACK-CERT-v1", b)
	x := &Certificate{Epoch: r.U64(), Root: r.B32(), Previous: r.B32(), ConfigDigest: r.B32()}
	for range r.Count(MaxValidators) {
		s := Signature{Signer: r.U32()}
		copy(s.RS[:], r.Raw(64))
		if s.Recovery = r.U8(); s.Recovery > 1 {
			r.Fail("recovery of a signature")
		}
		x.Signatures = append(x.Signatures, s)
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return x, nil
}

// Validate refuses a configuration as the contract's constructor does: a key has the uncompressed form, but nobody checks that it is a point of the curve.
func (c *Config) Validate() error {
	seen := map[[65]byte]bool{}
	var weight uint64
	for _, v := range c.Validators {
		if v.Key[0] != 4 || v.Weight == 0 || seen[v.Key] {
			return errConfigInvalid
		}
		seen[v.Key] = true
		weight += uint64(v.Weight)
	}
	if weight > math.MaxUint32 || c.Version == 0 || len(c.Validators) == 0 || len(c.Validators) > MaxValidators || c.EpochSeconds == 0 || c.SlotsPerEpoch == 0 || c.WindowEpochs == 0 || c.EpochSeconds%c.SlotsPerEpoch != 0 {
		return errConfigInvalid
	}
	return nil
}

var errConfigInvalid error = fault.New(fault.Invalid, "ConfigInvalid", "the oracle configuration is not valid")
