package s3

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

// tag is one of an object's tags; they are stored as the header x-amz-tagging has them.
type tag struct{ Key, Value string }

type tags []tag

const (
	maxTags     = 10
	maxTagKey   = 128 // characters
	maxTagValue = 256
)

func (t tags) check() error {
	if len(t) > maxTags {
		return refuse(400, "BadRequest", "Object tags cannot be greater than 10")
	}
	seen := make(map[string]bool, len(t))
	for _, one := range t {
		switch {
		case one.Key == "" || utf8.RuneCountInString(one.Key) > maxTagKey || !tagText(one.Key):
			return invalidTag.because("The TagKey you have provided is invalid")
		case utf8.RuneCountInString(one.Value) > maxTagValue || !tagText(one.Value):
			return invalidTag.because("The TagValue you have provided is invalid")
		case seen[one.Key]:
			return invalidTag.because("Cannot provide multiple Tags with the same key")
		}
		seen[one.Key] = true
	}
	return nil
}

// tagText says whether s has the characters of a tag only.
func tagText(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsSpace(r) && !strings.ContainsRune("+-=._:/@", r) {
			return false
		}
	}
	return true
}

// encode is the stored form.
func (t tags) encode() string {
	var b []byte
	for i, one := range t {
		if i > 0 {
			b = append(b, '&')
		}
		b = appendEncoded(b, one.Key, false)
		b = append(b, '=')
		b = appendEncoded(b, one.Value, false)
	}
	return string(b)
}

// parseTagHeader reads a=1&b=2.
func parseTagHeader(v string) (t tags, err error) {
	bad := invalidArgument.because("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.").with("ArgumentName", "x-amz-tagging")
	for pair := range strings.SplitSeq(v, "&") {
		if pair == "" {
			continue
		}
		if len(t) > maxTags {
			break
		}
		k, v, _ := strings.Cut(pair, "=")
		k, err1 := url.QueryUnescape(k)
		v, err2 := url.QueryUnescape(v)
		if err1 != nil || err2 != nil || k == "" || slices.ContainsFunc(t, func(o tag) bool { return o.Key == k }) {
			return nil, bad
		}
		t = append(t, tag{k, v})
	}
	return t, t.check()
}

func (c *call) getTags() error {
	if err := c.checkVersion(); err != nil {
		return err
	}
	info, err := c.store.Stat(c.r.Context(), c.object(), 0)
	if err != nil {
		return err
	}
	var t tags
	if v := info.Headers[taggingKey]; v != "" {
		if t, err = parseTagHeader(v); err != nil {
			return fault.Wrap(err, fault.Internal, "stored_tags", "stored tags")
		}
	}
	slices.SortFunc(t, func(a, b tag) int { return cmp.Compare(a.Key, b.Key) })
	x := newXML()
	x.root("Tagging")
	x.open("TagSet")
	for _, one := range t {
		x.open("Tag")
		x.text("Key", one.Key)
		x.text("Value", one.Value)
		x.close("Tag")
	}
	x.close("TagSet")
	x.close("Tagging")
	return c.document(http.StatusOK, x)
}

func (c *call) putTags() error {
	if err := c.checkVersion(); err != nil {
		return err
	}
	var doc struct {
		TagSet *struct{ Tag tags }
	}
	if err := c.readDocument(&doc); err != nil {
		return err
	}
	if doc.TagSet == nil {
		return malformedXML
	}
	if err := doc.TagSet.Tag.check(); err != nil {
		return err
	}
	if err := c.setTags(doc.TagSet.Tag); err != nil {
		return err
	}
	return c.empty(http.StatusOK)
}

func (c *call) deleteTags() error {
	if err := c.checkVersion(); err != nil {
		return err
	}
	if err := c.setTags(nil); err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// setTags changes the tags of an object and nothing else of it, whoever changes it at the same time.
func (c *call) setTags(t tags) error {
	for range 10 {
		info, err := c.store.Stat(c.r.Context(), c.object(), 0)
		if err != nil {
			return err
		}
		headers := make(map[string]string, len(info.Headers)+1)
		for k, v := range info.Headers {
			headers[k] = v
		}
		delete(headers, taggingKey)
		if len(t) > 0 {
			headers[taggingKey] = t.encode()
		}
		lost := false
		_, err = c.store.SetMetadata(c.r.Context(), c.object(), headers, info.Meta, object.Condition{IfMatch: func(now *object.Info) error {
			if now == nil {
				return noSuchKey
			}
			if lost = now.Generation != info.Generation || now.Metageneration != info.Metageneration; lost {
				return operationAborted
			}
			return nil
		}})
		if !lost {
			return err
		}
	}
	return operationAborted
}
