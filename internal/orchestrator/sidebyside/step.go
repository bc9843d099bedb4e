package sidebyside

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Step takes one call on both sides and compares what it touched. An error is a divergence, or that the rig failed; what both refuse is not: it is returned as refused.
func (r *Rig) Step(ctx context.Context, op orchestrator.Op) (receipt chain.Receipt, refused error, err error) {
	if err := r.net.advance(ctx, time.Unix(int64(r.World.Now), 0)); err != nil {
		return receipt, nil, fmt.Errorf("advancing time: %w", err)
	}
	effects, want := r.World.Step(op)
	receipt, got := r.submit(ctx, op)
	if code(got) != code(want) {
		return receipt, nil, fmt.Errorf("%s at %d: the model says %q, the contract %q (%v)", show(op), r.World.Now, code(want), code(got), got)
	}
	if v := r.World.State.Check(); len(v) > 0 {
		return receipt, nil, fmt.Errorf("after %T: %v", op, v)
	}
	if want != nil {
		return receipt, want, nil
	}
	if effects.ID != receipt.ID {
		return receipt, nil, fmt.Errorf("%T made %s, the contract made %s", op, effects.ID, receipt.ID)
	}
	err = errors.Join(r.touched(ctx, op, effects), r.events(ctx, effects.Events))
	if err != nil {
		return receipt, nil, fmt.Errorf("after %s at %d: %w", show(op), r.World.Now, err)
	}
	return receipt, nil, nil
}

// show is an op for people: leaves, terms and proofs take pages.
func show(op orchestrator.Op) string {
	switch x := op.(type) {
	case orchestrator.Settle:
		return fmt.Sprintf("Settle %s of epoch %d from %+v to %+v", x.SLA.Short(), x.Epoch, x.From, x.To)
	case orchestrator.SettleReservation:
		return fmt.Sprintf("SettleReservation %s of epoch %d from %+v to %+v", x.SLA.Short(), x.Epoch, x.From, x.To)
	}
	return fmt.Sprintf("%T %+v", op, op)
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return fault.CodeOf(err)
}

// submit sends an op by the account that has to authorise it, or by the relayer.
func (r *Rig) submit(ctx context.Context, op orchestrator.Op) (chain.Receipt, error) {
	switch x := op.(type) {
	case orchestrator.NodeBind:
		return r.relay(ctx, op, x.Provider, x.Node)
	case orchestrator.NodeRotate:
		return r.relay(ctx, op, x.Provider, x.Key)
	}
	for _, field := range []string{"Provider", "Consumer", "From", "Admin", "Dispute", "Grantee", "By"} {
		if a, ok := account(op, field); ok {
			receipt, err := r.Chain.Submit(ctx, r.signers[a], op)
			if !r.native.Zero() && r.net.takesFees() {
				r.World.State.Mint(r.native, a, money.Amount{}.Sub(receipt.Fee)) // the model knows no fees of the chain
			}
			return receipt, err
		}
	}
	return r.Chain.Submit(ctx, r.Relayer, op)
}

// account is a field of an op.
func account(op orchestrator.Op, field string) (ids.Account, bool) {
	f := reflect.ValueOf(op).FieldByName(field)
	if !f.IsValid() {
		return ids.Account{}, false
	}
	a, ok := f.Interface().(ids.Account)
	return a, ok
}

func (r *Rig) relay(ctx context.Context, op orchestrator.Op, by ...ids.Account) (chain.Receipt, error) {
	var signed [][]byte
	for _, a := range by {
		unsigned, err := r.Chain.Authorize(ctx, op, a)
		if err != nil {
			return chain.Receipt{}, err
		}
		b, err := r.Chain.SignAuthorization(r.signers[a], op, unsigned)
		if err != nil {
			return chain.Receipt{}, err
		}
		signed = append(signed, b)
	}
	return r.Chain.Relay(ctx, r.Relayer, op, signed...)
}
