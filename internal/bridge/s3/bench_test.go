package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/flashback-network/flashback/internal/bridge/object"
)

// sink is a ResponseWriter that keeps the status only, so that a benchmark measures the front.
type sink struct {
	header http.Header
	status int
	n      int64
}

func (s *sink) Header() http.Header              { return s.header }
func (s *sink) WriteHeader(status int)           { s.status = status }
func (s *sink) Write(p []byte) (int, error)      { s.n += int64(len(p)); return len(p), nil }
func (s *sink) SetReadDeadline(time.Time) error  { return nil }
func (s *sink) SetWriteDeadline(time.Time) error { return nil }

// stone is a Store whose one object is always there and whose writes take the bytes and forget them: what is left is
// the front's own cost.
type stone struct {
	object.Store
	info object.Info
	data []byte
}

func (s *stone) Put(_ context.Context, _ object.Key, r io.Reader, _ int64, o object.PutOptions) (object.Info, error) {
	n, err := io.ReadFull(r, s.data)
	if err != nil {
		return object.Info{}, err
	}
	return s.info, o.Verify(int64(n), s.info.Sums)
}

func (s *stone) Open(context.Context, object.Key, object.Generation) (object.Object, error) {
	return s, nil
}
func (s *stone) Info() *object.Info                { return &s.info }
func (s *stone) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }
func (s *stone) Close() error                      { return nil }

func (s *stone) WriteRange(w io.Writer, off, n int64) (int64, error) {
	m, err := w.Write(s.data[off : off+n])
	return int64(m), err
}

func benchFront(b *testing.B, store object.Store) (*Handler, time.Time) {
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	keys := &oneKey{id: Identity{AccessKey: "KEY", Secret: testSecret, Space: "space", Owner: "owner", Allow: func(Action, string, string) error { return nil }}}
	return New(Options{Store: store, Keys: keys, Region: "us-east-1", Now: func() time.Time { return now }}), now
}

func benchStone() *stone {
	data := make([]byte, 4096)
	return &stone{data: data, info: object.Info{Size: 4096, Modified: time.Unix(1e9, 0), Generation: 1,
		Sums: object.Checksums{CRC32C: make([]byte, 4), CRC64NVME: make([]byte, 8), MD5: make([]byte, 16)}, Headers: map[string]string{"content-type": "text/plain"}}}
}

// signed makes a request once; a benchmark sends it again and again with a fresh body.
func signed(b *testing.B, now time.Time, method, path string, body []byte) *http.Request {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	r := &http.Request{Method: method, URL: &url.URL{Path: path}, Host: "127.0.0.1:9000", RequestURI: path, Header: http.Header{}, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body))}
	r.Header.Set("X-Amz-Content-Sha256", hash)
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	if err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).SignHTTP(context.Background(),
		aws.Credentials{AccessKeyID: "KEY", SecretAccessKey: testSecret}, r, hash, "s3", "us-east-1", now); err != nil {
		b.Fatal(err)
	}
	return r
}

// cpu is the time that this process has used. Other work on the machine does not count.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func runBench(b *testing.B, h *Handler, r *http.Request, body []byte) {
	b.ReportAllocs()
	b.SetBytes(4096)
	reader := bytes.NewReader(body)
	began := cpu(b)
	defer func() { b.ReportMetric((cpu(b)-began).Seconds()*1e6/float64(b.N), "cpu-µs/op") }()
	for b.Loop() {
		reader.Reset(body)
		r.Body = io.NopCloser(reader)
		w := &sink{header: make(http.Header, 8)}
		if h.ServeHTTP(w, r); w.status != 200 {
			b.Fatalf("status %d", w.status)
		}
	}
}

// BenchmarkPut4KiB and BenchmarkGet4KiB are the front alone; …Engine are with the engine and no syncs.
func BenchmarkPut4KiB(b *testing.B) {
	h, now := benchFront(b, benchStone())
	body := bytes.Repeat([]byte("x"), 4096)
	runBench(b, h, signed(b, now, "PUT", "/bucket/some/key.bin", body), body)
}

func BenchmarkGet4KiB(b *testing.B) {
	h, now := benchFront(b, benchStone())
	runBench(b, h, signed(b, now, "GET", "/bucket/some/key.bin", nil), nil)
}

func benchEngine(b *testing.B) (*Handler, time.Time) {
	store, err := object.Open(b.Context(), b.TempDir(), object.Options{Sync: object.Relaxed})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	if _, err := store.CreateBucket(b.Context(), "space", "bucket"); err != nil {
		b.Fatal(err)
	}
	return benchFront(b, store)
}

func BenchmarkPut4KiBEngine(b *testing.B) {
	h, now := benchEngine(b)
	body := bytes.Repeat([]byte("x"), 4096)
	runBench(b, h, signed(b, now, "PUT", "/bucket/some/key.bin", body), body)
}

func BenchmarkGet4KiBEngine(b *testing.B) {
	h, now := benchEngine(b)
	body := bytes.Repeat([]byte("x"), 4096)
	put := signed(b, now, "PUT", "/bucket/some/key.bin", body)
	put.Body = io.NopCloser(bytes.NewReader(body))
	h.ServeHTTP(&sink{header: http.Header{}}, put)
	runBench(b, h, signed(b, now, "GET", "/bucket/some/key.bin", nil), nil)
}
