package stellar

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
)

// DeployOptions of Deploy.
type DeployOptions struct {
	RPC        string
	Passphrase string // empty: the server's
	HTTP       *http.Client
	Logger     *slog.Logger

	Admin  chain.Signer // pays, owns the addresses and becomes the contracts' admin
	Label  string       // deployments of one admin differ by it
	Oracle cert.Config  // Network is computed
	Params orchestrator.Params
	Wasm   *Wasm // nil: the artifacts of this build

	Registry ids.Account // asked who may list units; zero: everyone may
	Dispute  ids.Account // may freeze and rule; zero: nobody, until somebody wires it
	Around   *Around     // also makes the contracts around the Orchestrators, these two included; nil: not
}

// Wasm of the three contracts.
type Wasm struct{ Oracle, Provider, Consumer []byte }

// BuiltWasm is what contracts/artifacts has.
func BuiltWasm() (w Wasm, err error) {
	for name, to := range map[string]*[]byte{"oracle": &w.Oracle, "provider": &w.Provider, "consumer": &w.Consumer} {
		if *to, err = artifacts.Wasm(name); err != nil {
			return w, fault.Wrap(err, fault.Internal, "artifact_missing", "the contract %s is not in this build", name)
		}
	}
	return w, nil
}

// Deploy makes the contracts and wires them: uploads, Oracle, the Orchestrators, wiring, one ledger each; with Around, governance is their admin in the end. Addresses follow from admin and label, so another call finds what is
// there and finishes what is missing; the configuration that it returns is the chain's, with the network id.
func Deploy(ctx context.Context, o DeployOptions) (chain.Contracts, cert.Config, error) {
	c, err := Connect(ctx, Options{RPC: o.RPC, Passphrase: o.Passphrase, HTTP: o.HTTP, Logger: o.Logger})
	if err != nil {
		return chain.Contracts{}, cert.Config{}, err
	}
	return c.Deploy(ctx, o)
}

// contract that Deploy creates.
type contract struct {
	name     string
	at       ids.Account
	preimage xdr.ContractIdPreimage
	wasm     []byte
	args     []xdr.ScVal // of the constructor
}

func (k *contract) upload() xdr.HostFunction {
	return xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeUploadContractWasm, Wasm: &k.wasm}
}

func (k *contract) codeKey() xdr.LedgerKey {
	return xdr.LedgerKey{Type: xdr.LedgerEntryTypeContractCode, ContractCode: &xdr.LedgerKeyContractCode{Hash: sha256.Sum256(k.wasm)}}
}

func (k *contract) create() xdr.HostFunction {
	hash := xdr.Hash(sha256.Sum256(k.wasm))
	return xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeCreateContractV2, CreateContractV2: &xdr.CreateContractArgsV2{ContractIdPreimage: k.preimage,
		Executable: xdr.ContractExecutable{Type: xdr.ContractExecutableTypeContractExecutableWasm, WasmHash: &hash}, ConstructorArgs: k.args}}
}

// Deploy is the function Deploy on a connected network.
func (c *Client) Deploy(ctx context.Context, o DeployOptions) (at chain.Contracts, config cert.Config, err error) {
	if o.Wasm == nil {
		built, err := BuiltWasm()
		if err != nil {
			return at, config, err
		}
		o.Wasm = &built
	}
	oracle, provider, consumer := &contract{name: "oracle", wasm: o.Wasm.Oracle}, &contract{name: "provider", wasm: o.Wasm.Provider}, &contract{name: "consumer", wasm: o.Wasm.Consumer}
	for _, k := range []*contract{oracle, provider, consumer} {
		if k.at, k.preimage, err = c.contractAddress(o.Admin.Account(), k.name, o.Label); err != nil {
			return at, config, err
		}
	}
	at = chain.Contracts{Oracle: oracle.at, Provider: provider.at, Consumer: consumer.at}
	var b args
	stages := [][]*contract{{oracle}, {provider, consumer}} // the Orchestrators' constructors ask the Oracle
	if o.Around != nil {
		s, err := c.around(o, &at)
		if err != nil {
			return at, config, err
		}
		if o.Params.Flash.Zero() {
			o.Params.Flash = at.Flash
		}
		o.Registry, o.Dispute = at.Registry, at.Dispute
		s.construct(&b, o, at)
		stages[0], stages[1] = append(stages[0], s.flash, s.staking, s.registry), append(stages[1], s.dispute, s.governance)
		stages = append(stages, []*contract{s.score, s.market}) // they ask the Consumer Orchestrator for the Oracle
	}
	admin := b.account(o.Admin.Account())
	oracle.args = []xdr.ScVal{b.config(o.Oracle)}
	provider.args = []xdr.ScVal{admin, scval.Address(oracle.at), b.params(o.Params)}
	consumer.args = []xdr.ScVal{admin, scval.Address(oracle.at), scval.Address(provider.at), b.params(o.Params)}
	if b.err != nil {
		return at, config, fault.Wrap(b.err, fault.Invalid, "ArgumentInvalid", "the contracts cannot be deployed like this")
	}
	for _, stage := range stages {
		if err := c.createMissing(ctx, o.Admin, stage, slices.Concat(stages...)); err != nil {
			return at, config, err
		}
	}
	if err := c.wire(ctx, o, at); err != nil {
		return at, config, err
	}
	if o.Around != nil {
		if err := c.handOver(ctx, o, at); err != nil {
			return at, config, err
		}
	}
	k, err := c.With(ctx, at)
	if err != nil {
		return at, config, err
	}
	config, err = k.OracleConfig(ctx)
	return at, config, err
}

// contractAddress is where a contract of admin and label lives.
func (c *Client) contractAddress(admin ids.Account, name, label string) (ids.Account, xdr.ContractIdPreimage, error) {
	salt := canon.Tagged("FLASHBACK-DEPLOY-v1").Blob([]byte(name)).Blob([]byte(label)).Sum()
	p := xdr.ContractIdPreimage{Type: xdr.ContractIdPreimageTypeContractIdPreimageFromAddress,
		FromAddress: &xdr.ContractIdPreimageFromAddress{Address: scval.ScAddress(admin), Salt: salt}}
	b, err := xdr.HashIdPreimage{Type: xdr.EnvelopeTypeEnvelopeTypeContractId, ContractId: &xdr.HashIdPreimageContractId{NetworkId: c.network, ContractIdPreimage: p}}.MarshalBinary()
	if err != nil {
		return ids.Account{}, p, fault.Wrap(err, fault.Internal, "internal", "the contract's address cannot be computed")
	}
	return ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: canon.Hash(b)}, p, nil
}

// createMissing creates the contracts of a stage that are not there; before the first, it uploads all code that is missing.
func (c *Client) createMissing(ctx context.Context, admin chain.Signer, stage, all []*contract) error {
	instance := func(k *contract) xdr.LedgerKey { return instanceKey(k.at) }
	missing, err := c.absent(ctx, stage, instance)
	if err != nil || len(missing) == 0 {
		return err
	}
	if err := c.ensure(ctx, admin, all, (*contract).codeKey, (*contract).upload); err != nil {
		return fmt.Errorf("upload contracts: %w", err)
	}
	if err := c.ensure(ctx, admin, stage, instance, (*contract).create); err != nil {
		return fmt.Errorf("create contracts: %w", err)
	}
	return nil
}

// ensure makes the calls of those whose entry does not exist: all at once, and one after another where the network, or another user of the key, does not let them through like that.
func (c *Client) ensure(ctx context.Context, by chain.Signer, l []*contract, key func(*contract) xdr.LedgerKey, fn func(*contract) xdr.HostFunction) error {
	missing, err := c.absent(ctx, l, key)
	if err != nil {
		return err
	}
	var fns []xdr.HostFunction
	for _, k := range missing {
		fns = append(fns, fn(k))
	}
	err = c.invokeAll(ctx, by, fns)
	var retry *again
	if !errors.As(err, &retry) {
		return err
	}
	if missing, err = c.absent(ctx, l, key); err != nil {
		return err
	}
	for _, k := range missing {
		if _, err := c.invoke(ctx, by, fn(k), nil); err != nil {
			return err
		}
	}
	return nil
}

// absent gives those whose entry does not exist.
func (c *Client) absent(ctx context.Context, l []*contract, key func(*contract) xdr.LedgerKey) (missing []*contract, err error) {
	keys := make([]xdr.LedgerKey, len(l))
	for i, k := range l {
		keys[i] = key(k)
	}
	found, err := c.entries(ctx, keys...)
	if err != nil {
		return nil, err
	}
	for i, k := range l {
		text, err := keyText(keys[i])
		if err != nil {
			return nil, err
		}
		if _, ok := found[text]; !ok {
			missing = append(missing, k)
		}
	}
	return missing, nil
}

// wire tells the Provider Orchestrator of the Consumer Orchestrator and the Registry, and the Consumer Orchestrator of the Dispute contract, unless they know.
func (c *Client) wire(ctx context.Context, o DeployOptions, at chain.Contracts) error {
	var b args
	err := c.wireOnce(ctx, o.Admin, "Consumer", at.Consumer, call{at.Provider, "wire", []xdr.ScVal{scval.Address(at.Consumer), b.optional(o.Registry)}})
	if err == nil && !o.Dispute.Zero() {
		err = c.wireOnce(ctx, o.Admin, "Dispute", o.Dispute, call{at.Consumer, "wire_dispute", []xdr.ScVal{b.account(o.Dispute)}})
	}
	if err == nil && b.err != nil {
		err = fault.Wrap(b.err, fault.Invalid, "ArgumentInvalid", "the contracts cannot be wired like this")
	}
	if err != nil {
		return fmt.Errorf("wire contracts: %w", err)
	}
	return nil
}

// wireOnce makes a call that stores an address under a key of the instance, unless it did.
func (c *Client) wireOnce(ctx context.Context, admin chain.Signer, key string, to ids.Account, wiring call) error {
	is, err := c.instanceValue(ctx, wiring.contract, key)
	if err != nil {
		return err
	}
	if is != nil {
		if is.Equals(scval.Address(to)) {
			return nil
		}
		return fault.New(fault.Conflict, "AlreadyInitialized", "%s is wired to another contract", wiring.contract)
	}
	_, err = c.invoke(ctx, admin, wiring.hostFunction(), nil)
	return err
}

// instanceValue is what a contract's instance stores under a key without arguments, or nil.
func (c *Client) instanceValue(ctx context.Context, contract ids.Account, key string) (*xdr.ScVal, error) {
	d, err := c.entry(ctx, instanceKey(contract))
	if err != nil {
		return nil, err
	}
	if d != nil && d.ContractData != nil && d.ContractData.Val.Instance != nil && d.ContractData.Val.Instance.Storage != nil {
		for _, e := range *d.ContractData.Val.Instance.Storage {
			if e.Key.Equals(scval.Vec(scval.Symbol(key))) {
				return &e.Val, nil
			}
		}
	}
	return nil, nil
}

// invokeAll makes calls that do not depend on each other's results one transaction each, all sent before the first is awaited, so that one ledger may take them all. An error says nothing
// about which of them were applied.
func (c *Client) invokeAll(ctx context.Context, by chain.Signer, fns []xdr.HostFunction) error {
	if len(fns) < 2 || c.local != nil {
		for _, fn := range fns {
			if _, err := c.invoke(ctx, by, fn, nil); err != nil {
				return err
			}
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l, err := c.enter(ctx, by.Account())
	if err != nil {
		return err
	}
	defer l.leave()
	e, err := c.accountEntry(ctx, by.Account())
	if err != nil {
		return err
	}
	_, now, err := c.Head(ctx)
	if err != nil {
		return err
	}
	l.known = false // whatever happens below, the next submission asks the network
	txs := make([]*transaction, len(fns))
	for i, fn := range fns {
		s, err := c.simulate(ctx, by.Account(), fn, nil)
		if err != nil {
			return err
		}
		if s.restore != nil {
			return fault.New(fault.Conflict, "archived", "an entry that the call needs is archived")
		}
		op := &txnbuild.InvokeHostFunction{HostFunction: fn, Auth: s.auth, Ext: xdr.TransactionExt{V: 1, SorobanData: &s.data}}
		if txs[i], err = c.sign(by, op, int64(e.SeqNum)+1+int64(i), l.fee, now.Unix()+validity); err != nil {
			return err
		}
	}
	for _, tx := range txs {
		if err := c.send(ctx, l, tx); err != nil {
			return err
		}
	}
	for _, tx := range txs {
		t, err := c.follow(ctx, tx)
		if err == nil {
			_, err = read(tx.hash, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
