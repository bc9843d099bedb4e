package s3

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	algorithmV4 = "AWS4-HMAC-SHA256"
	timeFormat  = "20060102T150405Z"

	maxSkew    = 15 * time.Minute
	maxPresign = 7 * 24 * time.Hour

	emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

	unsignedPayload          = "UNSIGNED-PAYLOAD"
	streamingSigned          = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamingSignedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	streamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

	maxSignedHeaders = 200
)

// scope is a credential: who signed, and for which day and region.
type scope struct {
	accessKey, date, region string
}

// String is the scope as the string to sign has it.
func (s scope) String() string { return s.date + "/" + s.region + "/s3/aws4_request" }

// signature is what a request says about how it was signed.
type signature struct {
	scope
	signed    []string // names of the signed headers, lower case, as sent
	value     string   // 64 hex digits
	stamp     string   // x-amz-date
	time      time.Time
	payload   string // x-amz-content-sha256
	token     string
	presigned bool
	v2        bool          // of signature version 2: time is when it expires
	expires   time.Duration // of a presigned request
}

// parseSignature reads the signature of a request from its header or query, without looking at any key.
func parseSignature(r *http.Request, q query) (*signature, error) {
	if auth := headerOf(r, "Authorization"); auth != "" {
		return parseHeaderSignature(r, auth)
	}
	if q.has("X-Amz-Algorithm") || q.has("X-Amz-Signature") || q.has("X-Amz-Credential") {
		return parsePresigned(r, q)
	}
	if q.has("Signature") || q.has("AWSAccessKeyId") {
		return parsePresignedV2(q)
	}
	return nil, accessDenied // no bucket is public
}

func parseHeaderSignature(r *http.Request, auth string) (*signature, error) {
	rest, ok := strings.CutPrefix(auth, algorithmV4)
	switch {
	case !strings.Contains(auth, " "):
		return nil, invalidArgument.because("Authorization header is invalid -- one and only one ' ' (space) required.").with("ArgumentName", "Authorization").with("ArgumentValue", clip(auth))
	case strings.HasPrefix(auth, "AWS "):
		return nil, invalidRequest.because("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
	case !ok || rest[0] != ' ':
		return nil, invalidArgument.because("Unsupported Authorization Type").with("ArgumentName", "Authorization").with("ArgumentValue", clip(auth))
	}
	s := new(signature)
	if strings.Count(rest, ",") < 2 {
		return nil, authHeaderMalformed.because("The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature.")
	}
	var credential, names string
	for rest != "" {
		var field string
		field, rest, _ = strings.Cut(rest, ",")
		field = strings.TrimSpace(field)
		if field == "" {
			continue
		}
		k, v, ok := strings.Cut(field, "=")
		if !ok {
			return nil, authHeaderMalformed.because("The authorization header is malformed; the authorization component \"%s\" is malformed.", clip(field))
		}
		switch k {
		case "Credential":
			credential = v
		case "SignedHeaders":
			names = v
		case "Signature":
			s.value = v
		}
	}
	switch {
	case credential == "":
		return nil, authHeaderMalformed.because("The authorization header is malformed; missing Credential.")
	case names == "":
		return nil, authHeaderMalformed.because("The authorization header is malformed; missing SignedHeaders.")
	case s.value == "":
		return nil, authHeaderMalformed.because("The authorization header is malformed; missing Signature.")
	}
	if why := s.setCredential(credential); why != "" {
		return nil, authHeaderMalformed.because("The authorization header is malformed; %s", why)
	}
	if !s.setHeaders(names) {
		return nil, authHeaderMalformed.because("The authorization header is malformed; SignedHeaders must name the host header.")
	}
	s.stamp = headerOf(r, "X-Amz-Date")
	var err error
	if s.stamp != "" {
		s.time, err = parseStamp(s.stamp)
	} else if d := headerOf(r, "Date"); d != "" {
		if s.time, err = http.ParseTime(d); err == nil {
			s.time = s.time.UTC()
			s.stamp = s.time.Format(timeFormat)
		} else {
			s.stamp = d
			s.time, err = parseStamp(d)
		}
	} else {
		return nil, accessDenied.because("AWS authentication requires a valid Date or x-amz-date header.")
	}
	if err != nil {
		return nil, accessDenied.because("AWS authentication requires a valid Date or x-amz-date header.")
	}
	if s.stamp[:8] != s.date {
		return nil, authHeaderMalformed.because("The authorization header is malformed; Invalid credential date \"%s\". This date is not the same as X-Amz-Date: \"%s\".", clip(s.date), s.stamp[:8])
	}
	s.payload = headerOf(r, "X-Amz-Content-Sha256")
	if s.payload == "" {
		return nil, invalidRequest.because("Missing required header for this request: x-amz-content-sha256")
	}
	if !knownPayload(s.payload) {
		return nil, errPayload.with("ArgumentValue", clip(s.payload))
	}
	s.token = headerOf(r, "X-Amz-Security-Token")
	return s, nil
}

func parsePresigned(r *http.Request, q query) (*signature, error) {
	if a := q.get("X-Amz-Algorithm"); a != algorithmV4 {
		return nil, authQueryMalformed.because("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"")
	}
	s := &signature{presigned: true, value: q.get("X-Amz-Signature"), stamp: q.get("X-Amz-Date"), token: q.get("X-Amz-Security-Token")}
	credential, names, expires := q.get("X-Amz-Credential"), q.get("X-Amz-SignedHeaders"), q.get("X-Amz-Expires")
	if credential == "" || names == "" || expires == "" || s.value == "" || s.stamp == "" {
		return nil, authQueryMalformed.because("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
	}
	if why := s.setCredential(credential); why != "" {
		return nil, authQueryMalformed.because("Error parsing the X-Amz-Credential parameter; %s", why)
	}
	if !s.setHeaders(names) {
		return nil, authQueryMalformed.because("X-Amz-SignedHeaders must name the host header.")
	}
	var err error
	if s.time, err = parseStamp(s.stamp); err != nil {
		return nil, authQueryMalformed.because("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
	}
	if s.stamp[:8] != s.date {
		return nil, authQueryMalformed.because("Invalid credential date \"%s\". This date is not the same as X-Amz-Date: \"%s\".", clip(s.date), s.stamp[:8])
	}
	n, err := strconv.ParseInt(expires, 10, 64)
	switch {
	case err != nil:
		return nil, authQueryMalformed.because("X-Amz-Expires should be a number")
	case n < 0:
		return nil, authQueryMalformed.because("X-Amz-Expires must be non-negative")
	case n > int64(maxPresign/time.Second):
		return nil, authQueryMalformed.because("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	s.expires = time.Duration(n) * time.Second
	if s.payload = headerOf(r, "X-Amz-Content-Sha256"); s.payload == "" {
		if s.payload = q.get("X-Amz-Content-Sha256"); s.payload == "" {
			s.payload = unsignedPayload
		}
	}
	if !knownPayload(s.payload) {
		return nil, errPayload.with("ArgumentValue", clip(s.payload))
	}
	return s, nil
}

var errPayload = invalidArgument.because("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.").
	with("ArgumentName", "x-amz-content-sha256")

// knownPayload knows the values of x-amz-content-sha256.
func knownPayload(v string) bool {
	switch v {
	case unsignedPayload, streamingSigned, streamingSignedTrailer, streamingUnsignedTrailer,
		"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER":
		return true
	}
	var sum [sha256.Size]byte
	if len(v) != 2*sha256.Size {
		return false
	}
	_, err := hex.Decode(sum[:], []byte(v))
	return err == nil
}

// setCredential reads KEY/20260102/region/s3/aws4_request. It returns what is wrong.
func (s *signature) setCredential(v string) (why string) {
	var parts [5]string
	rest, found := v, true
	for i := range parts {
		if !found {
			return malformedCredential
		}
		parts[i], rest, found = strings.Cut(rest, "/")
	}
	key, date, region := parts[0], parts[1], parts[2]
	switch {
	case found, key == "", len(key) > 128, len(region) > 64:
		return malformedCredential
	case parts[4] != "aws4_request":
		return "incorrect terminal \"" + clip(parts[4]) + "\". This endpoint uses \"aws4_request\"."
	case parts[3] != "s3":
		return "incorrect service \"" + clip(parts[3]) + "\". This endpoint belongs to \"s3\"."
	case len(date) != 8 || !isDigits(date):
		return "incorrect date format \"" + clip(date) + "\". This date in the credential must be in the format \"yyyyMMdd\"."
	}
	s.accessKey, s.date, s.region = key, date, region
	return ""
}

const malformedCredential = "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."

// setHeaders reads "host;x-amz-date"; the list must be non-empty, bounded and name the host.
func (s *signature) setHeaders(v string) bool {
	if strings.Count(v, ";") >= maxSignedHeaders {
		return false
	}
	s.signed = strings.Split(v, ";")
	return slices.Contains(s.signed, "host") && !slices.Contains(s.signed, "")
}

// parseStamp reads 20060102T150405Z without the generality of time.Parse.
func parseStamp(v string) (time.Time, error) {
	if len(v) != 16 || v[8] != 'T' || v[15] != 'Z' || !isDigits(v[:8]) || !isDigits(v[9:15]) {
		return time.Time{}, accessDenied
	}
	n := func(i, j int) int { x, _ := strconv.Atoi(v[i:j]); return x }
	t := time.Date(n(0, 4), time.Month(n(4, 6)), n(6, 8), n(9, 11), n(11, 13), n(13, 15), 0, time.UTC)
	if t.Format(timeFormat) != v { // 31 February
		return time.Time{}, accessDenied
	}
	return t, nil
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// clip bounds what an answer repeats of a request.
func clip(s string) string {
	if len(s) > 128 {
		return s[:128] + "…"
	}
	return s
}

// headerOf is the first value of a header whose canonical name is given.
func headerOf(r *http.Request, canonical string) string {
	if v := r.Header[canonical]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// timely refuses a signature that is too old or of the future.
func (s *signature) timely(now time.Time) error {
	if s.v2 {
		if !now.Before(s.time) {
			return accessDenied.because("Request has expired.").with("Expires", s.time.UTC().Format(time.RFC3339)).with("ServerTime", now.UTC().Format(time.RFC3339))
		}
		return nil
	}
	if s.presigned {
		if s.time.After(now.Add(maxSkew)) {
			return accessDenied.because("Request is not valid yet.")
		}
		if end := s.time.Add(s.expires); !now.Before(end) {
			return accessDenied.because("Request has expired.").
				with("X-Amz-Expires", strconv.FormatInt(int64(s.expires/time.Second), 10)).
				with("Expires", end.Format(time.RFC3339)).with("ServerTime", now.UTC().Format(time.RFC3339))
		}
		return nil
	}
	if d := now.Sub(s.time); d > maxSkew || d < -maxSkew {
		return requestTimeTooSkewed.with("RequestTime", s.stamp).with("ServerTime", now.UTC().Format(time.RFC3339)).
			with("MaxAllowedSkewMilliseconds", strconv.Itoa(int(maxSkew/time.Millisecond)))
	}
	return nil
}

// covers refuses a request with an x-amz- header that the signature leaves out.
func (s *signature) covers(h http.Header) error {
	var left []string
	for name := range h {
		if !strings.HasPrefix(name, "X-Amz-") {
			continue
		}
		if !slices.ContainsFunc(s.signed, func(n string) bool { return strings.EqualFold(n, name) }) {
			left = append(left, strings.ToLower(name))
		}
	}
	if left == nil {
		return nil
	}
	slices.Sort(left)
	return accessDenied.because("There were headers present in the request which were not signed").with("HeadersNotSigned", clip(strings.Join(left, ", ")))
}

// verify checks the signature with its key. A client that signs the path as it sends it, not as SigV4 encodes it, is
// understood too.
func (s *signature) verify(r *http.Request, q query, k *signingKey) error {
	buf := canonBufs.Get().(*[]byte)
	defer canonBufs.Put(buf)
	var got [64]byte
	path := r.URL.Path
	if path == "" {
		path = "/"
	}
	canonical := s.appendCanonicalRequest((*buf)[:0], r, q, func(b []byte) []byte { return appendEncoded(b, path, true) })
	*buf = canonical
	k.sign(&got, s.stamp, sha256.Sum256(canonical))
	if subtle.ConstantTimeCompare(got[:], []byte(s.value)) == 1 {
		return nil
	}
	raw, _, _ := strings.Cut(r.RequestURI, "?")
	if strings.HasPrefix(raw, "/") && raw != string(appendEncoded(nil, path, true)) {
		again := s.appendCanonicalRequest(nil, r, q, func(b []byte) []byte { return append(b, raw...) })
		k.sign(&got, s.stamp, sha256.Sum256(again))
		if subtle.ConstantTimeCompare(got[:], []byte(s.value)) == 1 {
			return nil
		}
	}
	return signatureMismatch.with("AWSAccessKeyId", s.accessKey).with("CanonicalRequest", string(canonical)).
		with("StringToSign", string(k.appendToSign(nil, s.stamp, sha256.Sum256(canonical))))
}

var canonBufs = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

func (s *signature) appendCanonicalRequest(b []byte, r *http.Request, q query, path func([]byte) []byte) []byte {
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = path(b)
	b = append(b, '\n')
	if len(q) > 0 {
		skip := ""
		if s.presigned {
			skip = "X-Amz-Signature"
		}
		b = q.appendCanonical(b, skip)
	}
	b = append(b, '\n')
	for _, name := range s.signed {
		b = append(b, name...)
		b = append(b, ':')
		switch name {
		case "host":
			b = append(b, r.Host...)
		case "content-length": // net/http may drop the header
			b = strconv.AppendInt(b, max(r.ContentLength, 0), 10)
		case "transfer-encoding":
			b = append(b, strings.Join(r.TransferEncoding, ",")...)
		default:
			for i, v := range r.Header[http.CanonicalHeaderKey(name)] {
				if i > 0 {
					b = append(b, ',')
				}
				b = appendTrimmed(b, v)
			}
		}
		b = append(b, '\n')
	}
	b = append(b, '\n')
	for i, name := range s.signed {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	b = append(b, '\n')
	return append(b, s.payload...)
}

// appendTrimmed appends v without outer spaces and with inner runs of spaces made one.
func appendTrimmed(b []byte, v string) []byte {
	v = strings.Trim(v, " \t")
	for i := 0; i < len(v); i++ {
		if v[i] == ' ' && i > 0 && v[i-1] == ' ' {
			continue
		}
		b = append(b, v[i])
	}
	return b
}

func appendHex(b, src []byte) []byte { return hex.AppendEncode(b, src) }
