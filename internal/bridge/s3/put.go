package s3

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
)

func (c *call) putObject() error {
	if err := c.refuseUnbuilt(); err != nil {
		return err
	}
	headers, meta, err := c.metadata()
	if err != nil {
		return err
	}
	b, err := c.openBody(c.maxPut)
	if err != nil {
		return err
	}
	defer b.close()
	alg := defaultAlgorithm
	if b.alg != nil {
		alg = b.alg
		headers[algorithmKey] = alg.name
	}
	cond, err := c.writeCondition()
	if err != nil {
		return err
	}
	commit, err := c.meter.AdmitWrite(c.who.Space, b.size)
	if err != nil {
		return err
	}
	info, err := c.store.Put(c.r.Context(), c.object(), b, b.size, object.PutOptions{
		Headers: headers, Meta: meta, Compute: object.MD5 | alg.bit, Condition: cond, Verify: b.verify,
	})
	commit(b.read)
	if err != nil {
		return b.blame(err)
	}
	h := c.w.Header()
	h["ETag"] = []string{`"` + etagOf(&info) + `"`}
	h["x-amz-object-size"] = []string{strconv.FormatInt(info.Size, 10)}
	showSum(h, &info)
	return c.empty(http.StatusOK)
}

func (c *call) deleteObject() error {
	if err := c.checkVersion(); err != nil {
		return err
	}
	check, err := c.deleteCondition()
	if err != nil {
		return err
	}
	if err := c.remove(c.key, check); err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// remove deletes one key; that it was not there is no error, unless a condition asks for it.
func (c *call) remove(key string, check func(*object.Info) error) error {
	k := c.object()
	k.Name = key
	_, err := c.store.Delete(c.r.Context(), k, object.Condition{IfMatch: check})
	if err != nil && isNoKey(err) && check == nil {
		return nil
	}
	return err
}

// deleteCondition reads what a removal is to find; nil when it asks for nothing.
func (c *call) deleteCondition() (func(*object.Info) error, error) {
	match, size, modified := headerOf(c.r, "If-Match"), headerOf(c.r, "X-Amz-If-Match-Size"), headerOf(c.r, "X-Amz-If-Match-Last-Modified-Time")
	at, err := http.ParseTime(modified)
	if modified != "" && err != nil {
		return nil, invalidArgument.with("ArgumentName", "x-amz-if-match-last-modified-time").with("ArgumentValue", clip(modified))
	}
	if size != "" && !isDigits(size) {
		return nil, invalidArgument.with("ArgumentName", "x-amz-if-match-size").with("ArgumentValue", clip(size))
	}
	if match == "" && size == "" && modified == "" {
		return nil, nil
	}
	return func(i *object.Info) error {
		switch {
		case i == nil:
			return noSuchKey
		case match != "" && !matches(match, etagOf(i)):
			return preconditionFailed.with("Condition", "If-Match")
		case size != "" && number(size) != i.Size:
			return preconditionFailed.with("Condition", "x-amz-if-match-size")
		case modified != "" && !at.Equal(i.Modified.Truncate(time.Second)):
			return preconditionFailed.with("Condition", "x-amz-if-match-last-modified-time")
		}
		return nil
	}, nil
}

// deleteWorkers is how many keys of one DeleteObjects are deleted at a time, so that they share the engine's syncs.
const deleteWorkers = 32

func (c *call) deleteObjects() error {
	var doc struct {
		Quiet  bool
		Object []struct {
			Key       string
			VersionId *string
			ETag      string
		}
	}
	if err := c.readDocument(&doc); err != nil {
		return err
	}
	if len(doc.Object) == 0 || len(doc.Object) > maxPage {
		return malformedXML
	}
	if err := c.bucketThere(c.bucket); err != nil {
		return err
	}
	errs := make([]error, len(doc.Object))
	var wg sync.WaitGroup
	work := make(chan int)
	for range min(deleteWorkers, len(doc.Object)) {
		wg.Go(func() {
			for i := range work {
				o := &doc.Object[i]
				errs[i] = c.deleteOne(o.Key, o.VersionId, o.ETag)
			}
		})
	}
	for i := range doc.Object {
		work <- i
	}
	close(work)
	wg.Wait()

	x := newXML()
	x.root("DeleteResult")
	for i := range doc.Object {
		o := &doc.Object[i]
		if errs[i] == nil {
			if !doc.Quiet {
				x.open("Deleted")
				x.text("Key", o.Key)
				if o.VersionId != nil {
					x.text("VersionId", *o.VersionId)
				}
				x.close("Deleted")
			}
			continue
		}
		r := refusalOf(errs[i])
		if r.status >= http.StatusInternalServerError {
			c.log.Error("s3 delete failed", "request", string(c.id[:]), "bucket", c.bucket, "key", o.Key, "err", errs[i])
		}
		x.open("Error")
		x.text("Key", o.Key)
		if o.VersionId != nil {
			x.text("VersionId", *o.VersionId)
		}
		x.text("Code", r.code)
		x.text("Message", r.message)
		x.close("Error")
	}
	x.close("DeleteResult")
	return c.document(http.StatusOK, x)
}

func (c *call) deleteOne(key string, version *string, match string) error {
	if key == "" {
		return malformedXML
	}
	if err := checkKey(key); err != nil {
		return err
	}
	if version != nil && *version != "" {
		if err := checkVersionID(*version); err != nil {
			return noSuchVersion
		}
	}
	if err := c.allow(Delete, c.bucket, key); err != nil {
		return err
	}
	if match == "" {
		return c.remove(key, nil)
	}
	return c.remove(key, func(i *object.Info) error {
		switch {
		case i == nil:
			return noSuchKey
		case !matches(match, etagOf(i)):
			return preconditionFailed.with("Condition", "ETag")
		}
		return nil
	})
}
