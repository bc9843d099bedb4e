package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
)

// refusal is an S3 error answer. The ones below are the whole vocabulary; because and detail make copies.
type refusal struct {
	code    string
	status  int
	message string
	details []detail      // further elements of the answer
	retry   time.Duration // Retry-After, when not 0
	cause   error         // for the log only
}

type detail struct{ name, value string }

func (r *refusal) Error() string {
	if r.cause != nil {
		return r.code + ": " + r.message + ": " + r.cause.Error()
	}
	return r.code + ": " + r.message
}

func (r *refusal) Unwrap() error { return r.cause }

// because is r with other words.
func (r *refusal) because(format string, a ...any) *refusal {
	c := *r
	c.message = fmt.Sprintf(format, a...)
	return &c
}

// with is r with one more element in the answer.
func (r *refusal) with(name, value string) *refusal {
	c := *r
	c.details = append(c.details[:len(c.details):len(c.details)], detail{name, value})
	return &c
}

func refuse(status int, code, message string) *refusal {
	return &refusal{code: code, status: status, message: message}
}

// Who is asking.
var (
	accessDenied         = refuse(403, "AccessDenied", "Access Denied.")
	invalidAccessKey     = refuse(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	signatureMismatch    = refuse(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	requestTimeTooSkewed = refuse(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	invalidToken         = refuse(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
	expiredToken         = refuse(400, "ExpiredToken", "The provided token has expired.")
	authHeaderMalformed  = refuse(400, "AuthorizationHeaderMalformed", "The authorization header is malformed.")
	authQueryMalformed   = refuse(400, "AuthorizationQueryParametersError", "Error parsing the query parameters of the signature.")
	payloadMismatch      = refuse(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	accessForbidden      = refuse(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
	invalidChunkSize     = refuse(403, "InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes")
	quotaExceeded        = refuse(403, "QuotaExceeded", "The storage reserved by the service-level agreement is full.")
	slowDown             = &refusal{code: "SlowDown", status: 503, message: "Please reduce your request rate.", retry: time.Second}
	serviceUnavailable   = &refusal{code: "ServiceUnavailable", status: 503, message: "The storage behind this node does not answer. Please try again.", retry: 5 * time.Second}
	insufficientStorage  = refuse(507, "InsufficientStorage", "The disks of this node are full.")
	internalError        = refuse(500, "InternalError", "We encountered an internal error, please try again.")
	notImplemented       = refuse(501, "NotImplemented", "A header or call you provided implies functionality that is not implemented.")
	methodNotAllowed     = refuse(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	aclNotSupported      = refuse(400, "AccessControlListNotSupported", "The bucket does not allow ACLs.")
	requestTimeout       = refuse(400, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period.")
)

// What it is about.
var (
	noSuchBucket       = refuse(404, "NoSuchBucket", "The specified bucket does not exist.")
	noSuchKey          = refuse(404, "NoSuchKey", "The specified key does not exist.")
	noSuchUpload       = refuse(404, "NoSuchUpload", "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
	noSuchVersion      = refuse(404, "NoSuchVersion", "The specified version does not exist.")
	bucketExists       = refuse(409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	bucketNotEmpty     = refuse(409, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
	operationAborted   = refuse(409, "OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Try again.")
	preconditionFailed = refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
	invalidRange       = refuse(416, "InvalidRange", "The requested range is not satisfiable")
	invalidPartNumber  = refuse(416, "InvalidPartNumber", "The requested partnumber is not satisfiable.")
)

// What is wrong with it.
var (
	invalidArgument      = refuse(400, "InvalidArgument", "Invalid Argument")
	invalidRequest       = refuse(400, "InvalidRequest", "Invalid Request")
	invalidURI           = refuse(400, "InvalidURI", "The specified URI couldn't be parsed.")
	invalidBucketName    = refuse(400, "InvalidBucketName", "The specified bucket is not valid.")
	keyTooLong           = refuse(400, "KeyTooLongError", "Your key is too long.")
	invalidDigest        = refuse(400, "InvalidDigest", "The Content-Md5 you specified is not valid.")
	badDigest            = refuse(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	incompleteBody       = refuse(400, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	missingContentLength = refuse(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	entityTooLarge       = refuse(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
	entityTooSmall       = refuse(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
	malformedXML         = refuse(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
	malformedTrailer     = refuse(400, "MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema.")
	maxMessageLength     = refuse(400, "MaxMessageLengthExceeded", "Your request was too big.")
	metadataTooLarge     = refuse(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	invalidPart          = refuse(400, "InvalidPart", "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
	invalidPartOrder     = refuse(400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
	invalidLocation      = refuse(400, "InvalidLocationConstraint", "The specified location-constraint is not valid")
	invalidStorageClass  = refuse(400, "InvalidStorageClass", "The storage class you specified is not valid")
	invalidTag           = refuse(400, "InvalidTag", "The tag provided was not a valid tag.")
)

// What an account that never configured anything has.
var (
	noSuchPolicy        = refuse(404, "NoSuchBucketPolicy", "The bucket policy does not exist.")
	noSuchCORS          = refuse(404, "NoSuchCORSConfiguration", "The CORS configuration does not exist")
	noSuchLifecycle     = refuse(404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
	noSuchWebsite       = refuse(404, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")
	noSuchTagSet        = refuse(404, "NoSuchTagSet", "The TagSet does not exist.")
	noSuchConfiguration = refuse(404, "NoSuchConfiguration", "The specified configuration does not exist.")
	noEncryption        = refuse(404, "ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found")
	noObjectLock        = refuse(404, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket.")
	noObjectLockOnKey   = refuse(404, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration.")
	noReplication       = refuse(404, "ReplicationConfigurationNotFoundError", "The replication configuration was not found")
	bucketWithoutLock   = refuse(400, "InvalidRequest", "Bucket is missing ObjectLockConfiguration")
)

// refusalOf is the one place where errors of all sorts become S3 errors.
func refusalOf(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	var f *fault.Error
	if errors.As(err, &f) {
		c := *refusalOfFault(f)
		c.cause = err
		return &c
	}
	c := *internalError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		c = *requestTimeout
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled):
		c = *incompleteBody
	case errors.Is(err, context.DeadlineExceeded):
		c = *serviceUnavailable
	}
	c.cause = err
	return &c
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func refusalOfFault(f *fault.Error) *refusal {
	switch f.Kind {
	case fault.Invalid:
		switch f.Code {
		case object.CodeIncompleteBody, object.CodeBodyTooLong:
			return incompleteBody
		case object.CodeInvalidRange:
			return invalidRange
		case object.CodeTooLarge:
			return metadataTooLarge
		}
		return invalidArgument.because("%s", f.Message)
	case fault.NotFound:
		switch f.Code {
		case object.CodeNoBucket:
			return noSuchBucket
		case object.CodeNoUpload:
			return noSuchUpload
		case object.CodeNoPart:
			return invalidPart
		}
		return noSuchKey
	case fault.Exists:
		return bucketExists
	case fault.Conflict:
		if f.Code == object.CodeBucketNotEmpty {
			return bucketNotEmpty
		}
		return operationAborted.because("%s", f.Message)
	case fault.Precondition:
		return preconditionFailed
	case fault.Unauthorized, fault.Forbidden, fault.Expired:
		return accessDenied.because("Access Denied: %s", f.Message)
	case fault.Exhausted:
		if f.Code == object.CodeDiskFull {
			return insufficientStorage
		}
		return quotaExceeded.because("%s", f.Message)
	case fault.TooMany:
		return slowDown.because("Please reduce your request rate: %s", f.Message)
	case fault.Unavailable:
		return serviceUnavailable.because("%s", f.Message)
	case fault.Corrupt:
		return internalError.because("The stored bytes of this object do not match their checksum, so they are not served.")
	}
	return internalError
}
