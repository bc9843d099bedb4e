package s3

import (
	"net/url"
	"slices"
	"strings"
)

// param is one decoded query parameter.
type param struct{ key, val string }

// query is a request's parameters in the order sent. It is a slice because requests have few.
type query []param

// maxParams bounds the parameters of a request; Amazon's calls have at most twenty.
const maxParams = 100

func parseQuery(raw string) (query, error) {
	if raw == "" {
		return nil, nil
	}
	q := make(query, 0, strings.Count(raw, "&")+1)
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		if len(q) == maxParams {
			return nil, invalidURI.because("Too many query parameters.")
		}
		k, v, _ := strings.Cut(pair, "=")
		k, err1 := url.QueryUnescape(k)
		v, err2 := url.QueryUnescape(v)
		if err1 != nil || err2 != nil {
			return nil, invalidURI
		}
		q = append(q, param{k, v})
	}
	return q, nil
}

// get is the first value of key, or "".
func (q query) get(key string) string {
	for i := range q {
		if q[i].key == key {
			return q[i].val
		}
	}
	return ""
}

func (q query) has(key string) bool {
	return slices.ContainsFunc(q, func(p param) bool { return p.key == key })
}

const upperHex = "0123456789ABCDEF"

// appendEncoded appends s percent-encoded as SigV4 and encoding-type=url have it: everything but unreserved
// characters, and "/" when slash is set.
func appendEncoded(b []byte, s string, slash bool) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~', c == '/' && slash:
			b = append(b, c)
		default:
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return b
}

// appendCanonical appends the canonical query string of SigV4, without the parameter named skip.
func (q query) appendCanonical(b []byte, skip string) []byte {
	type encoded struct{ key, val string }
	var few [8]encoded
	list := few[:0]
	for _, p := range q {
		if p.key == skip {
			continue
		}
		list = append(list, encoded{string(appendEncoded(nil, p.key, false)), string(appendEncoded(nil, p.val, false))})
	}
	slices.SortFunc(list, func(x, y encoded) int {
		if c := strings.Compare(x.key, y.key); c != 0 {
			return c
		}
		return strings.Compare(x.val, y.val)
	})
	for i, p := range list {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, p.key...)
		b = append(b, '=')
		b = append(b, p.val...)
	}
	return b
}
