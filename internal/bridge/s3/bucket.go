package s3

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

const defaultRegion = "us-east-1"

func (h *Handler) shownRegion() string {
	if h.region == "" {
		return defaultRegion
	}
	return h.region
}

func (c *call) listBuckets() error {
	all, err := c.store.Buckets(c.r.Context(), c.who.Space)
	if err != nil {
		return err
	}
	limit, after, prefix := 10000, "", c.query.get("prefix")
	if v := c.query.get("max-buckets"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 10000 {
			return invalidArgument.because("Argument max-buckets must be an integer between 1 and 10000.").with("ArgumentName", "max-buckets").with("ArgumentValue", clip(v))
		}
		limit = n
	}
	if v := c.query.get("continuation-token"); v != "" {
		if after, err = decodeToken(v); err != nil {
			return err
		}
	}
	x := newXML()
	x.root("ListAllMyBucketsResult")
	x.owner("Owner", c.who.Owner)
	x.open("Buckets")
	shown, next := 0, ""
	for i := range all {
		b := &all[i]
		if b.Name <= after || !strings.HasPrefix(b.Name, prefix) {
			continue
		}
		if shown == limit {
			next = after
			break
		}
		shown, after = shown+1, b.Name
		x.open("Bucket")
		x.text("Name", b.Name)
		x.time("CreationDate", b.Created)
		x.text("BucketRegion", c.shownRegion())
		x.close("Bucket")
	}
	x.close("Buckets")
	x.optional("Prefix", prefix)
	if next != "" {
		x.text("ContinuationToken", encodeToken(next))
	}
	x.close("ListAllMyBucketsResult")
	return c.document(http.StatusOK, x)
}

func (c *call) createBucket() error {
	if err := c.checkACL(); err != nil {
		return err
	}
	if strings.EqualFold(headerOf(c.r, "X-Amz-Bucket-Object-Lock-Enabled"), "true") {
		return notImplemented.because("Object lock is not implemented.")
	}
	data, err := c.readSmall()
	if err != nil {
		return err
	}
	if len(data) > 0 {
		var want struct {
			LocationConstraint string
		}
		if err := decodeXML(data, &want); err != nil {
			return err
		}
		if l := want.LocationConstraint; l != "" && c.region != "" && (l != c.region || l == defaultRegion) {
			return invalidLocation.with("LocationConstraint", clip(l))
		}
	}
	if _, err := c.store.CreateBucket(c.r.Context(), c.who.Space, c.bucket); err != nil {
		return err
	}
	h := c.w.Header()
	h["Location"] = []string{"/" + c.bucket}
	h["x-amz-bucket-arn"] = []string{"arn:aws:s3:::" + c.bucket}
	return c.empty(http.StatusOK)
}

func (c *call) headBucket() error {
	if _, err := c.store.GetBucket(c.r.Context(), c.who.Space, c.bucket); err != nil {
		return err
	}
	c.w.Header()["x-amz-bucket-region"] = []string{c.shownRegion()}
	return c.empty(http.StatusOK)
}

func (c *call) deleteBucket() error {
	err := c.store.DeleteBucket(c.r.Context(), c.who.Space, c.bucket)
	if fault.CodeOf(err) == object.CodeBucketNotEmpty {
		if err = c.abortUploads(); err == nil {
			err = c.store.DeleteBucket(c.r.Context(), c.who.Space, c.bucket)
		}
	}
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// abortUploads gives up the unfinished uploads of a bucket that has no objects: Amazon does not count them when a
// bucket is deleted.
func (c *call) abortUploads() error {
	ctx := c.r.Context()
	page, err := c.store.List(ctx, c.who.Space, c.bucket, object.ListOptions{Max: 1})
	if err != nil {
		return err
	}
	if len(page.Objects) > 0 {
		return bucketNotEmpty
	}
	uploads, err := c.store.Uploads(ctx, c.who.Space, c.bucket, "")
	if err != nil {
		return err
	}
	for i := range uploads {
		if err := c.store.AbortUpload(ctx, uploads[i].Key, uploads[i].ID); err != nil && fault.CodeOf(err) != object.CodeNoUpload {
			return err
		}
	}
	return nil
}

func (c *call) bucketLocation() error {
	if _, err := c.store.GetBucket(c.r.Context(), c.who.Space, c.bucket); err != nil {
		return err
	}
	x := newXML()
	x.root("LocationConstraint")
	if r := c.shownRegion(); r != defaultRegion {
		x.b = appendXMLText(x.b, r)
	}
	x.close("LocationConstraint")
	return c.document(http.StatusOK, x)
}

// bucketThere is an error when the bucket is not.
func (c *call) bucketThere(bucket string) error {
	_, err := c.store.GetBucket(c.r.Context(), c.who.Space, bucket)
	return err
}
