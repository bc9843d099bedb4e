package devnet_test

import (
	"testing"
	"time"

	proto "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/txnbuild"

	"github.com/flashback-network/flashback/internal/devnet"
)

func BenchmarkSimulate(b *testing.B) {
	c := start(b)
	alice := c.account()
	id := c.deploy(alice, 0)
	q := proto.SimulateTransactionRequest{Transaction: must(c.build(alice, 100,
		&txnbuild.InvokeHostFunction{HostFunction: id.call("bump", u32(1)).fn, SourceAccount: alice.Address()}).Base64())}
	for b.Loop() {
		if r, err := c.rpc.SimulateTransaction(b.Context(), q); err != nil || r.Error != "" {
			b.Fatal(err, r.Error)
		}
	}
}

// BenchmarkInvoke is the whole round trip of a call: load, simulate, send, ledger, poll; durable.
func BenchmarkInvoke(b *testing.B) {
	c := start(b, func(o *devnet.Options) { o.Dir = b.TempDir() })
	alice := c.account()
	id := c.deploy(alice, 0)
	for b.Loop() {
		c.invoke(alice, id.call("bump", u32(1)))
	}
}

func BenchmarkAdvance(b *testing.B) {
	c := start(b)
	for b.Loop() {
		if err := c.net.Advance(time.Second, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRestart(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		n, err := devnet.Open(b.Context(), devnet.Options{Dir: dir, Manual: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := n.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
