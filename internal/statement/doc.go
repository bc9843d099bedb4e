// Package statement has what a Bridge Node says of itself to anyone who asks: usage statements, and the possession proofs that are checked against them (docs/spec/protocols.md). Nodes make them,
// validators and consumers check them; both sides share these encodings and the JSON of the node's own HTTP doors. It is pure: no I/O, clock or randomness, keys come in.
package statement
