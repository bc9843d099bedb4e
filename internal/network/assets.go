package network

import (
	"context"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/ids"
)

// Trust lets a wallet hold an issued asset.
func Trust(ctx context.Context, n *deployment.Network, w chain.Signer, as deployment.Asset) error {
	c, err := stellar.Connect(ctx, stellar.Options{RPC: n.StellarRPC, Passphrase: n.Passphrase})
	if err != nil {
		return err
	}
	return c.Trust(ctx, w, as.Contract)
}

// Friendbot gives an account test money, on a network that has one.
func Friendbot(ctx context.Context, n *deployment.Network, account ids.Account) error {
	c, err := stellar.Connect(ctx, stellar.Options{RPC: n.StellarRPC, Passphrase: n.Passphrase})
	if err != nil {
		return err
	}
	return c.Friendbot(ctx, n.Friendbot, account)
}
