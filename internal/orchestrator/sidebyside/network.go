package sidebyside

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stellar/go-stellar-sdk/xdr"
	"golang.org/x/sync/errgroup"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// network carries the contracts: the host alone, or the embedded network behind its RPC. The driver is the same.
type network interface {
	client() *stellar.Client
	fund(ctx context.Context, accounts []ids.Account) error
	issue(ctx context.Context, issuer chain.Signer, code string) (money.Asset, error)
	native(ctx context.Context, by chain.Signer) (money.Asset, error)
	// hold lets accounts hold an asset, and gives the first of them, so many, minted tokens each.
	hold(ctx context.Context, issuer chain.Signer, asset money.Asset, holders []chain.Signer, rich int) error
	balance(ctx context.Context, at *stellar.Chain, asset money.Asset, of ids.Account) (money.Amount, error)
	// advance brings the ledger's time to a time, unless it is there.
	advance(ctx context.Context, to time.Time) error
	// events of the contracts since the last call.
	events(ctx context.Context, at *stellar.Chain) ([]chain.Event, error)
	takesFees() bool
	close() error
}

// local is the host alone.
type local struct {
	*direct.Rig
	emitted []direct.Event
}

func openLocal(ctx context.Context) (network, error) {
	r, err := direct.Open(ctx, direct.Options{Start: genesis})
	if err != nil {
		return nil, err
	}
	return &local{Rig: r}, nil
}

func (l *local) client() *stellar.Client { return stellar.Inside(l, l.Passphrase()) }

// Head, Entry, Look and Apply make it a stellar.Local.
func (l *local) Head() (uint32, time.Time) { return l.Ledger(), time.Unix(int64(l.Now()), 0) }

func (l *local) Entry(k xdr.LedgerKey) (*xdr.LedgerEntryData, error) {
	f, ok, err := l.Rig.Entry(k)
	if !ok {
		return nil, err
	}
	return &f.Entry.Data, err
}

func (l *local) Look(ctx context.Context, source ids.Account, fn xdr.HostFunction) (xdr.ScVal, []xdr.SorobanAuthorizationEntry, error) {
	v, auth, err := l.Rig.Look(ctx, source, fn)
	return v, auth, refused(err)
}

func (l *local) Apply(ctx context.Context, source ids.Account, fn xdr.HostFunction, signed []xdr.SorobanAuthorizationEntry) (stellar.Applied, error) {
	out, err := l.Run(ctx, fn, direct.Signed(source, signed...))
	if err != nil {
		return stellar.Applied{}, refused(err)
	}
	l.emitted = append(l.emitted, out.Events...)
	return stellar.Applied{Value: out.Value, Instructions: out.Cost.Instructions, WrittenBytes: uint64(out.Cost.WrittenBytes)}, nil // nobody pays fees here: docs/contract-costs.md has them
}

func refused(err error) error {
	var r *direct.Refusal
	if errors.As(err, &r) {
		return &stellar.LocalRefusal{Text: r.Words, Diagnostics: r.Diagnostics}
	}
	return err
}

func (l *local) fund(_ context.Context, accounts []ids.Account) (err error) {
	for _, a := range accounts {
		err = errors.Join(err, l.Fund(a))
	}
	return err
}

func (l *local) issue(ctx context.Context, issuer chain.Signer, code string) (money.Asset, error) {
	return l.Issue(ctx, code, issuer.Account())
}

func (l *local) native(ctx context.Context, _ chain.Signer) (money.Asset, error) {
	return l.Native(ctx)
}

func (l *local) hold(_ context.Context, _ chain.Signer, asset money.Asset, holders []chain.Signer, rich int) (err error) {
	for i, h := range holders {
		if i < rich {
			err = errors.Join(err, l.Give(asset, h.Account(), minted))
		} else {
			err = errors.Join(err, l.Trust(asset, h.Account()))
		}
	}
	return err
}

func (l *local) balance(ctx context.Context, _ *stellar.Chain, asset money.Asset, of ids.Account) (money.Amount, error) {
	return l.Balance(ctx, asset, of)
}

func (l *local) advance(_ context.Context, to time.Time) error {
	if d := to.Unix() - int64(l.Now()); d > 0 {
		return l.Advance(uint64(d), 1)
	}
	return nil
}

func (l *local) events(_ context.Context, at *stellar.Chain) (out []chain.Event, err error) {
	ours := at.Contracts()
	for _, e := range l.emitted {
		if e.Contract != ours.Oracle && e.Contract != ours.Provider && e.Contract != ours.Consumer {
			continue
		}
		x := chain.Event{Contract: e.Contract}
		if err := stellar.ReadEvent(&x, e.Topics, e.Data); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	l.emitted = l.emitted[:0]
	return out, nil
}

func (l *local) takesFees() bool { return false }
func (l *local) close() error    { return l.Close() }

// remote is the embedded network behind its RPC.
type remote struct {
	*devnet.Network
	c      *stellar.Client
	cursor string // after the last event that was read
}

func openRemote(ctx context.Context) (network, error) {
	n, err := devnet.Open(ctx, devnet.Options{Manual: true, Close: time.Millisecond, Start: genesis})
	if err != nil {
		return nil, fmt.Errorf("starting the network: %w", err)
	}
	c, err := stellar.Connect(ctx, stellar.Options{RPC: n.URL(), Passphrase: n.Passphrase()})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connecting: %w", err), n.Close())
	}
	return &remote{Network: n, c: c}, nil
}

func (r *remote) client() *stellar.Client { return r.c }

func (r *remote) fund(ctx context.Context, accounts []ids.Account) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, a := range accounts {
		g.Go(func() error { return r.c.Friendbot(ctx, "", a) })
	}
	return g.Wait()
}

func (r *remote) issue(ctx context.Context, issuer chain.Signer, code string) (money.Asset, error) {
	return r.c.IssueAsset(ctx, issuer, code)
}

func (r *remote) native(ctx context.Context, by chain.Signer) (money.Asset, error) {
	return r.c.DeployNative(ctx, by)
}

func (r *remote) hold(ctx context.Context, issuer chain.Signer, asset money.Asset, holders []chain.Signer, rich int) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, h := range holders {
		g.Go(func() error { return r.c.Trust(gctx, h, asset) })
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("trusting: %w", err)
	}
	for _, h := range holders[:rich] {
		if _, err := r.c.Transfer(ctx, issuer, asset, h.Account(), money.Of(minted)); err != nil {
			return fmt.Errorf("issuing tokens: %w", err)
		}
	}
	return nil
}

func (r *remote) balance(ctx context.Context, at *stellar.Chain, asset money.Asset, of ids.Account) (money.Amount, error) {
	return at.Balance(ctx, asset, of)
}

func (r *remote) advance(ctx context.Context, to time.Time) error {
	_, at, err := r.c.Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the head: %w", err)
	}
	if d := to.Sub(at); d > 0 {
		return r.Advance(d, 1)
	}
	return nil
}

const page = 200

func (r *remote) events(ctx context.Context, at *stellar.Chain) (all []chain.Event, err error) {
	for {
		l, next, err := at.Events(ctx, r.cursor, page)
		if err != nil {
			return nil, fmt.Errorf("reading events: %w", err)
		}
		all, r.cursor = append(all, l...), next
		if len(l) < page {
			return all, nil
		}
	}
}

func (r *remote) takesFees() bool { return true }
func (r *remote) close() error    { return r.Close() }
