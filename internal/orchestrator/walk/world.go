package walk

import (
	"fmt"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Dice is the only source of chance: IntN is in [0, n).
type Dice interface{ IntN(n int) int }

// Cast is who takes part. Admin is of the genesis. Every provider, consumer and payee can hold the assets.
type Cast struct {
	Providers, Consumers, Nodes, Payouts []ids.Account
	Admins                               []ids.Account // who may become admin, that of the genesis among them
	Assets                               []money.Asset
	Keys                                 []*secp256k1.PrivateKey // of the validators: those of the genesis, and some that may follow them
}

// World is a deployment in the middle of a sequence. Use it from one goroutine.
type World struct {
	State *orchestrator.State
	Now   uint64 // ledger time
	Cast  Cast

	dice    Dice
	keys    map[[65]byte]*secp256k1.PrivateKey
	tracks  map[ids.ID]*track
	moods   map[ids.ID]mood // of units
	reports map[uint64]*report
	epochs  []uint64 // certified, ascending
	nonces  uint64
}

// New makes a world that begins at a time.
func New(s *orchestrator.State, c Cast, now uint64, d Dice) *World {
	w := &World{State: s, Now: now, Cast: c, dice: d, keys: map[[65]byte]*secp256k1.PrivateKey{}, tracks: map[ids.ID]*track{}, moods: map[ids.ID]mood{}, reports: map[uint64]*report{}}
	for _, k := range c.Keys {
		w.keys[cert.PublicKey(k)] = k
	}
	return w
}

// Step takes the op on the model and remembers what the validators have to know of it.
func (w *World) Step(op orchestrator.Op) (orchestrator.Effects, error) {
	e, err := w.State.Step(w.Now, op)
	if err == nil {
		if r, ok := op.(orchestrator.SubmitReport); ok {
			w.epochs = append(w.epochs, r.Certificate.Epoch)
		}
	}
	return e, err
}

// Params for a world whose windows last half a minute.
func Params(payees [4]ids.Account) orchestrator.Params {
	p := orchestrator.Params{
		Protocol: sla.DefaultProtocol(3), CollateralMinBps: 100, AcceptSeconds: 60, FundSeconds: 60, CloseSeconds: 60, NoticeSeconds: 20, QuotaSeconds: 30,
		PlatformAddress: payees[0], ValidatorsAddress: payees[1], FundAddress: payees[2], InsuranceAddress: payees[3],
	}
	p.MinSamples, p.AbandonWindows, p.FeeFlashBps, p.GraceEpochs, p.RetentionEpochs = 5, 3, 50, 2, 1
	return p
}

// Config of the validators for a world: epochs of ten seconds with five slots, windows of three epochs.
func Config(network [32]byte, genesis uint64, keys []*secp256k1.PrivateKey, operator ids.Account) cert.Config {
	c := cert.Config{Network: network, Version: 1, Genesis: genesis, EpochSeconds: 10, SlotsPerEpoch: 5, WindowEpochs: 3}
	for i, k := range keys {
		c.Validators = append(c.Validators, cert.Validator{Key: cert.PublicKey(k), Weight: uint32(1 + i%2), Operator: operator})
	}
	return c
}

// Key makes a validator's key out of a name, for tests.
func Key(name string) *secp256k1.PrivateKey {
	h := canon.Hash([]byte("validator"), []byte(name))
	return secp256k1.PrivKeyFromBytes(h[:])
}

// Prelude are the calls that every sequence begins with: providers with nodes, collateral and a listed unit each.
func (w *World) Prelude() (ops []orchestrator.Op) {
	for i, p := range w.Cast.Providers {
		node := w.Cast.Nodes[i]
		ops = append(ops,
			orchestrator.Register{Provider: p, Payout: w.Cast.Payouts[i%len(w.Cast.Payouts)], Info: w.nonce()},
			orchestrator.NodeBind{Provider: p, Node: node, Endpoint: fmt.Sprintf("https://node%d.example", i)})
		for _, a := range w.Cast.Assets {
			ops = append(ops, orchestrator.DepositCollateral{Provider: p, Asset: a, Amount: money.Of(1_000_000_000)})
		}
		spec := w.spec(ids.NodeID(w.State.Genesis().Provider, node))
		spec.Asset, spec.AutoAccept, spec.Listed = w.Cast.Assets[i%len(w.Cast.Assets)], i%2 == 0, true
		ops = append(ops, orchestrator.UnitCreate{Provider: p, Spec: spec, Nonce: w.nonce()})
	}
	return ops
}

func (w *World) nonce() [32]byte {
	w.nonces++
	return canon.Hash([]byte(fmt.Sprintf("nonce %d", w.nonces)))
}

// chance is true in one of n throws.
func (w *World) chance(n int) bool { return w.dice.IntN(n) == 0 }

func pick[T any](w *World, l []T) T { return l[w.dice.IntN(len(l))] }
