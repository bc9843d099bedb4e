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
	"github.com/flashback-network/flashback/internal/bridge/admin"
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

func TestNodeServesUnderAnSLAAndAcrossARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sla(1<<20, 1<<20)
	w.start()
	c := w.client(accesstest.Key("consumer"), id.String(), "")
	if err := makeBucket(c, "demo"); err != nil {
		t.Fatal(err)
	}
	body := random(300_000)
	if err := put(c, "demo", "a/b", body); err != nil {
		t.Fatal(err)
	}
	if err := put(c, "demo", "large", random(1<<20)); code(err) != "QuotaExceeded" {
		t.Fatalf("a write past the reserve: %v", err)
	}
	if got, err := get(c, "demo", "a/b"); err != nil || !bytes.Equal(got, body) {
		t.Fatalf("read back: %v", err)
	}
	before, err := admin.NewClient(w.dir).Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := before.SLAs; len(s) != 1 || s[0].BytesIn != 300_000 || s[0].BytesOut != 300_000 || s[0].Stored != 300_000 || s[0].Objects != 1 {
		t.Fatalf("metered: %+v", s)
	}

	w.stop()
	w.chain.Silence(true) // also without the chain
	w.start()
	c = awss3.New(c.Options(), func(o *awss3.Options) { o.BaseEndpoint = aws.String(w.addresses.S3) })
	if got, err := get(c, "demo", "a/b"); err != nil || !bytes.Equal(got, body) {
		t.Fatalf("read back after the restart: %v", err)
	}
	after, err := admin.NewClient(w.dir).Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := after.SLAs; len(s) != 1 || s[0].BytesIn != 300_000 || s[0].BytesOut != 600_000 || s[0].Stored != 300_000 {
		t.Fatalf("metered after the restart: %+v", s)
	}
	for range 2 {
		_, err = get(c, "demo", "a/b")
	}
	if code(err) != "QuotaExceeded" {
		t.Fatalf("egress past the terms: %v", err)
	}
}

// signer is a wallet of a test.
func signer(word string) chain.Signer { return accesstest.Key(word) }

func TestStatementsAndChallengesOverTheFrontDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sla(10<<20, 10<<20)
	w.start()
	c := w.client(signer("consumer"), id.String(), "")
	if err := makeBucket(c, "demo"); err != nil {
		t.Fatal(err)
	}
	body := random(3<<20 + 17)
	if err := put(c, "demo", "object", body); err != nil {
		t.Fatal(err)
	}
	if err := put(c, "demo", "empty", nil); err != nil {
		t.Fatal(err)
	}
	usage := func(epoch string) (*statement.Signed, int) {
		t.Helper()
		res, err := http.Get(w.addresses.S3 + statement.PathUsage + "?sla=" + id.String() + epoch)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var a statement.UsageAnswer
		if res.StatusCode != http.StatusOK {
			return nil, res.StatusCode
		}
		if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
			t.Fatal(err)
		}
		s, err := a.Signed()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(signer("node").Account().Address); err != nil {
			t.Fatal(err)
		}
		return s, res.StatusCode
	}
	if _, status := usage(""); status != http.StatusNotFound {
		t.Fatalf("a statement before an epoch ended: %d", status)
	}
	// The object joins the set within one epoch of its write: of the two next statements the second has it at the latest.
	var s *statement.Signed
	for epoch := uint64(0); epoch < 2; epoch++ {
		w.clock.add(time.Hour)
		w.until("a statement", func() bool {
			s, _ = usage("")
			return s != nil && s.Epoch == epoch
		})
		if s.Leaves > 0 {
			break
		}
		time.Sleep(2 * time.Second) // the epoch goes on, in real time
	}
	if s.SLA != id || s.Node != w.node || s.Objects != 2 || s.Stored != uint64(len(body)) || s.BytesIn != uint64(len(body)) || s.BytesOut != 0 || s.Leaves != 49 {
		t.Fatalf("stated: %+v", s.Usage)
	}
	if _, status := usage("&epoch=99"); status != http.StatusNotFound {
		t.Errorf("an epoch to come: %d", status)
	}
	if _, status := usage("&epoch=x"); status != http.StatusBadRequest {
		t.Errorf("no epoch: %d", status)
	}

	ask := func(chunk uint64, by chain.Signer, at time.Time) (*statement.Answer, int) {
		t.Helper()
		q := statement.Challenge{SLA: id, Epoch: s.Epoch, Chunk: chunk}
		var in any = q
		if by != nil {
			signed, err := q.Sign(by.Account(), at, by.SignMessage)
			if err != nil {
				t.Fatal(err)
			}
			in = signed
		}
		a := new(statement.Answer)
		return a, w.post(statement.PathPossession, in, a)
	}
	for chunk := range s.Leaves {
		a, status := ask(chunk, signer("operator 1"), w.clock.now())
		if status != http.StatusOK {
			t.Fatalf("chunk %d: %d", chunk, status)
		}
		if _, gone, err := a.Verify(&s.Usage, chunk); err != nil || gone {
			t.Fatalf("chunk %d: %v, gone %v", chunk, err, gone)
		}
		if want := body[chunk*statement.ChunkSize : min(int(chunk+1)*statement.ChunkSize, len(body))]; !bytes.Equal(a.Chunk, want) {
			t.Fatalf("chunk %d has other bytes", chunk)
		}
	}
	for what, status := range map[string]func() (*statement.Answer, int){
		"unsigned": func() (*statement.Answer, int) { return ask(0, nil, time.Time{}) },
		"stranger": func() (*statement.Answer, int) { return ask(0, signer("stranger"), w.clock.now()) },
		"consumer": func() (*statement.Answer, int) { return ask(0, signer("consumer"), w.clock.now()) },
		"late":     func() (*statement.Answer, int) { return ask(0, signer("operator 1"), w.clock.now().Add(-time.Hour)) },
	} {
		if _, s := status(); s != http.StatusUnauthorized && s != http.StatusForbidden {
			t.Errorf("%s: a challenge was answered with %d", what, s)
		}
	}
	if _, err := c.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String("demo"), Key: aws.String("object")}); err != nil {
		t.Fatal(err)
	}
	a, status := ask(7, signer("operator 0"), w.clock.now())
	if _, gone, err := a.Verify(&s.Usage, 7); status != http.StatusOK || err != nil || !gone {
		t.Fatalf("after the deletion: %d, %v, gone %v", status, err, gone)
	}
}

func TestValidatorsMeasureInTheirOwnSpace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	a, b := w.client(signer("operator 0"), "", ""), w.client(signer("operator 1"), "", "")
	for _, c := range []*awss3.Client{a, b} {
		if err := makeBucket(c, "probe"); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(a, "probe", "x", random(1000)); err != nil {
		t.Fatal(err)
	}
	if _, err := get(b, "probe", "x"); code(err) != "NoSuchKey" {
		t.Errorf("another validator's object: %v", err)
	}
	if _, status := w.keys(signer("stranger"), "", ""); status != http.StatusForbidden {
		t.Errorf("a stranger's key for the probe space: %d", status)
	}
	if err := put(a, "probe", "large", make([]byte, 33<<20)); code(err) != "QuotaExceeded" {
		t.Errorf("more than its share: %v", err)
	}
	w.clock.add(2 * time.Hour)
	w.until("old probes are removed", func() bool {
		_, err := get(a, "probe", "x")
		return code(err) == "NoSuchKey"
	})
	w.chain.SetOperators(signer("operator 1").Account())
	w.until("a former operator is refused", func() bool { return code(makeBucket(a, "again")) == "AccessDenied" })
	if err := makeBucket(b, "again"); err != nil {
		t.Errorf("the operator that is left: %v", err)
	}
}

func TestGrantsAreEnforcedAtTheFront(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sla(1<<20, 1<<20)
	w.start()
	owner := w.client(signer("consumer"), id.String(), "")
	if err := makeBucket(owner, "demo"); err != nil {
		t.Fatal(err)
	}
	if err := put(owner, "demo", "private", random(10)); err != nil {
		t.Fatal(err)
	}
	grant := w.chain.AddGrant(id, signer("grantee").Account(), "demo/shared/", orchestrator.OpRead|orchestrator.OpWrite|orchestrator.OpList, w.clock.now().Add(time.Hour))
	c := w.client(signer("grantee"), id.String(), grant.String())
	if err := put(c, "demo", "shared/a", random(10)); err != nil {
		t.Fatal(err)
	}
	if _, err := get(c, "demo", "private"); code(err) != "AccessDenied" {
		t.Errorf("outside of the prefix: %v", err)
	}
	if _, err := c.CopyObject(t.Context(), &awss3.CopyObjectInput{Bucket: aws.String("demo"), Key: aws.String("shared/b"), CopySource: aws.String("demo/private")}); code(err) != "AccessDenied" {
		t.Errorf("a copy from outside of the prefix: %v", err)
	}
	if _, err := c.ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: aws.String("demo")}); code(err) != "AccessDenied" {
		t.Errorf("a listing of everything: %v", err)
	}
	if _, err := c.ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: aws.String("demo"), Prefix: aws.String("shared/")}); err != nil {
		t.Errorf("a listing within the prefix: %v", err)
	}
	if _, err := c.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String("demo"), Key: aws.String("shared/a")}); code(err) != "AccessDenied" {
		t.Errorf("an operation that is not granted: %v", err)
	}
	if _, status := w.keys(signer("stranger"), id.String(), grant.String()); status != http.StatusForbidden {
		t.Errorf("a stranger with the grant: %d", status)
	}
	w.chain.Revoke(grant)
	w.until("the grant is revoked", func() bool { return code(put(c, "demo", "shared/c", nil)) == "AccessDenied" })

	w.chain.SetState(id, orchestrator.Terminated)
	w.until("the agreement is over", func() bool { return code(put(owner, "demo", "late", nil)) == "AccessDenied" })
	if _, err := get(owner, "demo", "private"); err != nil {
		t.Errorf("reading within the retention: %v", err)
	}
	w.clock.add(25 * time.Hour)
	w.until("the data is removed", func() bool {
		s, err := admin.NewClient(w.dir).Status(t.Context())
		return err == nil && len(s.SLAs) == 0
	})
	if _, err := get(owner, "demo", "private"); code(err) != "AccessDenied" {
		t.Errorf("reading after the retention: %v", err)
	}
}

func TestHealthAndMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	fetch := func(path string) (int, string) {
		t.Helper()
		res, err := http.Get(w.addresses.Admin + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(b)
	}
	w.until("ready", func() bool { s, _ := fetch("/readyz"); return s == http.StatusOK })
	if s, _ := fetch("/livez"); s != http.StatusOK {
		t.Errorf("livez: %d", s)
	}
	if s, b := fetch("/metrics"); s != http.StatusOK || !bytes.Contains([]byte(b), []byte("flashback_node_requests_total")) {
		t.Errorf("metrics: %d %.200s", s, b)
	}
	w.chain.Silence(true)
	w.clock.add(11 * time.Minute)
	if s, b := fetch("/readyz"); s != http.StatusServiceUnavailable {
		t.Errorf("readyz after a long outage: %d %s", s, b)
	}
	w.chain.Silence(false)
	w.until("ready again", func() bool { s, _ := fetch("/readyz"); return s == http.StatusOK })
	secret, err := admin.NewClient(w.dir).Secret(t.Context())
	if err == nil || secret != "" {
		t.Error("a claimed node shows its secret")
	}
	w.stop()
	if _, err := admin.NewClient(w.dir).Status(t.Context()); err == nil {
		t.Error("a stopped node answers")
	}
}

func TestDrainLetsARequestEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sla(10<<20, 10<<20)
	w.start()
	c := w.client(signer("consumer"), id.String(), "")
	if err := makeBucket(c, "demo"); err != nil {
		t.Fatal(err)
	}
	body := random(8 << 20)
	if err := put(c, "demo", "object", body); err != nil {
		t.Fatal(err)
	}
	out, err := c.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String("demo"), Key: aws.String("object")})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	stopped := make(chan struct{})
	go func() { w.stop(); close(stopped) }()
	got, err := io.ReadAll(out.Body)
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("a read that ran when the node was stopped: %d bytes, %v", len(got), err)
	}
	<-stopped
	w.start()
	s, err := admin.NewClient(w.dir).Status(t.Context())
	if err != nil || len(s.SLAs) != 1 || s.SLAs[0].BytesOut != uint64(len(body)) {
		t.Errorf("metered across the stop: %+v, %v", s.SLAs, err)
	}
}
