// Package objecttest is the conformance suite of object.Store: every engine and every backend runs it, so that the
// fronts can rely on one behaviour.
package objecttest
