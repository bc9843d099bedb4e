package direct

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/host"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/scval"
)

// Outcome of a call that was applied.
type Outcome struct {
	Value  xdr.ScVal
	Events []Event
	Cost   Cost

	diagnostics [][]byte
}

// Called is a function of a contract that a call went through.
type Called struct {
	Contract ids.Account
	Function string
}

// Calls are those that a call made, itself the first, in their order.
func (o *Outcome) Calls() (l []Called, err error) {
	for _, b := range o.diagnostics {
		var d xdr.DiagnosticEvent
		if err := d.UnmarshalBinary(b); err != nil {
			return nil, err
		}
		v := d.Event.Body.V0
		if v == nil || len(v.Topics) < 3 {
			continue
		}
		name, _ := v.Topics[0].GetSym()
		callee, _ := v.Topics[1].GetBytes()
		function, ok := v.Topics[2].GetSym()
		if name == "fn_call" && ok && len(callee) == 32 {
			l = append(l, Called{contractAccount(xdr.ContractId(callee)), string(function)})
		}
	}
	return l, nil
}

// Event that a contract emitted, tokens among them.
type Event struct {
	Contract ids.Account
	Topics   []xdr.ScVal
	Data     xdr.ScVal
}

// Name is the first topic.
func (e Event) Name() string {
	if len(e.Topics) == 0 {
		return ""
	}
	s, _ := e.Topics[0].GetSym()
	return string(s)
}

// Subject is the second topic, in plain.
func (e Event) Subject() string {
	if len(e.Topics) < 2 {
		return ""
	}
	return fmt.Sprint(scval.Plain(e.Topics[1]))
}

// Cost of a call. Bytes are of whole ledger entries in XDR. Entries written are also read. The fees are a transaction's only while the rig is Exact.
type Cost struct {
	Instructions   uint64
	Memory         uint64
	ReadEntries    int // in the footprint, those that are written among them
	ReadBytes      int
	WrittenEntries int
	WrittenBytes   int
	EventBytes     int // events and return value
	TxBytes        int // about the envelope's size: one signature
	Restored       int // archived entries brought back
	// Stroops: for resources and size; for events; for rent of entries that were made, grew or live longer.
	FeeFixed, FeeEvents, FeeRent int64
}

// Fee in stroops, without the inclusion fee.
func (c Cost) Fee() int64 { return c.FeeFixed + c.FeeEvents + c.FeeRent }

// Call runs a contract's function and keeps what it changed. A refusal is a *Refusal.
func (r *Rig) Call(ctx context.Context, contract ids.Account, function string, auth Auth, args ...xdr.ScVal) (Outcome, error) {
	return r.Run(ctx, invoke(contract, function, args), auth)
}

// View runs a contract's function and keeps nothing. Nobody authorises.
func (r *Rig) View(ctx context.Context, contract ids.Account, function string, args ...xdr.ScVal) (xdr.ScVal, error) {
	c, err := r.call(invoke(contract, function, args), Nobody())
	if err != nil {
		return xdr.ScVal{}, err
	}
	f, err := r.look(ctx, c, false)
	if err != nil {
		return xdr.ScVal{}, err
	}
	var v xdr.ScVal
	return v, v.UnmarshalBinary(f.result)
}

func invoke(contract ids.Account, function string, args []xdr.ScVal) xdr.HostFunction {
	return xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeInvokeContract, InvokeContract: &xdr.InvokeContractArgs{
		ContractAddress: scval.ScAddress(contract), FunctionName: xdr.ScSymbol(function), Args: args}}
}

// pending is a call on its way to the host.
type pending struct {
	fn   xdr.HostFunction
	auth Auth
	inv  host.Invocation
}

func (r *Rig) call(fn xdr.HostFunction, auth Auth) (*pending, error) {
	p := &pending{fn: fn, auth: auth, inv: host.Invocation{Seed: r.seed()}}
	var err error
	if p.inv.Function, err = fn.MarshalBinary(); err != nil {
		return nil, err
	}
	p.inv.Source, err = scval.AccountID(auth.sourceAccount()).MarshalBinary()
	return p, err
}

// Look runs a host function and keeps nothing: its value, and who has to authorise what, unsigned. Everybody is taken to do so.
func (r *Rig) Look(ctx context.Context, source ids.Account, fn xdr.HostFunction) (v xdr.ScVal, auth []xdr.SorobanAuthorizationEntry, err error) {
	p, err := r.call(fn, Auth{source: &source})
	if err != nil {
		return v, nil, err
	}
	f, err := r.look(ctx, p, false)
	if err != nil {
		return v, nil, err
	}
	if auth, err = authEntries(f.noted); err != nil {
		return v, nil, err
	}
	return v, auth, v.UnmarshalBinary(f.result)
}

// Run is Call of any host function: find out what it touches and whose authorisation it asks for, let these sign, and apply it.
func (r *Rig) Run(ctx context.Context, fn xdr.HostFunction, auth Auth) (Outcome, error) {
	p, err := r.call(fn, auth)
	if err != nil {
		return Outcome{}, err
	}
	if !auth.signs() { // nobody: the host refuses where somebody has to
		f, err := r.look(ctx, p, true)
		if err != nil {
			return Outcome{}, err
		}
		return r.keep(ctx, p, f)
	}
	f, err := r.look(ctx, p, false)
	var refused *Refusal
	switch {
	case errors.As(err, &refused):
		return Outcome{}, r.earlier(ctx, p, refused, f.noted)
	case err != nil:
		return Outcome{}, err
	}
	noted, err := authEntries(f.noted)
	if err != nil {
		return Outcome{}, err
	}
	entries, missing, err := r.sign(&auth, noted)
	if err != nil {
		return Outcome{}, err
	}
	if p.inv.Auth, err = marshalAuth(entries); err != nil {
		return Outcome{}, err
	}
	if len(missing)+len(auth.signed) > 0 { // other nonces than those that the host gave out, or a refusal
		if f, err = r.look(ctx, p, true); err != nil {
			return Outcome{}, err
		}
	}
	return r.keep(ctx, p, f)
}

// keep applies a call. What is deleted without having been looked at is not among what a run asked for: then a simulation says it.
func (r *Rig) keep(ctx context.Context, p *pending, f found) (Outcome, error) {
	out, err := r.apply(ctx, p, f)
	var refused *Refusal
	if r.exact || !errors.As(err, &refused) || !refused.outside() {
		return out, err
	}
	if f, err = r.simulate(ctx, p, true); err != nil {
		return Outcome{}, err
	}
	return r.apply(ctx, p, f)
}

// earlier decides what the network answers to a call that fails even when everybody authorises: that, or the missing authorisation, which the contract asks for first. An account that signs for the call has
// signed at its top; what it did not sign is only what lies below a failure.
func (r *Rig) earlier(ctx context.Context, p *pending, refused *Refusal, noted [][]byte) error {
	if p.fn.InvokeContract == nil || refused.Kind != "Contract" {
		return refused
	}
	if l, err := authEntries(noted); err == nil && len(l) > 0 { // the host says who was asked before it failed
		_, missing, err := r.sign(&p.auth, l)
		if err == nil && len(missing) == 0 {
			return refused
		}
	}
	var entries []xdr.SorobanAuthorizationEntry
	add := func(of ids.Account, by Party) error {
		e, err := r.bare(p.fn, of, by)
		entries = append(entries, e)
		return err
	}
	for of, by := range p.auth.forged {
		if err := add(of, by); err != nil {
			return err
		}
	}
	for _, by := range p.auth.parties {
		if err := add(by.account, by); err != nil {
			return err
		}
	}
	if p.auth.source != nil {
		e := xdr.SorobanAuthorizationEntry{Credentials: xdr.SorobanCredentials{Type: xdr.SorobanCredentialsTypeSorobanCredentialsSourceAccount}}
		e.RootInvocation.Function = xdr.SorobanAuthorizedFunction{Type: xdr.SorobanAuthorizedFunctionTypeSorobanAuthorizedFunctionTypeContractFn, ContractFn: p.fn.InvokeContract}
		entries = append(entries, e)
	}
	var err error
	if p.inv.Auth, err = marshalAuth(entries); err != nil {
		return err
	}
	_, err = r.look(ctx, p, true)
	var with *Refusal
	if !errors.As(err, &with) {
		return errors.Join(refused, err)
	}
	if with.Kind == "Auth" && !with.names(p.auth.parties, p.auth.source) {
		return with
	}
	return refused
}

func authEntries(l [][]byte) ([]xdr.SorobanAuthorizationEntry, error) {
	out := make([]xdr.SorobanAuthorizationEntry, len(l))
	for i, b := range l {
		if err := out[i].UnmarshalBinary(b); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func marshalAuth(l []xdr.SorobanAuthorizationEntry) (out [][]byte, err error) {
	for _, e := range l {
		b, err := e.MarshalBinary()
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// broken replaces an instance that has trapped.
func (r *Rig) broken(ctx context.Context, err error) error {
	var words host.Refusal
	if errors.As(err, &words) {
		return err
	}
	return errors.Join(err, r.renew(ctx))
}

// apply what was looked at, with its footprint enforced, and keep the changes.
func (r *Rig) apply(ctx context.Context, p *pending, f found) (Outcome, error) {
	res, err := f.resources.MarshalBinary()
	if err != nil {
		return Outcome{}, err
	}
	size := envelopeBytes + len(p.inv.Function) + len(f.data)
	for _, a := range p.inv.Auth {
		size += len(a)
	}
	a, err := r.inst.Apply(ctx, r.sheet, r.sheet.At(), p.inv, res, f.restored, uint32(size))
	if err != nil {
		return Outcome{}, r.broken(ctx, err)
	}
	if a.Code != host.OK {
		return Outcome{}, refusal(a.Result, a.Text, a.Diagnostics)
	}
	out := Outcome{diagnostics: a.Diagnostics, Cost: Cost{Instructions: uint64(a.Instructions), Memory: uint64(a.Memory), TxBytes: size, Restored: len(f.restored),
		FeeFixed: a.Fees.Fixed, FeeEvents: a.Fees.Events, FeeRent: a.Fees.Rent, EventBytes: len(a.Result)}}
	for _, keys := range [][]xdr.LedgerKey{f.resources.Footprint.ReadOnly, f.resources.Footprint.ReadWrite} {
		for _, k := range keys {
			kb, err := k.MarshalBinary()
			if err != nil {
				return Outcome{}, err
			}
			if e, _, ok := r.sheet.Entry(string(kb)); ok {
				out.Cost.ReadEntries++
				out.Cost.ReadBytes += len(e)
			}
		}
	}
	for _, c := range a.Changes {
		if old, _, _ := r.sheet.Entry(c.Key); !c.ReadOnly && len(c.Entry) > 0 && (r.exact || !sameEntry(old, c.Entry)) {
			out.Cost.WrittenEntries++
			out.Cost.WrittenBytes += len(c.Entry)
		}
	}
	for _, b := range a.Events {
		out.Cost.EventBytes += len(b)
	}
	if err := out.read(a.Result, a.Events); err != nil {
		return Outcome{}, err
	}
	return out, r.sheet.Commit(a.Changes)
}

// sameEntry compares two ledger entries but for the ledger that changed them last, which is in front.
func sameEntry(a, b []byte) bool { return len(a) > 4 && len(b) > 4 && bytes.Equal(a[4:], b[4:]) }

func persistent(k xdr.LedgerKey) bool {
	return k.Type == xdr.LedgerEntryTypeContractCode || k.ContractData != nil && k.ContractData.Durability == xdr.ContractDataDurabilityPersistent
}

// envelopeBytes is what an envelope has beside its function, its authorisations and its resources: source, sequence number, time bounds, one signature.
const envelopeBytes = 204

// read the return value and the events.
func (o *Outcome) read(value []byte, events [][]byte) error {
	if err := o.Value.UnmarshalBinary(value); err != nil {
		return fmt.Errorf("direct: return value: %w", err)
	}
	for _, b := range events {
		var e xdr.ContractEvent
		if err := e.UnmarshalBinary(b); err != nil {
			return fmt.Errorf("direct: event: %w", err)
		}
		if e.ContractId == nil || e.Body.V0 == nil {
			continue
		}
		o.Events = append(o.Events, Event{Contract: contractAccount(*e.ContractId), Topics: e.Body.V0.Topics, Data: e.Body.V0.Data})
	}
	return nil
}
