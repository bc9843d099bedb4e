package bridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/flashback-network/flashback/internal/bridge/access/accesstest"
	"github.com/flashback-network/flashback/internal/bridge/admin"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/statement"
)

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
		if d, err := a.Signed(&s.Usage, chunk, signer("node").Account().Address); err != nil || !d.Right(&s.Usage) {
			t.Fatalf("chunk %d: the node does not vouch for it: %v", chunk, err)
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
	if _, gone, err := a.Verify(&s.Usage, 7); status != http.StatusOK || err != nil || !gone || a.Signature != nil {
		t.Fatalf("after the deletion: %d, %v, gone %v", status, err, gone)
	}
}

func TestValidatorsMeasureInTheirOwnSpace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var operators []ids.Account
	for i := range 16 { // so that each one's share is the least
		operators = append(operators, signer(fmt.Sprint("operator ", i)).Account())
	}
	w.chain.SetOperators(operators...)
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
	if err := put(a, "probe", "large", make([]byte, probeLeast-(1<<20))); err != nil {
		t.Errorf("within its share: %v", err)
	}
	if err := put(a, "probe", "too much", make([]byte, 1<<20)); code(err) != "QuotaExceeded" {
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
