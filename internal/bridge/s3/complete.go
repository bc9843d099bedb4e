package s3

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

// completed is the document of CompleteMultipartUpload.
type completed struct {
	Part []completedPart
}

type completedPart struct {
	PartNumber        *int
	ETag              *string
	ChecksumCRC32     string
	ChecksumCRC32C    string
	ChecksumCRC64NVME string
	ChecksumSHA1      string
	ChecksumSHA256    string
	ChecksumMD5       string
}

func (p *completedPart) sum(a *algorithm) string {
	switch a.bit {
	case object.CRC32:
		return p.ChecksumCRC32
	case object.CRC32C:
		return p.ChecksumCRC32C
	case object.CRC64NVME:
		return p.ChecksumCRC64NVME
	case object.SHA1:
		return p.ChecksumSHA1
	case object.MD5:
		return p.ChecksumMD5
	default:
		return p.ChecksumSHA256
	}
}

func (c *call) completeUpload() error {
	// The checksum headers of this call are about the object, not about the body.
	whole, err := declaredWhole(c.r.Header)
	if err != nil {
		return err
	}
	var doc completed
	if err := c.readDocument(&doc); err != nil {
		return err
	}
	if len(doc.Part) == 0 || len(doc.Part) > maxPartNumber {
		return malformedXML
	}
	numbers := make([]int, len(doc.Part))
	for i := range doc.Part {
		if doc.Part[i].PartNumber == nil || doc.Part[i].ETag == nil {
			return malformedXML
		}
		n := *doc.Part[i].PartNumber
		if n < 1 || n > maxPartNumber {
			return invalidArgument.because("PartNumber must be >= 1").with("ArgumentName", "partNumber").with("ArgumentValue", strconv.Itoa(n))
		}
		if i > 0 && n <= numbers[i-1] {
			return invalidPartOrder.with("UploadId", clip(c.query.get("uploadId")))
		}
		numbers[i] = n
	}
	cond, err := c.writeCondition()
	if err != nil {
		return err
	}
	id := c.query.get("uploadId")
	up, err := c.upload()
	if err != nil {
		return c.completedBefore(err, &doc)
	}
	check := completion{call: c, doc: &doc, sums: readSumType(&up), whole: whole}
	info, err := c.store.CompleteUpload(c.r.Context(), c.object(), id, object.Completion{Parts: numbers, Check: check.check, Condition: cond})
	if err != nil {
		return c.completedBefore(err, &doc)
	}
	return c.answerCompleted(&info)
}

func (c *call) answerCompleted(info *object.Info) error {
	x := newXML()
	x.root("CompleteMultipartUploadResult")
	scheme := "http://"
	if c.r.TLS != nil {
		scheme = "https://"
	}
	x.text("Location", scheme+c.r.Host+string(appendEncoded(nil, c.r.URL.Path, true)))
	x.text("Bucket", c.bucket)
	x.text("Key", c.key)
	x.etag(etagOf(info))
	if a, value, kind := wholeSum(info); a != nil {
		x.text("Checksum"+a.name, value)
		x.text("ChecksumType", kind)
	}
	x.close("CompleteMultipartUploadResult")
	return c.document(http.StatusOK, x)
}

// completedBefore answers a client that repeats a completion because it missed our answer: the upload is gone and the
// object is made of exactly these parts. Every other error stays.
func (c *call) completedBefore(err error, doc *completed) error {
	if fault.CodeOf(err) != object.CodeNoUpload {
		return err
	}
	info, statErr := c.store.Stat(c.r.Context(), c.object(), 0)
	if statErr != nil {
		return err
	}
	tags := make([]byte, 0, len(doc.Part)*md5.Size)
	for i := range doc.Part {
		tag, hexErr := hex.DecodeString(unquote(*doc.Part[i].ETag))
		if hexErr != nil {
			return err
		}
		tags = append(tags, tag...)
	}
	if etagOf(&info) != multipartTag(tags, len(doc.Part)) {
		return err
	}
	return c.answerCompleted(&info)
}

// multipartTag is the entity tag of an object made of n parts: the MD5 of their MD5s.
func multipartTag(md5s []byte, n int) string {
	sum := md5.Sum(md5s)
	return hex.EncodeToString(sum[:]) + "-" + strconv.Itoa(n)
}

// completion checks a list of parts against what is stored.
type completion struct {
	*call
	doc   *completed
	sums  sumType
	whole wholeDeclared
}

// check is an object.Completion's Check: it returns "tag;ALGORITHM;TYPE;VALUE".
func (k *completion) check(parts []object.PartInfo, whole object.Checksums) (string, error) {
	var size int64
	tags := make([]byte, 0, len(parts)*md5.Size)
	for i := range parts {
		if err := k.checkPart(&parts[i], &k.doc.Part[i], i == len(parts)-1); err != nil {
			return "", err
		}
		size += parts[i].Size
		tags = append(tags, parts[i].Sums.MD5...)
	}
	switch {
	case size > maxObject:
		return "", entityTooLarge
	case k.whole.size >= 0 && size != k.whole.size:
		return "", invalidRequest.because("The provided 'x-amz-mp-object-size' header value %d does not match what was computed: %d", k.whole.size, size)
	case k.whole.kind != "" && k.whole.kind != k.sums.kind:
		return "", invalidRequest.because("The upload was created using the %s checksum mode. The complete request must use the same checksum mode.", k.sums.kind)
	}
	tag := multipartTag(tags, len(parts))
	value := ""
	if k.sums.kind == composite {
		value = k.sums.alg.composite(parts)
	} else if sum := k.sums.alg.sum(&whole); sum != nil {
		value = base64.StdEncoding.EncodeToString(sum)
	}
	if k.whole.alg != nil && k.sums.explicit && k.whole.alg != k.sums.alg {
		return "", sumMismatch(k.sums.alg.name, k.whole.alg.name)
	}
	if k.whole.alg == k.sums.alg && k.whole.value != "" && !sameSum(k.whole.value, value) {
		return "", badDigest.because("The %s you specified did not match the calculated checksum.", k.sums.alg.name)
	}
	if value == "" {
		return tag, nil
	}
	return tag + ";" + k.sums.alg.name + ";" + k.sums.kind + ";" + value, nil
}

// sameSum compares a whole's checksum; a client may leave "-N" out.
func sameSum(got, want string) bool {
	bare, _, _ := strings.Cut(want, "-")
	return got == want || got == bare
}

func (k *completion) checkPart(p *object.PartInfo, said *completedPart, last bool) error {
	bad := invalidPart.with("UploadId", clip(k.query.get("uploadId"))).with("PartNumber", strconv.Itoa(p.Number)).with("ETag", clip(unquote(*said.ETag)))
	if unquote(*said.ETag) != partTag(p) {
		return bad
	}
	if !last && p.Size < minPart {
		return entityTooSmall.with("ProposedSize", strconv.FormatInt(p.Size, 10)).with("MinSizeAllowed", strconv.Itoa(minPart)).
			with("PartNumber", strconv.Itoa(p.Number)).with("ETag", partTag(p))
	}
	own := said.sum(k.sums.alg)
	for i := range algorithms {
		a := &algorithms[i]
		said := said.sum(a)
		if said == "" {
			if a == k.sums.alg && k.sums.explicit && k.sums.kind == composite {
				return invalidRequest.because("The upload was created using a %s checksum. The complete request must include the checksum for each part. It was missing for part %d in the request.", strings.ToLower(a.name), p.Number)
			}
			continue
		}
		if k.sums.explicit && a != k.sums.alg && own == "" && a.decode(said) != nil {
			return badDigest.because("The %s you specified for part %d did not match what we received.", a.name, p.Number)
		}
		if a.decode(said) == nil || k.sums.explicit && a != k.sums.alg {
			return invalidArgument.because("Invalid Base64 or multiple checksums present in request").with("ArgumentName", "Checksum"+a.name).with("ArgumentValue", clip(said))
		}
		if sum := a.sum(&p.Sums); sum != nil && !bytes.Equal(a.decode(said), sum) {
			return bad
		}
	}
	return nil
}

// wholeDeclared is what CompleteMultipartUpload says about the object.
type wholeDeclared struct {
	alg   *algorithm
	value string
	kind  string
	size  int64 // -1: not said
}

// declaredWhole takes the headers about the object out of h, so that they are not taken for the body's.
func declaredWhole(h http.Header) (w wholeDeclared, err error) {
	w.size = -1
	name, value, err := checksumHeader(h)
	if err != nil {
		return w, err
	}
	if name != "" && algorithmOfHeader(name) == nil {
		return w, errAlgorithmHeader
	}
	if name != "" {
		w.alg, w.value = algorithmOfHeader(name), value
		bare, count, counted := strings.Cut(value, "-")
		if w.alg.decode(bare) == nil || counted && !isDigits(count) {
			return w, invalidRequest.because("Value for %s header is invalid.", name)
		}
		delete(h, w.alg.canon)
		delete(h, "X-Amz-Sdk-Checksum-Algorithm")
	}
	if v := h["X-Amz-Checksum-Type"]; len(v) > 0 {
		if w.kind = strings.ToUpper(v[0]); w.kind != composite && w.kind != fullObject {
			return w, errChecksumType
		}
	}
	if v := h["X-Amz-Mp-Object-Size"]; len(v) > 0 {
		if w.size, err = strconv.ParseInt(v[0], 10, 64); err != nil {
			return w, invalidRequest.because("Value for x-amz-mp-object-size header is invalid: '%s'", clip(v[0]))
		}
		if w.size < 0 {
			return w, invalidRequest.because("Value for x-amz-mp-object-size header is less than zero: '%s'", clip(v[0]))
		}
	}
	return w, nil
}
