package object

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble"
)

// List implements Store. It reads the index in order and seeks over what a delimiter rolls up, so its cost is that of
// the page, not of the bucket.
func (e *Engine) List(ctx context.Context, space Space, bucket string, o ListOptions) (Page, error) {
	b, err := e.bucketOf(space, bucket)
	if err != nil {
		return Page{}, err
	}
	limit := o.Max
	if limit <= 0 {
		limit = 1000
	}
	base := appendKey(nil, keyObject, b.id)
	lower := append(base[:len(base):len(base)], o.Prefix...)
	upper := keyAfter(lower)
	from := lower
	if o.After > o.Prefix || o.After == o.Prefix && o.After != "" {
		from = append(append(base[:len(base):len(base)], o.After...), 0) // the next possible name
		if o.Delimiter != "" {
			if p, ok := rollUp(o.After, o.Prefix, o.Delimiter); ok { // that prefix is not after After
				from = keyAfter(append(base[:len(base):len(base)], p...))
			}
		}
	}
	var page Page
	if bytes.Compare(from, upper) >= 0 {
		return page, nil
	}
	it, err := e.index.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: upper})
	if err != nil {
		return Page{}, fmt.Errorf("listing: %w", err)
	}
	last := ""
	for ok := it.First(); ok; {
		name := it.Key()[len(base):]
		roll := false
		var prefix string
		if o.Delimiter != "" {
			if i := bytes.Index(name[len(o.Prefix):], []byte(o.Delimiter)); i >= 0 {
				prefix, roll = string(name[:len(o.Prefix)+i+len(o.Delimiter)]), true
			}
		}
		if n := len(page.Objects) + len(page.Prefixes); n >= limit {
			page.More, page.Next = true, last
			break
		} else if n%1024 == 1023 && ctx.Err() != nil {
			_ = it.Close()
			return Page{}, fmt.Errorf("listing: %w", ctx.Err())
		}
		if roll {
			page.Prefixes = append(page.Prefixes, prefix)
			last = prefix
			ok = it.SeekGE(keyAfter(append(base[:len(base):len(base)], prefix...)))
			continue
		}
		info, err := e.listed(Key{Space: space, Bucket: bucket, Name: string(name)}, it.Value(), o.Details)
		if err != nil {
			_ = it.Close()
			return Page{}, err
		}
		page.Objects = append(page.Objects, info)
		last = info.Name
		ok = it.Next()
	}
	if err := it.Close(); err != nil {
		return Page{}, fmt.Errorf("listing: %w", err)
	}
	return page, nil
}

// rollUp is the prefix that a name is shown as, if it is.
func rollUp(name, prefix, delimiter string) (string, bool) {
	if !strings.HasPrefix(name, prefix) {
		return "", false
	}
	i := strings.Index(name[len(prefix):], delimiter)
	if i < 0 {
		return "", false
	}
	return name[:len(prefix)+i+len(delimiter)], true
}

// listed decodes one value of a listing; v is valid during the call only.
func (e *Engine) listed(k Key, v []byte, details bool) (Info, error) {
	var ent entry
	d := dec{b: v}
	d.value(&ent, true) // once over the value itself to see how much to keep
	if d.bad {
		return Info{}, fmt.Errorf("index entry of %q: %w", k.Name, errEncoding)
	}
	keep := len(v) - len(d.b)
	if details {
		keep = len(v)
	}
	ent = entry{}
	d = dec{b: append(make([]byte, 0, keep), v[:keep]...)}
	d.value(&ent, !details)
	if details && ent.multi {
		if err := e.index.layout(&ent); err != nil {
			return Info{}, err
		}
	}
	return ent.info(k), nil
}
