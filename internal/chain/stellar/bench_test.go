package stellar_test

import (
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/chain/chaintest"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// BenchmarkSubmit is the time of one call from the op to its receipt, on the embedded network with its default interval between ledgers (100 ms).
func BenchmarkSubmit(b *testing.B) {
	n, err := devnet.Open(b.Context(), devnet.Options{})
	must(b, err)
	b.Cleanup(func() { must(b, n.Close()) })
	c, err := stellar.Connect(b.Context(), stellar.Options{RPC: n.URL(), Passphrase: n.Passphrase()})
	must(b, err)
	k := stellar.GenerateKey()
	must(b, c.Friendbot(b.Context(), "", k.Account()))
	began := time.Now()
	at, _, err := c.Deploy(b.Context(), stellar.DeployOptions{Admin: k, Oracle: chaintest.Config(time.Now(), k.Account()), Params: chaintest.Params(k.Account(), k.Account())})
	must(b, err)
	deployed := time.Since(began)
	ch, err := c.With(b.Context(), at)
	must(b, err)
	_, err = ch.Submit(b.Context(), k, orchestrator.Register{Provider: k.Account(), Payout: k.Account()})
	must(b, err)
	for i := 0; b.Loop(); i++ {
		_, err := ch.Submit(b.Context(), k, orchestrator.UpdateProvider{Provider: k.Account(), Payout: k.Account(), Info: [32]byte{byte(i)}})
		must(b, err)
	}
	b.ReportMetric(float64(deployed.Milliseconds()), "deploy-ms")
}

// BenchmarkRead is one polled record.
func BenchmarkRead(b *testing.B) {
	n, err := devnet.Open(b.Context(), devnet.Options{})
	must(b, err)
	b.Cleanup(func() { must(b, n.Close()) })
	c, err := stellar.Connect(b.Context(), stellar.Options{RPC: n.URL(), Passphrase: n.Passphrase()})
	must(b, err)
	k := stellar.GenerateKey()
	must(b, c.Friendbot(b.Context(), "", k.Account()))
	for b.Loop() {
		_, err := c.Balance(b.Context(), c.NativeAsset(), k.Account())
		must(b, err)
	}
}
