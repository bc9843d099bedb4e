package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/sla"
)

// Sizes of probes, bytes. From Large up throughput is measured.
const (
	Smallest = 2 << 10
	Large    = 64 << 10
	Largest  = 256 << 10
	maxHeld  = 8 // objects that stay at the node between probes
	maxKeys  = 1000
)

// Prober measures one node. Its methods may run at once, but a probe waits for the one before it.
type Prober struct {
	node     ids.Account
	operator chain.Signer
	client   *http.Client
	signer   *v4.Signer
	now      func() time.Time

	mu       sync.Mutex
	endpoint string
	creds    aws.Credentials
	bucket   string // "" until it is there
	held     []object
	relogin  bool // the node did not take the keys
	lost     bool // the node did not find what was there
}

type object struct {
	key  string
	size int
	hash [32]byte
}

// New makes a prober of the node with this key. The client's transport is shared by all probers: it should keep connections alive and bound them.
func New(node ids.Account, operator chain.Signer, client *http.Client, now func() time.Time) *Prober {
	return &Prober{node: node, operator: operator, client: client, signer: v4.NewSigner(), now: now}
}

// measured collects what one probe found.
type measured struct {
	operations, errors uint32
	answered           bool // an HTTP answer of any kind came
	ttfb               []uint32
	kibps              uint32
}

// count takes an operation's result; it reports whether it was right.
func (m *measured) count(err error) bool {
	m.operations++
	if err != nil {
		m.errors++
	}
	return err == nil
}

func (m *measured) figures() report.SlotFigures {
	f := report.SlotFigures{State: report.Reached, Operations: m.operations, Errors: m.errors, TTFB: sla.NoFigure, KiBps: m.kibps}
	if !m.answered {
		f.State = report.Unreachable
	}
	if len(m.ttfb) > 0 {
		f.TTFB = sla.Median(m.ttfb)
	}
	return f
}

// Probe writes an object, reads it back and compares; sometimes it reads an older one, lists, and it deletes what it does not need. large asks for an object that throughput is measured on.
// It ends when ctx does, which has to have a deadline: what did not answer by then failed.
func (p *Prober) Probe(ctx context.Context, endpoint string, large bool) report.SlotFigures {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := &measured{kibps: sla.NoFigure}
	if !p.enter(ctx, endpoint, m) {
		return m.figures()
	}
	o, body := fresh(large)
	if m.count(p.put(ctx, m, o, body)) {
		p.held = append(p.held, o)
		m.count(p.get(ctx, m, o))
	}
	if n := len(p.held); n > 1 && mathrand.IntN(4) == 0 {
		m.count(p.get(ctx, m, p.held[mathrand.IntN(n-1)]))
	}
	if n := len(p.held); n > 0 && mathrand.IntN(8) == 0 {
		m.count(p.list(ctx, m, p.held[n-1].key))
	}
	for len(p.held) > maxHeld || len(p.held) > 0 && mathrand.IntN(4) == 0 {
		i := mathrand.IntN(len(p.held))
		if !m.count(p.simple(ctx, m, http.MethodDelete, p.held[i].key, http.StatusNoContent)) {
			break
		}
		p.held = slices.Delete(p.held, i, i+1)
	}
	return m.figures()
}

// Look only finds out whether the node answers.
func (p *Prober) Look(ctx context.Context, endpoint string) report.SlotFigures {
	m := &measured{kibps: sla.NoFigure}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, endpoint+"/", nil)
	if err == nil {
		var res *http.Response
		if res, err = p.client.Do(req); err == nil {
			_ = res.Body.Close() // HEAD has none
			m.answered = true
		}
	}
	return m.figures()
}

// Prepare gets keys and the bucket before the first slot counts.
func (p *Prober) Prepare(ctx context.Context, endpoint string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := &measured{}
	p.enter(ctx, endpoint, m)
	if m.operations > 0 {
		return errNotReady
	}
	return nil
}

var errNotReady = errors.New("the node gave no keys or no bucket")

// enter gets keys and a bucket when there are none. What fails is an operation that failed.
func (p *Prober) enter(ctx context.Context, endpoint string, m *measured) bool {
	if p.relogin || p.endpoint != endpoint {
		p.endpoint, p.creds = endpoint, aws.Credentials{}
	}
	if p.lost {
		p.bucket = ""
	}
	p.relogin, p.lost = false, false
	if p.creds.AccessKeyID == "" || p.now().After(p.creds.Expires.Add(-time.Minute)) {
		c, err := login(ctx, p.client, endpoint, p.node, p.operator)
		if err != nil {
			var answered errRefused
			m.answered = m.answered || errors.As(err, &answered) || errors.Is(err, errChallenge)
			m.count(err)
			return false
		}
		m.answered = true
		p.creds, p.bucket = c, ""
	}
	if p.bucket == "" {
		name := bucketName()
		if err := p.simple(ctx, m, http.MethodPut, "", http.StatusOK, name); err != nil {
			m.count(err)
			return false
		}
		p.sweep(ctx, m, name)
		p.bucket, p.held = name, nil
	}
	return true
}

// sweep removes what earlier runs left in the space, as far as it goes; the node's own limit bounds the rest.
func (p *Prober) sweep(ctx context.Context, m *measured, keep string) {
	var buckets struct {
		Buckets []struct{ Name string } `xml:"Buckets>Bucket"`
	}
	if p.xml(ctx, m, "/", nil, &buckets) != nil {
		return
	}
	for _, b := range buckets.Buckets {
		if b.Name == keep {
			continue
		}
		keys, err := p.keys(ctx, m, b.Name, "")
		for _, k := range keys {
			if err == nil {
				err = p.simple(ctx, m, http.MethodDelete, k, http.StatusNoContent, b.Name)
			}
		}
		if err != nil || p.simple(ctx, m, http.MethodDelete, "", http.StatusNoContent, b.Name) != nil {
			return
		}
	}
}

func fresh(large bool) (object, []byte) {
	lo, hi := Smallest, Large
	if large {
		lo, hi = Large, Largest
	}
	// even over the powers of two, as sizes in real use are
	n := lo
	for n*2 <= hi && mathrand.IntN(2) == 0 {
		n *= 2
	}
	body := make([]byte, min(n+mathrand.IntN(n), hi))
	rand.Read(body)
	return object{objectName(), len(body), sha256.Sum256(body)}, body
}

var suffixes = [...]string{".jpg", ".bin", ".parquet", ".tar.gz", ".json", "", "/data", ".pdf"}

func objectName() string {
	b := make([]byte, 4+mathrand.IntN(12))
	rand.Read(b)
	return hex.EncodeToString(b) + suffixes[mathrand.IntN(len(suffixes))]
}

func bucketName() string {
	b := make([]byte, 8)
	rand.Read(b)
	return "b" + hex.EncodeToString(b)
}

var errWrong = errors.New("the bytes that came back are not those that were written")

func (p *Prober) put(ctx context.Context, m *measured, o object, body []byte) error {
	res, err := p.call(ctx, m, http.MethodPut, p.path(p.bucket, o.key), nil, body, o.hash[:])
	if err != nil {
		return err
	}
	return finish(res, http.StatusOK)
}

// get reads an object, compares it, and takes the time to the first byte and, of a large one, the rate of the rest.
func (p *Prober) get(ctx context.Context, m *measured, o object) error {
	begun := time.Now()
	var sent, first atomic.Int64 // after begun; the transport's goroutines set them
	trace := &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { sent.Store(int64(time.Since(begun))) },
		GotFirstResponseByte: func() { first.Store(int64(time.Since(begun))) },
	}
	res, err := p.call(httptrace.WithClientTrace(ctx, trace), m, http.MethodGet, p.path(p.bucket, o.key), nil, nil, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(res.Body, int64(o.size)+1))
	took := time.Since(begun) - time.Duration(first.Load())
	switch {
	case err != nil:
		return err
	case res.StatusCode != http.StatusOK:
		return errRefused{res.StatusCode}
	case n != int64(o.size) || !bytes.Equal(h.Sum(nil), o.hash[:]):
		return errWrong
	}
	waited := time.Duration(max(first.Load()-sent.Load(), 0)) // the answer may overtake the note that all was sent
	m.ttfb = append(m.ttfb, uint32(min(waited.Milliseconds(), 1<<31)))
	if o.size >= Large {
		m.kibps = uint32(min(uint64(n)*uint64(time.Second)/1024/uint64(max(took, time.Microsecond)), 1<<31))
	}
	return nil
}

func (p *Prober) list(ctx context.Context, m *measured, key string) error {
	keys, err := p.keys(ctx, m, p.bucket, key)
	if err == nil && !slices.Contains(keys, key) {
		return errWrong
	}
	return err
}

func (p *Prober) keys(ctx context.Context, m *measured, bucket, prefix string) ([]string, error) {
	var l struct {
		Contents []struct{ Key string }
	}
	q := url.Values{"list-type": {"2"}, "prefix": {prefix}, "max-keys": {strconv.Itoa(maxKeys)}}
	err := p.xml(ctx, m, "/"+bucket, q, &l)
	var keys []string
	for _, c := range l.Contents {
		keys = append(keys, c.Key)
	}
	return keys, err
}

func (p *Prober) xml(ctx context.Context, m *measured, path string, q url.Values, out any) error {
	res, err := p.call(ctx, m, http.MethodGet, path, q, nil, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errRefused{res.StatusCode}
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	return xml.Unmarshal(b, out)
}

// simple makes a call without a body, in the prober's bucket or another, and wants this status.
func (p *Prober) simple(ctx context.Context, m *measured, method, key string, status int, bucket ...string) error {
	b := p.bucket
	if len(bucket) > 0 {
		b = bucket[0]
	}
	res, err := p.call(ctx, m, method, p.path(b, key), nil, nil, nil)
	if err != nil {
		return err
	}
	return finish(res, status)
}

func (p *Prober) path(bucket, key string) string {
	if key == "" {
		return "/" + bucket
	}
	return "/" + bucket + "/" + key
}

// finish reads what is left of an answer, so that the connection can be used again.
func finish(res *http.Response, status int) error {
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)); err != nil {
		return err
	}
	if res.StatusCode != status {
		return errRefused{res.StatusCode}
	}
	return nil
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// call signs and sends a request. When the node does not take the keys or lost the bucket, the next probe begins anew.
func (p *Prober) call(ctx context.Context, m *measured, method, path string, q url.Values, body, hash []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.URL.RawQuery = q.Encode()
	sum := emptyHash
	if hash != nil {
		sum = hex.EncodeToString(hash)
	}
	req.Header.Set("X-Amz-Content-Sha256", sum)
	err = p.signer.SignHTTP(ctx, p.creds, req, sum, "s3", "us-east-1", p.now(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		return nil, err
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	m.answered = true
	p.relogin = p.relogin || res.StatusCode == http.StatusForbidden || res.StatusCode == http.StatusUnauthorized
	p.lost = p.lost || res.StatusCode == http.StatusNotFound
	return res, nil
}
