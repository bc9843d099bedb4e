package devnet_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stellar/go-stellar-sdk/clients/rpcclient"
	"github.com/stellar/go-stellar-sdk/keypair"
	"github.com/stellar/go-stellar-sdk/network"
	proto "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/strkey"
	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet"
	"github.com/flashback-network/flashback/internal/devnet/devnettest"
)

// client drives a network with the official SDK, the way any program would.
type client struct {
	testing.TB
	net *devnet.Network
	rpc *rpcclient.Client
}

func start(t testing.TB, opts ...devnettest.Option) *client {
	t.Helper()
	n := devnettest.Start(t, opts...)
	return attach(t, n)
}

func attach(t testing.TB, n *devnet.Network) *client {
	c := &client{t, n, rpcclient.NewClient(n.URL(), nil)}
	t.Cleanup(func() { c.rpc.Close() })
	return c
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (c *client) ok(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// account makes a key pair and lets the friendbot fund it.
func (c *client) account() *keypair.Full {
	c.Helper()
	k := keypair.MustRandom()
	c.fund(k.Address(), http.StatusOK)
	return k
}

func (c *client) fund(addr string, want int) {
	c.Helper()
	r, err := http.Get(c.net.URL() + "/friendbot?addr=" + addr)
	c.ok(err)
	r.Body.Close()
	if r.StatusCode != want {
		c.Fatalf("friendbot answered %d, want %d", r.StatusCode, want)
	}
}

// build makes a signed transaction of k with the next sequence number.
func (c *client) build(k *keypair.Full, fee int64, ops ...txnbuild.Operation) *txnbuild.Transaction {
	c.Helper()
	a, err := c.rpc.LoadAccount(c.Context(), k.Address())
	c.ok(err)
	return c.buildFor(a, k, fee, txnbuild.NewInfiniteTimeout(), ops...)
}

func (c *client) buildFor(a txnbuild.Account, k *keypair.Full, fee int64, tb txnbuild.TimeBounds, ops ...txnbuild.Operation) *txnbuild.Transaction {
	c.Helper()
	tx, err := txnbuild.NewTransaction(txnbuild.TransactionParams{SourceAccount: a, IncrementSequenceNum: true, Operations: ops,
		BaseFee: fee, Preconditions: txnbuild.Preconditions{TimeBounds: tb}})
	c.ok(err)
	tx, err = tx.Sign(c.net.Passphrase(), k)
	c.ok(err)
	return tx
}

func (c *client) send(tx interface{ Base64() (string, error) }) proto.SendTransactionResponse {
	c.Helper()
	r, err := c.rpc.SendTransaction(c.Context(), proto.SendTransactionRequest{Transaction: must(tx.Base64())})
	c.ok(err)
	return r
}

// poll waits until the transaction is in a ledger.
func (c *client) poll(hash string) proto.GetTransactionResponse {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), 20*time.Second)
	defer cancel()
	r, err := c.rpc.PollTransactionWithOptions(ctx, hash, rpcclient.NewPollTransactionOptions().
		WithInitialInterval(2*time.Millisecond).WithMaxInterval(20*time.Millisecond))
	c.ok(err)
	return r
}

// run sends and waits, and wants it accepted.
func (c *client) run(tx interface{ Base64() (string, error) }) proto.GetTransactionResponse {
	c.Helper()
	s := c.send(tx)
	if s.Status != "PENDING" {
		c.Fatalf("sendTransaction: %s %s", s.Status, resultText(s.ErrorResultXDR))
	}
	return c.poll(s.Hash)
}

// good is run for what has to succeed.
func (c *client) good(k *keypair.Full, ops ...txnbuild.Operation) proto.GetTransactionResponse {
	c.Helper()
	r := c.run(c.build(k, 100, ops...))
	if r.Status != "SUCCESS" {
		c.Fatalf("%s %s", r.Status, resultText(r.ResultXDR))
	}
	return r
}

func resultText(b64 string) string {
	var r xdr.TransactionResult
	if err := xdr.SafeUnmarshalBase64(b64, &r); err != nil {
		return err.Error()
	}
	s := r.Result.Code.String()
	if r.Result.InnerResultPair != nil {
		s += " " + r.Result.InnerResultPair.Result.Result.Code.String()
	}
	if ops, ok := r.OperationResults(); ok {
		for _, o := range ops {
			if o.Tr == nil {
				s += " " + o.Code.String()
				continue
			}
			b, _ := json.Marshal(o.Tr)
			s += " " + string(b)
		}
	}
	return s
}

// call is one contract call with its circumstances.
type call struct {
	fn      xdr.HostFunction
	signers []*keypair.Full // of authorization entries other than the source's
	until   uint32          // expiry of their signatures; 0 = a hundred ledgers on
	edit    func(*txnbuild.InvokeHostFunction)
}

var errSimulation = errors.New("simulation failed")

// prepare simulates, signs the authorization entries and assembles.
func (c *client) prepare(k *keypair.Full, x call) (*txnbuild.Transaction, error) {
	c.Helper()
	a, err := c.rpc.LoadAccount(c.Context(), k.Address())
	c.ok(err)
	op := &txnbuild.InvokeHostFunction{HostFunction: x.fn, SourceAccount: k.Address()}
	seq := must(a.GetSequenceNumber())
	tx := c.buildFor(&txnbuild.SimpleAccount{AccountID: k.Address(), Sequence: seq}, k, 100, txnbuild.NewInfiniteTimeout(), op)
	sim, err := c.rpc.SimulateTransaction(c.Context(), proto.SimulateTransactionRequest{Transaction: must(tx.Base64())})
	c.ok(err)
	if sim.Error != "" {
		return nil, fmt.Errorf("%w: %s", errSimulation, sim.Error)
	}
	var data xdr.SorobanTransactionData
	c.ok(xdr.SafeUnmarshalBase64(sim.TransactionDataXDR, &data))
	for _, s := range *sim.Results[0].AuthXDR {
		var e xdr.SorobanAuthorizationEntry
		c.ok(xdr.SafeUnmarshalBase64(s, &e))
		if e.Credentials.Type == xdr.SorobanCredentialsTypeSorobanCredentialsAddress {
			until := x.until
			if until == 0 {
				until = sim.LatestLedger + 100
			}
			c.signAuth(&e, until, x.signers)
			data.Resources.Instructions += 1_000_000 // checking signatures is not part of a recorded simulation
			data.ResourceFee += 10_000
		}
		op.Auth = append(op.Auth, e)
	}
	op.Ext = xdr.TransactionExt{V: 1, SorobanData: &data}
	if x.edit != nil {
		x.edit(op)
	}
	return c.buildFor(&txnbuild.SimpleAccount{AccountID: k.Address(), Sequence: seq}, k, 100, txnbuild.NewInfiniteTimeout(), op), nil
}

// invoke makes a call that has to succeed and returns its value.
func (c *client) invoke(k *keypair.Full, x call) xdr.ScVal {
	c.Helper()
	tx, err := c.prepare(k, x)
	c.ok(err)
	r := c.run(tx)
	if r.Status != "SUCCESS" {
		c.Fatalf("%s %s %s", r.Status, resultText(r.ResultXDR), r.DiagnosticEventsXDR)
	}
	return value(c, r)
}

func value(t testing.TB, r proto.GetTransactionResponse) xdr.ScVal {
	var m xdr.TransactionMeta
	if err := xdr.SafeUnmarshalBase64(r.ResultMetaXDR, &m); err != nil {
		t.Fatal(err)
	}
	if m.V4.SorobanMeta == nil || m.V4.SorobanMeta.ReturnValue == nil {
		return xdr.ScVal{}
	}
	return *m.V4.SorobanMeta.ReturnValue
}

func (c *client) signAuth(e *xdr.SorobanAuthorizationEntry, until uint32, signers []*keypair.Full) {
	a := e.Credentials.Address
	a.SignatureExpirationLedger = xdr.Uint32(until)
	pre := xdr.HashIdPreimage{Type: xdr.EnvelopeTypeEnvelopeTypeSorobanAuthorization, SorobanAuthorization: &xdr.HashIdPreimageSorobanAuthorization{
		NetworkId: network.ID(c.net.Passphrase()), Nonce: a.Nonce, SignatureExpirationLedger: a.SignatureExpirationLedger, Invocation: e.RootInvocation}}
	h := sha256.Sum256(must(pre.MarshalBinary()))
	var sigs xdr.ScVec
	for _, k := range signers {
		if k.Address() != a.Address.AccountId.Address() {
			continue
		}
		m := &xdr.ScMap{{Key: sym("public_key"), Val: bytesVal(must(strkey.Decode(strkey.VersionByteAccountID, k.Address())))},
			{Key: sym("signature"), Val: bytesVal(must(k.Sign(h[:])))}}
		sigs = append(sigs, val(xdr.ScValTypeScvMap, m))
	}
	p := &sigs
	a.Signature = val(xdr.ScValTypeScvVec, p)
}

func val(t xdr.ScValType, v any) xdr.ScVal { return must(xdr.NewScVal(t, v)) }
func bytesVal(b []byte) xdr.ScVal          { return val(xdr.ScValTypeScvBytes, xdr.ScBytes(b)) }
func u32(v uint32) xdr.ScVal               { return val(xdr.ScValTypeScvU32, xdr.Uint32(v)) }
func sym(s string) xdr.ScVal               { return val(xdr.ScValTypeScvSymbol, xdr.ScSymbol(s)) }
func i128(v uint64) xdr.ScVal {
	return val(xdr.ScValTypeScvI128, xdr.Int128Parts{Lo: xdr.Uint64(v)})
}
func accountVal(k *keypair.Full) xdr.ScVal {
	id := xdr.MustAddress(k.Address())
	return val(xdr.ScValTypeScvAddress, xdr.ScAddress{Type: xdr.ScAddressTypeScAddressTypeAccount, AccountId: &id})
}

type contract xdr.ContractId

func (id contract) addr() xdr.ScAddress {
	x := xdr.ContractId(id)
	return xdr.ScAddress{Type: xdr.ScAddressTypeScAddressTypeContract, ContractId: &x}
}
func (id contract) val() xdr.ScVal { return val(xdr.ScValTypeScvAddress, id.addr()) }
func (id contract) String() string { return must(strkey.Encode(strkey.VersionByteContract, id[:])) }

func (id contract) call(fn string, args ...xdr.ScVal) call {
	return call{fn: xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeInvokeContract, InvokeContract: &xdr.InvokeContractArgs{
		ContractAddress: id.addr(), FunctionName: xdr.ScSymbol(fn), Args: args}}}
}

func (c *client) contractID(p xdr.ContractIdPreimage) contract {
	pre := xdr.HashIdPreimage{Type: xdr.EnvelopeTypeEnvelopeTypeContractId, ContractId: &xdr.HashIdPreimageContractId{
		NetworkId: network.ID(c.net.Passphrase()), ContractIdPreimage: p}}
	return contract(sha256.Sum256(must(pre.MarshalBinary())))
}

// asset deploys the built-in contract of an asset.
func (c *client) asset(k *keypair.Full, a xdr.Asset) contract {
	c.Helper()
	pre := xdr.ContractIdPreimage{Type: xdr.ContractIdPreimageTypeContractIdPreimageFromAsset, FromAsset: &a}
	c.invoke(k, call{fn: xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeCreateContract, CreateContract: &xdr.CreateContractArgs{
		ContractIdPreimage: pre, Executable: xdr.ContractExecutable{Type: xdr.ContractExecutableTypeContractExecutableStellarAsset}}}})
	return c.contractID(pre)
}

// deploy uploads the test contract and makes an instance whose counter starts at n.
func (c *client) deploy(k *keypair.Full, n uint32) contract {
	c.Helper()
	code := testContract
	c.invoke(k, call{fn: xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeUploadContractWasm, Wasm: &code}})
	hash := xdr.Hash(sha256.Sum256(code))
	id := xdr.MustAddress(k.Address())
	pre := xdr.ContractIdPreimage{Type: xdr.ContractIdPreimageTypeContractIdPreimageFromAddress, FromAddress: &xdr.ContractIdPreimageFromAddress{
		Address: xdr.ScAddress{Type: xdr.ScAddressTypeScAddressTypeAccount, AccountId: &id}, Salt: xdr.Uint256{1}}}
	c.invoke(k, call{fn: xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeCreateContractV2, CreateContractV2: &xdr.CreateContractArgsV2{
		ContractIdPreimage: pre, Executable: xdr.ContractExecutable{Type: xdr.ContractExecutableTypeContractExecutableWasm, WasmHash: &hash},
		ConstructorArgs: []xdr.ScVal{u32(n)}}}})
	return c.contractID(pre)
}

// balance is an account's lumens in stroops.
func (c *client) balance(k *keypair.Full) int64 {
	c.Helper()
	return int64(c.load(must(must2(xdr.MustAddress(k.Address())).MarshalBinaryBase64())).Account.Balance)
}

func must2(id xdr.AccountId) xdr.LedgerKey { return must(id.LedgerKey()) }

func (c *client) load(key string) xdr.LedgerEntryData {
	c.Helper()
	r, err := c.rpc.GetLedgerEntries(c.Context(), proto.GetLedgerEntriesRequest{Keys: []string{key}})
	c.ok(err)
	if len(r.Entries) != 1 {
		c.Fatalf("no entry under %s", key)
	}
	var d xdr.LedgerEntryData
	c.ok(xdr.SafeUnmarshalBase64(r.Entries[0].DataXDR, &d))
	return d
}
