package s3

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

// sumType is how the checksum of an upload's object is made. It travels as UploadOptions.Front.
type sumType struct {
	alg      *algorithm
	kind     string // fullObject or composite
	explicit bool   // the client named the algorithm
}

func (s sumType) String() string {
	if s.explicit {
		return s.alg.name + ":" + s.kind
	}
	return ""
}

// readSumType reads what String wrote. An upload that named none, or is another front's, has the default.
func readSumType(u *object.Upload) sumType {
	name, kind, _ := strings.Cut(u.Options.Front, ":")
	if a := algorithmNamed(name); a != nil && (kind == composite || kind == fullObject) {
		return sumType{a, kind, true}
	}
	return sumType{alg: defaultAlgorithm, kind: fullObject}
}

// sumType reads the checksum headers of CreateMultipartUpload.
func (c *call) sumType() (s sumType, err error) {
	name, kind := headerOf(c.r, "X-Amz-Checksum-Algorithm"), strings.ToUpper(headerOf(c.r, "X-Amz-Checksum-Type"))
	if name == "" {
		if kind != "" && kind != composite && kind != fullObject {
			return s, errChecksumType
		}
		if kind != "" {
			return s, invalidRequest.because("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
		}
		return sumType{alg: defaultAlgorithm, kind: fullObject}, nil
	}
	s = sumType{algorithmNamed(name), kind, true}
	switch {
	case kind != "" && kind != composite && kind != fullObject:
		return s, errChecksumType
	case s.alg == nil:
		return s, errChecksumAlgorithm
	case kind == "" && s.alg.new == nil:
		s.kind = fullObject
	case kind == "":
		s.kind = composite
	case kind == composite && s.alg.new == nil, kind == fullObject && !s.alg.linear():
		return s, invalidRequest.because("The %s checksum type cannot be used with the %s checksum algorithm.", kind, strings.ToLower(s.alg.name))
	}
	return s, nil
}

var errChecksumType = invalidRequest.because("Value for x-amz-checksum-type header is invalid.")

// upload finds the upload that the request names.
func (c *call) upload() (object.Upload, error) {
	up, err := c.store.GetUpload(c.r.Context(), c.object(), c.query.get("uploadId"))
	return up, c.uploadError(err)
}

// uploadError tells a bucket that is not there from an upload that is not there.
func (c *call) uploadError(err error) error {
	if fault.CodeOf(err) == object.CodeNoUpload {
		if err := c.bucketThere(c.bucket); err != nil {
			return err
		}
	}
	return err
}

// sumMismatch refuses a part whose checksum is not of its upload's algorithm.
func sumMismatch(want, got string) error {
	return invalidRequest.because("Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s", want, got)
}

func (c *call) startUpload() error {
	if err := c.refuseUnbuilt(); err != nil {
		return err
	}
	headers, meta, err := c.metadata()
	if err != nil {
		return err
	}
	s, err := c.sumType()
	if err != nil {
		return err
	}
	if s.explicit {
		headers[algorithmKey] = s.alg.name
	}
	up, err := c.store.StartUpload(c.r.Context(), c.object(), object.UploadOptions{
		Headers: headers, Meta: meta, Compute: object.MD5 | s.alg.bit, Front: s.String(),
	})
	if err != nil {
		return err
	}
	if s.explicit {
		h := c.w.Header()
		h["x-amz-checksum-algorithm"] = []string{s.alg.name}
		h["x-amz-checksum-type"] = []string{s.kind}
	}
	x := newXML()
	x.root("InitiateMultipartUploadResult")
	x.text("Bucket", c.bucket)
	x.text("Key", c.key)
	x.text("UploadId", up.ID)
	x.close("InitiateMultipartUploadResult")
	return c.document(http.StatusOK, x)
}

func (c *call) putPart() error {
	number, err := c.partNumber()
	if err != nil {
		return err
	}
	if len(c.r.Header["X-Amz-Copy-Source"]) > 0 {
		return c.copyPart(number)
	}
	if err := c.allow(Write, c.bucket, c.key); err != nil {
		return err
	}
	if err := c.refuseUnbuilt(); err != nil {
		return err
	}
	b, err := c.openBody(c.maxPut)
	if err != nil {
		return err
	}
	defer b.close()
	up, err := c.upload()
	if err != nil {
		return err
	}
	s := readSumType(&up)
	if b.alg == nil && s.explicit && s.kind == composite {
		return sumMismatch(s.alg.name, "null")
	}
	compute := object.MD5 | s.alg.bit
	if b.alg != nil {
		if s.explicit && b.alg != s.alg {
			return sumMismatch(s.alg.name, b.alg.name)
		}
		compute |= b.alg.bit
	}
	commit, err := c.meter.AdmitWrite(c.who.Space, b.size)
	if err != nil {
		return err
	}
	p, err := c.store.PutPart(c.r.Context(), c.object(), up.ID, number, b, b.size, object.PutOptions{Compute: compute, Verify: b.verify})
	commit(b.read)
	if err != nil {
		return b.blame(err)
	}
	h := c.w.Header()
	h["ETag"] = []string{`"` + partTag(&p) + `"`}
	shown := s.alg
	if b.alg != nil {
		shown = b.alg
	}
	if sum := shown.sum(&p.Sums); sum != nil && (s.explicit || b.alg != nil) {
		h[shown.header] = []string{base64.StdEncoding.EncodeToString(sum)}
	}
	return c.empty(http.StatusOK)
}

func (c *call) abortUpload() error {
	if v := headerOf(c.r, "X-Amz-If-Match-Initiated-Time"); v != "" {
		at, err := http.ParseTime(v)
		if err != nil {
			return invalidArgument.with("ArgumentName", "x-amz-if-match-initiated-time")
		}
		up, err := c.upload()
		if err != nil {
			return err
		}
		if !up.Started.Truncate(time.Second).Equal(at) {
			return preconditionFailed.with("Condition", "x-amz-if-match-initiated-time")
		}
	}
	if err := c.store.AbortUpload(c.r.Context(), c.object(), c.query.get("uploadId")); err != nil {
		return c.uploadError(err)
	}
	return c.empty(http.StatusNoContent)
}

// partTag is a part's entity tag without quotes.
func partTag(p *object.PartInfo) string { return hex.EncodeToString(p.Sums.MD5) }

// partSum writes a part's checksum, if it has it.
func partSum(x *xmlWriter, a *algorithm, p *object.PartInfo) {
	if sum := a.sum(&p.Sums); sum != nil {
		x.text("Checksum"+a.name, base64.StdEncoding.EncodeToString(sum))
	}
}

func (c *call) listParts() error {
	limit, err := c.pageSize("max-parts")
	if err != nil {
		return err
	}
	after := 0
	if v := c.query.get("part-number-marker"); v != "" {
		bad := invalidArgument.with("ArgumentName", "part-number-marker").with("ArgumentValue", clip(v))
		if after, err = strconv.Atoi(v); err != nil {
			return bad.because("Provided %s not an integer or within integer range", clip(v))
		}
		if after < 0 || after > math.MaxInt32 {
			return bad.because("Argument %s must be an integer between 0 and 2147483647", clip(v))
		}
	}
	up, err := c.upload()
	if err != nil {
		return err
	}
	var parts []object.PartInfo
	more := false
	if limit > 0 {
		if parts, more, err = c.store.Parts(c.r.Context(), c.object(), up.ID, after, limit); err != nil {
			return err
		}
	}
	s := readSumType(&up)
	x := newXML()
	x.root("ListPartsResult")
	x.text("Bucket", c.bucket)
	x.text("Key", c.key)
	x.text("UploadId", up.ID)
	x.owner("Initiator", c.who.Owner)
	x.owner("Owner", c.who.Owner)
	x.text("StorageClass", classOf(&up))
	if s.explicit {
		x.text("ChecksumAlgorithm", s.alg.name)
		x.text("ChecksumType", s.kind)
	}
	x.number("PartNumberMarker", int64(after))
	if len(parts) > 0 {
		x.number("NextPartNumberMarker", int64(parts[len(parts)-1].Number))
	}
	x.number("MaxParts", int64(limit))
	x.truth("IsTruncated", more)
	for i := range parts {
		p := &parts[i]
		x.open("Part")
		x.number("PartNumber", int64(p.Number))
		x.time("LastModified", p.Modified)
		x.etag(partTag(p))
		x.number("Size", p.Size)
		if s.explicit {
			partSum(x, s.alg, p)
		}
		x.close("Part")
	}
	x.close("ListPartsResult")
	return c.document(http.StatusOK, x)
}

func classOf(u *object.Upload) string {
	if v := u.Options.Headers[storageClassKey]; v != "" {
		return v
	}
	return standardClass
}

func (c *call) listUploads() error {
	l, err := c.listing("max-uploads")
	if err != nil {
		return err
	}
	keyMarker, idMarker := c.query.get("key-marker"), c.query.get("upload-id-marker")
	all, err := c.store.Uploads(c.r.Context(), c.who.Space, c.bucket, l.Prefix)
	if err != nil {
		return err
	}
	page := pageOfUploads(all, &l, keyMarker, idMarker)
	x := newXML()
	x.root("ListMultipartUploadsResult")
	x.text("Bucket", c.bucket)
	l.name(x, "KeyMarker", keyMarker)
	x.text("UploadIdMarker", idMarker)
	if page.more {
		l.name(x, "NextKeyMarker", page.nextKey)
		x.text("NextUploadIdMarker", page.nextID)
	}
	l.name(x, "Prefix", l.Prefix)
	if l.Delimiter != "" {
		l.name(x, "Delimiter", l.Delimiter)
	}
	if l.encode {
		x.text("EncodingType", "url")
	}
	x.number("MaxUploads", int64(l.Max))
	x.truth("IsTruncated", page.more)
	for i := range page.uploads {
		u := &page.uploads[i]
		x.open("Upload")
		l.name(x, "Key", u.Name)
		x.text("UploadId", u.ID)
		x.owner("Initiator", c.who.Owner)
		x.owner("Owner", c.who.Owner)
		x.text("StorageClass", classOf(u))
		x.time("Initiated", u.Started)
		if s := readSumType(u); s.explicit {
			x.text("ChecksumAlgorithm", s.alg.name)
			x.text("ChecksumType", s.kind)
		}
		x.close("Upload")
	}
	l.prefixes(x, page.prefixes)
	x.close("ListMultipartUploadsResult")
	return c.document(http.StatusOK, x)
}

type uploadPage struct {
	uploads         []object.Upload
	prefixes        []string
	more            bool
	nextKey, nextID string
}

// pageOfUploads orders uploads by name and then by when they began, and cuts a page out of them. The page starts after the
// upload that the markers name. When that one is gone, as when a client aborts what it lists, it starts with the
// first upload of its key, so that none is left out.
func pageOfUploads(all []object.Upload, l *listing, keyMarker, idMarker string) (p uploadPage) {
	slices.SortStableFunc(all, func(a, b object.Upload) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), a.Started.Compare(b.Started), strings.Compare(a.ID, b.ID))
	})
	marker := -1
	if idMarker != "" {
		marker = slices.IndexFunc(all, func(u object.Upload) bool { return u.Name == keyMarker && u.ID == idMarker })
	}
	for i := range all {
		u := &all[i]
		prefix := ""
		if l.Delimiter != "" {
			if at := strings.Index(u.Name[len(l.Prefix):], l.Delimiter); at >= 0 {
				prefix = u.Name[:len(l.Prefix)+at+len(l.Delimiter)]
			}
		}
		switch {
		case keyMarker == "":
		case prefix != "" && prefix <= keyMarker:
			continue
		case u.Name < keyMarker, u.Name == keyMarker && (idMarker == "" || i <= marker):
			continue
		}
		if n := len(p.prefixes); prefix != "" && n > 0 && p.prefixes[n-1] == prefix {
			continue
		}
		if len(p.uploads)+len(p.prefixes) == l.Max {
			p.more = l.Max > 0
			return p
		}
		if prefix != "" {
			p.prefixes = append(p.prefixes, prefix)
			p.nextKey, p.nextID = prefix, ""
			continue
		}
		p.uploads = append(p.uploads, *u)
		p.nextKey, p.nextID = u.Name, u.ID
	}
	return p
}
