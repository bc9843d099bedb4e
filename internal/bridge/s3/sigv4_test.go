package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The examples of Amazon's documentation: "Authenticating Requests (AWS Signature Version 4)".
const (
	exampleKey    = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	exampleStamp  = "20130524T000000Z"
	exampleScope  = exampleKey + "/20130524/us-east-1/s3/aws4_request"
)

func exampleRequest(method, target, signedHeaders, signature string, headers map[string]string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "examplebucket.s3.amazonaws.com"
	r.Header.Set("X-Amz-Date", exampleStamp)
	r.Header.Set("X-Amz-Content-Sha256", emptySHA256)
	for k, v := range headers {
		if k == "Host" {
			r.Host = v
			continue
		}
		r.Header.Set(k, v)
	}
	r.Header.Set("Authorization", algorithmV4+" Credential="+exampleScope+",SignedHeaders="+signedHeaders+",Signature="+signature)
	return r
}

func TestSignatureExamples(t *testing.T) {
	t.Parallel()
	const plain = "host;x-amz-content-sha256;x-amz-date"
	chunkHeaders := map[string]string{
		"Host": "s3.amazonaws.com", "Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": "66560",
		"X-Amz-Storage-Class": "REDUCED_REDUNDANCY", "X-Amz-Content-Sha256": streamingSigned,
	}
	trailerHeaders := map[string]string{
		"Host": "s3.amazonaws.com", "Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": "66560",
		"X-Amz-Storage-Class": "REDUCED_REDUNDANCY", "X-Amz-Content-Sha256": streamingSignedTrailer, "X-Amz-Trailer": "x-amz-checksum-crc32c",
	}
	tests := []struct {
		name string
		r    *http.Request
		size int64
	}{
		{"get object", exampleRequest("GET", "/test.txt", "host;range;x-amz-content-sha256;x-amz-date",
			"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", map[string]string{"Range": "bytes=0-9"}), 0},
		{"put object", exampleRequest("PUT", "/test$file.text", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
			"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", map[string]string{
				"Date": "Fri, 24 May 2013 00:00:00 GMT", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY",
				"X-Amz-Content-Sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
			}), 0},
		{"sub-resource", exampleRequest("GET", "/?lifecycle", plain, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", nil), 0},
		{"list", exampleRequest("GET", "/?prefix=J&max-keys=2", plain, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", nil), 0},
		{"chunks", exampleRequest("PUT", "/examplebucket/chunkObject.txt",
			"content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
			"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9", chunkHeaders), 66824},
		{"chunks with trailer", exampleRequest("PUT", "/examplebucket/chunkObject.txt",
			"content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
			"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e", trailerHeaders), 66824},
		{"presigned", func() *http.Request {
			r := httptest.NewRequest("GET", "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="+strings.ReplaceAll(exampleScope, "/", "%2F")+
				"&X-Amz-Date="+exampleStamp+"&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", nil)
			r.Host = "examplebucket.s3.amazonaws.com"
			return r
		}(), 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.r.ContentLength = test.size
			q, err := parseQuery(test.r.URL.RawQuery)
			if err != nil {
				t.Fatal(err)
			}
			s, err := parseSignature(test.r, q)
			if err != nil {
				t.Fatal(err)
			}
			if s.accessKey != exampleKey || s.region != "us-east-1" {
				t.Errorf("credential read as %v", s.scope)
			}
			var cache keyCache
			if err := s.verify(test.r, q, cache.get(exampleSecret, s.scope)); err != nil {
				t.Errorf("the example does not verify: %v", err)
			}
			if err := s.verify(test.r, q, cache.get("another secret", s.scope)); err == nil {
				t.Error("verifies with another secret")
			}
			test.r.Method = "POST"
			if err := s.verify(test.r, q, cache.get(exampleSecret, s.scope)); err == nil {
				t.Error("verifies for another method")
			}
		})
	}
}

// exampleChunks is the body of the documentation's examples: 66,560 times "a".
func exampleChunks(signatures []string, trailer string) string {
	var b strings.Builder
	for i, size := range []int{65536, 1024, 0} {
		fmt.Fprintf(&b, "%x;chunk-signature=%s\r\n%s", size, signatures[i], strings.Repeat("a", size))
		if size > 0 {
			b.WriteString("\r\n")
		}
	}
	return b.String() + trailer + "\r\n"
}

var (
	plainSignatures = []string{
		"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
		"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
		"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
	}
	trailerSignatures = []string{
		"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
		"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
		"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
	}
)

const exampleTrailer = "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n"

func exampleReader(body, seed, expect string) *chunked {
	c := newChunked(strings.NewReader(body), expect)
	c.sign(deriveKey(exampleSecret, scope{exampleKey, "20130524", "us-east-1"}), exampleStamp, seed)
	return c
}

func TestChunkedExamples(t *testing.T) {
	t.Parallel()
	const seed, trailerSeed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9", "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
	want := bytes.Repeat([]byte("a"), 66560)
	plain, withTrailer := exampleChunks(plainSignatures, ""), exampleChunks(trailerSignatures, exampleTrailer)

	c := exampleReader(plain, seed, "")
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("plain: %d bytes, %v", len(got), err)
	}
	c = exampleReader(withTrailer, trailerSeed, "x-amz-checksum-crc32c")
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, want) || c.trailer != "sOO8/Q==" {
		t.Fatalf("trailer: %d bytes, %q, %v", len(got), c.trailer, err)
	}

	for name, bad := range map[string]struct {
		body, seed, expect string
		want               *refusal
	}{
		"other seed":            {plain, trailerSeed, "", signatureMismatch},
		"changed byte":          {strings.Replace(plain, "aaaa\r\n400", "aaab\r\n400", 1), seed, "", signatureMismatch},
		"changed last chunk":    {strings.Replace(plain, "0;chunk-signature=b6", "0;chunk-signature=a6", 1), seed, "", signatureMismatch},
		"no last chunk":         {plain[:strings.Index(plain, "0;chunk-signature=b6")], seed, "", incompleteBody},
		"more after the end":    {plain + "0", seed, "", incompleteBody},
		"unsigned chunk":        {"5\r\nhello\r\n0\r\n\r\n", seed, "", incompleteBody},
		"changed trailer":       {strings.Replace(withTrailer, "sOO8", "sOO9", 1), trailerSeed, "x-amz-checksum-crc32c", signatureMismatch},
		"other trailer":         {strings.Replace(withTrailer, "crc32c", "crc32", 1), trailerSeed, "x-amz-checksum-crc32c", malformedTrailer},
		"no trailer":            {exampleChunks(trailerSignatures, ""), trailerSeed, "x-amz-checksum-crc32c", malformedTrailer},
		"no trailer signature":  {exampleChunks(trailerSignatures, "x-amz-checksum-crc32c:sOO8/Q==\r\n"), trailerSeed, "x-amz-checksum-crc32c", signatureMismatch},
		"unannounced trailer":   {withTrailer, trailerSeed, "", malformedTrailer},
		"endless line":          {strings.Repeat("0", 1<<20), seed, "", incompleteBody},
		"huge chunk":            {"fffffffffffffff;chunk-signature=" + plainSignatures[0] + "\r\n", seed, "", incompleteBody},
		"empty":                 {"", seed, "", incompleteBody},
		"size is no hex number": {"-1;chunk-signature=" + plainSignatures[0] + "\r\n", seed, "", incompleteBody},
	} {
		if _, err := io.ReadAll(exampleReader(bad.body, bad.seed, bad.expect)); err == nil || refusalOf(err).code != bad.want.code {
			t.Errorf("%s: %v, want %s", name, err, bad.want.code)
		}
	}
}

func TestSmallChunkMustBeLast(t *testing.T) {
	t.Parallel()
	key := deriveKey(exampleSecret, scope{exampleKey, "20130524", "us-east-1"})
	body := signChunks(key, exampleStamp, plainSignatures[0], []string{"abc", "def"})
	c := newChunked(strings.NewReader(body), "")
	c.sign(key, exampleStamp, plainSignatures[0])
	if _, err := io.ReadAll(c); !errors.Is(err, error(invalidChunkSize)) {
		t.Fatalf("two small chunks: %v", err)
	}
}

// signChunks frames chunks as a client does.
func signChunks(key *signingKey, stamp, seed string, chunks []string) string {
	var b strings.Builder
	var previous, next [64]byte
	copy(previous[:], seed)
	for _, data := range append(chunks, "") {
		sum := sha256Of(data)
		key.signChunk(&next, stamp, &previous, sum[:])
		fmt.Fprintf(&b, "%x;chunk-signature=%s\r\n%s\r\n", len(data), next, data)
		previous = next
	}
	return b.String()
}

func TestTimely(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	header := signature{time: at}
	presigned := signature{time: at, presigned: true, expires: time.Hour}
	for _, test := range []struct {
		name string
		s    signature
		now  time.Time
		want string
	}{
		{"now", header, at, ""},
		{"15 minutes late", header, at.Add(15 * time.Minute), ""},
		{"15 minutes early", header, at.Add(-15 * time.Minute), ""},
		{"later", header, at.Add(15*time.Minute + time.Second), "RequestTimeTooSkewed"},
		{"earlier", header, at.Add(-15*time.Minute - time.Second), "RequestTimeTooSkewed"},
		{"presigned in time", presigned, at.Add(time.Hour - time.Second), ""},
		{"presigned expired", presigned, at.Add(time.Hour), "AccessDenied"},
		{"presigned of the future", presigned, at.Add(-16 * time.Minute), "AccessDenied"},
	} {
		err := test.s.timely(test.now)
		if got := ""; err != nil {
			got = refusalOf(err).code
			if got != test.want {
				t.Errorf("%s: %v", test.name, err)
			}
		} else if test.want != "" {
			t.Errorf("%s: accepted", test.name)
		}
	}
}

func TestKeyCacheIsBounded(t *testing.T) {
	t.Parallel()
	var c keyCache
	for i := range maxCachedKeys + 10 {
		c.get("secret", scope{"key", "20260101", fmt.Sprint(i)})
	}
	if len(c.keys) > maxCachedKeys {
		t.Errorf("%d keys", len(c.keys))
	}
	a := c.get("secret", scope{"key", "20260101", "x"})
	if b := c.get("changed", scope{"key", "20260101", "x"}); a == b {
		t.Error("a changed secret kept its key")
	}
}
