package stellar

import (
	"context"
	"sync/atomic"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Chain is a Stellar network with one deployment of the contracts.
type Chain struct {
	*Client
	at chain.Contracts

	epochs atomic.Pointer[cert.Config] // the schedule, once it was read
}

var _ chain.Chain = (*Chain)(nil)

// Open connects to the network and checks that the contracts are there.
func Open(ctx context.Context, o Options) (*Chain, error) {
	c, err := Connect(ctx, o)
	if err != nil {
		return nil, err
	}
	return c.With(ctx, o.Contracts)
}

// With opens a deployment on a connected network.
func (c *Client) With(ctx context.Context, at chain.Contracts) (*Chain, error) {
	all := []ids.Account{at.Oracle, at.Provider, at.Consumer}
	keys := make([]xdr.LedgerKey, len(all))
	for i, a := range all {
		if a.Chain != ids.Stellar || a.Kind != ids.Contract {
			return nil, fault.New(fault.Invalid, "ArgumentInvalid", "%q is no contract of Stellar", a)
		}
		keys[i] = instanceKey(a)
	}
	found, err := c.entries(ctx, keys...)
	if err != nil {
		return nil, err
	}
	for i, k := range keys {
		text, err := keyText(k)
		if err != nil {
			return nil, err
		}
		if _, ok := found[text]; !ok {
			return nil, fault.New(fault.NotFound, "contract_missing", "there is no contract %s on this network", all[i])
		}
	}
	return &Chain{Client: c, at: at}, nil
}

// ID is ids.Stellar.
func (c *Chain) ID() ids.Chain { return ids.Stellar }

// Contracts of the deployment.
func (c *Chain) Contracts() chain.Contracts { return c.at }

// VerifyMessage checks a SEP-53 signature.
func (c *Chain) VerifyMessage(account ids.Account, message, signature []byte) bool {
	return VerifyMessage(account, message, signature)
}

// Submit makes op a transaction of by's account, which has to be the only one that authorises it.
func (c *Chain) Submit(ctx context.Context, by chain.Signer, op orchestrator.Op) (chain.Receipt, error) {
	return c.submit(ctx, by, op, nil)
}

func (c *Chain) submit(ctx context.Context, by chain.Signer, op orchestrator.Op, auth []xdr.SorobanAuthorizationEntry) (chain.Receipt, error) {
	call, err := translate(c.at, op)
	if err != nil {
		return chain.Receipt{}, err
	}
	out, err := c.invoke(ctx, by, call.hostFunction(), auth)
	r := out.receipt()
	if err == nil {
		r.ID = made(op, out.value)
	}
	return r, err
}

// Transfer moves tokens of by's account.
func (c *Client) Transfer(ctx context.Context, by chain.Signer, asset money.Asset, to ids.Account, amount money.Amount) (chain.Receipt, error) {
	call, err := transfer(asset, by.Account(), to, amount)
	if err != nil {
		return chain.Receipt{}, err
	}
	out, err := c.invoke(ctx, by, call.hostFunction(), nil)
	return out.receipt(), err
}
