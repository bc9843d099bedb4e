package s3

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

// copySource finds and admits the object that a copy reads. The copy must be of this very generation.
func (c *call) copySource(src object.Key) (_ object.Key, info object.Info, cond object.Condition, err error) {
	if o := headerOf(c.r, "X-Amz-Source-Expected-Bucket-Owner"); o != "" && o != c.who.Owner {
		return src, info, cond, accessDenied
	}
	src.Space = c.who.Space
	if err = c.allow(Read, src.Bucket, src.Name); err != nil {
		return src, info, cond, err
	}
	if info, err = c.store.Stat(c.r.Context(), src, 0); err != nil {
		return src, info, cond, err
	}
	k := readConditions(c.r.Header, "X-Amz-Copy-Source-")
	if check := k.source(); check != nil {
		if err = check(&info); err != nil {
			return src, info, cond, err
		}
	}
	generation := info.Generation
	return src, info, object.Condition{IfGenerationMatch: &generation}, nil
}

// parseCopySource reads [/]bucket/key[?versionId=…], percent-encoded.
func parseCopySource(v string) (k object.Key, err error) {
	v, version, versioned := strings.Cut(v, "?versionId=")
	if versioned {
		if err := checkVersionID(version); err != nil {
			return k, err
		}
	}
	bad := invalidArgument.with("ArgumentName", "x-amz-copy-source").with("ArgumentValue", clip(v))
	path, err := url.PathUnescape(v)
	if err != nil {
		return k, bad.because("Invalid copy source encoding")
	}
	k.Bucket, k.Name, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case k.Name == "" && k.Bucket == "":
		return k, bad.because("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	case !validBucketName(k.Bucket):
		return k, bad.because("Invalid copy source bucket name")
	case k.Name == "":
		return k, bad.because("Invalid copy source object key")
	}
	return k, checkKey(k.Name)
}

// directive reads a header that says COPY or REPLACE.
func (c *call) directive(canonical, what string) (replace bool, err error) {
	switch v := headerOf(c.r, canonical); v {
	case "", "COPY":
		return false, nil
	case "REPLACE":
		return true, nil
	default:
		return false, invalidArgument.because("Unknown %s directive.", what).with("ArgumentName", strings.ToLower(canonical)).with("ArgumentValue", clip(v))
	}
}

func (c *call) copyObject() error {
	if err := c.allow(Write, c.bucket, c.key); err != nil {
		return err
	}
	if err := c.refuseUnbuilt(); err != nil {
		return err
	}
	newMeta, err := c.directive("X-Amz-Metadata-Directive", "metadata")
	if err != nil {
		return err
	}
	newTags, err := c.directive("X-Amz-Tagging-Directive", "tagging")
	if err != nil {
		return err
	}
	headers, meta, err := c.metadata()
	if err != nil {
		return err
	}
	named, err := c.namedAlgorithm()
	if err != nil {
		return err
	}
	src, err := parseCopySource(headerOf(c.r, "X-Amz-Copy-Source"))
	if err != nil {
		return err
	}
	src, info, srcCond, err := c.copySource(src)
	if err != nil {
		return err
	}
	dst := c.object()
	class := headers[storageClassKey]
	if src == dst && !newMeta && class == storageClassOrNone(&info) && headers[redirectKey] == info.Headers[redirectKey] {
		return invalidRequest.because("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	if info.Size > maxPut {
		return invalidRequest.because("The specified copy source is larger than the maximum allowable size for a copy source: %d", int64(maxPut))
	}
	alg := cmp.Or(named, algorithmNamed(info.Headers[algorithmKey]), defaultAlgorithm)
	headers, meta = copiedMetadata(&info, headers, meta, newMeta, newTags)
	delete(headers, algorithmKey)
	if alg != defaultAlgorithm {
		headers[algorithmKey] = alg.name
	}
	cond, err := c.writeCondition()
	if err != nil {
		return err
	}
	done, err := c.store.Copy(c.r.Context(), src, srcCond, dst, object.PutOptions{
		Headers: headers, Meta: meta, Compute: object.MD5 | alg.bit, Condition: cond,
	}, true)
	if err != nil {
		return sourceChanged(err)
	}
	x := newXML()
	x.root("CopyObjectResult")
	x.etag(etagOf(&done))
	x.time("LastModified", done.Modified)
	if a, value, kind := wholeSum(&done); a != nil {
		x.text("Checksum"+a.name, value)
		x.text("ChecksumType", kind)
	}
	x.close("CopyObjectResult")
	return c.document(http.StatusOK, x)
}

// storageClassOrNone is the stored class as metadata has it: standard is not stored.
func storageClassOrNone(i *object.Info) string { return i.Headers[storageClassKey] }

// namedAlgorithm is the checksum that the request names, nil when it names none.
func (c *call) namedAlgorithm() (*algorithm, error) {
	v := headerOf(c.r, "X-Amz-Checksum-Algorithm")
	a := algorithmNamed(v)
	if v != "" && a == nil {
		return nil, errChecksumAlgorithm
	}
	return a, nil
}

var errChecksumAlgorithm = invalidRequest.because("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256]")

// copiedMetadata is what the copy keeps: of its source unless replaced. The storage class is never the source's.
func copiedMetadata(src *object.Info, headers, meta map[string]string, newMeta, newTags bool) (map[string]string, map[string]string) {
	out := make(map[string]string, len(src.Headers)+1)
	from := src.Headers
	if newMeta {
		from = headers
	} else {
		meta = src.Meta
	}
	for k, v := range from {
		out[k] = v
	}
	take := func(key string, from map[string]string) {
		delete(out, key)
		if v, ok := from[key]; ok {
			out[key] = v
		}
	}
	take(storageClassKey, headers)
	take(redirectKey, headers)
	if newTags {
		take(taggingKey, headers)
	} else {
		take(taggingKey, src.Headers)
	}
	return out, meta
}

// sourceChanged tells a lost race for the source from a condition of the client's.
func sourceChanged(err error) error {
	if fault.CodeOf(err) == object.CodePrecondition {
		return operationAborted.because("The copy source changed while it was copied. Try again.")
	}
	return err
}

// copyPart is UploadPartCopy.
func (c *call) copyPart(number int) error {
	if err := c.allow(Write, c.bucket, c.key); err != nil {
		return err
	}
	src, err := parseCopySource(headerOf(c.r, "X-Amz-Copy-Source"))
	if err != nil {
		return err
	}
	up, err := c.upload()
	if err != nil {
		return err
	}
	src, info, cond, err := c.copySource(src)
	if err != nil {
		return err
	}
	off, n := int64(0), info.Size
	if v := headerOf(c.r, "X-Amz-Copy-Source-Range"); v != "" {
		if off, n, err = parseCopyRange(v, info.Size); err != nil {
			return err
		}
	}
	if n > maxPut {
		return invalidRequest.because("The specified copy source is larger than the maximum allowable size for a copy source: %d", int64(maxPut))
	}
	p, err := c.store.CopyPart(c.r.Context(), c.object(), up.ID, number, src, cond, off, n)
	if err != nil {
		return sourceChanged(err)
	}
	x := newXML()
	x.root("CopyPartResult")
	x.etag(partTag(&p))
	x.time("LastModified", p.Modified)
	if s := readSumType(&up); s.explicit {
		partSum(x, s.alg, &p)
	}
	x.close("CopyPartResult")
	return c.document(http.StatusOK, x)
}

// parseCopyRange reads bytes=first-last, both required, inside the source.
func parseCopyRange(v string, size int64) (off, n int64, err error) {
	bad := invalidArgument.because("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy").
		with("ArgumentName", "x-amz-copy-source-range").with("ArgumentValue", clip(v))
	spec, ok := strings.CutPrefix(v, "bytes=")
	if !ok {
		return 0, 0, bad
	}
	first, last, ok := strings.Cut(spec, "-")
	if !ok || !isDigits(first) || !isDigits(last) || number(first) > number(last) {
		return 0, 0, bad
	}
	if number(last) >= size {
		return 0, 0, invalidArgument.because("Range specified is not valid for source object of size: %d", size).
			with("ArgumentName", "x-amz-copy-source-range").with("ArgumentValue", clip(v))
	}
	off, n = number(first), number(last)-number(first)+1
	if off == 0 && n == size {
		return 0, size, nil
	}
	return off, n, nil
}

// partNumber reads the parameter of UploadPart.
func (c *call) partNumber() (int, error) {
	v := c.query.get("partNumber")
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxPartNumber {
		return 0, invalidArgument.because("Part number must be an integer between 1 and 10000, inclusive.").with("ArgumentName", "partNumber").with("ArgumentValue", clip(v))
	}
	return n, nil
}
