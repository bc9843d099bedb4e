package bridge

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/flashback-network/flashback/internal/bridge/access/accesstest"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/statement"
)

// clock goes by hand or, when it was never set, with real time.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) add(d time.Duration) { c.ahead.Add(int64(d)) }

// world is a node with a chain around it.
type world struct {
	t     *testing.T
	clock clock
	chain *accesstest.Chain
	dir   string
	node  ids.ID
	unit  ids.ID

	addresses Addresses
	stop      func()
}

// until waits for what the node does in its own time.
func (w *world) until(what string, done func() bool) {
	w.t.Helper()
	for begun := time.Now(); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			w.t.Fatalf("not within a minute: %s", what)
		}
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.chain = accesstest.New(w.clock.now, 3600, accesstest.Key("operator 0").Account(), accesstest.Key("operator 1").Account())
	w.node = w.chain.Bind(accesstest.Key("provider").Account(), accesstest.Key("node").Account(), "http://node")
	w.unit = w.chain.AddUnit(w.node, 1<<40)
	return w
}

func (w *world) sla(volume, egress uint64) ids.ID {
	return w.chain.AddSLA(accesstest.Deal{Consumer: accesstest.Key("consumer").Account(), Unit: w.unit, Volume: volume, Egress: egress, Epochs: 100, State: orchestrator.Active})
}

// start runs the node until the test ends or stop is called.
func (w *world) start() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan Addresses, 1), make(chan error, 1)
	go func() {
		ended <- Run(ctx, Options{Dir: w.dir, Key: accesstest.Key("node"), Chain: w.chain, Admin: "127.0.0.1:0", Endpoint: "http://node", Version: "test",
			Poll: 20 * time.Millisecond, Now: w.clock.now, Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)), Ready: func(a Addresses) { ready <- a }})
	}()
	select {
	case w.addresses = <-ready:
	case err := <-ended:
		w.t.Fatalf("the node ended: %v", err)
	}
	stopped := false
	w.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("the node ended: %v", err)
		}
	}
	w.t.Cleanup(w.stop)
}

// post sends JSON to one of the node's own endpoints.
func (w *world) post(path string, in, out any) int {
	w.t.Helper()
	b, err := json.Marshal(in)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := http.Post(w.addresses.S3+path, "application/json", bytes.NewReader(b))
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		if err := json.NewDecoder(res.Body).Decode(out); err != nil {
			w.t.Fatal(err)
		}
	}
	return res.StatusCode
}

// keys gets S3 keys as a wallet does.
func (w *world) keys(by chain.Signer, sla, grant string) (statement.Keys, int) {
	w.t.Helper()
	var c statement.KeyChallenged
	if s := w.post(statement.PathChallenge, statement.KeyChallenge{Account: by.Account(), SLA: sla}, &c); s != http.StatusOK {
		return statement.Keys{}, s
	}
	sig, err := by.SignMessage([]byte(c.Challenge))
	if err != nil {
		w.t.Fatal(err)
	}
	var k statement.Keys
	s := w.post(statement.PathKeys, statement.KeyRequest{Challenge: c.Challenge, Signature: sig, Grant: grant}, &k)
	return k, s
}

// client is Amazon's own, with keys of a wallet.
func (w *world) client(by chain.Signer, sla, grant string) *awss3.Client {
	w.t.Helper()
	k, status := w.keys(by, sla, grant)
	if status != http.StatusOK {
		w.t.Fatalf("keys: status %d", status)
	}
	return awss3.New(awss3.Options{Region: "us-east-1", BaseEndpoint: aws.String(w.addresses.S3), UsePathStyle: true, RetryMaxAttempts: 1, HTTPSignerV4: signs{v4.NewSigner(), &w.clock},
		Credentials: credentials.NewStaticCredentialsProvider(k.AccessKey, k.SecretKey, "")})
}

// signs signs at the world's time.
type signs struct {
	*v4.Signer
	clock *clock
}

func (s signs) SignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, _ time.Time, o ...func(*v4.SignerOptions)) error {
	return s.Signer.SignHTTP(ctx, c, r, hash, service, region, s.clock.now(), append(o, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })...)
}

func put(c *awss3.Client, bucket, key string, body []byte) error {
	_, err := c.PutObject(context.Background(), &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(body)})
	return err
}

func get(c *awss3.Client, bucket, key string) ([]byte, error) {
	out, err := c.GetObject(context.Background(), &awss3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

func makeBucket(c *awss3.Client, bucket string) error {
	_, err := c.CreateBucket(context.Background(), &awss3.CreateBucketInput{Bucket: &bucket})
	return err
}

// code is the S3 error code of err, "" for none.
func code(err error) string {
	var e interface{ ErrorCode() string }
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// signer is a wallet of a test.
func signer(word string) chain.Signer { return accesstest.Key(word) }
