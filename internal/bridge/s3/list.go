package s3

import (
	"encoding/base64"
	"math"
	"net/http"
	"strconv"

	"github.com/flashback-network/flashback/internal/bridge/object"
)

// listing is what a list request asks for.
type listing struct {
	object.ListOptions
	encode bool // encoding-type=url
}

func (c *call) listing(maxName string) (l listing, err error) {
	l.Prefix, l.Delimiter = c.query.get("prefix"), c.query.get("delimiter")
	if l.Max, err = c.pageSize(maxName); err != nil {
		return l, err
	}
	switch v := c.query.get("encoding-type"); v {
	case "":
	case "url":
		l.encode = true
	default:
		return l, invalidArgument.because("Invalid Encoding Method specified in Request").with("ArgumentName", "encoding-type").with("ArgumentValue", clip(v))
	}
	return l, nil
}

// pageSize reads max-keys and its like: absent is 1,000, more is 1,000.
func (c *call) pageSize(name string) (int, error) {
	v := c.query.get(name)
	if v == "" {
		return maxPage, nil
	}
	n, err := strconv.Atoi(v)
	switch {
	case err != nil:
		return 0, invalidArgument.because("Provided %s not an integer or within integer range", clip(v)).with("ArgumentName", name).with("ArgumentValue", clip(v))
	case n < 0, n > math.MaxInt32:
		return 0, invalidArgument.because("Argument %s must be an integer between 0 and 2147483647", clip(v)).with("ArgumentName", name).with("ArgumentValue", clip(v))
	}
	return min(n, maxPage), nil
}

// name writes an element that encoding-type applies to.
func (l *listing) name(x *xmlWriter, element, value string) {
	x.open(element)
	if l.encode {
		x.b = appendEncoded(x.b, value, true)
	} else {
		x.b = appendXMLText(x.b, value)
	}
	x.close(element)
}

// page lists, and is empty when nothing was asked for.
func (c *call) page(o object.ListOptions) (object.Page, error) {
	if o.Max == 0 {
		return object.Page{}, c.bucketThere(c.bucket)
	}
	return c.store.List(c.r.Context(), c.who.Space, c.bucket, o)
}

func (c *call) listObjects() error {
	switch v := c.query.get("list-type"); v {
	case "2":
		return c.listObjectsV2()
	case "":
		return c.listObjectsV1()
	default:
		return invalidArgument.because("Invalid List Type specified in Request").with("ArgumentName", "list-type").with("ArgumentValue", clip(v))
	}
}

func (c *call) listObjectsV1() error {
	l, err := c.listing("max-keys")
	if err != nil {
		return err
	}
	l.After = c.query.get("marker")
	page, err := c.page(l.ListOptions)
	if err != nil {
		return err
	}
	x := newXML()
	x.root("ListBucketResult")
	x.text("Name", c.bucket)
	l.name(x, "Prefix", l.Prefix)
	l.name(x, "Marker", l.After)
	x.number("MaxKeys", int64(l.Max))
	if l.Delimiter != "" {
		l.name(x, "Delimiter", l.Delimiter)
	}
	if l.encode {
		x.text("EncodingType", "url")
	}
	x.truth("IsTruncated", page.More)
	if page.More && l.Delimiter != "" {
		l.name(x, "NextMarker", page.Next)
	}
	c.entries(x, &l, &page, true)
	x.close("ListBucketResult")
	return c.document(http.StatusOK, x)
}

func (c *call) listObjectsV2() error {
	l, err := c.listing("max-keys")
	if err != nil {
		return err
	}
	start, token := c.query.get("start-after"), c.query.get("continuation-token")
	l.After = start
	switch {
	case token != "":
		if l.After, err = decodeToken(token); err != nil {
			return err
		}
	case c.query.has("continuation-token"):
		return errToken
	}
	page, err := c.page(l.ListOptions)
	if err != nil {
		return err
	}
	x := newXML()
	x.root("ListBucketResult")
	x.text("Name", c.bucket)
	l.name(x, "Prefix", l.Prefix)
	if start != "" {
		l.name(x, "StartAfter", start)
	}
	x.optional("ContinuationToken", token)
	if page.More {
		x.text("NextContinuationToken", encodeToken(page.Next))
	}
	x.number("KeyCount", int64(len(page.Objects)+len(page.Prefixes)))
	x.number("MaxKeys", int64(l.Max))
	if l.Delimiter != "" {
		l.name(x, "Delimiter", l.Delimiter)
	}
	if l.encode {
		x.text("EncodingType", "url")
	}
	x.truth("IsTruncated", page.More)
	c.entries(x, &l, &page, c.query.get("fetch-owner") == "true")
	x.close("ListBucketResult")
	return c.document(http.StatusOK, x)
}

// entries writes the objects and prefixes of a page.
func (c *call) entries(x *xmlWriter, l *listing, page *object.Page, owner bool) {
	for i := range page.Objects {
		o := &page.Objects[i]
		x.open("Contents")
		l.name(x, "Key", o.Name)
		c.entry(x, o)
		if owner {
			x.owner("Owner", c.who.Owner)
		}
		x.close("Contents")
	}
	l.prefixes(x, page.Prefixes)
}

// entry writes what every listing says of an object but its key.
func (c *call) entry(x *xmlWriter, o *object.Info) {
	x.time("LastModified", o.Modified)
	x.etag(etagOf(o))
	if a, _, kind := wholeSum(o); a != nil {
		x.text("ChecksumAlgorithm", a.name)
		x.text("ChecksumType", kind)
	}
	x.number("Size", o.Size)
	x.text("StorageClass", storageClass(o))
}

func (l *listing) prefixes(x *xmlWriter, prefixes []string) {
	for _, p := range prefixes {
		x.open("CommonPrefixes")
		l.name(x, "Prefix", p)
		x.close("CommonPrefixes")
	}
}

// listVersions lists the one version that each object has.
func (c *call) listVersions() error {
	l, err := c.listing("max-keys")
	if err != nil {
		return err
	}
	l.After = c.query.get("key-marker")
	if v := c.query.get("version-id-marker"); v != "" && l.After == "" {
		return invalidArgument.because("A version-id marker cannot be specified without a key marker.").with("ArgumentName", "version-id-marker").with("ArgumentValue", clip(v))
	}
	page, err := c.page(l.ListOptions)
	if err != nil {
		return err
	}
	x := newXML()
	x.root("ListVersionsResult")
	x.text("Name", c.bucket)
	l.name(x, "Prefix", l.Prefix)
	l.name(x, "KeyMarker", l.After)
	x.text("VersionIdMarker", c.query.get("version-id-marker"))
	x.number("MaxKeys", int64(l.Max))
	if l.Delimiter != "" {
		l.name(x, "Delimiter", l.Delimiter)
	}
	if l.encode {
		x.text("EncodingType", "url")
	}
	x.truth("IsTruncated", page.More)
	if page.More {
		l.name(x, "NextKeyMarker", page.Next)
		x.text("NextVersionIdMarker", nullVersion)
	}
	for i := range page.Objects {
		o := &page.Objects[i]
		x.open("Version")
		l.name(x, "Key", o.Name)
		x.text("VersionId", nullVersion)
		x.truth("IsLatest", true)
		c.entry(x, o)
		x.owner("Owner", c.who.Owner)
		x.close("Version")
	}
	l.prefixes(x, page.Prefixes)
	x.close("ListVersionsResult")
	return c.document(http.StatusOK, x)
}

// nullVersion is the version id of an object in a bucket without versioning.
const nullVersion = "null"

var errToken = invalidArgument.because("The continuation token provided is incorrect").with("ArgumentName", "continuation-token")

// A continuation token is where the next page starts; it is encoded so that clients do not read it.
func encodeToken(after string) string {
	return base64.RawURLEncoding.EncodeToString([]byte("1" + after))
}

func decodeToken(v string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(v)
	if err != nil || len(b) < 2 || b[0] != '1' || len(b) > 2*maxKeyLen {
		return "", errToken
	}
	return string(b[1:]), nil
}
