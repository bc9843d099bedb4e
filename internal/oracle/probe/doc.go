// Package probe measures a Bridge Node as a consumer would: S3 calls through the front door, with keys that the operator's wallet got at the node itself. Names, sizes and order are random and known
// to the prober only. Figures are taken from the outside: whether it answers, how soon the first byte comes, how fast the rest, and whether the bytes are right.
package probe
