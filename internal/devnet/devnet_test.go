package devnet_test

import (
	_ "embed"
	"testing"

	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"
)

//go:embed testdata/contract.wasm
var testContract []byte

func native() xdr.Asset { return xdr.Asset{Type: xdr.AssetTypeAssetTypeNative} }

func TestTheOfficialClientDrivesTheNetwork(t *testing.T) {
	t.Parallel()
	c := start(t)
	h, err := c.rpc.GetHealth(t.Context())
	c.ok(err)
	if h.Status != "healthy" || h.OldestLedger != 2 {
		t.Fatalf("health %+v", h)
	}
	alice, bob := c.account(), c.account()
	sac := c.asset(alice, native())
	before := c.balance(bob)
	c.invoke(alice, sac.call("transfer", accountVal(alice), accountVal(bob), i128(1000)))
	if got := c.balance(bob) - before; got != 1000 {
		t.Fatalf("bob got %d", got)
	}
	id := c.deploy(alice, 7)
	if v := c.invoke(alice, id.call("bump", u32(3))); *v.U32 != 10 {
		t.Fatalf("bump gave %d", *v.U32)
	}
	c.good(bob, &txnbuild.Payment{Destination: alice.Address(), Amount: "1", Asset: txnbuild.NativeAsset{}})
}
