package ledger

import (
	"math/bits"
	"slices"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/host"
)

// verdict is what is wrong with a transaction, or txSUCCESS.
type verdict struct {
	code       xdr.TransactionResultCode
	ops        []xdr.OperationResult // for txSUCCESS and txFAILED
	outer      bool                  // of a fee bump: the outer transaction is at fault
	consumeSeq bool                  // while applying: the sequence number is used up although the transaction is refused
}

func (v verdict) ok() bool { return v.code == xdr.TransactionResultCodeTxSuccess }

// view is what a transaction is validated against.
type view struct {
	reader
	ledger   host.Ledger                                // the ledger it would be in
	lastSeq  func(*xdr.AccountEntry) xdr.SequenceNumber // the sequence number in use: the account's, or of its last queued transaction
	spoken   func(payer string) int64                   // stroops that queued transactions of the payer will take
	applying bool                                       // fees are already paid
}

// validate applies every rule that does not depend on executing the operations, in the network's order. An error is
// a fault of ours, not of the transaction.
func (v *view) validate(t *transaction) (verdict, error) {
	if t.bump != nil {
		if r, err := v.outer(t); err != nil || !r.ok() {
			return r, err
		}
	}
	if code := structure(t); code != xdr.TransactionResultCodeTxSuccess {
		return verdict{code: code}, nil
	}
	if t.soroban() != nil && !sufficient(t) {
		return verdict{code: xdr.TransactionResultCodeTxSorobanInvalid}, nil
	}
	if code := v.preconditions(t); code != xdr.TransactionResultCodeTxSuccess {
		return verdict{code: code}, nil
	}
	if t.bump == nil && t.bid()-t.resourceFee() < t.minInclusion() {
		return verdict{code: xdr.TransactionResultCodeTxInsufficientFee}, nil
	}
	src, err := loadAccount(v, t.source())
	if err != nil {
		return verdict{}, err
	}
	if src == nil {
		return verdict{code: xdr.TransactionResultCodeTxNoAccount}, nil
	}
	if code := v.sequence(t, src); code != xdr.TransactionResultCodeTxSuccess {
		return verdict{code: code}, nil
	}
	sigs := newSigChecker(t.innerHash, t.sigs)
	refuse := func(code xdr.TransactionResultCode) (verdict, error) {
		return verdict{code: code, consumeSeq: true}, nil
	}
	if !sigs.account(src, src.Thresholds.ThresholdLow()) || !extraSigners(t, sigs) {
		return refuse(xdr.TransactionResultCodeTxBadAuth)
	}
	if t.bump == nil && !v.applying && !v.canPay(src, t) {
		return refuse(xdr.TransactionResultCodeTxInsufficientBalance)
	}
	ops, good, err := v.operations(t, sigs)
	if err != nil {
		return verdict{}, err
	}
	if !good {
		return verdict{code: xdr.TransactionResultCodeTxFailed, ops: ops, consumeSeq: true}, nil
	}
	if !sigs.allUsed() {
		return refuse(xdr.TransactionResultCodeTxBadAuthExtra)
	}
	return verdict{consumeSeq: true}, nil
}

// outer checks a fee bump's own part.
func (v *view) outer(t *transaction) (verdict, error) {
	refuse := func(code xdr.TransactionResultCode) (verdict, error) { return verdict{code: code, outer: true}, nil }
	inclusion, least := t.bid()-t.resourceFee(), t.minInclusion()
	innerBid, innerLeast := int64(t.tx.Fee)-t.resourceFee(), int64(len(t.tx.Operations))*BaseFee
	// The rate offered per operation must not be lower than the inner transaction's own.
	if inclusion < least || innerBid > 0 && productLess(inclusion, innerLeast, innerBid, least) {
		return refuse(xdr.TransactionResultCodeTxInsufficientFee)
	}
	payer, err := loadAccount(v, t.payer())
	if err != nil {
		return verdict{}, err
	}
	if payer == nil {
		return refuse(xdr.TransactionResultCodeTxNoAccount)
	}
	sigs := newSigChecker(t.hash, t.bump.Signatures)
	if !sigs.account(payer, payer.Thresholds.ThresholdLow()) {
		return refuse(xdr.TransactionResultCodeTxBadAuth)
	}
	if !v.applying && !v.canPay(payer, t) {
		return refuse(xdr.TransactionResultCodeTxInsufficientBalance)
	}
	if !sigs.allUsed() {
		return refuse(xdr.TransactionResultCodeTxBadAuthExtra)
	}
	return verdict{}, nil
}

// productLess is a·b < c·d for non-negative numbers, without overflow.
func productLess(a, b, c, d int64) bool {
	h1, l1 := bits.Mul64(uint64(a), uint64(b))
	h2, l2 := bits.Mul64(uint64(c), uint64(d))
	return h1 < h2 || h1 == h2 && l1 < l2
}

func (v *view) canPay(payer *xdr.AccountEntry, t *transaction) bool {
	return available(payer)-v.spoken(accountKey(payer.AccountId)) >= t.charge()
}

func (v *view) preconditions(t *transaction) xdr.TransactionResultCode {
	cond := t.tx.Cond
	tb := cond.TimeBounds
	if cond.V2 != nil {
		tb = cond.V2.TimeBounds
	}
	now := uint64(v.ledger.CloseTime)
	if tb != nil {
		if uint64(tb.MinTime) > now {
			return xdr.TransactionResultCodeTxTooEarly
		}
		if tb.MaxTime != 0 && uint64(tb.MaxTime) < now {
			return xdr.TransactionResultCodeTxTooLate
		}
	}
	if cond.V2 != nil && cond.V2.LedgerBounds != nil {
		lb := cond.V2.LedgerBounds
		if uint32(lb.MinLedger) > v.ledger.Sequence {
			return xdr.TransactionResultCodeTxTooEarly
		}
		if lb.MaxLedger != 0 && uint32(lb.MaxLedger) <= v.ledger.Sequence {
			return xdr.TransactionResultCodeTxTooLate
		}
	}
	return xdr.TransactionResultCodeTxSuccess
}

// sequence checks the sequence number and the two conditions on its age.
func (v *view) sequence(t *transaction, src *xdr.AccountEntry) xdr.TransactionResultCode {
	last, want := v.lastSeq(src), t.tx.SeqNum
	c := t.tx.Cond.V2
	// A sequence number that starts an account created in this ledger is not to be used.
	if want == xdr.SequenceNumber(int64(v.ledger.Sequence)<<32) {
		return xdr.TransactionResultCodeTxBadSeq
	}
	if c != nil && c.MinSeqNum != nil {
		if last < *c.MinSeqNum || last >= want {
			return xdr.TransactionResultCodeTxBadSeq
		}
	} else if last == 1<<63-1 || want != last+1 {
		return xdr.TransactionResultCodeTxBadSeq
	}
	if c != nil {
		ledger, at := seqExt(src)
		if age := uint64(c.MinSeqAge); age > 0 && (uint64(v.ledger.CloseTime) < age || uint64(at) > uint64(v.ledger.CloseTime)-age) ||
			uint64(ledger)+uint64(c.MinSeqLedgerGap) > uint64(v.ledger.Sequence) && c.MinSeqLedgerGap > 0 {
			return xdr.TransactionResultCodeTxBadMinSeqAgeOrGap
		}
	}
	return xdr.TransactionResultCodeTxSuccess
}

func extraSigners(t *transaction, sigs *sigChecker) bool {
	if t.tx.Cond.V2 == nil {
		return true
	}
	for _, k := range t.tx.Cond.V2.ExtraSigners {
		if !sigs.reach([]xdr.Signer{{Key: k, Weight: 1}}, 1) {
			return false
		}
	}
	return true
}

// operations checks each operation's form and its source account's signatures.
func (v *view) operations(t *transaction, sigs *sigChecker) ([]xdr.OperationResult, bool, error) {
	good := true
	results := make([]xdr.OperationResult, len(t.tx.Operations))
	for i := range t.tx.Operations {
		op := &t.tx.Operations[i]
		id := t.opSource(op)
		src, err := loadAccount(v, id)
		if err != nil {
			return nil, false, err
		}
		switch {
		case src != nil && !sigs.account(src, threshold(op, src)),
			src == nil && op.SourceAccount != nil && !sigs.absent(id):
			results[i] = xdr.OperationResult{Code: xdr.OperationResultCodeOpBadAuth}
		case src == nil && op.SourceAccount == nil:
			results[i] = xdr.OperationResult{Code: xdr.OperationResultCodeOpNoAccount}
		default:
			var fine bool
			if results[i], fine = form(op, id, t); fine {
				continue
			}
		}
		good = false
	}
	return results, good, nil
}

// structure checks what needs no ledger at all.
func structure(t *transaction) xdr.TransactionResultCode {
	ops := t.tx.Operations
	if len(ops) == 0 {
		return xdr.TransactionResultCodeTxMissingOperation
	}
	if c := t.tx.Cond.V2; c != nil && len(c.ExtraSigners) == 2 && c.ExtraSigners[0].Equals(c.ExtraSigners[1]) {
		return xdr.TransactionResultCodeTxMalformed
	}
	needs := slices.ContainsFunc(ops, func(o xdr.Operation) bool { return isSoroban(o.Body.Type) })
	if needs != (t.soroban() != nil) || needs && len(ops) != 1 {
		return xdr.TransactionResultCodeTxMalformed
	}
	return xdr.TransactionResultCodeTxSuccess
}

func isSoroban(t xdr.OperationType) bool {
	return t == xdr.OperationTypeInvokeHostFunction || t == xdr.OperationTypeExtendFootprintTtl || t == xdr.OperationTypeRestoreFootprint
}

// sufficient checks a Soroban transaction's declaration against the network's limits and its fee against the declaration.
func sufficient(t *transaction) bool {
	d, f := t.soroban(), t.soroban().Resources.Footprint
	if d.ResourceFee < 0 || int64(d.ResourceFee) > t.bid() || len(t.raw) > txMaxSize ||
		d.Resources.Instructions > txMaxInstructions || d.Resources.DiskReadBytes > txMaxDiskReadBytes ||
		d.Resources.WriteBytes > txMaxWriteBytes || len(f.ReadWrite) > txMaxWriteEntries ||
		len(f.ReadOnly)+len(f.ReadWrite) > txMaxFootprint || diskReads(t) > txMaxDiskReadEntries {
		return false
	}
	seen := map[string]bool{}
	for _, k := range slices.Concat(f.ReadOnly, f.ReadWrite) {
		b, err := k.MarshalBinary()
		if err != nil {
			return false
		}
		switch k.Type {
		case xdr.LedgerEntryTypeContractData:
			if len(b) > maxDataKeySize {
				return false
			}
		case xdr.LedgerEntryTypeAccount, xdr.LedgerEntryTypeContractCode:
		case xdr.LedgerEntryTypeTrustline:
			if k.TrustLine.Asset.Type == xdr.AssetTypeAssetTypeNative || k.TrustLine.Asset.Type == xdr.AssetTypeAssetTypePoolShare {
				return false
			}
		default:
			return false
		}
		if seen[string(b)] {
			return false
		}
		seen[string(b)] = true
	}
	last := -1
	for _, n := range t.restored() {
		if int(n) <= last || int(n) >= len(f.ReadWrite) || !persistent(f.ReadWrite[n]) {
			return false
		}
		last = int(n)
	}
	return int64(d.ResourceFee) >= t.fixed
}

func persistent(k xdr.LedgerKey) bool {
	return k.Type == xdr.LedgerEntryTypeContractCode ||
		k.Type == xdr.LedgerEntryTypeContractData && k.ContractData.Durability == xdr.ContractDataDurabilityPersistent
}

// diskReads counts the entries that the network would read from disk: classic ones and those to be restored.
func diskReads(t *transaction) int {
	n := len(t.restored())
	f := t.soroban().Resources.Footprint
	for _, k := range slices.Concat(f.ReadOnly, f.ReadWrite) {
		if k.Type != xdr.LedgerEntryTypeContractCode && k.Type != xdr.LedgerEntryTypeContractData {
			n++
		}
	}
	return n
}
