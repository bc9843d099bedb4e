package devnet_test

import (
	"strings"
	"testing"

	"github.com/stellar/go-stellar-sdk/keypair"
	"github.com/stellar/go-stellar-sdk/network"
	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"
)

func pay(to *keypair.Full, amount string) *txnbuild.Payment {
	return &txnbuild.Payment{Destination: to.Address(), Amount: amount, Asset: txnbuild.NativeAsset{}}
}

// refused sends what must not be accepted, and checks that nothing of it happened.
func (c *client) refused(tx interface{ Base64() (string, error) }, want string) {
	c.Helper()
	r := c.send(tx)
	if r.Status != "ERROR" {
		c.Fatalf("sendTransaction: %s, want ERROR %s", r.Status, want)
	}
	if got := resultText(r.ErrorResultXDR); !strings.HasPrefix(got, "TransactionResultCode"+want) {
		c.Fatalf("refused with %s, want %s", got, want)
	}
}

func TestWhatIsRefusedBeforeALedger(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.account(), c.account()
	seqOf := func() int64 {
		a, err := c.rpc.LoadAccount(t.Context(), alice.Address())
		c.ok(err)
		return must(a.GetSequenceNumber())
	}
	at := func(seq int64) *txnbuild.SimpleAccount {
		return &txnbuild.SimpleAccount{AccountID: alice.Address(), Sequence: seq}
	}
	now := c.net.Stats().CloseTime
	before, seq := c.balance(alice), seqOf()
	build := func(p txnbuild.TransactionParams, signers ...*keypair.Full) *txnbuild.Transaction {
		if p.SourceAccount == nil {
			p.SourceAccount = at(seq)
		}
		if p.Preconditions.TimeBounds == (txnbuild.TimeBounds{}) {
			p.Preconditions.TimeBounds = txnbuild.NewInfiniteTimeout()
		}
		if p.BaseFee == 0 {
			p.BaseFee = 100
		}
		p.IncrementSequenceNum = true
		if p.Operations == nil {
			p.Operations = []txnbuild.Operation{pay(bob, "1")}
		}
		tx, err := txnbuild.NewTransaction(p)
		c.ok(err)
		if signers != nil {
			tx, err = tx.Sign(c.net.Passphrase(), signers...)
			c.ok(err)
		}
		return tx
	}
	bounds := func(from, to int64) txnbuild.Preconditions {
		return txnbuild.Preconditions{TimeBounds: txnbuild.NewTimebounds(from, to)}
	}
	gap := uint32(5)
	inLedgers := func(from, to uint32) txnbuild.Preconditions {
		return txnbuild.Preconditions{TimeBounds: txnbuild.NewInfiniteTimeout(), LedgerBounds: &txnbuild.LedgerBounds{MinLedger: from, MaxLedger: to}}
	}
	stranger, poor := keypair.MustRandom(), keypair.MustRandom()
	c.good(bob, &txnbuild.CreateAccount{Destination: poor.Address(), Amount: "1"}) // the bare reserve
	poorAccount, err := c.rpc.LoadAccount(t.Context(), poor.Address())
	c.ok(err)
	foreign, err := build(txnbuild.TransactionParams{}).Sign("Another Network ; 2026", alice)
	c.ok(err)
	for _, tt := range []struct {
		name, want string
		tx         *txnbuild.Transaction
	}{
		{"no signature", "TxBadAuth", build(txnbuild.TransactionParams{})},
		{"another's signature", "TxBadAuth", build(txnbuild.TransactionParams{}, bob)},
		{"for another network", "TxBadAuth", foreign},
		{"one signature too many", "TxBadAuthExtra", build(txnbuild.TransactionParams{}, alice, bob)},
		{"sequence used", "TxBadSeq", build(txnbuild.TransactionParams{SourceAccount: at(seq - 1)}, alice)},
		{"sequence skipped", "TxBadSeq", build(txnbuild.TransactionParams{SourceAccount: at(seq + 1)}, alice)},
		{"too late", "TxTooLate", build(txnbuild.TransactionParams{Preconditions: bounds(0, now-1)}, alice)},
		{"too early", "TxTooEarly", build(txnbuild.TransactionParams{Preconditions: bounds(now+60, 0)}, alice)},
		{"ledger too late", "TxTooLate", build(txnbuild.TransactionParams{Preconditions: inLedgers(0, 2)}, alice)},
		{"ledger too early", "TxTooEarly", build(txnbuild.TransactionParams{Preconditions: inLedgers(1_000_000, 0)}, alice)},
		{"sequence too young", "TxBadMinSeqAgeOrGap", build(txnbuild.TransactionParams{Preconditions: txnbuild.Preconditions{
			TimeBounds: txnbuild.NewInfiniteTimeout(), MinSequenceNumberLedgerGap: c.net.Stats().Ledger + gap}}, alice)},
		{"no account", "TxNoAccount", build(txnbuild.TransactionParams{SourceAccount: &txnbuild.SimpleAccount{AccountID: stranger.Address(), Sequence: 1}}, stranger)},
		{"operation of another", "TxFailed OpBad", build(txnbuild.TransactionParams{Operations: []txnbuild.Operation{
			&txnbuild.Payment{Destination: alice.Address(), Amount: "1", Asset: txnbuild.NativeAsset{}, SourceAccount: bob.Address()}}}, alice)},
		{"operation we do not have", "TxFailed", build(txnbuild.TransactionParams{Operations: []txnbuild.Operation{
			&txnbuild.ManageData{Name: "x", Value: []byte("y")}}}, alice)},
		{"more than the balance pays for", "TxInsufficientBalance", build(txnbuild.TransactionParams{SourceAccount: poorAccount}, poor)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &client{TB: t, net: c.net, rpc: c.rpc}
			want := strings.ReplaceAll(tt.want, " OpBad", " OperationResultCodeOpBadAuth")
			s.refused(tt.tx, want)
		})
	}
	if got := c.balance(alice); got != before || seqOf() != seq {
		t.Fatalf("alice changed: balance %d to %d, sequence %d to %d", before, got, seq, seqOf())
	}
}

func TestFeeBelowTheMinimumIsRefused(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.account()
	tx := c.build(alice, 100, pay(alice, "1"), pay(alice, "1"))
	env := tx.ToXDR()
	env.V1.Tx.Fee = 199 // two operations need 200
	hash := must(network.HashTransactionInEnvelope(env, c.net.Passphrase()))
	env.V1.Signatures = []xdr.DecoratedSignature{must(alice.SignDecorated(hash[:]))}
	c.refused(envelope(env), "TxInsufficientFee")
}

// envelope is a transaction that txnbuild would not make.
type envelope xdr.TransactionEnvelope

func (e envelope) Base64() (string, error) { return xdr.MarshalBase64(xdr.TransactionEnvelope(e)) }
