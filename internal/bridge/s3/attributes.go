package s3

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/flashback-network/flashback/internal/bridge/object"
)

// getAttributes answers GetObjectAttributes.
func (c *call) getAttributes() error {
	if err := c.checkVersion(); err != nil {
		return err
	}
	if err := c.bucketThere(c.bucket); err != nil {
		return err
	}
	wanted, err := c.attributes()
	if err != nil {
		return err
	}
	info, err := c.store.Stat(c.r.Context(), c.object(), 0)
	if err != nil {
		return err
	}
	x := newXML()
	x.root("GetObjectAttributesResponse")
	if wanted["ETag"] {
		x.text("ETag", etagOf(&info))
	}
	a, value, kind := wholeSum(&info)
	if wanted["Checksum"] && a != nil {
		x.open("Checksum")
		x.text("Checksum"+a.name, value)
		x.text("ChecksumType", kind)
		x.close("Checksum")
	}
	if wanted["ObjectParts"] && len(info.Parts) > 0 {
		if err := c.attributeParts(x, &info, a, kind); err != nil {
			return err
		}
	}
	if wanted["StorageClass"] {
		x.text("StorageClass", storageClass(&info))
	}
	if wanted["ObjectSize"] {
		x.number("ObjectSize", info.Size)
	}
	x.close("GetObjectAttributesResponse")
	c.w.Header()["Last-Modified"] = []string{info.Modified.UTC().Format(http.TimeFormat)}
	return c.document(http.StatusOK, x)
}

func (c *call) attributeParts(x *xmlWriter, info *object.Info, a *algorithm, kind string) error {
	limit, after := maxPage, 0
	if v := headerOf(c.r, "X-Amz-Max-Parts"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return invalidArgument.because("x-amz-max-parts must be a number").with("ArgumentName", "x-amz-max-parts").with("ArgumentValue", clip(v))
		}
		limit = min(n, maxPage)
	}
	if v := headerOf(c.r, "X-Amz-Part-Number-Marker"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return invalidArgument.because("x-amz-part-number-marker must be a number").with("ArgumentName", "x-amz-part-number-marker").with("ArgumentValue", clip(v))
		}
		after = n
	}
	rest := info.Parts[min(after, len(info.Parts)):]
	shown := rest[:min(limit, len(rest))]
	x.open("ObjectParts")
	x.number("TotalPartsCount", int64(len(info.Parts)))
	x.number("PartNumberMarker", int64(after))
	x.number("NextPartNumberMarker", int64(after+len(shown)))
	x.number("MaxParts", int64(limit))
	x.truth("IsTruncated", len(shown) < len(rest))
	for i := range shown {
		p := &shown[i]
		x.open("Part")
		x.number("PartNumber", int64(after+i+1))
		x.number("Size", p.Size)
		if a != nil && kind == composite {
			partSum(x, a, p)
		}
		x.close("Part")
	}
	x.close("ObjectParts")
	return nil
}

// attributes reads which attributes GetObjectAttributes is asked for.
func (c *call) attributes() (map[string]bool, error) {
	wanted := make(map[string]bool, 5)
	for _, v := range c.r.Header["X-Amz-Object-Attributes"] {
		for one := range strings.SplitSeq(v, ",") {
			switch one = strings.TrimSpace(one); one {
			case "":
			case "ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize":
				wanted[one] = true
			default:
				return nil, invalidArgument.because("Invalid attribute name specified.").with("ArgumentName", "x-amz-object-attributes").with("ArgumentValue", clip(one))
			}
		}
	}
	if len(wanted) == 0 {
		return nil, invalidRequest.because("The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty").with("ArgumentName", "x-amz-object-attributes")
	}
	return wanted, nil
}
