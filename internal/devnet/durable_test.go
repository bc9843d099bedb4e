package devnet_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stellar/go-stellar-sdk/clients/rpcclient"
	"github.com/stellar/go-stellar-sdk/keypair"
	proto "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/txnbuild"

	"github.com/flashback-network/flashback/internal/devnet"
	"github.com/flashback-network/flashback/internal/devnet/devnettest"
	"github.com/flashback-network/flashback/internal/fault"
)

const childDir = "DEVNET_TEST_CHILD_DIR"

// TestMain makes the test binary a network of its own when it is started as one, to be killed.
func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	n, err := devnet.Open(context.Background(), devnet.Options{Dir: dir, Close: 2 * time.Millisecond})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(n.URL())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent is gone
	if err := n.Close(); err != nil {
		os.Exit(1)
	}
}

func command(dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// child starts a process with the network in dir, to be killed.
func child(t *testing.T, dir string) (url string, kill func()) {
	t.Helper()
	cmd := command(dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	kill = func() {
		once.Do(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it was killed: that is no news
			_ = in.Close()
		})
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the child said nothing: %v", err)
	}
	return strings.TrimSpace(line), kill
}

// openAndClose is the processor time of a process that opens the network in dir and closes it at once.
func openAndClose(t *testing.T, dir string) time.Duration {
	t.Helper()
	cmd := command(dir) // its input is empty, so it ends by itself
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// TestKilledWhileWriting kills the process while transactions are sent, several times. What a client has seen as
// SUCCESS is there afterwards, and the money adds up.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	alice, bob := keypair.MustRandom(), keypair.MustRandom()
	var seen []string
	const rounds = 4
	for round := range rounds {
		url, kill := child(t, dir)
		rpc := rpcclient.NewClient(url, nil)
		c := &client{TB: t, rpc: rpc}
		if round == 0 {
			for _, k := range []*keypair.Full{alice, bob} {
				r, err := http.Get(url + "/friendbot?addr=" + k.Address())
				c.ok(err)
				r.Body.Close()
			}
		}
		// Everything acknowledged before is there. Each kill may have left one more, made but not seen.
		for _, h := range seen {
			r, err := rpc.GetTransaction(t.Context(), proto.GetTransactionRequest{Hash: h})
			c.ok(err)
			if r.Status != "SUCCESS" {
				t.Fatalf("round %d: %s was acknowledged and is %s", round, h, r.Status)
			}
		}
		paid := c.balance(bob) - 10_000_0000000
		if paid < int64(len(seen)) || paid > int64(len(seen)+round) {
			t.Fatalf("round %d: bob got %d payments, %d were acknowledged", round, paid, len(seen))
		}
		if took := 10_000_0000000 - c.balance(alice); took != paid*101 {
			t.Fatalf("round %d: alice paid %d for %d payments", round, took, paid)
		}
		if round == rounds-1 {
			kill()
			rpc.Close()
			break
		}
		go func(after time.Duration) {
			time.Sleep(after) // not to synchronise: to hit any moment
			kill()
		}(time.Duration(50+random.IntN(400)) * time.Millisecond)
		seen = append(seen, c.writeUntilDead(alice, bob)...)
		rpc.Close()
	}
	if len(seen) == 0 {
		t.Fatal("nothing was written")
	}
	t.Logf("%d acknowledged transactions survived %d kills", len(seen), rounds-1)
}

// writeUntilDead pays one stroop after the other and returns what was acknowledged.
func (c *client) writeUntilDead(from, to *keypair.Full) (seen []string) {
	ctx := c.Context()
	for {
		a, err := c.rpc.LoadAccount(ctx, from.Address())
		if err != nil {
			return seen
		}
		tx, err := txnbuild.NewTransaction(txnbuild.TransactionParams{SourceAccount: a, IncrementSequenceNum: true, BaseFee: 100,
			Operations:    []txnbuild.Operation{pay(to, "0.0000001")},
			Preconditions: txnbuild.Preconditions{TimeBounds: txnbuild.NewInfiniteTimeout()}})
		c.ok(err)
		tx, err = tx.Sign(devnet.DefaultPassphrase, from)
		c.ok(err)
		s, err := c.rpc.SendTransaction(ctx, proto.SendTransactionRequest{Transaction: must(tx.Base64())})
		if err != nil {
			return seen
		}
		if s.Status != "PENDING" {
			c.Fatalf("%s %s", s.Status, resultText(s.ErrorResultXDR))
		}
		for {
			r, err := c.rpc.GetTransaction(ctx, proto.GetTransactionRequest{Hash: s.Hash})
			if err != nil {
				return seen
			}
			if r.Status == "SUCCESS" {
				seen = append(seen, s.Hash)
				break
			}
			if r.Status != "NOT_FOUND" {
				c.Fatalf("%s", r.Status)
			}
		}
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ledgers := 10_000
	if testing.Short() {
		ledgers = 1_000
	}
	first, err := devnet.Open(t.Context(), devnet.Options{Dir: dir, Manual: true, Close: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	c := attach(t, first)
	alice := c.account()
	id := c.deploy(alice, 7)
	c.invoke(alice, id.call("put_temp", sym("k"), u32(1)))
	begin := time.Now()
	for range ledgers {
		c.ok(first.Advance(5*time.Second, 1))
	}
	t.Logf("%d ledgers in %v", ledgers, time.Since(begin))
	if _, err := devnet.Open(t.Context(), devnet.Options{Dir: dir}); fault.CodeOf(err) != "chain_in_use" {
		t.Fatalf("a second network in one directory: %v", err)
	}
	before := first.Stats()
	c.ok(first.Close())
	if _, err := devnet.Open(t.Context(), devnet.Options{Dir: dir, Passphrase: "another"}); fault.CodeOf(err) != "chain_other_network" {
		t.Fatalf("another network's ledger: %v", err)
	}

	// Processor time of a whole process that opens and closes it: wall time would be about what else the machine does.
	begin = time.Now()
	cpu := openAndClose(t, dir)
	t.Logf("restart in %v of processor time, %v by the clock", cpu, time.Since(begin))
	if cpu > time.Second && !raced {
		t.Errorf("restart after %d ledgers took %v", ledgers, cpu)
	}
	second := devnettest.Start(t, func(o *devnet.Options) { o.Dir = dir })
	if after := second.Stats(); after != before {
		t.Fatalf("before %+v, after %+v", before, after)
	}
	c = attach(t, second)
	if v := c.invoke(alice, id.call("bump", u32(1))); *v.U32 != 8 {
		t.Fatalf("the counter is %d", *v.U32)
	}
	c.ok(second.Advance(24*time.Hour, 17_280))
	c.ok(second.Advance(0, 1))
	if after := second.Stats(); after.Entries >= before.Entries+1 {
		t.Errorf("an entry that expired after the restart was not evicted: %d entries, %d before", after.Entries, before.Entries)
	}
}
