package s3

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func sha256Of(s string) [32]byte { return sha256.Sum256([]byte(s)) }

func FuzzSignature(f *testing.F) {
	f.Add("GET", "/b/k", "prefix=a&delimiter=%2F", algorithmV4+" Credential="+exampleScope+",SignedHeaders=host;x-amz-date,Signature=00", exampleStamp, emptySHA256)
	f.Add("PUT", "/b/%00", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20130524%2Fr%2Fs3%2Faws4_request&X-Amz-Date="+exampleStamp+"&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=0", "", "", "")
	f.Add("GET", "/", "&&=&a=%zz", "AWS x:y", "Mon", "x")
	key := deriveKey("secret", scope{"k", "20130524", "us-east-1"})
	f.Fuzz(func(t *testing.T, method, path, rawQuery, auth, stamp, payload string) {
		u := &url.URL{Path: path, RawQuery: rawQuery}
		r := &http.Request{Method: method, URL: u, Host: "h", RequestURI: path, Header: http.Header{}}
		for k, v := range map[string]string{"Authorization": auth, "X-Amz-Date": stamp, "X-Amz-Content-Sha256": payload} {
			if v != "" {
				r.Header.Set(k, v)
			}
		}
		q, err := parseQuery(rawQuery)
		if err != nil {
			return
		}
		if len(q) > maxParams {
			t.Fatalf("%d parameters", len(q))
		}
		s, err := parseSignature(r, q)
		if err != nil {
			if refusalOf(err).status >= 500 {
				t.Fatalf("a bad signature is not our fault: %v", err)
			}
			return
		}
		if s.stamp[:8] != s.date || !knownPayload(s.payload) || len(s.accessKey) > 128 {
			t.Fatalf("accepted %+v", s)
		}
		if err := s.verify(r, q, key); err == nil {
			t.Fatal("a signature out of thin air")
		}
	})
}

func FuzzChunked(f *testing.F) {
	f.Add([]byte("hello"), uint16(3), uint32(0), byte(0), true)
	f.Add(bytes.Repeat([]byte("x"), 20000), uint16(9000), uint32(77), byte(1), true)
	f.Add([]byte{}, uint16(1), uint32(2), byte(255), false)
	key := deriveKey("secret", scope{"k", "20130524", "us-east-1"})
	seed := plainSignatures[0]
	f.Fuzz(func(t *testing.T, data []byte, chunk uint16, at uint32, flip byte, signed bool) {
		size := int(chunk)
		if signed {
			size += minChunkSize
		}
		size = max(size, 1)
		var chunks []string
		for rest := string(data); rest != ""; {
			n := min(size, len(rest))
			chunks, rest = append(chunks, rest[:n]), rest[n:]
		}
		body := ""
		if signed {
			body = signChunks(key, exampleStamp, seed, chunks)
		} else {
			for _, c := range append(chunks, "") {
				body += fmt.Sprintf("%x\r\n%s", len(c), c)
				if c != "" {
					body += "\r\n"
				}
			}
			body += "\r\n"
		}
		damaged := []byte(body)
		damaged[int(at)%len(damaged)] ^= flip
		c := newChunked(bytes.NewReader(damaged), "")
		defer c.release()
		if signed {
			c.sign(key, exampleStamp, seed)
		}
		got, err := io.ReadAll(c)
		switch {
		case flip == 0:
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("sound body: %d of %d bytes, %v", len(got), len(data), err)
			}
		case signed && err == nil && !bytes.Equal(got, data):
			t.Fatal("a damaged signed body was accepted as other bytes")
		case len(got) > len(damaged):
			t.Fatal("more bytes out than in")
		}
	})
}

func FuzzChunkedRaw(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), true)
	f.Add([]byte("5;x=y\r\nhello\r\n0\r\n\r\n"), false)
	f.Fuzz(func(t *testing.T, body []byte, trailer bool) {
		expect := ""
		if trailer {
			expect = "x-amz-checksum-crc32"
		}
		c := newChunked(bytes.NewReader(body), expect)
		defer c.release()
		got, err := io.ReadAll(c)
		if len(got) > len(body) {
			t.Fatal("more bytes out than in")
		}
		if err != nil && refusalOf(err).status >= 500 {
			t.Fatalf("bad framing is not our fault: %v", err)
		}
	})
}

func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-0", "bytes=-5", "bytes=5-", "bytes=99999999999999999999-", "bytes=-0", "bytes=1-0", "bytes=0-1,2-3", "x"} {
		f.Add(s, int64(10))
	}
	f.Fuzz(func(t *testing.T, v string, size int64) {
		if size < 0 {
			return
		}
		off, n, ok, err := parseRange(v, size)
		if err == nil && ok && (off < 0 || n <= 0 || off > size-n) {
			t.Fatalf("%q of %d: %d+%d", v, size, off, n)
		}
		off, n, err = parseCopyRange(v, size)
		if err == nil && (off < 0 || n <= 0 || off > size-n) {
			t.Fatalf("copy %q of %d: %d+%d", v, size, off, n)
		}
	})
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(`<Delete><Object><Key>a&amp;b</Key></Object><Quiet>true</Quiet></Delete>`))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><CompleteMultipartUpload><Part><ETag>&b;</ETag></Part></CompleteMultipartUpload>`))
	f.Add([]byte(strings.Repeat("<a>", 1000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var doc completed
		if err := decodeXML(data, &doc); err == nil {
			n := 0
			for _, p := range doc.Part {
				if p.ETag != nil {
					n += len(*p.ETag)
				}
			}
			if n > 4*len(data) { // a lone byte may become U+FFFD
				t.Fatalf("%d bytes of text out of %d", n, len(data))
			}
		}
	})
}

func FuzzXMLText(f *testing.F) {
	f.Add("a<b>&\"'\x00\x1f\xff\uFFFE")
	f.Fuzz(func(t *testing.T, s string) {
		out := appendXMLText(nil, s)
		if !utf8.Valid(out) || bytes.ContainsAny(out, "<>\"") {
			t.Fatalf("%q", out)
		}
	})
}

func FuzzCopySource(f *testing.F) {
	f.Add("/bucket/a%20b?versionId=null")
	f.Add("bucket/")
	f.Fuzz(func(t *testing.T, v string) {
		k, err := parseCopySource(v)
		if err == nil && (k.Name == "" || len(k.Name) > maxKeyLen || !utf8.ValidString(k.Name) || !validBucketName(k.Bucket)) {
			t.Fatalf("%q gives %+v", v, k)
		}
	})
}

func FuzzTags(f *testing.F) {
	f.Add("a=1&b=2")
	f.Fuzz(func(t *testing.T, v string) {
		parsed, err := parseTagHeader(v)
		if err != nil {
			return
		}
		again, err := parseTagHeader(parsed.encode())
		if err != nil || len(again) != len(parsed) {
			t.Fatalf("%q: %v became %v, %v", v, parsed, again, err)
		}
	})
}

// A request that is nonsense must be answered, never crash the handler and never be our fault.
func FuzzAnonymous(f *testing.F) {
	f.Add("GET", "/bucket/key", "uploads")
	f.Add("OPTIONS", "//", "%")
	h := New(Options{Keys: noKeys{}})
	f.Fuzz(func(t *testing.T, method, path, rawQuery string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: rawQuery}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code < 400 || w.Code >= 500 {
			t.Fatalf("%s %q?%q: %d", method, path, rawQuery, w.Code)
		}
	})
}
