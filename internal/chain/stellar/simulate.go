package stellar

import (
	"context"

	protocol "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
)

// simulation of an invocation that would succeed.
type simulation struct {
	value   xdr.ScVal
	auth    []xdr.SorobanAuthorizationEntry
	data    xdr.SorobanTransactionData
	restore *xdr.SorobanTransactionData // archived entries that have to be restored before
}

// nobody is the source of simulations that no account stands behind: the key of 32 zero bytes.
var nobody = ids.Account{Chain: ids.Stellar, Kind: ids.KeyAccount}

// simulate runs fn on the latest ledger. Without auth it records what has to be authorised, with auth it checks it. A contract's refusal is the fault of refusalOf.
func (c *Client) simulate(ctx context.Context, source ids.Account, fn xdr.HostFunction, auth []xdr.SorobanAuthorizationEntry) (simulation, error) {
	if c.local != nil {
		return c.localSimulate(ctx, source, fn)
	}
	var s simulation
	tx, err := txnbuild.NewTransaction(txnbuild.TransactionParams{
		SourceAccount: &txnbuild.SimpleAccount{AccountID: source.String(), Sequence: 1}, Operations: []txnbuild.Operation{&txnbuild.InvokeHostFunction{HostFunction: fn, Auth: auth}},
		BaseFee: txnbuild.MinBaseFee, Preconditions: txnbuild.Preconditions{TimeBounds: txnbuild.NewInfiniteTimeout()}})
	if err != nil {
		return s, fault.Wrap(err, fault.Internal, "internal", "the simulation cannot be built")
	}
	text, err := tx.Base64()
	if err != nil {
		return s, fault.Wrap(err, fault.Internal, "internal", "the simulation cannot be built")
	}
	var res protocol.SimulateTransactionResponse
	if err := c.rpc.call(ctx, protocol.SimulateTransactionMethodName, protocol.SimulateTransactionRequest{Transaction: text}, &res); err != nil {
		return s, plainRefusal(err)
	}
	if res.Error != "" {
		return s, refusalOf(fn, res.Error, res.EventsXDR)
	}
	bad := func(err error) (simulation, error) {
		return simulation{}, unavailable(err, protocol.SimulateTransactionMethodName)
	}
	if err := xdr.SafeUnmarshalBase64(res.TransactionDataXDR, &s.data); err != nil {
		return bad(err)
	}
	if res.MinResourceFee > int64(s.data.ResourceFee) {
		s.data.ResourceFee = xdr.Int64(res.MinResourceFee)
	}
	if res.RestorePreamble != nil {
		s.restore = new(xdr.SorobanTransactionData)
		if err := xdr.SafeUnmarshalBase64(res.RestorePreamble.TransactionDataXDR, s.restore); err != nil {
			return bad(err)
		}
		if res.RestorePreamble.MinResourceFee > int64(s.restore.ResourceFee) {
			s.restore.ResourceFee = xdr.Int64(res.RestorePreamble.MinResourceFee)
		}
	}
	if len(res.Results) != 1 || res.Results[0].ReturnValueXDR == nil {
		return s, nil // a restoration or nothing to run
	}
	if err := xdr.SafeUnmarshalBase64(*res.Results[0].ReturnValueXDR, &s.value); err != nil {
		return bad(err)
	}
	if l := res.Results[0].AuthXDR; l != nil {
		for _, a := range *l {
			var e xdr.SorobanAuthorizationEntry
			if err := xdr.SafeUnmarshalBase64(a, &e); err != nil {
				return bad(err)
			}
			s.auth = append(s.auth, e)
		}
	}
	return s, nil
}

// view runs a contract's function without a transaction.
func (c *Client) view(ctx context.Context, contract ids.Account, function string, args ...xdr.ScVal) (xdr.ScVal, error) {
	s, err := c.simulate(ctx, nobody, call{contract, function, args}.hostFunction(), nil)
	return s.value, err
}

// invoke simulates fn and makes it a transaction of by's account. Without auth only by authorises: a call that needs somebody else's authorisation is refused.
func (c *Client) invoke(ctx context.Context, by chain.Signer, fn xdr.HostFunction, auth []xdr.SorobanAuthorizationEntry) (outcome, error) {
	if c.local != nil {
		return c.localInvoke(ctx, by.Account(), fn, auth)
	}
	var restored int64
	var declared uint64
	out, err := c.perform(ctx, by, func(ctx context.Context, l *lane) (txnbuild.Operation, error) {
		s, err := c.simulate(ctx, by.Account(), fn, auth)
		if err != nil {
			return nil, err
		}
		if s.restore != nil {
			c.log.Info("archived ledger entries are restored", "account", by.Account(), "entries", len(s.restore.Resources.Footprint.ReadWrite))
			r, err := c.transact(ctx, l, by, &txnbuild.RestoreFootprint{Ext: xdr.TransactionExt{V: 1, SorobanData: s.restore}})
			restored += r.fee
			if err != nil {
				return nil, err
			}
			if s, err = c.simulate(ctx, by.Account(), fn, auth); err != nil {
				return nil, err
			}
		}
		if auth != nil {
			s.auth = auth
		}
		for _, e := range s.auth {
			if auth == nil && e.Credentials.Type != xdr.SorobanCredentialsTypeSorobanCredentialsSourceAccount {
				return nil, fault.New(fault.Forbidden, "NotAuthorized", "this call has to be authorised by another account than %s", by.Account())
			}
		}
		declared = uint64(s.data.Resources.Instructions)
		return &txnbuild.InvokeHostFunction{HostFunction: fn, Auth: s.auth, Ext: xdr.TransactionExt{V: 1, SorobanData: &s.data}}, nil
	})
	out.fee += restored
	if out.instructions == 0 {
		out.instructions = declared
	}
	return out, err
}
