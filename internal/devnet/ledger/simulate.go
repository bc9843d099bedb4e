package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/host"
)

// Simulated is what a simulation found, as of ledger Seq.
type Simulated struct {
	host.Simulation
	Seq    uint32
	Invoke bool   // an invocation: Result and Auth mean something
	Fault  string // why it cannot be simulated at all; Simulation.Text says why it ran and failed
}

// errSimulate marks what is wrong with a request for a simulation.
var errSimulate = errors.New("cannot simulate")

// Simulate runs the only operation of an envelope (XDR, signatures not needed) against the newest ledger. Auth mode nil
// means: enforce the entries that are there, record if there are none.
func (l *Ledger) Simulate(ctx context.Context, raw []byte, mode *host.AuthMode, useAddressV2 bool) (Simulated, error) {
	t, err := parse(raw, l.networkID)
	if err != nil {
		return Simulated{}, err
	}
	if len(t.tx.Operations) != 1 {
		return Simulated{}, fmt.Errorf("%w: transaction contains %d operations, not one", errSimulate, len(t.tx.Operations))
	}
	head, snap := l.At()
	defer snap.Close()
	env, op := l.upcoming(head), &t.tx.Operations[0]
	out := Simulated{Seq: head.Seq}
	err = l.pool.Do(ctx, func(i *host.Instance) error {
		switch op.Body.Type {
		case xdr.OperationTypeInvokeHostFunction:
			out.Invoke = true
			return l.simulateInvoke(ctx, i, snap, env, t, mode, useAddressV2, &out)
		case xdr.OperationTypeExtendFootprintTtl, xdr.OperationTypeRestoreFootprint:
			return simulateTTL(ctx, i, snap, env, t, &out)
		}
		return fmt.Errorf("%w: unsupported operation type %s", errSimulate, op.Body.Type)
	})
	var refusal host.Refusal
	if errors.As(err, &refusal) {
		out.Fault, err = string(refusal), nil
	}
	return out, err
}

// ErrSimulation says that the request, not the contract, is at fault.
func ErrSimulation(err error) bool { return errors.Is(err, errSimulate) || errors.Is(err, errEnvelope) }

func (l *Ledger) simulateInvoke(ctx context.Context, i *host.Instance, snap *Snapshot, env host.Ledger, t *transaction,
	mode *host.AuthMode, useAddressV2 bool, out *Simulated) error {
	op := &t.tx.Operations[0]
	body := op.Body.InvokeHostFunctionOp
	m := host.Record
	switch {
	case mode != nil:
		m = *mode
	case len(body.Auth) > 0:
		m = host.Enforce
	}
	if m != host.Enforce && len(body.Auth) > 0 {
		return fmt.Errorf("%w: authorization entries are given, but the auth mode records them", errSimulate)
	}
	// Recorded nonces come from the seed: a constant one would make every later simulation collide.
	var seed [32]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return err
	}
	inv, err := invocation(body, t.opSource(op), seed)
	if err != nil {
		return err
	}
	out.Simulation, err = i.Simulate(ctx, snap, env, inv, m, useAddressV2)
	return err
}

func simulateTTL(ctx context.Context, i *host.Instance, snap *Snapshot, env host.Ledger, t *transaction, out *Simulated) error {
	d, body := t.soroban(), &t.tx.Operations[0].Body
	if d == nil {
		return fmt.Errorf("%w: the footprint is missing: set it in the transaction's Soroban data", errSimulate)
	}
	f := d.Resources.Footprint
	restore, keys, other, extendTo := true, f.ReadWrite, f.ReadOnly, uint32(0)
	if body.Type == xdr.OperationTypeExtendFootprintTtl {
		restore, keys, other, extendTo = false, f.ReadOnly, f.ReadWrite, uint32(body.ExtendFootprintTtlOp.ExtendTo)
	}
	if len(other) > 0 || len(keys) == 0 {
		return fmt.Errorf("%w: extend takes read-only keys, restore read-write ones", errSimulate)
	}
	if extendTo > maxEntryTTL-1 {
		return fmt.Errorf("%w: extendTo is above the maximum of %d", errSimulate, maxEntryTTL-1)
	}
	var encoded [][]byte
	for _, k := range keys {
		b, err := k.MarshalBinary()
		if err != nil {
			return fmt.Errorf("%w: %w", errSimulate, err)
		}
		encoded = append(encoded, b)
	}
	var err error
	out.Data, err = i.SimulateTTL(ctx, snap, env, restore, extendTo, encoded)
	out.OK = err == nil
	return err
}
