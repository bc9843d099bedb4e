package ledger

import (
	"context"
	"testing"
	"time"

	"github.com/stellar/go-stellar-sdk/txnbuild"

	"github.com/flashback-network/flashback/internal/devnet/host"
)

// TestADiskThatFails: a ledger that cannot be stored is not shown, and none is closed after it.
func TestADiskThatFails(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rt, err := host.Open(ctx, host.DefaultCacheDir())
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	const passphrase = "a network on a bad disk"
	l, err := Open(ctx, rt, Options{Dir: t.TempDir(), Passphrase: passphrase, Genesis: time.Unix(1000, 0), Now: func() time.Time { return time.Unix(1000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	root := Root(passphrase)
	send := func() Submitted {
		t.Helper()
		seq, err := l.LastSequence(root.Address())
		if err != nil {
			t.Fatal(err)
		}
		tx, err := txnbuild.NewTransaction(txnbuild.TransactionParams{SourceAccount: &txnbuild.SimpleAccount{AccountID: root.Address(), Sequence: seq},
			IncrementSequenceNum: true, BaseFee: BaseFee, Preconditions: txnbuild.Preconditions{TimeBounds: txnbuild.NewInfiniteTimeout()},
			Operations: []txnbuild.Operation{&txnbuild.Payment{Destination: root.Address(), Amount: "1", Asset: txnbuild.NativeAsset{}}}})
		if err != nil {
			t.Fatal(err)
		}
		if tx, err = tx.Sign(passphrase, root); err != nil {
			t.Fatal(err)
		}
		raw, err := tx.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Submit(ctx, raw)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good := send()
	if err := l.Close(ctx, 1001, 1); err != nil {
		t.Fatal(err)
	}
	if r, err := l.Transaction(ctx, good.Hash); err != nil || r == nil || !r.OK {
		t.Fatalf("%+v %v", r, err)
	}

	before := l.Head()
	lost := send()
	if err := l.db.write.Close(); err != nil { // the disk is gone
		t.Fatal(err)
	}
	if err := l.Close(ctx, 1002, 1); err == nil || l.Failure() == nil {
		t.Fatalf("the ledger was closed: %v", err)
	}
	if l.Head() != before {
		t.Errorf("a ledger that is not stored is shown: %d", l.Head().Seq)
	}
	if r, err := l.Transaction(ctx, lost.Hash); err != nil || r != nil {
		t.Errorf("its transaction is shown: %+v %v", r, err)
	}
	if s := send(); s.Status != TryAgainLater {
		t.Errorf("a transaction is taken: %s", s.Status)
	}
	if err := l.Close(ctx, 1003, 1); err == nil {
		t.Error("another ledger was closed")
	}
	// The write connection is closed already: what Shut says about it is of no interest.
	_ = l.Shut(ctx)
}
