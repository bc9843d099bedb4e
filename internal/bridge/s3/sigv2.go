package s3

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file verifies links that are presigned with signature version 2. Amazon still honours them for old buckets, and
// `aws s3 presign` and boto3 make them by default for any endpoint that is not Amazon's own. Version 2 in the
// Authorization header is refused: no current client uses it.

// parsePresignedV2 reads AWSAccessKeyId, Expires and Signature.
func parsePresignedV2(q query) (*signature, error) {
	s := &signature{presigned: true, v2: true, value: q.get("Signature"), stamp: q.get("Expires"), payload: unsignedPayload, token: q.get("x-amz-security-token")}
	s.accessKey = q.get("AWSAccessKeyId")
	end, err := strconv.ParseInt(s.stamp, 10, 64)
	if s.accessKey == "" || len(s.accessKey) > 128 || s.stamp == "" {
		return nil, accessDenied.because("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
	}
	if err != nil || end < 0 || end > 1<<40 {
		return nil, accessDenied.because("Invalid date (should be seconds since epoch): %s", clip(s.stamp))
	}
	s.time = time.Unix(end, 0)
	return s, nil
}

// subresourcesV2 are the parameters that version 2 signs, in order.
var subresourcesV2 = []string{
	"accelerate", "acl", "analytics", "cors", "delete", "encryption", "inventory", "lifecycle", "location", "logging", "metrics", "notification",
	"object-lock", "partNumber", "policy", "policyStatus", "publicAccessBlock", "replication", "requestPayment", "response-cache-control",
	"response-content-disposition", "response-content-encoding", "response-content-language", "response-content-type", "response-expires", "restore",
	"retention", "select", "select-type", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
}

// verifyV2 checks a version 2 signature of a request for bucket, addressed by host or path.
func (s *signature) verifyV2(r *http.Request, q query, secret, hostBucket string) error {
	raw, _, _ := strings.Cut(r.RequestURI, "?")
	decoded := string(appendEncoded(nil, r.URL.Path, true))
	for _, path := range [...]string{raw, decoded} {
		if hostBucket != "" {
			path = "/" + hostBucket + path
		}
		h := hmac.New(sha1.New, []byte(secret))
		h.Write(s.appendToSignV2(nil, r, q, path))
		if subtle.ConstantTimeCompare([]byte(base64.StdEncoding.EncodeToString(h.Sum(nil))), []byte(s.value)) == 1 {
			return nil
		}
	}
	return signatureMismatch.with("AWSAccessKeyId", s.accessKey)
}

func (s *signature) appendToSignV2(b []byte, r *http.Request, q query, path string) []byte {
	for _, part := range [...]string{r.Method, headerOf(r, "Content-Md5"), headerOf(r, "Content-Type"), s.stamp} {
		b = append(append(b, part...), '\n')
	}
	var names []string
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-") {
			names = append(names, name)
		}
	}
	for _, p := range q {
		if strings.HasPrefix(p.key, "x-amz-") { // a presigned header travels as parameter
			names = append(names, p.key)
		}
	}
	slices.SortFunc(names, func(x, y string) int { return strings.Compare(strings.ToLower(x), strings.ToLower(y)) })
	for _, name := range names {
		value := q.get(name)
		if v := r.Header[name]; len(v) > 0 {
			value = strings.Join(v, ",")
		}
		b = append(b, strings.ToLower(name)...)
		b = append(b, ':')
		b = appendTrimmed(b, value)
		b = append(b, '\n')
	}
	b = append(b, path...)
	separator := byte('?')
	for _, name := range subresourcesV2 {
		if !q.has(name) {
			continue
		}
		b = append(append(b, separator), name...)
		separator = '&'
		if v := q.get(name); v != "" {
			b = append(append(b, '='), v...)
		}
	}
	return b
}
