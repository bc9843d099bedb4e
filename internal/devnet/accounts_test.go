package devnet_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stellar/go-stellar-sdk/keypair"
	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"
)

// line is a balance of an issued asset; -1 = no trust line.
func (c *client) line(k *keypair.Full, a txnbuild.CreditAsset) int64 {
	c.Helper()
	key := xdr.LedgerKey{Type: xdr.LedgerEntryTypeTrustline, TrustLine: &xdr.LedgerKeyTrustLine{
		AccountId: xdr.MustAddress(k.Address()), Asset: must(a.ToXDR()).ToTrustLineAsset()}}
	r, err := c.rpc.GetLedgerEntries(c.Context(), getEntries(key))
	c.ok(err)
	if len(r.Entries) == 0 {
		return -1
	}
	return int64(c.load(must(xdr.MarshalBase64(key))).TrustLine.Balance)
}

// fails runs one operation that is taken into a ledger and fails there.
func (c *client) fails(k *keypair.Full, want string, ops ...txnbuild.Operation) {
	c.Helper()
	r := c.run(c.build(k, 100, ops...))
	if got := resultText(r.ResultXDR); r.Status != "FAILED" || !strings.Contains(got, want) {
		c.Fatalf("%s %s, want %s", r.Status, got, want)
	}
}

func TestAnIssuedAsset(t *testing.T) {
	t.Parallel()
	c := start(t)
	issuer, alice, bob := c.account(), c.account(), c.account()
	usd := txnbuild.CreditAsset{Code: "USDX", Issuer: issuer.Address()}
	give := func(from, to *keypair.Full, amount string) *txnbuild.Payment {
		return &txnbuild.Payment{Destination: to.Address(), Amount: amount, Asset: usd, SourceAccount: from.Address()}
	}
	trust := &txnbuild.ChangeTrust{Line: usd.MustToChangeTrustAsset(), Limit: "1000"}

	c.fails(issuer, `"Code":-6`, give(issuer, alice, "5")) // no trust
	c.good(alice, trust)
	c.good(bob, trust)
	c.fails(issuer, `"Code":-8`, give(issuer, alice, "1001")) // line full
	c.good(issuer, give(issuer, alice, "100"))
	c.good(alice, give(alice, bob, "40"))
	c.fails(alice, `"Code":-2`, give(alice, bob, "61")) // underfunded
	if a, b := c.line(alice, usd), c.line(bob, usd); a != 60_0000000 || b != 40_0000000 {
		t.Fatalf("alice %d, bob %d", a, b)
	}
	// All or nothing: the second payment fails, so the first one is undone.
	c.fails(alice, `"Code":-2`, give(alice, bob, "50"), give(alice, bob, "50"))
	if a := c.line(alice, usd); a != 60_0000000 {
		t.Fatalf("alice has %d after a failed transaction", a)
	}

	sac := c.asset(alice, must(usd.ToXDR()))
	c.invoke(alice, sac.call("transfer", accountVal(alice), accountVal(bob), i128(10_0000000)))
	if b := c.line(bob, usd); b != 50_0000000 {
		t.Fatalf("bob has %d after the contract's transfer", b)
	}
	c.invoke(issuer, sac.call("mint", accountVal(bob), i128(1)))
	if b := c.line(bob, usd); b != 50_0000001 {
		t.Fatalf("bob has %d after minting", b)
	}
	id := c.deploy(alice, 0)
	c.invoke(bob, sac.call("transfer", accountVal(bob), id.val(), i128(7)))
	if v := c.invoke(bob, sac.call("balance", id.val())); v.I128.Lo != 7 {
		t.Fatalf("the contract has %v", v.I128)
	}

	c.fails(bob, `"Code":-3`, &txnbuild.ChangeTrust{Line: usd.MustToChangeTrustAsset(), Limit: "1"}) // below the balance
	c.good(bob, give(bob, issuer, "49.9999994"))
	c.good(bob, &txnbuild.ChangeTrust{Line: usd.MustToChangeTrustAsset(), Limit: "0"})
	if b := c.line(bob, usd); b != -1 {
		t.Fatalf("the closed line has %d", b)
	}
}

func TestAssetsThatNeedAuthorisation(t *testing.T) {
	t.Parallel()
	c := start(t)
	issuer, alice := c.account(), c.account()
	c.good(issuer, &txnbuild.SetOptions{SetFlags: []txnbuild.AccountFlag{txnbuild.AuthRequired, txnbuild.AuthRevocable}})
	eur := txnbuild.CreditAsset{Code: "EURFLASH", Issuer: issuer.Address()}
	c.good(alice, &txnbuild.ChangeTrust{Line: eur.MustToChangeTrustAsset(), Limit: "1000"})
	c.fails(issuer, `"Code":-7`, &txnbuild.Payment{Destination: alice.Address(), Amount: "1", Asset: eur})
	sac := c.asset(issuer, must(eur.ToXDR()))
	c.invoke(issuer, sac.call("set_authorized", accountVal(alice), val(xdr.ScValTypeScvBool, true)))
	c.good(issuer, &txnbuild.Payment{Destination: alice.Address(), Amount: "1", Asset: eur})
}

func TestReserves(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.account(), keypair.MustRandom()
	c.fails(alice, `"Code":-3`, &txnbuild.CreateAccount{Destination: bob.Address(), Amount: "0.9999999"})
	c.good(alice, &txnbuild.CreateAccount{Destination: bob.Address(), Amount: "1.00002"})
	c.fails(alice, `"Code":-4`, &txnbuild.CreateAccount{Destination: bob.Address(), Amount: "1"})
	usd := txnbuild.CreditAsset{Code: "USD", Issuer: alice.Address()}
	c.fails(bob, `"Code":-4`, &txnbuild.ChangeTrust{Line: usd.MustToChangeTrustAsset(), Limit: "1"}) // low reserve
	c.fails(bob, `"Code":-2`, pay(alice, "0.5"))                                                     // that would go below it
	if got := c.balance(bob); got != 1_0000000 {
		t.Fatalf("bob has %d", got)
	}
}

func TestSeveralSigners(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, one, two := c.account(), keypair.MustRandom(), keypair.MustRandom()
	w := func(v txnbuild.Threshold) *txnbuild.Threshold { return &v }
	c.good(alice,
		&txnbuild.SetOptions{Signer: &txnbuild.Signer{Address: one.Address(), Weight: 1}},
		&txnbuild.SetOptions{Signer: &txnbuild.Signer{Address: two.Address(), Weight: 1}},
		&txnbuild.SetOptions{MasterWeight: w(1), LowThreshold: w(1), MediumThreshold: w(2), HighThreshold: w(3),
			HomeDomain: txnbuild.NewHomeDomain("example.org")})

	sign := func(op txnbuild.Operation, by ...*keypair.Full) *txnbuild.Transaction {
		t.Helper()
		plain, err := c.build(alice, 100, op).ClearSignatures()
		c.ok(err)
		tx, err := plain.Sign(c.net.Passphrase(), by...)
		c.ok(err)
		return tx
	}
	c.refused(sign(pay(one, "1"), alice), "TxFailed OperationResultCodeOpBadAuth")
	if r := c.run(sign(pay(alice, "1"), one, two)); r.Status != "SUCCESS" { // medium, without the master key
		t.Fatal(resultText(r.ResultXDR))
	}
	raise := &txnbuild.SetOptions{MasterWeight: w(2)}
	c.refused(sign(raise, alice, one), "TxFailed OperationResultCodeOpBadAuth")
	c.refused(sign(pay(alice, "1"), alice, one, two), "TxBadAuthExtra")
	if r := c.run(sign(raise, alice, one, two)); r.Status != "SUCCESS" { // high
		t.Fatal(resultText(r.ResultXDR))
	}
	// Reserves count the signers; a removed one no longer signs.
	if r := c.run(sign(&txnbuild.SetOptions{Signer: &txnbuild.Signer{Address: two.Address(), Weight: 0}}, alice, one)); r.Status != "SUCCESS" {
		t.Fatal(resultText(r.ResultXDR))
	}
	c.refused(sign(pay(alice, "1"), one, two), "TxFailed OperationResultCodeOpBadAuth")
}

func TestFeeBump(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, sponsor := c.account(), c.account()
	aliceHad, sponsorHad := c.balance(alice), c.balance(sponsor)
	inner := c.build(alice, 100, pay(sponsor, "1"))
	bump := func(fee int64, by *keypair.Full) *txnbuild.FeeBumpTransaction {
		t.Helper()
		b, err := txnbuild.NewFeeBumpTransaction(txnbuild.FeeBumpTransactionParams{Inner: inner, FeeAccount: sponsor.Address(), BaseFee: fee})
		c.ok(err)
		b, err = b.Sign(c.net.Passphrase(), by)
		c.ok(err)
		return b
	}
	c.refused(bump(100, alice), "TxBadAuth")
	r := c.run(bump(300, sponsor))
	if r.Status != "SUCCESS" || !r.FeeBump || !strings.Contains(resultText(r.ResultXDR), "InnerSuccess") {
		t.Fatalf("%s %s", r.Status, resultText(r.ResultXDR))
	}
	if got := aliceHad - c.balance(alice); got != 1_0000000 {
		t.Errorf("alice paid %d, want the payment only", got)
	}
	if got := c.balance(sponsor) - sponsorHad; got != 1_0000000-200 {
		t.Errorf("the sponsor gained %d, want the payment less two base fees", got)
	}
	byInner := c.poll(must(inner.HashHex(c.net.Passphrase())))
	if byInner.TransactionHash != r.TransactionHash {
		t.Errorf("the inner hash finds %s, not %s", byInner.TransactionHash, r.TransactionHash)
	}
	c.refused(bump(400, sponsor), "TxFeeBumpInnerFailed TransactionResultCodeTxBadSeq")
}

func TestFeeBumpOfACall(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, sponsor := c.account(), c.account()
	id := c.deploy(alice, 0)
	aliceHad, sponsorHad := c.balance(alice), c.balance(sponsor)
	inner, err := c.prepare(alice, id.call("bump", u32(1)))
	c.ok(err)
	b, err := txnbuild.NewFeeBumpTransaction(txnbuild.FeeBumpTransactionParams{Inner: inner, FeeAccount: sponsor.Address(), BaseFee: 1_000_000})
	c.ok(err)
	b, err = b.Sign(c.net.Passphrase(), sponsor)
	c.ok(err)
	r := c.run(b)
	if v := value(t, r); r.Status != "SUCCESS" || *v.U32 != 1 {
		t.Fatalf("%s %s", r.Status, resultText(r.ResultXDR))
	}
	var res xdr.TransactionResult
	c.ok(xdr.SafeUnmarshalBase64(r.ResultXDR, &res))
	if paid := sponsorHad - c.balance(sponsor); paid != int64(res.FeeCharged) || paid >= 1_000_000 || c.balance(alice) != aliceHad {
		t.Errorf("the sponsor paid %d of %d charged, alice %d", paid, res.FeeCharged, aliceHad-c.balance(alice))
	}
}

func TestManyTransactionsOfOneAccountGoInOrder(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.account(), c.account()
	before := c.balance(bob)
	a, err := c.rpc.LoadAccount(t.Context(), alice.Address())
	c.ok(err)
	var hashes []string
	for range 30 {
		r := c.send(c.buildFor(a, alice, 100, txnbuild.NewInfiniteTimeout(), pay(bob, "1")))
		if r.Status != "PENDING" {
			t.Fatalf("%s %s", r.Status, resultText(r.ErrorResultXDR))
		}
		hashes = append(hashes, r.Hash)
	}
	last := uint64(0)
	for _, h := range hashes {
		r := c.poll(h)
		at := uint64(r.Ledger)<<32 | uint64(r.ApplicationOrder)
		if r.Status != "SUCCESS" || at <= last {
			t.Fatalf("%s at %d/%d after %d", r.Status, r.Ledger, r.ApplicationOrder, last)
		}
		last = at
	}
	if got := c.balance(bob) - before; got != 30_0000000 {
		t.Fatalf("bob got %d", got)
	}
}

func TestFriendbot(t *testing.T) {
	t.Parallel()
	c := start(t)
	k := c.account()
	if got := c.balance(k); got != 10_000_0000000 {
		t.Fatalf("friendbot gave %d", got)
	}
	c.fund(k.Address(), http.StatusBadRequest)
	c.fund("nobody", http.StatusBadRequest)
	done := make(chan error)
	for range 20 {
		go func() {
			r, err := http.Post(c.net.URL()+"/friendbot?addr="+keypair.MustRandom().Address(), "", nil)
			if err == nil && r.StatusCode != http.StatusOK {
				err = http.ErrNotSupported
			}
			done <- err
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
