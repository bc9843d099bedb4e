package ledger

import (
	"context"
	"errors"
	"slices"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/host"
)

// applied is one transaction of a closed ledger, encoded as it is stored and served.
type applied struct {
	t           *transaction
	index       uint32 // 1 = first of the ledger
	ok          bool
	charged     int64
	result      xdr.TransactionResult
	meta        xdr.TransactionMeta
	feeChanges  xdr.LedgerEntryChanges // before any transaction of the ledger is applied
	postChanges xdr.LedgerEntryChanges // after all are: the refund
	refund      int64
	events      []xdr.ContractEvent // of its only contract operation
}

// applier applies the transactions of one ledger on an overlay of the state.
type applier struct {
	l   *Ledger
	ctx context.Context
	at  host.Ledger
	top *overlay
}

// takeFee charges the fee, which goes before all operations of the ledger.
func (a *applier) takeFee(x *applied) error {
	o := newOverlay(a.top)
	payer, err := loadAccount(o, x.t.payer())
	if err != nil {
		return err
	}
	if payer == nil {
		return errNoSource
	}
	x.charged = min(x.t.charge(), int64(payer.Balance))
	payer.Balance -= xdr.Int64(x.charged)
	if err := o.putAccount(payer, a.at.Sequence); err != nil {
		return err
	}
	if x.feeChanges, err = o.ledgerChanges(a.at.Sequence); err != nil {
		return err
	}
	o.mergeInto(a.top)
	return nil
}

// apply executes one transaction. Whatever its fate, its fee stays charged and, unless the sequence number itself was
// wrong, the sequence number is used up.
func (a *applier) apply(x *applied) error {
	t := x.t
	v := &view{reader: a.top, ledger: a.at, applying: true,
		lastSeq: func(acc *xdr.AccountEntry) xdr.SequenceNumber { return acc.SeqNum },
		spoken:  func(string) int64 { return 0 }}
	res, err := v.validate(t)
	if err != nil {
		return err
	}
	meta := &xdr.TransactionMetaV4{TxChangesBefore: xdr.LedgerEntryChanges{}, Operations: []xdr.OperationMetaV2{}, TxChangesAfter: xdr.LedgerEntryChanges{}}
	if res.consumeSeq {
		if meta.TxChangesBefore, err = a.useSequence(t); err != nil {
			return err
		}
	}
	var fees host.Fees
	if res.ok() {
		if res, fees, err = a.operations(x, meta); err != nil {
			return err
		}
	}
	x.ok = res.ok()
	if d := t.soroban(); d != nil {
		// Only what the declaration alone costs is kept of a failed transaction.
		used := t.fixed + fees.Events + fees.Rent
		x.refund = max(min(int64(d.ResourceFee)-used, x.charged), 0)
		if meta.SorobanMeta == nil {
			meta.SorobanMeta = &xdr.SorobanTransactionMetaV2{}
		}
		meta.SorobanMeta.Ext = xdr.SorobanTransactionMetaExt{V: 1, V1: &xdr.SorobanTransactionMetaExtV1{
			TotalNonRefundableResourceFeeCharged: xdr.Int64(t.fixed),
			TotalRefundableResourceFeeCharged:    xdr.Int64(fees.Events + fees.Rent),
			RentFeeCharged:                       xdr.Int64(fees.Rent)}}
	}
	x.result = t.result(res, x.charged-x.refund)
	x.meta = xdr.TransactionMeta{V: 4, V4: meta}
	return nil
}

// internalError makes x a transaction that failed for a fault of ours. Its operations have left nothing behind.
func (x *applied) internalError() {
	x.ok, x.refund, x.events = false, 0, nil
	x.result = x.t.result(verdict{code: xdr.TransactionResultCodeTxInternalError}, x.charged)
	x.meta = xdr.TransactionMeta{V: 4, V4: &xdr.TransactionMetaV4{}}
}

// useSequence uses up the sequence number and the one-time signers of the transaction's hash.
func (a *applier) useSequence(t *transaction) (xdr.LedgerEntryChanges, error) {
	o := newOverlay(a.top)
	src, err := loadAccount(o, t.source())
	if err != nil {
		return nil, err
	}
	if src == nil {
		return nil, errNoSource
	}
	setSeq(src, t.tx.SeqNum, a.at.Sequence, a.at.CloseTime)
	if err := o.putAccount(src, a.at.Sequence); err != nil {
		return nil, err
	}
	accounts := []xdr.AccountId{t.source()}
	for i := range t.tx.Operations {
		accounts = append(accounts, t.opSource(&t.tx.Operations[i]))
	}
	for _, id := range accounts {
		acc, err := loadAccount(o, id)
		if err != nil {
			return nil, err
		}
		if acc == nil {
			continue
		}
		before := len(acc.Signers)
		acc.Signers = slices.DeleteFunc(acc.Signers, func(s xdr.Signer) bool {
			return s.Key.Type == xdr.SignerKeyTypeSignerKeyTypePreAuthTx && *s.Key.PreAuthTx == xdr.Uint256(t.innerHash)
		})
		if removed := before - len(acc.Signers); removed > 0 {
			acc.NumSubEntries -= xdr.Uint32(removed)
			fitSponsors(acc)
			if err := o.putAccount(acc, a.at.Sequence); err != nil {
				return nil, err
			}
		}
	}
	changes, err := o.ledgerChanges(a.at.Sequence)
	if err != nil {
		return nil, err
	}
	o.mergeInto(a.top)
	return changes, nil
}

// operations applies them all or none.
func (a *applier) operations(x *applied, meta *xdr.TransactionMetaV4) (verdict, host.Fees, error) {
	all := newOverlay(a.top)
	v := verdict{consumeSeq: true}
	var fees host.Fees
	var metas []xdr.OperationMetaV2
	for i := range x.t.tx.Operations {
		op := &x.t.tx.Operations[i]
		o := newOverlay(all)
		m := xdr.OperationMetaV2{}
		src := x.t.opSource(op)
		var r xdr.OperationResult
		var ok bool
		var err error
		switch {
		case !o.get(accountKey(src)).exists():
			r = xdr.OperationResult{Code: xdr.OperationResultCodeOpNoAccount}
		case isSoroban(op.Body.Type):
			var c contractOp
			if c, err = a.contract(o, x.t); err != nil {
				return v, fees, err
			}
			r, ok, fees = c.result, c.ok, c.fees
			meta.DiagnosticEvents = c.diagnostics
			m.Events, x.events = c.events, c.events
			if c.value != nil {
				meta.SorobanMeta = &xdr.SorobanTransactionMetaV2{ReturnValue: c.value}
			}
		default:
			if r, ok, err = (&classic{overlay: o, seq: a.at.Sequence}).apply(op, src); err != nil {
				return v, fees, err
			}
		}
		v.ops = append(v.ops, r)
		if !ok {
			v.code = xdr.TransactionResultCodeTxFailed
			continue
		}
		if m.Changes, err = o.ledgerChanges(a.at.Sequence); err != nil {
			return v, fees, err
		}
		metas = append(metas, m)
		o.mergeInto(all)
	}
	if !v.ok() {
		x.events = nil
		return v, host.Fees{}, nil
	}
	meta.Operations = metas
	all.mergeInto(a.top)
	return v, fees, nil
}

func (a *applier) contract(o *overlay, t *transaction) (contractOp, error) {
	inst, err := a.l.applyInstance(a.ctx)
	if err != nil {
		return contractOp{}, err
	}
	c, err := runContract(a.ctx, inst, o, a.at, t)
	var broken *brokenHost
	if errors.As(err, &broken) {
		a.l.log.Error("the contract host trapped: the transaction fails, the instance is replaced", "tx", hexHash(t.hash), "cause", broken)
		return c, a.l.dropApplyInstance(a.ctx)
	}
	return c, err
}

// giveRefund returns what is left of the refundable resource fee, after all transactions of the ledger.
func (a *applier) giveRefund(x *applied) error {
	if x.refund == 0 {
		x.postChanges = xdr.LedgerEntryChanges{}
		return nil
	}
	o := newOverlay(a.top)
	payer, err := loadAccount(o, x.t.payer())
	if err != nil {
		return err
	}
	if payer == nil {
		return errNoSource
	}
	payer.Balance += xdr.Int64(x.refund)
	if err := o.putAccount(payer, a.at.Sequence); err != nil {
		return err
	}
	if x.postChanges, err = o.ledgerChanges(a.at.Sequence); err != nil {
		return err
	}
	o.mergeInto(a.top)
	return nil
}
