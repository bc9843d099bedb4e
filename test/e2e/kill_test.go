//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/network"
)

func s3Client(d network.Demo) *s3.Client {
	return s3.New(s3.Options{BaseEndpoint: aws.String(d.S3), Region: "us-east-1", UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(d.AccessKey, d.SecretKey, "")})
}

// load writes until stopped and remembers, by key, the hash of what was acknowledged, and of what may or may not be there.
type load struct {
	mu    sync.Mutex
	acked map[string][32]byte
	maybe map[string][][32]byte // of writes that were not answered
	n     int
}

func (x *load) write(ctx context.Context, c *s3.Client, round, worker int) {
	r := rand.New(rand.NewPCG(uint64(round), uint64(worker)))
	for ctx.Err() == nil {
		key := fmt.Sprintf("kill/%d/%d", worker, r.IntN(200))
		b := make([]byte, r.IntN(64<<10)+1)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		h := sha256.Sum256(b)
		x.mu.Lock()
		x.maybe[key] = append(x.maybe[key], h)
		x.mu.Unlock()
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("demo"), Key: aws.String(key), Body: bytes.NewReader(b)})
		if err != nil {
			return
		}
		x.mu.Lock()
		x.acked[key], x.maybe[key] = h, nil
		x.n++
		x.mu.Unlock()
	}
}

// check reads everything back: each key holds what was acknowledged last, or what a later, unanswered write brought.
func (x *load) check(t *testing.T, c *s3.Client) {
	t.Helper()
	for key, want := range x.acked {
		o, err := c.GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("demo"), Key: aws.String(key)})
		if err != nil {
			t.Fatalf("an acknowledged object is lost: %s: %v", key, err)
		}
		b, err := io.ReadAll(o.Body)
		o.Body.Close()
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		got := sha256.Sum256(b)
		ok := got == want
		for _, h := range x.maybe[key] {
			ok = ok || got == h
		}
		if !ok {
			t.Fatalf("%s holds bytes that were never written there", key)
		}
		x.acked[key], x.maybe[key] = got, nil
	}
}

func TestKillUnderLoad(t *testing.T) {
	l := up(t, quick...)
	ctx := context.Background()
	x := &load{acked: map[string][32]byte{}, maybe: map[string][][32]byte{}}
	_, ch := l.open()
	issued := func() money.Amount { // of the demo's stable asset, all holders together
		n, c := l.open()
		as, err := n.FindAsset("FUSD")
		if err != nil {
			t.Fatal(err)
		}
		var sum money.Amount
		for _, w := range []string{"consumer", "provider-1", "provider-2", "treasury-platform", "treasury-validators", "treasury-fund", "treasury-insurance", "relayer"} {
			b, err := c.Balance(ctx, as.Contract, l.wallet(w).Account())
			if err != nil {
				t.Fatal(err)
			}
			sum = sum.Add(b)
		}
		for _, k := range []money.Asset{n.Contracts.Consumer, n.Contracts.Provider} {
			b, err := c.Balance(ctx, as.Contract, k)
			if err != nil {
				t.Fatal(err)
			}
			sum = sum.Add(b)
		}
		return sum
	}
	total := issued()
	const kills = 10
	for round := range kills {
		before, _, err := ch.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		lctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() { x.write(lctx, s3Client(l.info.Demo), round, w) })
		}
		time.Sleep(time.Duration(500+rand.IntN(2500)) * time.Millisecond)
		l.kill()
		cancel()
		wg.Wait()
		l.start()
		after, _, err := ch.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if after < before {
			t.Fatalf("the chain went back from ledger %d to %d", before, after)
		}
		x.check(t, s3Client(l.info.Demo))
		if got := issued(); !got.Equal(total) {
			t.Fatalf("after kill %d there is %s FUSD, was %s", round+1, got, total)
		}
	}
	eventually(t, 3*window, "settlements go on", func() bool { return l.sla("demo").SettledEpochs > 0 })
	l.model("demo")
	t.Logf("%d kills of the whole network: %d acknowledged writes, %d objects, all there and byte-equal; %s FUSD before and after; ledgers went on", kills, x.n, len(x.acked), total)
}
