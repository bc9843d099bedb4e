// Package report is the validators' agreement as a pure, deterministic state machine: blocks of signed messages go in; agreed slots, leaves and one root per epoch come out
// (docs/spec/arithmetic.md, protocols.md). No I/O, clock or randomness: two replicas that were given the same blocks have the same bytes. It imports the domain only.
//
// A State is changed by Block alone, on a clone: records in it are never written after they were stored, so a clone copies pointers.
package report
