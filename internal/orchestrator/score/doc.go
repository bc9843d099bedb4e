// Package score is the reference of the score contract (docs/spec/score.md): what a provider or a consumer has shown, from settled windows only. Whoever recomputes a score does it with this package.
//
// It has three layers: the arithmetic of evidence (arithmetic.go: decay, lower bound, value, total), what one leaf of one SLA stands for (points.go: cumulative functions of a leaf, so that any schedule
// of records gives the same), and the contract itself as a pure state machine (state.go), with what it reads of the Orchestrators behind an interface. Derive shows every step for people.
// No I/O, clock or randomness. All numbers are integers; floors are the only roundings.
package score
