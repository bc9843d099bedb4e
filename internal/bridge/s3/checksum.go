package s3

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"

	"github.com/minio/crc64nvme"

	"github.com/flashback-network/flashback/internal/bridge/object"
)

// algorithm is one of S3's additional checksums.
type algorithm struct {
	name   string // as x-amz-checksum-algorithm has it
	header string // lower case
	canon  string // as net/http keys it
	bit    object.Algorithm
	size   int // bytes
	sum    func(*object.Checksums) []byte
	new    func() hash.Hash // of composite checksums; nil for an algorithm that has none
}

var algorithms = [...]algorithm{
	{"CRC32", "x-amz-checksum-crc32", "X-Amz-Checksum-Crc32", object.CRC32, 4,
		func(s *object.Checksums) []byte { return s.CRC32 }, func() hash.Hash { return crc32.NewIEEE() }},
	{"CRC32C", "x-amz-checksum-crc32c", "X-Amz-Checksum-Crc32c", object.CRC32C, 4,
		func(s *object.Checksums) []byte { return s.CRC32C }, func() hash.Hash { return crc32.New(castagnoli) }},
	{"CRC64NVME", "x-amz-checksum-crc64nvme", "X-Amz-Checksum-Crc64nvme", object.CRC64NVME, 8,
		func(s *object.Checksums) []byte { return s.CRC64NVME }, nil},
	{"SHA1", "x-amz-checksum-sha1", "X-Amz-Checksum-Sha1", object.SHA1, 20,
		func(s *object.Checksums) []byte { return s.SHA1 }, sha1.New},
	{"SHA256", "x-amz-checksum-sha256", "X-Amz-Checksum-Sha256", object.SHA256, 32,
		func(s *object.Checksums) []byte { return s.SHA256 }, sha256.New},
	{"MD5", "x-amz-checksum-md5", "X-Amz-Checksum-Md5", object.MD5, 16,
		func(s *object.Checksums) []byte { return s.MD5 }, md5.New},
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// defaultAlgorithm is computed where the client asks for none, as Amazon does.
var defaultAlgorithm = &algorithms[2]

const (
	fullObject = "FULL_OBJECT"
	composite  = "COMPOSITE"
)

// algorithmNamed finds an algorithm by its name in any case; nil when there is none.
func algorithmNamed(name string) *algorithm {
	for i := range algorithms {
		if strings.EqualFold(algorithms[i].name, name) {
			return &algorithms[i]
		}
	}
	return nil
}

// linear says whether the checksum of a whole follows from those of its parts.
func (a *algorithm) linear() bool { return a.size <= 8 }

// decode reads a base64 checksum; nil when it is none of a.
func (a *algorithm) decode(v string) []byte {
	b, err := base64.StdEncoding.DecodeString(v)
	if err != nil || len(b) != a.size {
		return nil
	}
	return b
}

// composite is the checksum of the parts' checksums, in S3's form; "" when a part lacks its own.
func (a *algorithm) composite(parts []object.PartInfo) string {
	if a.new == nil {
		return ""
	}
	h := a.new()
	for i := range parts {
		sum := a.sum(&parts[i].Sums)
		if sum == nil {
			return ""
		}
		h.Write(sum)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(len(parts))
}

// declared is what a request says about the checksum of its body.
type declared struct {
	alg      *algorithm // nil: nothing said
	explicit bool       // the client named the algorithm
	value    []byte     // of a header; nil for a trailer
	trailer  bool
	md5      []byte // of Content-MD5
}

// declaredSums reads the checksum headers of a request.
func declaredSums(h http.Header) (d declared, err error) {
	if v := h["Content-Md5"]; len(v) > 0 {
		if d.md5, err = base64.StdEncoding.DecodeString(v[0]); err != nil || len(d.md5) != 16 {
			return d, invalidDigest.with("Content-MD5", clip(v[0]))
		}
	}
	name, value, err := checksumHeader(h)
	if err != nil {
		return d, err
	}
	if name != "" && len(h["X-Amz-Trailer"]) > 0 {
		return d, errManyChecksums
	}
	if name != "" && algorithmOfHeader(name) == nil {
		return d, errAlgorithmHeader
	}
	if name != "" {
		d.alg, d.explicit = algorithmOfHeader(name), true
		if d.value = d.alg.decode(value); d.value == nil {
			return d, invalidRequest.because("Value for %s header is invalid.", name)
		}
	}
	if v := h["X-Amz-Trailer"]; len(v) > 0 {
		name := strings.ToLower(strings.TrimSpace(v[0]))
		a := algorithmOfHeader(name)
		switch {
		case a == nil:
			return d, invalidRequest.because("The value specified in the x-amz-trailer header is not supported")
		}
		d.alg, d.explicit, d.trailer = a, true, true
	}
	if v := h["X-Amz-Sdk-Checksum-Algorithm"]; len(v) > 0 && v[0] != "" {
		a := algorithmNamed(v[0])
		switch {
		case a == nil:
			return d, invalidRequest.because("Value for x-amz-sdk-checksum-algorithm header is invalid.")
		case d.alg == nil:
			return d, invalidRequest.because("x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
		case d.alg != a:
			return d, invalidRequest.because("Value for x-amz-sdk-checksum-algorithm header is invalid.")
		}
	}
	return d, nil
}

// checksumHeader finds the one header that carries a checksum, of an algorithm that we may not know; name is empty when
// there is none.
func checksumHeader(h http.Header) (name, value string, err error) {
	for canon, v := range h {
		if !strings.HasPrefix(canon, "X-Amz-Checksum-") || len(v) == 0 {
			continue
		}
		switch canon {
		case "X-Amz-Checksum-Algorithm", "X-Amz-Checksum-Mode", "X-Amz-Checksum-Type":
			continue
		}
		if name != "" {
			return "", "", errManyChecksums
		}
		name, value = strings.ToLower(canon), v[0]
	}
	return name, value, nil
}

var errAlgorithmHeader = invalidRequest.because("The algorithm type you specified in x-amz-checksum- header is invalid.")

var errManyChecksums = invalidRequest.because("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")

func algorithmOfHeader(name string) *algorithm {
	for i := range algorithms {
		if algorithms[i].header == name {
			return &algorithms[i]
		}
	}
	return nil
}

// sumsOf computes what check needs of a body that is held in memory.
func (d *declared) sumsOf(data []byte) (s object.Checksums) {
	if d.md5 != nil {
		sum := md5.Sum(data)
		s.MD5 = sum[:]
	}
	if d.alg == nil {
		return s
	}
	h := d.alg.new
	if h == nil {
		h = func() hash.Hash { return crc64nvme.New() }
	}
	sum := h()
	sum.Write(data)
	switch v := sum.Sum(nil); d.alg.bit {
	case object.CRC32:
		s.CRC32 = v
	case object.CRC32C:
		s.CRC32C = v
	case object.CRC64NVME:
		s.CRC64NVME = v
	case object.SHA1:
		s.SHA1 = v
	case object.SHA256:
		s.SHA256 = v
	case object.MD5:
		s.MD5 = v
	}
	return s
}

// check compares what was declared with what was computed.
func (d *declared) check(sums *object.Checksums) error {
	if d.md5 != nil && !bytes.Equal(d.md5, sums.MD5) {
		return badDigest.with("ExpectedDigest", base64.StdEncoding.EncodeToString(d.md5)).with("CalculatedDigest", base64.StdEncoding.EncodeToString(sums.MD5))
	}
	if d.value != nil && !bytes.Equal(d.value, d.alg.sum(sums)) {
		return badDigest.because("The %s you specified did not match the calculated checksum.", d.alg.name)
	}
	return nil
}

// wholeSum is the checksum of a stored object that S3 shows, its header and its type; "" when there is none to show.
func wholeSum(i *object.Info) (a *algorithm, value, kind string) {
	if _, sum, ok := strings.Cut(i.Composite, ";"); ok { // NAME;TYPE;VALUE
		name, rest, _ := strings.Cut(sum, ";")
		kind, value, _ = strings.Cut(rest, ";")
		if a = algorithmNamed(name); a != nil {
			return a, value, kind
		}
	}
	if a = algorithmNamed(i.Headers[algorithmKey]); a == nil {
		a = storedAlgorithm(&i.Sums)
	}
	if a == nil || a.sum(&i.Sums) == nil {
		return nil, "", ""
	}
	return a, base64.StdEncoding.EncodeToString(a.sum(&i.Sums)), fullObject
}

// storedAlgorithm finds the algorithm of an object whose headers are not at hand, as in a listing, or that another front
// stored: writes compute one besides MD5 and CRC32C, which are always there.
func storedAlgorithm(s *object.Checksums) *algorithm {
	for _, name := range [...]string{"CRC64NVME", "CRC32", "SHA1", "SHA256", "CRC32C"} {
		if a := algorithmNamed(name); a.sum(s) != nil {
			return a
		}
	}
	return nil
}

// etagOf is the entity tag without quotes: the MD5 of the contents, "md5-N" for an object made of parts, and for one
// written through another front without an MD5 something as unique that is not taken for an MD5.
func etagOf(i *object.Info) string {
	if i.Composite != "" {
		tag, _, _ := strings.Cut(i.Composite, ";")
		return tag
	}
	if i.Sums.MD5 != nil {
		return hex.EncodeToString(i.Sums.MD5)
	}
	return strconv.FormatUint(uint64(i.Generation), 16) + "-" + hex.EncodeToString(i.Sums.CRC32C)
}
