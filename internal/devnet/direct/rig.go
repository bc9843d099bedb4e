package direct

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"time"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/devnet/host"
	"github.com/flashback-network/flashback/internal/devnet/ledger"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/scval"
)

// Options of a rig. The zero value is a new network at the start of 2027.
type Options struct {
	Runtime    *host.Runtime // shared by many rigs, stays the caller's; nil: one of its own, which takes a tenth of a second to open
	Passphrase string        // of the network; empty: "Flashback Direct"
	Start      time.Time     // of the first ledger; zero: 1,800,000,000 seconds
}

// Rig is a network's state and a host to run contracts on it. Close it.
type Rig struct {
	rt         *host.Runtime
	owned      bool
	inst       *host.Instance
	sheet      *ledger.Sheet
	passphrase string
	issues     map[ids.Account]issue
	exact      bool
	count      uint64 // of nonces and seeds given out
}

// Open makes a rig on a new network.
func Open(ctx context.Context, o Options) (r *Rig, err error) {
	if o.Passphrase == "" {
		o.Passphrase = "Flashback Direct"
	}
	if o.Start.IsZero() {
		o.Start = time.Unix(1_800_000_000, 0)
	}
	r = &Rig{rt: o.Runtime, passphrase: o.Passphrase, issues: map[ids.Account]issue{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
			r = nil
		}
	}()
	if r.rt == nil {
		if r.rt, err = host.Open(context.WithoutCancel(ctx), host.DefaultCacheDir()); err != nil {
			return r, err
		}
		r.owned = true
	}
	if r.inst, err = r.rt.New(context.WithoutCancel(ctx)); err != nil {
		return r, err
	}
	r.sheet, err = ledger.NewSheet(ctx, r.inst, o.Passphrase, o.Start)
	return r, err
}

// Fork is an independent rig in the same state, with a host instance of its own, for another goroutine. Close it before the one it came from.
func (r *Rig) Fork(ctx context.Context) (*Rig, error) {
	c := *r
	c.owned, c.sheet, c.issues = false, r.sheet.Fork(), maps.Clone(r.issues)
	var err error
	c.inst, err = r.rt.New(context.WithoutCancel(ctx))
	return &c, err
}

// Close frees the host.
func (r *Rig) Close() error {
	var errs []error
	if r.inst != nil {
		errs = append(errs, r.inst.Close(context.Background()))
	}
	if r.owned {
		errs = append(errs, r.rt.Close(context.Background()))
	}
	return errors.Join(errs...)
}

// renew replaces an instance that has trapped; its cache of parsed contracts goes with it.
func (r *Rig) renew(ctx context.Context) error {
	err := r.inst.Close(ctx)
	i, e := r.rt.New(context.WithoutCancel(ctx))
	r.inst = i
	return errors.Join(err, e)
}

// Exact makes every call declare its footprint and resources as a wallet's transaction does after a full simulation: for measuring fees. It is several times slower.
func (r *Rig) Exact(on bool) { r.exact = on }

// Now is the ledger time, in Unix seconds.
func (r *Rig) Now() uint64 { return uint64(r.sheet.At().CloseTime) }

// Ledger is the number of the current ledger.
func (r *Rig) Ledger() uint32 { return r.sheet.At().Sequence }

// Passphrase of the network; NetworkID is its hash.
func (r *Rig) Passphrase() string { return r.passphrase }

// NetworkID is what contracts and signatures know the network by.
func (r *Rig) NetworkID() [32]byte { return r.sheet.At().NetworkID }

// Advance moves time on by seconds and the ledger number by ledgers. Entries age by ledgers only.
func (r *Rig) Advance(seconds uint64, ledgers uint32) error {
	return r.sheet.Advance(time.Duration(seconds)*time.Second, ledgers)
}

// Snapshot is a state to come back to.
type Snapshot struct {
	sheet  *ledger.Sheet
	issues map[ids.Account]issue
}

// Snapshot keeps the current state: nothing is copied before the next write.
func (r *Rig) Snapshot() Snapshot { return Snapshot{r.sheet.Fork(), maps.Clone(r.issues)} }

// Restore goes back to a snapshot, as often as wanted.
func (r *Rig) Restore(s Snapshot) { r.sheet, r.issues = s.sheet.Fork(), maps.Clone(s.issues) }

// next is a number that was not given out before.
func (r *Rig) next() uint64 {
	r.count++
	h := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("flashback direct"), r.count))
	return binary.BigEndian.Uint64(h[:])
}

func (r *Rig) seed() (s [32]byte) {
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte("flashback direct seed"), r.next()))
}

// DeployArtifact deploys the contract called name of contracts/artifacts.
func (r *Rig) DeployArtifact(ctx context.Context, name string, args ...xdr.ScVal) (ids.Account, error) {
	wasm, err := artifacts.Wasm(name)
	if err != nil {
		return ids.Account{}, err
	}
	return r.Deploy(ctx, name, wasm, args...)
}

// Deploy uploads the Wasm, unless it is there, and creates a contract with constructor arguments. Its address follows from the name: the same in every rig of one passphrase.
func (r *Rig) Deploy(ctx context.Context, name string, wasm []byte, args ...xdr.ScVal) (ids.Account, error) {
	deployer, err := r.Party("deployer")
	if err != nil {
		return ids.Account{}, err
	}
	return r.DeployBy(ctx, deployer, name, wasm, args...)
}

// DeployBy is Deploy by a party, which authorises the creation and what the constructor asks of it. Its address is part of the contract's.
func (r *Rig) DeployBy(ctx context.Context, by Party, name string, wasm []byte, args ...xdr.ScVal) (ids.Account, error) {
	hash, err := r.Upload(ctx, wasm)
	if err != nil {
		return ids.Account{}, err
	}
	at, preimage, err := r.contractAddress(by.account, name)
	if err != nil {
		return at, err
	}
	h := xdr.Hash(hash)
	_, err = r.Run(ctx, xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeCreateContractV2, CreateContractV2: &xdr.CreateContractArgsV2{ContractIdPreimage: preimage,
		Executable: xdr.ContractExecutable{Type: xdr.ContractExecutableTypeContractExecutableWasm, WasmHash: &h}, ConstructorArgs: args}}, AsSource(by))
	return at, err
}

// Upload puts Wasm on the ledger, unless it is there, and gives its hash.
func (r *Rig) Upload(ctx context.Context, wasm []byte) ([32]byte, error) {
	hash := sha256.Sum256(wasm)
	if _, ok := r.entry(xdr.LedgerKey{Type: xdr.LedgerEntryTypeContractCode, ContractCode: &xdr.LedgerKeyContractCode{Hash: hash}}); ok {
		return hash, nil
	}
	_, err := r.Run(ctx, xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeUploadContractWasm, Wasm: &wasm}, Nobody())
	return hash, err
}

// ContractAddress is where Deploy puts the contract called name: to tell one contract of another that comes later.
func (r *Rig) ContractAddress(name string) (ids.Account, error) {
	p := NewParty("deployer", sha256.Sum256([]byte("flashback direct party deployer")))
	a, _, err := r.contractAddress(p.account, name)
	return a, err
}

func (r *Rig) contractAddress(by ids.Account, name string) (ids.Account, xdr.ContractIdPreimage, error) {
	p := xdr.ContractIdPreimage{Type: xdr.ContractIdPreimageTypeContractIdPreimageFromAddress,
		FromAddress: &xdr.ContractIdPreimageFromAddress{Address: scval.ScAddress(by), Salt: sha256.Sum256([]byte(name))}}
	b, err := xdr.HashIdPreimage{Type: xdr.EnvelopeTypeEnvelopeTypeContractId, ContractId: &xdr.HashIdPreimageContractId{NetworkId: r.sheet.At().NetworkID, ContractIdPreimage: p}}.MarshalBinary()
	return contractAccount(sha256.Sum256(b)), p, err
}
