package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/host"
)

var errNoSource = errors.New("ledger: a validated source account is gone")

// contractOp is what a Soroban operation did. Its changes are in the overlay given to run.
type contractOp struct {
	result      xdr.OperationResult
	ok          bool
	value       *xdr.ScVal
	events      []xdr.ContractEvent
	diagnostics []xdr.DiagnosticEvent
	fees        host.Fees
}

// runContract executes the transaction's only operation on o. A host that breaks counts as a trapped contract: the
// transaction fails and pays, and the caller replaces the instance.
func runContract(ctx context.Context, i *host.Instance, o *overlay, at host.Ledger, t *transaction) (contractOp, error) {
	op, d := &t.tx.Operations[0], t.soroban()
	res, err := d.Resources.MarshalBinary()
	if err != nil {
		return contractOp{}, err
	}
	out := contractOp{}
	var a host.Applied
	size := uint32(len(t.raw))
	switch op.Body.Type {
	case xdr.OperationTypeInvokeHostFunction:
		inv, err := invocation(op.Body.InvokeHostFunctionOp, t.opSource(op), seed(at, t.hash))
		if err != nil {
			return contractOp{}, err
		}
		a, err = i.Apply(ctx, o, at, inv, res, t.restored(), size)
		if err != nil {
			out.fail(op.Body.Type, host.Trapped)
			return out, hostFault(err)
		}
	case xdr.OperationTypeExtendFootprintTtl:
		a, err = i.ApplyTTL(ctx, o, at, false, uint32(op.Body.ExtendFootprintTtlOp.ExtendTo), res, size)
	case xdr.OperationTypeRestoreFootprint:
		a, err = i.ApplyTTL(ctx, o, at, true, 0, res, size)
	}
	if err != nil {
		out.fail(op.Body.Type, host.Limit)
		return out, hostFault(err)
	}
	for _, x := range a.Diagnostics {
		var e xdr.DiagnosticEvent
		if err := e.UnmarshalBinary(x); err != nil {
			return contractOp{}, fmt.Errorf("ledger: diagnostic event: %w", err)
		}
		out.diagnostics = append(out.diagnostics, e)
	}
	if a.Code == host.OK && !withinLimits(o, &a, t) {
		a.Code = host.Limit
	}
	if a.Code != host.OK {
		out.fail(op.Body.Type, a.Code)
		return out, nil
	}
	// What the declared resources cost is owed anyway; the rest must fit into what is left of the resource fee.
	if a.Fees.Events+a.Fees.Rent > int64(d.ResourceFee)-a.Fees.Fixed {
		out.result = insufficient(op.Body.Type)
		return out, nil
	}
	if err := store(o, a.Changes, at.Sequence); err != nil {
		return contractOp{}, err
	}
	out.ok, out.fees, out.result = true, a.Fees, inner(op.Body.Type, 0)
	if op.Body.Type != xdr.OperationTypeInvokeHostFunction {
		return out, nil
	}
	out.value = &xdr.ScVal{}
	if err := out.value.UnmarshalBinary(a.Result); err != nil {
		return contractOp{}, fmt.Errorf("ledger: return value: %w", err)
	}
	for _, x := range a.Events {
		var e xdr.ContractEvent
		if err := e.UnmarshalBinary(x); err != nil {
			return contractOp{}, fmt.Errorf("ledger: contract event: %w", err)
		}
		out.events = append(out.events, e)
	}
	pre, err := xdr.InvokeHostFunctionSuccessPreImage{ReturnValue: *out.value, Events: out.events}.MarshalBinary()
	if err != nil {
		return contractOp{}, err
	}
	*out.result.Tr.InvokeHostFunctionResult.Success = sha256.Sum256(pre)
	return out, nil
}

// hostFault keeps faults of the machine (trap, memory) as errors to act on; a Refusal is an answer like any other.
func hostFault(err error) error {
	var refusal host.Refusal
	if errors.As(err, &refusal) {
		return nil
	}
	return &brokenHost{err}
}

// brokenHost says that the instance has to be replaced; the transaction's outcome is decided all the same.
type brokenHost struct{ cause error }

func (e *brokenHost) Error() string { return e.cause.Error() }
func (e *brokenHost) Unwrap() error { return e.cause }

func invocation(op *xdr.InvokeHostFunctionOp, src xdr.AccountId, seed [32]byte) (host.Invocation, error) {
	inv := host.Invocation{Seed: seed}
	var err error
	if inv.Function, err = op.HostFunction.MarshalBinary(); err != nil {
		return inv, err
	}
	if inv.Source, err = src.MarshalBinary(); err != nil {
		return inv, err
	}
	for _, a := range op.Auth {
		b, err := a.MarshalBinary()
		if err != nil {
			return inv, err
		}
		inv.Auth = append(inv.Auth, b)
	}
	return inv, nil
}

// seed is the source of a contract's random numbers: the same when a ledger is closed again, different for every
// transaction.
func seed(at host.Ledger, tx [32]byte) [32]byte {
	b := append([]byte("flashback prng seed"), at.NetworkID[:]...)
	b = binary.BigEndian.AppendUint32(b, at.Sequence)
	return sha256.Sum256(append(b, tx[:]...))
}

// withinLimits checks what execution did against the declaration and the network's limits.
func withinLimits(o *overlay, a *host.Applied, t *transaction) bool {
	d := t.soroban()
	restored := map[uint32]bool{}
	for _, n := range t.restored() {
		restored[n] = true
	}
	var read, written, events int
	count := func(k xdr.LedgerKey, always bool) {
		if always || !hasTTL(k) {
			read += len(o.get(mustKey(k)).data)
		}
	}
	for _, k := range d.Resources.Footprint.ReadOnly {
		count(k, false)
	}
	for n, k := range d.Resources.Footprint.ReadWrite {
		count(k, restored[uint32(n)])
	}
	for _, c := range a.Changes {
		if !c.ReadOnly {
			written += len(c.Entry)
		}
		limit := maxDataEntrySize
		if len(c.Entry) > 8 && xdr.LedgerEntryType(binary.BigEndian.Uint32(c.Entry[4:])) == xdr.LedgerEntryTypeContractCode {
			limit = maxContractSize + 4096 // the entry's own fields around the code
		}
		if len(c.Entry) > limit {
			return false
		}
	}
	for _, e := range a.Events {
		events += len(e)
	}
	events += len(a.Result)
	return read <= int(d.Resources.DiskReadBytes) && written <= int(d.Resources.WriteBytes) && events <= txMaxEventBytes
}

// store writes the host's changes into the overlay.
func store(o *overlay, changes []host.Change, seq uint32) error {
	for _, c := range changes {
		old := o.get(c.Key)
		next := entry{live: old.live, liveMod: old.liveMod}
		if c.HasTTL && c.NewLive != old.live {
			next.live, next.liveMod = c.NewLive, seq
		}
		switch {
		case c.ReadOnly:
			if !old.exists() {
				continue
			}
			next.data = old.data
			if next.live == old.live {
				continue
			}
		case len(c.Entry) == 0:
			if !old.exists() {
				continue
			}
			next = entry{}
		default:
			next.data = append([]byte(nil), c.Entry...)
			binary.BigEndian.PutUint32(next.data, seq) // LedgerEntry begins with lastModifiedLedgerSeq
		}
		o.put(c.Key, next)
	}
	return nil
}

func (c *contractOp) fail(t xdr.OperationType, code host.Code) {
	switch t {
	case xdr.OperationTypeInvokeHostFunction:
		r := xdr.InvokeHostFunctionResultCodeInvokeHostFunctionTrapped
		switch code {
		case host.Limit:
			r = xdr.InvokeHostFunctionResultCodeInvokeHostFunctionResourceLimitExceeded
		case host.Archived:
			r = xdr.InvokeHostFunctionResultCodeInvokeHostFunctionEntryArchived
		}
		c.result = inner(t, int32(r))
	case xdr.OperationTypeExtendFootprintTtl:
		c.result = inner(t, int32(xdr.ExtendFootprintTtlResultCodeExtendFootprintTtlResourceLimitExceeded))
	default:
		c.result = inner(t, int32(xdr.RestoreFootprintResultCodeRestoreFootprintResourceLimitExceeded))
	}
}

func insufficient(t xdr.OperationType) xdr.OperationResult {
	switch t {
	case xdr.OperationTypeInvokeHostFunction:
		return inner(t, int32(xdr.InvokeHostFunctionResultCodeInvokeHostFunctionInsufficientRefundableFee))
	case xdr.OperationTypeExtendFootprintTtl:
		return inner(t, int32(xdr.ExtendFootprintTtlResultCodeExtendFootprintTtlInsufficientRefundableFee))
	}
	return inner(t, int32(xdr.RestoreFootprintResultCodeRestoreFootprintInsufficientRefundableFee))
}
