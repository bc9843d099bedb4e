// Package s3 is the Bridge Node's S3 front: Amazon's protocol over the node's object model.
//
// It promises what Amazon's documentation promises for what it implements, and answers the rest as Amazon answers
// for an account that does not have it. A refusal comes before the body is asked for wherever the protocol lets us
// know in time; no byte is accepted that the Meter did not admit, and none that the Identity's Allow refuses.
// Contents are never held in memory: a request costs a few pooled buffers, whatever the object's size.
//
// It imports the object model, the fault vocabulary and the standard library; keys and metering are interfaces
// that the node implements (Keys, Meter).
//
// How errors are told (see refusal.go for the table): the reserve of an SLA that is full answers 403 QuotaExceeded, as
// Ceph's gateway and versitygw do: every tool prints code and message, and none retries it. A full or failing
// disk, which is the provider's trouble, is a 5xx. A rate limit is 503 SlowDown with Retry-After, which the tools back
// off from by themselves. An SLA that ended and a grant that was revoked are 403 AccessDenied, with the reason as message.
package s3
