package devnet_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stellar/go-stellar-sdk/keypair"
	proto "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"
)

func (c *client) failed(r proto.GetTransactionResponse, want string) {
	c.Helper()
	if r.Status != "FAILED" {
		c.Fatalf("%s, want FAILED", r.Status)
	}
	var res xdr.TransactionResult
	c.ok(xdr.SafeUnmarshalBase64(r.ResultXDR, &res))
	ops, _ := res.OperationResults()
	got := ops[0].Tr.InvokeHostFunctionResult.Code.String()
	if got != "InvokeHostFunctionResultCodeInvokeHostFunction"+want {
		c.Fatalf("failed with %s, want %s", got, want)
	}
}

// assemble simulates one call and sends another with its resources: what simulation would refuse can so be tried.
func (c *client) assemble(k *keypair.Full, simulated, sent call) proto.GetTransactionResponse {
	c.Helper()
	simulated.edit = func(op *txnbuild.InvokeHostFunction) { op.HostFunction = sent.fn }
	tx, err := c.prepare(k, simulated)
	c.ok(err)
	return c.run(tx)
}

func TestAFailingCallRollsBackAndPays(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.account()
	id := c.deploy(alice, 7)
	if _, err := c.prepare(alice, id.call("refuse", u32(1))); !errors.Is(err, errSimulation) || !strings.Contains(err.Error(), "#7") {
		t.Fatalf("simulation of a failing call: %v", err)
	}
	before, account := c.balance(alice), must(c.rpc.LoadAccount(t.Context(), alice.Address()))
	r := c.assemble(alice, id.call("bump", u32(1)), id.call("refuse", u32(1)))
	c.failed(r, "Trapped")
	if len(r.DiagnosticEventsXDR) == 0 {
		t.Error("no diagnostic events")
	}
	var res xdr.TransactionResult
	c.ok(xdr.SafeUnmarshalBase64(r.ResultXDR, &res))
	if paid := before - c.balance(alice); paid <= 100 || paid != int64(res.FeeCharged) {
		t.Errorf("paid %d, the result says %d", paid, res.FeeCharged)
	}
	after := must(c.rpc.LoadAccount(t.Context(), alice.Address()))
	if must(after.GetSequenceNumber()) != must(account.GetSequenceNumber())+1 {
		t.Error("the sequence number was not used up")
	}
	if v := c.invoke(alice, id.call("bump", u32(1))); *v.U32 != 8 {
		t.Errorf("the counter is %d: the failed call left something", *v.U32)
	}
	events, err := c.rpc.GetEvents(t.Context(), proto.GetEventsRequest{StartLedger: 2})
	c.ok(err)
	if len(events.Events) != 1 {
		t.Errorf("%d events, want the one of the good call", len(events.Events))
	}
}

func TestUnusedRefundableFeeComesBack(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.account()
	id := c.deploy(alice, 0)
	const extra = 5_000_000
	before := c.balance(alice)
	x := id.call("bump", u32(1))
	x.edit = func(op *txnbuild.InvokeHostFunction) { op.Ext.SorobanData.ResourceFee += extra }
	tx, err := c.prepare(alice, x)
	c.ok(err)
	r := c.run(tx)
	if paid := before - c.balance(alice); r.Status != "SUCCESS" || paid >= extra {
		t.Fatalf("%s, paid %d of an offered %d more than needed", r.Status, paid, extra)
	}
}

func TestAnotherSignersAuthorisation(t *testing.T) {
	t.Parallel()
	c := start(t)
	relay, alice, bob := c.account(), c.account(), c.account()
	sac := c.asset(relay, native())
	id := c.deploy(relay, 0)
	give := id.call("pay", accountVal(alice), accountVal(bob), sac.val(), i128(500))

	unsigned, err := c.prepare(relay, give)
	c.ok(err)
	before := c.balance(bob)
	c.failed(c.run(unsigned), "Trapped")

	byBob := give
	byBob.signers = []*keypair.Full{bob}
	tx, err := c.prepare(relay, byBob)
	c.ok(err)
	c.failed(c.run(tx), "Trapped")

	expired := give
	expired.signers, expired.until = []*keypair.Full{alice}, c.net.Stats().Ledger
	tx, err = c.prepare(relay, expired)
	c.ok(err)
	c.failed(c.run(tx), "Trapped")
	if got := c.balance(bob) - before; got != 0 {
		t.Fatalf("bob got %d without alice's signature", got)
	}

	signed := give
	signed.signers = []*keypair.Full{alice}
	var auth []xdr.SorobanAuthorizationEntry
	signed.edit = func(op *txnbuild.InvokeHostFunction) { auth = op.Auth }
	c.invoke(relay, signed)
	if got := c.balance(bob) - before; got != 500 {
		t.Fatalf("bob got %d, want 500", got)
	}

	// The same authorisation once more: its nonce is used up. A fresh simulation gives the resources.
	replay := give
	replay.signers = []*keypair.Full{alice}
	replay.edit = func(op *txnbuild.InvokeHostFunction) {
		fresh := op.Auth[0].Credentials.Address.Nonce
		op.Auth = auth
		for i, k := range op.Ext.SorobanData.Resources.Footprint.ReadWrite {
			if k.ContractData != nil && k.ContractData.Key.Type == xdr.ScValTypeScvLedgerKeyNonce && k.ContractData.Key.NonceKey.Nonce == fresh {
				op.Ext.SorobanData.Resources.Footprint.ReadWrite[i].ContractData.Key.NonceKey.Nonce = auth[0].Credentials.Address.Nonce
			}
		}
	}
	tx, err = c.prepare(relay, replay)
	c.ok(err)
	c.failed(c.run(tx), "Trapped")
	if got := c.balance(bob) - before; got != 500 {
		t.Fatalf("bob got %d after a replay, want 500", got)
	}
}

func TestResourceLimits(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.account()
	id := c.deploy(alice, 0)

	t.Run("more instructions than declared", func(t *testing.T) {
		s := &client{t, c.net, c.rpc}
		// Running out inside the contract's code is a trap, in the host's own work a limit: as stellar-core says it.
		s.failed(s.assemble(alice, id.call("spin", u32(10)), id.call("spin", u32(2_000_000))), "Trapped")
		x := id.call("bump", u32(1))
		x.edit = func(op *txnbuild.InvokeHostFunction) { op.Ext.SorobanData.Resources.Instructions = 1000 }
		tx, err := s.prepare(alice, x)
		s.ok(err)
		s.failed(s.run(tx), "ResourceLimitExceeded")
	})
	t.Run("more bytes than declared", func(t *testing.T) {
		s := &client{t, c.net, c.rpc}
		x := id.call("put", sym("k"), u32(1))
		x.edit = func(op *txnbuild.InvokeHostFunction) { op.Ext.SorobanData.Resources.WriteBytes = 8 }
		tx, err := s.prepare(alice, x)
		s.ok(err)
		s.failed(s.run(tx), "ResourceLimitExceeded")
	})
	t.Run("more instructions than a network allows", func(t *testing.T) {
		s := &client{t, c.net, c.rpc}
		if _, err := s.prepare(alice, id.call("spin", u32(100_000_000))); !errors.Is(err, errSimulation) || !strings.Contains(err.Error(), "Budget, ExceededLimit") {
			t.Fatalf("%v", err)
		}
		x := id.call("bump", u32(1))
		x.edit = func(op *txnbuild.InvokeHostFunction) { op.Ext.SorobanData.Resources.Instructions = 400_000_001 }
		tx, err := s.prepare(alice, x)
		s.ok(err)
		s.refused(tx, "TxSorobanInvalid")
	})
	t.Run("more entries than a network allows", func(t *testing.T) {
		s := &client{t, c.net, c.rpc}
		tx, err := s.prepare(alice, id.call("fill", u32(201)))
		s.ok(err)
		s.refused(tx, "TxSorobanInvalid")
		if r := s.invoke(alice, id.call("fill", u32(150))); r.Type != xdr.ScValTypeScvVoid {
			t.Fatalf("150 entries: %v", r)
		}
	})
	t.Run("a resource fee that does not cover the declaration", func(t *testing.T) {
		s := &client{t, c.net, c.rpc}
		x := id.call("bump", u32(1))
		x.edit = func(op *txnbuild.InvokeHostFunction) { op.Ext.SorobanData.ResourceFee = 1000 }
		tx, err := s.prepare(alice, x)
		s.ok(err)
		s.refused(tx, "TxSorobanInvalid")
	})
	t.Run("a refundable fee that does not cover the rent", func(t *testing.T) {
		s := &client{t, c.net, c.rpc}
		x := id.call("put", sym("rent"), u32(1))
		x.edit = func(op *txnbuild.InvokeHostFunction) { op.Ext.SorobanData.ResourceFee = 62_000 }
		tx, err := s.prepare(alice, x)
		s.ok(err)
		s.failed(s.run(tx), "InsufficientRefundableFee")
	})
}

func TestEntriesExpireAndAreRestored(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.account()
	id := c.deploy(alice, 7)
	c.invoke(alice, id.call("put", sym("k"), u32(42)))
	c.invoke(alice, id.call("put_temp", sym("k"), u32(43)))
	if v := c.invoke(alice, id.call("get_temp", sym("k"))); v.U32 == nil || *v.U32 != 43 {
		t.Fatalf("temporary entry: %v", v)
	}

	c.ok(c.net.Advance(24*time.Hour, 17_280+10)) // a day: temporary entries are over
	if v := c.invoke(alice, id.call("get_temp", sym("k"))); v.Type != xdr.ScValTypeScvVoid {
		t.Fatalf("the temporary entry outlived its time: %v", v)
	}
	if v := c.invoke(alice, id.call("get", sym("k"))); *v.U32 != 42 {
		t.Fatalf("persistent entry: %v", v)
	}

	tx, err := c.prepare(alice, id.call("bump", u32(1)))
	c.ok(err)
	c.ok(c.net.Advance(120*24*time.Hour, 2_073_600)) // contract, code and entry are archived
	c.failed(c.run(tx), "EntryArchived")

	// A new simulation lists what has to be restored, and the call restores it.
	if v := c.invoke(alice, id.call("bump", u32(1))); *v.U32 != 8 {
		t.Fatalf("after restoration the counter is %d", *v.U32)
	}
	if v := c.invoke(alice, id.call("get", sym("k"))); *v.U32 != 42 {
		t.Fatalf("after restoration the entry is %v", v)
	}
}

func (id contract) valueKey(name string) xdr.LedgerKey {
	v := xdr.ScVec{sym("Value"), sym(name)}
	p := &v
	return xdr.LedgerKey{Type: xdr.LedgerEntryTypeContractData, ContractData: &xdr.LedgerKeyContractData{Contract: id.addr(),
		Key: val(xdr.ScValTypeScvVec, p), Durability: xdr.ContractDataDurabilityPersistent}}
}

func (c *client) liveUntil(k xdr.LedgerKey) uint32 {
	c.Helper()
	r, err := c.rpc.GetLedgerEntries(c.Context(), proto.GetLedgerEntriesRequest{Keys: []string{must(xdr.MarshalBase64(k))}})
	c.ok(err)
	if len(r.Entries) != 1 || r.Entries[0].LiveUntilLedgerSeq == nil {
		c.Fatalf("entry: %+v", r)
	}
	return *r.Entries[0].LiveUntilLedgerSeq
}

func TestExtendAndRestoreOperations(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.account()
	id := c.deploy(alice, 0)
	c.invoke(alice, id.call("put", sym("k"), u32(1)))
	key := id.valueKey("k")

	ttl := func(op txnbuild.Operation, data *xdr.SorobanTransactionData, set func(xdr.TransactionExt)) proto.GetTransactionResponse {
		t.Helper()
		set(xdr.TransactionExt{V: 1, SorobanData: data})
		sim, err := c.rpc.SimulateTransaction(t.Context(), proto.SimulateTransactionRequest{Transaction: must(c.build(alice, 100, op).Base64())})
		c.ok(err)
		if sim.Error != "" {
			t.Fatal(sim.Error)
		}
		var d xdr.SorobanTransactionData
		c.ok(xdr.SafeUnmarshalBase64(sim.TransactionDataXDR, &d))
		set(xdr.TransactionExt{V: 1, SorobanData: &d})
		return c.run(c.build(alice, 100, op))
	}
	footprint := func(ro, rw []xdr.LedgerKey) *xdr.SorobanTransactionData {
		return &xdr.SorobanTransactionData{Resources: xdr.SorobanResources{Footprint: xdr.LedgerFootprint{ReadOnly: ro, ReadWrite: rw}}}
	}

	extend := &txnbuild.ExtendFootprintTtl{ExtendTo: 3_000_000, SourceAccount: alice.Address()}
	r := ttl(extend, footprint([]xdr.LedgerKey{key}, nil), func(e xdr.TransactionExt) { extend.Ext = e })
	if r.Status != "SUCCESS" {
		t.Fatal(resultText(r.ResultXDR))
	}
	if got := c.liveUntil(key); got != r.Ledger+3_000_000 {
		t.Fatalf("live until %d, want %d", got, r.Ledger+3_000_000)
	}

	c.ok(c.net.Advance(time.Hour, 3_000_100))
	restore := &txnbuild.RestoreFootprint{SourceAccount: alice.Address()}
	before := c.balance(alice)
	r = ttl(restore, footprint(nil, []xdr.LedgerKey{key}), func(e xdr.TransactionExt) { restore.Ext = e })
	if r.Status != "SUCCESS" {
		t.Fatal(resultText(r.ResultXDR))
	}
	if got := c.liveUntil(key); got != r.Ledger+2_073_600-1 {
		t.Fatalf("live until %d after restoring in %d", got, r.Ledger)
	}
	if before-c.balance(alice) < 1000 {
		t.Fatal("restoring cost no rent")
	}
	var m xdr.TransactionMeta
	c.ok(xdr.SafeUnmarshalBase64(r.ResultMetaXDR, &m))
	kinds, _ := json.Marshal(changeTypes(m.V4.Operations[0].Changes))
	if string(kinds) != `["LedgerEntryChangeTypeLedgerEntryRestored","LedgerEntryChangeTypeLedgerEntryRestored"]` {
		t.Fatalf("changes %s", kinds)
	}
}

func changeTypes(changes xdr.LedgerEntryChanges) (names []string) {
	for _, ch := range changes {
		names = append(names, ch.Type.String())
	}
	return names
}
