package s3

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
)

// sendSlice is how much is sent under one deadline: a reader must take 16 KiB/s.
const sendSlice = 4 << 20

func (c *call) getObject() error {
	if err := c.checkRead(); err != nil {
		return err
	}
	o, err := c.store.Open(c.r.Context(), c.object(), 0)
	if err != nil {
		return err
	}
	defer o.Close()
	info := o.Info()
	off, n, status, err := c.prepare(info)
	if err != nil || status == http.StatusNotModified {
		return err
	}
	commit, err := c.meter.AdmitRead(c.who.Space, n)
	if err != nil {
		return err
	}
	c.begin(status)
	sent, err := c.send(o, off, n)
	commit(sent)
	return err
}

func (c *call) headObject() error {
	if err := c.checkRead(); err != nil {
		return err
	}
	info, err := c.store.Stat(c.r.Context(), c.object(), 0)
	if err != nil {
		return err
	}
	_, _, status, err := c.prepare(&info)
	if err != nil || status == http.StatusNotModified {
		return err
	}
	c.begin(status)
	return nil
}

// checkRead refuses a read whose parameters are wrong, whatever it reads.
func (c *call) checkRead() error {
	if len(c.query) == 0 {
		return nil
	}
	if c.query.has("partNumber") {
		if _, err := c.partNumber(); err != nil {
			return err
		}
	}
	return c.checkVersion()
}

// prepare evaluates conditions and range and sets the headers of a read. A 304 it answers itself.
func (c *call) prepare(info *object.Info) (off, n int64, status int, err error) {
	h := c.w.Header()
	k := readConditions(c.r.Header, "")
	if k.any() {
		switch v, name := k.judge(info); v {
		case fails:
			return 0, 0, 0, preconditionFailed.with("Condition", name)
		case unchanged:
			describe(h, info)
			c.begin(http.StatusNotModified)
			return 0, 0, http.StatusNotModified, nil
		}
	}
	off, n, status = 0, info.Size, http.StatusOK
	if c.query.has("partNumber") {
		if headerOf(c.r, "Range") != "" {
			return 0, 0, 0, invalidRequest.because("Cannot specify both Range header and partNumber query parameter")
		}
		part, err := c.partNumber()
		if err != nil {
			return 0, 0, 0, err
		}
		if off, n, err = partRange(info, part); err != nil {
			return 0, 0, 0, err
		}
		status = http.StatusPartialContent
		if len(info.Parts) > 0 {
			h["x-amz-mp-parts-count"] = []string{strconv.Itoa(len(info.Parts))}
		}
	} else if v := headerOf(c.r, "Range"); v != "" && c.rangeApplies(info) {
		first, length, ok, err := parseRange(v, info.Size)
		if err != nil {
			return 0, 0, 0, err
		}
		if ok {
			off, n, status = first, length, http.StatusPartialContent
		}
	}
	c.describeAll(info)
	c.override()
	if status == http.StatusPartialContent && info.Size > 0 {
		h["Content-Range"] = []string{"bytes " + strconv.FormatInt(off, 10) + "-" + strconv.FormatInt(off+n-1, 10) + "/" + strconv.FormatInt(info.Size, 10)}
	}
	if n == info.Size && strings.EqualFold(headerOf(c.r, "X-Amz-Checksum-Mode"), "ENABLED") {
		showSum(h, info)
	}
	h["Content-Length"] = []string{strconv.FormatInt(n, 10)}
	return off, n, status, nil
}

// rangeApplies evaluates If-Range.
func (c *call) rangeApplies(info *object.Info) bool {
	v := headerOf(c.r, "If-Range")
	if v == "" {
		return true
	}
	if t, err := http.ParseTime(v); err == nil {
		return info.Modified.Truncate(time.Second).Equal(t)
	}
	return unquote(v) == etagOf(info)
}

// send streams n bytes from off, moving the deadline as it goes on.
func (c *call) send(o object.Object, off, n int64) (sent int64, err error) {
	for sent < n {
		slice := min(n-sent, sendSlice)
		if sent > 0 || slice == sendSlice {
			_ = c.control.SetWriteDeadline(time.Now().Add(progressTime * 4))
		}
		m, err := o.WriteRange(c.w, off+sent, slice)
		sent += m
		if err != nil {
			return sent, err
		}
		if m < slice {
			return sent, io.ErrUnexpectedEOF
		}
	}
	return sent, nil
}

// parseRange reads a Range header for an object of size bytes. ok is false for what is to be ignored: other units, several
// ranges, bad syntax. A range outside the object is refused.
func parseRange(v string, size int64) (off, n int64, ok bool, err error) {
	spec, found := strings.CutPrefix(v, "bytes=")
	if !found || strings.Contains(spec, ",") {
		return 0, 0, false, nil
	}
	first, last, found := strings.Cut(spec, "-")
	if !found {
		return 0, 0, false, nil
	}
	outside := invalidRange.with("RangeRequested", clip(v)).with("ActualObjectSize", strconv.FormatInt(size, 10))
	if first == "" { // the last n bytes
		if !isDigits(last) {
			return 0, 0, false, nil
		}
		n := number(last)
		if n == 0 {
			return 0, 0, false, outside
		}
		if size == 0 { // all of nothing
			return 0, 0, false, nil
		}
		n = min(n, size)
		return size - n, n, true, nil
	}
	if !isDigits(first) || last != "" && !isDigits(last) {
		return 0, 0, false, nil
	}
	off = number(first)
	end := size - 1
	if last != "" {
		asked := number(last)
		if asked < off {
			return 0, 0, false, nil
		}
		end = min(end, asked)
	}
	if off >= size {
		return 0, 0, false, outside
	}
	return off, end - off + 1, true, nil
}

// number reads decimal digits; what does not fit is the largest number.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 1<<63 - 1
	}
	return n
}

// partRange finds a part in an object; one that was put whole is its own part 1.
func partRange(info *object.Info, number int) (off, n int64, err error) {
	if len(info.Parts) == 0 && number == 1 {
		return 0, info.Size, nil
	}
	if number > len(info.Parts) {
		return 0, 0, invalidPartNumber.with("ActualPartCount", strconv.Itoa(max(len(info.Parts), 1))).with("PartNumberRequested", strconv.Itoa(number))
	}
	for i := range number - 1 {
		off += info.Parts[i].Size
	}
	return off, info.Parts[number-1].Size, nil
}
