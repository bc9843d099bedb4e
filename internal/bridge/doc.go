// Package bridge is the Bridge Node program: it puts the object engine, the S3 front, access from the chain, metering, possession and the claim procedure together
// and runs them until it is told to stop.
//
// One data path: front (s3) → access → meter → store (object). A request asks nobody but this process; what the chain says is followed beside it (access.View).
// What an SLA may use is bounded here: its reserve by the engine, egress and rate by the meter. What it used is stated per epoch, signed by the node's key, with the
// root of what is held, and proved on challenge (possession).
//
// Everything of a node lies in one folder:
//
//	node.secret      the node secret, until the node is claimed        keys.json    access keys, secrets encrypted
//	objects/         the engine                                        view.json    what was last known of the chain
//	possession/      trees, sets and statements                        meter        counters
//	admin.sock       the local door of `flashback node …`
//
// It is wiring: nothing but programs imports it.
package bridge
