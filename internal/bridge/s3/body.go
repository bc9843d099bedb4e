package s3

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
)

// A client must move progressBytes within progressTime, else its connection is given up: 1 KiB/s.
const (
	progressBytes = 64 << 10
	progressTime  = 64 * time.Second
)

// body is the decoded body of a request. Whatever the request promised about it (length, payload hash, chunk
// signatures, trailers, checksums) is checked by the time verify returns nil.
type body struct {
	declared
	size int64 // decoded bytes, always known

	src      io.Reader
	chunks   *chunked // src, when the body is aws-chunked
	control  *http.ResponseController
	read     int64
	deadline int64 // read at which the deadline is next moved
	sha      hash.Hash
	wantSHA  [sha256.Size]byte
	err      error // sticky: the reason of a failed read, whatever the engine made of it
}

// openBody prepares the body for reading without reading it, so that a refusal can come before "100 Continue".
func (c *call) openBody(max int64) (*body, error) {
	d, err := declaredSums(c.r.Header)
	if err != nil {
		return nil, err
	}
	b := &body{declared: d, control: c.control, src: c.r.Body, size: c.r.ContentLength}
	payload := c.sig.payload
	switch payload {
	case unsignedPayload:
	case streamingSigned, streamingSignedTrailer, streamingUnsignedTrailer:
		if err := b.openChunks(c, payload); err != nil {
			return nil, err
		}
	default:
		if strings.HasPrefix(payload, "STREAMING-") {
			return nil, notImplemented.because("The payload signing %s is not implemented.", clip(payload))
		}
		if _, err := hex.Decode(b.wantSHA[:], []byte(payload)); err != nil { // knownPayload held: never
			return nil, errPayload
		}
		b.sha = sha256.New()
	}
	if b.trailer && b.chunks == nil {
		return nil, malformedTrailer.because("x-amz-trailer needs a streaming payload.")
	}
	switch {
	case b.size < 0:
		return nil, missingContentLength
	case b.size > max:
		return nil, entityTooLarge.with("ProposedSize", strconv.FormatInt(b.size, 10)).with("MaxSizeAllowed", strconv.FormatInt(max, 10))
	}
	return b, nil
}

func (b *body) openChunks(c *call, payload string) error {
	v := headerOf(c.r, "X-Amz-Decoded-Content-Length")
	if v == "" {
		return missingContentLength
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return missingContentLength
	}
	b.size = n
	expect := ""
	if payload != streamingSigned {
		if b.trailer {
			expect = b.alg.header
		}
	} else if b.trailer {
		return malformedTrailer.because("x-amz-trailer needs a payload with trailer.")
	}
	b.chunks = newChunked(b.src, expect)
	if payload != streamingUnsignedTrailer {
		b.chunks.sign(c.signKey, c.sig.stamp, c.sig.value)
	}
	b.src = b.chunks
	return nil
}

// close gives the body's buffers back.
func (b *body) close() {
	if b.chunks != nil {
		b.chunks.release()
	}
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.read >= b.deadline {
		b.deadline = b.read + progressBytes
		_ = b.control.SetReadDeadline(time.Now().Add(progressTime)) // without support the server's own time-outs hold
	}
	n, err := b.src.Read(p)
	b.read += int64(n)
	if b.sha != nil {
		b.sha.Write(p[:n])
	}
	switch {
	case b.read > b.size:
		b.err = incompleteBody
	case err == nil:
	case errors.Is(err, io.EOF):
		b.err = b.atEOF()
	default:
		b.err = err
	}
	return n, b.err
}

// atEOF is io.EOF when the body was as long and as signed as promised.
func (b *body) atEOF() error {
	if b.read < b.size {
		return incompleteBody
	}
	if b.sha != nil {
		var sum [sha256.Size]byte
		b.sha.Sum(sum[:0])
		if subtle.ConstantTimeCompare(sum[:], b.wantSHA[:]) != 1 {
			return payloadMismatch.with("ClientComputedContentSHA256", hex.EncodeToString(b.wantSHA[:])).
				with("S3ComputedContentSHA256", hex.EncodeToString(sum[:]))
		}
	}
	if b.trailer {
		if b.value = b.alg.decode(b.chunks.trailer); b.value == nil {
			return invalidRequest.because("Value for %s trailing header is invalid.", b.alg.header)
		}
	}
	return io.EOF
}

// verify reads to the end and compares the sums: it is a PutOptions.Verify.
func (b *body) verify(_ int64, sums object.Checksums) error {
	var more [1]byte
	for b.err == nil {
		if _, err := b.Read(more[:]); err != nil {
			break
		}
	}
	if !errors.Is(b.err, io.EOF) {
		return b.err
	}
	return b.check(&sums)
}

// blame is the error of a failed write: the body's own when it has one, else the engine's.
func (b *body) blame(err error) error {
	if err != nil && b.err != nil && !errors.Is(b.err, io.EOF) {
		return b.err
	}
	return err
}
