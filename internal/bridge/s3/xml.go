package s3

import (
	"bytes"
	"encoding/xml"
	"io"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	xmlHead   = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	namespace = `http://s3.amazonaws.com/doc/2006-03-01/`
	isoMillis = "2006-01-02T15:04:05.000Z"
)

// xmlWriter builds an answer. Element names are ours and are written as they are; text is escaped.
type xmlWriter struct{ b []byte }

var xmlBuffers = sync.Pool{New: func() any { return &xmlWriter{b: make([]byte, 0, 4096)} }}

func newXML() *xmlWriter {
	x := xmlBuffers.Get().(*xmlWriter)
	x.b = append(x.b[:0], xmlHead...)
	return x
}

func (x *xmlWriter) free() {
	if cap(x.b) <= 1<<20 {
		xmlBuffers.Put(x)
	}
}

// root opens the outermost element with S3's namespace.
func (x *xmlWriter) root(name string) {
	x.b = append(x.b, '<')
	x.b = append(x.b, name...)
	x.b = append(x.b, ` xmlns="`+namespace+`">`...)
}

func (x *xmlWriter) open(name string) {
	x.b = append(x.b, '<')
	x.b = append(x.b, name...)
	x.b = append(x.b, '>')
}

func (x *xmlWriter) close(name string) {
	x.b = append(x.b, '<', '/')
	x.b = append(x.b, name...)
	x.b = append(x.b, '>')
}

func (x *xmlWriter) text(name, value string) {
	x.open(name)
	x.b = appendXMLText(x.b, value)
	x.close(name)
}

// optional is text, unless value is empty.
func (x *xmlWriter) optional(name, value string) {
	if value != "" {
		x.text(name, value)
	}
}

func (x *xmlWriter) number(name string, n int64) {
	x.open(name)
	x.b = strconv.AppendInt(x.b, n, 10)
	x.close(name)
}

func (x *xmlWriter) truth(name string, v bool) {
	x.open(name)
	x.b = strconv.AppendBool(x.b, v)
	x.close(name)
}

func (x *xmlWriter) time(name string, t time.Time) {
	x.open(name)
	x.b = t.UTC().AppendFormat(x.b, isoMillis)
	x.close(name)
}

// etag writes the entity tag with its quotes.
func (x *xmlWriter) etag(tag string) {
	x.open("ETag")
	x.b = append(x.b, "&quot;"...)
	x.b = appendXMLText(x.b, tag)
	x.b = append(x.b, "&quot;"...)
	x.close("ETag")
}

func (x *xmlWriter) owner(name, id string) {
	x.open(name)
	x.text("ID", id)
	x.text("DisplayName", id)
	x.close(name)
}

// appendXMLText escapes s. Control characters become references, as Amazon writes them, though XML 1.0 knows no such
// characters: who has such keys asks for encoding-type=url.
func appendXMLText(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 || r == 0xFFFE || r == 0xFFFF {
				b = append(b, "\uFFFD"...)
			} else {
				b = append(b, s[i:i+n]...)
			}
			i += n
			continue
		}
		switch {
		case c == '&':
			b = append(b, "&amp;"...)
		case c == '<':
			b = append(b, "&lt;"...)
		case c == '>':
			b = append(b, "&gt;"...)
		case c == '"':
			b = append(b, "&quot;"...)
		case c < 0x20:
			b = append(b, "&#x"...)
			b = strconv.AppendInt(b, int64(c), 16)
			b = append(b, ';')
		default:
			b = append(b, c)
		}
		i++
	}
	return b
}

// readDocument reads the XML body of the request into v.
func (c *call) readDocument(v any) error {
	data, err := c.readSmall()
	if err != nil {
		return err
	}
	return decodeXML(data, v)
}

// decodeXML decodes one bounded document. The decoder knows no entities but XML's own five, so none can grow.
func decodeXML(data []byte, v any) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(v); err != nil {
		return malformedXML
	}
	for { // nothing but space and comments may follow
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return malformedXML
		}
		switch t := t.(type) {
		case xml.Comment:
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return malformedXML
			}
		default:
			return malformedXML
		}
	}
}

// readSmall reads a bounded body whole and checks all that it promised.
func (c *call) readSmall() ([]byte, error) {
	b, err := c.openBody(maxDocument)
	if err != nil {
		if r := refusalOf(err); r.code == entityTooLarge.code {
			return nil, maxMessageLength.with("MaxMessageLengthBytes", strconv.Itoa(maxDocument))
		}
		return nil, err
	}
	defer b.close()
	data := make([]byte, b.size)
	if _, err := io.ReadFull(b, data); err != nil && len(data) > 0 {
		return nil, b.blame(unexpected(err))
	}
	return data, b.verify(b.size, b.sumsOf(data))
}
