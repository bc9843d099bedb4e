package s3

import (
	"cmp"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

// Amazon's limits.
const (
	maxPut        = 5 << 30 // bytes of one write or one part
	maxObject     = 5 << 40 // bytes of an object
	maxDocument   = 4 << 20 // bytes of an XML body: 10,000 parts with checksums, or 1,000 of the longest keys, escaped
	maxKeyLen     = 1024
	maxMetaLen    = 2 << 10
	minPart       = 5 << 20 // bytes of every part but the last
	maxPartNumber = 10000
	maxPage       = 1000
)

// Options of New. Store and Keys must be set.
type Options struct {
	Store object.Store
	Keys  Keys
	Meter Meter // nil: Unmetered

	// Region is what clients must sign for. Empty: any region is accepted, and us-east-1 is told.
	Region string
	// Domain is the host name under which buckets are addressed as BUCKET.Domain; empty: by path only.
	Domain string

	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: nothing is logged
	MaxPut int64            // bytes of one write; 0: 5 GiB
}

// Handler answers S3 requests. It holds no state of requests and needs no closing; draining is the server's. The server that
// runs it should set ReadHeaderTimeout, IdleTimeout and MaxHeaderBytes; the times of bodies are the handler's own.
type Handler struct {
	store  object.Store
	keys   Keys
	meter  Meter
	region string
	domain string // with a leading dot
	now    func() time.Time
	log    *slog.Logger
	maxPut int64
	cache  keyCache
}

// New makes the front of a store.
func New(o Options) *Handler {
	h := &Handler{store: o.Store, keys: o.Keys, meter: o.Meter, region: o.Region, now: o.Now, log: o.Logger, maxPut: o.MaxPut}
	if h.meter == nil {
		h.meter = Unmetered{}
	}
	if o.Domain != "" {
		h.domain = "." + strings.ToLower(strings.Trim(o.Domain, "."))
	}
	if h.now == nil {
		h.now = time.Now
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.maxPut <= 0 {
		h.maxPut = maxPut
	}
	return h
}

// call is one request on its way through the front.
type call struct {
	*Handler
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	query   query
	bucket  string
	key     string
	byHost  bool     // the bucket is in the host name
	id      [16]byte // of the request, hexadecimal
	sig     *signature
	signKey *signingKey
	who     *Identity
	status  int // 0 until the answer began
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Handler: h, w: w, r: r, control: http.NewResponseController(w)}
	if r.ContentLength == 0 && r.Header["Expect"] != nil {
		// net/http leaves "100 Continue" out for an empty body, and botocore reads the answer after the next one wrong when it
		// got a final answer without it on a connection that stays open.
		w.WriteHeader(http.StatusContinue)
	}
	c.newID()
	header := w.Header()
	header["x-amz-request-id"] = []string{string(c.id[:])}
	header["Server"] = serverName
	if r.ContentLength != 0 { // neither "100 Continue" nor what is left of a refused body may meet an old deadline or none
		soon := time.Now().Add(progressTime)
		_ = c.control.SetWriteDeadline(soon)
		_ = c.control.SetReadDeadline(soon)
	}
	if err := c.serve(); err != nil {
		c.refuse(err)
	}
}

var serverName = []string{"Flashback"}

func (c *call) newID() {
	var raw [8]byte
	n := rand.Uint64()
	for i := range raw {
		raw[i] = byte(n >> (8 * i))
	}
	hex.Encode(c.id[:], raw[:])
	for i, b := range c.id {
		if b >= 'a' {
			c.id[i] = b - 'a' + 'A'
		}
	}
}

// serve authenticates, admits, routes and does the request.
func (c *call) serve() error {
	var err error
	if c.query, err = parseQuery(c.r.URL.RawQuery); err != nil {
		return err
	}
	if err := c.locate(); err != nil {
		return err
	}
	if c.r.Method == http.MethodOptions {
		return c.preflight()
	}
	op, err := c.route()
	if err != nil {
		return err
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	if err := c.meter.AdmitRequest(c.who.Space, op.action); err != nil {
		return err
	}
	begun := time.Now()
	defer func() { // also when the connection is cut by a panic
		c.meter.Done(c.who.Space, op.action, cmp.Or(c.status, http.StatusInternalServerError), time.Since(begun))
	}()
	if err := c.perform(op); err != nil {
		c.refuse(err)
	}
	return nil
}

func (c *call) perform(op operation) error {
	if o := headerOf(c.r, "X-Amz-Expected-Bucket-Owner"); o != "" && o != c.who.Owner && c.bucket != "" {
		return accessDenied
	}
	if !op.asksItself {
		key := c.key
		if c.key == "" && op.action == List {
			key = c.query.get("prefix")
		}
		if err := c.allow(op.action, c.bucket, key); err != nil {
			return err
		}
	}
	return op.do(c)
}

// allow asks the identity.
func (c *call) allow(a Action, bucket, key string) error {
	if c.who.Allow == nil {
		return nil
	}
	return c.who.Allow(a, bucket, key)
}

// locate finds the bucket and the key in host and path.
func (c *call) locate() error {
	path := c.r.URL.Path
	if path != "" && path[0] != '/' {
		return invalidURI
	}
	path = strings.TrimPrefix(path, "/")
	if c.domain != "" {
		host := c.r.Host
		if at := strings.LastIndexByte(host, ':'); at > 0 && host[len(host)-1] != ']' {
			host = host[:at]
		}
		if n := len(host) - len(c.domain); n > 0 && strings.EqualFold(host[n:], c.domain) {
			c.bucket, c.key, c.byHost = strings.ToLower(host[:n]), path, true
			return c.checkKey()
		}
	}
	c.bucket, c.key, _ = strings.Cut(path, "/")
	if c.bucket == "" && c.key != "" {
		return invalidBucketName
	}
	return c.checkKey()
}

func (c *call) checkKey() error {
	if c.bucket != "" && !validBucketName(c.bucket) {
		return invalidBucketName.with("BucketName", clip(c.bucket))
	}
	return checkKey(c.key)
}

// checkKey refuses what is no object key. An empty key is none and passes.
func checkKey(key string) error {
	if len(key) > maxKeyLen {
		return keyTooLong.with("Size", strconv.Itoa(len(key))).with("MaxSizeAllowed", strconv.Itoa(maxKeyLen))
	}
	if !utf8.ValidString(key) {
		return invalidURI.because("Object keys are UTF-8.")
	}
	return nil
}

// validBucketName follows Amazon's rules for general purpose buckets.
func validBucketName(s string) bool {
	if len(s) < 3 || len(s) > 63 || strings.Contains(s, "..") || net.ParseIP(s) != nil ||
		strings.HasPrefix(s, "xn--") || strings.HasSuffix(s, "-s3alias") || strings.HasSuffix(s, "--ol-s3") {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case 'a' <= ch && ch <= 'z', '0' <= ch && ch <= '9':
		case (ch == '-' || ch == '.') && i > 0 && i < len(s)-1:
		default:
			return false
		}
	}
	return true
}

// authenticate sets who asks.
func (c *call) authenticate() error {
	sig, err := parseSignature(c.r, c.query)
	if err != nil {
		return err
	}
	if c.region != "" && sig.region != c.region && !sig.v2 {
		r := authHeaderMalformed.because("The authorization header is malformed; the region \"%s\" is wrong; expecting \"%s\"", clip(sig.region), c.region)
		if sig.presigned {
			r = authQueryMalformed.because("Error parsing the X-Amz-Credential parameter; the region \"%s\" is wrong; expecting \"%s\"", clip(sig.region), c.region)
		}
		return r.with("Region", c.region)
	}
	who, err := c.keys.Find(c.r.Context(), sig.accessKey)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return invalidAccessKey.with("AWSAccessKeyId", sig.accessKey)
		}
		return err
	}
	if sig.token != "" && who.SessionToken == "" {
		return invalidToken
	}
	now := c.now()
	if err := sig.timely(now); err != nil {
		return err
	}
	if err := c.verify(sig, who); err != nil {
		return err
	}
	if sig.token != who.SessionToken {
		return invalidToken
	}
	if !who.Expires.IsZero() && !now.Before(who.Expires) {
		if who.SessionToken != "" {
			return expiredToken
		}
		return accessDenied.because("Access Denied: this access key expired at %s.", who.Expires.UTC().Format(time.RFC3339))
	}
	c.sig, c.who = sig, who
	return nil
}

// verify checks the signature itself.
func (c *call) verify(sig *signature, who *Identity) error {
	if sig.v2 {
		hostBucket := ""
		if c.byHost {
			hostBucket = c.bucket
		}
		return sig.verifyV2(c.r, c.query, who.Secret, hostBucket)
	}
	if err := sig.covers(c.r.Header); err != nil {
		return err
	}
	c.signKey = c.cache.get(who.Secret, sig.scope)
	return sig.verify(c.r, c.query, c.signKey)
}

// object addresses the object that the request names.
func (c *call) object() object.Key {
	return object.Key{Space: c.who.Space, Bucket: c.bucket, Name: c.key}
}

// begin starts the answer; nothing may be refused after it.
func (c *call) begin(status int) {
	c.status = status
	_ = c.control.SetWriteDeadline(time.Now().Add(progressTime))
	c.w.WriteHeader(status)
}

// empty answers without a body.
func (c *call) empty(status int) error {
	if status != http.StatusNoContent {
		c.w.Header()["Content-Length"] = zeroLength
	}
	c.begin(status)
	return nil
}

var (
	zeroLength = []string{"0"}
	xmlType    = []string{"application/xml"}
)

// document answers with XML.
func (c *call) document(status int, x *xmlWriter) error {
	header := c.w.Header()
	header["Content-Type"] = xmlType
	header["Content-Length"] = []string{strconv.Itoa(len(x.b))}
	c.begin(status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(x.b) // the client is gone: nobody is left to tell
	}
	x.free()
	return nil
}

// refuse answers with an error. When the answer has begun there is no way to say it but to cut the connection, so that
// the client does not take a short object for a whole one.
func (c *call) refuse(err error) {
	r := refusalOf(err)
	if c.status != 0 {
		level := slog.LevelDebug // the client went away
		if f := (*fault.Error)(nil); errors.As(err, &f) {
			level = slog.LevelError
		}
		c.log.Log(c.r.Context(), level, "s3 answer cut short", "request", string(c.id[:]), "bucket", c.bucket, "key", c.key, "err", err)
		panic(http.ErrAbortHandler)
	}
	if r.status >= http.StatusInternalServerError && r.status != http.StatusNotImplemented && r.code != slowDown.code {
		c.log.Error("s3 request failed", "request", string(c.id[:]), "method", c.r.Method, "bucket", c.bucket, "key", c.key, "err", err)
	}
	header := c.w.Header()
	for _, name := range [...]string{"ETag", "Last-Modified", "Content-Range", "Accept-Ranges", "Content-Encoding", "Cache-Control", "Content-Disposition"} {
		delete(header, name)
	}
	if r.retry > 0 {
		header["Retry-After"] = []string{strconv.Itoa(int((r.retry + time.Second - 1) / time.Second))}
	}
	x := newXML()
	x.open("Error")
	x.text("Code", r.code)
	x.text("Message", r.message)
	for _, d := range r.details {
		x.text(d.name, d.value)
	}
	if c.bucket != "" && r.status == http.StatusNotFound {
		x.text("BucketName", c.bucket)
		if c.key != "" {
			x.text("Key", c.key)
		}
	}
	x.text("Resource", c.r.URL.Path)
	x.text("RequestId", string(c.id[:]))
	x.text("HostId", "")
	x.close("Error")
	lingers := c.lingers()
	if lingers {
		header["Connection"] = []string{"close"}
	}
	_ = c.document(r.status, x)
	if lingers {
		c.linger()
	}
}
