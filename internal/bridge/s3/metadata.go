package s3

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

// Names of stored headers that are S3's own.
const (
	algorithmKey    = "x-amz-checksum-algorithm"
	storageClassKey = "x-amz-storage-class"
	redirectKey     = "x-amz-website-redirect-location"
	taggingKey      = "x-amz-tagging"

	metaPrefix      = "X-Amz-Meta-"
	standardClass   = "STANDARD"
	defaultMimeType = "binary/octet-stream"
)

// storedHeaders are kept with an object and given back with it.
var storedHeaders = [...]struct{ canon, name string }{
	{"Cache-Control", "cache-control"},
	{"Content-Disposition", "content-disposition"},
	{"Content-Encoding", "content-encoding"},
	{"Content-Language", "content-language"},
	{"Content-Type", "content-type"},
	{"Expires", "expires"},
	{"X-Amz-Website-Redirect-Location", redirectKey},
}

// metadata reads what a request wants to be kept with an object.
func (c *call) metadata() (headers, meta map[string]string, err error) {
	h := c.r.Header
	headers = make(map[string]string, 2)
	for _, s := range storedHeaders {
		v := h[s.canon]
		if len(v) == 0 || v[0] == "" {
			continue
		}
		value := v[0]
		if s.name == "content-encoding" {
			if value = withoutChunked(strings.Join(v, ",")); value == "" {
				continue
			}
		}
		if s.name == redirectKey && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "https://") {
			return nil, nil, refuse(400, "InvalidRedirectLocation", "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.")
		}
		headers[s.name] = value
	}
	if class := headerOf(c.r, "X-Amz-Storage-Class"); class != "" && class != standardClass {
		if !instantClass(class) {
			return nil, nil, invalidStorageClass.with("StorageClassRequested", clip(class))
		}
		headers[storageClassKey] = class
	}
	if tags := headerOf(c.r, "X-Amz-Tagging"); tags != "" {
		parsed, err := parseTagHeader(tags)
		if err != nil {
			return nil, nil, err
		}
		if len(parsed) > 0 {
			headers[taggingKey] = parsed.encode()
		}
	}
	size := 0
	for name, v := range h {
		if !strings.HasPrefix(name, metaPrefix) || len(name) == len(metaPrefix) {
			continue
		}
		if meta == nil {
			meta = make(map[string]string, 4)
		}
		key, value := strings.ToLower(name[len(metaPrefix):]), strings.Join(v, ",")
		if size += len(key) + len(value); size > maxMetaLen {
			return nil, nil, metadataTooLarge.with("Size", strconv.Itoa(size)).with("MaxSizeAllowed", strconv.Itoa(maxMetaLen))
		}
		meta[key] = value
	}
	return headers, meta, nil
}

// withoutChunked leaves the framing of the transfer out of a content encoding.
func withoutChunked(v string) string {
	if !strings.Contains(v, "aws-chunked") {
		return v
	}
	var kept []string
	for one := range strings.SplitSeq(v, ",") {
		if one = strings.TrimSpace(one); one != "aws-chunked" && one != "" {
			kept = append(kept, one)
		}
	}
	return strings.Join(kept, ",")
}

// instantClass knows the storage classes whose objects can be read at once, as ours can. The archives are refused rather
// than pretended.
func instantClass(class string) bool {
	switch class {
	case standardClass, "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "EXPRESS_ONEZONE":
		return true
	}
	return false
}

func storageClass(i *object.Info) string {
	if v := i.Headers[storageClassKey]; v != "" {
		return v
	}
	return standardClass
}

// refuseUnbuilt refuses what a write asks for and would not get.
func (c *call) refuseUnbuilt() error {
	for name := range c.r.Header {
		if !strings.HasPrefix(name, "X-Amz-") {
			continue
		}
		switch {
		case strings.HasPrefix(name, "X-Amz-Server-Side-Encryption"):
			return notImplemented.because("Server-side encryption is not implemented on this node; encrypt on your side.").with("Header", strings.ToLower(name))
		case strings.HasPrefix(name, "X-Amz-Object-Lock-"):
			return bucketWithoutLock
		case name == "X-Amz-Acl", strings.HasPrefix(name, "X-Amz-Grant-"):
			if err := c.checkACL(); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkVersion refuses version ids: buckets have no versions yet, so the only one is "null".
func (c *call) checkVersion() error {
	if len(c.query) == 0 || !c.query.has("versionId") {
		return nil
	}
	return checkVersionID(c.query.get("versionId"))
}

func checkVersionID(v string) error {
	switch v {
	case nullVersion:
		return nil
	case "":
		return invalidArgument.because("Version id cannot be the empty string").with("ArgumentName", "versionId")
	}
	return invalidArgument.because("Invalid version id specified").with("ArgumentName", "versionId").with("ArgumentValue", clip(v))
}

// isNoKey says whether err means that the object is not there, while its bucket is.
func isNoKey(err error) bool {
	return fault.KindOf(err) == fault.NotFound && fault.CodeOf(err) != object.CodeNoBucket
}

// describe sets the headers that tell about a stored object.
func describe(h http.Header, i *object.Info) {
	h["ETag"] = []string{`"` + etagOf(i) + `"`}
	h["Last-Modified"] = []string{i.Modified.UTC().Format(http.TimeFormat)}
}

// describeAll adds to describe everything that GET and HEAD show.
func (c *call) describeAll(i *object.Info) {
	h := c.w.Header()
	describe(h, i)
	h["Accept-Ranges"] = acceptRanges
	h["Content-Type"] = defaultType
	for name, value := range i.Headers {
		switch name {
		case algorithmKey:
		case taggingKey:
			h["x-amz-tagging-count"] = []string{strconv.Itoa(strings.Count(value, "&") + 1)}
		case "content-type":
			h["Content-Type"] = []string{value}
		default:
			h[name] = []string{value}
		}
	}
	for name, value := range i.Meta {
		h["x-amz-meta-"+name] = []string{value}
	}
}

var (
	acceptRanges = []string{"bytes"}
	defaultType  = []string{defaultMimeType}
)

// overrides are the query parameters by which a read sets headers of its answer.
var overrides = [...]struct{ param, header, stored string }{
	{"response-cache-control", "Cache-Control", "cache-control"},
	{"response-content-disposition", "Content-Disposition", "content-disposition"},
	{"response-content-encoding", "Content-Encoding", "content-encoding"},
	{"response-content-language", "Content-Language", "content-language"},
	{"response-content-type", "Content-Type", "content-type"},
	{"response-expires", "Expires", "expires"},
}

func (c *call) override() {
	if len(c.query) == 0 {
		return
	}
	h := c.w.Header()
	for _, o := range overrides {
		if v := c.query.get(o.param); v != "" {
			delete(h, o.stored)
			h[o.header] = []string{v}
		}
	}
}

// showSum sets the checksum headers of a stored object.
func showSum(h http.Header, i *object.Info) {
	if a, value, kind := wholeSum(i); a != nil {
		h[a.header] = []string{value}
		h["x-amz-checksum-type"] = []string{kind}
	}
}
