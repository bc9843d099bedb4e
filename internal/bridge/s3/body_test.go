package s3

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

func TestChecksums(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(200, "", "PUT", "/bucket", "")
	const body = "hello world"
	good := map[string]string{
		"Content-Md5": "XrY7u+Ae7tCTyyK7j1rNww==", "X-Amz-Checksum-Crc32": "DUoRhQ==", "X-Amz-Checksum-Crc32c": "yZRlqg==",
		"X-Amz-Checksum-Sha1": "Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "X-Amz-Checksum-Sha256": "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
		"X-Amz-Checksum-Crc64nvme": "jSnVw/bqjr4=",
	}
	for name, value := range good {
		put := b.do(200, "", "PUT", "/bucket/"+name, body, name, value)
		head := b.do(200, "", "HEAD", "/bucket/"+name, "", "X-Amz-Checksum-Mode", "ENABLED")
		if name == "Content-Md5" {
			name, value = "X-Amz-Checksum-Crc64nvme", good["X-Amz-Checksum-Crc64nvme"]
		}
		if put.Header.Get(name) != value || head.Header.Get(name) != value || head.Header.Get("X-Amz-Checksum-Type") != fullObject {
			t.Errorf("%s: put %v head %v", name, put.Header, head.Header)
		}
		b.do(400, "BadDigest", "PUT", "/bucket/bad", body+"!", name, value)
		b.do(400, "InvalidRequest", "PUT", "/bucket/bad", body, name, "AAA=")
	}
	b.do(400, "InvalidDigest", "PUT", "/bucket/bad", body, "Content-Md5", "AAA=")
	b.do(400, "InvalidRequest", "PUT", "/bucket/bad", body, "X-Amz-Checksum-Crc32", "DUoRhQ==", "X-Amz-Checksum-Crc32c", "yZRlqg==")
	b.do(400, "InvalidRequest", "PUT", "/bucket/bad", body, "X-Amz-Sdk-Checksum-Algorithm", "CRC32")
	b.do(404, "NoSuchKey", "GET", "/bucket/bad", "")

	trailer := func(value string) *http.Request {
		framed := fmt.Sprintf("%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n", len(body), body, value)
		return b.request("PUT", "/bucket/trailer", framed, "X-Amz-Content-Sha256", streamingUnsignedTrailer, "X-Amz-Trailer", "x-amz-checksum-crc32",
			"X-Amz-Decoded-Content-Length", fmt.Sprint(len(body)), "Content-Encoding", "aws-chunked")
	}
	b.want(400, "BadDigest", trailer("AAAAAA=="))
	b.want(400, "InvalidRequest", trailer("short"))
	b.want(200, "", trailer("DUoRhQ=="))
	if a := b.do(200, "", "GET", "/bucket/trailer", ""); a.body != body || a.Header.Get("Content-Encoding") != "" {
		t.Errorf("%q %v", a.body, a.Header)
	}
}

// A refusal must come before the body is asked for: no "100 Continue", no byte taken.
func TestRefusalComesBeforeTheBody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(200, "", "PUT", "/bucket", "")
	b.store.SetLimit("space", 10)
	r := b.request("PUT", "/bucket/big", "", "Expect", "100-continue", "X-Amz-Content-Sha256", unsignedPayload)
	r.ContentLength = 100 << 20
	read := false
	r.Body = io.NopCloser(readFunc(func([]byte) (int, error) { read = true; return 0, io.EOF }))
	transport := &http.Transport{ExpectContinueTimeout: time.Hour}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 403 || read || !bytes.Contains(body, []byte("QuotaExceeded")) {
		t.Errorf("%d, body read %t: %s", resp.StatusCode, read, body)
	}
}

// botocore asks for "100 Continue" for empty bodies too, and must get it: see ServeHTTP.
func TestContinueForEmptyBody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.do(200, "", "PUT", "/bucket", "")
	continued := false
	r := b.request("PUT", "/bucket/empty", "", "Expect", "100-continue")
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{Got100Continue: func() { continued = true }}))
	if b.want(200, "", r); !continued {
		t.Error("no 100 Continue")
	}
}

// deadlines is a ResponseWriter that remembers how often its read deadline was moved.
type deadlines struct {
	*httptest.ResponseRecorder
	moved int
}

func (d *deadlines) SetReadDeadline(time.Time) error { d.moved++; return nil }

// A client that sends byte by byte gets no more time than one that sends nothing, until it has made progress.
func TestSlowBodiesGetNoMoreTime(t *testing.T) {
	t.Parallel()
	d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	b := &body{src: strings.NewReader(strings.Repeat("x", 4*progressBytes)), size: 4 * progressBytes, control: http.NewResponseController(d)}
	var one [1]byte
	for range progressBytes - 1 {
		if _, err := b.Read(one[:]); err != nil {
			t.Fatal(err)
		}
	}
	if d.moved != 1 {
		t.Errorf("the deadline was moved %d times before %d bytes", d.moved, progressBytes)
	}
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{b}); err != nil {
		t.Fatal(err)
	}
	if d.moved < 3 || d.moved > 5 {
		t.Errorf("the deadline was moved %d times in %d bytes", d.moved, b.size)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }
