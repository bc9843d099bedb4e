package sidebyside

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/walk"
)

// Rig is one deployment of the contracts and the model of it. Close it.
type Rig struct {
	World   *walk.World
	Chain   *stellar.Chain
	Relayer chain.Signer // pays for what anyone may call

	net     network
	client  *stellar.Client
	signers map[ids.Account]chain.Signer
	parties map[ids.Account]direct.Party // the same keys
	holders []ids.Account                // whose balances are compared
	native  money.Asset                  // lumens, when they are one of the assets

	// What every sequence begins with.
	genesis orchestrator.Genesis
	cast    walk.Cast
	now     uint64
	mints   []mint
	begun   direct.Snapshot // of a local network
}

type mint struct {
	asset  money.Asset
	to     ids.Account
	amount money.Amount
}

// shape of a deployment that differs from the walk's own.
type shape struct {
	params   func(*orchestrator.Params)
	config   func(*cert.Config)
	native   bool // lumens are one of the assets
	rpc      bool // on the embedded network behind its RPC
	disputes bool // disputes are the Dispute contract's, which is deployed later, and no key's; on the host alone
}

const minted = 1_000_000_000_000

var genesis = time.Unix(1_800_000_000, 0)

// Open deploys on the host alone and begins a sequence. Everything follows from the seed.
func Open(ctx context.Context, seed uint64) (*Rig, error) {
	return open(ctx, seed, shape{native: withLumens(seed)})
}

// withLumens is every fourth seed.
func withLumens(seed uint64) bool { return seed%4 == 0 }

func open(ctx context.Context, seed uint64, sh shape) (r *Rig, err error) {
	r = &Rig{signers: map[ids.Account]chain.Signer{}, parties: map[ids.Account]direct.Party{}}
	start := openLocal
	if sh.rpc {
		start = openRemote
	}
	net, err := start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, net.close())
		}
	}()
	r.net = net
	r.client = r.net.client()
	if err = r.deploy(ctx, sh); err != nil {
		return nil, err
	}
	if l, ok := r.net.(*local); ok {
		r.begun = l.Snapshot()
	}
	return r, r.begin(seed)
}

// deploy the contracts and assets with their holders.
func (r *Rig) deploy(ctx context.Context, sh shape) error {
	key := func(name string, i int) chain.Signer {
		label := fmt.Sprintf("%s %d", name, i)
		seed := canon.Hash([]byte(label))
		k := stellar.KeyFromRaw(seed)
		r.signers[k.Account()], r.parties[k.Account()] = k, direct.NewParty(label, seed)
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
	admin, dispute, issuer := key("admin", 0), key("dispute", 0), key("issuer", 0)
	c.Admins = []ids.Account{admin.Account(), dispute.Account()}
	r.Relayer = key("relayer", 0)
	accounts := make([]ids.Account, 0, len(r.signers))
	for a := range r.signers {
		accounts = append(accounts, a)
	}
	slices.SortFunc(accounts, func(a, b ids.Account) int { return slices.Compare(a.Address[:], b.Address[:]) })
	if err := r.net.fund(ctx, accounts); err != nil {
		return err
	}
	r.holders = slices.Concat(c.Providers, c.Consumers, c.Payouts, payees)
	var holders []chain.Signer
	for _, h := range r.holders {
		holders = append(holders, r.signers[h])
	}
	for _, code := range []string{"USDT", "EURT"} {
		a, err := r.net.issue(ctx, issuer, code)
		if err != nil {
			return fmt.Errorf("issuing %s: %w", code, err)
		}
		if err := r.net.hold(ctx, issuer, a, holders, 6); err != nil {
			return err
		}
		c.Assets = append(c.Assets, a)
		for _, h := range r.holders[:6] {
			r.mints = append(r.mints, mint{a, h, money.Of(minted)})
		}
	}
	for i := range 6 {
		c.Keys = append(c.Keys, walk.Key(fmt.Sprint(i)))
	}
	_, at, err := r.client.Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the head: %w", err)
	}
	r.now = uint64(at.Unix())
	config, params := walk.Config([32]byte{}, r.now, c.Keys[:4:4], payees[1]), walk.Params([4]ids.Account(payees))
	if sh.config != nil {
		sh.config(&config)
	}
	if sh.params != nil {
		sh.params(&params)
	}
	rules := dispute.Account()
	if l, ok := r.net.(*local); ok && sh.disputes {
		if rules, err = l.ContractAddress("dispute"); err != nil {
			return err
		}
	}
	contracts, config, err := r.client.Deploy(ctx, stellar.DeployOptions{Admin: admin, Oracle: config, Params: params, Dispute: rules})
	if err != nil {
		return fmt.Errorf("deploying: %w", err)
	}
	if r.Chain, err = r.client.With(ctx, contracts); err != nil {
		return fmt.Errorf("opening the deployment: %w", err)
	}
	if sh.native {
		if r.native, err = r.net.native(ctx, r.Relayer); err != nil {
			return fmt.Errorf("deploying the token of lumens: %w", err)
		}
		for _, h := range slices.Concat(r.holders, c.Admins) { // they pay fees too
			b, err := r.net.balance(ctx, r.Chain, r.native, h)
			if err != nil {
				return fmt.Errorf("reading a balance: %w", err)
			}
			r.mints = append(r.mints, mint{r.native, h, b})
		}
		c.Assets = append(c.Assets, r.native)
	}
	r.holders = append(r.holders, contracts.Provider, contracts.Consumer)
	r.cast = c
	r.genesis = orchestrator.Genesis{Oracle: contracts.Oracle, Provider: contracts.Provider, Consumer: contracts.Consumer, Admin: admin.Account(), Dispute: rules, Config: config, Params: params}
	_, err = r.net.events(ctx, r.Chain)
	return err
}

// begin a sequence: the state after the deployment, on both sides.
func (r *Rig) begin(seed uint64) error {
	if l, ok := r.net.(*local); ok {
		l.Restore(r.begun)
		l.emitted = nil
	}
	s, err := orchestrator.New(r.genesis)
	if err != nil {
		return fmt.Errorf("making the model: %w", err)
	}
	for _, m := range r.mints {
		s.Mint(m.asset, m.to, m.amount)
	}
	r.World = walk.New(s, r.cast, r.now, rand.New(rand.NewPCG(seed, 7)))
	return nil
}

// Close ends the network.
func (r *Rig) Close() error { return r.net.close() }
