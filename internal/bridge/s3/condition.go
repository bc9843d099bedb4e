package s3

import (
	"net/http"
	"strings"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
)

// conditions are the If-… headers of a request.
type conditions struct {
	match, noneMatch     string // "" when not asked
	modified, unmodified time.Time
}

// readConditions reads the headers that start with prefix ("" or "X-Amz-Copy-Source-"). A date that is none is ignored.
func readConditions(h http.Header, prefix string) (k conditions) {
	get := func(name string) string {
		if v := h[prefix+name]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	k.match, k.noneMatch = get("If-Match"), get("If-None-Match")
	if v := get("If-Modified-Since"); v != "" {
		k.modified, _ = http.ParseTime(v)
	}
	if v := get("If-Unmodified-Since"); v != "" {
		k.unmodified, _ = http.ParseTime(v)
	}
	return k
}

func (k *conditions) any() bool {
	return k.match != "" || k.noneMatch != "" || !k.modified.IsZero() || !k.unmodified.IsZero()
}

// verdict of conditions on a stored object.
type verdict uint8

const (
	holds verdict = iota
	fails
	unchanged // 304 for a read
)

// judge evaluates in the order of RFC 9110, 13.2.2. It also names the condition that failed.
func (k *conditions) judge(i *object.Info) (verdict, string) {
	modified := i.Modified.Truncate(time.Second)
	switch {
	case k.match != "":
		if !matches(k.match, etagOf(i)) {
			return fails, "If-Match"
		}
	case !k.unmodified.IsZero() && modified.After(k.unmodified):
		return fails, "If-Unmodified-Since"
	}
	switch {
	case k.noneMatch != "":
		if matches(k.noneMatch, etagOf(i)) {
			return unchanged, "If-None-Match"
		}
	case !k.modified.IsZero() && !modified.After(k.modified):
		return unchanged, "If-Modified-Since"
	}
	return holds, ""
}

// matches looks an entity tag up in the list of a header. Quotes may be missing, as some clients leave them out.
func matches(list, tag string) bool {
	for list != "" {
		var one string
		one, list, _ = strings.Cut(list, ",")
		if one = unquote(one); one == "*" || one == tag {
			return true
		}
	}
	return false
}

func unquote(tag string) string {
	tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
	return strings.TrimSuffix(strings.TrimPrefix(tag, `"`), `"`)
}

// source is the condition of a copy on what it copies.
func (k *conditions) source() func(*object.Info) error {
	if !k.any() {
		return nil
	}
	return func(i *object.Info) error {
		if i == nil {
			return noSuchKey
		}
		if v, name := k.judge(i); v != holds {
			return preconditionFailed.with("Condition", "x-amz-copy-source-"+name)
		}
		return nil
	}
}

// writeCondition is what a write asks of the object that it replaces. It is evaluated once before the body is asked
// for, so that a write that cannot succeed is refused early, and by the engine inside the commit.
func (c *call) writeCondition() (object.Condition, error) {
	match, none := headerOf(c.r, "If-Match"), headerOf(c.r, "If-None-Match")
	if match == "" && none == "" {
		return object.Condition{}, nil
	}
	if none != "" && (match != "" || unquote(none) != "*") {
		return object.Condition{}, notImplemented.because("A header you provided implies functionality that is not implemented.").with("Header", "If-None-Match")
	}
	check := func(i *object.Info) error {
		switch {
		case none != "" && i != nil:
			return preconditionFailed.with("Condition", "If-None-Match")
		case match != "" && i == nil:
			return noSuchKey
		case match != "" && !matches(match, etagOf(i)):
			return preconditionFailed.with("Condition", "If-Match")
		}
		return nil
	}
	info, err := c.store.Stat(c.r.Context(), c.object(), 0)
	switch {
	case err == nil:
		err = check(&info)
	case isNoKey(err):
		err = check(nil)
	}
	return object.Condition{IfMatch: check}, err
}
