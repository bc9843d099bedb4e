package ledger

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"
)

// transaction is a decoded envelope with what is asked of it again and again. It is read-only after parse.
type transaction struct {
	env       xdr.TransactionEnvelope
	raw       []byte
	hash      [32]byte // of the envelope: what clients look it up by
	innerHash [32]byte // of the inner transaction of a fee bump; else equal to hash
	tx        xdr.Transaction
	sigs      []xdr.DecoratedSignature
	bump      *xdr.FeeBumpTransactionEnvelope
	fixed     int64 // what the declared resources cost, in stroops; set by Ledger.decode for a Soroban transaction
}

var errEnvelope = errors.New("could not unmarshal transaction envelope")

func parse(raw []byte, networkID [32]byte) (*transaction, error) {
	t := &transaction{raw: raw}
	if err := t.env.UnmarshalBinary(raw); err != nil {
		return nil, fmt.Errorf("%w: %w", errEnvelope, err)
	}
	// Fees count bytes: nothing may stand behind the envelope.
	if again, err := t.env.MarshalBinary(); err != nil || !bytes.Equal(again, raw) {
		return nil, fmt.Errorf("%w: not in canonical form", errEnvelope)
	}
	switch t.env.Type {
	case xdr.EnvelopeTypeEnvelopeTypeTxV0:
		v0 := t.env.V0
		t.tx = xdr.Transaction{SourceAccount: xdr.MuxedAccount{Type: xdr.CryptoKeyTypeKeyTypeEd25519, Ed25519: &v0.Tx.SourceAccountEd25519},
			Fee: v0.Tx.Fee, SeqNum: v0.Tx.SeqNum, Cond: xdr.NewPreconditionsWithTimeBounds(v0.Tx.TimeBounds), Memo: v0.Tx.Memo, Operations: v0.Tx.Operations}
		t.sigs = v0.Signatures
	case xdr.EnvelopeTypeEnvelopeTypeTx:
		t.tx, t.sigs = t.env.V1.Tx, t.env.V1.Signatures
	case xdr.EnvelopeTypeEnvelopeTypeTxFeeBump:
		t.bump = t.env.FeeBump
		t.tx, t.sigs = t.bump.Tx.InnerTx.V1.Tx, t.bump.Tx.InnerTx.V1.Signatures
	default:
		return nil, fmt.Errorf("%w: type %d", errEnvelope, t.env.Type)
	}
	var err error
	t.innerHash, err = payloadHash(networkID, xdr.TransactionSignaturePayloadTaggedTransaction{Type: xdr.EnvelopeTypeEnvelopeTypeTx, Tx: &t.tx})
	if err != nil {
		return nil, err
	}
	t.hash = t.innerHash
	if t.bump != nil {
		t.hash, err = payloadHash(networkID, xdr.TransactionSignaturePayloadTaggedTransaction{Type: xdr.EnvelopeTypeEnvelopeTypeTxFeeBump, FeeBump: &t.bump.Tx})
	}
	return t, err
}

func payloadHash(networkID [32]byte, tagged xdr.TransactionSignaturePayloadTaggedTransaction) ([32]byte, error) {
	b, err := xdr.TransactionSignaturePayload{NetworkId: networkID, TaggedTransaction: tagged}.MarshalBinary()
	if err != nil {
		return [32]byte{}, err
	}
	return sha256.Sum256(b), nil
}

func (t *transaction) source() xdr.AccountId { return t.tx.SourceAccount.ToAccountId() }

// payer is who pays the fee.
func (t *transaction) payer() xdr.AccountId {
	if t.bump != nil {
		return t.bump.Tx.FeeSource.ToAccountId()
	}
	return t.source()
}

// bid is the most the payer agreed to, in stroops.
func (t *transaction) bid() int64 {
	if t.bump != nil {
		return int64(t.bump.Tx.Fee)
	}
	return int64(t.tx.Fee)
}

// soroban is the transaction's resource declaration, or nil.
func (t *transaction) soroban() *xdr.SorobanTransactionData { return t.tx.Ext.SorobanData }

func (t *transaction) resourceFee() int64 {
	if d := t.soroban(); d != nil {
		return int64(d.ResourceFee)
	}
	return 0
}

// minInclusion is the least inclusion fee: the base fee per operation, a fee bump counting as one more.
func (t *transaction) minInclusion() int64 {
	n := int64(len(t.tx.Operations))
	if t.bump != nil {
		n++
	}
	return n * BaseFee
}

// charge is what is taken before anything is applied: there is no surge pricing, so never more than the minimum for
// inclusion, whatever was bid.
func (t *transaction) charge() int64 {
	return min(t.bid(), t.resourceFee()+t.minInclusion())
}

// restored are the read-write footprint indices of archived entries that the transaction restores.
func (t *transaction) restored() []uint32 {
	d := t.soroban()
	if d == nil || d.Ext.ResourceExt == nil {
		return nil
	}
	var n []uint32
	for _, i := range d.Ext.ResourceExt.ArchivedSorobanEntries {
		n = append(n, uint32(i))
	}
	return n
}

// opSource is the account an operation acts for.
func (t *transaction) opSource(op *xdr.Operation) xdr.AccountId {
	if op.SourceAccount != nil {
		return op.SourceAccount.ToAccountId()
	}
	return t.source()
}

// result is the transaction's result. For a fee bump, code and ops are those of the inner transaction unless outer.
func (t *transaction) result(v verdict, charged int64) xdr.TransactionResult {
	ops := v.ops
	if ops == nil {
		ops = []xdr.OperationResult{}
	}
	hasOps := v.code == xdr.TransactionResultCodeTxSuccess || v.code == xdr.TransactionResultCodeTxFailed
	if t.bump == nil || v.outer {
		r := xdr.TransactionResultResult{Code: v.code}
		if hasOps {
			r.Results = &ops
		}
		return xdr.TransactionResult{FeeCharged: xdr.Int64(charged), Result: r}
	}
	inner := xdr.InnerTransactionResultResult{Code: v.code}
	if hasOps {
		inner.Results = &ops
	}
	code := xdr.TransactionResultCodeTxFeeBumpInnerFailed
	if v.code == xdr.TransactionResultCodeTxSuccess {
		code = xdr.TransactionResultCodeTxFeeBumpInnerSuccess
	}
	return xdr.TransactionResult{FeeCharged: xdr.Int64(charged), Result: xdr.TransactionResultResult{Code: code,
		InnerResultPair: &xdr.InnerTransactionResultPair{TransactionHash: t.innerHash, Result: xdr.InnerTransactionResult{Result: inner}}}}
}
