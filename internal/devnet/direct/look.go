package direct

import (
	"context"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/host"
	"github.com/flashback-network/flashback/internal/devnet/ledger"
)

// found is what a run on the current state found out: what a transaction has to declare.
type found struct {
	result    []byte
	noted     [][]byte // who has to sign what, after a refusal too
	resources xdr.SorobanResources
	restored  []uint32
	data      []byte // SorobanTransactionData
}

// look runs the call on the current state and changes nothing. What is refused is a *Refusal.
func (r *Rig) look(ctx context.Context, p *pending, enforce bool) (f found, err error) {
	if r.exact {
		return r.simulate(ctx, p, enforce)
	}
	x, err := r.inst.Record(ctx, r.sheet, r.sheet.At(), p.inv, enforce)
	if err != nil {
		return f, r.broken(ctx, err)
	}
	f.result, f.noted = x.Result, x.Auth
	if !x.OK {
		return f, refusal(x.Result, x.Text, x.Diagnostics)
	}
	// Which of the entries are written is not known: all of them may be, but code.
	res := &f.resources
	res.Instructions, res.DiskReadBytes, res.WriteBytes = ledger.MaxInstructions, ledger.MaxReadBytes, ledger.MaxWriteBytes
	seen := map[string]bool{}
	for _, t := range x.Touched {
		if seen[t.Key] {
			continue
		}
		seen[t.Key] = true
		var k xdr.LedgerKey
		if err := k.UnmarshalBinary([]byte(t.Key)); err != nil {
			return f, err
		}
		switch upload := p.fn.Wasm != nil; {
		case k.Type == xdr.LedgerEntryTypeContractCode && !t.Archived && !upload:
			res.Footprint.ReadOnly = append(res.Footprint.ReadOnly, k)
		default:
			if t.Archived && persistent(k) {
				f.restored = append(f.restored, uint32(len(res.Footprint.ReadWrite)))
			}
			res.Footprint.ReadWrite = append(res.Footprint.ReadWrite, k)
		}
	}
	return f, nil
}

// simulate is look as a wallet does it: with the footprint and the resources that a transaction would declare.
func (r *Rig) simulate(ctx context.Context, p *pending, enforce bool) (f found, err error) {
	mode := host.Record
	if enforce {
		mode = host.Enforce
	}
	s, err := r.inst.Simulate(ctx, r.sheet, r.sheet.At(), p.inv, mode, false)
	if err != nil {
		return f, r.broken(ctx, err)
	}
	f.result, f.noted, f.data = s.Result, s.Auth, s.Data
	if !s.OK {
		return f, refusal(s.Result, s.Text, s.Diagnostics)
	}
	var data xdr.SorobanTransactionData
	if err := data.UnmarshalBinary(s.Data); err != nil {
		return f, err
	}
	f.resources = data.Resources
	if data.Ext.ResourceExt != nil {
		for _, n := range data.Ext.ResourceExt.ArchivedSorobanEntries {
			f.restored = append(f.restored, uint32(n))
		}
	}
	return f, nil
}
