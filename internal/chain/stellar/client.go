package stellar

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	protocol "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/scval"
)

// Options of Connect and Open.
type Options struct {
	RPC        string          // URL of a Stellar RPC server
	Passphrase string          // the network's; empty: the server's, for a server that is trusted to name it
	Contracts  chain.Contracts // the deployment; Open only
	HTTP       *http.Client    // nil: a client of its own
	Logger     *slog.Logger    // nil: silent
}

// Client is a Stellar network without contracts. It is safe for concurrent use and has no goroutines of its own.
type Client struct {
	rpc        *rpc
	local      Local // instead of rpc
	passphrase string
	network    xdr.Hash // the network id: the passphrase's hash
	log        *slog.Logger

	mu    sync.Mutex
	lanes map[ids.Account]*lane // one per account that signed here
}

// Connect checks that the server is on the network of the passphrase. Close frees the connections.
func Connect(ctx context.Context, o Options) (*Client, error) {
	if u, err := url.Parse(o.RPC); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fault.New(fault.Invalid, "ArgumentInvalid", "%q is no URL of a Stellar RPC server", o.RPC)
	}
	if o.HTTP == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 32
		o.HTTP = &http.Client{Transport: t}
	}
	if o.Logger == nil {
		o.Logger = slogDiscard()
	}
	c := &Client{rpc: &rpc{url: o.RPC, http: o.HTTP}, log: o.Logger, lanes: map[ids.Account]*lane{}}
	var n protocol.GetNetworkResponse
	if err := c.rpc.call(ctx, protocol.GetNetworkMethodName, nil, &n); err != nil {
		return nil, plainRefusal(err)
	}
	if o.Passphrase != "" && n.Passphrase != o.Passphrase {
		return nil, fault.New(fault.Invalid, "network_mismatch", "the RPC at %s is on the network %q, not on %q", o.RPC, n.Passphrase, o.Passphrase)
	}
	c.passphrase, c.network = n.Passphrase, sha256.Sum256([]byte(n.Passphrase))
	return c, nil
}

// Close frees idle connections. Calls that run are not interrupted.
func (c *Client) Close() {
	if c.rpc != nil {
		c.rpc.http.CloseIdleConnections()
	}
}

func slogDiscard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Passphrase of the network.
func (c *Client) Passphrase() string { return c.passphrase }

// NetworkID is the passphrase's hash, the chain's part of cert.NetworkID.
func (c *Client) NetworkID() [32]byte { return c.network }

// Head is the latest ledger and its closing time.
func (c *Client) Head(ctx context.Context) (uint32, time.Time, error) {
	h, err := c.health(ctx)
	return h.LatestLedger, time.Unix(h.LatestLedgerCloseTime, 0).UTC(), err
}

func (c *Client) health(ctx context.Context) (h protocol.GetHealthResponse, err error) {
	if c.local != nil {
		return c.localHealth(), nil
	}
	if err = c.rpc.call(ctx, protocol.GetHealthMethodName, nil, &h); err != nil {
		return h, plainRefusal(err)
	}
	if h.LatestLedger == 0 || h.LatestLedgerCloseTime == 0 {
		return h, fault.New(fault.Unavailable, "unavailable", "the Stellar RPC does not say what its latest ledger is")
	}
	return h, nil
}

// maxKeys is what a server takes in one getLedgerEntries.
const maxKeys = 200

// entries reads ledger entries; those that do not exist are absent from the result, whose keys are the ledger keys in base64.
func (c *Client) entries(ctx context.Context, keys ...xdr.LedgerKey) (map[string]xdr.LedgerEntryData, error) {
	if c.local != nil {
		return c.localEntries(keys)
	}
	found := make(map[string]xdr.LedgerEntryData, len(keys))
	var req protocol.GetLedgerEntriesRequest
	for _, k := range keys {
		b, err := keyText(k)
		if err != nil {
			return nil, err
		}
		req.Keys = append(req.Keys, b)
	}
	if len(keys) > maxKeys {
		return nil, fault.New(fault.Internal, "internal", "%d ledger keys in one request", len(keys))
	}
	var res protocol.GetLedgerEntriesResponse
	if err := c.rpc.call(ctx, protocol.GetLedgerEntriesMethodName, req, &res); err != nil {
		return nil, plainRefusal(err)
	}
	for _, e := range res.Entries {
		var d xdr.LedgerEntryData
		if err := xdr.SafeUnmarshalBase64(e.DataXDR, &d); err != nil {
			return nil, unavailable(err, protocol.GetLedgerEntriesMethodName)
		}
		found[e.KeyXDR] = d
	}
	return found, nil
}

// entry reads one; nil when it does not exist.
func (c *Client) entry(ctx context.Context, key xdr.LedgerKey) (*xdr.LedgerEntryData, error) {
	found, err := c.entries(ctx, key)
	if err != nil {
		return nil, err
	}
	for _, d := range found {
		return &d, nil
	}
	return nil, nil
}

func keyText(k xdr.LedgerKey) (string, error) {
	b, err := xdr.MarshalBase64(k)
	if err != nil {
		return "", fmt.Errorf("ledger key: %w", err)
	}
	return b, nil
}

func accountKey(a ids.Account) xdr.LedgerKey {
	return xdr.LedgerKey{Type: xdr.LedgerEntryTypeAccount, Account: &xdr.LedgerKeyAccount{AccountId: scval.AccountID(a)}}
}

func dataKey(contract ids.Account, key xdr.ScVal) xdr.LedgerKey {
	return xdr.LedgerKey{Type: xdr.LedgerEntryTypeContractData, ContractData: &xdr.LedgerKeyContractData{
		Contract: scval.ScAddress(contract), Key: key, Durability: xdr.ContractDataDurabilityPersistent}}
}

func instanceKey(contract ids.Account) xdr.LedgerKey {
	return dataKey(contract, xdr.ScVal{Type: xdr.ScValTypeScvLedgerKeyContractInstance})
}

func (c *Client) accountEntry(ctx context.Context, a ids.Account) (*xdr.AccountEntry, error) {
	if a.Chain != ids.Stellar || a.Kind != ids.KeyAccount {
		return nil, fault.New(fault.Invalid, "ArgumentInvalid", "%s is no key account of Stellar", a)
	}
	d, err := c.entry(ctx, accountKey(a))
	if err != nil {
		return nil, err
	}
	if d == nil || d.Account == nil {
		return nil, fault.New(fault.NotFound, "account_missing", "the account %s is not on the chain: it has to be funded first", a)
	}
	return d.Account, nil
}

// plainRefusal makes a fault of an RPC server's refusal that nobody expected.
func plainRefusal(err error) error {
	if e, ok := refused(err); ok {
		return fault.Wrap(e, fault.Internal, "rpc_refused", "the Stellar RPC refuses the request")
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return fault.Wrap(err, fault.Internal, "internal", "the request to the Stellar RPC failed")
}
