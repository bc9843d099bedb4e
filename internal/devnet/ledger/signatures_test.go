package ledger

import (
	"crypto/sha256"
	"testing"

	"github.com/stellar/go-stellar-sdk/keypair"
	"github.com/stellar/go-stellar-sdk/xdr"
)

func decorated(t *testing.T, k *keypair.Full, msg []byte) xdr.DecoratedSignature {
	t.Helper()
	s, err := k.SignDecorated(msg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSignerKinds(t *testing.T) {
	t.Parallel()
	hash := sha256.Sum256([]byte("transaction"))
	one, two := keypair.MustRandom(), keypair.MustRandom()
	secret := []byte("a secret")
	lock := xdr.Uint256(sha256.Sum256(secret))
	pre := xdr.Uint256(hash)
	payload := []byte("payload of another transaction")
	edKey := func(k *keypair.Full) xdr.SignerKey {
		id := xdr.MustAddress(k.Address())
		return xdr.SignerKey{Type: xdr.SignerKeyTypeSignerKeyTypeEd25519, Ed25519: id.Ed25519}
	}
	id := xdr.MustAddress(two.Address())
	payloadSig, err := two.SignPayloadDecorated(payload)
	if err != nil {
		t.Fatal(err)
	}
	signers := []xdr.Signer{
		{Key: edKey(one), Weight: 1},
		{Key: xdr.SignerKey{Type: xdr.SignerKeyTypeSignerKeyTypeHashX, HashX: &lock}, Weight: 2},
		{Key: xdr.SignerKey{Type: xdr.SignerKeyTypeSignerKeyTypePreAuthTx, PreAuthTx: &pre}, Weight: 4},
		{Key: xdr.SignerKey{Type: xdr.SignerKeyTypeSignerKeyTypeEd25519SignedPayload,
			Ed25519SignedPayload: &xdr.SignerKeyEd25519SignedPayload{Ed25519: *id.Ed25519, Payload: payload}}, Weight: 8},
	}
	preimage := xdr.DecoratedSignature{Signature: secret, Hint: xdr.SignatureHint(lock[28:])}
	oneSig := decorated(t, one, hash[:])
	forged := oneSig
	forged.Signature = append(xdr.Signature(nil), oneSig.Signature...)
	forged.Signature[5] ^= 1
	for _, tt := range []struct {
		name    string
		hash    [32]byte
		sigs    []xdr.DecoratedSignature
		reaches int // the largest threshold
	}{
		{"pre-authorised alone", hash, nil, 4},
		{"another transaction, nothing", sha256.Sum256([]byte("other")), nil, -1},
		{"key", hash, []xdr.DecoratedSignature{oneSig}, 5},
		{"the same key twice counts once", hash, []xdr.DecoratedSignature{oneSig, oneSig}, 5},
		{"forged", hash, []xdr.DecoratedSignature{forged}, 4},
		{"preimage", hash, []xdr.DecoratedSignature{preimage}, 6},
		{"all", hash, []xdr.DecoratedSignature{preimage, oneSig, payloadSig}, 15},
		{"a key that is no signer", hash, []xdr.DecoratedSignature{decorated(t, two, hash[:])}, 4},
	} {
		for needed := 1; needed <= 16; needed++ {
			if got := newSigChecker(tt.hash, tt.sigs).reach(signers, needed); got != (needed <= tt.reaches) {
				t.Errorf("%s: threshold %d: %v", tt.name, needed, got)
			}
		}
	}
	c := newSigChecker(hash, []xdr.DecoratedSignature{oneSig, forged})
	if !c.reach(signers[:1], 1) || c.allUsed() {
		t.Error("an unused signature is not noticed")
	}
	if newSigChecker(hash, nil).reach(signers[:1], 0) {
		t.Error("threshold 0 was reached without any signature")
	}
}
