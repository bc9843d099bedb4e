package stellar

import (
	"time"

	protocol "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/money"
)

// outcome of transactions that were applied.
type outcome struct {
	hash         string
	ledger       uint32
	at           time.Time
	fee          int64 // stroops, of all attempts
	instructions uint64
	written      uint64
	value        xdr.ScVal
}

func (o outcome) receipt() chain.Receipt {
	return chain.Receipt{Tx: o.hash, Ledger: o.ledger, Time: o.at, Fee: money.Of(o.fee), Instructions: o.instructions, WrittenBytes: o.written}
}

// read makes the outcome, or the fault, of a transaction in a ledger.
func read(hash string, t protocol.GetTransactionResponse) (outcome, error) {
	o := outcome{hash: hash, ledger: t.Ledger, at: time.Unix(t.LedgerCloseTime, 0).UTC()}
	var r xdr.TransactionResult
	if err := xdr.SafeUnmarshalBase64(t.ResultXDR, &r); err != nil {
		return o, unavailable(err, protocol.GetTransactionMethodName)
	}
	o.fee = int64(r.FeeCharged)
	if t.Status == protocol.TransactionStatusFailed {
		return o, failure(r, t.DiagnosticEventsXDR)
	}
	var m xdr.TransactionMeta
	if err := xdr.SafeUnmarshalBase64(t.ResultMetaXDR, &m); err != nil {
		return o, unavailable(err, protocol.GetTransactionMethodName)
	}
	diagnostics := t.DiagnosticEventsXDR
	switch {
	case m.V4 != nil:
		for _, op := range m.V4.Operations {
			o.written += written(op.Changes)
		}
		if s := m.V4.SorobanMeta; s != nil && s.ReturnValue != nil {
			o.value = *s.ReturnValue
		}
		if len(diagnostics) == 0 {
			o.metrics(m.V4.DiagnosticEvents)
		}
	case m.V3 != nil:
		for _, op := range m.V3.Operations {
			o.written += written(op.Changes)
		}
		if s := m.V3.SorobanMeta; s != nil {
			o.value = s.ReturnValue
			if len(diagnostics) == 0 {
				o.metrics(s.DiagnosticEvents)
			}
		}
	}
	o.metrics(events(diagnostics))
	return o, nil
}

// written is the size of the contracts' entries that were written.
func written(changes xdr.LedgerEntryChanges) (n uint64) {
	for _, c := range changes {
		for _, e := range []*xdr.LedgerEntry{c.Created, c.Updated, c.Restored} {
			if e != nil && (e.Data.Type == xdr.LedgerEntryTypeContractData || e.Data.Type == xdr.LedgerEntryTypeContractCode) {
				if b, err := e.MarshalBinary(); err == nil {
					n += uint64(len(b))
				}
			}
		}
	}
	return n
}

// metrics takes what the network measured, where it says so (diagnostic events core_metrics), instead of what was declared or derived.
func (o *outcome) metrics(l []xdr.DiagnosticEvent) {
	for _, d := range l {
		if d.Event.Body.V0 == nil || len(d.Event.Body.V0.Topics) != 2 {
			continue
		}
		kind, _ := d.Event.Body.V0.Topics[0].GetSym()
		name, _ := d.Event.Body.V0.Topics[1].GetSym()
		n, ok := d.Event.Body.V0.Data.GetU64()
		if kind != "core_metrics" || !ok {
			continue
		}
		switch name {
		case "cpu_insn":
			o.instructions = uint64(n)
		case "ledger_write_byte":
			o.written = uint64(n)
		}
	}
}

// events decodes diagnostic events; those that are not readable are left out.
func events(l []string) (out []xdr.DiagnosticEvent) {
	for _, s := range l {
		var d xdr.DiagnosticEvent
		if xdr.SafeUnmarshalBase64(s, &d) == nil {
			out = append(out, d)
		}
	}
	return out
}

// failure is the fault of a transaction that was applied and failed: it paid its fee and changed nothing else.
func failure(r xdr.TransactionResult, diagnostics []string) error {
	var results []xdr.OperationResult
	if l, ok := r.OperationResults(); ok {
		results = l
	}
	if r.Result.Code == xdr.TransactionResultCodeTxBadSeq || r.Result.Code == xdr.TransactionResultCodeTxTooLate {
		return &again{fault.New(fault.Unavailable, "not_applied", "the transaction came too late; nothing happened")}
	}
	if len(results) != 1 {
		return fault.New(fault.Internal, "tx_failed", "the transaction failed (%s)", r.Result.Code)
	}
	if results[0].Tr == nil {
		if results[0].Code == xdr.OperationResultCodeOpNoAccount {
			return fault.New(fault.NotFound, "account_missing", "the account is not on the chain: it has to be funded first")
		}
		return fault.New(fault.Internal, "tx_failed", "the operation failed (%s)", results[0].Code)
	}
	switch tr := results[0].Tr; {
	case tr.InvokeHostFunctionResult != nil:
		switch tr.InvokeHostFunctionResult.Code {
		case xdr.InvokeHostFunctionResultCodeInvokeHostFunctionTrapped:
			if err := refusalOf(xdr.HostFunction{}, "", diagnostics); fault.CodeOf(err) != "trapped" {
				return err
			}
			// Simulated again, it says why; or the ledger has moved on, and it succeeds.
			return &again{fault.New(fault.Internal, "trapped", "the contract trapped, though its simulation succeeded")}
		case xdr.InvokeHostFunctionResultCodeInvokeHostFunctionEntryArchived:
			return &again{fault.New(fault.Conflict, "archived", "an entry that the call needs is archived")}
		case xdr.InvokeHostFunctionResultCodeInvokeHostFunctionResourceLimitExceeded, xdr.InvokeHostFunctionResultCodeInvokeHostFunctionInsufficientRefundableFee:
			return &again{fault.New(fault.Exhausted, "limits_exceeded", "the call needs more resources than its simulation did")}
		}
	case tr.PaymentResult != nil:
		switch tr.PaymentResult.Code {
		case xdr.PaymentResultCodePaymentUnderfunded:
			return tokenRefusals[10].fault()
		case xdr.PaymentResultCodePaymentNoDestination:
			return tokenRefusals[6].fault()
		case xdr.PaymentResultCodePaymentNoTrust, xdr.PaymentResultCodePaymentSrcNoTrust:
			return tokenRefusals[13].fault()
		}
	case tr.CreateAccountResult != nil:
		switch tr.CreateAccountResult.Code {
		case xdr.CreateAccountResultCodeCreateAccountAlreadyExist:
			return fault.New(fault.Exists, "Exists", "the account exists already")
		case xdr.CreateAccountResultCodeCreateAccountUnderfunded:
			return tokenRefusals[10].fault()
		}
	case tr.ChangeTrustResult != nil:
		switch tr.ChangeTrustResult.Code {
		case xdr.ChangeTrustResultCodeChangeTrustNoIssuer:
			return fault.New(fault.NotFound, "account_missing", "the asset's issuer is not on the chain")
		case xdr.ChangeTrustResultCodeChangeTrustLowReserve:
			return tokenRefusals[10].fault()
		}
	}
	return fault.New(fault.Internal, "tx_failed", "the operation failed: %s", resultText(results[0]))
}

func resultText(r xdr.OperationResult) string {
	b, err := xdr.MarshalBase64(r)
	if err != nil {
		return r.Code.String()
	}
	return b
}
