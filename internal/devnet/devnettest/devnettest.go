// Package devnettest starts networks for tests: in memory, time by hand, compiled code shared between test processes.
package devnettest

import (
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/devnet"
)

// Option changes the options that Start begins with.
type Option func(*devnet.Options)

// Start runs a network that ends with the test. Without options it is in memory with a manual clock, and a ledger closes
// a millisecond after a transaction arrives.
func Start(t testing.TB, opts ...Option) *devnet.Network {
	t.Helper()
	o := devnet.Options{Manual: true, Close: time.Millisecond}
	for _, f := range opts {
		f(&o)
	}
	n, err := devnet.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close the network: %v", err)
		}
	})
	return n
}
