package stellar

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	protocol "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
)

// Local is a network in this process that answers without RPC, transactions and waiting: what tests run the contracts on. A call of it is applied at once.
type Local interface {
	// Head is the ledger that the next call is in, and its time.
	Head() (ledger uint32, at time.Time)
	// Entry of the ledger, archived or not; nil when there is none.
	Entry(key xdr.LedgerKey) (*xdr.LedgerEntryData, error)
	// Look runs a function and keeps nothing: its value, and who has to authorise what. Everybody is taken to do so.
	Look(ctx context.Context, source ids.Account, fn xdr.HostFunction) (xdr.ScVal, []xdr.SorobanAuthorizationEntry, error)
	// Apply runs a function and keeps what it does. The source authorises as a transaction's source account does, others by signed entries.
	Apply(ctx context.Context, source ids.Account, fn xdr.HostFunction, signed []xdr.SorobanAuthorizationEntry) (Applied, error)
}

// Applied is what a Local network says of a call.
type Applied struct {
	Value        xdr.ScVal
	Instructions uint64
	WrittenBytes uint64
	Fee          int64 // stroops that a transaction would pay; nobody pays them
}

// LocalRefusal is an error of Look and Apply: a call that was refused, as the host says it.
type LocalRefusal struct {
	Text        string
	Diagnostics [][]byte // DiagnosticEvent
}

func (e *LocalRefusal) Error() string { return e.Text }

// Inside is a client of a local network. Accounts and assets are made by the network's own means.
func Inside(l Local, passphrase string) *Client {
	return &Client{local: l, passphrase: passphrase, network: sha256.Sum256([]byte(passphrase)), log: slogDiscard(), lanes: map[ids.Account]*lane{}}
}

// localFault makes the fault of a refusal; other errors are the network's own.
func localFault(fn xdr.HostFunction, err error) error {
	r, ok := err.(*LocalRefusal)
	if !ok {
		return fault.Wrap(err, fault.Internal, "internal", "the local network failed")
	}
	var encoded []string
	for _, d := range r.Diagnostics {
		encoded = append(encoded, base64.StdEncoding.EncodeToString(d))
	}
	return refusalOf(fn, r.Text, encoded)
}

func (c *Client) localHealth() (h protocol.GetHealthResponse) {
	seq, at := c.local.Head()
	h.LatestLedger, h.OldestLedger, h.LatestLedgerCloseTime, h.OldestLedgerCloseTime = seq, seq, at.Unix(), at.Unix()
	return h
}

func (c *Client) localEntries(keys []xdr.LedgerKey) (map[string]xdr.LedgerEntryData, error) {
	found := make(map[string]xdr.LedgerEntryData, len(keys))
	for _, k := range keys {
		d, err := c.local.Entry(k)
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "internal", "the local network failed")
		}
		if d == nil {
			continue
		}
		text, err := keyText(k)
		if err != nil {
			return nil, err
		}
		found[text] = *d
	}
	return found, nil
}

func (c *Client) localSimulate(ctx context.Context, source ids.Account, fn xdr.HostFunction) (s simulation, err error) {
	if s.value, s.auth, err = c.local.Look(ctx, source, fn); err != nil {
		return s, localFault(fn, err)
	}
	return s, nil
}

func (c *Client) localInvoke(ctx context.Context, by ids.Account, fn xdr.HostFunction, signed []xdr.SorobanAuthorizationEntry) (outcome, error) {
	seq, at := c.local.Head()
	a, err := c.local.Apply(ctx, by, fn, signed)
	if err != nil {
		return outcome{}, localFault(fn, err)
	}
	return outcome{ledger: seq, at: at.UTC(), fee: a.Fee, instructions: a.Instructions, written: a.WrittenBytes, value: a.Value}, nil
}

// Call is a contract's entry point with its arguments.
type Call struct {
	Contract ids.Account
	Function string
	Args     []xdr.ScVal
}

// Translate gives the call that an op is in a deployment.
func Translate(at chain.Contracts, op orchestrator.Op) (Call, error) {
	c, err := translate(at, op)
	return Call{c.contract, c.function, c.args}, err
}

// Constructor gives the arguments of an Orchestrator's constructor, "provider" or "consumer".
func Constructor(name string, admin ids.Account, at chain.Contracts, p orchestrator.Params) ([]xdr.ScVal, error) {
	var b args
	l := []xdr.ScVal{b.account(admin), scval.Address(at.Oracle)}
	if name == "consumer" {
		l = append(l, scval.Address(at.Provider))
	}
	return append(l, b.params(p)), b.err
}
