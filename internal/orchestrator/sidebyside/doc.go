// Package sidebyside runs the reference model and the contracts beside each other: the same calls on internal/orchestrator and, through the Stellar driver, on the built contract Wasm in the real
// Soroban host of an embedded network whose clock it drives. After every call the errors agree and what the call touched is equal; every so often, and at the end, everything is.
// It is a test rig and is imported by tests and by its command only, which is why it may import adapters.
package sidebyside
