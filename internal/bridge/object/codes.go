package object

import (
	"github.com/flashback-network/flashback/internal/fault"
)

// Codes of the engine's faults. They are stable: fronts match them with fault.CodeOf.
const (
	CodeNoBucket       = "no_such_bucket"
	CodeNoKey          = "no_such_key"
	CodeNoGeneration   = "no_such_generation"
	CodeNoUpload       = "no_such_upload"
	CodeNoPart         = "no_such_part"
	CodeBucketExists   = "bucket_exists"
	CodeBucketNotEmpty = "bucket_not_empty"
	CodePrecondition   = "precondition_failed"
	CodeSpaceFull      = "space_full" // the space's limit
	CodeDiskFull       = "disk_full"  // the node's disk
	CodeCorrupt        = "corrupt_object"
	CodeIncompleteBody = "incomplete_body" // the reader ended before size
	CodeBodyTooLong    = "body_too_long"   // the reader went on after size
	CodeInvalidKey     = "invalid_key"
	CodeInvalidRange   = "invalid_range"
	CodeInvalidPart    = "invalid_part" // a part number out of 1 to 10,000, or parts out of order
	CodeTooLarge       = "metadata_too_large"
	CodeDiskFailed     = "disk_failed" // the engine refuses writes until it is opened again
	CodeClosed         = "engine_closed"
)

func noBucket(name string) error {
	return fault.New(fault.NotFound, CodeNoBucket, "no bucket %q", name)
}

func noKey(name string) error {
	return fault.New(fault.NotFound, CodeNoKey, "no object %q", name)
}

func noUpload(id string) error {
	return fault.New(fault.NotFound, CodeNoUpload, "no upload %q", id)
}

func spaceFull(need, free int64) error {
	return fault.New(fault.Exhausted, CodeSpaceFull, "the write needs %d bytes and the space has %d left", need, max(free, 0))
}
