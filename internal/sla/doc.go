// Package sla is the heart of the domain: the terms of a service-level agreement, the cumulative leaf that the validators agree on, the money that follows from a leaf, and the verdict on a
// window (docs/spec/terms.md, arithmetic.md). It is pure: no I/O, clock or randomness. It is the reference that the contracts are checked against, byte for byte and unit for unit.
package sla
