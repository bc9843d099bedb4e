package attack

import (
	"context"
	"errors"
	"time"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
)

// local lets the Stellar driver make its calls straight on the host.
type local struct{ *direct.Rig }

func (l local) Head() (uint32, time.Time) { return l.Ledger(), time.Unix(int64(l.Now()), 0) }

func (l local) Entry(k xdr.LedgerKey) (*xdr.LedgerEntryData, error) {
	f, ok, err := l.Rig.Entry(k)
	if !ok {
		return nil, err
	}
	return &f.Entry.Data, err
}

func (l local) Look(ctx context.Context, source ids.Account, fn xdr.HostFunction) (xdr.ScVal, []xdr.SorobanAuthorizationEntry, error) {
	v, auth, err := l.Rig.Look(ctx, source, fn)
	return v, auth, refusal(err)
}

func (l local) Apply(ctx context.Context, source ids.Account, fn xdr.HostFunction, signed []xdr.SorobanAuthorizationEntry) (stellar.Applied, error) {
	out, err := l.Run(ctx, fn, direct.Signed(source, signed...))
	if err != nil {
		return stellar.Applied{}, refusal(err)
	}
	return stellar.Applied{Value: out.Value, Instructions: out.Cost.Instructions, WrittenBytes: uint64(out.Cost.WrittenBytes), Fee: out.Cost.Fee()}, nil
}

func refusal(err error) error {
	var r *direct.Refusal
	if errors.As(err, &r) {
		return &stellar.LocalRefusal{Text: r.Words, Diagnostics: r.Diagnostics}
	}
	return err
}
