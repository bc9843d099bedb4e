// Package sidebyside runs the reference model and the contracts beside each other: the same calls on internal/orchestrator and, through the Stellar driver, on the built contract Wasm in the real Soroban host. After
// every call the errors agree, the model keeps its invariants and what the call touched is equal; every so often, and at the end, everything is. The host runs without a network around it (internal/devnet/direct),
// so that many calls fit in little time; a short sequence goes through the embedded network and its RPC, as programs do.
//
// A new op needs nothing here as long as the account that authorises it is in one of the fields that submit knows, and what it makes or names are ids: see touched and one.
// It is a test rig and is imported by tests and by its commands only, which is why it may import adapters.
package sidebyside
