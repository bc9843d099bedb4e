package s3

import (
	"net/http"
	"strings"
)

// operation is one S3 call.
type operation struct {
	action Action
	do     func(*call) error
	// asksItself: the operation asks the identity about keys that are not in the path, or about several.
	asksItself bool
}

// methods are the operations of one resource.
type methods map[string]operation

// route finds the operation of a request: the tables below are all there is.
func (c *call) route() (operation, error) {
	if c.bucket == "" {
		return pick(serviceOps, c.r.Method, "SERVICE")
	}
	plain, subs, resource := bucketOps, bucketSubs, "BUCKET"
	if c.key != "" {
		plain, subs, resource = objectOps, objectSubs, "OBJECT"
	}
	copies := len(c.r.Header["X-Amz-Copy-Source"]) > 0
	if copies && c.r.Method != http.MethodPut {
		return operation{}, invalidArgument.because("You can only specify a copy source header for copy requests.").with("ArgumentName", "x-amz-copy-source")
	}
	if c.key != "" && len(c.query) > 0 {
		if err := c.misplaced(); err != nil {
			return operation{}, err
		}
	}
	for i := range c.query {
		if ops, ok := subs[c.query[i].key]; ok {
			return pick(ops, c.r.Method, strings.ToUpper(c.query[i].key))
		}
	}
	if copies && c.key != "" {
		return operation{Write, (*call).copyObject, true}, nil
	}
	return pick(plain, c.r.Method, resource)
}

// misplaced refuses parameters that are another call's.
func (c *call) misplaced() error {
	switch c.r.Method {
	case http.MethodGet:
		if c.query.has("uploads") {
			return invalidRequest.because("Key is not expected for the GET method ?uploads subresource")
		}
		if c.query.has("versions") {
			return invalidRequest.because("There is no such thing as the ?versions sub-resource for a key")
		}
	case http.MethodPut:
		part, upload := c.query.has("partNumber"), c.query.has("uploadId")
		if part && !upload {
			return invalidArgument.because("This operation does not accept partNumber without uploadId").with("ArgumentName", "partNumber")
		}
		if upload && !part {
			return methodNotAllowed.with("Method", "PUT").with("ResourceType", "UPLOAD")
		}
	}
	return nil
}

func pick(ops methods, method, resource string) (operation, error) {
	if op, ok := ops[method]; ok {
		return op, nil
	}
	return operation{}, methodNotAllowed.with("Method", clip(method)).with("ResourceType", resource)
}

var serviceOps = methods{
	"GET":  {action: List, do: (*call).listBuckets},
	"HEAD": {action: List, do: (*call).listBuckets},
}

var bucketOps = methods{
	"PUT":    {action: Configure, do: (*call).createBucket},
	"HEAD":   {action: List, do: (*call).headBucket},
	"GET":    {action: List, do: (*call).listObjects},
	"DELETE": {action: Configure, do: (*call).deleteBucket},
	"POST":   {action: Write, do: unimplemented("Uploads from a browser form are not implemented.")},
}

// bucketSubs are the bucket's sub-resources by the query parameter that names them. What is not built answers as for
// a bucket that never had it.
var bucketSubs = map[string]methods{
	"location":            {"GET": {action: List, do: (*call).bucketLocation}},
	"uploads":             {"GET": {action: List, do: (*call).listUploads}},
	"delete":              {"POST": {action: Delete, do: (*call).deleteObjects, asksItself: true}},
	"versions":            {"GET": {action: List, do: (*call).listVersions}},
	"versioning":          {"GET": {action: List, do: constant("VersioningConfiguration", "")}, "PUT": writeNot("Versioning")},
	"acl":                 {"GET": {action: List, do: (*call).getACL}, "PUT": {action: Configure, do: (*call).putACL}},
	"policy":              absent(noSuchPolicy, "Bucket policies"),
	"policyStatus":        {"GET": {action: List, do: missing(noSuchPolicy)}},
	"cors":                absent(noSuchCORS, "CORS"),
	"lifecycle":           absent(noSuchLifecycle, "Lifecycle rules"),
	"encryption":          absent(noEncryption, "Server-side encryption"),
	"object-lock":         absent(noObjectLock, "Object lock"),
	"website":             absent(noSuchWebsite, "Website hosting"),
	"tagging":             absent(noSuchTagSet, "Bucket tags"),
	"replication":         absent(noReplication, "Replication"),
	"logging":             {"GET": {action: List, do: constant("BucketLoggingStatus", "")}, "PUT": writeNot("Access logging")},
	"notification":        {"GET": {action: List, do: constant("NotificationConfiguration", "")}, "PUT": writeNot("Notification")},
	"accelerate":          {"GET": {action: List, do: constant("AccelerateConfiguration", "")}, "PUT": writeNot("Acceleration")},
	"requestPayment":      {"GET": {action: List, do: constant("RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>")}, "PUT": writeNot("Requester pays")},
	"ownershipControls":   {"GET": {action: List, do: constant("OwnershipControls", "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>")}, "PUT": writeNot("Object ownership"), "DELETE": writeNot("Object ownership")},
	"publicAccessBlock":   {"GET": {action: List, do: constant("PublicAccessBlockConfiguration", allBlocked)}, "PUT": writeNot("Public access"), "DELETE": writeNot("Public access")},
	"analytics":           absentByID("ListBucketAnalyticsConfigurationsResult", "Analytics"),
	"inventory":           absentByID("ListInventoryConfigurationsResult", "Inventories"),
	"metrics":             absentByID("ListMetricsConfigurationsResult", "Request metrics"),
	"intelligent-tiering": absentByID("ListBucketIntelligentTieringConfigurationsResult", "Intelligent tiering"),
	"session":             {"GET": writeNot("Directory buckets")},
}

var objectOps = methods{
	"GET":    {action: Read, do: (*call).getObject},
	"HEAD":   {action: Read, do: (*call).headObject},
	"PUT":    {action: Write, do: (*call).putObject},
	"DELETE": {action: Delete, do: (*call).deleteObject},
	"POST":   {action: Write, do: unimplemented("This call is not implemented.")},
}

// objectSubs are the object's sub-resources by the query parameter that names them.
var objectSubs = map[string]methods{
	"uploads":    {"POST": {action: Write, do: (*call).startUpload}},
	"uploadId":   uploadOps,
	"tagging":    {"GET": {action: Read, do: (*call).getTags}, "PUT": {action: Write, do: (*call).putTags}, "DELETE": {action: Write, do: (*call).deleteTags}},
	"acl":        {"GET": {action: Read, do: (*call).getACL}, "PUT": {action: Write, do: (*call).putACL}},
	"attributes": {"GET": {action: Read, do: (*call).getAttributes}},
	"retention":  {"GET": {action: Read, do: missing(noObjectLockOnKey)}, "PUT": {action: Write, do: missing(bucketWithoutLock)}},
	"legal-hold": {"GET": {action: Read, do: missing(noObjectLockOnKey)}, "PUT": {action: Write, do: missing(bucketWithoutLock)}},
	"torrent":    {"GET": {action: Read, do: unimplemented("Torrents are not implemented.")}},
	"restore":    {"POST": {action: Write, do: missing(notArchived)}},
	"select":     {"POST": {action: Read, do: unimplemented("Select is not implemented.")}},
}

var uploadOps = methods{
	"GET":    {action: Write, do: (*call).listParts},
	"PUT":    {action: Write, do: (*call).putPart, asksItself: true},
	"POST":   {action: Write, do: (*call).completeUpload},
	"DELETE": {action: Write, do: (*call).abortUpload},
}
