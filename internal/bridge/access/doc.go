// Package access decides who may do what on a Bridge Node. The chain decides; this package keeps a view of the part of it that
// concerns the node, and hands out S3 keys under it.
//
// View follows the contracts' events (default: each second) and holds the SLAs of this node's Data Units, the grants that
// keys refer to, and the validators' operators. A request never waits for the chain. What changes on chain works here within
// a few seconds; when the chain does not answer, what was last known goes on to hold, because an outage is not the consumer's
// fault, but only for a limited time (default 10 minutes), after which requests are refused as unavailable.
//
// Keys holds the access keys. A wallet gets one by signing a challenge (docs/spec/protocols.md, "Keys at the node"); the SLA's
// consumer may do everything, a grantee what the grant says, as long as neither it nor one that it comes from is revoked or
// expired. A validator's operator gets a key for its part of the probe space.
//
// SLAs follow each other: one that takes over the data of the one before it has its space, and from its first epoch on the
// consumer's keys of either are its own (line.go, docs/decisions/0019). Who consumes is who the chain says does now: a
// transfer ends the keys and grants of the one before.
//
// SigV4 needs the secret itself, not a hash of it, so secrets are stored encrypted (AES-256-GCM) with a key derived from the
// node's key, in a file of mode 0600: who has only the file or a backup of it has no key, who has the node's key has all.
//
// It imports the S3 front's words (Identity, Action), the domain and the leaf packages; the chain comes in by the interface Chain.
package access
