// Package possession is the verifier's side of challenges: it reads a node's usage statements and asks for random chunks of what they commit to (docs/spec/protocols.md). Which chunks is drawn from
// a seed that all validators share and nobody knew before, so that they can agree on what was lost.
package possession
