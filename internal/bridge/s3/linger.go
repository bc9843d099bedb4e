package s3

import (
	"io"
	"time"
)

// A refused body that is larger than what net/http reads away by itself is read for a while after the answer: a client that is still sending (it sends without waiting for "100
// Continue", or waited in vain for a second) would otherwise see a reset connection instead of the reason. Nothing of it is kept.
const (
	lingerFrom  = 256 << 10 // net/http reads smaller rests away
	lingerBytes = 64 << 20
	lingerTime  = 3 * time.Second
)

// lingers reports whether a refusal of this request has to be followed by linger; the connection is not used again then.
func (c *call) lingers() bool {
	return c.r.ProtoMajor == 1 && (c.r.ContentLength < 0 || c.r.ContentLength > lingerFrom)
}

func (c *call) linger() {
	_ = c.control.Flush() // a client that is gone is no loss
	_ = c.control.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, c.r.Body, lingerBytes)
}
