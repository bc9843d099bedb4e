package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

type noKeys struct{}

func (noKeys) Find(context.Context, string) (*Identity, error) {
	return nil, fault.New(fault.NotFound, "no_such_key", "no such key")
}

// oneKey knows one identity, which tests may change.
type oneKey struct {
	mu sync.Mutex
	id Identity
}

func (k *oneKey) Find(_ context.Context, accessKey string) (*Identity, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if accessKey != k.id.AccessKey {
		return nil, fault.New(fault.NotFound, "no_such_key", "no such key")
	}
	id := k.id
	return &id, nil
}

func (k *oneKey) change(f func(*Identity)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(&k.id)
}

// ledger is a Meter that remembers.
type ledger struct {
	mu                sync.Mutex
	requests, open    int
	sent, received    int64
	uncommitted       int
	rate, read, write error
	statuses          []int
}

func (l *ledger) AdmitRequest(object.Space, Action) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate != nil {
		return l.rate
	}
	l.requests++
	l.open++
	return nil
}

func (l *ledger) admit(refusal error, total *int64) (func(int64), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if refusal != nil {
		return nil, refusal
	}
	l.uncommitted++
	return func(n int64) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.uncommitted--
		*total += n
	}, nil
}

func (l *ledger) AdmitRead(_ object.Space, n int64) (func(int64), error) {
	return l.admit(l.read, &l.sent)
}
func (l *ledger) AdmitWrite(_ object.Space, n int64) (func(int64), error) {
	return l.admit(l.write, &l.received)
}

func (l *ledger) Done(_ object.Space, _ Action, status int, _ time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	l.statuses = append(l.statuses, status)
}

// bench is a front over an engine in a temporary folder, spoken to over loopback.
type bench struct {
	*httptest.Server
	t     testing.TB
	store *object.Engine
	keys  *oneKey
	meter *ledger
	now   time.Time
}

const testSecret = "a secret of forty characters or so......"

func newBench(t testing.TB, change ...func(*Options)) *bench {
	t.Helper()
	store, err := object.Open(t.Context(), t.TempDir(), object.Options{Sync: object.Relaxed})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, store: store, meter: &ledger{}, now: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
		keys: &oneKey{id: Identity{AccessKey: "KEY", Secret: testSecret, Space: "space", Owner: "owner"}}}
	o := Options{Store: store, Keys: b.keys, Meter: b.meter, Region: "us-east-1", Now: func() time.Time { return b.now }}
	for _, f := range change {
		f(&o)
	}
	b.Server = httptest.NewServer(New(o))
	t.Cleanup(func() {
		b.Server.Close()
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if b.meter.open != 0 || b.meter.uncommitted != 0 {
			t.Errorf("%d requests not done, %d admissions not committed", b.meter.open, b.meter.uncommitted)
		}
	})
	return b
}

// request makes a signed request.
func (b *bench) request(method, path, body string, headers ...string) *http.Request {
	b.t.Helper()
	r, err := http.NewRequest(method, b.URL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if v := r.Header.Get("X-Amz-Content-Sha256"); v != "" {
		hash = v
	}
	r.Header.Set("X-Amz-Content-Sha256", hash)
	if err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).SignHTTP(context.Background(),
		aws.Credentials{AccessKeyID: "KEY", SecretAccessKey: testSecret}, r, hash, "s3", "us-east-1", b.now); err != nil {
		b.t.Fatal(err)
	}
	return r
}

type answer struct {
	*http.Response
	body string
}

func (b *bench) send(r *http.Request) answer {
	b.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{resp, string(body)}
}

// do sends a signed request and wants a status and, of an error, a code.
func (b *bench) do(status int, code, method, path, body string, headers ...string) answer {
	b.t.Helper()
	return b.want(status, code, b.request(method, path, body, headers...))
}

func (b *bench) want(status int, code string, r *http.Request) answer {
	b.t.Helper()
	a := b.send(r)
	if a.StatusCode != status || code != "" && !strings.Contains(a.body, "<Code>"+code+"</Code>") {
		b.t.Errorf("%s %s: %d %s, want %d %s", r.Method, r.URL.RequestURI(), a.StatusCode, a.body, status, code)
	}
	if len(a.Header.Get("X-Amz-Request-Id")) != 16 {
		b.t.Errorf("%s %s: no request id", r.Method, r.URL.Path)
	}
	return a
}

func TestRefusedIdentities(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(200, "", "PUT", "/bucket", "")
	plain, _ := http.NewRequest("GET", b.URL+"/bucket", nil)
	b.want(403, "AccessDenied", plain)

	r := b.request("GET", "/bucket", "")
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "=KEY/", "=OTHER/", 1))
	b.want(403, "InvalidAccessKeyId", r)

	r = b.request("GET", "/bucket?prefix=a", "")
	r.URL.RawQuery = "prefix=b"
	b.want(403, "SignatureDoesNotMatch", r)

	r = b.request("GET", "/bucket", "")
	r.Header.Set("X-Amz-Meta-Late", "1")
	b.want(403, "AccessDenied", r)

	r = b.request("PUT", "/bucket/k", "body")
	r.Body = io.NopCloser(strings.NewReader("ydob"))
	b.want(400, "XAmzContentSHA256Mismatch", r)

	r = b.request("GET", "/bucket", "")
	b.now = b.now.Add(16 * time.Minute)
	b.want(403, "RequestTimeTooSkewed", r)

	b.do(400, "InvalidToken", "GET", "/bucket", "", "X-Amz-Security-Token", "t")
	b.keys.change(func(i *Identity) { i.SessionToken = "token" })
	b.do(400, "InvalidToken", "GET", "/bucket", "")
	b.do(200, "", "GET", "/bucket", "", "X-Amz-Security-Token", "token")
	b.keys.change(func(i *Identity) { i.Expires = b.now })
	b.do(400, "ExpiredToken", "GET", "/bucket", "", "X-Amz-Security-Token", "token")
	b.keys.change(func(i *Identity) { i.SessionToken = "" })
	b.do(403, "AccessDenied", "GET", "/bucket", "")
	b.keys.change(func(i *Identity) {
		i.Expires = time.Time{}
		i.Allow = func(a Action, bucket, key string) error {
			if a == Write || !strings.HasPrefix(key, "mine/") {
				return fault.New(fault.Forbidden, "grant_revoked", "the grant was revoked")
			}
			return nil
		}
	})
	if a := b.do(403, "AccessDenied", "PUT", "/bucket/mine/k", "x"); !strings.Contains(a.body, "the grant was revoked") {
		t.Errorf("no reason: %s", a.body)
	}
	b.do(200, "", "GET", "/bucket?prefix=mine/", "")
	b.do(403, "AccessDenied", "GET", "/bucket?prefix=other/", "")
	b.do(404, "NoSuchKey", "GET", "/bucket/mine/k", "")
	b.do(403, "AccessDenied", "PUT", "/bucket/mine/k", "", "X-Amz-Copy-Source", "/bucket/mine/x")
}

func TestPresigned(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(200, "", "PUT", "/bucket", "")
	b.do(200, "", "PUT", "/bucket/a%20b%2Bc", "body")
	presign := func(method, path string) *http.Request {
		r, _ := http.NewRequest(method, b.URL+path+"X-Amz-Expires=60", nil)
		u, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).PresignHTTP(context.Background(),
			aws.Credentials{AccessKeyID: "KEY", SecretAccessKey: testSecret}, r, unsignedPayload, "s3", "us-east-1", b.now)
		if err != nil {
			t.Fatal(err)
		}
		r, _ = http.NewRequest(method, u, nil)
		return r
	}
	get := presign("GET", "/bucket/a%20b%2Bc?response-content-type=text%2Fx&")
	if a := b.want(200, "", get); a.body != "body" || a.Header.Get("Content-Type") != "text/x" {
		t.Errorf("%q as %q", a.body, a.Header.Get("Content-Type"))
	}
	put := presign("PUT", "/bucket/new?")
	put.Body, put.ContentLength = io.NopCloser(strings.NewReader("later")), 5
	b.want(200, "", put)
	b.now = b.now.Add(time.Minute)
	b.want(403, "AccessDenied", presignAgain(get))
	get.Method = "DELETE"
	b.now = b.now.Add(-time.Minute)
	b.want(403, "SignatureDoesNotMatch", presignAgain(get))
}

// The example of Amazon's documentation of signature version 2.
func TestPresignedV2(t *testing.T) {
	t.Parallel()
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	for _, test := range []struct{ method, target, host, bucket string }{
		{"GET", "/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620", "johnsmith.s3.amazonaws.com", "johnsmith"},
	} {
		r := httptest.NewRequest(test.method, test.target, nil)
		r.Host = test.host
		q, err := parseQuery(r.URL.RawQuery)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parseSignature(r, q)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.verifyV2(r, q, secret, test.bucket); err != nil {
			t.Error(err)
		}
		if err := s.verifyV2(r, q, "other", test.bucket); err == nil {
			t.Error("verifies with another secret")
		}
		if s.timely(time.Unix(1175139619, 0)) != nil || s.timely(time.Unix(1175139620, 0)) == nil {
			t.Error("does not expire when it says")
		}
	}
}

func presignAgain(r *http.Request) *http.Request {
	n, _ := http.NewRequest(r.Method, r.URL.String(), nil)
	return n
}

func TestReadsAndConditions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(200, "", "PUT", "/bucket", "")
	const body = "0123456789"
	put := b.do(200, "", "PUT", "/bucket/k", body, "Content-Type", "text/plain", "X-Amz-Meta-Color", "blue", "Cache-Control", "no-cache", "Content-Encoding", "aws-chunked,br")
	tag := put.Header.Get("ETag")
	if tag != `"781e5e245d69b566979b86e28d23f2c7"` {
		t.Errorf("entity tag %s", tag)
	}
	get := b.do(200, "", "GET", "/bucket/k", "")
	for name, want := range map[string]string{"Content-Type": "text/plain", "X-Amz-Meta-Color": "blue", "Cache-Control": "no-cache",
		"Content-Encoding": "br", "Accept-Ranges": "bytes", "ETag": tag, "Content-Length": "10"} {
		if got := get.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, test := range []struct {
		spec, body, content string
		status              int
	}{
		{"bytes=0-3", "0123", "bytes 0-3/10", 206},
		{"bytes=7-", "789", "bytes 7-9/10", 206},
		{"bytes=-4", "6789", "bytes 6-9/10", 206},
		{"bytes=-40", body, "bytes 0-9/10", 206},
		{"bytes=9-99", "9", "bytes 9-9/10", 206},
		{"bytes=0-1,3-4", body, "", 200},
		{"bytes=3-1", body, "", 200},
		{"lines=1-2", body, "", 200},
		{"bytes=10-", "", "", 416},
		{"bytes=-0", "", "", 416},
	} {
		a := b.do(test.status, "", "GET", "/bucket/k", "", "Range", test.spec)
		if test.status != 416 && (a.body != test.body || a.Header.Get("Content-Range") != test.content) {
			t.Errorf("%s: %q %q", test.spec, a.body, a.Header.Get("Content-Range"))
		}
		h := b.do(test.status, "", "HEAD", "/bucket/k", "", "Range", test.spec)
		if test.status != 416 && h.ContentLength != int64(len(test.body)) {
			t.Errorf("HEAD %s: %d", test.spec, h.ContentLength)
		}
	}
	past, future := "Mon, 02 Jan 2006 15:04:05 GMT", "Fri, 02 Jan 2099 15:04:05 GMT"
	for _, test := range []struct {
		status  int
		headers []string
	}{
		{200, []string{"If-Match", tag}},
		{200, []string{"If-Match", `"x", ` + tag}},
		{412, []string{"If-Match", `"x"`}},
		{304, []string{"If-None-Match", tag}},
		{304, []string{"If-None-Match", "*"}},
		{200, []string{"If-None-Match", `"x"`}},
		{304, []string{"If-Modified-Since", future}},
		{200, []string{"If-Modified-Since", past}},
		{412, []string{"If-Unmodified-Since", past}},
		{200, []string{"If-Unmodified-Since", future}},
		{200, []string{"If-Match", tag, "If-Unmodified-Since", past}},
		{304, []string{"If-None-Match", tag, "If-Modified-Since", past}},
	} {
		b.do(test.status, "", "GET", "/bucket/k", "", test.headers...)
		b.do(test.status, "", "HEAD", "/bucket/k", "", test.headers...)
	}
	b.do(412, "PreconditionFailed", "PUT", "/bucket/k", "x", "If-None-Match", "*")
	b.do(412, "PreconditionFailed", "PUT", "/bucket/k", "x", "If-Match", `"x"`)
	b.do(404, "NoSuchKey", "PUT", "/bucket/none", "x", "If-Match", tag)
	b.do(501, "NotImplemented", "PUT", "/bucket/k", "x", "If-None-Match", tag)
	b.do(200, "", "PUT", "/bucket/k", "x", "If-Match", tag)
	b.do(200, "", "PUT", "/bucket/none", "x", "If-None-Match", "*")
	b.do(412, "PreconditionFailed", "DELETE", "/bucket/none", "", "If-Match", tag)
	b.do(204, "", "DELETE", "/bucket/none", "")
	b.do(204, "", "DELETE", "/bucket/none", "")
	b.do(404, "NoSuchBucket", "DELETE", "/nothere/none", "")
	b.do(409, "BucketNotEmpty", "DELETE", "/bucket", "")
}

// Every byte a key may have comes back from each call that shows it.
func TestStrangeKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(200, "", "PUT", "/bucket", "")
	keys := []string{"/", "//a//", "a/../b", "./x", "..", "ü/日本", "a b+c&d=e?f#g%h", "%2F", "\x00\x01\x7f", "'\"<>&;", "~!*()[]{}|\\^`", strings.Repeat("k", 1024)}
	for _, k := range keys {
		path := "/bucket/" + string(appendEncoded(nil, k, true))
		b.do(200, "", "PUT", path, k)
		if a := b.do(200, "", "GET", path, ""); a.body != k {
			t.Errorf("%q came back as %q", k, a.body)
		}
	}
	list := b.do(200, "", "GET", "/bucket?list-type=2&encoding-type=url", "")
	for _, k := range keys {
		if !strings.Contains(list.body, "<Key>"+string(appendEncoded(nil, k, true))+"</Key>") {
			t.Errorf("%q is not listed", k)
		}
	}
	b.do(400, "KeyTooLongError", "PUT", "/bucket/"+strings.Repeat("k", 1025), "")
	b.do(400, "InvalidURI", "PUT", "/bucket/%ff%fe", "")
}

func TestMetering(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(200, "", "PUT", "/bucket", "")
	b.do(200, "", "PUT", "/bucket/k", strings.Repeat("x", 1000))
	b.do(200, "", "GET", "/bucket/k", "")
	b.do(206, "", "GET", "/bucket/k", "", "Range", "bytes=0-9")
	b.do(200, "", "HEAD", "/bucket/k", "")
	b.do(200, "", "PUT", "/bucket/copy", "", "X-Amz-Copy-Source", "/bucket/k")
	if b.meter.received != 1000 || b.meter.sent != 1010 {
		t.Errorf("received %d, sent %d", b.meter.received, b.meter.sent)
	}
	b.meter.write = fault.New(fault.Exhausted, "ingress", "the ingress is used up")
	b.do(403, "QuotaExceeded", "PUT", "/bucket/k", "x")
	b.meter.read = fault.New(fault.Exhausted, "egress", "the egress is used up")
	if a := b.do(403, "QuotaExceeded", "GET", "/bucket/k", ""); a.Header.Get("ETag") != "" || !strings.Contains(a.body, "the egress is used up") {
		t.Errorf("%v %s", a.Header, a.body)
	}
	b.meter.rate = fault.New(fault.TooMany, "rate", "10 requests a second")
	if a := b.do(503, "SlowDown", "GET", "/bucket/k", ""); a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	b.meter.rate, b.meter.write = nil, nil
	b.store.SetLimit("space", 2500)
	b.do(403, "QuotaExceeded", "PUT", "/bucket/big", strings.Repeat("y", 501))
	b.do(200, "", "PUT", "/bucket/fits", strings.Repeat("y", 500))
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(200, "", "PUT", "/bucket", "")
	b.do(409, "BucketAlreadyOwnedByYou", "PUT", "/bucket", "")
	b.do(400, "InvalidBucketName", "PUT", "/Bu", "")
	bomb := `<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>`
	b.do(400, "MalformedXML", "POST", "/bucket?delete", bomb)
	b.do(400, "MalformedXML", "POST", "/bucket?delete", "")
	b.do(400, "MalformedXML", "POST", "/bucket?delete", "<Delete><Object><Key>a</Key></Object></Delete><x/>")
	b.do(400, "MalformedXML", "POST", "/bucket?delete", "<Delete>"+strings.Repeat("<Object><Key>a</Key></Object>", 1001)+"</Delete>")
	b.do(400, "MaxMessageLengthExceeded", "POST", "/bucket?delete", strings.Repeat(" ", maxDocument+1))
	a := b.do(200, "", "POST", "/bucket?delete", "<Delete>"+strings.Repeat("<Object><Key>a</Key></Object>", 1000)+"</Delete>")
	if n := strings.Count(a.body, "<Deleted>"); n != 1000 {
		t.Errorf("%d deleted", n)
	}
	a = b.do(200, "", "POST", "/bucket?delete", "<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object><Object><Key>b</Key><VersionId>7</VersionId></Object></Delete>")
	if strings.Contains(a.body, "<Deleted>") || !strings.Contains(a.body, "<Code>NoSuchVersion</Code>") {
		t.Error(a.body)
	}
	for sub, code := range map[string]string{"policy": "NoSuchBucketPolicy", "cors": "NoSuchCORSConfiguration", "lifecycle": "NoSuchLifecycleConfiguration",
		"website": "NoSuchWebsiteConfiguration", "tagging": "NoSuchTagSet", "object-lock": "ObjectLockConfigurationNotFoundError",
		"encryption": "ServerSideEncryptionConfigurationNotFoundError", "replication": "ReplicationConfigurationNotFoundError"} {
		b.do(404, code, "GET", "/bucket?"+sub, "")
		b.do(501, "NotImplemented", "PUT", "/bucket?"+sub, "<x/>")
		b.do(404, "NoSuchBucket", "GET", "/nobucket?"+sub, "")
	}
	for _, sub := range []string{"acl", "versioning", "location", "logging", "notification", "requestPayment", "accelerate", "ownershipControls", "publicAccessBlock", "uploads", "versions", "inventory"} {
		b.do(200, "", "GET", "/bucket?"+sub, "")
	}
	b.do(405, "MethodNotAllowed", "PATCH", "/bucket", "")
}

func TestVirtualHost(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Domain = "s3.test" })
	b.do(200, "", "PUT", "/bucket", "")
	b.do(200, "", "PUT", "/bucket/a/b", "body")
	r, _ := http.NewRequest("GET", b.URL+"/a/b", nil)
	r.Host = "bucket.s3.test:80"
	r.Header.Set("X-Amz-Content-Sha256", emptySHA256)
	if err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).SignHTTP(context.Background(),
		aws.Credentials{AccessKeyID: "KEY", SecretAccessKey: testSecret}, r, emptySHA256, "s3", "us-east-1", b.now); err != nil {
		t.Fatal(err)
	}
	if a := b.want(200, "", r); a.body != "body" {
		t.Error(a.body)
	}
}
