package stellar_test

import (
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/chaintest"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet/devnettest"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

func TestChain(t *testing.T) {
	t.Parallel()
	chaintest.Run(t, open)
}

// open starts an embedded network with a deployment, an issued asset and funded payees.
func open(t *testing.T, s chaintest.Setup) chaintest.World {
	t.Helper()
	n := devnettest.Start(t)
	ctx := t.Context()
	c, err := stellar.Connect(ctx, stellar.Options{RPC: n.URL(), Passphrase: n.Passphrase()})
	must(t, err)
	key := func() chain.Signer { return stellar.GenerateKey() }
	funded := func() chain.Signer {
		k := stellar.GenerateKey()
		must(t, c.Friendbot(ctx, "", k.Account()))
		return k
	}
	admin, issuer, platform, others := funded(), funded(), funded(), funded()
	asset, err := c.IssueAsset(ctx, issuer, "USDT")
	must(t, err)
	native, err := c.DeployNative(ctx, admin)
	must(t, err)
	hold := func(t *testing.T, k chain.Signer, amount int64) {
		t.Helper()
		must(t, c.Trust(t.Context(), k, asset))
		if amount > 0 {
			_, err := c.Transfer(t.Context(), issuer, asset, k.Account(), money.Of(amount))
			must(t, err)
		}
	}
	hold(t, platform, 0)
	hold(t, others, 0)
	_, now, err := c.Head(ctx)
	must(t, err)
	at, _, err := c.Deploy(ctx, stellar.DeployOptions{Admin: admin, Oracle: s.Oracle(now, admin.Account()), Params: s.Params(platform.Account(), others.Account())})
	must(t, err)
	ch, err := c.With(ctx, at)
	must(t, err)
	return chaintest.World{Chain: ch, Admin: admin, Asset: asset, Native: native, Payees: [2]ids.Account{platform.Account(), others.Account()}, Key: key,
		Wallet: func(t *testing.T, amount int64) chain.Signer {
			t.Helper()
			k := funded()
			hold(t, k, amount)
			return k
		},
		Pass: func(t *testing.T, d time.Duration) {
			t.Helper()
			must(t, n.Advance(d, 1))
		},
		Age: func(t *testing.T, d time.Duration) {
			t.Helper()
			must(t, n.Advance(d, uint32(d/(5*time.Second))))
		}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
