package s3

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"hash"
	"io"
	"strings"
	"sync"
)

// Limits of aws-chunked framing. A line is a chunk's head or a trailing header; it must fit the buffer.
const (
	maxChunkLine   = 1024
	minChunkSize   = 8192    // of every chunk but the last
	maxChunkSize   = 1 << 30 // no client sends more than a few MiB
	maxTrailers    = 8
	chunkBufferLen = 32 << 10
)

var errFraming = incompleteBody.because("The request body terminated unexpectedly")

// chunked reads an aws-chunked body: STREAMING-…-PAYLOAD(-TRAILER). It gives the decoded bytes. A signed chunk's
// signature is checked when its last byte was read, so bytes that it gave may turn out wrong at the next Read: they
// must not be committed before io.EOF.
type chunked struct {
	r      *bufio.Reader
	left   int64 // of the current chunk
	begun  bool
	small  bool // a chunk under minChunkSize was seen: it must have been the last
	err    error
	expect string // name of the announced trailing header, lower case, or ""

	// Value of the announced trailer, known at io.EOF.
	trailer string

	// For signed payloads only.
	key      *signingKey
	stamp    string
	previous [64]byte
	claimed  [64]byte
	hash     hash.Hash
	signed   bool
}

var chunkBuffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, chunkBufferLen) }}

// newChunked reads framing without signatures; expect names the announced trailing header or is empty.
func newChunked(src io.Reader, expect string) *chunked {
	br := chunkBuffers.Get().(*bufio.Reader)
	br.Reset(src)
	return &chunked{r: br, expect: expect}
}

// sign makes c check chunk signatures that continue from seed.
func (c *chunked) sign(k *signingKey, stamp, seed string) {
	c.signed, c.key, c.stamp, c.hash = true, k, stamp, sha256.New()
	copy(c.previous[:], seed)
}

// release gives the buffer back; c must not be read after.
func (c *chunked) release() {
	if c.r != nil {
		c.r.Reset(nil)
		chunkBuffers.Put(c.r)
		c.r = nil
		if c.err == nil {
			c.err = errFraming
		}
	}
}

func (c *chunked) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if c.left == 0 {
		if c.err = c.next(); c.err != nil {
			return 0, c.err
		}
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if c.signed {
		c.hash.Write(p[:n])
	}
	if err != nil {
		c.err = unexpected(err)
	}
	return n, c.err
}

// next ends the chunk before, if any, and reads the head of the one that follows. At the last it reads the trailers and
// returns io.EOF.
func (c *chunked) next() error {
	if c.begun {
		if err := c.endChunk(); err != nil {
			return err
		}
	}
	size, err := c.head()
	if err != nil {
		return err
	}
	if size == 0 {
		return c.end()
	}
	if c.small {
		return invalidChunkSize
	}
	c.small = size < minChunkSize
	c.begun, c.left = true, size
	return nil
}

// head reads "size[;chunk-signature=…]\r\n".
func (c *chunked) head() (int64, error) {
	line, err := c.line()
	if err != nil {
		return 0, err
	}
	digits, rest, extended := bytes.Cut(line, []byte(";"))
	size, ok := parseHexSize(digits)
	if !ok || size > maxChunkSize {
		return 0, errFraming
	}
	if c.signed {
		sig, ok := bytes.CutPrefix(rest, []byte("chunk-signature="))
		if !extended || !ok || len(sig) != len(c.claimed) {
			return 0, errFraming
		}
		copy(c.claimed[:], sig)
	}
	return size, nil
}

// endChunk checks the signature of the bytes read and the line end after them.
func (c *chunked) endChunk() error {
	if err := c.checkChunk(); err != nil {
		return err
	}
	var crlf [2]byte
	if _, err := io.ReadFull(c.r, crlf[:]); err != nil {
		return unexpected(err)
	}
	if crlf != [2]byte{'\r', '\n'} {
		return errFraming
	}
	return nil
}

func (c *chunked) checkChunk() error {
	if !c.signed {
		return nil
	}
	var want [64]byte
	var sum [sha256.Size]byte
	c.key.signChunk(&want, c.stamp, &c.previous, c.hash.Sum(sum[:0]))
	if subtle.ConstantTimeCompare(want[:], c.claimed[:]) != 1 {
		return signatureMismatch
	}
	c.previous = want
	c.hash.Reset()
	return nil
}

// end reads what follows the last chunk's head.
func (c *chunked) end() error {
	if err := c.checkChunk(); err != nil {
		return err
	}
	if c.expect == "" {
		line, err := c.line()
		if err == nil && len(line) > 0 {
			err = malformedTrailer
		}
		if err != nil {
			return err
		}
		return c.nothingMore()
	}
	if err := c.trailers(); err != nil {
		return err
	}
	return c.nothingMore()
}

func (c *chunked) trailers() error {
	found, signature := false, ""
	canonical := sha256.New()
	for range maxTrailers {
		line, err := c.line()
		if err != nil {
			return err
		}
		if len(line) == 0 {
			return c.endTrailers(found, signature, canonical)
		}
		k, v, ok := strings.Cut(string(line), ":")
		if !ok {
			return malformedTrailer
		}
		name, value := strings.ToLower(strings.TrimSpace(k)), strings.TrimSpace(v)
		switch {
		case name == "x-amz-trailer-signature" && c.signed:
			signature = value
		case name == c.expect && !found:
			found, c.trailer = true, value
			io.WriteString(canonical, name+":"+value+"\n")
		default:
			return malformedTrailer
		}
	}
	return malformedTrailer
}

func (c *chunked) endTrailers(found bool, signature string, canonical hash.Hash) error {
	if !found {
		return malformedTrailer
	}
	if !c.signed {
		return nil
	}
	var want [64]byte
	c.key.signTrailer(&want, c.stamp, &c.previous, [sha256.Size]byte(canonical.Sum(nil)))
	if subtle.ConstantTimeCompare(want[:], []byte(signature)) != 1 {
		return signatureMismatch
	}
	return nil
}

// nothingMore makes sure that the body ends here: bytes after the end were not signed.
func (c *chunked) nothingMore() error {
	switch _, err := c.r.ReadByte(); {
	case err == nil:
		return errFraming
	case errors.Is(err, io.EOF):
		return io.EOF
	default:
		return err
	}
}

// line reads up to "\r\n" and gives the line without its end; it is valid until the next read.
func (c *chunked) line() ([]byte, error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, errFraming
		}
		if errors.Is(err, io.EOF) && len(line) > 0 {
			return nil, errFraming
		}
		return nil, unexpected(err)
	}
	line, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || len(line) > maxChunkLine {
		return nil, errFraming
	}
	return line, nil
}

// parseHexSize reads 1 to 15 hexadecimal digits.
func parseHexSize(s []byte) (int64, bool) {
	if len(s) == 0 || len(s) > 15 {
		return 0, false
	}
	var n int64
	for _, c := range s {
		switch {
		case '0' <= c && c <= '9':
			n = n<<4 | int64(c-'0')
		case 'a' <= c && c <= 'f':
			n = n<<4 | int64(c-'a'+10)
		case 'A' <= c && c <= 'F':
			n = n<<4 | int64(c-'A'+10)
		default:
			return 0, false
		}
	}
	return n, true
}

// unexpected is err of a read that must not end here.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
