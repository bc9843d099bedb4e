package ledger

import "github.com/stellar/go-stellar-sdk/xdr"

// inner makes an operation's result with a code of its own type. The caller keeps type and code in step.
func inner(t xdr.OperationType, code int32) xdr.OperationResult {
	tr := xdr.OperationResultTr{Type: t}
	switch t {
	case xdr.OperationTypeCreateAccount:
		tr.CreateAccountResult = &xdr.CreateAccountResult{Code: xdr.CreateAccountResultCode(code)}
	case xdr.OperationTypePayment:
		tr.PaymentResult = &xdr.PaymentResult{Code: xdr.PaymentResultCode(code)}
	case xdr.OperationTypeChangeTrust:
		tr.ChangeTrustResult = &xdr.ChangeTrustResult{Code: xdr.ChangeTrustResultCode(code)}
	case xdr.OperationTypeSetOptions:
		tr.SetOptionsResult = &xdr.SetOptionsResult{Code: xdr.SetOptionsResultCode(code)}
	case xdr.OperationTypeInvokeHostFunction:
		tr.InvokeHostFunctionResult = &xdr.InvokeHostFunctionResult{Code: xdr.InvokeHostFunctionResultCode(code)}
		if code == 0 {
			tr.InvokeHostFunctionResult.Success = &xdr.Hash{}
		}
	case xdr.OperationTypeExtendFootprintTtl:
		tr.ExtendFootprintTtlResult = &xdr.ExtendFootprintTtlResult{Code: xdr.ExtendFootprintTtlResultCode(code)}
	case xdr.OperationTypeRestoreFootprint:
		tr.RestoreFootprintResult = &xdr.RestoreFootprintResult{Code: xdr.RestoreFootprintResultCode(code)}
	default:
		return xdr.OperationResult{Code: xdr.OperationResultCodeOpNotSupported}
	}
	return xdr.OperationResult{Code: xdr.OperationResultCodeOpInner, Tr: &tr}
}

// form checks an operation without the ledger: its own MALFORMED codes, and opNOT_SUPPORTED for what this network
// does not have. The result of a well-formed one is its type's success code.
func form(op *xdr.Operation, src xdr.AccountId, t *transaction) (xdr.OperationResult, bool) {
	var code int32
	b := &op.Body
	switch b.Type {
	case xdr.OperationTypeCreateAccount:
		o := b.CreateAccountOp
		if o.StartingBalance < 0 || o.Destination.Equals(src) {
			code = int32(xdr.CreateAccountResultCodeCreateAccountMalformed)
		}
	case xdr.OperationTypePayment:
		if b.PaymentOp.Amount <= 0 || !validAsset(b.PaymentOp.Asset) {
			code = int32(xdr.PaymentResultCodePaymentMalformed)
		}
	case xdr.OperationTypeChangeTrust:
		code = int32(changeTrustForm(b.ChangeTrustOp, src))
	case xdr.OperationTypeSetOptions:
		code = int32(setOptionsForm(b.SetOptionsOp, src))
	case xdr.OperationTypeInvokeHostFunction:
		if w := b.InvokeHostFunctionOp.HostFunction.Wasm; w != nil && len(*w) > maxContractSize {
			code = int32(xdr.InvokeHostFunctionResultCodeInvokeHostFunctionResourceLimitExceeded)
		}
	case xdr.OperationTypeExtendFootprintTtl:
		f := t.soroban().Resources.Footprint
		if len(f.ReadWrite) != 0 || b.ExtendFootprintTtlOp.ExtendTo > maxEntryTTL-1 || !all(f.ReadOnly, hasTTL) {
			code = int32(xdr.ExtendFootprintTtlResultCodeExtendFootprintTtlMalformed)
		}
	case xdr.OperationTypeRestoreFootprint:
		f := t.soroban().Resources.Footprint
		if len(f.ReadOnly) != 0 || !all(f.ReadWrite, persistent) {
			code = int32(xdr.RestoreFootprintResultCodeRestoreFootprintMalformed)
		}
	default:
		return inner(b.Type, 0), false
	}
	return inner(b.Type, code), code == 0
}

func hasTTL(k xdr.LedgerKey) bool {
	return k.Type == xdr.LedgerEntryTypeContractCode || k.Type == xdr.LedgerEntryTypeContractData
}

func all(keys []xdr.LedgerKey, is func(xdr.LedgerKey) bool) bool {
	for _, k := range keys {
		if !is(k) {
			return false
		}
	}
	return true
}
