package devnet_test

import (
	"testing"
	"time"

	"github.com/stellar/go-stellar-sdk/keypair"
	"github.com/stellar/go-stellar-sdk/txnbuild"

	"github.com/flashback-network/flashback/internal/devnet"
)

// byHand starts a network that closes ledgers by Advance only, and its root account.
func byHand(t *testing.T) (*client, *keypair.Full) {
	c := start(t, func(o *devnet.Options) { o.Close = time.Hour })
	return c, keypair.Root(c.net.Passphrase())
}

// closing closes a ledger whenever a transaction waits, until the returned function is called.
func (c *client) closing() (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			default:
			}
			if c.net.Stats().Waiting == 0 {
				time.Sleep(time.Millisecond) // between two looks
			} else if err := c.net.Advance(0, 1); err != nil {
				c.Error(err)
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}

func TestTheSameTransactionTwiceIsADuplicate(t *testing.T) {
	t.Parallel()
	c, root := byHand(t)
	tx := c.build(root, 100, pay(root, "1"))
	if r := c.send(tx); r.Status != "PENDING" {
		t.Fatalf("first: %s", r.Status)
	}
	r := c.send(tx)
	if r.Status != "DUPLICATE" || r.Hash != must(tx.HashHex(c.net.Passphrase())) {
		t.Fatalf("second: %+v", r)
	}
	c.ok(c.net.Advance(0, 1))
	if got := c.poll(r.Hash); got.Status != "SUCCESS" {
		t.Fatal(got.Status)
	}
	c.refused(tx, "TxBadSeq")
}

func TestTheQueueHasBounds(t *testing.T) {
	t.Parallel()
	c, root := byHand(t)
	a, err := c.rpc.LoadAccount(t.Context(), root.Address())
	c.ok(err)
	for i := range 129 {
		want := "PENDING"
		if i == 128 {
			want = "TRY_AGAIN_LATER"
		}
		if r := c.send(c.buildFor(a, root, 100, txnbuild.NewInfiniteTimeout(), pay(root, "1"))); r.Status != want {
			t.Fatalf("transaction %d: %s", i, r.Status)
		}
	}
	c.ok(c.net.Advance(0, 1))
	if s := c.net.Stats(); s.Waiting != 0 || s.Transactions != 128 {
		t.Fatalf("%+v", s)
	}
}

func TestWaitingTransactionsThatBecomeTooLateAreDropped(t *testing.T) {
	t.Parallel()
	c, root := byHand(t)
	a, err := c.rpc.LoadAccount(t.Context(), root.Address())
	c.ok(err)
	before := c.balance(root)
	limit := txnbuild.NewTimebounds(0, c.net.Stats().CloseTime+10)
	r := c.send(c.buildFor(a, root, 100, limit, pay(root, "1")))
	c.ok(c.net.Advance(11*time.Second, 1))
	if s := c.net.Stats(); r.Status != "PENDING" || s.Waiting != 0 || s.Transactions != 0 || c.balance(root) != before {
		t.Fatalf("%s %+v", r.Status, s)
	}
}

// TestWhatDoesNotFitWaits: a ledger takes 500 written entries, so three of four transactions with 150 each and some.
func TestWhatDoesNotFitWaits(t *testing.T) {
	t.Parallel()
	c, root := byHand(t)
	stop := c.closing()
	id := c.deploy(root, 0)
	c.invoke(root, id.call("fill", u32(150)))
	var users []*keypair.Full
	var create []txnbuild.Operation
	for range 4 {
		k := keypair.MustRandom()
		users = append(users, k)
		create = append(create, &txnbuild.CreateAccount{Destination: k.Address(), Amount: "1000"})
	}
	c.good(root, create...)
	stop()

	var hashes []string
	for _, k := range users {
		tx, err := c.prepare(k, id.call("fill", u32(150)))
		c.ok(err)
		hashes = append(hashes, c.send(tx).Hash)
	}
	// The last user's next transaction would fit, but has to stay behind its first.
	a, err := c.rpc.LoadAccount(t.Context(), users[3].Address())
	c.ok(err)
	must(a.IncrementSequenceNumber())
	hashes = append(hashes, c.send(c.buildFor(a, users[3], 100, txnbuild.NewInfiniteTimeout(), pay(root, "1"))).Hash)

	c.ok(c.net.Advance(0, 1))
	if s := c.net.Stats(); s.Waiting != 2 {
		t.Fatalf("%d wait after the first ledger, want 2", s.Waiting)
	}
	c.ok(c.net.Advance(0, 1))
	first := c.poll(hashes[0])
	for i, h := range hashes {
		want := first.Ledger
		if i >= 3 {
			want++
		}
		if r := c.poll(h); r.Status != "SUCCESS" || r.Ledger != want {
			t.Errorf("transaction %d: %s in %d, want %d; %s", i, r.Status, r.Ledger, want, resultText(r.ResultXDR))
		}
	}
}
