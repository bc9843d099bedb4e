//go:build !race

package devnet_test

// raced says that the race detector slows everything down.
const raced = false
