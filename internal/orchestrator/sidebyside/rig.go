package sidebyside

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"golang.org/x/sync/errgroup"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/walk"
)

// Rig is an embedded network with one deployment and the model of it. Close it.
type Rig struct {
	World   *walk.World
	Network *devnet.Network
	Chain   *stellar.Chain
	Relayer chain.Signer // pays for what anyone may call

	client  *stellar.Client
	signers map[ids.Account]chain.Signer
	issuer  chain.Signer
	holders []ids.Account // whose balances are compared
	cursor  string        // after the last event that was compared
	native  money.Asset   // lumens, when they are one of the assets
}

// shape of a deployment that differs from the walk's own.
type shape struct {
	params func(*orchestrator.Params)
	config func(*cert.Config)
	native bool // lumens are one of the assets
}

const minted = 1_000_000_000_000

// Open starts a network in memory and deploys. Everything follows from the seed but the network's own timing. With every fourth seed lumens are one of the assets.
func Open(ctx context.Context, seed uint64) (*Rig, error) {
	return open(ctx, seed, shape{native: seed%4 == 0})
}

func open(ctx context.Context, seed uint64, sh shape) (r *Rig, err error) {
	n, err := devnet.Open(ctx, devnet.Options{Manual: true, Close: time.Millisecond, Start: time.Unix(1_800_000_000, 0)})
	if err != nil {
		return nil, fmt.Errorf("starting the network: %w", err)
	}
	r = &Rig{Network: n, signers: map[ids.Account]chain.Signer{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if r.client, err = stellar.Connect(ctx, stellar.Options{RPC: n.URL(), Passphrase: n.Passphrase()}); err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	key := func(name string, i int) chain.Signer {
		k := stellar.KeyFromRaw(canon.Hash([]byte(fmt.Sprintf("%d %s %d", seed, name, i))))
		r.signers[k.Account()] = k
		return k
	}
	several := func(name string, n int) (l []ids.Account) {
		for i := range n {
			l = append(l, key(name, i).Account())
		}
		return l
	}
	c := walk.Cast{Providers: several("provider", 3), Consumers: several("consumer", 3), Nodes: several("node", 6), Payouts: several("payout", 3)}
	payees := several("payee", 4)
	admin, dispute := key("admin", 0), key("dispute", 0)
	c.Admins = []ids.Account{admin.Account(), dispute.Account()}
	r.Relayer, r.issuer = key("relayer", 0), key("issuer", 0)
	if err = r.fund(ctx); err != nil {
		return nil, err
	}
	for _, code := range []string{"USDT", "EURT"} {
		a, err := r.client.IssueAsset(ctx, r.issuer, code)
		if err != nil {
			return nil, fmt.Errorf("issuing %s: %w", code, err)
		}
		c.Assets = append(c.Assets, a)
	}
	r.holders = append(append(append(append(r.holders, c.Providers...), c.Consumers...), c.Payouts...), payees...)
	if err = r.hold(ctx, c.Assets); err != nil {
		return nil, err
	}
	var keys []*secp256k1.PrivateKey
	for i := range 6 {
		keys = append(keys, walk.Key(fmt.Sprintf("%d %d", seed, i)))
	}
	c.Keys = keys
	_, at, err := r.client.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the head: %w", err)
	}
	now := uint64(at.Unix())
	config, params := walk.Config([32]byte{}, now, keys[:4], payees[1]), walk.Params([4]ids.Account(payees))
	if sh.config != nil {
		sh.config(&config)
	}
	if sh.params != nil {
		sh.params(&params)
	}
	contracts, config, err := r.client.Deploy(ctx, stellar.DeployOptions{Admin: admin, Oracle: config, Params: params, Dispute: dispute.Account()})
	if err != nil {
		return nil, fmt.Errorf("deploying: %w", err)
	}
	if r.Chain, err = r.client.With(ctx, contracts); err != nil {
		return nil, fmt.Errorf("opening the deployment: %w", err)
	}
	s, err := orchestrator.New(orchestrator.Genesis{Oracle: contracts.Oracle, Provider: contracts.Provider, Consumer: contracts.Consumer, Admin: admin.Account(), Dispute: dispute.Account(), Config: config, Params: params})
	if err != nil {
		return nil, fmt.Errorf("making the model: %w", err)
	}
	for _, a := range c.Assets {
		for _, l := range [][]ids.Account{c.Providers, c.Consumers} {
			for _, p := range l {
				s.Mint(a, p, money.Of(minted))
			}
		}
	}
	if sh.native {
		if r.native, err = r.client.DeployNative(ctx, r.Relayer); err != nil {
			return nil, fmt.Errorf("deploying the token of lumens: %w", err)
		}
		for _, h := range append(slices.Clone(r.holders), c.Admins...) { // they pay fees too
			b, err := r.client.Balance(ctx, r.native, h)
			if err != nil {
				return nil, fmt.Errorf("reading a balance: %w", err)
			}
			s.Mint(r.native, h, b)
		}
		c.Assets = append(c.Assets, r.native)
	}
	r.holders = append(r.holders, contracts.Provider, contracts.Consumer)
	if err = r.skipEvents(ctx); err != nil {
		return nil, err
	}
	r.World = walk.New(s, c, now, rand.New(rand.NewPCG(seed, 7)))
	return r, nil
}

// fund makes all accounts.
func (r *Rig) fund(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for a := range r.signers {
		g.Go(func() error { return r.client.Friendbot(ctx, "", a) })
	}
	return g.Wait()
}

// hold gives every holder its trustlines, and providers and consumers their tokens.
func (r *Rig) hold(ctx context.Context, assets []money.Asset) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, h := range r.holders {
		g.Go(func() error {
			for _, a := range assets {
				if err := r.client.Trust(gctx, r.signers[h], a); err != nil {
					return fmt.Errorf("trusting: %w", err)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, h := range r.holders[:6] {
		for _, a := range assets {
			if _, err := r.client.Transfer(ctx, r.issuer, a, h, money.Of(minted)); err != nil {
				return fmt.Errorf("issuing tokens: %w", err)
			}
		}
	}
	return nil
}

// Close ends the network.
func (r *Rig) Close() error { return r.Network.Close() }
