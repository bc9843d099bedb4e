package sidebyside

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
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
	case orchestrator.Split:
		var others []ids.Account
		for _, p := range x.Pieces {
			if p.To != x.Consumer && !slices.Contains(others, p.To) {
				others = append(others, p.To)
			}
		}
		return r.beside(ctx, op, x.Consumer, others...)
	case orchestrator.TransferSLA:
		if x.To != x.Consumer {
			return r.beside(ctx, op, x.Consumer, x.To)
		}
	}
	for _, field := range []string{"Provider", "Consumer", "From", "Admin", "Dispute", "Grantee", "By"} {
		if a, ok := account(op, field); ok {
			return r.beside(ctx, op, a)
		}
	}
	return r.Chain.Submit(ctx, r.Relayer, op)
}

// beside sends an op by the account whose it is, with what others sign.
func (r *Rig) beside(ctx context.Context, op orchestrator.Op, by ids.Account, others ...ids.Account) (receipt chain.Receipt, err error) {
	if len(others) == 0 {
		receipt, err = r.Chain.Submit(ctx, r.signers[by], op)
	} else {
		var signed [][]byte
		if signed, err = r.signed(ctx, op, others...); err == nil {
			receipt, err = r.Chain.Relay(ctx, r.signers[by], op, signed...)
		}
	}
	if !r.native.Zero() && r.net.takesFees() {
		r.World.State.Mint(r.native, by, money.Amount{}.Sub(receipt.Fee)) // the model knows no fees of the chain
	}
	return receipt, err
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
	signed, err := r.signed(ctx, op, by...)
	if err != nil {
		return chain.Receipt{}, err
	}
	return r.Chain.Relay(ctx, r.Relayer, op, signed...)
}

// signed are the authorisations of an op.
func (r *Rig) signed(ctx context.Context, op orchestrator.Op, by ...ids.Account) (signed [][]byte, err error) {
	for _, a := range by {
		unsigned, err := r.Chain.Authorize(ctx, op, a)
		if err != nil {
			return nil, err
		}
		b, err := r.Chain.SignAuthorization(r.signers[a], op, unsigned)
		if err != nil {
			return nil, err
		}
		signed = append(signed, b)
	}
	return signed, nil
}
