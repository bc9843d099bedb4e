package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/oracle"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Pace of a local network.
type Pace struct {
	EpochSeconds  uint32
	SlotsPerEpoch uint32
	WindowEpochs  uint32
}

// DefaultPace has an epoch of ten seconds with a slot each second, and a window of two minutes.
var DefaultPace = Pace{EpochSeconds: 10, SlotsPerEpoch: 10, WindowEpochs: 12}

const validators = 4

// demoNode is one of the demo's two providers with its node, unit and SLA.
type demoNode struct {
	provider, node, sla, app string
	region                   string
	asset                    string
	mode                     sla.Mode
	storage, egress          string // prices
	deposit                  string // collateral that the provider sends
}

var demoNodes = []demoNode{
	{"provider-1", "node-1", "demo", "app-1", "DE/Berlin", stableCode, sla.Stream, "0.1", "0.01", "1000"},
	{"provider-2", "node-2", "demo-2", "app-2", "FR/Paris", "XLM", sla.Escrow, "0.5", "0.05", "1000"},
}

const (
	stableCode = "FUSD" // the demo's issued stable asset

	flashSupply     = 1_000_000_000 * 10_000_000 // smallest units: 10^9 FLASH
	governanceScale = 1_440                      // a day is a minute
	scoreUnit       = 100_000                    // smallest units of the stable asset: a fee of 0.01 weighs a point
	unitCapacity    = 64 << 30
	slaVolume       = 16 << 30
	slaEgress       = 1 << 40
	slaSeconds      = 30 * 24 * 3600
	demoBucket      = "demo"
)

// params of the protocol, with human times scaled to the local epochs.
func (o Pace) params(treasury func(string) ids.Account) orchestrator.Params {
	p := sla.DefaultProtocol(o.WindowEpochs)
	p.MinSamples, p.GraceEpochs, p.RetentionEpochs = 20, o.WindowEpochs, o.WindowEpochs
	return orchestrator.Params{
		Protocol: p, FeeFlashBps: 50, CollateralMinBps: 1_000, AcceptSeconds: 3_600, FundSeconds: 3_600, CloseSeconds: 600, NoticeSeconds: 60, QuotaSeconds: 10,
		PlatformAddress: treasury("platform"), ValidatorsAddress: treasury("validators"), FundAddress: treasury("fund"), InsuranceAddress: treasury("insurance"),
	}
}

// wallets of the demo; each is an ordinary wallet of 'flashback wallet'.
type wallets struct {
	layout Layout
	keys   map[string]*stellar.Key
}

func openWallets(l Layout) (*wallets, error) {
	w := &wallets{layout: l, keys: map[string]*stellar.Key{}}
	names := []string{"admin", "issuer", "relayer", "consumer", "treasury-platform", "treasury-validators", "treasury-fund", "treasury-insurance"}
	for _, d := range demoNodes {
		names = append(names, d.provider, d.app)
	}
	for i := range validators {
		names = append(names, validatorName(i))
	}
	if err := os.MkdirAll(filepath.Dir(l.Wallet("x")), 0o700); err != nil {
		return nil, err
	}
	for _, n := range names {
		k, err := stellar.LoadOrCreateKey(l.Wallet(n))
		if err != nil {
			return nil, fmt.Errorf("wallet %s: %w", n, err)
		}
		w.keys[n] = k
	}
	return w, nil
}

func (w *wallets) of(name string) *stellar.Key { return w.keys[name] }

func validatorName(i int) string { return fmt.Sprintf("validator-%d", i+1) }

// foundation makes what the roles need before they start: accounts, assets, contracts and the network's description. Every step finds what an earlier, interrupted call did.
func foundation(ctx context.Context, l Layout, w *wallets, p ports, pace Pace, log *slog.Logger, say func(string)) (*deployment.Network, error) {
	n, err := deployment.Load(ctx, l.Deployment())
	switch {
	case err == nil && n.Contracts.Governance.Zero(): // its contracts have no upgrade: docs/decisions/0012
		return nil, fault.New(fault.Conflict, "network_outdated", "%s was made by an earlier version, whose contracts cannot be upgraded: choose another --dir, or move it away", l.Dir)
	case err == nil:
		return n, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	rpc := p.url(p.chain)
	c, err := stellar.Connect(ctx, stellar.Options{RPC: rpc, Logger: log})
	if err != nil {
		return nil, err
	}
	friendbot := rpc + "/friendbot"
	say("funding wallets")
	g, gctx := errgroup.WithContext(ctx)
	for _, k := range w.keys {
		g.Go(func() error { return c.Friendbot(gctx, friendbot, k.Account()) })
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("funding wallets: %w", err)
	}

	say("issuing the demo asset and deploying the contracts")
	members, err := oracle.InitLocal(l.Dir, validators)
	if err != nil {
		return nil, err
	}
	config, err := pace.oracleConfig(l, w, members)
	if err != nil {
		return nil, err
	}
	var at chain.Contracts
	stable, err := c.IssuedAsset(stableCode, w.of("issuer").Account())
	if err != nil {
		return nil, err
	}
	g, gctx = errgroup.WithContext(ctx)
	g.Go(func() error {
		if _, err := c.DeployNative(gctx, w.of("relayer")); err != nil {
			return fmt.Errorf("deploying lumens' contract: %w", err)
		}
		return nil
	})
	g.Go(func() error { return issue(gctx, c, w) })
	g.Go(func() (err error) {
		at, config, err = c.Deploy(gctx, stellar.DeployOptions{RPC: rpc, Logger: log, Admin: w.of("admin"), Label: "local", Oracle: config,
			Params: pace.params(func(s string) ids.Account { return w.of("treasury-" + s).Account() }),
			Around: &stellar.Around{Treasury: w.of("treasury-fund").Account(), Supply: money.Of(flashSupply), Guardian: w.of("admin").Account(), Fund: w.of("treasury-fund").Account(), Scale: governanceScale,
				Units: map[money.Asset]money.Amount{stable: money.Of(scoreUnit)}}})
		if err != nil {
			return fmt.Errorf("deploying the contracts: %w", err)
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	n = &deployment.Network{
		Name: "Flashback local network", Platform: p.url(p.platform), StellarRPC: rpc, Passphrase: c.Passphrase(), Friendbot: friendbot, Contracts: at,
		Assets: []deployment.Asset{
			{Code: stableCode, Contract: stable, Issuer: w.of("issuer").Account().String(), Decimals: stellar.Decimals},
			{Code: "XLM", Contract: c.NativeAsset(), Decimals: stellar.Decimals},
			{Code: "FLASH", Contract: at.Flash, Decimals: stellar.Decimals},
		},
		Genesis: config.Genesis, EpochSeconds: config.EpochSeconds, SlotsPerEpoch: config.SlotsPerEpoch, WindowEpochs: config.WindowEpochs,
	}
	if err := oracle.WriteGenesis(config, members, report.Anchor{}); err != nil {
		return nil, fmt.Errorf("making the validators: %w", err)
	}
	return n, n.Save(l.Deployment())
}

// issue makes the demo's stable asset, lets everyone hold it and gives providers and consumer some.
func issue(ctx context.Context, c *stellar.Client, w *wallets) error {
	asset, err := c.IssueAsset(ctx, w.of("issuer"), stableCode)
	if err != nil {
		return fmt.Errorf("issuing %s: %w", stableCode, err)
	}
	g, gctx := errgroup.WithContext(ctx)
	for name, k := range w.keys {
		if name == "issuer" {
			continue
		}
		g.Go(func() error {
			if err := c.Trust(gctx, k, asset); err != nil {
				return fmt.Errorf("trust line of %s: %w", name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	amount, err := money.ParseDecimal("10000", stellar.Decimals)
	if err != nil {
		return err
	}
	for _, name := range []string{"consumer", "provider-1", "provider-2"} {
		have, err := c.Balance(ctx, asset, w.of(name).Account())
		if err != nil {
			return err
		}
		if have.Sign() > 0 {
			continue // an interrupted start gave it already
		}
		if _, err := c.Transfer(ctx, w.of("issuer"), asset, w.of(name).Account(), amount); err != nil {
			return fmt.Errorf("giving %s to %s: %w", stableCode, name, err)
		}
	}
	return nil
}

// progress is what the demo's making remembers: an interrupted start goes on where it was.
type progress struct {
	Genesis uint64                   `json:"genesis"`
	Demo    map[string]*demoProgress `json:"demo"` // by node
}

type demoProgress struct {
	Key       ids.Account `json:"key"`
	Node      ids.ID      `json:"node"`
	Unit      ids.ID      `json:"unit"`
	SLA       ids.ID      `json:"sla"`
	Grant     ids.ID      `json:"grant"`
	AccessKey string      `json:"accessKey"`
	SecretKey string      `json:"secretKey"`
}

func loadProgress(l Layout) (*progress, error) {
	p := &progress{Demo: map[string]*demoProgress{}}
	b, err := os.ReadFile(l.progress())
	if errors.Is(err, fs.ErrNotExist) {
		for _, d := range demoNodes {
			p.Demo[d.node] = &demoProgress{}
		}
		return p, nil
	} else if err != nil {
		return nil, err
	}
	return p, json.Unmarshal(b, p)
}

// oracleConfig registers the four validators; the genesis is taken once.
func (o Pace) oracleConfig(l Layout, w *wallets, members []oracle.Member) (c cert.Config, err error) {
	p, err := loadProgress(l)
	if err != nil {
		return c, err
	}
	if p.Genesis == 0 {
		p.Genesis = uint64(time.Now().Unix())
		if err := writeJSON(l.progress(), p, 0o600); err != nil {
			return c, err
		}
	}
	c = cert.Config{Version: 1, Genesis: p.Genesis, EpochSeconds: o.EpochSeconds, SlotsPerEpoch: o.SlotsPerEpoch, WindowEpochs: o.WindowEpochs}
	for i, m := range members {
		c.Validators = append(c.Validators, cert.Validator{Key: m.Key, Weight: 1, Operator: w.of(validatorName(i)).Account()})
	}
	return c, nil
}

func nonce(name string) [32]byte { return canon.Hash([]byte("flashback local demo"), []byte(name)) }

// already is nil when the op made its thing now or in an earlier, interrupted start.
func already(err error, codes ...string) error {
	for _, c := range codes {
		if fault.CodeOf(err) == c {
			return nil
		}
	}
	return err
}

// Register makes a wallet a provider that is paid at its own address.
func Register(ctx context.Context, c chain.Chain, w chain.Signer) (chain.Receipt, error) {
	return c.Submit(ctx, w, orchestrator.Register{Provider: w.Account(), Payout: w.Account(), Info: canon.Hash([]byte(w.Account().String()))})
}
