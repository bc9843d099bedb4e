package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"

	"github.com/stellar/go-stellar-sdk/xdr"
)

// sigChecker verifies the signatures of one envelope and remembers which were of use: an unused one makes the
// transaction invalid, as on the network.
type sigChecker struct {
	hash [32]byte
	sigs []xdr.DecoratedSignature
	used []bool
}

func newSigChecker(hash [32]byte, sigs []xdr.DecoratedSignature) *sigChecker {
	return &sigChecker{hash: hash, sigs: sigs, used: make([]bool, len(sigs))}
}

// account checks that the account's signers reach a threshold (0 still asks for one valid signature).
func (c *sigChecker) account(a *xdr.AccountEntry, threshold byte) bool {
	signers := append([]xdr.Signer(nil), a.Signers...)
	if w := a.Thresholds.MasterKeyWeight(); w > 0 {
		signers = append(signers, masterSigner(a.AccountId, w))
	}
	return c.reach(signers, int(threshold))
}

// absent checks the master key of an account that does not exist yet.
func (c *sigChecker) absent(id xdr.AccountId) bool {
	return c.reach([]xdr.Signer{masterSigner(id, 1)}, 0)
}

func masterSigner(id xdr.AccountId, weight byte) xdr.Signer {
	return xdr.Signer{Key: xdr.SignerKey{Type: xdr.SignerKeyTypeSignerKeyTypeEd25519, Ed25519: id.Ed25519}, Weight: xdr.Uint32(weight)}
}

// reach adds up the weights of the signers whose signature is there. Each signer counts once.
func (c *sigChecker) reach(signers []xdr.Signer, needed int) bool {
	total := 0
	var left []xdr.Signer
	for _, s := range signers {
		if s.Key.Type != xdr.SignerKeyTypeSignerKeyTypePreAuthTx {
			left = append(left, s)
			continue
		}
		if *s.Key.PreAuthTx == xdr.Uint256(c.hash) {
			if total += weight(s); total >= needed {
				return true
			}
		}
	}
	for i := range c.sigs {
		for j, s := range left {
			if !signedBy(&c.sigs[i], s.Key, c.hash) {
				continue
			}
			c.used[i] = true
			if total += weight(s); total >= needed {
				return true
			}
			left = append(left[:j:j], left[j+1:]...)
			break
		}
	}
	return false
}

func weight(s xdr.Signer) int { return int(min(s.Weight, 255)) }

func (c *sigChecker) allUsed() bool {
	for _, u := range c.used {
		if !u {
			return false
		}
	}
	return true
}

func signedBy(sig *xdr.DecoratedSignature, key xdr.SignerKey, hash [32]byte) bool {
	switch key.Type {
	case xdr.SignerKeyTypeSignerKeyTypeEd25519:
		return hinted(sig, key.Ed25519[28:]) && verify(key.Ed25519[:], hash[:], sig.Signature)
	case xdr.SignerKeyTypeSignerKeyTypeHashX:
		return hinted(sig, key.HashX[28:]) && sha256.Sum256(sig.Signature) == [32]byte(*key.HashX)
	case xdr.SignerKeyTypeSignerKeyTypeEd25519SignedPayload:
		p := key.Ed25519SignedPayload
		var hint [4]byte // the key's last four bytes XOR the payload's, which is padded with zeros if shorter
		tail := p.Payload
		if len(tail) > 4 {
			tail = tail[len(tail)-4:]
		}
		copy(hint[:], tail)
		for i := range hint {
			hint[i] ^= p.Ed25519[28+i]
		}
		return hinted(sig, hint[:]) && verify(p.Ed25519[:], p.Payload, sig.Signature)
	}
	return false
}

func hinted(sig *xdr.DecoratedSignature, hint []byte) bool { return bytes.Equal(sig.Hint[:], hint) }

func verify(key, message, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && ed25519.Verify(key, message, signature)
}

// threshold is the level an operation asks of its source account.
func threshold(op *xdr.Operation, a *xdr.AccountEntry) byte {
	switch op.Body.Type {
	case xdr.OperationTypeExtendFootprintTtl, xdr.OperationTypeRestoreFootprint:
		return a.Thresholds.ThresholdLow()
	case xdr.OperationTypeSetOptions:
		o := op.Body.SetOptionsOp
		if o.MasterWeight != nil || o.LowThreshold != nil || o.MedThreshold != nil || o.HighThreshold != nil || o.Signer != nil {
			return a.Thresholds.ThresholdHigh()
		}
	}
	return a.Thresholds.ThresholdMedium()
}
